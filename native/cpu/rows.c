/* rows.c — see rows.h. A range of flat output positions becomes a few rows or parts of rows. */
#include "rows.h"

#include "parallel.h"

enum { GRAIN = 16384 }; /* elements below which waking a thread costs more than it saves */

typedef struct {
    const td_walk *walk;
    td_row_fn *row;
} job_t;

static void run_range(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    const td_walk *w = job->walk;
    const int inner = w->ndim - 1;
    int64_t stride[TD_MAX_OPERANDS];
    for (int k = 0; k < w->count; k++) stride[k] = w->stride[k][inner];

    for (int64_t at = begin; at < end;) {
        char *p[TD_MAX_OPERANDS];
        int64_t n = TD_MIN(td_walk_at(w, at, p), end - at);
        job->row(n, p, stride);
        at += n;
    }
}

td_status td_for_rows(td_row_fn *row, const td_tensor *const *operand, int count)
{
    td_walk walk;
    TD_TRY(td_walk_init(&walk, operand, count));
    td_parallel(walk.size, GRAIN, run_range, &(job_t){&walk, row});
    return TD_OK;
}
