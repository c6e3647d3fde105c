/* optim.c — one call updates a whole list of parameters: td_sgd and td_adam.
 *
 * The elements of all tensors count as one long range, which is what the threads split: many
 * small tensors cost no more than one large one, and each element is read and written once.
 */
#include "optimizer.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 8192 }; /* elements worth waking a thread for */

typedef struct {
    int64_t count;
    td_tensor *const *p, *const *state[3]; /* buf, or m, v, vmax; may be NULL */
    const td_tensor *const *g;
    td_step step;
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
        TD_TRY(td_check_parameter(name, k, job->p[k], job->g[k], job->state));
        total += td_numel(job->p[k]);
    }
    td_parallel(total, GRAIN, run_range, (void *)job);
    return TD_OK;
}

td_status td_sgd(td_tensor *const *p, td_tensor *const *buf, const td_tensor *const *g,
                 int64_t count, const td_sgd_attrs *a)
{
    const job_t job = {.count = count, .p = p, .state = {buf}, .g = g, .step = td_sgd_step(a)};
    return run("sgd", &job);
}

td_status td_adam(td_tensor *const *p, td_tensor *const *m, td_tensor *const *v,
                  td_tensor *const *vmax, const td_tensor *const *g, int64_t count,
                  const td_adam_attrs *a)
{
    if (a->step < 1) return td_fail(TD_EINVAL, "adam: steps are counted from 1");
    const job_t job = {.count = count,
                       .p = p,
                       .state = {m, v, a->amsgrad ? vmax : NULL},
                       .g = g,
                       .step = td_adam_step(a),
                       .adam = 1};
    return run("adam", &job);
}
