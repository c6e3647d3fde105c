/* conv2d_filters.inl — y[n,m,p,q] = bias[m] + Σ_{c,r,s} a[m,c,r,s] · window(x)[n,c,r,s,p,q] with
 * filters in the lanes of vectors: fast for planes of any size where there are filters enough.
 *
 * The filter is packed once per call, transposed: [strips of m][c,r,s][WIDE_N]. A task is a panel
 * of pixels. It packs a few of their channels (windows.inl), multiplies, adds to sums[pixel,m] in
 * its L2, and goes on to the next channels; in the end the sums are transposed into y.
 */

typedef struct {
    const FN(correlate_t) *what;
    FN(panel_t) panel;
    int64_t width;       /* of sums: m in whole strips */
    REAL *packed, *bias; /* [groups, width·channels·R·S], [groups, width] */
    _Atomic td_status status;
} FN(by_filters_t);

/* to[taps of all channels, width] = filters w[m,·] of one strip, zeros from m on. Taps that lie one
 * after another, forwards or backwards, are transposed; others are copied one by one. */
static void FN(pack_filters)(REAL *to, int64_t width, const FN(correlate_t) *p, const REAL *w,
                             int64_t m)
{
    const FN(filter_t) *f = &p->filter;
    int64_t S = p->x.window.w.taps, taps = td_taps(&p->x.window), channels = p->channels,
            run = taps;
    int ahead = f->s == 1 && f->r == S, back = f->s == -1 && f->r == -S;
    if (ahead && f->c == taps) channels = 1, run = p->channels * taps;
    for (int64_t c = 0; c < channels; c++, w += f->c, to += run * width)
        for (int64_t j = 0; j < width; j += LANES) {
            const REAL *from = w + j * f->m;
            int64_t n = TD_MAX(TD_MIN(m - j, LANES), 0);
            if (ahead)
                FN(transpose_in)(to + j, width, from, f->m, n, run, f->end);
            else if (back)
                FN(transpose_in)(to + (run - 1) * width + j, -width, from - (run - 1), f->m, n, run,
                                 f->end);
            else
                for (int64_t t = 0; t < run; t++)
                    for (int64_t l = 0; l < LANES; l++)
                        to[t * width + j + l] =
                            l < n ? from[l * f->m + t / S * f->r + t % S * f->s] : 0;
        }
}

/* Strips [begin, end) of all groups' filters and bias. */
static void FN(pack_filters_task)(void *context, int64_t begin, int64_t end)
{
    FN(by_filters_t) *job = context;
    const FN(correlate_t) *p = job->what;
    int64_t k = p->channels * td_taps(&p->x.window), strips = TD_CEIL_DIV(p->m, FN(WIDE_N));
    for (int64_t strip = begin; strip < end; strip++) {
        int64_t group = strip / strips, m = strip % strips * FN(WIDE_N), n = p->m - m;
        REAL *bias = job->bias + group * job->width + m;
        int64_t width = FN(strip_width)(n);
        FN(pack_filters)(job->packed + (group * job->width + m) * k, width, p,
                         p->filter.w + group * p->filter.group + m * p->filter.m, n);
        for (int64_t j = 0; j < width; j++)
            bias[j] = p->bias && j < n ? p->bias[group * p->m + m + j] : 0;
    }
}

/* sums[pixels, width] of one group and panel of pixels */
static void FN(filters_block)(const FN(by_filters_t) *job, int64_t group, int64_t image,
                              int64_t images, int64_t p0, int64_t rows, REAL *panel, REAL *sums,
                              int64_t *tap_at, int64_t *pixel_at)
{
    const FN(correlate_t) *p = job->what;
    int64_t taps = td_taps(&p->x.window), k = p->channels * taps, width = job->width;
    int64_t pixels = images * rows * p->x.window.w.out;
    FN(find_taps)(tap_at, &job->panel);
    FN(find_pixels)(pixel_at, &job->panel, images, rows);
    for (int64_t c = 0; c < p->channels; c += job->panel.depth) {
        int64_t channels = TD_MIN(p->channels - c, job->panel.depth), end = (c + channels) * taps;
        FN(pack_windows)(panel, &job->panel, image, images, group * p->channels + c, channels, p0);
        for (int64_t m = 0; m < p->m; m += FN(WIDE_N)) {
            int64_t columns = FN(strip_width)(p->m - m);
            const REAL *filter = job->packed + (group * width + m) * k;
            for (int64_t t = c * taps; t < end; t += FN(WIDE_K)) {
                const REAL *seed = t ? sums + m : job->bias + group * width + m;
                FN(wide_strip)(pixels, columns, sums + m, width, seed, t ? width : 0,
                               TD_MIN(end - t, FN(WIDE_K)), panel, pixel_at, tap_at + t - c * taps,
                               filter + t * columns);
            }
        }
    }
}

/* sums[pixels, width] of one image to where its pixels belong. */
static void FN(put_sums)(const FN(by_filters_t) *job, int64_t group, int64_t image, int64_t p0,
                         int64_t rows, const REAL *sums)
{
    const FN(correlate_t) *p = job->what;
    int64_t Q = p->x.window.w.out;
    REAL *y = p->y + (image * p->groups + group) * p->m * p->plane + p->offset + p0 * p->y_h;
    if (p->y_w == 1 && p->y_h == Q)
        FN(transpose_out)(y, p->plane, sums, job->width, rows * Q, p->m);
    else
        for (int64_t i = 0; i < rows; i++)
            for (int64_t m = 0; m < p->m; m++)
                for (int64_t j = 0; j < Q; j++)
                    y[m * p->plane + i * p->y_h + j * p->y_w] = sums[(i * Q + j) * job->width + m];
}

/* A task is one group of one panel of pixels. */
static void FN(filters_task)(void *context, int64_t begin, int64_t end)
{
    FN(by_filters_t) *job = context;
    const FN(correlate_t) *p = job->what;
    const FN(panel_t) *most = &job->panel;
    int64_t P = p->x.window.h.out, Q = p->x.window.w.out;
    REAL *panel = td_scratch(1, FN(panel_size)(most) * sizeof(REAL));
    REAL *sums = td_scratch(2, (most->most_pixels + LANES) * job->width * sizeof(REAL));
    int64_t *at = td_scratch(3, (most->most_taps + most->most_pixels) * sizeof(int64_t));
    if (!panel || !sums || !at) {
        job->status = TD_ENOMEM;
        return;
    }
    for (int64_t task = begin; task < end; task++) {
        int64_t band = task % most->bands, group = task / most->bands % p->groups;
        int64_t image = task / most->bands / p->groups * most->images;
        int64_t images = TD_MIN(p->images - image, most->images);
        int64_t p0 = band * most->rows, rows = TD_MIN(P - p0, most->rows);
        FN(filters_block)(job, group, image, images, p0, rows, panel, sums, at,
                          at + most->most_taps);
        for (int64_t n = 0; n < images; n++)
            FN(put_sums)(job, group, image + n, p0, rows, sums + n * rows * Q * job->width);
    }
}

static td_status FN(correlate_by_filters)(const FN(correlate_t) *p)
{
    FN(by_filters_t) job = {.what = p, .width = FN(strips_width)(p->m)};
    int64_t k = p->channels * td_taps(&p->x.window), strips = TD_CEIL_DIV(p->m, FN(WIDE_N));
    job.packed = td_scratch(0, p->groups * job.width * (k + 1) * sizeof(REAL));
    if (!job.packed) return td_fail(TD_ENOMEM, "conv2d: no memory to pack the filter");
    job.bias = job.packed + p->groups * job.width * k;
    td_parallel(strips * p->groups, 1 + GEMM_GRAIN / 4 / (k * FN(WIDE_N)), FN(pack_filters_task),
                &job);

    /* Pixels of a task: enough to use a strip of the filter often, as many as leave the sums in
     * L2; fewer where there is little work to share, unless each task reads the filter from L3. */
    int in_l2 = job.width * k * (int64_t)sizeof(REAL) <= WIDE_FILTER;
    int64_t pixels = p->images * td_window_pixels(&p->x.window);
    int64_t target = TD_MAX(WIDE_PIXELS, WIDE_SUMS / (job.width * (int)sizeof(REAL)));
    target = TD_MIN(target, pixels * p->groups / 8);
    target = TD_MAX(target, in_l2 ? 4 * WIDE_M : WIDE_PIXELS);
    int64_t blocks = TD_MIN(p->channels, TD_CEIL_DIV(k, FN(WIDE_K)));
    job.panel = FN(panel)(&p->x, p->images, TD_CEIL_DIV(p->channels, blocks), target);
    int64_t work = p->m * k * job.panel.most_pixels;
    td_parallel(job.panel.count * p->groups, 1 + GEMM_GRAIN / work, FN(filters_task), &job);
    return job.status ? td_fail(job.status, "conv2d: no memory for a panel of pixels") : TD_OK;
}
