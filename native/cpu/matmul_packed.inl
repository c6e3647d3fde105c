/* matmul_packed.inl — y[m,n] = a[m,k] · b[k,n] (+ bias[n]) for operands of any strides.
 *
 * Both are packed once, in parallel, as gemm.inl wants them; then every thread multiplies strips
 * of b with blocks of a. A very long k is taken in slabs, so that packing stays bounded.
 */

typedef struct {
    const FN(matmul_t) *product;
    int64_t rows;        /* of y in one task */
    int64_t from, depth; /* the slab of k that is packed now, */
    REAL *a, *b;         /* as [m/TILE_M][depth][TILE_M] and [n/TILE_N][depth][TILE_N] */
} FN(packed_t);

/* b[k,n], n ≤ TILE_N, as to[k,TILE_N]; the columns up to whole vectors are 0. Nothing is read from
 * `end` on. */
static void FN(pack_columns)(REAL *restrict to, int64_t k, int64_t n, const REAL *restrict b,
                             int64_t row, int64_t col, const REAL *end)
{
    int64_t width = td_round_up(n, LANES);
    if (row == 1) {
        for (int64_t j = 0; j < n; j += LANES)
            FN(transpose_in)(to + j, FN(TILE_N), b + j * col, col, TD_MIN(n - j, LANES), k, end);
        return;
    }
    for (int64_t t = 0; t < k; t++, to += FN(TILE_N), b += row) {
        if (col == 1 && n == FN(TILE_N)) {
            for (int v = 0; v < TILE_V; v++) FN(store)(to + v * LANES, FN(load)(b + v * LANES));
        } else {
            for (int64_t j = 0; j < n; j++) to[j] = b[j * col];
            for (int64_t j = n; j < width; j++) to[j] = 0;
        }
    }
}

/* A b that is used by a single strip of a is read where it lies, but for a ragged last strip. */
static int FN(b_in_place)(const FN(matmul_t) *p, int64_t j)
{
    return p->m <= TILE_M && p->b_col == 1 && p->n - j >= FN(TILE_N);
}

/* Strips of a, then strips of b. */
static void FN(pack_task)(void *context, int64_t begin, int64_t end)
{
    const FN(packed_t) *to = context;
    const FN(matmul_t) *p = to->product;
    int64_t a_strips = TD_CEIL_DIV(p->m, TILE_M), depth = to->depth;
    const REAL *a = p->a + to->from * p->a_col, *b = p->b + to->from * p->b_row;
    const REAL *b_end = p->b + TD_MAX((p->n - 1) * p->b_col, 0) + p->k; /* where rows run along k */
    for (int64_t s = begin; s < end; s++) {
        int64_t i = s * TILE_M, j = (s - a_strips) * FN(TILE_N);
        if (s < a_strips)
            FN(pack_strip)(to->a + i * depth, TD_MIN(p->m - i, TILE_M), depth, a + i * p->a_row,
                           p->a_row, p->a_col);
        else if (!FN(b_in_place)(p, j))
            FN(pack_columns)(to->b + j * depth, depth, TD_MIN(p->n - j, FN(TILE_N)),
                             b + j * p->b_col, p->b_row, p->b_col, b_end);
    }
}

/* One task: one strip of b times `rows` rows of a, over the slab. */
static void FN(packed_task)(void *context, int64_t begin, int64_t end)
{
    const FN(packed_t) *from = context;
    const FN(matmul_t) *p = from->product;
    int64_t strips = TD_CEIL_DIV(p->n, FN(TILE_N)), depth = from->depth;
    for (int64_t task = begin; task < end; task++) {
        int64_t i = task / strips * from->rows, m = TD_MIN(p->m - i, from->rows);
        int64_t j = task % strips * FN(TILE_N), n = TD_MIN(p->n - j, FN(TILE_N));
        int in_place = FN(b_in_place)(p, j);
        int64_t ldb = in_place ? p->b_row : FN(TILE_N), at[FN(GEMM_K)];
        for (int64_t t = 0; t < TD_MIN(depth, FN(GEMM_K)); t++) at[t] = t * ldb;

        const REAL *a = from->a + i * depth;
        const REAL *b = in_place ? p->b + from->from * ldb + j : from->b + j * depth;
        FN(seed_t) bias = {p->bias ? p->bias + j : NULL, 0, 1};
        REAL *y = p->y + i * p->n + j;
        for (int64_t t = 0; t < depth; t += FN(GEMM_K))
            FN(gemm_block)(m, n, TD_MIN(depth - t, FN(GEMM_K)), y, p->n,
                           FN(seed)(from->from + t == 0, bias, y, p->n), a + t * TILE_M,
                           depth * TILE_M, b + t * ldb, at);
    }
}

static td_status FN(matmul_packed)(const FN(matmul_t) *p)
{
    int64_t m = td_round_up(p->m, TILE_M), n = td_round_up(p->n, FN(TILE_N));
    int64_t strips = n / FN(TILE_N), slab = td_round_up(GEMM_PACKED / (m + n) + 1, FN(GEMM_K));
    slab = TD_MIN(slab, p->k);
    FN(packed_t) job = {.product = p};
    job.a = td_scratch(0, m * slab * sizeof(REAL));
    job.b = td_scratch(1, n * slab * sizeof(REAL));
    if (!job.a || !job.b) return td_fail(TD_ENOMEM, "matmul: no memory to pack operands");

    /* enough tasks for many threads, and a block of a that stays in L2 */
    int64_t share = td_round_up(TD_CEIL_DIV(m, TD_CEIL_DIV(16, strips)), TILE_M);
    int64_t most = L2_PANEL / ((int)sizeof(REAL) * FN(GEMM_K)) / TILE_M * TILE_M;
    job.rows = TD_MIN(share, most);
    int64_t tasks = TD_CEIL_DIV(p->m, job.rows) * strips;
    for (; job.from < p->k; job.from += slab) {
        job.depth = TD_MIN(slab, p->k - job.from);
        int64_t strip = job.depth * FN(TILE_N);
        td_parallel(m / TILE_M + strips, 1 + GEMM_GRAIN / 4 / strip, FN(pack_task), &job);
        td_parallel(tasks, 1 + GEMM_GRAIN / (job.rows * strip), FN(packed_task), &job);
    }
    return TD_OK;
}
