/* index.c — gather and scatter_add along one axis, any strides.
 *
 *   gather       y[…,i,…] = x[…,idx[…,i,…],…]
 *   scatter_add  y[…,idx[…,i,…],…] += x[…,i,…]
 *
 * All indices are checked before anything is written, so the loops need not look and a refused
 * call leaves y as it was. Threads split the other axes only: whatever lands on one element of y
 * is added by one thread, in order of i.
 */
#include "indexing.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 16384 }; /* elements worth waking a thread for */

/* One piece: i < m along the axis, j < n along another. Strides are in elements; the operand that
 * is indexed has stride 0 along the axis, and `step` is its real one. */
typedef struct {
    int64_t m, n, step;
    int64_t y_j, x_i, x_j, idx_i, idx_j;
} piece_t;

typedef void piece_fn(const piece_t *t, char *y, const char *x, const int64_t *idx);

#define TD_BODY "index.inl"
#include "for_numbers.h"

typedef struct {
    td_walk walk; /* y, x, idx over the axes that threads split */
    piece_t piece;
    piece_fn *run;
} job_t;

static void run_range(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    piece_t piece = job->piece;
    for (int64_t at = begin; at < end; at += piece.n) {
        char *p[TD_MAX_OPERANDS];
        piece.n = TD_MIN(td_walk_at(&job->walk, at, p), end - at);
        job->run(&piece, p[0], p[1], (const int64_t *)p[2]);
    }
}

/* The first index outside 0 … size−1, in reading order, is an error. */
static td_status check_indices(const char *name, const td_tensor *idx, int64_t axis, int64_t size)
{
    int64_t at[TD_MAX_NDIM] = {0};
    const int inner = idx->ndim - 1;
    if (td_numel(idx) == 0) return TD_OK;
    for (;;) {
        const int64_t *row = idx->data;
        for (int k = 0; k < inner; k++) row += at[k] * idx->stride[k];
        const int64_t stride = idx->stride[inner], n = stride ? idx->shape[inner] : 1;
        uint64_t largest = 0; /* as unsigned numbers the negative ones are huge */
        for (int64_t j = 0; j < n; j++) largest = TD_MAX(largest, (uint64_t)row[j * stride]);
        if (largest >= (uint64_t)size) {
            while ((uint64_t)row[at[inner] * stride] < (uint64_t)size) at[inner]++;
            int64_t position = 0;
            for (int k = 0; k < idx->ndim; k++) position = position * idx->shape[k] + at[k];
            return td_fail_index(name, idx, position, row[at[inner] * stride], axis, size);
        }
        int k = inner - 1; /* the next row; axes that repeat one row are looked at once */
        for (; k >= 0; at[k--] = 0)
            if (idx->stride[k] != 0 && ++at[k] < idx->shape[k]) break;
        if (k < 0) return TD_OK;
    }
}

static td_status run(const char *name, piece_fn *const table[TD_NUM_DTYPES], td_tensor *y,
                     const td_tensor *x, const td_tensor *idx, int64_t axis, int gather)
{
    const td_tensor *indexed = gather ? x : y;
    TD_TRY(td_check_indexing(name, y, x, idx, axis, gather));
    TD_TRY(check_indices(name, idx, axis, indexed->shape[axis]));

    /* Seen along all axes but `axis`, the three operands have the shape of idx. A gather writes
     * every element once, so there `axis` may be split like the others. */
    td_tensor split[3] = {*y, *x, *idx};
    for (int o = 0; o < 3; o++) {
        memcpy(split[o].shape, idx->shape, sizeof idx->shape);
        if (!gather) split[o].shape[axis] = 1;
    }
    job_t job = {.run = table[y->dtype], .piece = {.m = 1, .step = indexed->stride[axis]}};
    split[gather ? 1 : 0].stride[axis] = 0;
    if (!gather) {
        job.piece.m = idx->shape[axis];
        job.piece.x_i = x->stride[axis], job.piece.idx_i = idx->stride[axis];
    }
    TD_TRY(td_walk_init(&job.walk, (const td_tensor *[]){&split[0], &split[1], &split[2]}, 3));
    const int inner = job.walk.ndim - 1;
    job.piece.y_j = job.walk.stride[0][inner], job.piece.x_j = job.walk.stride[1][inner];
    job.piece.idx_j = job.walk.stride[2][inner];
    td_parallel(job.walk.size, TD_MAX(1, GRAIN / TD_MAX(job.piece.m, 1)), run_range, &job);
    return TD_OK;
}

td_status td_gather(td_tensor *y, const td_tensor *x, const td_tensor *idx, int64_t axis)
{
    static piece_fn *const table[TD_NUM_DTYPES] = {
        [TD_F32] = gather_f32, [TD_F64] = gather_f64, [TD_I64] = gather_i64, [TD_I32] = gather_i32,
        [TD_U8] = gather_u8,   [TD_BOOL] = gather_u8, [TD_I16] = gather_i16, [TD_I8] = gather_i8,
        [TD_F16] = gather_i16, [TD_BF16] = gather_i16};
    return run("gather", table, y, x, idx, axis, 1);
}

td_status td_scatter_add(td_tensor *y, const td_tensor *x, const td_tensor *idx, int64_t axis)
{
    static piece_fn *const table[TD_NUM_DTYPES] = {
        [TD_F32] = scatter_add_f32, [TD_F64] = scatter_add_f64, [TD_I64] = scatter_add_i64,
        [TD_I32] = scatter_add_i32, [TD_I16] = scatter_add_i16, [TD_I8] = scatter_add_i8,
        [TD_U8] = scatter_add_u8};
    return run("scatter_add", table, y, x, idx, axis, 0);
}
