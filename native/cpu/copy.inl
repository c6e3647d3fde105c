/* copy.inl — rows of td_copy that read one dtype and write every other (REAL is the source), tiles
 * of transposes, and rows of td_where, once per dtype. */

#define COPY_TO(suffix, target, convert)                                                           \
    static void FN(copy_to_##suffix)(int64_t n, char *const *p, const int64_t *s)                  \
    {                                                                                              \
        target *restrict y = (target *)p[0];                                                       \
        const REAL *restrict x = (const REAL *)p[1];                                               \
        if (s[0] == 1 && s[1] == 1)                                                                \
            for (int64_t i = 0; i < n; i++) y[i] = (target)convert(x[i]);                          \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) y[i * s[0]] = (target)convert(x[i * s[1]]);            \
    }
#define AS_IS(v) (v)
#define IS_NOT_0(v) ((v) != 0)
/* A float outside the integer's range has no integer value: pin it, and NaN to 0, so that the
 * result is the same on every machine. u8 goes through i64, wrapping as NumPy does. */
#if IS_REAL
#define TO_I64(v)                                                                                  \
    ((v) >= (REAL)0x1p63      ? INT64_MAX                                                          \
     : (v) <= (REAL) - 0x1p63 ? INT64_MIN                                                          \
     : (v) != (v)             ? 0                                                                  \
                              : (int64_t)(v))
#else
#define TO_I64(v) (v)
#endif
#define TO_U8(v) (uint8_t)TO_I64(v)
#define TO_I32(v) (int32_t)TO_I64(v)

COPY_TO(f32, float, AS_IS)
COPY_TO(f64, double, AS_IS)
COPY_TO(i64, int64_t, TO_I64)
COPY_TO(i32, int32_t, TO_I32)
COPY_TO(u8, uint8_t, TO_U8)
COPY_TO(bool, uint8_t, IS_NOT_0)

/* Indexed by td_dtype of the target. */
static td_row_fn *const FN(copy_rows)[TD_NUM_DTYPES] = {
    [TD_F32] = FN(copy_to_f32), [TD_F64] = FN(copy_to_f64), [TD_I64] = FN(copy_to_i64),
    [TD_I32] = FN(copy_to_i32), [TD_U8] = FN(copy_to_u8),   [TD_BOOL] = FN(copy_to_bool)};

#undef COPY_TO
#undef AS_IS
#undef IS_NOT_0
#undef TO_I64
#undef TO_U8
#undef TO_I32

#if IS_REAL
/* Whole squares are turned in registers, what is left goes one by one. */
static void FN(transpose_tile)(char *to, const char *from, int64_t rows, int64_t columns,
                               int64_t y_row, int64_t x_column)
{
    typedef REAL number __attribute__((may_alias)); /* or an integer of its size */
    number *restrict y = (number *)to;
    const number *restrict x = (const number *)from;
    const int64_t down = rows / LANES * LANES, across = columns / LANES * LANES;
    for (int64_t i = 0; i < down; i += LANES)
        FN(transpose_out)(y + i * y_row, y_row, x + i, x_column, across, LANES);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = i < down ? across : 0; j < columns; j++)
            y[i * y_row + j] = x[j * x_column + i];
}
#endif

/* y = c ? a : b. Both values are read before one is chosen, or there would be no vectors. */
TD_INLINE void FN(where_run)(REAL *restrict y, const uint8_t *restrict c, const REAL *restrict a,
                             const REAL *restrict b, int64_t n, const int a_step, const int b_step)
{
    for (int64_t i = 0; i < n; i++) {
        const REAL u = a[i * a_step], v = b[i * b_step];
        y[i] = c[i] ? u : v;
    }
}

static void FN(where)(int64_t n, char *const *p, const int64_t *s)
{
    REAL *y = (REAL *)p[0];
    const uint8_t *c = (const uint8_t *)p[1];
    const REAL *a = (const REAL *)p[2], *b = (const REAL *)p[3];
    const int apart = y != a && y != b && p[0] != p[1];
    const int flat = apart && s[0] == 1 && s[1] == 1;
    if (flat && s[2] == 1 && s[3] == 1)
        FN(where_run)(y, c, a, b, n, 1, 1);
    else if (flat && s[2] == 1 && s[3] == 0)
        FN(where_run)(y, c, a, b, n, 1, 0);
    else if (flat && s[2] == 0 && s[3] == 1)
        FN(where_run)(y, c, a, b, n, 0, 1);
    else
        for (int64_t i = 0; i < n; i++) y[i * s[0]] = c[i * s[1]] ? a[i * s[2]] : b[i * s[3]];
}
