/* pool.c — max and average pooling and their adjoints, x[n,c,h,w] ↔ y[n,c,p,q].
 *
 * Every plane h·w is on its own. Forward passes split over the rows of all output planes, adjoints
 * (where windows may overlap) over planes. The bodies are pool.inl.
 */
#include <math.h>

#include "dims.h"
#include "parallel.h"
#include "pooling.h"
#include "simd.h"

enum { GRAIN = 16384 }; /* elements worth waking a thread for */

typedef struct {
    td_planes g;
    const double *count[2]; /* averages only: elements that windows meet along each axis */
    _Atomic int64_t bad;    /* first position of an idx outside its plane */
} pool_t;

static td_status count_elements(pool_t *job)
{
    const int64_t size[2] = {job->g.h, job->g.w}, outputs[2] = {job->g.p, job->g.q};
    for (int k = 0; k < 2; k++) {
        double *count = td_scratch(k, (size_t)outputs[k] * sizeof *count);
        if (!count) return td_fail(TD_ENOMEM, "avg_pool2d: no memory for the divisors");
        for (int64_t i = 0; i < outputs[k]; i++)
            count[i] = (double)td_count(&job->g.a, k, size[k], i);
        job->count[k] = count;
    }
    return TD_OK;
}

#define TD_BODY "pool.inl"
#include "for_reals.h"

static td_status run(const char *name, td_range_fn *f32, td_range_fn *f64, int by_rows,
                     const td_tensor *x, const td_tensor *y, const td_tensor *idx,
                     const td_pool2d_attrs *a)
{
    pool_t job = {.bad = INT64_MAX};
    const td_planes *g = &job.g;
    TD_TRY(td_plan_pooling(&job.g, name, x, y, idx, a));
    if (!idx) TD_TRY(count_elements(&job));

    int64_t items = by_rows ? g->planes * g->p : g->planes;
    int64_t each = TD_MAX(1, g->planes * g->h * g->w / TD_MAX(items, 1));
    td_parallel(items, TD_MAX(1, GRAIN / each), x->dtype == TD_F32 ? f32 : f64, &job);
    const int64_t bad = job.bad;
    if (bad != INT64_MAX) return td_fail_plane(name, g->idx[bad], bad, g->h, g->w);
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
