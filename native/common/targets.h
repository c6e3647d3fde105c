/* targets.h — what cross-entropy accepts, and what it says about a target that is no class. */
#ifndef TD_TARGETS_H
#define TD_TARGETS_H

#include "status.h"

static inline td_status td_check_targets(const char *name, const td_tensor *x,
                                         const td_tensor *target)
{
    if (x->dtype != TD_F32 && x->dtype != TD_F64)
        return td_fail(TD_EDTYPE, "%s: expected f32 or f64, got %s", name, td_dtype_name(x->dtype));
    if (target->dtype != TD_I64)
        return td_fail(TD_EDTYPE, "%s: expected i64 targets, got %s", name,
                       td_dtype_name(target->dtype));
    if (x->ndim != 2 || target->ndim != 1 || target->shape[0] != x->shape[0])
        return td_fail(TD_EINVAL, "%s: expected x[n,c] and target[n]", name);
    return TD_OK;
}

static inline td_status td_fail_target(int64_t target, int64_t row, int64_t classes)
{
    return td_fail(TD_EINDEX, "cross_entropy: target %lld at row %lld is outside 0…%lld",
                   (long long)target, (long long)row, (long long)classes - 1);
}

#endif
