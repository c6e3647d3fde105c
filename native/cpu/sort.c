/* sort.c — x[rows, n] → the first k of each row in order, and where they were.
 *
 * Numbers become unsigned keys (common/sort.h), and pairs of key and place are sorted by the keys'
 * bytes, the lowest first: each pass keeps the order of equal bytes, so the whole is stable, and a
 * byte that all keys have in common costs nothing (sort.inl).
 *
 * Where only the first k are asked for, pairs are collected in a buffer of a few times k. When it
 * is full it is sorted and all but the first k forgotten; from then on only what is below the k-th
 * gets in, which soon is almost nothing. Threads share rows.
 */
#include "sort.h"

#include "by_dtype.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 1024 }; /* elements worth waking a thread for */

typedef struct {
    const void *x;
    void *values;
    int64_t *idx;
    td_rows plan;
    int64_t room; /* pairs in the buffer */
    int descending;
    _Atomic int failed; /* a thread had no memory */
} sort_t;

#define TD_BODY "sort.inl"
#include "for_numbers.h"

td_status td_sort(td_tensor *values, td_tensor *idx, const td_tensor *x, int32_t descending)
{
    static td_range_fn *const table[TD_NUM_DTYPES] = BY_DTYPE_all(sort);
    sort_t job = {.x = x->data, .descending = descending};
    if (values) job.values = values->data;
    if (idx) job.idx = idx->data;
    TD_TRY(td_plan_sort(&job.plan, values, idx, x));
    if (!table[x->dtype])
        return td_fail(TD_EDTYPE, "sort has no kernel for %s", td_dtype_name(x->dtype));
    const int64_t n = job.plan.n, few = 3 * job.plan.m + 128;
    job.room = TD_MIN(n, few);
    td_parallel(job.plan.rows, TD_MAX(1, GRAIN / TD_MAX(n, 1)), table[x->dtype], &job);
    if (job.failed)
        return td_fail(TD_ENOMEM, "sort: no memory for %lld elements", (long long)job.room);
    return TD_OK;
}
