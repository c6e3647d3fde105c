/* loss.inl — cross-entropy rows, once per real dtype.
 *
 * The row's maximum is subtracted before any exponential, so nothing overflows, and the loss is
 * log Σ − (x[t] − max), which keeps its digits where the logits are large.
 */

/* The m ≤ LANES first elements of x; the lanes without one hold `fill`. */
TD_INLINE VEC FN(fetch)(const REAL *x, int64_t m, REAL fill)
{
    return m >= LANES ? FN(load)(x) : FN(load_some)(x, m, FN(splat)(fill));
}

/* Whether this row's target is a class; notes the row where it neither is nor may be ignored. */
static int FN(counts)(loss_t *job, int64_t row)
{
    const int64_t t = job->target[row];
    if (t == job->ignore_index) return 0;
    if (t >= 0 && t < job->c) return 1;
    td_keep_min(&job->bad, row);
    return 0;
}

static void FN(cross_entropy)(void *context, int64_t begin, int64_t end)
{
    loss_t *job = context;
    const int64_t c = job->c;
    for (int64_t row = begin; row < end; row++) {
        const REAL *x = (const REAL *)job->x + row * c;
        VEC best = FN(splat)(-(REAL)INFINITY), sum = FN(splat)(0);
        for (int64_t j = 0; j < c; j += LANES)
            best = FN(more)(FN(fetch)(x + j, c - j, -(REAL)INFINITY), best);
        best = FN(most_across)(best); /* NaN may be overlooked: x − best has it all the same */
        for (int64_t j = 0; j < c; j += LANES)
            sum += FN(vexp)(FN(fetch)(x + j, c - j, -(REAL)INFINITY) - best);
        const REAL max = best[0];
        const REAL log_total = FN(vlog)(FN(sum_across)(sum))[0];
        ((REAL *)job->lse)[row] = max + log_total;
        ((REAL *)job->loss)[row] =
            FN(counts)(job, row) ? log_total - (x[job->target[row]] - max) : 0;
    }
}

/* Of losses that are there already. Rows are few beside their elements: one thread, in order. */
static void FN(cross_entropy_mean)(const loss_t *job, REAL *mean, REAL *count)
{
    double sum = 0;
    int64_t counted = 0;
    for (int64_t row = 0; row < job->n; row++) {
        sum += ((const REAL *)job->loss)[row];
        counted += job->target[row] != job->ignore_index;
    }
    *mean = (REAL)(sum / (double)counted);
    *count = (REAL)counted;
}

static void FN(cross_entropy_grad)(void *context, int64_t begin, int64_t end)
{
    loss_t *job = context;
    const int64_t c = job->c;
    for (int64_t row = begin; row < end; row++) {
        const REAL *x = (const REAL *)job->x + row * c;
        REAL *gx = (REAL *)job->gx + row * c;
        if (!FN(counts)(job, row)) {
            memset(gx, 0, (size_t)c * sizeof *gx);
            continue;
        }
        const REAL g = ((const REAL *)job->g)[row * job->g_stride];
        const REAL lse = ((const REAL *)job->lse)[row];
        const int64_t t = job->target[row];
        for (int64_t j = 0; j < c; j += LANES) {
            const VEC v = FN(vexp)(FN(fetch)(x + j, c - j, lse) - lse) * g;
            if (c - j >= LANES)
                FN(store)(gx + j, v);
            else
                FN(store_some)(gx + j, c - j, v);
        }
        gx[t] = (FN(vexp)(FN(splat)(x[t] - lse))[0] - 1) * g;
    }
}
