/* matmul.inl — y[m,n] = a[m,k] · b[k,n] (+ bias[n]) for one matrix: a plain loop and two tuned ways.
 *
 * Rows of both operands along k (x·wᵀ): dot.inl on the operands where they lie. Everything else:
 * pack both once, then let every thread multiply strips of b with blocks of a (gemm.inl). Which
 * way is taken, and the order of every sum, depends on shapes and strides, never on threads.
 */

typedef struct {
    int64_t m, n, k;
    REAL *y;             /* rows n apart */
    const REAL *a, *b;   /* a[i,t] at i·a_row + t·a_col, b[t,j] at t·b_row + j·b_col */
    int64_t a_row, a_col, b_row, b_col;
    const REAL *bias;    /* NULL or n numbers */

    int64_t from, depth; /* the slab of k that is packed now */
    REAL *a_pack, *b_pack;
    int64_t rows;        /* of y in one task */
} FN(matmul_t);

/* The specification, and the way for the smallest products. */
static void FN(matmul_plain)(const FN(matmul_t) *p)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++) {
            REAL sum = p->bias ? p->bias[j] : 0;
            for (int64_t t = 0; t < p->k; t++)
                sum += p->a[i * p->a_row + t * p->a_col] * p->b[t * p->b_row + j * p->b_col];
            p->y[i * p->n + j] = sum;
        }
}

/* --- both operands along k: y = a · bᵀ with dot.inl ------------------------------------------- */

/* The rows of one operand. Packed: blocks of FN(dot_depth) columns, each [rows][depth], zeros after
 * k. In place: only what is left of each row after whole vectors is packed, as [rows][LANES]. */
typedef struct {
    const REAL *from;
    REAL *pack;
    int64_t rows, stride, k;
    int in_place;
} FN(dot_side_t);

typedef struct {
    FN(dot_side_t) a, b;
    REAL *y;
    const REAL *bias;
} FN(dot_t);

static int64_t FN(dot_depth)(int64_t k) { return TD_MIN(td_round_up(k, LANES), FN(DOT_K)); }

static void FN(dot_pack_rows)(const FN(dot_side_t) *side, int64_t begin, int64_t end)
{
    int64_t k = side->k, depth = side->in_place ? LANES : FN(dot_depth)(k);
    for (int64_t t = side->in_place ? k / LANES * LANES : 0, block = 0; t < k; t += depth, block++)
        for (int64_t i = begin; i < end; i++) {
            REAL *to = side->pack + (block * side->rows + i) * depth;
            int64_t here = TD_MIN(k - t, depth), padded = td_round_up(here, LANES);
            memcpy(to, side->from + i * side->stride + t, here * sizeof(REAL));
            for (int64_t l = here; l < padded; l++) to[l] = 0;
        }
}

/* Row i from column t on; *ld is the way to the next row. */
static const REAL *FN(dot_row)(const FN(dot_side_t) *side, int64_t i, int64_t t, int64_t *ld)
{
    int in_tail = t >= side->k / LANES * LANES, in_place = side->in_place && !in_tail;
    *ld = in_place ? side->stride : side->in_place ? LANES : FN(dot_depth)(side->k);
    if (in_place) return side->from + i * side->stride + t;
    return side->in_place ? side->pack + i * LANES
                          : side->pack + (t / *ld * side->rows + i) * *ld + t % *ld;
}

static void FN(dot_pack_task)(void *context, int64_t begin, int64_t end)
{
    const FN(dot_t) *p = context;
    FN(dot_pack_rows)(&p->a, TD_MIN(begin, p->a.rows), TD_MIN(end, p->a.rows));
    FN(dot_pack_rows)(&p->b, TD_MAX(begin - p->a.rows, 0), TD_MAX(end - p->a.rows, 0));
}

static void FN(dot_task)(void *context, int64_t begin, int64_t end)
{
    const FN(dot_t) *p = context;
    int64_t ldy = p->b.rows, k = p->a.k, across = TD_CEIL_DIV(ldy, DOT_COLUMNS);
    for (int64_t task = begin; task < end; task++) {
        int64_t i0 = task / across * DOT_ROWS, m = TD_MIN(p->a.rows - i0, DOT_ROWS);
        int64_t j0 = task % across * DOT_COLUMNS, n = TD_MIN(p->b.rows - j0, DOT_COLUMNS);
        REAL *y = p->y + i0 * ldy + j0;
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) y[i * ldy + j] = p->bias ? p->bias[j0 + j] : 0;
        for (int64_t t = 0, step; t < k; t += step) {
            step = TD_MIN(TD_MAX(k / LANES * LANES - t, LANES), FN(DOT_K));
            int64_t lda, ldb;
            const REAL *a = FN(dot_row)(&p->a, i0, t, &lda), *b = FN(dot_row)(&p->b, j0, t, &ldb);
            FN(dot_block)(m, n, step, y, ldy, a, lda, b, ldb);
        }
    }
}

/* An operand that few tiles of the other one meet is read where it lies. */
static td_status FN(matmul_dot)(const FN(matmul_t) *p)
{
    FN(dot_t) d = {.a = {p->a, NULL, p->m, p->a_row, p->k, p->n <= 2 * DOT_N},
                   .b = {p->b, NULL, p->n, p->b_col, p->k, p->m <= 4 * DOT_M},
                   .y = p->y, .bias = p->bias};
    int64_t depth = td_round_up(p->k, FN(dot_depth)(p->k));
    d.a.pack = td_scratch(0, p->m * (d.a.in_place ? LANES : depth) * sizeof(REAL));
    d.b.pack = td_scratch(1, p->n * (d.b.in_place ? LANES : depth) * sizeof(REAL));
    if (!d.a.pack || !d.b.pack) return td_fail(TD_ENOMEM, "matmul: no memory to pack operands");
    td_parallel(p->m + p->n, 1 + GEMM_GRAIN / p->k, FN(dot_pack_task), &d);

    int64_t tasks = TD_CEIL_DIV(p->m, DOT_ROWS) * TD_CEIL_DIV(p->n, DOT_COLUMNS);
    int64_t work = TD_MIN(p->m, DOT_ROWS) * TD_MIN(p->n, DOT_COLUMNS) * p->k;
    td_parallel(tasks, 1 + GEMM_GRAIN / work, FN(dot_task), &d);
    return TD_OK;
}

/* --- packed ------------------------------------------------------------------------------- */

/* b[k,n], n ≤ TILE_N, as to[k,TILE_N]; the columns up to whole vectors are 0. */
static void FN(pack_columns)(REAL *restrict to, int64_t k, int64_t n, const REAL *restrict b,
                             int64_t row, int64_t col)
{
    int64_t width = td_round_up(n, LANES);
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
    const FN(matmul_t) *p = context;
    int64_t a_strips = TD_CEIL_DIV(p->m, TILE_M);
    const REAL *a = p->a + p->from * p->a_col, *b = p->b + p->from * p->b_row;
    for (int64_t s = begin; s < end; s++) {
        int64_t i = s * TILE_M, j = (s - a_strips) * FN(TILE_N);
        if (s < a_strips)
            FN(pack_strip)(p->a_pack + i * p->depth, TD_MIN(p->m - i, TILE_M), p->depth,
                           a + i * p->a_row, p->a_row, p->a_col);
        else if (!FN(b_in_place)(p, j))
            FN(pack_columns)(p->b_pack + j * p->depth, p->depth, TD_MIN(p->n - j, FN(TILE_N)),
                             b + j * p->b_col, p->b_row, p->b_col);
    }
}

/* One task: one strip of b times `rows` rows of a, over the slab. */
static void FN(multiply_task)(void *context, int64_t begin, int64_t end)
{
    const FN(matmul_t) *p = context;
    int64_t strips = TD_CEIL_DIV(p->n, FN(TILE_N));
    for (int64_t task = begin; task < end; task++) {
        int64_t i = task / strips * p->rows, j = task % strips * FN(TILE_N);
        int in_place = FN(b_in_place)(p, j);
        int64_t ldb = in_place ? p->b_row : FN(TILE_N);
        const REAL *b = in_place ? p->b + p->from * ldb + j : p->b_pack + j * p->depth;
        FN(seed_t) bias = {p->bias ? p->bias + j : NULL, 0, 1};
        REAL *y = p->y + i * p->n + j;
        for (int64_t t = 0; t < p->depth; t += FN(GEMM_K))
            FN(gemm_block)(TD_MIN(p->m - i, p->rows), TD_MIN(p->n - j, FN(TILE_N)),
                           TD_MIN(p->depth - t, FN(GEMM_K)), y, p->n,
                           FN(seed)(p->from + t == 0, bias, y, p->n),
                           p->a_pack + i * p->depth + t * TILE_M, p->depth * TILE_M, b + t * ldb, 0,
                           ldb);
    }
}

static td_status FN(matmul_packed)(FN(matmul_t) *p)
{
    int64_t m = td_round_up(p->m, TILE_M), n = td_round_up(p->n, FN(TILE_N));
    int64_t strips = n / FN(TILE_N), slab = td_round_up(GEMM_PACKED / (m + n) + 1, FN(GEMM_K));
    slab = TD_MIN(slab, p->k);
    p->a_pack = td_scratch(0, m * slab * sizeof(REAL));
    p->b_pack = td_scratch(1, n * slab * sizeof(REAL));
    if (!p->a_pack || !p->b_pack) return td_fail(TD_ENOMEM, "matmul: no memory to pack operands");

    /* enough tasks for many threads, and a block of a that stays in L2 */
    int64_t share = td_round_up(TD_CEIL_DIV(m, TD_CEIL_DIV(16, strips)), TILE_M);
    p->rows = TD_MIN(share, L2_PANEL / FN(GEMM_K) / (int64_t)sizeof(REAL) / TILE_M * TILE_M);
    int64_t tasks = TD_CEIL_DIV(p->m, p->rows) * strips;
    for (p->from = 0; p->from < p->k; p->from += slab) {
        p->depth = TD_MIN(slab, p->k - p->from);
        int64_t strip = p->depth * FN(TILE_N);
        td_parallel(m / TILE_M + strips, 1 + GEMM_GRAIN / 4 / strip, FN(pack_task), p);
        td_parallel(tasks, 1 + GEMM_GRAIN / (p->rows * strip), FN(multiply_task), p);
    }
    return TD_OK;
}

static td_status FN(matmul)(FN(matmul_t) *p)
{
    if (p->k == 0 || p->m * p->n * p->k <= 512) {
        FN(matmul_plain)(p);
        return TD_OK;
    }
    int along_k = p->a_col == 1 && p->b_row == 1 && p->k >= 4 * LANES;
    return along_k ? FN(matmul_dot)(p) : FN(matmul_packed)(p);
}
