/* index.cu — gather and scatter_add along one axis, any strides.
 *
 *   gather       y[…,i,…] = x[…,idx[…,i,…],…]        a thread per element, or per 16 bytes
 *   scatter_add  y[…,idx[…,i,…],…] += x[…,i,…]       a thread per lane and bucket
 *
 * A lane is one place of all the other axes; its indices i = 0, 1, … are walked in order and each
 * sum has one thread, so results are the CPU's to the bit. To have enough threads, the places a
 * lane adds to are dealt out into buckets: a bucket's thread looks at all of the lane's indices
 * and adds those that are its own. Few lanes with many indices are what this is slow at.
 *
 * Elements are counted in idx's reading order throughout, so that an index outside its axis can be
 * told by its position.
 */
#include "axes.cuh"
#include "errors.cuh"
#include "indexing.h"

enum {
    THREADS = 256,
    WAYS = 4,        /* indices a thread looks at at the same time */
    CROWD = 1 << 16, /* threads that keep a device busy */
};
enum { Y, X, IDX, OPERANDS };

/* y, x and idx along the axes of idx; the indexed operand has stride 0 along the axis. */
struct index_t {
    void *y;
    const void *x;
    const int64_t *idx;
    td_axes<OPERANDS> axes;
    int64_t count, base;   /* elements (or packs, or lanes), and how many came before */
    int64_t size, step;    /* of the indexed axis */
    int64_t m, x_i, idx_i; /* scatter_add: along the axis */
    int64_t inner;         /* elements of idx after the axis */
    td_divisor lanes;      /* scatter_add: count, where there are several buckets */
    int64_t buckets;
    td_checked checked;
};

template <class T, int V>
__global__ void __launch_bounds__(THREADS) gather_kernel(const __grid_constant__ index_t t)
{
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (i >= t.count) return;
    int64_t at[OPERANDS] = {0, 0, 0};
    td_locate(t.axes, i, at);
    const int64_t k = t.idx[at[IDX]];
    if ((uint64_t)k < (uint64_t)t.size)
        td_store((T *)t.y + at[Y], td_load<V>((const T *)t.x + at[X] + k * t.step));
    else
        td_note(t.checked, (t.base + i) * V);
}

template <class T>
__global__ void __launch_bounds__(THREADS) scatter_add_kernel(const __grid_constant__ index_t t)
{
    const int64_t thread = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (thread >= t.count * t.buckets) return;
    const int64_t bucket = t.buckets == 1 ? 0 : td_divide((uint32_t)thread, t.lanes);
    const int64_t lane = thread - bucket * t.count;
    const int64_t low = bucket * t.size / t.buckets, high = (bucket + 1) * t.size / t.buckets;
    int64_t at[OPERANDS] = {0, 0, 0};
    td_locate(t.axes, lane, at);
    T *y = (T *)t.y + at[Y];
    const T *x = (const T *)t.x + at[X];
    const int64_t *idx = t.idx + at[IDX];

    for (int64_t first = 0; first < t.m; first += WAYS) {
        int64_t k[WAYS];
        TD_UNROLL
        for (int j = 0; j < WAYS; j++)
            k[j] = first + j < t.m ? idx[(first + j) * t.idx_i] : high; /* high is not ours */
        TD_UNROLL
        for (int j = 0; j < WAYS; j++) {
            if (k[j] >= low && k[j] < high)
                y[k[j] * t.step] += x[(first + j) * t.x_i];
            else if (bucket == 0 && first + j < t.m && (uint64_t)k[j] >= (uint64_t)t.size)
                td_note(t.checked, (t.base + lane) / t.inner * t.m * t.inner +
                                       (first + j) * t.inner + (t.base + lane) % t.inner);
        }
    }
}

/* --- host ------------------------------------------------------------------------------------- */

static td_status tell(const td_mistake *m)
{
    const td_checked *c = &m->checked;
    return td_fail_index(c->op, &c->idx, (int64_t)m->position, (int64_t)m->value, c->axis,
                         c->size[0]);
}

/* Walks y, x and idx in idx's reading order: a contiguous operand, which nobody reads, sets it. */
static td_status reading_order(td_walk *w, const td_tensor *y, const td_tensor *x,
                               const td_tensor *idx)
{
    td_tensor order = *idx;
    int64_t stride = 1;
    for (int axis = idx->ndim - 1; axis >= 0; stride *= idx->shape[axis--])
        order.stride[axis] = stride;
    const td_tensor *const operand[] = {&order, y, x, idx};
    TD_TRY(td_walk_init(w, operand, OPERANDS + 1));
    for (int k = 0; k < OPERANDS; k++) {
        w->data[k] = w->data[k + 1];
        w->itemsize[k] = w->itemsize[k + 1];
        memcpy(w->stride[k], w->stride[k + 1], sizeof w->stride[k]);
    }
    w->count = OPERANDS;
    return TD_OK;
}

/* Do rows of y and x lie in packs of V that share one index each? */
static bool packs_fit(const td_walk *w, int64_t step, int V)
{
    const int inner = w->ndim - 1;
    bool fit = w->shape[inner] % V == 0 && step % V == 0 && w->stride[IDX][inner] == 0;
    for (int k = Y; k <= X; k++) {
        fit &= w->stride[k][inner] == 1 && (uintptr_t)w->data[k] % (w->itemsize[k] * V) == 0;
        for (int axis = 0; axis < inner; axis++) fit &= w->stride[k][axis] % V == 0;
    }
    return fit;
}

static index_t at_walk(index_t t, const td_walk *w, int V)
{
    t.y = w->data[Y], t.x = w->data[X], t.idx = (const int64_t *)w->data[IDX];
    t.axes = td_axes_of<OPERANDS>(w, V);
    t.count = w->size / V;
    return t;
}

/* More elements than td_locate counts go by halves. */
template <class T> static td_status gather(const td_walk *w, index_t t)
{
    constexpr int V = 16 / sizeof(T);
    if (w->ndim > 1 && w->size > INT32_MAX) {
        td_walk first, rest;
        td_walk_halve(w, &first, &rest);
        TD_TRY(gather<T>(&first, t));
        t.base += first.size;
        return gather<T>(&rest, t);
    }
    if (packs_fit(w, t.step, V)) {
        t = at_walk(t, w, V);
        t.base /= V;
        return td_launch("gather", gather_kernel<T, V>, td_blocks(t.count, THREADS), THREADS, 0, t);
    }
    t = at_walk(t, w, 1);
    return td_launch("gather", gather_kernel<T, 1>, td_blocks(t.count, THREADS), THREADS, 0, t);
}

template <class T> static td_status scatter_add(const td_walk *w, index_t t)
{
    if (w->ndim > 1 && w->size > INT32_MAX) {
        td_walk first, rest;
        td_walk_halve(w, &first, &rest);
        TD_TRY(scatter_add<T>(&first, t));
        t.base += first.size;
        return scatter_add<T>(&rest, t);
    }
    t = at_walk(t, w, 1);
    if (t.count == 0 || t.m == 0) return TD_OK;
    t.buckets = TD_MAX(1, TD_MIN(CROWD / t.count, TD_MIN(t.m, t.size)));
    t.lanes = td_divide_by(t.count);
    return td_launch("scatter_add", scatter_add_kernel<T>, td_blocks(t.count * t.buckets, THREADS),
                     THREADS, 0, t);
}

td_status td_gather(td_tensor *y, const td_tensor *x, const td_tensor *idx, int64_t axis)
{
    TD_TRY(td_check_indexing("gather", y, x, idx, axis, 1));
    td_tensor along = *x; /* x seen along the axes of idx */
    memcpy(along.shape, idx->shape, sizeof along.shape);
    along.stride[axis] = 0;
    td_walk w;
    TD_TRY(reading_order(&w, y, &along, idx));
    index_t t = {};
    t.size = x->shape[axis], t.step = x->stride[axis];
    t.checked = td_watch("gather", idx, axis, t.size, 0, tell);
    switch (td_itemsize(x->dtype)) {
    case 8: return gather<uint64_t>(&w, t);
    case 4: return gather<uint32_t>(&w, t);
    case 2: return gather<uint16_t>(&w, t);
    default: return gather<uint8_t>(&w, t);
    }
}

td_status td_scatter_add(td_tensor *y, const td_tensor *x, const td_tensor *idx, int64_t axis)
{
    TD_TRY(td_check_indexing("scatter_add", y, x, idx, axis, 0));
    td_tensor to = *y, from = *x, lanes = *idx; /* along all axes but one */
    memcpy(to.shape, idx->shape, sizeof to.shape);
    to.shape[axis] = from.shape[axis] = lanes.shape[axis] = 1;
    td_walk w;
    TD_TRY(reading_order(&w, &to, &from, &lanes));
    index_t t = {};
    t.size = y->shape[axis], t.step = y->stride[axis];
    t.m = idx->shape[axis], t.x_i = x->stride[axis], t.idx_i = idx->stride[axis];
    t.inner = 1;
    for (int k = (int)axis + 1; k < idx->ndim; k++) t.inner *= idx->shape[k];
    t.checked = td_watch("scatter_add", idx, axis, t.size, 0, tell);
    switch (y->dtype) {
    case TD_F32: return scatter_add<float>(&w, t);
    case TD_F64: return scatter_add<double>(&w, t);
    case TD_I64: return scatter_add<int64_t>(&w, t);
    case TD_I32: return scatter_add<int32_t>(&w, t);
    case TD_I16: return scatter_add<int16_t>(&w, t);
    case TD_I8: return scatter_add<int8_t>(&w, t);
    default: return scatter_add<uint8_t>(&w, t);
    }
}
