/* teach_reduce.cu — y[1] = Σ x three times, each faster by one idea; the fourth is reduce.cu.
 *
 * A sum looks like a chain, each addition waiting for the one before. But any tree over the
 * elements will do, and a tree has much to do at the same time. It must be the same tree each
 * time, or the rounding, and with it the result, would differ from run to run: that is why no
 * version lets threads add to one number in whatever order they come.
 */
#include "math.cuh"
#include "teach_operands.cuh"

enum { THREADS = 256, CROWD = 1024 /* blocks */ };

/* 1. One thread of the whole device adds everything: a chain of n additions. */
template <class T> static __global__ void __launch_bounds__(1) sum_1(T *y, const T *x, int64_t n)
{
    T sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    *y = sum;
}

/* 2. A block adds 256 elements as a tree in shared memory: the upper half of the threads' sums to
 * the lower half, then the upper quarter, … A chain of 8 additions is left, and all blocks go
 * through theirs at the same time. Each has one sum in the end; the host launches the kernel on
 * those, level upon level, until only one is left. */
template <class T>
static __global__ void __launch_bounds__(THREADS) sum_2(T *y, const T *x, int64_t n)
{
    __shared__ T sum[THREADS];
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    sum[threadIdx.x] = i < n ? x[i] : (T)0;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < half) sum[threadIdx.x] += sum[threadIdx.x + half];
    }
    if (threadIdx.x == 0) y[blockIdx.x] = sum[0];
}

/* Sums of blocks, then sums of those, in two halves of scratch memory by turns. */
template <class T> static td_status by_levels(T *y, const T *x, int64_t n)
{
    int64_t blocks = TD_MAX(1, TD_CEIL_DIV(n, (int64_t)THREADS));
    T *level = (T *)td_scratch(2 * (size_t)blocks * sizeof(T)), *other = level + blocks;
    if (!level) return td_fail(TD_ENOMEM, "teach_sum: no memory for the blocks' sums");
    for (;; std::swap(level, other)) {
        T *to = blocks == 1 ? y : level;
        TD_TRY(td_launch("teach_sum", sum_2<T>, (unsigned)blocks, THREADS, 0, to, x, n));
        if (blocks == 1) return TD_OK;
        x = level, n = blocks, blocks = TD_CEIL_DIV(n, (int64_t)THREADS);
    }
}

/* 3. Most of a tree's threads are idle, and each has loaded a single number. So a thread first adds
 * many elements on its own, a whole grid apart; then warps pass sums from lane to lane, without
 * shared memory or barriers. Two launches do for any n. */
template <class T>
static __global__ void __launch_bounds__(THREADS) sum_3(T *y, const T *x, int64_t n)
{
    T sum = 0;
    for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < n;
         i += (int64_t)gridDim.x * THREADS)
        sum += x[i];
    sum = td_block_reduce<THREADS>(sum, td_plus());
    if (threadIdx.x == 0) y[blockIdx.x] = sum;
}

/* A crowd of blocks leaves a sum each; one block adds those. */
template <class T> static td_status by_crowd(T *y, const T *x, int64_t n)
{
    const int64_t full = TD_MAX(1, TD_CEIL_DIV(n, (int64_t)THREADS));
    const int64_t blocks = TD_MIN(full, (int64_t)CROWD);
    T *sums = (T *)td_scratch((size_t)blocks * sizeof(T));
    if (!sums) return td_fail(TD_ENOMEM, "teach_sum: no memory for the blocks' sums");
    TD_TRY(td_launch("teach_sum", sum_3<T>, (unsigned)blocks, THREADS, 0, sums, x, n));
    return td_launch("teach_sum", sum_3<T>, 1, THREADS, 0, y, (const T *)sums, blocks);
}

template <class T> static td_status teach(td_tensor *y, const td_tensor *x, int version)
{
    const char *op = "teach_sum";
    const int64_t n = td_numel(x);
    T *to = (T *)y->data;
    const T *from = (const T *)x->data;
    switch (version) {
    case 1: return td_launch(op, sum_1<T>, 1, 1, 0, to, from, n);
    case 2: return by_levels<T>(to, from, n);
    case 3: return by_crowd<T>(to, from, n);
    case 4: {
        td_tensor one = *x; /* y as td_sum wants it: x's axes, each of size 1 */
        one.data = y->data;
        for (int axis = 0; axis < one.ndim; axis++) one.shape[axis] = one.stride[axis] = 1;
        return td_sum(&one, x);
    }
    default: return td_no_version(op, 4, version);
    }
}

td_status td_teach_sum(td_tensor *y, const td_tensor *x, int32_t version)
{
    TD_TRY(td_teach_operands("teach_sum", {y, x}));
    if (td_numel(y) != 1) return td_fail(TD_EINVAL, "teach_sum: y must be one number");
    return x->dtype == TD_F32 ? teach<float>(y, x, version) : teach<double>(y, x, version);
}
