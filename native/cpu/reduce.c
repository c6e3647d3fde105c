/* reduce.c — sums, products and extremes over any set of axes: td_sum, td_prod, td_max, td_min.
 *
 * A plan (reduction.h) sees x as rows or columns, so memory is read along its contiguous direction
 * whichever axes are asked for. The reduced elements are then cut into tiles of a fixed size, each
 * folded by one call of reduce.inl. An output that takes several tiles gets their partial results
 * combined in order afterwards. Tiles depend on the shape alone, so the result does not depend on
 * the number of threads.
 */
#include <math.h>

#include "dims.h"
#include "parallel.h"
#include "reduction.h"
#include "simd.h"

enum {
    ROWS = 256,      /* rows in a tile, so that a row's number fits any element type */
    COLUMNS = 1024,  /* results in a tile of columns */
    ELEMENTS = 4096, /* elements in a tile of rows: it stays in the first-level cache */
    GRAIN = 16384,   /* elements worth waking a thread for */
};
enum { SUM, PROD, MAX, MIN };

/* One call's work: x[rows, n] at row[0], row[1], …, and where its results go. A tile of rows may
 * stand for the same of several neighbouring outputs, `next` apart in x. */
typedef struct {
    const char *x;
    const int64_t *row; /* offset of each row, in elements */
    int64_t rows, n, stride;
    void *y; /* y or place may be NULL */
    int64_t *place;
    int64_t y_stride, place_stride; /* from one result to the next */
    int64_t outputs, next;
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
     [TD_I32] = KERNELS(op, i32), [TD_I16] = KERNELS(op, i16), [TD_I8] = KERNELS(op, i8),          \
     [TD_U8] = KERNELS(op, u8),   [TD_BOOL] = KERNELS(op, u8)}
static const kernel_t sum_kernels[TD_NUM_DTYPES] = TABLE(sum);
static const kernel_t prod_kernels[TD_NUM_DTYPES] = TABLE(prod);
static const kernel_t max_kernels[TD_NUM_DTYPES] = TABLE(max);
static const kernel_t min_kernels[TD_NUM_DTYPES] = TABLE(min);

/* The offsets, one per operand, of the index-th position in reading order. */
static void locate(const td_axis_list *a, int64_t index, int64_t *offset)
{
    memset(offset, 0, TD_REDUCTION_OPERANDS * sizeof *offset);
    for (int axis = a->ndim - 1; axis >= 0; axis--) {
        int64_t i = axis ? index % a->shape[axis] : index;
        if (axis) index /= a->shape[axis];
        for (int k = 0; k < TD_REDUCTION_OPERANDS; k++) offset[k] += i * a->stride[axis][k];
    }
}

/* row[r] = the offset of row first + r, for r < rows: places are counted out once for each axis. */
static void locate_rows(const td_axis_list *reduced, int64_t first, int64_t rows, int64_t *row)
{
    const int last = reduced->ndim - 1;
    for (int64_t r = 0; r < rows;) {
        int64_t offset[TD_REDUCTION_OPERANDS], run = 1, step = 0;
        locate(reduced, first + r, offset);
        if (last >= 0) {
            run = reduced->shape[last] - (first + r) % reduced->shape[last];
            step = reduced->stride[last][TD_X];
        }
        for (; run > 0 && r < rows; run--, r++, offset[TD_X] += step) row[r] = offset[TD_X];
    }
}

typedef struct {
    const kernel_t *kernel;
    td_reduction plan;
    int64_t pieces, piece;    /* the inner axis is cut into pieces */
    int64_t tile_rows, tiles; /* tiles per output (columns: per piece of n outputs) */
    size_t x_size, y_size;
    char *x, *y, *partial; /* partial[outer, tiles, width], or NULL where tiles == 1 */
    int64_t *place, *partial_place;
} job_t;

static void run_tiles(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    const td_reduction *plan = &job->plan;
    const td_axis_list *kept = &plan->kept;
    for (int64_t i = begin, outputs; i < end; i += outputs) {
        int64_t tile = 0, column_piece = 0, outer = i, first_row = 0, piece = 0;
        if (job->tiles > 1) tile = i % job->tiles, outer = i / job->tiles;
        if (plan->columns) {
            if (job->pieces > 1) column_piece = outer % job->pieces, outer /= job->pieces;
            first_row = tile * job->tile_rows, piece = column_piece;
        } else if (job->tiles > 1) {
            first_row = tile / job->pieces * job->tile_rows, piece = tile % job->pieces;
        }
        int64_t start = piece * job->piece, row[ROWS];
        int64_t at[TD_REDUCTION_OPERANDS];
        locate(kept, outer, at);

        tile_t t = {.row = row, .stride = plan->stride[TD_X], .outputs = 1};
        t.x = job->x + (at[TD_X] + start * plan->stride[TD_X]) * (int64_t)job->x_size;
        t.rows = TD_MIN(job->tile_rows, plan->rows - first_row);
        t.n = TD_MIN(job->piece, plan->n - start);
        t.first = plan->columns ? first_row : first_row * plan->n + start;
        locate_rows(&plan->reduced, first_row, t.rows, row);
        if (job->partial) {
            int64_t width = plan->columns ? plan->n : 1;
            int64_t to = (outer * job->tiles + tile) * width + column_piece * job->piece;
            t.y = job->partial + to * (int64_t)job->y_size;
            t.place = job->partial_place ? job->partial_place + to : NULL;
            t.y_stride = t.place_stride = 1;
        } else {
            const int64_t *stride = plan->stride, column = column_piece * job->piece;
            if (!plan->columns && kept->ndim > 0) {
                const int last = kept->ndim - 1;
                stride = kept->stride[last], t.next = stride[TD_X];
                t.outputs = TD_MIN(end - i, kept->shape[last] - outer % kept->shape[last]);
            }
            if (job->y) t.y = job->y + (at[TD_Y] + column * stride[TD_Y]) * (int64_t)job->y_size;
            if (job->place) t.place = job->place + at[TD_PLACE] + column * stride[TD_PLACE];
            t.y_stride = stride[TD_Y], t.place_stride = stride[TD_PLACE];
        }
        (plan->columns ? job->kernel->columns : job->kernel->rows)(&t);
        outputs = t.outputs;
    }
}

static void run_combine(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    const td_reduction *plan = &job->plan;
    int64_t width = plan->columns ? plan->n : 1;
    for (int64_t i = begin; i < end; i++) {
        int64_t outer = i / width, column = i % width, at[TD_REDUCTION_OPERANDS];
        locate(&plan->kept, outer, at);
        int64_t from = outer * job->tiles * width + column;
        char *y = NULL;
        int64_t *place = NULL;
        if (job->y) y = job->y + (at[TD_Y] + column * plan->stride[TD_Y]) * (int64_t)job->y_size;
        if (job->place) place = job->place + at[TD_PLACE] + column * plan->stride[TD_PLACE];
        job->kernel->combine(y, place, job->partial + from * (int64_t)job->y_size,
                             job->partial_place ? job->partial_place + from : NULL, job->tiles,
                             width);
    }
}

static td_status reduce(const kernel_t *kernel, td_tensor *y, td_tensor *idx, const td_tensor *x,
                        int32_t y_dtype, int any_order)
{
    job_t job = {.kernel = kernel,
                 .x = x->data,
                 .x_size = td_itemsize(x->dtype),
                 .y_size = td_itemsize(y_dtype)};
    if (y) job.y = y->data;
    if (idx) job.place = idx->data;
    const td_reduction *plan = &job.plan;
    TD_TRY(td_plan_reduction(&job.plan, y, idx, x, any_order));
    if (plan->outputs == 0) return TD_OK;
    job.piece = plan->columns ? COLUMNS : ELEMENTS;
    job.pieces = TD_MAX(1, TD_CEIL_DIV(plan->n, job.piece));
    job.tile_rows = ROWS;
    if (!plan->columns) job.tile_rows = TD_MAX(1, TD_MIN(ROWS, ELEMENTS / TD_MAX(plan->n, 1)));
    job.tiles = TD_MAX(1, TD_CEIL_DIV(plan->rows, job.tile_rows));
    if (!plan->columns) job.tiles *= job.pieces;

    if (job.tiles > 1) {
        size_t partials = (size_t)(plan->outputs * job.tiles);
        job.partial = td_scratch(0, partials * job.y_size);
        if (!any_order) job.partial_place = td_scratch(1, partials * sizeof *job.partial_place);
        if (!job.partial || (!any_order && !job.partial_place))
            return td_fail(TD_ENOMEM, "no memory for %lld partial results", (long long)partials);
    }
    int64_t calls = td_axes_size(&plan->kept) * (plan->columns ? job.pieces : 1) * job.tiles;
    int64_t elements = TD_MIN(plan->rows, job.tile_rows) * TD_MIN(plan->n, job.piece);
    td_parallel(calls, TD_MAX(1, GRAIN / TD_MAX(elements, 1)), run_tiles, &job);
    if (job.tiles > 1) td_parallel(plan->outputs, TD_MAX(1, GRAIN / job.tiles), run_combine, &job);
    return TD_OK;
}

static td_status total(const char *name, const kernel_t *kernels, td_tensor *y, const td_tensor *x)
{
    int real = x->dtype == TD_F32 || x->dtype == TD_F64;
    TD_TRY(td_check_reduction(name, x, real ? x->dtype : TD_I64, y));
    return reduce(&kernels[x->dtype], y, NULL, x, y->dtype, 1);
}

td_status td_sum(td_tensor *y, const td_tensor *x) { return total("sum", sum_kernels, y, x); }

td_status td_prod(td_tensor *y, const td_tensor *x) { return total("prod", prod_kernels, y, x); }

static td_status extreme(const char *name, const kernel_t *kernels, td_tensor *y, td_tensor *idx,
                         const td_tensor *x)
{
    TD_TRY(td_check_reduction(name, x, x->dtype, y));
    TD_TRY(td_check_reduction(name, x, TD_I64, idx));
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
