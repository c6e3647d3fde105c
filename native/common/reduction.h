/* reduction.h — the plan of a reduction over any set of axes of a tensor of any strides.
 *
 * The kept axes and the reduced axes of x are each merged into as few as possible. The innermost
 * one of the two sets, along which memory is closest together, is set apart:
 *
 *   rows     the innermost axis is reduced:  x[rows, n] → one result     for each place of `kept`
 *   columns  the innermost axis is kept:     x[rows, n] → n results      for each place of `kept`
 */
#ifndef TD_REDUCTION_H
#define TD_REDUCTION_H

#include <string.h>

#include "dims.h"

enum { TD_X, TD_Y, TD_PLACE, TD_REDUCTION_OPERANDS };

typedef struct td_axis_list {
    int ndim;
    int64_t shape[TD_MAX_NDIM], stride[TD_MAX_NDIM][TD_REDUCTION_OPERANDS];
} td_axis_list;

typedef struct td_reduction {
    int columns;
    td_axis_list kept, reduced;            /* without the innermost axis */
    int64_t rows, n;                       /* rows: places of `reduced`; n: the innermost axis */
    int64_t stride[TD_REDUCTION_OPERANDS]; /* of the innermost axis */
    int64_t outputs;                       /* results in all; 0: nothing to do */
} td_reduction;

/* Appends an axis; with by_stride, before the axes of x with smaller strides. */
static inline void td_add_axis(td_axis_list *a, int64_t size, const int64_t *stride, int by_stride)
{
    if (size == 1) return;
    int at = a->ndim++;
    const int64_t step = td_abs64(stride[TD_X]);
    for (; by_stride && at > 0 && td_abs64(a->stride[at - 1][TD_X]) < step; at--) {
        a->shape[at] = a->shape[at - 1];
        memcpy(a->stride[at], a->stride[at - 1], sizeof a->stride[at]);
    }
    a->shape[at] = size;
    memcpy(a->stride[at], stride, sizeof a->stride[at]);
}

/* Joins neighbours that all operands step through as if they were one axis. */
static inline void td_merge_axes(td_axis_list *a)
{
    int last = 0;
    for (int axis = 1; axis < a->ndim; axis++) {
        int merge = 1;
        for (int k = 0; k < TD_REDUCTION_OPERANDS; k++)
            merge &= a->stride[last][k] == a->stride[axis][k] * a->shape[axis];
        last += !merge;
        a->shape[last] = merge ? a->shape[last] * a->shape[axis] : a->shape[axis];
        memcpy(a->stride[last], a->stride[axis], sizeof a->stride[last]);
    }
    a->ndim = TD_MIN(a->ndim, last + 1);
}

static inline int64_t td_axes_size(const td_axis_list *a)
{
    int64_t size = 1;
    for (int axis = 0; axis < a->ndim; axis++) size *= a->shape[axis];
    return size;
}

/* Removes the innermost axis and returns its size. */
static inline int64_t td_pop_axis(td_axis_list *a, int64_t *stride)
{
    memset(stride, 0, TD_REDUCTION_OPERANDS * sizeof *stride);
    if (a->ndim == 0) return 1;
    memcpy(stride, a->stride[--a->ndim], TD_REDUCTION_OPERANDS * sizeof *stride);
    return a->shape[a->ndim];
}

/* y and idx (either may be NULL) have size 1 where an axis of x is reduced. Unless the order of
 * the reduced elements is any_order, it is reading order, and there must be at least one. */
static inline td_status td_plan_reduction(td_reduction *r, const td_tensor *y, const td_tensor *idx,
                                          const td_tensor *x, int any_order)
{
    const td_tensor *like = y ? y : idx;
    memset(r, 0, sizeof *r);
    for (int axis = 0; axis < x->ndim; axis++) {
        int64_t stride[TD_REDUCTION_OPERANDS] = {x->stride[axis]};
        if (y && idx && y->shape[axis] != idx->shape[axis])
            return td_fail(TD_EINVAL, "max, min: values and places differ in shape");
        if (like->shape[axis] == x->shape[axis]) {
            if (y) stride[TD_Y] = y->stride[axis];
            if (idx) stride[TD_PLACE] = idx->stride[axis];
            td_add_axis(&r->kept, x->shape[axis], stride, 1);
        } else {
            td_add_axis(&r->reduced, x->shape[axis], stride, any_order);
        }
    }
    td_merge_axes(&r->kept);
    td_merge_axes(&r->reduced);
    const td_axis_list *kept = &r->kept, *reduced = &r->reduced;
    r->outputs = td_axes_size(kept);
    if (r->outputs > 0 && td_axes_size(reduced) == 0 && !any_order)
        return td_fail(TD_EINVAL, "max, min: there are no elements");
    r->columns = kept->ndim > 0 &&
                 (reduced->ndim == 0 || td_abs64(kept->stride[kept->ndim - 1][TD_X]) <
                                            td_abs64(reduced->stride[reduced->ndim - 1][TD_X]));
    r->n = td_pop_axis(r->columns ? &r->kept : &r->reduced, r->stride);
    r->rows = td_axes_size(&r->reduced);
    return TD_OK;
}

/* Whether y has the dtype and the shape of a reduction of x. y may be NULL. */
static inline td_status td_check_reduction(const char *name, const td_tensor *x, int32_t expected,
                                           const td_tensor *y)
{
    if (x->dtype < 0 || x->dtype >= TD_F16)
        return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(x->dtype));
    if (y && y->dtype != expected)
        return td_fail(TD_EDTYPE, "%s of %s gives %s, not %s", name, td_dtype_name(x->dtype),
                       td_dtype_name(expected), td_dtype_name(y->dtype));
    for (int axis = 0; y && axis < x->ndim; axis++)
        if (y->ndim != x->ndim || (y->shape[axis] != 1 && y->shape[axis] != x->shape[axis]))
            return td_fail(TD_EINVAL, "%s: axis %d of the result is neither 1 nor x's", name, axis);
    return TD_OK;
}

#endif
