/* reduce.cu — sums, products and extremes over any set of axes: td_sum, td_prod, td_max, td_min.
 *
 * The plan (common/reduction.h) sees x as rows or columns, so neighbouring threads always read
 * neighbouring memory:
 *
 *   rows     x[rows, n] → 1    a group of 8, 32 or 256 threads shares each result
 *   columns  x[rows, n] → n    up to 32 results side by side, each shared by 8 threads or more
 *
 * Where there are few results of many elements, each is cut into segments; the same kernel then
 * reduces the segments' results. How, depends on the shape alone, and threads combine as a fixed
 * tree: the same bits on every device. A NaN beats all; of equal elements the first wins.
 */
#include "axes.cuh"
#include "reduction.h"

enum {
    THREADS = 256,
    WAYS = 4,      /* loads a thread has under way */
    TARGET = 1024, /* groups that fill a device; outputs are cut into segments to get there, */
    LEAST = 8,     /* but no thread is left with fewer elements than this … */
    MOST = 256,    /* … nor, for the sake of rounding, with more than this */
};

/* --- what is accumulated ---------------------------------------------------------------------- */

template <class T, class TOTAL, bool PRODUCT> struct total_fold {
    using element = T;
    using state = TOTAL;
    using next = total_fold<TOTAL, TOTAL, PRODUCT>; /* joins what this one puts */
    static __device__ __forceinline__ state none() { return PRODUCT ? 1 : 0; }
    static __device__ __forceinline__ state one(T v, int64_t) { return (TOTAL)v; }
    static __device__ __forceinline__ state join(state a, state b)
    {
        return PRODUCT ? a * b : a + b;
    }
    static __device__ __forceinline__ void put(void *y, int64_t *, int64_t at, int64_t, state v)
    {
        ((TOTAL *)y)[at] = v;
    }
};

template <class T> struct winner_t {
    T value;
    int64_t place; /* in reading order; −1: nobody yet */
};

template <class T>
__device__ __forceinline__ winner_t<T> td_shuffle_xor(const winner_t<T> &v, int lanes)
{
    return {td_shuffle_xor(v.value, lanes), td_shuffle_xor(v.place, lanes)};
}

template <class T, bool MAX> struct best_fold {
    using element = T;
    using state = winner_t<T>;
    using next = best_fold;
    static __device__ __forceinline__ state none() { return {0, -1}; }
    static __device__ __forceinline__ state one(T v, int64_t place) { return {v, place}; }
    static __device__ __forceinline__ bool better(T b, T a)
    {
        return (MAX ? b > a : b < a) || (b != b && a == a);
    }
    static __device__ __forceinline__ state join(state a, state b)
    {
        if (a.place < 0 || b.place < 0) return a.place < 0 ? b : a;
        if (better(b.value, a.value)) return b;
        return better(a.value, b.value) || a.place < b.place ? a : b;
    }
    static __device__ __forceinline__ void put(void *y, int64_t *place, int64_t at,
                                               int64_t place_at, state v)
    {
        if (y) ((T *)y)[at] = v.value;
        if (place) place[place_at] = v.place;
    }
};

/* --- the kernels ------------------------------------------------------------------------------ */

struct fold_t {
    const void *x;
    const int64_t *x_place; /* places of x's elements where they are results of segments */
    void *y;                /* y or place may be NULL */
    int64_t *place;
    td_axes<TD_REDUCTION_OPERANDS> kept;
    td_axes<1> reduced;
    int64_t stride[TD_REDUCTION_OPERANDS]; /* of the inner axis */
    int64_t outputs;   /* rows: results; columns: places of `kept`, each with n results */
    int64_t each;      /* elements per result; with packs, packs */
    td_divisor n;      /* rows: inner elements or packs; columns: results side by side */
    td_divisor splits; /* segments per result, `segment` elements each */
    int64_t segment;
    td_divisor strips; /* columns: blocks across n */
    int width;         /* rows: threads per result; columns: results per block */
    bool partial;      /* y and place are [outputs, splits] or [outputs, splits, n], contiguous */
};

template <class F> struct join_t {
    using state = typename F::state;
    __device__ __forceinline__ state operator()(state a, state b) const { return F::join(a, b); }
};

/* Blocks that a multiprocessor has room for: among more, a best and its place would be spilled. */
template <class F> constexpr int resident = sizeof(typename F::state) > 8 ? 3 : 4;

template <class F, int V>
__global__ void __launch_bounds__(THREADS, resident<F>)
    rows_kernel(const __grid_constant__ fold_t t)
{
    using T = typename F::element;
    const int64_t group = (int64_t)blockIdx.x * (THREADS / t.width) + threadIdx.x / t.width;
    const int lane = threadIdx.x % t.width;
    int64_t output = group, begin = 0, end = 0, at[TD_REDUCTION_OPERANDS] = {0, 0, 0};
    if (t.splits.size > 1) {
        output = td_divide((uint32_t)group, t.splits);
        begin = (group - output * t.splits.size) * t.segment;
    }
    if (output < t.outputs) {
        end = TD_MIN(begin + t.segment, t.each);
        td_locate(t.kept, output, at);
    }

    typename F::state acc[V];
    TD_UNROLL
    for (int j = 0; j < V; j++) acc[j] = F::none();
    const int64_t row = t.reduced.ndim == 0 || begin == 0 ? 0 : begin / t.n.size;
    const int64_t column = begin - row * t.n.size;
    for (int64_t first = begin + lane; first < end; first += WAYS * t.width) {
        td_pack<T, V> v[WAYS];
        int64_t place[WAYS];
        TD_UNROLL
        for (int k = 0; k < WAYS; k++) {
            const int64_t i = first + k * t.width;
            if (i >= end) continue;
            int64_t from[1] = {at[TD_X] + i * t.stride[TD_X]};
            if (t.reduced.ndim > 0) { /* else it is all one row */
                const uint32_t along = (uint32_t)(column + i - begin);
                const uint32_t down = td_divide(along, t.n);
                from[0] = at[TD_X] + (along - down * (int64_t)t.n.size) * t.stride[TD_X];
                td_locate(t.reduced, row + down, from);
            }
            v[k] = td_load<V>((const T *)t.x + from[0]);
            place[k] = t.x_place ? t.x_place[from[0]] : i * V;
        }
        TD_UNROLL
        for (int k = 0; k < WAYS; k++) {
            if (first + k * t.width >= end) continue;
            TD_UNROLL
            for (int j = 0; j < V; j++) acc[j] = F::join(acc[j], F::one(v[k].at[j], place[k] + j));
        }
    }
    TD_UNROLL
    for (int j = 1; j < V; j++) acc[0] = F::join(acc[0], acc[j]);
    const typename F::state all = td_group_reduce<THREADS>(acc[0], t.width, join_t<F>());
    if (lane > 0 || output >= t.outputs) return;
    if (t.partial)
        F::put(t.y, t.place, group, group, all);
    else
        F::put(t.y, t.place, at[TD_Y], at[TD_PLACE], all);
}

template <class F>
__global__ void __launch_bounds__(THREADS, resident<F>)
    columns_kernel(const __grid_constant__ fold_t t)
{
    using T = typename F::element;
    __shared__ typename F::state shared[THREADS];
    const uint32_t above = td_divide(blockIdx.x, t.strips), output = td_divide(above, t.splits);
    const uint32_t split = above - output * t.splits.size;
    const int64_t column =
        (int64_t)(blockIdx.x - above * t.strips.size) * t.width + threadIdx.x % t.width;
    const int lane = threadIdx.x / t.width, lanes = THREADS / t.width;
    const int64_t begin = split * t.segment, end = TD_MIN(begin + t.segment, t.each);
    const bool inside = column < t.n.size;
    int64_t at[TD_REDUCTION_OPERANDS] = {0, 0, 0};
    td_locate(t.kept, output, at);
    TD_UNROLL
    for (int k = 0; k < TD_REDUCTION_OPERANDS; k++) at[k] += column * t.stride[k];

    typename F::state acc = F::none();
    for (int64_t first = begin + lane; inside && first < end; first += WAYS * lanes) {
        T v[WAYS];
        int64_t place[WAYS];
        TD_UNROLL
        for (int k = 0; k < WAYS; k++) {
            const int64_t i = first + k * lanes;
            if (i >= end) continue;
            int64_t from[1] = {at[TD_X]};
            td_locate(t.reduced, i, from);
            v[k] = ((const T *)t.x)[from[0]];
            place[k] = t.x_place ? t.x_place[from[0]] : i;
        }
        TD_UNROLL
        for (int k = 0; k < WAYS; k++)
            if (first + k * lanes < end) acc = F::join(acc, F::one(v[k], place[k]));
    }
    shared[threadIdx.x] = acc;
    for (int half = lanes / 2; half > 0; half /= 2) {
        __syncthreads();
        if (lane < half)
            shared[threadIdx.x] =
                F::join(shared[threadIdx.x], shared[threadIdx.x + half * t.width]);
    }
    if (lane > 0 || !inside) return;
    const int64_t to = (int64_t)above * t.n.size + column;
    if (t.partial)
        F::put(t.y, t.place, to, to, shared[threadIdx.x]);
    else
        F::put(t.y, t.place, at[TD_Y], at[TD_PLACE], shared[threadIdx.x]);
}

/* --- how many threads share a result, and how many segments there are ------------------------- */

static int64_t count_splits(int64_t groups, int64_t each, int64_t threads)
{
    const int64_t most = TD_MAX(1, each / (threads * LEAST));
    const int64_t least = TD_CEIL_DIV(each, threads * MOST);
    return TD_MAX(TD_MAX(1, least), TD_MIN(TARGET / TD_MAX(groups, 1), most));
}

/* Fills in the split; returns the number of blocks. */
static unsigned plan_rows(fold_t *t)
{
    t->width = t->each <= 16 ? 8 : t->each <= 512 ? (int)TD_WARP : (int)THREADS;
    const int64_t splits = t->width < THREADS ? 1 : count_splits(t->outputs, t->each, THREADS);
    t->segment = TD_CEIL_DIV(t->each, splits);
    t->splits = td_divide_by(splits);
    return td_blocks(t->outputs * splits, THREADS / t->width);
}

static unsigned plan_columns(fold_t *t)
{
    t->width = t->n.size <= 4 ? 4 : t->n.size <= 8 ? 8 : t->n.size <= 16 ? 16 : 32;
    const int64_t strips = TD_CEIL_DIV((int64_t)t->n.size, t->width);
    const int64_t splits = count_splits(t->outputs * strips, t->each, THREADS / t->width);
    t->segment = TD_CEIL_DIV(t->each, splits);
    t->splits = td_divide_by(splits);
    t->strips = td_divide_by(strips);
    return td_blocks(t->outputs * splits * strips, 1);
}

/* --- from a plan to one launch, or two -------------------------------------------------------- */

template <int K> static td_axes<K> axes_of(const td_axis_list *list)
{
    td_axes<K> a = {};
    a.ndim = list->ndim;
    for (int axis = 0; axis < a.ndim; axis++) {
        a.size[axis] = td_divide_by(list->shape[axis]);
        for (int k = 0; k < K; k++) a.stride[axis][k] = list->stride[axis][k];
    }
    return a;
}

template <class T> constexpr int pack_size() { return sizeof(T) > 4 ? 2 : 4; }

/* Can the rows be read in packs of V? */
static bool packs_fit(const td_reduction *r, const td_tensor *x, int V)
{
    bool fit = !r->columns && r->stride[TD_X] == 1 && r->n % V == 0 &&
               (uintptr_t)x->data % (V * td_itemsize(x->dtype)) == 0;
    for (int axis = 0; axis < r->kept.ndim; axis++) fit &= r->kept.stride[axis][TD_X] % V == 0;
    for (int axis = 0; axis < r->reduced.ndim; axis++)
        fit &= r->reduced.stride[axis][TD_X] % V == 0;
    return fit;
}

/* Kernels take indices apart in 32 bits; where there is nothing to take apart, any size will do. */
static bool countable(const td_reduction *r)
{
    const int64_t most = INT32_MAX / 2, outer = r->columns ? r->outputs / r->n : r->outputs;
    return (r->n <= most || (!r->columns && r->reduced.ndim == 0)) &&
           (outer <= most || (!r->columns && r->kept.ndim <= 1)) &&
           (r->rows <= most || r->reduced.ndim <= 1);
}

template <class F>
static td_status launch(const char *op, const fold_t &t, unsigned blocks, bool columns, bool packs)
{
    if (columns) return td_launch(op, columns_kernel<F>, blocks, THREADS, 0, t);
    constexpr int V = pack_size<typename F::element>();
    if (packs) return td_launch(op, rows_kernel<F, V>, blocks, THREADS, 0, t);
    return td_launch(op, rows_kernel<F, 1>, blocks, THREADS, 0, t);
}

/* Segments' results are [outputs, splits] for rows, [outputs, splits, n] for columns. */
template <class F>
static td_status fold_segments(const char *op, const fold_t &whole, unsigned blocks, bool columns,
                               bool packs)
{
    using T = typename F::next::element;
    const int64_t splits = whole.splits.size, n = columns ? whole.n.size : 1;
    const size_t partials = (size_t)(whole.outputs * splits * n);
    char *scratch = (char *)td_scratch(partials * (sizeof(int64_t) + sizeof(T)));
    if (!scratch) return td_fail(TD_ENOMEM, "%s: no memory for partial results", op);

    fold_t first = whole, last = whole;
    first.partial = true;
    first.place = (int64_t *)scratch;
    first.y = scratch + partials * sizeof(int64_t);
    TD_TRY(launch<F>(op, first, blocks, columns, packs));

    last.x = first.y;
    last.x_place = first.place;
    last.each = last.segment = splits;
    last.splits = td_divide_by(1);
    last.reduced.ndim = columns ? 1 : 0;
    last.reduced.size[0] = td_divide_by(splits);
    last.reduced.stride[0][0] = n;
    last.stride[TD_X] = 1;
    int64_t stride = splits * n;
    for (int axis = whole.kept.ndim - 1; axis >= 0; stride *= whole.kept.size[axis--].size)
        last.kept.stride[axis][TD_X] = stride;
    const unsigned once = columns ? blocks / (unsigned)splits : (unsigned)whole.outputs;
    return launch<typename F::next>(op, last, once, columns, false);
}

template <class F>
static td_status reduce(const char *op, td_tensor *y, td_tensor *idx, const td_tensor *x,
                        bool any_order)
{
    td_reduction r;
    TD_TRY(td_plan_reduction(&r, y, idx, x, any_order));
    if (r.outputs == 0) return TD_OK;
    if (!countable(&r))
        return td_fail(TD_EUNSUPPORTED, "%s: %lld × %lld elements that do not lie end to end", op,
                       (long long)r.rows, (long long)r.n);
    const bool packs = packs_fit(&r, x, pack_size<typename F::element>());
    const int V = packs ? pack_size<typename F::element>() : 1;
    fold_t t = {};
    t.x = x->data;
    t.y = y ? y->data : NULL;
    t.place = idx ? (int64_t *)idx->data : NULL;
    t.kept = axes_of<TD_REDUCTION_OPERANDS>(&r.kept);
    t.reduced = axes_of<1>(&r.reduced);
    memcpy(t.stride, r.stride, sizeof t.stride);
    t.stride[TD_X] *= V;
    t.n = td_divide_by(r.n / V);
    t.outputs = r.columns ? r.outputs / r.n : r.outputs;
    t.each = r.columns ? r.rows : r.rows * (r.n / V);
    const unsigned blocks = r.columns ? plan_columns(&t) : plan_rows(&t);
    return t.splits.size > 1 ? fold_segments<F>(op, t, blocks, r.columns, packs)
                             : launch<F>(op, t, blocks, r.columns, packs);
}

/* --- the ops ---------------------------------------------------------------------------------- */

template <bool PRODUCT> static td_status total(const char *op, td_tensor *y, const td_tensor *x)
{
    const bool real = x->dtype == TD_F32 || x->dtype == TD_F64;
    TD_TRY(td_check_reduction(op, x, real ? x->dtype : TD_I64, y));
    switch (x->dtype) {
    case TD_F32: return reduce<total_fold<float, float, PRODUCT>>(op, y, NULL, x, true);
    case TD_F64: return reduce<total_fold<double, double, PRODUCT>>(op, y, NULL, x, true);
    case TD_I64: return reduce<total_fold<int64_t, int64_t, PRODUCT>>(op, y, NULL, x, true);
    case TD_I32: return reduce<total_fold<int32_t, int64_t, PRODUCT>>(op, y, NULL, x, true);
    case TD_I16: return reduce<total_fold<int16_t, int64_t, PRODUCT>>(op, y, NULL, x, true);
    case TD_I8: return reduce<total_fold<int8_t, int64_t, PRODUCT>>(op, y, NULL, x, true);
    default: return reduce<total_fold<uint8_t, int64_t, PRODUCT>>(op, y, NULL, x, true);
    }
}

td_status td_sum(td_tensor *y, const td_tensor *x) { return total<false>("sum", y, x); }

td_status td_prod(td_tensor *y, const td_tensor *x) { return total<true>("prod", y, x); }

template <bool MAX>
static td_status best(const char *op, td_tensor *y, td_tensor *idx, const td_tensor *x)
{
    TD_TRY(td_check_reduction(op, x, x->dtype, y));
    TD_TRY(td_check_reduction(op, x, TD_I64, idx));
    if (!y && !idx) return TD_OK;
    switch (x->dtype) {
    case TD_F32: return reduce<best_fold<float, MAX>>(op, y, idx, x, false);
    case TD_F64: return reduce<best_fold<double, MAX>>(op, y, idx, x, false);
    case TD_I64: return reduce<best_fold<int64_t, MAX>>(op, y, idx, x, false);
    case TD_I32: return reduce<best_fold<int32_t, MAX>>(op, y, idx, x, false);
    case TD_I16: return reduce<best_fold<int16_t, MAX>>(op, y, idx, x, false);
    case TD_I8: return reduce<best_fold<int8_t, MAX>>(op, y, idx, x, false);
    default: return reduce<best_fold<uint8_t, MAX>>(op, y, idx, x, false);
    }
}

td_status td_max(td_tensor *y, td_tensor *idx, const td_tensor *x)
{
    return best<true>("max", y, idx, x);
}

td_status td_min(td_tensor *y, td_tensor *idx, const td_tensor *x)
{
    return best<false>("min", y, idx, x);
}
