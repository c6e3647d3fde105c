/* scan.h — what scans along one axis accept, and how they see a tensor: [outer, n, inner], where n
 * is the axis and its elements are `inner` apart. */
#ifndef TD_SCAN_H
#define TD_SCAN_H

#include "dims.h"

typedef struct td_scan {
    int64_t rows, n, inner; /* rows = outer · inner */
} td_scan;

/* y is of dtype `result`; place (i64) and a (like x) may be NULL. */
static inline td_status td_plan_scan(td_scan *s, const char *name, const td_tensor *y,
                                     const td_tensor *place, const td_tensor *a, const td_tensor *x,
                                     int32_t result, int64_t axis)
{
    const int64_t size = td_numel(x);
    if (axis < 0 || axis >= x->ndim)
        return td_fail(TD_EINVAL, "%s: axis %lld of %d", name, (long long)axis, x->ndim);
    if (y->dtype != result || (place && place->dtype != TD_I64) || (a && a->dtype != x->dtype))
        return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(x->dtype));
    if (td_numel(y) != size || (place && td_numel(place) != size) || (a && td_numel(a) != size))
        return td_fail(TD_EINVAL, "%s: operands differ in shape", name);
    s->n = x->shape[axis], s->inner = 1;
    for (int k = (int)axis + 1; k < x->ndim; k++) s->inner *= x->shape[k];
    s->rows = size == 0 ? 0 : size / s->n;
    return TD_OK;
}

/* Sums and products of integers are i64. */
static inline int32_t td_total_dtype(int32_t dtype)
{
    return dtype == TD_F32 || dtype == TD_F64 ? dtype : TD_I64;
}

#endif
