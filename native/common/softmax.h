/* softmax.h — what softmax, log_softmax and their gradients accept. */
#ifndef TD_SOFTMAX_H
#define TD_SOFTMAX_H

#include "dims.h"

/* gy is NULL where there is none. */
static inline td_status td_check_softmax(const char *name, const td_tensor *y, const td_tensor *x,
                                         const td_tensor *gy, int64_t axis)
{
    if (x->dtype != TD_F32 && x->dtype != TD_F64)
        return td_fail(TD_EDTYPE, "%s: expected f32 or f64, got %s", name, td_dtype_name(x->dtype));
    if (axis < 0 || axis >= x->ndim)
        return td_fail(TD_EINVAL, "%s: axis %lld of %d", name, (long long)axis, x->ndim);
    if (!td_alike(x, y) || (gy && !td_alike(x, gy)))
        return td_fail(TD_EINVAL, "%s: operands differ in shape or dtype", name);
    return TD_OK;
}

#endif
