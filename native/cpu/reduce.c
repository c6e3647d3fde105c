/* reduce.c — sums, maxima and minima over any set of axes: td_sum, td_max, td_min.
 *
 * The kept axes and the reduced axes of x are each merged into as few as possible. The reduced
 * elements are then cut into tiles of a fixed size, each folded by one call of reduce.inl:
 *
 *   rows     the innermost axis is reduced:  x[rows, n] → one result
 *   columns  the innermost axis is kept:     x[rows, n] → n results
 *
 * so memory is read along its contiguous direction whichever axes are asked for. An output that
 * takes several tiles gets their partial results combined in order afterwards. Tiles depend on
 * the shape alone, so the result does not depend on the number of threads.
 */
#include <math.h>

#include "dims.h"
#include "parallel.h"
#include "simd.h"

enum {
    ROWS = 256,      /* rows in a tile, so that a row's number fits any element type */
    COLUMNS = 1024,  /* results in a tile of columns */
    ELEMENTS = 4096, /* elements in a tile of rows: it stays in the first-level cache */
    GRAIN = 16384,   /* elements worth waking a thread for */
};
enum { SUM, MAX, MIN };
enum { X, Y, PLACE, OPERANDS };

/* One call's work: x[rows, n] at row[0], row[1], …, and where its results go. */
typedef struct {
    const char *x;
    const int64_t *row; /* offset of each row, in elements */
    int64_t rows, n, stride;
    void *y; /* y or place may be NULL */
    int64_t *place;
    int64_t y_stride, place_stride;
    int64_t first; /* reading-order number of the tile's first reduced element */
} tile_t;

typedef void fold_fn(const tile_t *t);

/* `count` partial results `step` apart → the one at y, place. */
typedef void combine_fn(void *y, int64_t *place, const void *partial, const int64_t *partial_place,
                        int64_t count, int64_t step);

#define TD_BODY "vmath.inl"
#include "for_numbers.h"
#define TD_BODY "reduce.inl"
#include "for_numbers.h"

typedef struct {
    fold_fn *rows, *columns;
    combine_fn *combine;
} kernel_t;

#define KERNELS(op, dtype) {op##_rows_##dtype, op##_columns_##dtype, op##_combine_##dtype}
#define TABLE(op)                                                                                  \
    {[TD_F32] = KERNELS(op, f32), [TD_F64] = KERNELS(op, f64), [TD_I64] = KERNELS(op, i64),        \
     [TD_I32] = KERNELS(op, i32), [TD_U8] = KERNELS(op, u8),   [TD_BOOL] = KERNELS(op, u8)}
static const kernel_t sum_kernels[TD_NUM_DTYPES] = TABLE(sum);
static const kernel_t max_kernels[TD_NUM_DTYPES] = TABLE(max);
static const kernel_t min_kernels[TD_NUM_DTYPES] = TABLE(min);

typedef struct {
    int ndim;
    int64_t shape[TD_MAX_NDIM], stride[TD_MAX_NDIM][OPERANDS];
} axes_t;

/* Appends an axis; with by_stride, before the axes of x with smaller strides. */
static void add_axis(axes_t *a, int64_t size, const int64_t *stride, int by_stride)
{
    if (size == 1) return;
    int at = a->ndim++;
    for (; by_stride && at > 0 && td_abs64(a->stride[at - 1][X]) < td_abs64(stride[X]); at--) {
        a->shape[at] = a->shape[at - 1];
        memcpy(a->stride[at], a->stride[at - 1], sizeof a->stride[at]);
    }
    a->shape[at] = size;
    memcpy(a->stride[at], stride, sizeof a->stride[at]);
}

/* Joins neighbours that all operands step through as if they were one axis. */
static void merge_axes(axes_t *a)
{
    int last = 0;
    for (int axis = 1; axis < a->ndim; axis++) {
        int merge = 1;
        for (int k = 0; k < OPERANDS; k++)
            merge &= a->stride[last][k] == a->stride[axis][k] * a->shape[axis];
        last += !merge;
        a->shape[last] = merge ? a->shape[last] * a->shape[axis] : a->shape[axis];
        memcpy(a->stride[last], a->stride[axis], sizeof a->stride[last]);
    }
    a->ndim = TD_MIN(a->ndim, last + 1);
}

static int64_t axes_size(const axes_t *a)
{
    int64_t size = 1;
    for (int axis = 0; axis < a->ndim; axis++) size *= a->shape[axis];
    return size;
}

/* The offsets, one per operand, of the index-th position in reading order. */
static void locate(const axes_t *a, int64_t index, int64_t *offset)
{
    memset(offset, 0, OPERANDS * sizeof *offset);
    for (int axis = a->ndim - 1; axis >= 0; axis--) {
        int64_t i = axis ? index % a->shape[axis] : index;
        if (axis) index /= a->shape[axis];
        for (int k = 0; k < OPERANDS; k++) offset[k] += i * a->stride[axis][k];
    }
}

/* Removes the innermost axis and returns its size. */
static int64_t pop_axis(axes_t *a, int64_t *stride)
{
    memset(stride, 0, OPERANDS * sizeof *stride);
    if (a->ndim == 0) return 1;
    memcpy(stride, a->stride[--a->ndim], OPERANDS * sizeof *stride);
    return a->shape[a->ndim];
}

typedef struct {
    const kernel_t *kernel;
    int columns; /* the inner axis, n elements, is kept */
    axes_t kept, reduced;
    int64_t rows, n, stride[OPERANDS];
    int64_t pieces, piece;    /* the inner axis is cut into pieces */
    int64_t tile_rows, tiles; /* tiles per output (columns: per piece of n outputs) */
    size_t x_size, y_size;
    char *x, *y, *partial; /* partial[outer, tiles, width], or NULL where tiles == 1 */
    int64_t *place, *partial_place;
} job_t;

static void run_tiles(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    for (int64_t i = begin; i < end; i++) {
        int64_t tile = i % job->tiles, column_piece = 0, outer = i / job->tiles;
        int64_t first_row, piece;
        if (job->columns) {
            column_piece = outer % job->pieces, outer /= job->pieces;
            first_row = tile * job->tile_rows, piece = column_piece;
        } else {
            first_row = tile / job->pieces * job->tile_rows, piece = tile % job->pieces;
        }
        int64_t start = piece * job->piece, at[OPERANDS], row[ROWS], offset[OPERANDS];
        locate(&job->kept, outer, at);

        tile_t t = {.row = row, .stride = job->stride[X]};
        t.x = job->x + (at[X] + start * job->stride[X]) * (int64_t)job->x_size;
        t.rows = TD_MIN(job->tile_rows, job->rows - first_row);
        t.n = TD_MIN(job->piece, job->n - start);
        t.first = job->columns ? first_row : first_row * job->n + start;
        for (int64_t r = 0; r < t.rows; r++) {
            locate(&job->reduced, first_row + r, offset);
            row[r] = offset[X];
        }
        if (job->partial) {
            int64_t width = job->columns ? job->n : 1;
            int64_t to = (outer * job->tiles + tile) * width + column_piece * job->piece;
            t.y = job->partial + to * (int64_t)job->y_size;
            t.place = job->partial_place ? job->partial_place + to : NULL;
            t.y_stride = t.place_stride = 1;
        } else {
            int64_t column = column_piece * job->piece;
            if (job->y) t.y = job->y + (at[Y] + column * job->stride[Y]) * (int64_t)job->y_size;
            if (job->place) t.place = job->place + at[PLACE] + column * job->stride[PLACE];
            t.y_stride = job->stride[Y], t.place_stride = job->stride[PLACE];
        }
        (job->columns ? job->kernel->columns : job->kernel->rows)(&t);
    }
}

static void run_combine(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    int64_t width = job->columns ? job->n : 1;
    for (int64_t i = begin; i < end; i++) {
        int64_t outer = i / width, column = i % width, at[OPERANDS];
        locate(&job->kept, outer, at);
        int64_t from = outer * job->tiles * width + column;
        char *y = NULL;
        int64_t *place = NULL;
        if (job->y) y = job->y + (at[Y] + column * job->stride[Y]) * (int64_t)job->y_size;
        if (job->place) place = job->place + at[PLACE] + column * job->stride[PLACE];
        job->kernel->combine(y, place, job->partial + from * (int64_t)job->y_size,
                             job->partial_place ? job->partial_place + from : NULL, job->tiles,
                             width);
    }
}

/* y and idx (either may be NULL) have size 1 where an axis of x is reduced. */
static td_status reduce(const kernel_t *kernel, td_tensor *y, td_tensor *idx, const td_tensor *x,
                        int32_t y_dtype, int any_order)
{
    const td_tensor *like = y ? y : idx;
    job_t job = {.kernel = kernel,
                 .x = x->data,
                 .x_size = td_itemsize(x->dtype),
                 .y_size = td_itemsize(y_dtype)};
    if (y) job.y = y->data;
    if (idx) job.place = idx->data;

    for (int axis = 0; axis < x->ndim; axis++) {
        int64_t stride[OPERANDS] = {x->stride[axis]};
        if (like->shape[axis] == x->shape[axis]) {
            if (y) stride[Y] = y->stride[axis];
            if (idx) stride[PLACE] = idx->stride[axis];
            add_axis(&job.kept, x->shape[axis], stride, 1);
        } else {
            add_axis(&job.reduced, x->shape[axis], stride, any_order);
        }
    }
    merge_axes(&job.kept);
    merge_axes(&job.reduced);
    int64_t outputs = axes_size(&job.kept), each = axes_size(&job.reduced);
    if (outputs == 0) return TD_OK;
    if (each == 0 && !any_order) return td_fail(TD_EINVAL, "max, min: there are no elements");

    const axes_t *kept = &job.kept, *reduced = &job.reduced;
    job.columns = kept->ndim > 0 &&
                  (reduced->ndim == 0 || td_abs64(kept->stride[kept->ndim - 1][X]) <
                                             td_abs64(reduced->stride[reduced->ndim - 1][X]));
    job.n = pop_axis(job.columns ? &job.kept : &job.reduced, job.stride);
    job.rows = axes_size(&job.reduced);
    job.piece = job.columns ? COLUMNS : ELEMENTS;
    job.pieces = TD_MAX(1, TD_CEIL_DIV(job.n, job.piece));
    job.tile_rows = ROWS;
    if (!job.columns) job.tile_rows = TD_MAX(1, TD_MIN(ROWS, ELEMENTS / TD_MAX(job.n, 1)));
    job.tiles = TD_MAX(1, TD_CEIL_DIV(job.rows, job.tile_rows)) * (job.columns ? 1 : job.pieces);

    if (job.tiles > 1) {
        size_t partials = (size_t)(outputs * job.tiles);
        job.partial = td_scratch(0, partials * job.y_size);
        if (!any_order) job.partial_place = td_scratch(1, partials * sizeof *job.partial_place);
        if (!job.partial || (!any_order && !job.partial_place))
            return td_fail(TD_ENOMEM, "no memory for %lld partial results", (long long)partials);
    }
    int64_t calls = axes_size(&job.kept) * (job.columns ? job.pieces : 1) * job.tiles;
    int64_t elements = TD_MIN(job.rows, job.tile_rows) * TD_MIN(job.n, job.piece);
    td_parallel(calls, TD_MAX(1, GRAIN / TD_MAX(elements, 1)), run_tiles, &job);
    if (job.tiles > 1) td_parallel(outputs, TD_MAX(1, GRAIN / job.tiles), run_combine, &job);
    return TD_OK;
}

static td_status check(const char *name, const td_tensor *x, int32_t expected, const td_tensor *y)
{
    if (x->dtype < 0 || x->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "%s: no such dtype", name);
    if (y && y->dtype != expected)
        return td_fail(TD_EDTYPE, "%s of %s gives %s, not %s", name, td_dtype_name(x->dtype),
                       td_dtype_name(expected), td_dtype_name(y->dtype));
    for (int axis = 0; y && axis < x->ndim; axis++)
        if (y->ndim != x->ndim || (y->shape[axis] != 1 && y->shape[axis] != x->shape[axis]))
            return td_fail(TD_EINVAL, "%s: axis %d of the result is neither 1 nor x's", name, axis);
    return TD_OK;
}

td_status td_sum(td_tensor *y, const td_tensor *x)
{
    int real = x->dtype == TD_F32 || x->dtype == TD_F64;
    TD_TRY(check("sum", x, real ? x->dtype : TD_I64, y));
    return reduce(&sum_kernels[x->dtype], y, NULL, x, y->dtype, 1);
}

static td_status extreme(const char *name, const kernel_t *kernels, td_tensor *y, td_tensor *idx,
                         const td_tensor *x)
{
    TD_TRY(check(name, x, x->dtype, y));
    TD_TRY(check(name, x, TD_I64, idx));
    if (!y && !idx) return TD_OK;
    return reduce(&kernels[x->dtype], y, idx, x, x->dtype, 0);
}

td_status td_max(td_tensor *y, td_tensor *idx, const td_tensor *x)
{
    return extreme("max", max_kernels, y, idx, x);
}

td_status td_min(td_tensor *y, td_tensor *idx, const td_tensor *x)
{
    return extreme("min", min_kernels, y, idx, x);
}
