/* index.cu — index and index_put: k axes of one tensor by k tensors of integers, any strides.
 *
 *   index       y[b…,r…] = x[i₀,…,i_{k−1},r…]       a thread per element, or per 16 bytes
 *   index_put   y[i₀,…,i_{k−1},r…] ∘= v[b…,r…]      a thread per lane and bucket
 *
 * A lane is one place of the axes r…; its indices are walked in reading order of b… and each
 * element of y has one thread, so results are the CPU's to the bit. To have enough threads, the
 * places a lane writes to are dealt out into buckets: a bucket's thread looks at all of the lane's
 * indices and takes those that are its own. Few lanes with many indices are what this is slow at;
 * but where no place comes twice, as in a mask's, every element is a lane.
 *
 * Elements are counted in idx's reading order throughout, so that an index outside its axis can be
 * told by its position.
 */
#include <cstring>

#include "axes.cuh"
#include "errors.cuh"
#include "indexing.h"

enum {
    THREADS = 256,
    WAYS = 4,        /* indices a thread looks at at the same time */
    CROWD = 1 << 16, /* threads that keep a device busy */
};
enum { TO, FROM, IDX, OPERANDS };

/* The indexed axes, and where the k indices of a place are. */
struct indices_t {
    int k, wrap;
    int64_t next, size[TD_MAX_NDIM], step[TD_MAX_NDIM];
    int64_t places; /* idx's elements for each of the k */
};

/* y, x or v, and idx seen along axes of idx; y is NULL where indices are only checked. */
struct index_t {
    void *to;
    const void *from;
    const int64_t *idx;
    td_axes<OPERANDS> axes;
    indices_t indices;
    int64_t count, base; /* elements (or packs, or lanes), and how many came before */
    td_checked checked;
};

/* index_put: b…, seen by v and idx, and what a bucket is. */
struct put_t {
    index_t at;
    td_axes<2> b;
    int64_t m, inner;      /* places of b…; elements of idx after them */
    td_divisor lanes;      /* count, where there are several buckets */
    int64_t buckets, size; /* of them all: places of the indexed axes */
    int how;
};

/* Finds where the indices at idx point to, in elements, and which of all places that is; returns
 * the first index that is outside its axis, k if there is none. */
__device__ __forceinline__ int follow(const indices_t &t, const int64_t *idx, int64_t &offset,
                                      int64_t &place)
{
    int bad = t.k;
    offset = place = 0;
    for (int j = 0; j < t.k; j++) {
        int64_t i = idx[j * t.next];
        if (t.wrap && i < 0) i += t.size[j];
        if ((uint64_t)i >= (uint64_t)t.size[j] && bad == t.k) bad = j;
        offset += i * t.step[j];
        place = place * t.size[j] + i;
    }
    return bad;
}

template <class T, int V>
__global__ void __launch_bounds__(THREADS) index_kernel(const __grid_constant__ index_t t)
{
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (i >= t.count) return;
    int64_t at[OPERANDS] = {0, 0, 0}, offset, place;
    td_locate(t.axes, i, at);
    const int bad = follow(t.indices, t.idx + at[IDX], offset, place);
    if (bad < t.indices.k)
        td_note(t.checked, bad * t.indices.places + (t.base + i) * V);
    else if (t.to != NULL)
        td_store((T *)t.to + at[TO], td_load<V>((const T *)t.from + at[FROM] + offset));
}

template <class T> __device__ __forceinline__ T put_together(int how, T y, T v)
{
    switch (how) {
    case TD_PUT_ADD: return y + v;
    case TD_PUT_MUL: return y * v;
    case TD_PUT_MAX: return v > y || !(v == v) ? v : y; /* NaN is not itself */
    case TD_PUT_MIN: return v < y || !(v == v) ? v : y;
    default: return v;
    }
}

template <class T>
__global__ void __launch_bounds__(THREADS) put_kernel(const __grid_constant__ put_t t)
{
    const int64_t thread = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (thread >= t.at.count * t.buckets) return;
    const int64_t bucket = t.buckets == 1 ? 0 : td_divide((uint32_t)thread, t.lanes);
    const int64_t lane = thread - bucket * t.at.count, number = t.at.base + lane;
    const int64_t low = bucket * t.size / t.buckets, high = (bucket + 1) * t.size / t.buckets;
    const int64_t before = number / t.inner * t.m * t.inner + number % t.inner;
    int64_t at[OPERANDS] = {0, 0, 0};
    td_locate(t.at.axes, lane, at);
    T *y = (T *)t.at.to + at[TO];
    const T *v = (const T *)t.at.from + at[FROM];
    const int64_t *idx = t.at.idx + at[IDX];
    const indices_t &indices = t.at.indices;
    int64_t worst = INT64_MAX; /* the least position of an index outside its axis */

    for (int64_t first = 0; first < t.m; first += WAYS) {
        int64_t offset[WAYS], from[WAYS];
        bool mine[WAYS];
        TD_UNROLL
        for (int j = 0; j < WAYS; j++) {
            const int64_t i = first + j;
            int64_t b[2] = {0, 0}, place = 0;
            mine[j] = i < t.m;
            if (!mine[j]) continue;
            td_locate(t.b, i, b);
            from[j] = b[0];
            const int bad = follow(indices, idx + b[1], offset[j], place);
            if (bad < indices.k) worst = TD_MIN(worst, bad * indices.places + before + i * t.inner);
            mine[j] = bad == indices.k && place >= low && place < high;
        }
        TD_UNROLL
        for (int j = 0; j < WAYS; j++)
            if (mine[j]) y[offset[j]] = put_together(t.how, y[offset[j]], v[from[j]]);
    }
    if (worst != INT64_MAX && bucket == 0) td_note(t.at.checked, worst);
}

/* --- host ------------------------------------------------------------------------------------- */

static td_status tell(const td_mistake *m)
{
    const td_checked *c = &m->checked;
    td_tensor idx = c->idx;
    int64_t position = (int64_t)m->position, axes = c->axis, j = 0;
    if (axes & (axes - 1)) { /* several: which one, and where in it */
        const int64_t places = td_numel(&idx) / idx.shape[0];
        j = position / places, position %= places, idx.ndim--;
        memmove(idx.shape, idx.shape + 1, sizeof idx.shape - sizeof *idx.shape);
        memmove(idx.stride, idx.stride + 1, sizeof idx.stride - sizeof *idx.stride);
        for (int64_t bits = j; bits > 0; bits--) axes &= axes - 1;
    }
    return td_fail_index(c->op, &idx, position, (int64_t)m->value, __builtin_ctzll((uint64_t)axes),
                         c->size[j]);
}

/* Walks the operands in idx's reading order: a contiguous operand, which nobody reads, sets it. */
static td_status reading_order(td_walk *w, const td_tensor *to, const td_tensor *from,
                               const td_tensor *idx)
{
    td_tensor order = *idx;
    int64_t stride = 1;
    for (int axis = idx->ndim - 1; axis >= 0; stride *= idx->shape[axis--])
        order.stride[axis] = stride;
    const td_tensor *const operand[] = {&order, to, from, idx};
    TD_TRY(td_walk_init(w, operand, OPERANDS + 1));
    for (int k = 0; k < OPERANDS; k++) {
        w->data[k] = w->data[k + 1];
        w->itemsize[k] = w->itemsize[k + 1];
        memcpy(w->stride[k], w->stride[k + 1], sizeof w->stride[k]);
    }
    w->count = OPERANDS;
    return TD_OK;
}

/* Do rows of y and x lie in packs of V that share their indices? */
static bool packs_fit(const td_walk *w, const td_indexing *p, int V)
{
    const int inner = w->ndim - 1;
    bool fit = w->shape[inner] % V == 0 && w->stride[IDX][inner] == 0;
    for (int j = 0; j < p->k; j++) fit &= p->step[j] % V == 0;
    for (int k = TO; k <= FROM; k++) {
        fit &= w->stride[k][inner] == 1 && (uintptr_t)w->data[k] % (w->itemsize[k] * V) == 0;
        for (int axis = 0; axis < inner; axis++) fit &= w->stride[k][axis] % V == 0;
    }
    return fit;
}

static index_t plan(const char *name, const td_indexing *p, const td_tensor *idx,
                    const td_index_attrs *a)
{
    index_t t = {};
    t.indices = {p->k, p->wrap, p->next, {}, {}, td_numel(&p->idx)};
    memcpy(t.indices.size, p->size, sizeof p->size);
    memcpy(t.indices.step, p->step, sizeof p->step);
    t.checked = td_watch(name, idx, a->axes, 0, 0, tell);
    memcpy(t.checked.size, p->size, sizeof p->size);
    return t;
}

static index_t at_walk(index_t t, const td_walk *w, int V)
{
    t.to = w->data[TO], t.from = w->data[FROM], t.idx = (const int64_t *)w->data[IDX];
    t.axes = td_axes_of<OPERANDS>(w, V);
    t.count = w->size / V;
    return t;
}

/* More elements than td_locate counts go by halves. */
template <class T> static td_status index(const td_walk *w, const td_indexing *p, index_t t)
{
    constexpr int V = 16 / sizeof(T);
    if (w->ndim > 1 && w->size > INT32_MAX) {
        td_walk first, rest;
        td_walk_halve(w, &first, &rest);
        TD_TRY(index<T>(&first, p, t));
        t.base += first.size;
        return index<T>(&rest, p, t);
    }
    if (packs_fit(w, p, V)) {
        t = at_walk(t, w, V);
        t.base /= V;
        return td_launch("index", index_kernel<T, V>, td_blocks(t.count, THREADS), THREADS, 0, t);
    }
    t = at_walk(t, w, 1);
    return td_launch("index", index_kernel<T, 1>, td_blocks(t.count, THREADS), THREADS, 0, t);
}

template <class T> static td_status put(const td_walk *w, put_t t)
{
    if (w->ndim > 1 && w->size > INT32_MAX) {
        td_walk first, rest;
        td_walk_halve(w, &first, &rest);
        TD_TRY(put<T>(&first, t));
        t.at.base += first.size;
        return put<T>(&rest, t);
    }
    t.at = at_walk(t.at, w, 1);
    if (t.at.count == 0 || t.m == 0) return TD_OK;
    t.buckets = TD_MAX(1, TD_MIN(CROWD / t.at.count, TD_MIN(t.m, t.size)));
    t.lanes = td_divide_by(t.at.count);
    return td_launch("index_put", put_kernel<T>, td_blocks(t.at.count * t.buckets, THREADS),
                     THREADS, 0, t);
}

/* There is nothing to move; the indices are looked at all the same. */
static td_status only_check(const char *name, td_indexing *p, const td_tensor *idx,
                            const td_index_attrs *a)
{
    p->idx = td_unrepeated(p->idx);
    if (td_numel(&p->idx) == 0) return TD_OK;
    td_tensor all = td_unrepeated(*idx);
    if (p->k > 1) all.shape[0] = p->k;
    td_walk w;
    TD_TRY(reading_order(&w, &p->idx, &p->idx, &p->idx));
    index_t t = at_walk(plan(name, p, &all, a), &w, 1);
    t.to = NULL;
    return td_launch(name, index_kernel<uint8_t, 1>, td_blocks(t.count, THREADS), THREADS, 0, t);
}

td_status td_index(td_tensor *y, const td_tensor *x, const td_tensor *idx, const td_index_attrs *a)
{
    td_indexing p;
    td_walk w;
    TD_TRY(td_plan_indexing(&p, "index", x, y, idx, a));
    if (td_numel(y) == 0) return only_check("index", &p, idx, a);
    TD_TRY(reading_order(&w, y, &p.indexed, &p.idx));
    const index_t t = plan("index", &p, idx, a);
    switch (td_itemsize(x->dtype)) {
    case 8: return index<uint64_t>(&w, &p, t);
    case 4: return index<uint32_t>(&w, &p, t);
    case 2: return index<uint16_t>(&w, &p, t);
    default: return index<uint8_t>(&w, &p, t);
    }
}

td_status td_index_put(td_tensor *y, const td_tensor *v, const td_tensor *idx,
                       const td_index_attrs *a)
{
    td_indexing p;
    td_walk w;
    TD_TRY(td_plan_indexing(&p, "index_put", y, v, idx, a));
    if (td_numel(v) == 0) return only_check("index_put", &p, idx, a);
    put_t t = {};
    t.at = plan("index_put", &p, idx, a);
    t.m = t.inner = t.size = 1;
    for (int axis = p.last; axis < v->ndim; axis++) t.inner *= v->shape[axis];
    for (int j = 0; j < p.k; j++) t.size *= p.size[j];
    t.how = y->dtype == TD_BOOL && a->how == TD_PUT_ADD ? TD_PUT_MAX : a->how;

    td_tensor lanes[OPERANDS] = {p.indexed, *v, p.idx}, b[2] = {*v, p.idx};
    for (int axis = 0; axis < v->ndim; axis++)
        for (int k = 0; k < OPERANDS; k++) {
            const bool inside = axis >= p.first && axis < p.last;
            if (inside) lanes[k].shape[axis] = 1;
            if (!inside && k < 2) b[k].shape[axis] = 1;
        }
    t.m = td_numel(&b[1]);
    if (t.m > INT32_MAX) return td_fail(TD_EINVAL, "index_put: more than 2³¹ − 1 indices");
    td_walk places;
    TD_TRY(reading_order(&places, &b[1], &b[0], &b[1]));
    const td_axes<OPERANDS> along = td_axes_of<OPERANDS>(&places);
    t.b.ndim = along.ndim;
    for (int axis = 0; axis < along.ndim; axis++) {
        t.b.size[axis] = along.size[axis];
        t.b.stride[axis][0] = along.stride[axis][FROM],
        t.b.stride[axis][1] = along.stride[axis][IDX];
    }
    TD_TRY(reading_order(&w, &lanes[TO], &lanes[FROM], &lanes[IDX]));
    if (a->how == TD_PUT_SET) switch (td_itemsize(y->dtype)) {
        case 8: return put<int64_t>(&w, t);
        case 4: return put<int32_t>(&w, t);
        case 2: return put<int16_t>(&w, t);
        default: return put<uint8_t>(&w, t);
        }
    switch (y->dtype) {
    case TD_F32: return put<float>(&w, t);
    case TD_F64: return put<double>(&w, t);
    case TD_I64: return put<int64_t>(&w, t);
    case TD_I32: return put<int32_t>(&w, t);
    case TD_I16: return put<int16_t>(&w, t);
    case TD_I8: return put<int8_t>(&w, t);
    case TD_U8:
    case TD_BOOL: return put<uint8_t>(&w, t);
    default: return td_fail(TD_EDTYPE, "index_put has no kernel for %s", td_dtype_name(y->dtype));
    }
}
