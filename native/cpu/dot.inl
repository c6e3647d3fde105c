/* dot.inl — c[m,n] += a[m,k] · b[n,k]ᵀ, both operands with rows that run along k.
 *
 * DOT_M × DOT_N vectors of partial sums stay in registers while k runs; each step loads one vector
 * of DOT_M + DOT_N rows, and the lanes of a sum meet only at the end. Nothing is transposed: that
 * is what makes x·wᵀ (a linear layer) and the weight gradient of a convolution cheap.
 */

/* The longest k for which DOT_N rows of b stay in L1 beside rows of a that pass by. */
enum { FN(DOT_K) = L1_PANEL / DOT_N / (int)sizeof(REAL) * 3 / 4 / LANES * LANES };

/* The sum of a vector's lanes, halves first: always the same order. */
TD_INLINE REAL FN(lanes_sum)(VEC v)
{
    REAL lane[LANES];
    FN(store)(lane, v);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    return lane[0];
}

/* One tile; k is a multiple of LANES. Rows past the end repeat the last one and are not kept. */
static void FN(dot_tile)(int64_t m, int64_t n, int64_t k, REAL *c, int64_t row, int64_t col,
                         const REAL *a, int64_t lda, const REAL *b, int64_t ldb)
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
            for (int i = 0; i < DOT_M; i++) sum[i][j] += u[i] * v;
        }
    }
    REAL total[DOT_M][DOT_N];
    for (int i = 0; i < DOT_M; i++)
        for (int j = 0; j < DOT_N; j++) total[i][j] = FN(lanes_sum)(sum[i][j]);
    for (int64_t i = 0; i < TD_MIN(m, DOT_M); i++)
        for (int64_t j = 0; j < TD_MIN(n, DOT_N); j++) c[i * row + j * col] += total[i][j];
}

/* c[i,j] at i·row + j·col. DOT_N rows of b stay in L1 while all of a passes by. */
static void FN(dot_block)(int64_t m, int64_t n, int64_t k, REAL *c, int64_t row, int64_t col,
                          const REAL *a, int64_t lda, const REAL *b, int64_t ldb)
{
    for (int64_t j = 0; j < n; j += DOT_N)
        for (int64_t i = 0; i < m; i += DOT_M)
            FN(dot_tile)(m - i, n - j, k, c + i * row + j * col, row, col, a + i * lda, lda,
                         b + j * ldb, ldb);
}
