/* pool.c — max and average pooling and their adjoints, x[n,c,h,w] ↔ y[n,c,p,q].
 *
 * Every plane h·w is on its own. Forward passes split over the rows of all output planes, adjoints
 * (where windows may overlap) over planes. The bodies are pool.inl.
 */
#include <math.h>

#include "dims.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 16384 }; /* elements worth waking a thread for */

/* One call; x has the planes h·w and y the planes p·q, whichever of them is the output. */
typedef struct {
    void *x, *y;
    int32_t *idx;
    int64_t planes, h, w, p, q;
    td_pool2d_attrs a;
    const double *count[2]; /* averages only */
    _Atomic int64_t bad;    /* first position of an idx outside its plane */
} pool_t;

typedef struct {
    int64_t begin, end;
} range_t;

/* The i of 0 … count−1 for which offset + i · step is one of 0 … size−1. */
static range_t inside(int64_t offset, int64_t step, int64_t size, int64_t count)
{
    int64_t begin = offset < 0 ? TD_CEIL_DIV(-offset, step) : 0;
    int64_t end = offset < size ? TD_CEIL_DIV(size - offset, step) : 0;
    return (range_t){begin, TD_MIN(end, count)};
}

/* The commonest pooling, window 2×2 with stride 2 and nothing padded, has loops of its own. */
static int quarters_planes(const pool_t *job)
{
    const td_pool2d_attrs *a = &job->a;
    for (int k = 0; k < 2; k++)
        if (a->window[k] != 2 || a->stride[k] != 2 || a->dilation[k] != 1 || a->padding[k] != 0)
            return 0;
    return 2 * job->p <= job->h && 2 * job->q <= job->w;
}

/* An average at (i, j) divides by count[0][i] · count[1][j]: the elements its window meets. */
static td_status count_elements(pool_t *job)
{
    const td_pool2d_attrs *a = &job->a;
    const int64_t size[2] = {job->h, job->w}, outputs[2] = {job->p, job->q};
    for (int k = 0; k < 2; k++) {
        double *count = td_scratch(k, (size_t)outputs[k] * sizeof *count);
        if (!count) return td_fail(TD_ENOMEM, "avg_pool2d: no memory for the divisors");
        for (int64_t i = 0; i < outputs[k]; i++) {
            int64_t start = i * a->stride[k], pad = a->padding[k];
            range_t taps = a->count_include_pad
                               ? inside(start, a->dilation[k], size[k] + 2 * pad, a->window[k])
                               : inside(start - pad, a->dilation[k], size[k], a->window[k]);
            count[i] = (double)(taps.end - taps.begin);
            if (a->divisor) count[i] = k == 0 ? a->divisor : 1;
        }
        job->count[k] = count;
    }
    return TD_OK;
}

#define TD_BODY "pool.inl"
#include "for_reals.h"

/* x is the tensor with planes h·w, y the one with planes p·q. */
static td_status run(const char *name, td_range_fn *f32, td_range_fn *f64, int by_rows,
                     const td_tensor *x, const td_tensor *y, const td_tensor *idx,
                     const td_pool2d_attrs *a)
{
    if ((x->dtype != TD_F32 && x->dtype != TD_F64) || x->dtype != y->dtype)
        return td_fail(TD_EDTYPE, "%s: expected f32 or f64, got %s and %s", name,
                       td_dtype_name(x->dtype), td_dtype_name(y->dtype));
    if (x->ndim < 2 || y->ndim != x->ndim)
        return td_fail(TD_EINVAL, "%s: expected planes, got %d axes", name, x->ndim);
    if (idx && idx->dtype != TD_I32) return td_fail(TD_EDTYPE, "%s: idx must be i32", name);

    int fits = !idx || td_numel(idx) == td_numel(y);
    for (int axis = 0; axis < x->ndim - 2; axis++) fits &= x->shape[axis] == y->shape[axis];
    for (int k = 0; a && k < 2; k++)
        fits &= a->window[k] > 0 && a->stride[k] > 0 && a->padding[k] >= 0 && a->dilation[k] > 0;
    if (!fits) return td_fail(TD_EINVAL, "%s: shapes or windows do not fit together", name);

    pool_t job = {.x = x->data, .y = y->data, .bad = INT64_MAX};
    job.h = x->shape[x->ndim - 2], job.w = x->shape[x->ndim - 1];
    job.p = y->shape[y->ndim - 2], job.q = y->shape[y->ndim - 1];
    if (idx) job.idx = idx->data;
    if (a) job.a = *a;
    if (!idx) TD_TRY(count_elements(&job));
    job.planes = 1;
    for (int axis = 0; axis < x->ndim - 2; axis++) job.planes *= x->shape[axis];
    if (job.h * job.w > INT32_MAX)
        return td_fail(TD_EINVAL, "%s: a plane has more than 2^31 elements", name);
    if (job.h * job.w == 0 && td_numel(y) > 0)
        return td_fail(TD_EINVAL, "%s: the windows have no elements", name);

    int64_t items = by_rows ? job.planes * job.p : job.planes;
    int64_t each = TD_MAX(1, job.planes * job.h * job.w / TD_MAX(items, 1));
    td_parallel(items, TD_MAX(1, GRAIN / each), x->dtype == TD_F32 ? f32 : f64, &job);
    if (job.bad != INT64_MAX)
        return td_fail(TD_EINDEX, "%s: index %d at position %lld is outside the plane %lld×%lld",
                       name, job.idx[job.bad], (long long)job.bad, (long long)job.h,
                       (long long)job.w);
    return TD_OK;
}

td_status td_max_pool2d(td_tensor *y, td_tensor *idx, const td_tensor *x, const td_pool2d_attrs *a)
{
    return run("max_pool2d", max_pool2d_f32, max_pool2d_f64, 1, x, y, idx, a);
}

td_status td_max_pool2d_scatter(td_tensor *gx, const td_tensor *gy, const td_tensor *idx)
{
    return run("max_pool2d_scatter", max_pool2d_scatter_f32, max_pool2d_scatter_f64, 0, gx, gy, idx,
               NULL);
}

td_status td_max_pool2d_gather(td_tensor *y, const td_tensor *x, const td_tensor *idx)
{
    return run("max_pool2d_gather", max_pool2d_gather_f32, max_pool2d_gather_f64, 0, x, y, idx,
               NULL);
}

td_status td_avg_pool2d(td_tensor *y, const td_tensor *x, const td_pool2d_attrs *a)
{
    return run("avg_pool2d", avg_pool2d_f32, avg_pool2d_f64, 1, x, y, NULL, a);
}

td_status td_avg_pool2d_input(td_tensor *gx, const td_tensor *gy, const td_pool2d_attrs *a)
{
    return run("avg_pool2d_input", avg_pool2d_input_f32, avg_pool2d_input_f64, 0, gx, gy, NULL, a);
}
