/* matmul.inl — which way one product goes, and the matrices of a batch one after the other.
 *
 * The way, and with it the order of every sum, depends on shapes and strides, never on threads.
 */

static td_status FN(matmul)(const FN(matmul_t) *p)
{
    if (p->k == 0 || p->m * p->n * p->k <= PLAIN_WORK) {
        FN(matmul_plain)(p);
        return TD_OK;
    }
    if (p->n == 1 && p->m > 1 && !p->bias) { /* yᵀ = bᵀ·aᵀ */
        return FN(matmul)(&(FN(matmul_t)){1, p->m, p->k, p->y, p->b, p->a, p->b_col, p->b_row,
                                          p->a_col, p->a_row, NULL});
    }
    if (p->m <= 2 && p->b_col == 1 && p->n >= LANES) return FN(matmul_rows)(p);
    int along_k = p->a_col == 1 && p->b_row == 1 && p->k >= 4 * LANES;
    int few = p->m <= FEW_ROWS || (p->n <= FEW_COLUMNS && p->k >= 16 * LANES);
    return along_k && few ? FN(matmul_dot)(p) : FN(matmul_packed)(p);
}

/* Matrices [begin, end) of the batch. */
static void FN(multiply)(void *context, int64_t begin, int64_t end)
{
    batch_t *batch = context;
    for (int64_t index = begin; index < end; index++) {
        const matrices_t at = td_batch_at(batch, index);
        FN(matmul_t) p = {.m = at.m, .n = at.n, .k = at.k, .y = (REAL *)at.y};
        p.a = (const REAL *)at.a, p.a_row = at.a_row, p.a_col = at.a_col;
        p.b = (const REAL *)at.b, p.b_row = at.b_row, p.b_col = at.b_col;
        p.bias = batch->bias ? batch->bias->data : NULL;
        td_status status = FN(matmul)(&p);
        if (status != TD_OK) batch->status = status;
    }
}
