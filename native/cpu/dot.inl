/* dot.inl — c[m,n] += a[m,k] · b[n,k]ᵀ, both operands with rows that run along k.
 *
 * DOT_M × DOT_N vectors of partial sums stay in registers while k runs; each step loads one vector
 * of DOT_M + DOT_N rows, and the lanes of a sum meet only at the end. Nothing is transposed: that
 * is what makes x·wᵀ (a linear layer) and the weight gradient of a convolution cheap.
 */

/* The longest k for which DOT_N rows of b stay in L1 beside rows of a that pass by. */
enum { FN(DOT_K) = L1_PANEL / DOT_N / (int)sizeof(REAL) / LANES * LANES };

/* Neighbours are added: to[n] from from[2n]. */
static void FN(add_pairs)(REAL *restrict to, const REAL *restrict from, int n)
{
    for (int i = 0; i < n; i++) to[i] = from[2 * i] + from[2 * i + 1];
}

/* One tile; k is a multiple of LANES. Rows past the end repeat the last one and are not kept. */
static void FN(dot_tile)(int64_t m, int64_t n, int64_t k, REAL *c, int64_t ldc, const REAL *a,
                         int64_t lda, const REAL *b, int64_t ldb)
{
    const REAL *x[DOT_M], *y[DOT_N];
    for (int i = 0; i < DOT_M; i++) x[i] = a + TD_MIN(i, m - 1) * lda;
    for (int j = 0; j < DOT_N; j++) y[j] = b + TD_MIN(j, n - 1) * ldb;

    VEC sum[DOT_M][DOT_N] = {0};
    for (int64_t t = 0; t < k; t += LANES) {
        VEC u[DOT_M];
        for (int i = 0; i < DOT_M; i++) u[i] = FN(load)(x[i] + t);
        for (int j = 0; j < DOT_N; j++) {
            VEC v = FN(load)(y[j] + t);
            TD_KEEP(v);
            for (int i = 0; i < DOT_M; i++) sum[i][j] += u[i] * v;
        }
    }
    enum { SUMS = DOT_M * DOT_N };
    REAL lanes[2][SUMS * LANES] __attribute__((aligned(TD_WIDTH)));
    for (int i = 0; i < DOT_M; i++)
        for (int j = 0; j < DOT_N; j++) FN(store)(lanes[0] + (i * DOT_N + j) * LANES, sum[i][j]);
    int now = 0; /* lanes[now] holds `left` numbers of each sum, one after the other */
    for (int left = LANES; left > 1; left /= 2, now = !now)
        FN(add_pairs)(lanes[!now], lanes[now], SUMS * left / 2);

    if (m >= DOT_M && n >= DOT_N)
        for (int i = 0; i < DOT_M; i++)
            for (int j = 0; j < DOT_N; j++) c[i * ldc + j] += lanes[now][i * DOT_N + j];
    else
        for (int i = 0; i < TD_MIN(m, DOT_M); i++)
            for (int j = 0; j < TD_MIN(n, DOT_N); j++) c[i * ldc + j] += lanes[now][i * DOT_N + j];
}

/* All of c, rows ldc apart. DOT_N rows of b stay in L1 while all of a passes by. */
static void FN(dot_block)(int64_t m, int64_t n, int64_t k, REAL *c, int64_t ldc, const REAL *a,
                          int64_t lda, const REAL *b, int64_t ldb)
{
    for (int64_t j = 0; j < n; j += DOT_N)
        for (int64_t i = 0; i < m; i += DOT_M)
            FN(dot_tile)(m - i, n - j, k, c + i * ldc + j, ldc, a + i * lda, lda, b + j * ldb, ldb);
}
