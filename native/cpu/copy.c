/* copy.c — y = x for any strides and dtypes, and y = c ? a : b: moving values, no arithmetic.
 *
 * Copies go row by row in the order of y. Where x runs along another axis, as in a transpose, rows
 * would touch a new cache line with every element: there the copy goes tile by tile instead, and
 * within a tile by squares that are turned in registers.
 */
#include "parallel.h"
#include "rows.h"
#include "simd.h"
#include "transpose.h"

/* A tile of floats is 4 × 4 squares that fit the registers. */
enum { TILE = 4 * LANES_f32, ELEMENTS_PER_THREAD = 16384, LEAST = 8 };

/* y[i · y_row + j] = x[j · x_column + i], i < rows, j < columns ≤ TILE */
typedef void tile_fn(char *y, const char *x, int64_t rows, int64_t columns, int64_t y_row,
                     int64_t x_column);

#define TD_BODY "transpose.inl"
#include "for_reals.h"
#define TD_BODY "copy.inl"
#include "for_numbers.h"

static void transpose_bytes(char *y, const char *x, int64_t rows, int64_t columns, int64_t y_row,
                            int64_t x_column)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) y[i * y_row + j] = x[j * x_column + i];
}

#define TABLE(f)                                                                                   \
    {[TD_F32] = f##_f32, [TD_F64] = f##_f64, [TD_I64] = f##_i64,                                   \
     [TD_I32] = f##_i32, [TD_U8] = f##_u8,   [TD_BOOL] = f##_u8}

typedef struct {
    td_transpose plan;
    tile_fn *tile;
} job_t;

static void run_transpose(void *context, int64_t begin, int64_t end)
{
    const job_t *job = context;
    const td_transpose *t = &job->plan;
    const int64_t down = TD_CEIL_DIV(t->rows, TILE), across = TD_CEIL_DIV(t->columns, TILE);
    const int64_t size = (int64_t)t->outer.itemsize[0];
    for (int64_t tile = begin; tile < end; tile++) {
        const int64_t i = tile / across % down * TILE, j = tile % across * TILE;
        char *p[TD_MAX_OPERANDS];
        td_walk_at(&t->outer, tile / across / down, p);
        job->tile(p[0] + (i * t->y_row + j) * size, p[1] + (j * t->x_column + i) * size,
                  TD_MIN(TILE, t->rows - i), TD_MIN(TILE, t->columns - j), t->y_row, t->x_column);
    }
}

td_status td_copy(td_tensor *y, const td_tensor *x)
{
    static td_row_fn *const *const rows[TD_NUM_DTYPES] = TABLE(copy_rows);
    static tile_fn *const tiles[TD_NUM_DTYPES] = {
        /* integers move as the floats of their size */
        [TD_F32] = transpose_tile_f32, [TD_F64] = transpose_tile_f64, [TD_I64] = transpose_tile_f64,
        [TD_I32] = transpose_tile_f32, [TD_U8] = transpose_bytes,     [TD_BOOL] = transpose_bytes};
    if (x->dtype < 0 || x->dtype >= TD_NUM_DTYPES || y->dtype < 0 || y->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "copy: no such dtype");
    job_t job = {.tile = tiles[x->dtype]};
    const td_transpose *t = &job.plan;
    if (x->dtype == y->dtype && td_plan_transpose(&job.plan, y, x, LEAST)) {
        int64_t all = t->outer.size * TD_CEIL_DIV(t->rows, TILE) * TD_CEIL_DIV(t->columns, TILE);
        td_parallel(all, ELEMENTS_PER_THREAD / (TILE * TILE), run_transpose, &job);
        return TD_OK;
    }
    return td_for_rows(rows[x->dtype][y->dtype], (const td_tensor *const[]){y, x}, 2);
}

td_status td_where(td_tensor *y, const td_tensor *c, const td_tensor *a, const td_tensor *b)
{
    static td_row_fn *const table[TD_NUM_DTYPES] = TABLE(where);
    if (c->dtype != TD_BOOL) return td_fail(TD_EDTYPE, "where: the condition must be bool");
    if (y->dtype < 0 || y->dtype >= TD_NUM_DTYPES || a->dtype != y->dtype || b->dtype != y->dtype)
        return td_fail(TD_EDTYPE, "where: y, a and b must have one dtype");
    return td_for_rows(table[y->dtype], (const td_tensor *const[]){y, c, a, b}, 4);
}
