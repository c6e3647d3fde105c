/* copy.c — y = x for any strides and dtypes, and y = c ? a : b: moving values, no arithmetic.
 *
 * Copies go row by row in the order of y. Where x runs along another axis, as in a transpose, rows
 * would touch a new cache line with every element: there the copy goes tile by tile instead, and
 * within a tile by squares that are turned in registers.
 */
#include "half.h"
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
#define TD_BODY "convert.inl"
#include "for_every.h"

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
    static td_row_fn *const *const rows[TD_NUM_DTYPES] = {
        [TD_F32] = copy_rows_f32,  [TD_F64] = copy_rows_f64, [TD_I64] = copy_rows_i64,
        [TD_I32] = copy_rows_i32,  [TD_I16] = copy_rows_i16, [TD_I8] = copy_rows_i8,
        [TD_U8] = copy_rows_u8,    [TD_BOOL] = copy_rows_u8, [TD_F16] = copy_rows_f16,
        [TD_BF16] = copy_rows_bf16};
    static tile_fn *const tiles[TD_NUM_DTYPES] = {
        /* what has as many bytes moves alike */
        [TD_F32] = transpose_tile_f32, [TD_F64] = transpose_tile_f64, [TD_I64] = transpose_tile_f64,
        [TD_I32] = transpose_tile_f32, [TD_I16] = transpose_tile_i16, [TD_I8] = transpose_tile_u8,
        [TD_U8] = transpose_tile_u8,   [TD_BOOL] = transpose_tile_u8, [TD_F16] = transpose_tile_i16,
        [TD_BF16] = transpose_tile_i16};
    if (x->dtype < 0 || x->dtype >= TD_NUM_DTYPES || y->dtype < 0 || y->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "copy: no such dtype");
    job_t job = {.tile = tiles[x->dtype]};
    const td_transpose *t = &job.plan;
    const int same = x->dtype == y->dtype, half = same && x->dtype >= TD_F16;
    if (same && td_plan_transpose(&job.plan, y, x, LEAST)) {
        int64_t all = t->outer.size * TD_CEIL_DIV(t->rows, TILE) * TD_CEIL_DIV(t->columns, TILE);
        td_parallel(all, ELEMENTS_PER_THREAD / (TILE * TILE), run_transpose, &job);
        return TD_OK;
    }
    td_row_fn *row = half ? copy_rows_i16[TD_I16] : rows[x->dtype][y->dtype];
    return td_for_rows(row, (const td_tensor *const[]){y, x}, 2);
}

td_status td_where(td_tensor *y, const td_tensor *c, const td_tensor *a, const td_tensor *b)
{
    static td_row_fn *const table[TD_NUM_DTYPES] = {
        [TD_F32] = where_f32, [TD_F64] = where_f64, [TD_I64] = where_i64, [TD_I32] = where_i32,
        [TD_I16] = where_i16, [TD_I8] = where_i8,   [TD_U8] = where_u8,   [TD_BOOL] = where_u8,
        [TD_F16] = where_i16, [TD_BF16] = where_i16};
    if (c->dtype != TD_BOOL) return td_fail(TD_EDTYPE, "where: the condition must be bool");
    if (y->dtype < 0 || y->dtype >= TD_NUM_DTYPES || a->dtype != y->dtype || b->dtype != y->dtype)
        return td_fail(TD_EDTYPE, "where: y, a and b must have one dtype");
    return td_for_rows(table[y->dtype], (const td_tensor *const[]){y, c, a, b}, 4);
}
