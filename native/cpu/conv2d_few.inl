/* conv2d_few.inl — y[n,m,p,q] = bias[m] + Σ_{c,r,s} a[m,c,r,s] · window(x)[n,c,r,s,p,q] for groups
 * with few filters: the gradient of images with few channels, depthwise convolution with a stride.
 *
 * A panel (windows.inl) has no stride and no edge, so under each tap a vector of pixels is a vector
 * of the panel, wherever that begins. FEW_V of them are kept in registers for one or two
 * filters while their taps pass by. Rows of the panel are taken as one long row: what is computed
 * between two rows of pixels is thrown away.
 */

typedef struct {
    const FN(correlate_t) *what;
    FN(panel_t) panel;
    int64_t columns; /* of a panel, in whole vectors */
    _Atomic td_status status;
} FN(few_t);

/* sums[f, vectors·LANES] = start + Σ_t w[f,t] x[at[t] + ·] for one or two filters f, whose sums are
 * `columns` apart; start is bias[f], or the sums themselves without one. */
TD_INLINE void FN(few_tile)(const int filters, const int vectors, REAL *sums, int64_t columns,
                            const REAL *bias, int64_t k, const REAL *x, const int64_t *at,
                            const REAL *w)
{
    VEC sum[2][FEW_V];
    for (int f = 0; f < filters; f++)
        for (int v = 0; v < vectors; v++)
            sum[f][v] = bias ? FN(splat)(bias[f]) : FN(load)(sums + f * columns + v * LANES);
    for (int64_t t = 0; t < k; t++) {
        VEC tap[2];
        for (int f = 0; f < filters; f++) tap[f] = FN(splat)(w[f * k + t]);
        for (int v = 0; v < vectors; v++) {
            VEC pixels = FN(load)(x + at[t] + v * LANES);
            if (filters > 1) TD_KEEP(pixels);
            for (int f = 0; f < filters; f++) sum[f][v] += tap[f] * pixels;
        }
    }
    for (int f = 0; f < filters; f++)
        for (int v = 0; v < vectors; v++) FN(store)(sums + f * columns + v * LANES, sum[f][v]);
}

/* The same for n columns, in whole vectors. */
TD_INLINE void FN(few_row)(const int filters, int64_t n, REAL *sums, int64_t columns,
                           const REAL *bias, int64_t k, const REAL *x, const int64_t *at,
                           const REAL *w)
{
    int64_t j = 0;
    for (; n - j > (FEW_V - 1) * LANES; j += FEW_V * LANES)
        FN(few_tile)(filters, FEW_V, sums + j, columns, bias, k, x + j, at, w);
    for (; n - j > LANES; j += 2 * LANES)
        FN(few_tile)(filters, 2, sums + j, columns, bias, k, x + j, at, w);
    if (j < n) FN(few_tile)(filters, 1, sums + j, columns, bias, k, x + j, at, w);
}

/* sums[m, columns] of m filters w[m,k] over n columns, from the bias on where there is one */
static void FN(few_rows)(int64_t m, int64_t n, REAL *sums, int64_t columns, const REAL *bias,
                         int64_t k, const REAL *x, const int64_t *at, const REAL *w)
{
    int64_t f = 0;
    for (; f + 2 <= m; f += 2)
        FN(few_row)(2, n, sums + f * columns, columns, bias ? bias + f : NULL, k, x, at, w + f * k);
    if (f < m)
        FN(few_row)(1, n, sums + f * columns, columns, bias ? bias + f : NULL, k, x, at, w + f * k);
}

/* w[channels·R·S] = the taps of one filter, its channels from c0 on */
static void FN(copy_taps)(REAL *w, const FN(correlate_t) *p, const REAL *from, int64_t channels)
{
    const FN(filter_t) *f = &p->filter;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t r = 0; r < p->x.window.h.taps; r++)
            for (int64_t s = 0; s < p->x.window.w.taps; s++)
                *w++ = from[c * f->c + r * f->r + s * f->s];
}

/* Rows of sums to where their pixels belong in one plane of y. A row's last vector may be written
 * whole where the next row will be. */
static void FN(put_rows)(const FN(few_t) *job, int64_t plane, int64_t p0, int64_t rows,
                         const REAL *sums)
{
    const FN(correlate_t) *p = job->what;
    const int64_t Q = p->x.window.w.out, width = job->panel.width, y_w = p->y_w, y_h = p->y_h;
    REAL *y = p->y + plane * p->plane + p->offset + p0 * y_h, *end = y + (rows - 1) * y_h + Q;
    for (int64_t i = 0; i < rows; i++, y += y_h, sums += width) {
        int64_t j = 0;
        if (y_w == 1 && y_h == Q)
            for (; j < Q && end - (y + j) >= LANES; j += LANES)
                FN(store)(y + j, FN(load)(sums + j));
        for (; j < Q; j++) y[j * y_w] = sums[j];
    }
}

/* A task is some rows of pixels of one image and group. */
static void FN(few_task)(void *context, int64_t begin, int64_t end)
{
    FN(few_t) *job = context;
    const FN(correlate_t) *p = job->what;
    const FN(panel_t) *most = &job->panel;
    int64_t P = p->x.window.h.out, Q = p->x.window.w.out, taps = td_taps(&p->x.window);
    REAL *panel =
        td_scratch(1, (FN(panel_size)(most) + p->m * (most->depth * taps + 1)) * sizeof(REAL));
    REAL *sums = td_scratch(2, p->m * job->columns * sizeof(REAL));
    int64_t *at = td_scratch(3, most->most_taps * sizeof(int64_t));
    if (!panel || !sums || !at) {
        job->status = TD_ENOMEM;
        return;
    }
    REAL *bias = panel + FN(panel_size)(most), *w = bias + p->m;
    FN(find_taps)(at, most);
    for (int64_t task = begin; task < end; task++) {
        int64_t p0 = task % most->bands * most->rows, rows = TD_MIN(P - p0, most->rows);
        int64_t group = task / most->bands % p->groups, image = task / most->bands / p->groups;
        for (int64_t c = 0; c < p->channels; c += most->depth) {
            int64_t channels = TD_MIN(p->channels - c, most->depth);
            FN(pack_windows)(panel, most, image, 1, group * p->channels + c, channels, p0);
            for (int64_t m = 0; m < p->m; m++) {
                const REAL *filter = p->filter.w + group * p->filter.group + m * p->filter.m;
                FN(copy_taps)(w + m * channels * taps, p, filter + c * p->filter.c, channels);
                bias[m] = p->bias ? p->bias[group * p->m + m] : 0;
            }
            FN(few_rows)(p->m, (rows - 1) * most->width + Q, sums, job->columns, c ? NULL : bias,
                         channels * taps, panel, at, w);
        }
        for (int64_t m = 0; m < p->m; m++)
            FN(put_rows)(job, (image * p->groups + group) * p->m + m, p0, rows,
                         sums + m * job->columns);
    }
}

static FN(panel_t) FN(few_panel)(const FN(source_t) *x, int64_t channels)
{
    int64_t pixels = TD_MIN(td_window_pixels(&x->window), FEW_PIXELS);
    return FN(panel)(x, 1, TD_MAX(1, TD_MIN(channels, FEW_PANEL / pixels)), FEW_PIXELS);
}

static td_status FN(correlate_few)(const FN(correlate_t) *p)
{
    FN(few_t) job = {.what = p, .panel = FN(few_panel)(&p->x, p->channels)};
    job.columns = td_round_up(job.panel.rows * job.panel.width, LANES);
    int64_t work = p->m * p->channels * td_taps(&p->x.window) * job.columns;
    td_parallel(p->images * p->groups * job.panel.bands, 1 + GEMM_GRAIN / work, FN(few_task), &job);
    return job.status ? td_fail(job.status, "conv2d: no memory for a panel of pixels") : TD_OK;
}
