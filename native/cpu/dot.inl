/* dot.inl — c[m,n] += a[m,k] · b[n,k]ᵀ, both operands with rows that run along k.
 *
 * DOT_M × DOT_N vectors of partial sums stay in registers while k runs; each step loads one vector
 * of DOT_M + DOT_N rows, and the lanes of a sum meet only at the end. Nothing is transposed: that
 * is what makes x·wᵀ (a linear layer) and the weight gradient of a convolution cheap.
 */

/* The longest k for which DOT_N rows of b stay in L1 beside rows of a that pass by. */
enum { FN(DOT_K) = L1_PANEL / DOT_N / (int)sizeof(REAL) * 3 / 4 / LANES * LANES };

/* A sum's lanes are added in halves, down to the LAST_LANES of 16 bytes. */
enum { FN(LAST_LANES) = 16 / sizeof(REAL) };
typedef REAL FN(half) __attribute__((vector_size(TD_WIDTH >= 32 ? TD_WIDTH / 2 : 16)));
typedef REAL FN(last) __attribute__((vector_size(16)));

TD_INLINE FN(last) FN(fold)(VEC v)
{
    FN(half) half, upper;
    memcpy(&half, &v, sizeof half);
    memcpy(&upper, (char *)&v + sizeof v - sizeof upper, sizeof upper);
    if (TD_WIDTH >= 32) half += upper;
    FN(last) last, other;
    memcpy(&last, &half, sizeof last);
    memcpy(&other, (char *)&half + sizeof half - sizeof other, sizeof other);
    return TD_WIDTH >= 64 ? last + other : last;
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
            TD_KEEP(v);
            for (int i = 0; i < DOT_M; i++) sum[i][j] += u[i] * v;
        }
    }
    REAL lane[DOT_M * DOT_N][FN(LAST_LANES)], total[DOT_M * DOT_N];
    for (int i = 0; i < DOT_M; i++)
        for (int j = 0; j < DOT_N; j++) {
            FN(last) last = FN(fold)(sum[i][j]);
            memcpy(lane[i * DOT_N + j], &last, sizeof last);
        }
    for (int s = 0; s < DOT_M * DOT_N; s++) {
        total[s] = lane[s][0] + lane[s][1];
        if (FN(LAST_LANES) == 4) total[s] += lane[s][FN(LAST_LANES) - 2] + lane[s][FN(LAST_LANES) - 1];
    }
    for (int i = 0; i < TD_MIN(m, DOT_M); i++)
        for (int j = 0; j < TD_MIN(n, DOT_N); j++) c[i * row + j * col] += total[i * DOT_N + j];
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
