/* optim.inl — the update of one range of one parameter, once per real dtype.
 *
 * Plain loops over memory that does not overlap; choices that hold for the whole loop are
 * constants of an inlined body, so the compiler makes a vector loop of each combination.
 */
#define ROOT(x) _Generic((x), float: sqrtf, double: sqrt)(x)

TD_INLINE void FN(sgd_range)(REAL *restrict p, REAL *restrict buf, const REAL *restrict g,
                             int64_t n, const step_t *s, const int momentum, const int nesterov)
{
    const REAL lr = (REAL)s->lr, sign = (REAL)s->sign, weight_decay = (REAL)s->weight_decay;
    const REAL mu = (REAL)s->momentum, fresh = (REAL)s->fresh;
    const int decay = s->weight_decay != 0, first = s->first;
    for (int64_t i = 0; i < n; i++) {
        REAL d = sign * g[i];
        d = decay ? d + weight_decay * p[i] : d;
        if (momentum) {
            const REAL b = first ? d : mu * buf[i] + fresh * d;
            buf[i] = b;
            d = nesterov ? d + mu * b : b;
        }
        p[i] -= lr * d;
    }
}

/* lerp(a, b, w) as PyTorch has it: the form that is exact at the nearer end. */
TD_INLINE REAL FN(lerp)(REAL a, REAL b, REAL w)
{
    return w < (REAL)0.5 ? a + w * (b - a) : b - (b - a) * (1 - w);
}

TD_INLINE void FN(adam_range)(REAL *restrict p, REAL *restrict m, REAL *restrict v,
                              REAL *restrict vmax, const REAL *restrict g, int64_t n,
                              const step_t *s, const int amsgrad)
{
    const REAL sign = (REAL)s->sign, weight_decay = (REAL)s->weight_decay, keep = (REAL)s->keep;
    const REAL weight1 = (REAL)(1 - s->beta1), beta2 = (REAL)s->beta2;
    const REAL weight2 = (REAL)(1 - s->beta2), root_correction2 = (REAL)s->root_correction2;
    const REAL step_size = (REAL)s->step_size, eps = (REAL)s->eps;
    const int decay = s->weight_decay != 0;
    for (int64_t i = 0; i < n; i++) {
        REAL d = sign * g[i];
        d = decay ? d + weight_decay * p[i] : d;
        m[i] = FN(lerp)(m[i], d, weight1);
        REAL second = beta2 * v[i] + weight2 * d * d;
        v[i] = second;
        if (amsgrad) { /* NaN in either stays */
            const int larger = (vmax[i] < second) | (second != second);
            vmax[i] = second = larger ? second : vmax[i];
        }
        p[i] = keep * p[i] - step_size * m[i] / (ROOT(second) / root_correction2 + eps);
    }
}

static void FN(update)(const job_t *job, int64_t k, int64_t from, int64_t to)
{
    const step_t *s = &job->step;
    const int64_t n = to - from;
    REAL *p = (REAL *)job->p[k]->data + from;
    const REAL *g = (const REAL *)job->g[k]->data + from;
    REAL *a = job->a ? (REAL *)job->a[k]->data + from : NULL;
    REAL *b = job->b ? (REAL *)job->b[k]->data + from : NULL;
    REAL *c = job->c ? (REAL *)job->c[k]->data + from : NULL;
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

#undef ROOT
