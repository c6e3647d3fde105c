/* scan.cu — running sums, products, maxima and minima along any axis of contiguous tensors.
 *
 * A tensor is seen as [outer, n, inner] (common/scan.h). Joining two neighbouring pieces of a row
 * is associative, so many threads can share one:
 *
 *   inner = 1   a block per row, tile by tile: each thread folds EACH neighbours, the threads'
 *               totals are scanned in log steps, and what came before is joined to the left
 *   inner > 1   a thread per row, one step after the other; neighbouring threads read neighbours
 *
 * What is carried is a double, and sums carry their rounding error beside it (Knuth's two-sum).
 * recurrence goes step by step always: products of its a's could overflow where y does not.
 */
#include "launch.cuh"
#include "scan.h"

enum {
    THREADS = 256,
    EACH = 4,
    LONG = 64, /* shorter rows are left to a thread each */
};

/* --- what is carried along: one() begins it, join() puts a later piece behind an earlier ----- */

template <class T> struct scan_io {
    T *y;
    int64_t *place; /* cummax and cummin */
};

template <class X, class Y, class S> struct sum_scan {
    using element = X;
    using total = Y;
    struct state {
        S sum, error;
    };
    static __device__ state none() { return {0, 0}; }
    static __device__ state one(X x, int64_t) { return {(S)x, 0}; }
    static __device__ state join(state a, state b)
    {
        const S sum = a.sum + b.sum, added = sum - a.sum;
        return {sum, a.error + b.error + ((a.sum - (sum - added)) + (b.sum - added))};
    }
    static __device__ void put(const scan_io<Y> &io, int64_t at, state v)
    {
        io.y[at] = (Y)(v.sum - v.sum == 0 ? v.sum + v.error : v.sum); /* ∞ has no error */
    }
};

template <class X, class Y, class S> struct product_scan {
    using element = X;
    using total = Y;
    using state = S;
    static __device__ state none() { return 1; }
    static __device__ state one(X x, int64_t) { return (S)x; }
    static __device__ state join(state a, state b) { return a * b; }
    static __device__ void put(const scan_io<Y> &io, int64_t at, state v) { io.y[at] = (Y)v; }
};

template <class T, bool MAX> struct best_scan {
    using element = T;
    using total = T;
    struct state {
        int64_t place; /* −1: nobody yet */
        T value;
    };
    static __device__ state none() { return {-1, 0}; }
    static __device__ state one(T x, int64_t place) { return {place, x}; }
    static __device__ state join(state a, state b) /* the last of equal ones; a NaN beats all */
    {
        if (a.place < 0 || b.place < 0) return a.place < 0 ? b : a;
        return (MAX ? b.value >= a.value : b.value <= a.value) || b.value != b.value ? b : a;
    }
    static __device__ void put(const scan_io<T> &io, int64_t at, state v)
    {
        io.y[at] = v.value;
        io.place[at] = v.place;
    }
};

template <class T> struct log_scan { /* log Σ exp x = top + log sum; top is the largest x */
    using element = T;
    using total = T;
    struct state {
        double top, sum;
    };
    static __device__ state none() { return {-INFINITY, 0}; }
    static __device__ state one(T x, int64_t) { return {(double)x, 1}; }
    static __device__ state join(state a, state b)
    {
        if (a.top == b.top) return {a.top, a.sum + b.sum}; /* also where both are infinite */
        const double apart = exp(-fabs(a.top - b.top));
        return a.top > b.top ? state{a.top, a.sum + b.sum * apart}
                             : state{b.top, a.sum * apart + b.sum};
    }
    static __device__ void put(const scan_io<T> &io, int64_t at, state v)
    {
        io.y[at] = (T)(v.top + log(v.sum));
    }
};

/* --- the kernels ------------------------------------------------------------------------------ */

template <class F> struct scan_t {
    scan_io<typename F::total> io;
    const typename F::element *x;
    td_scan plan;
    bool reverse;
};

/* Joins to `mine` what threads before this one have; the whole block's is left in shared[THREADS −
 * 1]. Returns what the threads before have. */
template <class F>
__device__ typename F::state before(typename F::state *shared, typename F::state mine)
{
    const int thread = threadIdx.x;
    __syncthreads(); /* the last tile's results have been read */
    shared[thread] = mine;
    for (int apart = 1; apart < THREADS; apart *= 2) {
        __syncthreads();
        if (thread >= apart) mine = F::join(shared[thread - apart], mine);
        __syncthreads();
        shared[thread] = mine;
    }
    __syncthreads();
    return thread > 0 ? shared[thread - 1] : F::none();
}

template <class F> __global__ void __launch_bounds__(THREADS) row_kernel(const scan_t<F> t)
{
    __shared__ typename F::state shared[THREADS];
    const int64_t n = t.plan.n, row = blockIdx.x * n;
    typename F::state carry = F::none();
    for (int64_t tile = 0; tile < n; tile += THREADS * EACH) {
        const int64_t first = tile + threadIdx.x * EACH;
        typename F::state v[EACH];
        TD_UNROLL
        for (int k = 0; k < EACH; k++) {
            const int64_t i = first + k, at = t.reverse ? n - 1 - i : i;
            v[k] = i < n ? F::one(t.x[row + at], at) : F::none();
            if (k > 0) v[k] = F::join(v[k - 1], v[k]);
        }
        const typename F::state left = F::join(carry, before<F>(shared, v[EACH - 1]));
        TD_UNROLL
        for (int k = 0; k < EACH; k++) {
            const int64_t i = first + k, at = t.reverse ? n - 1 - i : i;
            if (i < n) F::put(t.io, row + at, F::join(left, v[k]));
        }
        carry = F::join(carry, shared[THREADS - 1]);
    }
}

template <class F> __global__ void __launch_bounds__(THREADS) step_kernel(const scan_t<F> t)
{
    const int64_t row = (int64_t)blockIdx.x * THREADS + threadIdx.x, inner = t.plan.inner;
    if (row >= t.plan.rows) return;
    const int64_t start = row / inner * inner * t.plan.n + row % inner;
    typename F::state carry = F::none();
    for (int64_t i = 0; i < t.plan.n; i++) {
        const int64_t step = t.reverse ? t.plan.n - 1 - i : i, at = start + step * inner;
        carry = F::join(carry, F::one(t.x[at], step));
        F::put(t.io, at, carry);
    }
}

template <class T> struct recurrence_t {
    T *y;
    const T *a, *b;
    td_scan plan;
    bool reverse;
};

/* y[t] = a[t] · y[t−1] + b[t]; backwards, its adjoint, y[t] = a[t+1] · y[t+1] + b[t] */
template <class T> __global__ void __launch_bounds__(THREADS) recurrence_kernel(recurrence_t<T> t)
{
    const int64_t row = (int64_t)blockIdx.x * THREADS + threadIdx.x, inner = t.plan.inner;
    if (row >= t.plan.rows) return;
    const int64_t start = row / inner * inner * t.plan.n + row % inner;
    const int64_t step = t.reverse ? -inner : inner;
    int64_t at = start + (t.reverse ? (t.plan.n - 1) * inner : 0);
    double y = t.b[at];
    t.y[at] = (T)y;
    for (int64_t i = 1; i < t.plan.n; i++) {
        at += step;
        y = (double)t.a[t.reverse ? at + inner : at] * y + t.b[at];
        t.y[at] = (T)y;
    }
}

/* --- host ------------------------------------------------------------------------------------- */

template <class F>
static td_status scan(const char *name, td_tensor *y, td_tensor *place, const td_tensor *x,
                      const td_scan &plan, bool reverse)
{
    scan_t<F> t = {};
    t.io.y = (typename F::total *)y->data;
    t.io.place = place ? (int64_t *)place->data : NULL;
    t.x = (const typename F::element *)x->data;
    t.plan = plan;
    t.reverse = reverse;
    if (plan.inner == 1 && plan.n >= LONG)
        return td_launch(name, row_kernel<F>, td_blocks(plan.rows, 1), THREADS, 0, t);
    return td_launch(name, step_kernel<F>, td_blocks(plan.rows, THREADS), THREADS, 0, t);
}

static td_status no_kernel(const char *name, const td_tensor *x)
{
    return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(x->dtype));
}

template <template <class, class, class> class F>
static td_status scan_totals(const char *name, td_tensor *y, const td_tensor *x, int64_t axis,
                             bool reverse)
{
    td_scan plan = {};
    TD_TRY(td_plan_scan(&plan, name, y, NULL, NULL, x, td_total_dtype(x->dtype), axis));
    switch (x->dtype) {
    case TD_F32: return scan<F<float, float, double>>(name, y, NULL, x, plan, reverse);
    case TD_F64: return scan<F<double, double, double>>(name, y, NULL, x, plan, reverse);
    case TD_I64: return scan<F<int64_t, int64_t, int64_t>>(name, y, NULL, x, plan, reverse);
    case TD_I32: return scan<F<int32_t, int64_t, int64_t>>(name, y, NULL, x, plan, reverse);
    case TD_I16: return scan<F<int16_t, int64_t, int64_t>>(name, y, NULL, x, plan, reverse);
    case TD_I8: return scan<F<int8_t, int64_t, int64_t>>(name, y, NULL, x, plan, reverse);
    case TD_U8:
    case TD_BOOL: return scan<F<uint8_t, int64_t, int64_t>>(name, y, NULL, x, plan, reverse);
    default: return no_kernel(name, x);
    }
}

template <bool MAX>
static td_status scan_best(const char *name, td_tensor *y, td_tensor *idx, const td_tensor *x,
                           int64_t axis)
{
    td_scan plan = {};
    TD_TRY(td_plan_scan(&plan, name, y, idx, NULL, x, x->dtype, axis));
    switch (x->dtype) {
    case TD_F32: return scan<best_scan<float, MAX>>(name, y, idx, x, plan, false);
    case TD_F64: return scan<best_scan<double, MAX>>(name, y, idx, x, plan, false);
    case TD_I64: return scan<best_scan<int64_t, MAX>>(name, y, idx, x, plan, false);
    case TD_I32: return scan<best_scan<int32_t, MAX>>(name, y, idx, x, plan, false);
    case TD_I16: return scan<best_scan<int16_t, MAX>>(name, y, idx, x, plan, false);
    case TD_I8: return scan<best_scan<int8_t, MAX>>(name, y, idx, x, plan, false);
    case TD_U8:
    case TD_BOOL: return scan<best_scan<uint8_t, MAX>>(name, y, idx, x, plan, false);
    default: return no_kernel(name, x);
    }
}

td_status td_cumsum(td_tensor *y, const td_tensor *x, int64_t axis, int32_t reverse)
{
    return scan_totals<sum_scan>("cumsum", y, x, axis, reverse);
}

td_status td_cumprod(td_tensor *y, const td_tensor *x, int64_t axis)
{
    return scan_totals<product_scan>("cumprod", y, x, axis, false);
}

td_status td_cummax(td_tensor *y, td_tensor *idx, const td_tensor *x, int64_t axis)
{
    return scan_best<true>("cummax", y, idx, x, axis);
}

td_status td_cummin(td_tensor *y, td_tensor *idx, const td_tensor *x, int64_t axis)
{
    return scan_best<false>("cummin", y, idx, x, axis);
}

td_status td_logcumsumexp(td_tensor *y, const td_tensor *x, int64_t axis)
{
    td_scan plan = {};
    TD_TRY(td_plan_scan(&plan, "logcumsumexp", y, NULL, NULL, x, x->dtype, axis));
    switch (x->dtype) {
    case TD_F32: return scan<log_scan<float>>("logcumsumexp", y, NULL, x, plan, false);
    case TD_F64: return scan<log_scan<double>>("logcumsumexp", y, NULL, x, plan, false);
    default: return no_kernel("logcumsumexp", x);
    }
}

template <class T>
static td_status recurrence(td_tensor *y, const td_tensor *a, const td_tensor *b,
                            const td_scan &plan, bool reverse)
{
    const recurrence_t<T> t = {(T *)y->data, (const T *)a->data, (const T *)b->data, plan, reverse};
    return td_launch("recurrence", recurrence_kernel<T>, td_blocks(plan.rows, THREADS), THREADS, 0,
                     t);
}

td_status td_recurrence(td_tensor *y, const td_tensor *a, const td_tensor *b, int64_t axis,
                        int32_t reverse)
{
    td_scan plan = {};
    TD_TRY(td_plan_scan(&plan, "recurrence", y, NULL, a, b, b->dtype, axis));
    switch (b->dtype) {
    case TD_F32: return recurrence<float>(y, a, b, plan, reverse);
    case TD_F64: return recurrence<double>(y, a, b, plan, reverse);
    default: return no_kernel("recurrence", b);
    }
}
