/* conv2d_weight_few.inl — gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] · window(x)[n,c,r,s,p,q] for groups
 * with few filters, with pixels in the lanes of vectors.
 *
 * As in conv2d_few.inl a panel's rows are one long row. A plane of gy is copied to rows as far
 * apart, with zeros in between, and meets FEW_TAPS taps at a time, whose sums stay in registers.
 * Sums are kept as vectors until all images have been added. The images are cut into chunks by
 * shape alone; each is summed apart, and the chunks in order at the end.
 *
 * 0·∞ is not 0, and what a tap meets in between is not its window. So a chunk that comes to NaN or
 * ∞ is summed once more, and then x counts as 0 there.
 */

typedef struct {
    const conv_t *shape;
    FN(panel_t) panel;
    const REAL *gy;
    REAL *partial;   /* partial[chunk, groups, kg, cg·R·S] */
    int64_t chunks;  /* of panels */
    int64_t columns; /* of a panel, in whole vectors */
    int64_t taps;    /* of the channels of a panel, in whole tiles */
    int64_t blocks;  /* of channels */
    int64_t size;    /* of the sums of one chunk and group */
    _Atomic td_status status;
} FN(weight_few_t);

/* sums[FEW_TAPS, LANES] += gy[n] · x[at[t] + ·], where `inside` is not 0 if there is one; n is in
 * whole vectors */
TD_INLINE void FN(few_dots)(REAL *sums, int64_t n, const REAL *gy, const REAL *inside,
                            const REAL *x, const int64_t *at)
{
    const REAL *from[FEW_TAPS];
    VEC sum[FEW_TAPS];
    for (int t = 0; t < FEW_TAPS; t++) {
        from[t] = x + at[t];
        sum[t] = FN(load)(sums + t * LANES);
    }
    for (int64_t j = 0; j < n; j += LANES) {
        VEC g = FN(load)(gy + j);
        for (int t = 0; t < FEW_TAPS; t++) {
            VEC pixels = FN(load)(from[t] + j);
            if (inside) pixels = FN(select)(FN(load)(inside + j) != 0, pixels, FN(splat)(0));
            sum[t] += g * pixels;
        }
    }
    for (int t = 0; t < FEW_TAPS; t++) FN(store)(sums + t * LANES, sum[t]);
}

/* sums[kg, blocks, taps, LANES] += what rows [p0, p0+rows) of one image and group give; inside[] is
 * for a panel that ends where this one does */
static void FN(weight_few_panel)(const FN(weight_few_t) *job, int64_t image, int64_t group,
                                 int64_t p0, int64_t rows, REAL *sums, REAL *panel, REAL *gradient,
                                 const REAL *inside, const int64_t *at)
{
    const conv_t *v = job->shape;
    const FN(panel_t) *most = &job->panel;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, plane = td_window_pixels(&v->window);
    int64_t Q = v->window.w.out, n = (rows - 1) * most->width + Q;
    for (int64_t block = 0; block < job->blocks; block++) {
        int64_t c = block * most->depth, channels = TD_MIN(cg - c, most->depth);
        FN(pack_windows)(panel, most, image, 1, group * cg + c, channels, p0);
        for (int64_t m = 0; m < kg; m++) {
            const REAL *gy = job->gy + (image * v->k + group * kg + m) * plane + p0 * Q;
            const REAL *end = job->gy + v->n * v->k * plane;
            for (int64_t i = 0; i < rows; i++)
                FN(pad_row)(gradient + i * most->width, 0, Q, most->width, gy + i * Q, 1, end,
                            plane);
            FN(zeros)(gradient + rows * most->width, LANES);
            for (int64_t t = 0; t < channels * td_taps(&v->window); t += FEW_TAPS) {
                REAL *sum = sums + ((m * job->blocks + block) * job->taps + t) * LANES;
                if (inside)
                    FN(few_dots)(sum, n, gradient, inside, panel, at + t);
                else
                    FN(few_dots)(sum, n, gradient, NULL, panel, at + t);
            }
        }
    }
}

/* partial[kg, cg·R·S] of one chunk of the panels of one group; whether all of it is finite */
static int FN(weight_few_chunk)(const FN(weight_few_t) *job, int64_t chunk, int64_t group,
                                REAL *partial, REAL *sums, REAL *panel, REAL *gradient,
                                const REAL *inside, const int64_t *at)
{
    const conv_t *v = job->shape;
    const FN(panel_t) *most = &job->panel;
    int64_t kg = v->k / v->groups, k = v->c / v->groups * td_taps(&v->window);
    int64_t panels = v->n * most->bands, depth = most->depth * td_taps(&v->window);
    FN(zeros)(sums, job->size);
    for (int64_t i = panels * chunk / job->chunks; i < panels * (chunk + 1) / job->chunks; i++) {
        int64_t p0 = i % most->bands * most->rows, rows = TD_MIN(v->window.h.out - p0, most->rows);
        FN(weight_few_panel)(job, i / most->bands, group, p0, rows, sums, panel, gradient,
                             inside ? inside + (most->rows - rows) * most->width : NULL, at);
    }
    REAL none = 0;
    for (int64_t i = 0; i < kg * k; i++) {
        int64_t m = i / k, block = i % k / depth, t = i % k % depth;
        const REAL *from = sums + ((m * job->blocks + block) * job->taps + t) * LANES;
        REAL total = 0;
        for (int l = 0; l < LANES; l++) total += from[l];
        partial[i] = total;
        none += total - total;
    }
    return none == 0;
}

/* A task is a chunk of the panels of one group. */
static void FN(weight_few_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_few_t) *job = context;
    const conv_t *v = job->shape;
    const FN(panel_t) *most = &job->panel;
    int64_t row = job->columns + LANES,
            size = v->k / v->groups * (v->c / v->groups) * td_taps(&v->window);
    REAL *panel = td_scratch(1, (FN(panel_size)(most) + 2 * row) * sizeof(REAL));
    REAL *sums = td_scratch(2, job->size * sizeof(REAL));
    int64_t *at = td_scratch(3, (most->most_taps + FEW_TAPS) * sizeof(int64_t));
    if (!panel || !sums || !at) {
        job->status = TD_ENOMEM;
        return;
    }
    REAL *gradient = panel + FN(panel_size)(most), *inside = gradient + row;
    FN(find_taps)(at, most);
    for (int64_t t = most->depth * td_taps(&v->window); t < job->taps; t++)
        at[t] = 0; /* of a last tile; nobody reads its sums */
    for (int64_t i = 0; i < row; i++)
        inside[i] = i < most->rows * most->width && i % most->width < v->window.w.out;
    for (int64_t task = begin; task < end; task++) {
        int64_t chunk = task / v->groups, group = task % v->groups;
        REAL *partial = job->partial + task * size;
        if (!FN(weight_few_chunk)(job, chunk, group, partial, sums, panel, gradient, NULL, at))
            FN(weight_few_chunk)(job, chunk, group, partial, sums, panel, gradient, inside, at);
    }
}

/* gw[size] = Σ_chunk partial[chunk, size], first chunk first */
static void FN(add_partial)(REAL *gw, const REAL *partial, int64_t chunks, int64_t size)
{
    for (int64_t i = 0; i < size; i++) {
        gw[i] = 0;
        for (int64_t chunk = 0; chunk < chunks; chunk++) gw[i] += partial[chunk * size + i];
    }
}

static td_status FN(weight_few)(const conv_t *v, REAL *gw, const FN(source_t) *x, const REAL *gy)
{
    int64_t cg = v->c / v->groups, taps = td_taps(&v->window), size = v->k * cg * taps;
    FN(weight_few_t) job = {.shape = v, .gy = gy};
    job.panel = FN(few_panel)(x, cg);
    job.columns = td_round_up(job.panel.rows * job.panel.width, LANES);
    job.taps = td_round_up(job.panel.depth * taps, FEW_TAPS);
    job.blocks = TD_CEIL_DIV(cg, job.panel.depth);
    job.size = v->k / v->groups * job.blocks * job.taps * LANES;
    int64_t panels = v->n * job.panel.bands;
    job.chunks = TD_MIN(panels, TD_CEIL_DIV(MOST_CHUNKS, v->groups));
    job.partial = td_scratch(0, job.chunks * size * sizeof(REAL));
    if (!job.partial)
        return td_fail(TD_ENOMEM, "conv2d_weight: no memory for %lld partial sums",
                       (long long)job.chunks);
    int64_t work = panels * job.columns / job.chunks * size / v->groups;
    td_parallel(job.chunks * v->groups, 1 + GEMM_GRAIN / (work + 1), FN(weight_few_task), &job);
    if (job.status) return td_fail(job.status, "conv2d_weight: no memory for a panel of pixels");
    FN(add_partial)(gw, job.partial, job.chunks, size);
    return TD_OK;
}
