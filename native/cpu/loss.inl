/* loss.inl — cross-entropy rows, once per real dtype.
 *
 * The row's maximum is subtracted before any exponential, so nothing overflows, and the loss is
 * log Σ − (x[t] − max), which keeps its digits where the logits are large.
 */

/* The m ≤ LANES first elements of x; the lanes without one hold `fill`. */
TD_INLINE VEC FN(fetch)(const REAL *x, int64_t m, REAL fill)
{
    if (m == LANES) return FN(load)(x);
    VEC v = FN(splat)(fill);
    for (int64_t j = 0; j < m; j++) v[j] = x[j];
    return v;
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
            best = FN(vmax)(best, FN(fetch)(x + j, TD_MIN(c - j, LANES), -(REAL)INFINITY));
        REAL max = best[0], total = 0;
        for (int k = 1; k < LANES; k++) max = best[k] > max || best[k] != best[k] ? best[k] : max;
        for (int64_t j = 0; j < c; j += LANES) {
            const int64_t m = TD_MIN(c - j, LANES);
            VEC e = FN(vexp)(FN(fetch)(x + j, m, -(REAL)INFINITY) - max);
            sum += e;
        }
        for (int k = 0; k < LANES; k++) total += sum[k];
        const REAL log_total = FN(vlog)(FN(splat)(total))[0];
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
            const int64_t m = TD_MIN(c - j, LANES);
            VEC v = FN(vexp)(FN(fetch)(x + j, m, lse) - lse);
            if (t >= j && t < j + m) v[t - j] -= 1;
            v *= g;
            if (m == LANES)
                FN(store)(gx + j, v);
            else
                for (int64_t k = 0; k < m; k++) gx[j + k] = v[k];
        }
    }
}
