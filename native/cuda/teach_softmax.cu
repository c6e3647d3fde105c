/* teach_softmax.cu — y[rows,n] = softmax of x's rows three times, each faster by one idea; the
 * fourth is softmax.cu.
 *
 * y = exp(x − max) / Σ exp(x − max): a row is needed three times, for its maximum, for the sum and
 * for the result. What it costs is how often, and how well, it is read from memory.
 */
#include "math.cuh"
#include "teach_operands.cuh"

enum { THREADS = 256 };

/* 1. A thread takes a row, and reads it three times. The threads of a warp are in 32 rows: each
 * load needs a sector of memory for every thread, and few rows are few threads. */
template <class T>
static __global__ void __launch_bounds__(THREADS)
    softmax_1(T *y, const T *x, int64_t rows, int64_t n)
{
    const int64_t row = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (row >= rows) return;
    x += row * n, y += row * n;
    T max = -td_infinity<T>(), sum = 0;
    for (int64_t j = 0; j < n; j++) max = td_larger()(max, x[j]);
    for (int64_t j = 0; j < n; j++) sum += td_exp_of(x[j] - max);
    for (int64_t j = 0; j < n; j++) y[j] = td_exp_of(x[j] - max) / sum;
}

/* f over all threads' v, as a tree in shared memory; every thread gets the result. */
template <class T, class F> static __device__ T tree(T *shared, T v, F f)
{
    __syncthreads();
    shared[threadIdx.x] = v;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < half)
            shared[threadIdx.x] = f(shared[threadIdx.x], shared[threadIdx.x + half]);
    }
    __syncthreads();
    return shared[0];
}

/* 2. A block takes a row: its threads read neighbours, which share sectors, and what each has found
 * is put together in shared memory. The row is still read three times, and the block waits ten
 * times for each of two results. */
template <class T>
static __global__ void __launch_bounds__(THREADS) softmax_2(T *y, const T *x, int64_t n)
{
    __shared__ T shared[THREADS];
    x += blockIdx.x * n, y += blockIdx.x * n;
    T max = -td_infinity<T>(), sum = 0;
    for (int64_t j = threadIdx.x; j < n; j += THREADS) max = td_larger()(max, x[j]);
    max = tree(shared, max, td_larger());
    for (int64_t j = threadIdx.x; j < n; j += THREADS) sum += td_exp_of(x[j] - max);
    sum = tree(shared, sum, td_plus());
    for (int64_t j = threadIdx.x; j < n; j += THREADS) y[j] = td_exp_of(x[j] - max) / sum;
}

/* The largest of some numbers, and the sum of their exponentials measured against it. */
template <class T> struct online_t {
    T max, sum;
};

/* What td_warp_reduce passes from lane to lane. */
template <class T>
static __device__ __forceinline__ online_t<T> td_shuffle_xor(const online_t<T> &v, int lanes)
{
    return {td_shuffle_xor(v.max, lanes), td_shuffle_xor(v.sum, lanes)};
}

/* A sum measured against one maximum is measured against a larger one by one more factor. */
struct merge_t {
    template <class T>
    __device__ __forceinline__ online_t<T> operator()(online_t<T> a, online_t<T> b) const
    {
        const T max = td_larger()(a.max, b.max);
        if (max == -td_infinity<T>()) return {max, a.sum + b.sum};
        return {max, a.sum * td_exp_of(a.max - max) + b.sum * td_exp_of(b.max - max)};
    }
};

/* 3. A warp takes a row, finds maximum and sum in one pass (Milakov and Gimelshein, 2018), and its
 * lanes put them together without shared memory or barriers: the row is read twice. */
template <class T>
static __global__ void __launch_bounds__(THREADS, 3)
    softmax_3(T *y, const T *x, int64_t rows, int64_t n)
{
    const int lane = threadIdx.x % TD_WARP;
    const int64_t row = (int64_t)blockIdx.x * (THREADS / TD_WARP) + threadIdx.x / TD_WARP;
    const int64_t count = row < rows ? n : 0; /* all lanes take part in the reduction */
    x += row * n, y += row * n;
    online_t<T> all = {-td_infinity<T>(), 0};
    for (int64_t j = lane; j < count; j += TD_WARP) all = merge_t()(all, online_t<T>{x[j], (T)1});
    all = td_warp_reduce(all, merge_t());
    for (int64_t j = lane; j < count; j += TD_WARP) y[j] = td_exp_of(x[j] - all.max) / all.sum;
}

template <class T> static td_status teach(td_tensor *y, const td_tensor *x, int version)
{
    const char *op = "teach_softmax";
    const int64_t n = x->shape[x->ndim - 1], rows = n ? td_numel(x) / n : 0;
    T *to = (T *)y->data;
    const T *from = (const T *)x->data;
    switch (version) {
    case 1:
        return td_launch(op, softmax_1<T>, td_blocks(rows, THREADS), THREADS, 0, to, from, rows, n);
    case 2: return td_launch(op, softmax_2<T>, td_blocks(rows, 1), THREADS, 0, to, from, n);
    case 3:
        return td_launch(op, softmax_3<T>, td_blocks(rows, THREADS / TD_WARP), THREADS, 0, to, from,
                         rows, n);
    case 4: return td_softmax(y, x, x->ndim - 1);
    default: return td_no_version(op, 4, version);
    }
}

td_status td_teach_softmax(td_tensor *y, const td_tensor *x, int32_t version)
{
    TD_TRY(td_teach_operands("teach_softmax", {y, x}));
    if (x->ndim < 1 || td_numel(y) != td_numel(x))
        return td_fail(TD_EINVAL, "teach_softmax: x must have rows, and y its shape");
    return x->dtype == TD_F32 ? teach<float>(y, x, version) : teach<double>(y, x, version);
}
