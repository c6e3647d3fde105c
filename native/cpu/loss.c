/* loss.c — cross-entropy from logits: td_cross_entropy and its gradient.
 *
 *   x[n,c], target[n] → loss[n], lse[n]        one pass over x; lse is all the gradient needs
 *   … → mean, count, lse[n]                     the same, and a sum in double over the rows
 *
 * Rows are independent. A target that is no class is refused without touching memory; of several,
 * the first is named, whichever thread met it.
 */
#include <math.h>

#include "parallel.h"
#include "simd.h"
#include "targets.h"

enum { GRAIN = 4096 }; /* elements of x worth waking a thread for: each costs an exponential */

typedef struct {
    void *loss, *lse, *gx;
    const void *x, *g;
    const int64_t *target;
    int64_t n, c, g_stride, ignore_index;
    _Atomic int64_t bad; /* first row whose target is no class */
} loss_t;

#define TD_BODY "vmath.inl"
#include "for_reals.h"
#define TD_BODY "loss.inl"
#include "for_reals.h"

static td_status run(td_range_fn *f32, td_range_fn *f64, loss_t *job, const td_tensor *x,
                     const td_tensor *target)
{
    job->x = x->data;
    job->target = target->data;
    job->n = x->shape[0], job->c = x->shape[1];
    job->bad = INT64_MAX;
    td_parallel(job->n, TD_MAX(1, GRAIN / TD_MAX(job->c, 1)), x->dtype == TD_F32 ? f32 : f64, job);
    int64_t row = job->bad;
    if (row != INT64_MAX) return td_fail_target(job->target[row], row, job->c);
    return TD_OK;
}

td_status td_cross_entropy(td_tensor *loss, td_tensor *lse, const td_tensor *x,
                           const td_tensor *target, int64_t ignore_index)
{
    TD_TRY(td_check_cross_entropy(loss, lse, x, target));
    loss_t job = {.loss = loss->data, .lse = lse->data, .ignore_index = ignore_index};
    return run(cross_entropy_f32, cross_entropy_f64, &job, x, target);
}

td_status td_cross_entropy_mean(td_tensor *mean, td_tensor *count, td_tensor *lse,
                                const td_tensor *x, const td_tensor *target, int64_t ignore_index)
{
    TD_TRY(td_check_cross_entropy_mean(mean, count, lse, x, target));
    void *loss = td_scratch(0, (size_t)td_numel(lse) * sizeof(double));
    if (!loss) return td_fail(TD_ENOMEM, "cross_entropy: out of memory");
    loss_t job = {.loss = loss, .lse = lse->data, .ignore_index = ignore_index};
    TD_TRY(run(cross_entropy_f32, cross_entropy_f64, &job, x, target));
    if (x->dtype == TD_F32)
        cross_entropy_mean_f32(&job, mean->data, count->data);
    else
        cross_entropy_mean_f64(&job, mean->data, count->data);
    return TD_OK;
}

td_status td_cross_entropy_grad(td_tensor *gx, const td_tensor *g, const td_tensor *x,
                                const td_tensor *lse, const td_tensor *target, int64_t ignore_index)
{
    TD_TRY(td_check_cross_entropy_grad(gx, g, x, lse, target));
    loss_t job = {.gx = gx->data, .g = g->data, .lse = lse->data, .ignore_index = ignore_index};
    job.g_stride = g->ndim && g->shape[0] != 1 ? g->stride[0] : 0;
    return run(cross_entropy_grad_f32, cross_entropy_grad_f64, &job, x, target);
}
