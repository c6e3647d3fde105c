/* matmul_dot.inl — y[m,n] = a[m,k] · b[n,k]ᵀ (+ bias[n]) for few rows of a or of b, where rows of
 * both run along k: x·wᵀ of a few samples, or to a few classes.
 *
 * The other operand is too large to be copied for so few products: dot.inl multiplies rows where
 * they lie. Only what is left of each row after whole vectors is copied, with zeros after it.
 */

typedef struct {
    const FN(matmul_t) *product;
    REAL *a_rest, *b_rest; /* [m][LANES], [n][LANES] */
} FN(dot_t);

static void FN(copy_rests)(REAL *to, const REAL *from, int64_t rows, int64_t row, int64_t k)
{
    int64_t whole = k / LANES * LANES;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t l = 0; l < LANES; l++)
            to[i * LANES + l] = whole + l < k ? from[i * row + whole + l] : 0;
}

/* A task is a block of DOT_ROWS × DOT_COLUMNS of y. */
static void FN(dot_task)(void *context, int64_t begin, int64_t end)
{
    const FN(dot_t) *job = context;
    const FN(matmul_t) *p = job->product;
    int64_t whole = p->k / LANES * LANES, across = TD_CEIL_DIV(p->n, DOT_COLUMNS);
    for (int64_t task = begin; task < end; task++) {
        int64_t i = task / across * DOT_ROWS, m = TD_MIN(p->m - i, DOT_ROWS);
        int64_t j = task % across * DOT_COLUMNS, n = TD_MIN(p->n - j, DOT_COLUMNS);
        const REAL *a = p->a + i * p->a_row, *b = p->b + j * p->b_col;
        REAL *y = p->y + i * p->n + j;
        for (int64_t r = 0; r < m; r++)
            for (int64_t l = 0; l < n; l++) y[r * p->n + l] = p->bias ? p->bias[j + l] : 0;
        for (int64_t t = 0; t < whole; t += FN(DOT_K))
            FN(dot_block)(m, n, TD_MIN(whole - t, FN(DOT_K)), y, p->n, a + t, p->a_row, b + t,
                          p->b_col);
        if (whole < p->k)
            FN(dot_block)(m, n, LANES, y, p->n, job->a_rest + i * LANES, LANES,
                          job->b_rest + j * LANES, LANES);
    }
}

static td_status FN(matmul_dot)(const FN(matmul_t) *p)
{
    FN(dot_t) job = {.product = p};
    job.a_rest = td_scratch(0, p->m * LANES * sizeof(REAL));
    job.b_rest = td_scratch(1, p->n * LANES * sizeof(REAL));
    if (!job.a_rest || !job.b_rest)
        return td_fail(TD_ENOMEM, "matmul: no memory for rests of rows");
    if (p->k % LANES) {
        FN(copy_rests)(job.a_rest, p->a, p->m, p->a_row, p->k);
        FN(copy_rests)(job.b_rest, p->b, p->n, p->b_col, p->k);
    }
    int64_t tasks = TD_CEIL_DIV(p->m, DOT_ROWS) * TD_CEIL_DIV(p->n, DOT_COLUMNS);
    int64_t work = TD_MIN(p->m, DOT_ROWS) * TD_MIN(p->n, DOT_COLUMNS) * p->k;
    td_parallel(tasks, 1 + GEMM_GRAIN / work, FN(dot_task), &job);
    return TD_OK;
}
