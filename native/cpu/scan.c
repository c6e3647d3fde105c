/* scan.c — running sums, products, maxima and minima along any axis of contiguous tensors.
 *
 *   cumsum      y[t] = y[t−1] + x[t]             cummax, cummin   the best so far, and its place
 *   cumprod     y[t] = y[t−1] · x[t]             logcumsumexp     y[t] = log Σ_{s≤t} exp x[s]
 *   recurrence  y[t] = a[t] · y[t−1] + b[t]
 *
 * A tensor is seen as [outer, n, inner]. Each step needs the one before it, so a row is one chain;
 * up to STRIP rows that lie side by side go together, in vectors. Threads share strips. The bodies
 * are scan.inl.
 */
#include <math.h>

#include "by_dtype.h"
#include "parallel.h"
#include "scan.h"
#include "simd.h"

enum {
    STRIP = 64,   /* rows that go together: their states stay in the first-level cache */
    GRAIN = 8192, /* elements worth waking a thread for */
};

typedef struct {
    void *y;
    int64_t *place; /* cummax and cummin */
    const void *a;  /* recurrence */
    const void *x;
    td_scan plan;
    int64_t strips; /* per outer index */
    int reverse;
} scan_t;

#define TD_BODY "scan.inl"
#include "for_numbers.h"

static td_status run(const char *name, td_range_fn *const table[TD_NUM_DTYPES], int32_t result,
                     td_tensor *y, td_tensor *place, const td_tensor *a, const td_tensor *x,
                     int64_t axis, int reverse)
{
    scan_t job = {.y = y->data, .x = x->data, .reverse = reverse};
    if (place) job.place = place->data;
    if (a) job.a = a->data;
    TD_TRY(td_plan_scan(&job.plan, name, y, place, a, x, result, axis));
    if (!table[x->dtype])
        return td_fail(TD_EDTYPE, "%s has no kernel for %s", name, td_dtype_name(x->dtype));
    if (job.plan.rows == 0) return TD_OK;
    job.strips = TD_CEIL_DIV(job.plan.inner, STRIP);
    const int64_t strip = job.plan.n * TD_MIN(job.plan.inner, STRIP);
    td_parallel(job.plan.rows / job.plan.inner * job.strips, TD_MAX(1, GRAIN / strip),
                table[x->dtype], &job);
    return TD_OK;
}

td_status td_cumsum(td_tensor *y, const td_tensor *x, int64_t axis, int32_t reverse)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_all(cumsum);
    return run("cumsum", table, td_total_dtype(x->dtype), y, NULL, NULL, x, axis, reverse);
}

td_status td_cumprod(td_tensor *y, const td_tensor *x, int64_t axis)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_all(cumprod);
    return run("cumprod", table, td_total_dtype(x->dtype), y, NULL, NULL, x, axis, 0);
}

td_status td_cummax(td_tensor *y, td_tensor *idx, const td_tensor *x, int64_t axis)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_all(cummax);
    return run("cummax", table, x->dtype, y, idx, NULL, x, axis, 0);
}

td_status td_cummin(td_tensor *y, td_tensor *idx, const td_tensor *x, int64_t axis)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_all(cummin);
    return run("cummin", table, x->dtype, y, idx, NULL, x, axis, 0);
}

td_status td_logcumsumexp(td_tensor *y, const td_tensor *x, int64_t axis)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_reals(logcumsumexp);
    return run("logcumsumexp", table, x->dtype, y, NULL, NULL, x, axis, 0);
}

td_status td_recurrence(td_tensor *y, const td_tensor *a, const td_tensor *b, int64_t axis,
                        int32_t reverse)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_reals(recurrence);
    return run("recurrence", table, b->dtype, y, NULL, a, b, axis, reverse);
}
