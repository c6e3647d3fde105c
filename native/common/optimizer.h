/* optimizer.h — what one optimizer step needs, worked out once in double, and what it accepts.
 *
 * The formulas for one element, shared by the backends, are optimizer.inl. They, and the order of
 * their operations, are those of PyTorch's single-tensor versions.
 */
#ifndef TD_OPTIMIZER_H
#define TD_OPTIMIZER_H

#include <math.h>
#include <string.h>

#include "dims.h"

typedef struct td_step {
    double sign, weight_decay;  /* g ← sign · g + weight_decay · p */
    double lr, momentum, fresh; /* SGD: buf ← momentum · buf + fresh · g */
    double keep, beta1, beta2;  /* Adam: p ← keep · p first */
    double step_size, root_correction2, eps;
    int nesterov, first;
} td_step;

static inline td_step td_sgd_step(const td_sgd_attrs *a)
{
    td_step s;
    memset(&s, 0, sizeof s);
    s.sign = a->maximize ? -1 : 1;
    s.weight_decay = a->weight_decay;
    s.lr = a->lr;
    s.momentum = a->momentum;
    s.fresh = 1 - a->dampening;
    s.nesterov = a->nesterov;
    s.first = a->first;
    return s;
}

static inline td_step td_adam_step(const td_adam_attrs *a)
{
    td_step s;
    memset(&s, 0, sizeof s);
    s.sign = a->maximize ? -1 : 1;
    s.weight_decay = a->decoupled ? 0 : a->weight_decay;
    s.keep = a->decoupled ? 1 - a->lr * a->weight_decay : 1;
    s.beta1 = a->beta1;
    s.beta2 = a->beta2;
    s.step_size = a->lr / (1 - pow(a->beta1, (double)a->step));
    s.root_correction2 = sqrt(1 - pow(a->beta2, (double)a->step));
    s.eps = a->eps;
    return s;
}

/* Parameter k, its gradient and up to three tensors of state, each list of which may be NULL. */
static inline td_status td_check_parameter(const char *name, int64_t k, const td_tensor *p,
                                           const td_tensor *g, td_tensor *const *const state[3])
{
    if (p->dtype != TD_F32 && p->dtype != TD_F64)
        return td_fail(TD_EDTYPE, "%s: parameter %lld is %s, expected f32 or f64", name,
                       (long long)k, td_dtype_name(p->dtype));
    for (int i = 0; i < 4; i++) {
        const td_tensor *other = i == 3 ? g : state[i] ? state[i][k] : p;
        if (other->dtype != p->dtype || td_numel(other) != td_numel(p))
            return td_fail(TD_EINVAL, "%s: parameter %lld and its gradient or state differ", name,
                           (long long)k);
    }
    return TD_OK;
}

#endif
