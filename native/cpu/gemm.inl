/* gemm.inl — c[m,n] = seed[m,n] + a[m,k] · b[k,n], the outer-product kernel and its packing.
 *
 * TILE_M rows × TILE_V vectors of c stay in registers while k runs; each step is TILE_V loads of b
 * and TILE_M broadcasts of a. So a is packed in strips [m/TILE_M][k][TILE_M], read front to back;
 * row t of b begins wherever at[t] says (the rows of a convolution's windows overlap), and its last
 * vector may be read to the end. The seed is what the sum starts from: zero, the bias, or what the
 * blocks of k before this one left in c.
 */

/* Columns of a tile, and the longest k for which a strip of b stays in L1. */
enum { FN(TILE_N) = TILE_V * LANES, FN(GEMM_K) = L1_PANEL / ((int)sizeof(REAL) * FN(TILE_N))};

/* seed[i,j] = p[i·row + j·col]; col is 0 or 1 */
typedef struct {
    const REAL *p;
    int64_t row, col;
} FN(seed_t);

static const REAL FN(zero)[1] = {0};

/* The bias, when there is one and nothing is summed yet; c itself after the first block of k. */
TD_INLINE FN(seed_t) FN(seed)(int first, FN(seed_t) bias, const REAL *c, int64_t ldc)
{
    if (!first) return (FN(seed_t)){c, ldc, 1};
    return bias.p ? bias : (FN(seed_t)){FN(zero), 0, 0};
}

/* c[TILE_M, vectors·LANES] = seed + Σ_k a[k,TILE_M] b[k,·]; `vectors` is constant at each call. */
TD_INLINE void FN(tile)(const int vectors, REAL *restrict c, int64_t ldc, FN(seed_t) seed,
                        int64_t k, const REAL *restrict a, const REAL *restrict b,
                        const int64_t *at)
{
    VEC sum[TILE_M][TILE_V] = {0};
    for (int64_t t = 0; t < k; t++, a += TILE_M) {
        VEC row[TILE_V];
        for (int v = 0; v < vectors; v++) row[v] = FN(load)(b + at[t] + v * LANES);
        for (int i = 0; i < TILE_M; i++)
            for (int v = 0; v < vectors; v++) sum[i][v] += FN(splat)(a[i]) * row[v];
    }
    for (int i = 0; i < TILE_M; i++)
        for (int v = 0; v < vectors; v++) {
            const REAL *s = seed.p + i * seed.row;
            VEC start = seed.col ? FN(load)(s + v * LANES) : FN(splat)(*s);
            FN(store)(c + i * ldc + v * LANES, start + sum[i][v]);
        }
}

static void FN(tile_any)(int vectors, REAL *c, int64_t ldc, FN(seed_t) seed, int64_t k,
                         const REAL *a, const REAL *b, const int64_t *at)
{
    switch (vectors) {
    case 1: FN(tile)(1, c, ldc, seed, k, a, b, at); break;
    case 2: FN(tile)(2, c, ldc, seed, k, a, b, at); break;
    default: FN(tile)(TILE_V, c, ldc, seed, k, a, b, at);
    }
}

/* A tile that sticks out of c on the right or below: computed whole, beside c. */
static void FN(tile_edge)(int64_t m, int64_t n, REAL *c, int64_t ldc, FN(seed_t) seed, int64_t k,
                          const REAL *a, const REAL *b, const int64_t *at)
{
    REAL whole[TILE_M * FN(TILE_N)] __attribute__((aligned(TD_WIDTH)));
    FN(tile_any)(TD_CEIL_DIV(n, LANES), whole, FN(TILE_N), (FN(seed_t)){FN(zero), 0, 0}, k, a, b,
                 at);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            c[i * ldc + j] = seed.p[i * seed.row + j * seed.col] + whole[i * FN(TILE_N) + j];
}

/* c[m,n] for one block of k. a: strips `a_strip` elements apart; b: see above. */
static void FN(gemm_block)(int64_t m, int64_t n, int64_t k, REAL *c, int64_t ldc, FN(seed_t) seed,
                           const REAL *a, int64_t a_strip, const REAL *b, const int64_t *at)
{
    for (int64_t j = 0; j < n; j += FN(TILE_N), b += FN(TILE_N)) {
        int64_t width = TD_MIN(n - j, FN(TILE_N));
        const REAL *strip = a;
        for (int64_t i = 0; i < m; i += TILE_M, strip += a_strip) {
            FN(seed_t) s = {seed.p + i * seed.row + j * seed.col, seed.row, seed.col};
            REAL *tile = c + i * ldc + j;
            if (m - i >= TILE_M && width % LANES == 0)
                FN(tile_any)(width / LANES, tile, ldc, s, k, strip, b, at);
            else
                FN(tile_edge)(TD_MIN(m - i, TILE_M), width, tile, ldc, s, k, strip, b, at);
        }
    }
}

/* One strip: to[k,TILE_M] = a[m,k]ᵀ, m ≤ TILE_M, a[i,t] at i·row + t·col; missing rows are 0. The
 * branches say the same thing with constants that let the compiler use vectors. */
static void FN(pack_strip)(REAL *restrict to, int64_t m, int64_t k, const REAL *restrict a,
                           int64_t row, int64_t col)
{
    if (m < TILE_M) {
        for (int64_t t = 0; t < k; t++)
            for (int64_t i = 0; i < TILE_M; i++)
                to[t * TILE_M + i] = i < m ? a[i * row + t * col] : 0;
    } else if (col == 1) {
        for (int64_t t = 0; t < k; t++)
            for (int i = 0; i < TILE_M; i++) to[t * TILE_M + i] = a[i * row + t];
    } else if (row == 1) {
        for (int64_t t = 0; t < k; t++)
            for (int i = 0; i < TILE_M; i++) to[t * TILE_M + i] = a[i + t * col];
    } else {
        for (int64_t t = 0; t < k; t++)
            for (int i = 0; i < TILE_M; i++) to[t * TILE_M + i] = a[i * row + t * col];
    }
}
