/* dropout.h — what td_dropout accepts on every backend. */
#ifndef TD_DROPOUT_H
#define TD_DROPOUT_H

#include "dims.h"

static inline td_status td_check_dropout(const td_tensor *y, const td_tensor *mask,
                                         const td_tensor *x)
{
    if (y->dtype != TD_F32 && y->dtype != TD_F64)
        return td_fail(TD_EDTYPE, "dropout has no kernel for %s", td_dtype_name(y->dtype));
    if (mask->dtype != TD_BOOL || x->dtype != y->dtype || !td_same_shape(x, y) ||
        !td_same_shape(mask, y))
        return td_fail(TD_EINVAL, "dropout: y, mask and x differ");
    return TD_OK;
}

#endif
