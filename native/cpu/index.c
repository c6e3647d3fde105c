/* index.c — index and index_put: k axes of one tensor by k tensors of integers, any strides.
 *
 *   index       y[b…,r…] = x[i₀,…,i_{k−1},r…]      where i_j = idx[j,b…,r…]
 *   index_put   y[i₀,…,i_{k−1},r…] ∘= v[b…,r…]
 *
 * All indices are checked before anything is written, so the loops need not look and a refused
 * call leaves y as it was. index_put's threads split the axes r… only: whatever meets at one
 * element of y is put there by one thread, in reading order of b….
 */
#include "by_dtype.h"
#include "indexing.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 16384 }; /* elements worth waking a thread for */

/* The two operands (y and x, or y and v) and the indices. */
enum { TO, FROM, IDX, OPERANDS };

/* What a row of neighbours along r… (or, of index, along any axis) needs: j < n, strides in
 * elements. Along b…, index_put steps through axes whose last one has m places. */
typedef struct {
    const td_indexing *plan;
    int64_t n, to_j, from_j, idx_j;
    int64_t m, from_i, idx_i;
} piece_t;

typedef void piece_fn(const piece_t *t, char *to, const char *from, const int64_t *idx);

/* Where the indices at idx point to, in elements. */
static inline int64_t offset_of(const td_indexing *p, const int64_t *idx)
{
    int64_t offset = 0;
    for (int j = 0; j < p->k; j++) {
        const int64_t i = idx[j * p->next];
        offset += (i < 0 ? i + p->size[j] : i) * p->step[j];
    }
    return offset;
}

#define TD_BODY "index.inl"
#include "for_numbers.h"

/* The first index that is outside its axis, in reading order, is an error. */
static td_status check_index(const char *name, const td_indexing *p, const td_tensor *idx, int j)
{
    const int64_t *first = (const int64_t *)idx->data + j * p->next, size = p->size[j];
    const uint64_t low = p->wrap ? (uint64_t)size : 0, range = low + (uint64_t)size;
    const int inner = idx->ndim - 1;
    const int64_t n = inner < 0 ? 1 : idx->shape[inner], step = inner < 0 ? 0 : idx->stride[inner];
    int64_t at[TD_MAX_NDIM] = {0};
    for (int k = 0; k >= 0;) {
        const int64_t *row = first;
        for (k = 0; k < inner; k++) row += at[k] * idx->stride[k];
        uint64_t largest = 0; /* as unsigned numbers the negative ones are huge */
        for (int64_t i = 0; i < n; i++) largest = TD_MAX(largest, (uint64_t)row[i * step] + low);
        if (largest >= range) {
            int64_t i = 0, position = 0;
            while ((uint64_t)row[i * step] + low < range) i++;
            if (inner >= 0) at[inner] = i;
            for (k = 0; k < idx->ndim; k++) position = position * idx->shape[k] + at[k];
            return td_fail_index(name, idx, position, row[i * step], p->axis[j], size);
        }
        for (k = inner - 1; k >= 0; at[k--] = 0) /* the next row */
            if (++at[k] < idx->shape[k]) break;
    }
    return TD_OK;
}

static td_status check_indices(const char *name, const td_indexing *p)
{
    const td_tensor idx = td_unrepeated(p->idx);
    if (td_numel(&idx) == 0) return TD_OK;
    for (int j = 0; j < p->k; j++) TD_TRY(check_index(name, p, &idx, j));
    return TD_OK;
}

typedef struct {
    td_walk walk; /* over what threads split */
    piece_t piece;
    piece_fn *run;
    /* index_put: the axes b… but the last */
    int ndim;
    int64_t shape[TD_MAX_NDIM], from[TD_MAX_NDIM], idx[TD_MAX_NDIM];
} job_t;

static void run_range(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    piece_t piece = job->piece;
    for (int64_t at = begin; at < end; at += piece.n) {
        char *p[TD_MAX_OPERANDS];
        piece.n = TD_MIN(td_walk_at(&job->walk, at, p), end - at);
        const int64_t size = (int64_t)job->walk.itemsize[FROM];
        const char *from = p[FROM];
        const int64_t *idx = (const int64_t *)p[IDX];
        int64_t place[TD_MAX_NDIM] = {0};
        for (int axis = 0; axis >= 0;) {
            job->run(&piece, p[TO], from, idx);
            for (axis = job->ndim - 1; axis >= 0; axis--) { /* the next place of b… */
                from += job->from[axis] * size, idx += job->idx[axis];
                if (++place[axis] < job->shape[axis]) break;
                from -= place[axis] * job->from[axis] * size, idx -= place[axis] * job->idx[axis];
                place[axis] = 0;
            }
        }
    }
}

static td_status run(job_t *job, const td_tensor *to, const td_tensor *from, const td_tensor *idx)
{
    TD_TRY(td_walk_init(&job->walk, (const td_tensor *[]){to, from, idx}, OPERANDS));
    const int inner = job->walk.ndim - 1;
    job->piece.to_j = job->walk.stride[TO][inner];
    job->piece.from_j = job->walk.stride[FROM][inner];
    job->piece.idx_j = job->walk.stride[IDX][inner];
    int64_t each = job->piece.m;
    for (int axis = 0; axis < job->ndim; axis++) each *= job->shape[axis];
    td_parallel(job->walk.size, TD_MAX(1, GRAIN / TD_MAX(each, 1)), run_range, job);
    return TD_OK;
}

/* Moving values takes their size alone. */
#define MOVES(f)                                                                                   \
    {[TD_F32] = f##_i32, [TD_F64] = f##_i64, [TD_I64] = f##_i64, [TD_I32] = f##_i32,               \
     [TD_I16] = f##_i16, [TD_I8] = f##_i8,   [TD_U8] = f##_u8,   [TD_BOOL] = f##_u8,               \
     [TD_F16] = f##_i16, [TD_BF16] = f##_i16}

td_status td_index(td_tensor *y, const td_tensor *x, const td_tensor *idx, const td_index_attrs *a)
{
    static piece_fn *const table[TD_NUM_DTYPES] = MOVES(index);
    td_indexing plan;
    TD_TRY(td_plan_indexing(&plan, "index", x, y, idx, a));
    TD_TRY(check_indices("index", &plan));
    job_t job = {.piece = {.plan = &plan, .m = 1}, .run = table[y->dtype]};
    return run(&job, y, &plan.indexed, &plan.idx);
}

td_status td_index_put(td_tensor *y, const td_tensor *v, const td_tensor *idx,
                       const td_index_attrs *a)
{
    static piece_fn *const table[][TD_NUM_DTYPES] = {[TD_PUT_SET] = MOVES(set),
                                                     [TD_PUT_ADD] = BY_DTYPE_all(add),
                                                     [TD_PUT_MUL] = BY_DTYPE_all(mul),
                                                     [TD_PUT_MAX] = BY_DTYPE_all(max),
                                                     [TD_PUT_MIN] = BY_DTYPE_all(min)};
    td_indexing plan;
    TD_TRY(td_plan_indexing(&plan, "index_put", y, v, idx, a));
    const int how = y->dtype == TD_BOOL && a->how == TD_PUT_ADD ? TD_PUT_MAX : a->how;
    job_t job = {.run = table[how][y->dtype]};
    if (job.run == NULL)
        return td_fail(TD_EDTYPE, "index_put has no kernel for %s", td_dtype_name(y->dtype));
    TD_TRY(check_indices("index_put", &plan));
    if (td_numel(v) == 0) return TD_OK;

    td_tensor split[OPERANDS] = {plan.indexed, *v, plan.idx};
    job.piece = (piece_t){.plan = &plan, .m = 1};
    for (int axis = plan.first; axis < plan.last; axis++) { /* b…, merged where it can be */
        const int64_t n = v->shape[axis], from = v->stride[axis], at = plan.idx.stride[axis];
        for (int k = TO; k < OPERANDS; k++) split[k].shape[axis] = 1;
        if (n == 1) continue;
        piece_t *t = &job.piece;
        if (t->m > 1 && (t->from_i != from * n || t->idx_i != at * n)) {
            job.shape[job.ndim] = t->m, job.from[job.ndim] = t->from_i;
            job.idx[job.ndim++] = t->idx_i;
            t->m = 1;
        }
        t->m *= n, t->from_i = from, t->idx_i = at;
    }
    return run(&job, &split[TO], &split[FROM], &split[IDX]);
}
