/* matmul_rows.inl — y[m,n] = a[m,k] · b[k,n] (+ bias[n]) for one or two rows, where rows of b run
 * along n.
 *
 * So few products are over when b has been read once: it is read where it lies, ROW_V vectors of
 * columns from top to bottom, whose sums stay in registers.
 */

/* Columns [j, j + vectors·LANES) of y; the first `skip` are known already. */
TD_INLINE void FN(rows_tile)(const int rows, const int vectors, const FN(matmul_t) *p, int64_t j,
                             int64_t skip)
{
    const REAL *a = p->a, *b = p->b + j;
    const int64_t k = p->k, a_row = p->a_row, a_col = p->a_col, b_row = p->b_row;
    VEC sum[2][ROW_V];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++)
            sum[i][v] = p->bias ? FN(load)(p->bias + j + v * LANES) : FN(splat)(0);
    for (int64_t t = 0; t < k; t++, a += a_col, b += b_row)
        for (int v = 0; v < vectors; v++) {
            VEC columns = FN(load)(b + v * LANES);
            for (int i = 0; i < rows; i++) sum[i][v] += FN(splat)(a[i * a_row]) * columns;
        }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vectors; v++)
            if (skip == 0)
                FN(store)(p->y + i * p->n + j + v * LANES, sum[i][v]);
            else
                for (int64_t l = skip; l < LANES; l++) p->y[i * p->n + j + l] = sum[i][v][l];
}

TD_INLINE void FN(rows_block)(const int rows, const FN(matmul_t) *p, int64_t j, int64_t end)
{
    for (; end - j >= ROW_V * LANES; j += ROW_V * LANES) FN(rows_tile)(rows, ROW_V, p, j, 0);
    for (; end - j >= 2 * LANES; j += 2 * LANES) FN(rows_tile)(rows, 2, p, j, 0);
    for (; end - j >= LANES; j += LANES) FN(rows_tile)(rows, 1, p, j, 0);
    if (j < end)
        FN(rows_tile)(rows, 1, p, end - LANES, LANES - (end - j)); /* a vector that ends there */
}

/* Blocks [begin, end) of ROW_V vectors of columns. */
static void FN(rows_task)(void *context, int64_t begin, int64_t end)
{
    const FN(matmul_t) *p = context;
    int64_t first = begin * ROW_V * LANES, last = TD_MIN(end * ROW_V * LANES, p->n);
    if (p->m == 1)
        FN(rows_block)(1, p, first, last);
    else
        FN(rows_block)(2, p, first, last);
}

static td_status FN(matmul_rows)(const FN(matmul_t) *p)
{
    td_parallel(TD_CEIL_DIV(p->n, ROW_V * LANES), 1 + GEMM_GRAIN / (p->k * ROW_V * LANES),
                FN(rows_task), (void *)p);
    return TD_OK;
}
