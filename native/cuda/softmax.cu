/* softmax.cu — softmax, log_softmax and their gradients along any axis of contiguous tensors.
 *
 * A tensor is seen as [outer, n, inner]: n is the axis, and its elements are `inner` apart. Each
 * row is read from memory once where it fits on the chip, and that is the whole art:
 *
 *   inner = 1, n ≤ 1024   a warp or part of one per row, the row in its registers
 *   inner = 1, larger n   a block per row, the row in shared memory if it fits
 *   inner > 1             a block for up to 256 neighbouring rows, through the caches
 *
 * The row's maximum is subtracted before any exponential, so nothing overflows.
 */
#include "axes.cuh"
#include "math.cuh"
#include "softmax.h"

enum {
    THREADS = 256,
    FEW = 4,
    MANY = 32,               /* elements of a row in one thread's registers */
    SHARED_BYTES = 47 << 10, /* a row in shared memory: 48 KB need no permission, and
                              * td_block_reduce has a few bytes, which TD_DYN_SMEM makes one KB */
};

/* An op in four steps, with s = Σ term over the row:
 *
 *   kept = keep(x, max)    y = out(kept, gy, finish(s))
 */
struct softmax_op {
    static constexpr bool SHIFTED = true;
    template <class T> static __device__ T keep(T x, T max) { return td_exp_of(x - max); }
    template <class T> static __device__ T term(T kept, T) { return kept; }
    template <class T> static __device__ T finish(T sum) { return sum; }
    template <class T> static __device__ T out(T kept, T, T sum) { return kept / sum; }
};
struct log_softmax_op { /* y = (x − max) − log Σ exp(x − max) */
    static constexpr bool SHIFTED = true;
    template <class T> static __device__ T keep(T x, T max) { return x - max; }
    template <class T> static __device__ T term(T kept, T) { return td_exp_of(kept); }
    template <class T> static __device__ T finish(T sum) { return td_log_of(sum); }
    template <class T> static __device__ T out(T kept, T, T log_sum) { return kept - log_sum; }
};
struct softmax_grad_op { /* gx = y (gy − Σ gy y) */
    static constexpr bool SHIFTED = false;
    template <class T> static __device__ T keep(T y, T) { return y; }
    template <class T> static __device__ T term(T y, T gy) { return gy * y; }
    template <class T> static __device__ T finish(T dot) { return dot; }
    template <class T> static __device__ T out(T y, T gy, T dot) { return y * (gy - dot); }
};
struct log_softmax_grad_op { /* gx = gy − exp(y) Σ gy */
    static constexpr bool SHIFTED = false;
    template <class T> static __device__ T keep(T y, T) { return y; }
    template <class T> static __device__ T term(T, T gy) { return gy; }
    template <class T> static __device__ T finish(T sum) { return sum; }
    template <class T> static __device__ T out(T y, T gy, T sum) { return gy - td_exp_of(y) * sum; }
};

/* gy is x where there is none: no op reads it then. */
template <class T> struct rows_t {
    T *y;
    const T *x, *gy;
    int64_t rows, n, inner;
};

/* x[rows, n]: `width` ≤ 32 threads per row, each with EACH elements or fewer. */
template <class OP, class T, int EACH>
__global__ void __launch_bounds__(THREADS, EACH == FEW ? 3 : 1)
    in_registers_kernel(const rows_t<T> t, int width)
{
    const int lane = threadIdx.x % width, n = (int)t.n;
    const int64_t row = (int64_t)blockIdx.x * (THREADS / width) + threadIdx.x / width;
    const int64_t start = row * n + lane;
    const int count = row >= t.rows || lane >= n ? 0 : (n - lane + width - 1) / width;
    T v[EACH], g[EACH], max = -td_infinity<T>(), sum = 0;
    TD_UNROLL
    for (int k = 0; k < EACH; k++) {
        if (k >= count) break;
        v[k] = t.x[start + k * width];
        if (!OP::SHIFTED) g[k] = t.gy[start + k * width];
    }
    if (OP::SHIFTED) {
        TD_UNROLL
        for (int k = 0; k < EACH; k++)
            if (k < count) max = td_larger()(max, v[k]);
        max = td_group_reduce<THREADS>(max, width, td_larger());
    }
    TD_UNROLL
    for (int k = 0; k < EACH; k++) {
        if (k >= count) break;
        v[k] = OP::keep(v[k], max);
        sum += OP::term(v[k], OP::SHIFTED ? v[k] : g[k]);
    }
    sum = OP::finish(td_group_reduce<THREADS>(sum, width, td_plus()));
    TD_UNROLL
    for (int k = 0; k < EACH; k++) {
        if (k >= count) break;
        t.y[start + k * width] = OP::out(v[k], OP::SHIFTED ? v[k] : g[k], sum);
    }
}

/* x[rows, n]: a block per row. */
template <class OP, class T, bool ON_CHIP>
__global__ void __launch_bounds__(THREADS, 3) block_kernel(const rows_t<T> t)
{
    TD_DYN_SMEM(T, shared);
    const T *x = t.x + blockIdx.x * t.n, *gy = t.gy + blockIdx.x * t.n;
    T *y = t.y + blockIdx.x * t.n, max = -td_infinity<T>(), sum = 0;
    if (OP::SHIFTED) {
        for (int64_t j = threadIdx.x; j < t.n; j += THREADS) {
            const T v = x[j];
            if (ON_CHIP) shared[j] = v;
            max = td_larger()(max, v);
        }
        max = td_block_reduce<THREADS>(max, td_larger());
    }
    for (int64_t j = threadIdx.x; j < t.n; j += THREADS) {
        const T kept = OP::keep(ON_CHIP && OP::SHIFTED ? shared[j] : x[j], max);
        if (ON_CHIP) shared[j] = kept;
        sum += OP::term(kept, gy[j]);
    }
    sum = OP::finish(td_block_reduce<THREADS>(sum, td_plus()));
    for (int64_t j = threadIdx.x; j < t.n; j += THREADS)
        y[j] = OP::out(ON_CHIP ? shared[j] : OP::keep(x[j], max), gy[j], sum);
}

/* f over the threads that share a row: those `rows` apart in a block. */
template <class T, class F> __device__ __forceinline__ T across(T *shared, T v, int rows, F f)
{
    __syncthreads(); /* the last reduction's results have been read */
    shared[threadIdx.x] = v;
    for (int half = THREADS / 2; half >= rows; half /= 2) {
        __syncthreads();
        if ((int)threadIdx.x < half)
            shared[threadIdx.x] = f(shared[threadIdx.x], shared[threadIdx.x + half]);
    }
    __syncthreads();
    return shared[threadIdx.x % rows];
}

/* x[outer, n, inner]: `rows` neighbouring rows per block, THREADS / rows threads for each. */
template <class OP, class T>
__global__ void __launch_bounds__(THREADS, 3) beside_kernel(const rows_t<T> t, int rows)
{
    __shared__ T shared[THREADS];
    const int64_t row = (int64_t)blockIdx.x * rows + threadIdx.x % rows;
    const int64_t n = row < t.rows ? t.n : 0, step = (int64_t)(THREADS / rows) * t.inner;
    const int64_t outer = row / t.inner, column = row - outer * t.inner;
    const int64_t start = outer * t.n * t.inner + column + threadIdx.x / rows * t.inner;
    const int64_t end = (outer * n + n) * t.inner; /* = 0 outside */
    T max = -td_infinity<T>(), sum = 0;
    if (OP::SHIFTED) {
        for (int64_t j = start; j < end; j += step) max = td_larger()(max, t.x[j]);
        max = across(shared, max, rows, td_larger());
    }
    for (int64_t j = start; j < end; j += step) sum += OP::term(OP::keep(t.x[j], max), t.gy[j]);
    sum = OP::finish(across(shared, sum, rows, td_plus()));
    for (int64_t j = start; j < end; j += step)
        t.y[j] = OP::out(OP::keep(t.x[j], max), t.gy[j], sum);
}

/* --- host ------------------------------------------------------------------------------------- */

static int power_of_two(int64_t least, int most)
{
    int p = 1;
    while (p < most && p < least) p *= 2;
    return p;
}

template <class OP, class T> static td_status launch(const char *op, const rows_t<T> &t)
{
    if (t.inner > 1) {
        const int shared_by = power_of_two(t.n / 8, 32), rows = THREADS / shared_by;
        return td_launch(op, beside_kernel<OP, T>, td_blocks(t.rows, rows), THREADS, 0, t, rows);
    }
    if (t.n <= TD_WARP * FEW) {
        const int width = power_of_two(TD_CEIL_DIV(t.n, (int64_t)FEW), TD_WARP);
        return td_launch(op, in_registers_kernel<OP, T, FEW>, td_blocks(t.rows, THREADS / width),
                         THREADS, 0, t, width);
    }
    if (t.n <= TD_WARP * MANY)
        return td_launch(op, in_registers_kernel<OP, T, MANY>, td_blocks(t.rows, THREADS / TD_WARP),
                         THREADS, 0, t, (int)TD_WARP);
    if (t.n * sizeof(T) <= SHARED_BYTES)
        return td_launch(op, block_kernel<OP, T, true>, td_blocks(t.rows, 1), THREADS,
                         t.n * sizeof(T), t);
    return td_launch(op, block_kernel<OP, T, false>, td_blocks(t.rows, 1), THREADS, 0, t);
}

template <class OP, class T>
static td_status run_rows(const char *op, td_tensor *y, const td_tensor *x, const td_tensor *gy,
                          int64_t axis)
{
    rows_t<T> t = {(T *)y->data, (const T *)x->data, (const T *)(gy ? gy : x)->data, 0, 0, 1};
    const int64_t size = td_numel(x);
    if (size == 0) return TD_OK;
    t.n = x->shape[axis];
    t.rows = size / t.n;
    for (int k = (int)axis + 1; k < x->ndim; k++) t.inner *= x->shape[k];
    return launch<OP>(op, t);
}

template <class OP>
static td_status run(const char *op, td_tensor *y, const td_tensor *x, const td_tensor *gy,
                     int64_t axis)
{
    TD_TRY(td_check_softmax(op, y, x, gy, axis));
    return x->dtype == TD_F32 ? run_rows<OP, float>(op, y, x, gy, axis)
                              : run_rows<OP, double>(op, y, x, gy, axis);
}

td_status td_softmax(td_tensor *y, const td_tensor *x, int64_t axis)
{
    return run<softmax_op>("softmax", y, x, NULL, axis);
}

td_status td_log_softmax(td_tensor *y, const td_tensor *x, int64_t axis)
{
    return run<log_softmax_op>("log_softmax", y, x, NULL, axis);
}

td_status td_softmax_grad(td_tensor *gx, const td_tensor *gy, const td_tensor *y, int64_t axis)
{
    return run<softmax_grad_op>("softmax_grad", gx, y, gy, axis);
}

td_status td_log_softmax_grad(td_tensor *gx, const td_tensor *gy, const td_tensor *y, int64_t axis)
{
    return run<log_softmax_grad_op>("log_softmax_grad", gx, y, gy, axis);
}
