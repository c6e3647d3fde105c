/* copy.inl — tiles of transposes and rows of td_where, once per dtype. */

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
#else
static inline void FN(transpose_tile)(char *to, const char *from, int64_t rows, int64_t columns,
                                      int64_t y_row, int64_t x_column)
{
    REAL *restrict y = (REAL *)to;
    const REAL *restrict x = (const REAL *)from;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) y[i * y_row + j] = x[j * x_column + i];
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
