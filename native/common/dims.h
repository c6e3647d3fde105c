/* dims.h — shape arithmetic shared by all backends: how to step through several tensors at once.
 *
 * td_walk aligns operands like NumPy (from the right, size 1 broadcasts), drops axes of size 1,
 * orders axes by the output's strides and merges neighbours that are contiguous in every operand.
 * What is left is the fewest, longest rows; most tensors become a single one.
 */
#ifndef TD_DIMS_H
#define TD_DIMS_H

#include "status.h"

#define TD_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TD_MAX(a, b) ((a) > (b) ? (a) : (b))
#define TD_CEIL_DIV(a, b) (((a) + (b) - 1) / (b))

enum { TD_MAX_OPERANDS = 4 };

typedef struct td_walk {
    int count, ndim;                              /* operands, axes; the last is the row */
    int64_t size, shape[TD_MAX_NDIM];             /* size = elements of the output */
    int64_t stride[TD_MAX_OPERANDS][TD_MAX_NDIM]; /* in elements; 0 = broadcast */
    size_t itemsize[TD_MAX_OPERANDS];
    char *data[TD_MAX_OPERANDS];
} td_walk;

static inline int64_t td_numel(const td_tensor *x)
{
    int64_t n = 1;
    for (int i = 0; i < x->ndim; i++) n *= x->shape[i];
    return n;
}

/* Whether two tensors have one dtype and as many elements: contiguous ones are read alike. */
static inline int td_alike(const td_tensor *a, const td_tensor *b)
{
    return a->dtype == b->dtype && td_numel(a) == td_numel(b);
}

static inline int td_same_shape(const td_tensor *a, const td_tensor *b)
{
    int same = a->ndim == b->ndim;
    for (int i = 0; same && i < a->ndim; i++) same = a->shape[i] == b->shape[i];
    return same;
}

/* operand[0] is the result, which has a dtype of its own; the others have one in common. */
static inline td_status td_check_dtypes(const char *name, const td_tensor *const *operand,
                                        int count, int32_t result)
{
    int fits = operand[0]->dtype == result;
    for (int k = 2; k < count; k++) fits &= operand[k]->dtype == operand[1]->dtype;
    return fits ? TD_OK : td_fail(TD_EDTYPE, "%s: operands and result have different dtypes", name);
}

static inline int td_contiguous(const td_tensor *x)
{
    int64_t expected = 1;
    for (int i = x->ndim - 1; i >= 0; i--) {
        if (x->shape[i] != 1 && x->stride[i] != expected) return 0;
        expected *= x->shape[i];
    }
    return 1;
}

static inline int64_t td_abs64(int64_t x) { return x < 0 ? -x : x; }

/* Whether windows may move like that: then sums and products of these numbers and sizes in memory
 * stay below 2^63. */
static inline int td_check_steps(int64_t stride, int64_t padding, int64_t dilation)
{
    return stride > 0 && padding >= 0 && dilation > 0 &&
           TD_MAX(stride, TD_MAX(padding, dilation)) <= INT32_MAX;
}

/* operand[0] is the output and gives the shape. */
static inline td_status td_walk_init(td_walk *w, const td_tensor *const *operand, int count)
{
    const td_tensor *y = operand[0];
    w->count = count;
    w->ndim = 0;
    w->size = td_numel(y);
    for (int k = 0; k < count; k++) {
        w->data[k] = (char *)operand[k]->data;
        w->itemsize[k] = td_itemsize(operand[k]->dtype);
        if (operand[k]->ndim > y->ndim)
            return td_fail(TD_EINVAL, "operand %d has %d axes, the output %d", k, operand[k]->ndim,
                           y->ndim);
    }
    for (int axis = 0; axis < y->ndim; axis++) {
        int64_t size = y->shape[axis], stride[TD_MAX_OPERANDS];
        for (int k = 0; k < count; k++) {
            const td_tensor *x = operand[k];
            int own = axis - (y->ndim - x->ndim);
            int broadcast = own < 0 || x->shape[own] == 1;
            if (!broadcast && x->shape[own] != size)
                return td_fail(TD_EINVAL, "operand %d has size %lld on axis %d, the output %lld", k,
                               (long long)x->shape[own], own, (long long)size);
            stride[k] = broadcast ? 0 : x->stride[own];
        }
        if (size == 1) continue;
        int at = w->ndim++; /* insertion sort: large output strides first */
        for (; at > 0 && td_abs64(w->stride[0][at - 1]) < td_abs64(stride[0]); at--) {
            w->shape[at] = w->shape[at - 1];
            for (int k = 0; k < count; k++) w->stride[k][at] = w->stride[k][at - 1];
        }
        w->shape[at] = size;
        for (int k = 0; k < count; k++) w->stride[k][at] = stride[k];
    }
    int last = 0; /* merge axis into last where every operand allows it */
    for (int axis = 1; axis < w->ndim; axis++) {
        int merge = 1;
        for (int k = 0; k < count; k++)
            merge &= w->stride[k][last] == w->stride[k][axis] * w->shape[axis];
        last += !merge;
        w->shape[last] = merge ? w->shape[last] * w->shape[axis] : w->shape[axis];
        for (int k = 0; k < count; k++) w->stride[k][last] = w->stride[k][axis];
    }
    if (w->ndim == 0) {
        w->shape[0] = 1;
        for (int k = 0; k < count; k++) w->stride[k][0] = 0;
    }
    w->ndim = last + 1;
    return TD_OK;
}

/* Removes an axis; a walk keeps at least one. */
static inline void td_walk_drop(td_walk *w, int axis)
{
    for (w->ndim--; axis < w->ndim; axis++) {
        w->shape[axis] = w->shape[axis + 1];
        for (int k = 0; k < w->count; k++) w->stride[k][axis] = w->stride[k][axis + 1];
    }
    if (w->ndim > 0) return;
    w->ndim = 1;
    w->shape[0] = 1;
}

/* Cuts a walk of at least two axes in two, across the first. */
static inline void td_walk_halve(const td_walk *w, td_walk *first, td_walk *rest)
{
    const int64_t half = w->shape[0] / 2;
    *first = *rest = *w;
    first->shape[0] = half;
    rest->shape[0] -= half;
    first->size = w->size / w->shape[0] * half;
    rest->size = w->size - first->size;
    for (int k = 0; k < w->count; k++)
        rest->data[k] += half * w->stride[k][0] * (int64_t)w->itemsize[k];
    if (first->shape[0] == 1) td_walk_drop(first, 0);
    if (rest->shape[0] == 1) td_walk_drop(rest, 0);
}

/* Points p[k] at operand k's element number `at` in the walk's order; returns how many are left
 * in that row. */
static inline int64_t td_walk_at(const td_walk *w, int64_t at, char **p)
{
    const int inner = w->ndim - 1;
    int64_t offset[TD_MAX_OPERANDS] = {0}, left = w->shape[inner] - at % w->shape[inner];
    for (int axis = inner; axis >= 0; at /= w->shape[axis--])
        for (int k = 0; k < w->count; k++) offset[k] += at % w->shape[axis] * w->stride[k][axis];
    for (int k = 0; k < w->count; k++) p[k] = w->data[k] + offset[k] * (int64_t)w->itemsize[k];
    return left;
}

#endif
