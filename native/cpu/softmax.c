/* softmax.c — softmax, log_softmax and their gradients along any axis of contiguous tensors.
 *
 * A tensor is seen as [outer, n, inner]: n is the axis, and its elements are `inner` apart. Where
 * inner is 1 a row is contiguous and vectors run along it; elsewhere each lane of a vector has a
 * row of its own. The bodies are softmax.inl.
 */
#include <math.h>

#include "parallel.h"
#include "simd.h"
#include "softmax.h"

enum { GRAIN = 4096 }; /* elements worth waking a thread for: each costs an exponential */

typedef struct {
    void *y;       /* or gx */
    const void *x; /* gradients: y, what the forward pass returned */
    const void *gy;
    int64_t n, inner;
} softmax_t;

#define TD_BODY "vmath.inl"
#include "for_reals.h"
#define TD_BODY "softmax.inl"
#include "for_reals.h"

static td_status run(const char *name, td_range_fn *f32, td_range_fn *f64, td_tensor *y,
                     const td_tensor *x, const td_tensor *gy, int64_t axis)
{
    TD_TRY(td_check_softmax(name, y, x, gy, axis));
    softmax_t job = {.y = y->data, .x = x->data, .gy = gy ? gy->data : NULL, .inner = 1};
    job.n = x->shape[axis];
    for (int k = (int)axis + 1; k < x->ndim; k++) job.inner *= x->shape[k];
    const int64_t size = td_numel(x);
    if (size == 0) return TD_OK;
    td_parallel(size / job.n, TD_MAX(1, GRAIN / job.n), x->dtype == TD_F32 ? f32 : f64, &job);
    return TD_OK;
}

td_status td_softmax(td_tensor *y, const td_tensor *x, int64_t axis)
{
    return run("softmax", softmax_f32, softmax_f64, y, x, NULL, axis);
}

td_status td_log_softmax(td_tensor *y, const td_tensor *x, int64_t axis)
{
    return run("log_softmax", log_softmax_f32, log_softmax_f64, y, x, NULL, axis);
}

td_status td_softmax_grad(td_tensor *gx, const td_tensor *gy, const td_tensor *y, int64_t axis)
{
    return run("softmax_grad", softmax_grad_f32, softmax_grad_f64, gx, y, gy, axis);
}

td_status td_log_softmax_grad(td_tensor *gx, const td_tensor *gy, const td_tensor *y, int64_t axis)
{
    return run("log_softmax_grad", log_softmax_grad_f32, log_softmax_grad_f64, gx, y, gy, axis);
}
