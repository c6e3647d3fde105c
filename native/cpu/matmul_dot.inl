/* matmul_dot.inl — y[m,n] = a[m,k] · b[n,k]ᵀ (+ bias[n]), rows of both operands along k: x·wᵀ.
 *
 * dot.inl multiplies them as they are. An operand that many tiles meet is first copied into blocks
 * of k that are aligned and fit the caches; one that few tiles meet is read where it lies.
 */

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
                   .y = p->y,
                   .bias = p->bias};
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
