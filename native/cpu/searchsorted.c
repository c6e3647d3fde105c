/* searchsorted.c — y[row,j] = how many of sorted[row,n] come before x[row,j]: a binary search each.
 *
 * Halving without branches: the processor cannot guess them, and does not have to.
 */
#include "by_dtype.h"
#include "parallel.h"
#include "simd.h"
#include "sort.h"

enum { GRAIN = 1024 }; /* searches worth waking a thread for */

typedef struct {
    int64_t *y;
    const void *sorted, *x;
    td_rows plan;
    int64_t step; /* from one row of `sorted` to the next: n, or 0 where one serves all */
    int right;
} search_t;

#define TD_BODY "searchsorted.inl"
#include "for_numbers.h"

td_status td_searchsorted(td_tensor *y, const td_tensor *sorted, const td_tensor *x, int32_t right)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_all(search);
    search_t job = {.y = y->data, .sorted = sorted->data, .x = x->data, .right = right};
    TD_TRY(td_plan_search(&job.plan, y, sorted, x));
    if (!table[x->dtype])
        return td_fail(TD_EDTYPE, "searchsorted has no kernel for %s", td_dtype_name(x->dtype));
    job.step = sorted->ndim > 1 ? job.plan.n : 0;
    td_parallel(job.plan.rows * job.plan.m, GRAIN, table[x->dtype], &job);
    return TD_OK;
}
