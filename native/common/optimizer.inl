/* optimizer.inl — the update of one element of a parameter, once per real dtype (REAL, FN).
 *
 * State comes and goes through pointers to locals, so that a loop over elements stays a plain loop
 * over memory, and choices that hold for all of it are constants of its body.
 */

/* A td_step's numbers in this dtype. */
typedef struct FN(td_step) {
    REAL sign, weight_decay, lr, momentum, fresh;
    REAL keep, weight1, beta2, weight2, step_size, root_correction2, eps;
    int decay, first;
} FN(td_step);

static inline FN(td_step) FN(td_step_of)(const td_step *s)
{
    FN(td_step) r;
    r.sign = (REAL)s->sign;
    r.weight_decay = (REAL)s->weight_decay;
    r.lr = (REAL)s->lr;
    r.momentum = (REAL)s->momentum;
    r.fresh = (REAL)s->fresh;
    r.keep = (REAL)s->keep;
    r.weight1 = (REAL)(1 - s->beta1);
    r.beta2 = (REAL)s->beta2;
    r.weight2 = (REAL)(1 - s->beta2);
    r.step_size = (REAL)s->step_size;
    r.root_correction2 = (REAL)s->root_correction2;
    r.eps = (REAL)s->eps;
    r.decay = s->weight_decay != 0;
    r.first = s->first;
    return r;
}

/* The new p. */
TD_EVERYWHERE REAL FN(td_sgd_element)(REAL p, REAL *buf, REAL g, const FN(td_step) *s,
                                      const int momentum, const int nesterov)
{
    REAL d = s->sign * g;
    d = s->decay ? d + s->weight_decay * p : d;
    if (momentum) {
        const REAL b = s->first ? d : s->momentum * *buf + s->fresh * d;
        *buf = b;
        d = nesterov ? d + s->momentum * b : b;
    }
    return p - s->lr * d;
}

/* lerp(a, b, w) as PyTorch has it: the form that is exact at the nearer end. */
TD_EVERYWHERE REAL FN(td_lerp)(REAL a, REAL b, REAL w)
{
    return w < (REAL)0.5 ? a + w * (b - a) : b - (b - a) * (1 - w);
}

TD_EVERYWHERE REAL FN(td_root)(REAL x)
{
    return sizeof(REAL) == sizeof(float) ? (REAL)sqrtf((float)x) : (REAL)sqrt((double)x);
}

/* The new p; vmax is used with amsgrad only, where NaN in either stays. */
TD_EVERYWHERE REAL FN(td_adam_element)(REAL p, REAL *m, REAL *v, REAL *vmax, REAL g,
                                       const FN(td_step) *s, const int amsgrad)
{
    REAL d = s->sign * g;
    d = s->decay ? d + s->weight_decay * p : d;
    *m = FN(td_lerp)(*m, d, s->weight1);
    REAL second = s->beta2 * *v + s->weight2 * d * d;
    *v = second;
    if (amsgrad) {
        const int larger = (*vmax < second) | (second != second);
        *vmax = second = larger ? second : *vmax;
    }
    return s->keep * p - s->step_size * *m / (FN(td_root)(second) / s->root_correction2 + s->eps);
}
