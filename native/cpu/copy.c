/* copy.c — y = x for any strides and dtypes, and y = c ? a : b: moving values, no arithmetic.
 *
 * Copies go row by row in the order of y. Where x runs along another axis, as in a transpose, rows
 * would touch a new cache line with every element: there the copy goes tile by tile instead.
 */
#include "parallel.h"
#include "rows.h"
#include "simd.h"

enum { TILE = 16, TILES_PER_THREAD = 64 };

/* y[i · y_row + j] = x[j · x_column + i], i < rows, j < columns ≤ TILE */
typedef void tile_fn(char *y, const char *x, int64_t rows, int64_t columns, int64_t y_row,
                     int64_t x_column);

#define TD_BODY "copy.inl"
#include "for_numbers.h"

#define TABLE(f)                                                                                   \
    {[TD_F32] = f##_f32, [TD_F64] = f##_f64, [TD_I64] = f##_i64,                                   \
     [TD_I32] = f##_i32, [TD_U8] = f##_u8,   [TD_BOOL] = f##_u8}

typedef struct {
    td_walk outer; /* the axes besides the two that are transposed */
    int64_t rows, columns, y_row, x_column;
    tile_fn *tile;
} transpose_t;

/* Removes an axis; a walk keeps at least one. */
static void drop_axis(td_walk *w, int axis)
{
    for (w->ndim--; axis < w->ndim; axis++) {
        w->shape[axis] = w->shape[axis + 1];
        for (int k = 0; k < w->count; k++) w->stride[k][axis] = w->stride[k][axis + 1];
    }
    if (w->ndim > 0) return;
    w->ndim = 1;
    w->shape[0] = 1;
}

/* Whether y and x are contiguous along different axes; if so, what to do about it. */
static int plan_transpose(transpose_t *t, td_tensor *y, const td_tensor *x)
{
    td_walk *w = &t->outer;
    if (td_walk_init(w, (const td_tensor *const[]){y, x}, 2) != TD_OK) return 0;
    int inner = w->ndim - 1, axis = inner - 1;
    if (w->stride[0][inner] != 1 || td_abs64(w->stride[1][inner]) <= 1) return 0;
    while (axis >= 0 && w->stride[1][axis] != 1) axis--;
    if (axis < 0 || w->shape[axis] < TILE / 2 || w->shape[inner] < TILE / 2) return 0;
    t->rows = w->shape[axis], t->y_row = w->stride[0][axis];
    t->columns = w->shape[inner], t->x_column = w->stride[1][inner];
    drop_axis(w, inner);
    drop_axis(w, axis);
    return w->size > 0;
}

static void run_transpose(void *context, int64_t begin, int64_t end)
{
    const transpose_t *t = context;
    const int64_t down = TD_CEIL_DIV(t->rows, TILE), across = TD_CEIL_DIV(t->columns, TILE);
    const int64_t size = (int64_t)t->outer.itemsize[0];
    for (int64_t tile = begin; tile < end; tile++) {
        const int64_t i = tile / across % down * TILE, j = tile % across * TILE;
        char *p[TD_MAX_OPERANDS];
        td_walk_at(&t->outer, tile / across / down, p);
        t->tile(p[0] + (i * t->y_row + j) * size, p[1] + (j * t->x_column + i) * size,
                TD_MIN(TILE, t->rows - i), TD_MIN(TILE, t->columns - j), t->y_row, t->x_column);
    }
}

td_status td_copy(td_tensor *y, const td_tensor *x)
{
    static td_row_fn *const *const rows[TD_NUM_DTYPES] = TABLE(copy_rows);
    static tile_fn *const tiles[TD_NUM_DTYPES] = TABLE(transpose_tile);
    if (x->dtype < 0 || x->dtype >= TD_NUM_DTYPES || y->dtype < 0 || y->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "copy: no such dtype");
    transpose_t job = {.tile = tiles[x->dtype]};
    if (x->dtype == y->dtype && plan_transpose(&job, y, x)) {
        int64_t all = job.outer.size / (job.rows * job.columns);
        all *= TD_CEIL_DIV(job.rows, TILE) * TD_CEIL_DIV(job.columns, TILE);
        td_parallel(all, TILES_PER_THREAD, run_transpose, &job);
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
