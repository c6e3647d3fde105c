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
    int64_t stride[TD_MAX_OPERANDS], next[TD_MAX_OPERANDS] = {0}; /* bytes to the next row */
    for (int k = 0; k < w->count; k++) {
        stride[k] = w->stride[k][inner];
        if (inner > 0) next[k] = w->stride[k][inner - 1] * (int64_t)w->itemsize[k];
    }
    for (int64_t at = begin, n; at < end;) { /* places are counted out once for many rows */
        char *p[TD_MAX_OPERANDS];
        n = td_walk_at(w, at, p);
        int64_t rows = 1;
        if (inner > 0 && n == w->shape[inner])
            rows = w->shape[inner - 1] - at / n % w->shape[inner - 1];
        for (; rows > 0 && at < end; rows--, at += n) {
            job->row(TD_MIN(n, end - at), p, stride);
            for (int k = 0; k < w->count; k++) p[k] += next[k];
        }
    }
}

td_status td_for_rows(td_row_fn *row, const td_tensor *const *operand, int count)
{
    td_walk walk;
    TD_TRY(td_walk_init(&walk, operand, count));
    td_parallel(walk.size, GRAIN, run_range, &(job_t){&walk, row});
    return TD_OK;
}
