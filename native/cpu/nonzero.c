/* nonzero.c — the places where a mask holds, in reading order.
 *
 *   starts[c] = how many elements before chunk c hold        idx[n,axis] = place of the n-th one
 *
 * Chunks are counted side by side; once their starts are known, each can write its own.
 */
#include "indexing.h"
#include "parallel.h"

enum { GRAIN = 65536 }; /* elements worth waking a thread for */

typedef struct {
    td_tensor *out;
    const td_tensor *x;
    const int64_t *starts;
    int64_t size, chunk;
} job_t;

static void count(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    int64_t *starts = job->out->data;
    for (int64_t c = begin; c < end; c++) {
        const uint8_t *x = (const uint8_t *)job->x->data + c * job->chunk;
        const int64_t n = TD_MIN(job->chunk, job->size - c * job->chunk);
        int64_t sum = 0;
        for (int64_t i = 0; i < n; i++) sum += x[i];
        starts[c + 1] = sum;
    }
}

static void write(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    const td_tensor *out = job->out, *x = job->x;
    const int inner = x->ndim - 1;
    const int64_t next = out->stride[0], step = out->stride[1];
    for (int64_t c = begin; c < end; c++) {
        const int64_t start = job->starts[c];
        int64_t *place = (int64_t *)out->data + start * next, at[TD_MAX_NDIM];
        int64_t room = start < 0 ? 0 : out->shape[0] - start;
        int64_t i = c * job->chunk, rest = i, n;
        for (int axis = inner; axis >= 0; rest /= x->shape[axis--])
            at[axis] = rest % x->shape[axis];
        for (const int64_t stop = TD_MIN(i + job->chunk, job->size); i < stop; i += n) {
            const uint8_t *mask = (const uint8_t *)x->data + i; /* what is left of a row */
            n = TD_MIN(x->shape[inner] - at[inner], stop - i);
            for (int64_t j = 0; j < n; j++) {
                if (!mask[j]) continue;
                if (room-- <= 0) return; /* the mask is not the one that was counted */
                for (int axis = 0; axis < inner; axis++) place[axis * step] = at[axis];
                place[inner * step] = at[inner] + j;
                place += next;
            }
            at[inner] = 0; /* the next row */
            for (int axis = inner - 1; axis >= 0 && ++at[axis] == x->shape[axis]; axis--)
                at[axis] = 0;
        }
    }
}

td_status td_nonzero_starts(td_tensor *starts, const td_tensor *x, int64_t chunk)
{
    TD_TRY(td_check_nonzero("nonzero_starts", x, starts, chunk, NULL));
    const int64_t chunks = td_numel(starts) - 1;
    int64_t *at = starts->data;
    at[0] = 0;
    td_parallel(chunks, TD_MAX(1, GRAIN / chunk), count,
                &(job_t){.out = starts, .x = x, .size = td_numel(x), .chunk = chunk});
    for (int64_t c = 0; c < chunks; c++) at[c + 1] += at[c];
    return TD_OK;
}

td_status td_nonzero(td_tensor *idx, const td_tensor *x, const td_tensor *starts, int64_t chunk)
{
    TD_TRY(td_check_nonzero("nonzero", x, starts, chunk, idx));
    if (x->ndim == 0) return TD_OK; /* a place without coordinates */
    td_parallel(td_numel(starts) - 1, TD_MAX(1, GRAIN / chunk), write,
                &(job_t){idx, x, starts->data, td_numel(x), chunk});
    return TD_OK;
}
