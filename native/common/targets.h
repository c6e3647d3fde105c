/* targets.h — what cross-entropy accepts, and what it says about a target that is no class. */
#ifndef TD_TARGETS_H
#define TD_TARGETS_H

#include "dims.h"

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

static inline td_status td_check_cross_entropy(const td_tensor *loss, const td_tensor *lse,
                                               const td_tensor *x, const td_tensor *target)
{
    TD_TRY(td_check_targets("cross_entropy", x, target));
    if (!td_alike(loss, lse) || loss->dtype != x->dtype || td_numel(loss) != td_numel(target))
        return td_fail(TD_EINVAL, "cross_entropy: expected loss[n] and lse[n]");
    return TD_OK;
}

static inline td_status td_check_cross_entropy_mean(const td_tensor *mean, const td_tensor *count,
                                                    const td_tensor *lse, const td_tensor *x,
                                                    const td_tensor *target)
{
    TD_TRY(td_check_cross_entropy(lse, lse, x, target));
    if (!td_alike(mean, count) || mean->dtype != x->dtype || td_numel(mean) != 1)
        return td_fail(TD_EINVAL, "cross_entropy: expected one mean and one count");
    return TD_OK;
}

static inline td_status td_check_cross_entropy_grad(const td_tensor *gx, const td_tensor *g,
                                                    const td_tensor *x, const td_tensor *lse,
                                                    const td_tensor *target)
{
    TD_TRY(td_check_targets("cross_entropy_grad", x, target));
    const int64_t n = td_numel(target), losses = td_numel(g);
    if (!td_alike(gx, x) || g->dtype != x->dtype || lse->dtype != x->dtype || g->ndim > 1 ||
        td_numel(lse) != n || (losses != 1 && losses != n))
        return td_fail(TD_EINVAL, "cross_entropy_grad: expected gx[n,c], g[n] and lse[n]");
    return TD_OK;
}

static inline td_status td_fail_target(int64_t target, int64_t row, int64_t classes)
{
    return td_fail(TD_EINDEX, "cross_entropy: target %lld at row %lld is outside 0…%lld",
                   (long long)target, (long long)row, (long long)classes - 1);
}

#endif
