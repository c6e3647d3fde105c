/* optim.c — one call updates a whole list of parameters: td_sgd and td_adam.
 *
 * The elements of all tensors count as one long range, which is what the threads split: many
 * small tensors cost no more than one large one, and each element is read and written once. The
 * formulas, and the order of their operations, are those of PyTorch's single-tensor versions.
 */
#include <math.h>

#include "dims.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 8192 }; /* elements worth waking a thread for */

/* What a step needs, worked out once in double. */
typedef struct {
    double lr, sign, weight_decay; /* g ← sign · g + weight_decay · p */
    double momentum, fresh;        /* SGD: buf ← momentum · buf + fresh · g */
    double keep, beta1, beta2;     /* Adam: p ← keep · p first */
    double step_size, root_correction2, eps;
    int nesterov, first;
} step_t;

typedef struct {
    int64_t count;
    td_tensor *const *p, *const *a, *const *b, *const *c; /* buf, or m, v, vmax; may be NULL */
    const td_tensor *const *g;
    step_t step;
    int adam;
} job_t;

#define TD_BODY "optim.inl"
#include "for_reals.h"

static void run_range(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    int64_t first = 0; /* number of tensor k's first element */
    for (int64_t k = 0; k < job->count && first < end; k++) {
        const int64_t n = td_numel(job->p[k]);
        const int64_t from = TD_MAX(begin - first, 0), to = TD_MIN(end - first, n);
        first += n;
        if (from >= to) continue;
        if (job->p[k]->dtype == TD_F32)
            update_f32(job, k, from, to);
        else
            update_f64(job, k, from, to);
    }
}

static td_status run(const char *name, const job_t *job)
{
    int64_t total = 0;
    for (int64_t k = 0; k < job->count; k++) {
        const td_tensor *p = job->p[k];
        if (p->dtype != TD_F32 && p->dtype != TD_F64)
            return td_fail(TD_EDTYPE, "%s: parameter %lld is %s, expected f32 or f64", name,
                           (long long)k, td_dtype_name(p->dtype));
        const td_tensor *others[] = {job->g[k], job->a ? job->a[k] : NULL,
                                     job->b ? job->b[k] : NULL, job->c ? job->c[k] : NULL};
        for (int i = 0; i < 4; i++)
            if (others[i] && (others[i]->dtype != p->dtype || td_numel(others[i]) != td_numel(p)))
                return td_fail(TD_EINVAL, "%s: parameter %lld and its gradient or state differ",
                               name, (long long)k);
        total += td_numel(p);
    }
    td_parallel(total, GRAIN, run_range, (void *)job);
    return TD_OK;
}

td_status td_sgd(td_tensor *const *p, td_tensor *const *buf, const td_tensor *const *g,
                 int64_t count, const td_sgd_attrs *a)
{
    job_t job = {.count = count, .p = p, .a = buf, .g = g};
    job.step = (step_t){.lr = a->lr,
                        .sign = a->maximize ? -1 : 1,
                        .weight_decay = a->weight_decay,
                        .momentum = a->momentum,
                        .fresh = 1 - a->dampening,
                        .nesterov = a->nesterov,
                        .first = a->first};
    return run("sgd", &job);
}

td_status td_adam(td_tensor *const *p, td_tensor *const *m, td_tensor *const *v,
                  td_tensor *const *vmax, const td_tensor *const *g, int64_t count,
                  const td_adam_attrs *a)
{
    if (a->step < 1) return td_fail(TD_EINVAL, "adam: steps are counted from 1");
    job_t job = {
        .count = count, .p = p, .a = m, .b = v, .c = a->amsgrad ? vmax : NULL, .g = g, .adam = 1};
    const double correction1 = 1 - pow(a->beta1, (double)a->step);
    const double correction2 = 1 - pow(a->beta2, (double)a->step);
    job.step = (step_t){.sign = a->maximize ? -1 : 1,
                        .weight_decay = a->decoupled ? 0 : a->weight_decay,
                        .keep = a->decoupled ? 1 - a->lr * a->weight_decay : 1,
                        .beta1 = a->beta1,
                        .beta2 = a->beta2,
                        .eps = a->eps,
                        .step_size = a->lr / correction1,
                        .root_correction2 = sqrt(correction2)};
    return run("adam", &job);
}
