/* pooling.h — the geometry of pooling, and what its kernels accept. */
#ifndef TD_POOLING_H
#define TD_POOLING_H

#include "dims.h"

/* One call; x has the planes h·w and y the planes p·q, whichever of them is the output. */
typedef struct td_planes {
    void *x, *y;
    int32_t *idx;
    int64_t planes, h, w, p, q;
    td_pool2d_attrs a;
} td_planes;

typedef struct td_range {
    int64_t begin, end;
} td_range;

/* The i of 0 … count−1 for which offset + i · step is one of 0 … size−1. */
TD_EVERYWHERE td_range td_inside(int64_t offset, int64_t step, int64_t size, int64_t count)
{
    int64_t begin = TD_MAX(-offset, 0), end = TD_MAX(size - offset, 0);
    if (step != 1) begin = TD_CEIL_DIV(begin, step), end = TD_CEIL_DIV(end, step);
    const td_range range = {begin, TD_MIN(end, count)};
    return range;
}

/* Elements that window i meets along axis k (0 or 1) of `size` elements; 1 on axis 1, and the
 * divisor on axis 0, where that is given. An average divides by the product over both axes. */
TD_EVERYWHERE int64_t td_count(const td_pool2d_attrs *a, int k, int64_t size, int64_t i)
{
    const int64_t start = i * a->stride[k], pad = a->padding[k];
    const td_range taps = a->count_include_pad
                              ? td_inside(start, a->dilation[k], size + 2 * pad, a->window[k])
                              : td_inside(start - pad, a->dilation[k], size, a->window[k]);
    if (a->divisor) return k == 0 ? a->divisor : 1;
    return taps.end - taps.begin;
}

/* The commonest pooling, window 2×2 with stride 2 and nothing padded, has kernels of its own. */
static inline int td_quarters(const td_planes *g)
{
    const td_pool2d_attrs *a = &g->a;
    for (int k = 0; k < 2; k++)
        if (a->window[k] != 2 || a->stride[k] != 2 || a->dilation[k] != 1 || a->padding[k] != 0)
            return 0;
    return 2 * g->p <= g->h && 2 * g->q <= g->w;
}

/* x is the tensor with planes h·w, y the one with planes p·q; idx and a may be NULL. */
static inline td_status td_plan_pooling(td_planes *g, const char *name, const td_tensor *x,
                                        const td_tensor *y, const td_tensor *idx,
                                        const td_pool2d_attrs *a)
{
    if ((x->dtype != TD_F32 && x->dtype != TD_F64) || x->dtype != y->dtype)
        return td_fail(TD_EDTYPE, "%s: expected f32 or f64, got %s and %s", name,
                       td_dtype_name(x->dtype), td_dtype_name(y->dtype));
    if (x->ndim < 2 || y->ndim != x->ndim)
        return td_fail(TD_EINVAL, "%s: expected planes, got %d axes", name, x->ndim);
    if (idx && idx->dtype != TD_I32) return td_fail(TD_EDTYPE, "%s: idx must be i32", name);

    int fits = !idx || td_numel(idx) == td_numel(y);
    for (int axis = 0; axis < x->ndim - 2; axis++) fits &= x->shape[axis] == y->shape[axis];
    for (int k = 0; a && k < 2; k++)
        fits &= a->window[k] > 0 && a->window[k] <= INT32_MAX &&
                td_check_steps(a->stride[k], a->padding[k], a->dilation[k]);
    if (!fits) return td_fail(TD_EINVAL, "%s: shapes or windows do not fit together", name);

    g->x = x->data, g->y = y->data;
    g->h = x->shape[x->ndim - 2], g->w = x->shape[x->ndim - 1];
    g->p = y->shape[y->ndim - 2], g->q = y->shape[y->ndim - 1];
    if (idx) g->idx = (int32_t *)idx->data;
    if (a) g->a = *a;
    g->planes = 1;
    for (int axis = 0; axis < x->ndim - 2; axis++) g->planes *= x->shape[axis];
    if (g->h * g->w > INT32_MAX)
        return td_fail(TD_EINVAL, "%s: a plane has more than 2^31 elements", name);
    if (g->h * g->w == 0 && td_numel(y) > 0)
        return td_fail(TD_EINVAL, "%s: the windows have no elements", name);
    return TD_OK;
}

/* The index at `position` of all idx points outside its plane. */
static inline td_status td_fail_plane(const char *name, int64_t index, int64_t position, int64_t h,
                                      int64_t w)
{
    return td_fail(TD_EINDEX, "%s: index %lld at position %lld is outside the plane %lld×%lld",
                   name, (long long)index, (long long)position, (long long)h, (long long)w);
}

#endif
