/* conv2d_pixels.inl — y[n,m,p,q] = bias[m] + Σ_{c,r,s} a[m,c,r,s] · window(x)[n,c,r,s,p,q] with
 * pixels in the lanes of vectors, whatever the number of filters: the packed filter times panels.
 *
 * The filter is packed once per call. A task is a block of pixels of one image and group: it packs
 * the panel of a few channels into its L2, multiplies (gemm.inl), and goes on to the next
 * channels; the matrix of all windows never exists. Nor do its overlaps: what tap r + period reads
 * is what tap r reads `shift` pixel rows further down, so the panel holds the taps r < period only,
 * over that many more rows, and a table says where in it each tap's row begins.
 */

typedef struct {
    const FN(correlate_t) *what;
    REAL *packed;                 /* [groups][m/TILE_M][channels·R·S][TILE_M] */
    int64_t span, columns, depth; /* pixels cut into tasks, in a task; channels in a panel */
    FN(source_t) tall;            /* x with the window that panels hold of it */
    int64_t extra;                /* pixels of a panel row beyond those of the task */
    _Atomic td_status status;
} FN(by_pixels_t);

/* Strips [begin, end) of the filter, a few channels of all of them at a time: whichever of m and c
 * is the inner axis of w, its memory is then read nearly in order. */
static void FN(filter_task)(void *context, int64_t begin, int64_t end)
{
    enum { FEW = 16 };
    const FN(by_pixels_t) *job = context;
    const FN(correlate_t) *p = job->what;
    const FN(filter_t) *f = &p->filter;
    int64_t R = p->x.window.h.taps, S = p->x.window.w.taps, strips = TD_CEIL_DIV(p->m, TILE_M);
    for (int64_t c0 = 0; c0 < p->channels; c0 += FEW)
        for (int64_t strip = begin; strip < end; strip++) {
            int64_t m = strip % strips * TILE_M;
            const REAL *w = f->w + strip / strips * f->group + m * f->m;
            REAL *to = job->packed + (strip * p->channels + c0) * R * S * TILE_M;
            for (int64_t c = c0; c < TD_MIN(c0 + FEW, p->channels); c++)
                for (int64_t r = 0; r < R; r++, to += S * TILE_M)
                    FN(pack_strip)(to, TD_MIN(p->m - m, TILE_M), S, w + c * f->c + r * f->r, f->m,
                                   f->s);
        }
}

/* Where in a panel of n columns row (c,r,s) begins. */
static void FN(find_rows)(const FN(by_pixels_t) *job, int64_t *at, int64_t n)
{
    const axis_t *h = &job->what->x.window.h, *w = &job->what->x.window.w;
    int64_t rows = job->tall.window.h.taps, ld = FN(panel_pitch)(n + job->extra);
    for (int64_t c = 0; c < job->depth; c++)
        for (int64_t r = 0; r < h->taps; r++)
            for (int64_t s = 0; s < w->taps; s++)
                *at++ = ((c * rows + r % rows) * w->taps + s) * ld + r / rows * h->shift * w->out;
}

/* Columns [j0, j0+n) of images·P·Q of one group into c[m,n], rows ldc apart. */
static void FN(pixels_block)(const FN(by_pixels_t) *job, int64_t group, int64_t j0, int64_t n,
                             REAL *c, int64_t ldc, REAL *panel, int64_t *at)
{
    const FN(correlate_t) *p = job->what;
    int64_t taps = td_taps(&p->x.window), k = p->channels * taps;
    int64_t pixels = td_window_pixels(&p->x.window), tall = td_window_pixels(&job->tall.window);
    const REAL *a = job->packed + group * td_round_up(p->m, TILE_M) * k;
    FN(seed_t) bias = {p->bias ? p->bias + group * p->m : NULL, 1, 0};
    FN(find_rows)(job, at, n);
    for (int64_t c0 = 0; c0 < p->channels; c0 += job->depth) {
        int64_t channels = TD_MIN(p->channels - c0, job->depth);
        FN(pack_panel)(panel, &job->tall, group * p->channels + c0, channels,
                       j0 / pixels * tall + j0 % pixels, n + job->extra);
        FN(gemm_block)(p->m, n, channels * taps, c, ldc, FN(seed)(c0 == 0, bias, c, ldc),
                       a + c0 * taps * TILE_M, k * TILE_M, panel, at);
    }
}

/* c[m,n], computed beside y, to where its pixels belong. */
static void FN(put_pixels)(const FN(correlate_t) *p, int64_t group, int64_t j0, int64_t n,
                           const REAL *c)
{
    int64_t Q = p->x.window.w.out, pixels = p->x.window.h.out * Q;
    for (int64_t j = 0, here; j < n; j += here) {
        int64_t image = (j0 + j) / pixels, pixel = (j0 + j) % pixels;
        here = TD_MIN(n - j, Q - pixel % Q);
        REAL *y = p->y + (image * p->groups + group) * p->m * p->plane + p->offset +
                  pixel / Q * p->y_h + pixel % Q * p->y_w;
        for (int64_t i = 0; i < p->m; i++)
            for (int64_t l = 0; l < here; l++) y[i * p->plane + l * p->y_w] = c[i * n + j + l];
    }
}

/* One task is one group's block of `columns` pixels of `span` (an image, or all of them). */
static void FN(pixels_task)(void *context, int64_t begin, int64_t end)
{
    FN(by_pixels_t) *job = context;
    const FN(correlate_t) *p = job->what;
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    int64_t pixels = h->out * w->out, blocks = TD_CEIL_DIV(job->span, job->columns);
    int in_place = job->span == pixels && p->y_w == 1 && p->y_h == w->out;
    int64_t rows = job->depth * job->tall.window.h.taps * w->taps;
    REAL *panel = td_scratch(1, rows * FN(panel_pitch)(job->columns + job->extra) * sizeof(REAL));
    REAL *beside = td_scratch(2, in_place ? 1 : p->m * job->columns * sizeof(REAL));
    int64_t *at = td_scratch(3, job->depth * h->taps * w->taps * sizeof(int64_t));
    if (!panel || !beside || !at) {
        job->status = TD_ENOMEM;
        return;
    }
    for (int64_t task = begin; task < end; task++) {
        int64_t start = task % blocks * job->columns, n = TD_MIN(job->span - start, job->columns);
        int64_t group = task / blocks % p->groups,
                j0 = task / blocks / p->groups * job->span + start;
        if (in_place) {
            REAL *y = p->y + (j0 / pixels * p->groups + group) * p->m * p->plane + start;
            FN(pixels_block)(job, group, j0, n, y, p->plane, panel, at);
        } else {
            FN(pixels_block)(job, group, j0, n, beside, n, panel, at);
            FN(put_pixels)(p, group, j0, n, beside);
        }
    }
}

/* All of the filter, once per call. */
static td_status FN(pack_by_pixels)(FN(by_pixels_t) *job)
{
    const FN(correlate_t) *p = job->what;
    int64_t k = p->channels * td_taps(&p->x.window), strips = p->groups * TD_CEIL_DIV(p->m, TILE_M);
    job->packed = td_scratch(0, strips * TILE_M * k * sizeof(REAL));
    if (!job->packed) return td_fail(TD_ENOMEM, "conv2d: no memory to pack the filter");
    td_parallel(strips, 1 + GEMM_GRAIN / 4 / (k * TILE_M), FN(filter_task), job);
    return TD_OK;
}

static td_status FN(correlate_by_pixels)(const FN(correlate_t) *p)
{
    FN(by_pixels_t) job = {.what = p, .tall = p->x};
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    int64_t taps = h->taps * w->taps, pixels = h->out * w->out, k = p->channels * taps;
    TD_TRY(FN(pack_by_pixels)(&job));

    /* A panel row of about a kilobyte, of whole pixel rows when they are shorter; less when there
     * is little work to share. Images that hardly fill a tile are taken together. */
    int64_t all = p->images * pixels;
    job.span = pixels < 2 * FN(TILE_N) ? all : pixels;
    int64_t columns = 1024 / ((int)sizeof(REAL) * FN(TILE_N))*FN(TILE_N);
    columns = TD_MIN(columns, td_round_up(all * p->groups / 8 + 1, FN(TILE_N)));
    if (columns > w->out) columns = columns / w->out * w->out;
    job.columns = TD_MIN(columns, job.span);

    if (job.span == pixels) {
        int64_t further = (h->taps - 1) / h->period * h->shift;
        job.tall.window.h.taps = h->period;
        job.tall.window.h.out += further;
        job.extra = further * w->out;
    }
    int64_t row = p->channels * job.tall.window.h.taps * w->taps * (int64_t)sizeof(REAL);
    int64_t panels = TD_CEIL_DIV(row * (job.columns + job.extra), CONV_PANEL);
    job.depth = TD_CEIL_DIV(p->channels, TD_MIN(panels, p->channels));
    int64_t tasks = all / job.span * p->groups * TD_CEIL_DIV(job.span, job.columns);
    td_parallel(tasks, 1 + GEMM_GRAIN / (p->m * k * job.columns), FN(pixels_task), &job);
    return job.status ? td_fail(job.status, "conv2d: no memory for a panel of pixels") : TD_OK;
}
