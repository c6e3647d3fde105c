/* copy.c — y = x for any strides and dtypes, and y = c ? a : b: moving values, no arithmetic. */
#include "rows.h"
#include "simd.h"

#define TD_BODY "copy.inl"
#include "for_numbers.h"

td_status td_copy(td_tensor *y, const td_tensor *x)
{
    static td_row_fn *const *const rows[TD_NUM_DTYPES] = {
        [TD_F32] = copy_rows_f32, [TD_F64] = copy_rows_f64, [TD_I64] = copy_rows_i64,
        [TD_I32] = copy_rows_i32, [TD_U8] = copy_rows_u8,   [TD_BOOL] = copy_rows_u8};
    if (x->dtype < 0 || x->dtype >= TD_NUM_DTYPES || y->dtype < 0 || y->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "copy: no such dtype");
    return td_for_rows(rows[x->dtype][y->dtype], (const td_tensor *const[]){y, x}, 2);
}

#define WHERE_ROW(bytes, word)                                                                     \
    static void where_##bytes(int64_t n, char *const *p, const int64_t *s)                         \
    {                                                                                              \
        word *y = (word *)p[0];                                                                    \
        const uint8_t *c = (const uint8_t *)p[1];                                                  \
        const word *a = (const word *)p[2], *b = (const word *)p[3];                               \
        for (int64_t i = 0; i < n; i++) y[i * s[0]] = c[i * s[1]] ? a[i * s[2]] : b[i * s[3]];     \
    }
WHERE_ROW(1, uint8_t)
WHERE_ROW(4, uint32_t)
WHERE_ROW(8, uint64_t)

/* Only bits move, so one loop per element size serves every dtype. */
td_status td_where(td_tensor *y, const td_tensor *c, const td_tensor *a, const td_tensor *b)
{
    if (c->dtype != TD_BOOL) return td_fail(TD_EDTYPE, "where: the condition must be bool");
    size_t size = td_itemsize(y->dtype);
    td_row_fn *row = size == 1 ? where_1 : size == 4 ? where_4 : where_8;
    return td_for_rows(row, (const td_tensor *const[]){y, c, a, b}, 4);
}
