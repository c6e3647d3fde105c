/* optim.inl — the update of one range of one parameter, once per real dtype.
 *
 * Plain loops over memory that does not overlap; choices that hold for the whole loop are
 * constants of an inlined body, so the compiler makes a vector loop of each combination.
 */
#include "optimizer.inl"

TD_INLINE void FN(sgd_range)(REAL *restrict p, REAL *restrict buf, const REAL *restrict g,
                             int64_t n, const td_step *step, const int momentum, const int nesterov)
{
    const FN(td_step) s = FN(td_step_of)(step);
    for (int64_t i = 0; i < n; i++) {
        REAL b = momentum ? buf[i] : 0;
        p[i] = FN(td_sgd_element)(p[i], &b, g[i], &s, momentum, nesterov);
        if (momentum) buf[i] = b;
    }
}

TD_INLINE void FN(adam_range)(REAL *restrict p, REAL *restrict m, REAL *restrict v,
                              REAL *restrict vmax, const REAL *restrict g, int64_t n,
                              const td_step *step, const int amsgrad)
{
    const FN(td_step) s = FN(td_step_of)(step);
    for (int64_t i = 0; i < n; i++) {
        REAL first = m[i], second = v[i], largest = amsgrad ? vmax[i] : 0;
        p[i] = FN(td_adam_element)(p[i], &first, &second, &largest, g[i], &s, amsgrad);
        m[i] = first, v[i] = second;
        if (amsgrad) vmax[i] = largest;
    }
}

static void FN(update)(const job_t *job, int64_t k, int64_t from, int64_t to)
{
    const td_step *s = &job->step;
    const int64_t n = to - from;
    REAL *p = (REAL *)job->p[k]->data + from;
    const REAL *g = (const REAL *)job->g[k]->data + from;
    REAL *a = job->state[0] ? (REAL *)job->state[0][k]->data + from : NULL;
    REAL *b = job->state[1] ? (REAL *)job->state[1][k]->data + from : NULL;
    REAL *c = job->state[2] ? (REAL *)job->state[2][k]->data + from : NULL;
    if (job->adam && c)
        FN(adam_range)(p, a, b, c, g, n, s, 1);
    else if (job->adam)
        FN(adam_range)(p, a, b, NULL, g, n, s, 0);
    else if (a && s->nesterov)
        FN(sgd_range)(p, a, g, n, s, 1, 1);
    else if (a)
        FN(sgd_range)(p, a, g, n, s, 1, 0);
    else
        FN(sgd_range)(p, NULL, g, n, s, 0, 0);
}
