/* conv2d.inl — y[n,m,p,q] = bias[m] + Σ_{c,r,s} a[m,c,r,s] · window(x)[n,c,r,s,p,q], as a product
 * of the packed filter with panels of pixels: convolution and its input gradient.
 *
 * The filter is packed once per call. A task is a block of pixels of one image and group: it packs
 * the panel of a few channels into its L2, multiplies (gemm.inl), and goes on to the next
 * channels; the matrix of all windows never exists. Nor do its overlaps: what tap r + period reads
 * is what tap r reads `shift` pixel rows further down, so the panel holds the taps r < period only,
 * over that many more rows, and a table says where in it each tap's row begins.
 */

/* filter[m,c,r,s] of each group, at any strides: the input gradient reads it turned around */
typedef struct {
    const REAL *w;
    int64_t group, m, c, r, s;
} FN(filter_t);

typedef struct {
    int64_t images, groups, m, channels; /* m and channels of one group */
    FN(source_t) x;                      /* its window as given; `tall` is what panels hold of it */
    FN(filter_t) filter;
    const REAL *bias;                /* NULL or groups·m numbers */
    REAL *y;                         /* [images, groups·m, plane] */
    int64_t plane, y_h, y_w, offset; /* pixel (p,q) is offset + p·y_h + q·y_w of its plane */

    REAL *packed;                 /* [groups][m/TILE_M][channels·R·S][TILE_M] */
    int64_t span, columns, depth; /* pixels cut into tasks, in a task; channels in a panel */
    FN(source_t) tall;
    int64_t extra; /* pixels of a panel row beyond those of the task */
    _Atomic td_status status;
} FN(correlate_t);

/* Strips [begin, end) of the filter, a few channels of all of them at a time: whichever of m and c
 * is the inner axis of w, its memory is then read nearly in order. */
static void FN(filter_task)(void *context, int64_t begin, int64_t end)
{
    enum { FEW = 16 };
    const FN(correlate_t) *p = context;
    const FN(filter_t) *f = &p->filter;
    int64_t R = p->x.window.h.taps, S = p->x.window.w.taps, strips = TD_CEIL_DIV(p->m, TILE_M);
    for (int64_t c0 = 0; c0 < p->channels; c0 += FEW)
        for (int64_t strip = begin; strip < end; strip++) {
            int64_t m = strip % strips * TILE_M;
            const REAL *w = f->w + strip / strips * f->group + m * f->m;
            REAL *to = p->packed + (strip * p->channels + c0) * R * S * TILE_M;
            for (int64_t c = c0; c < TD_MIN(c0 + FEW, p->channels); c++)
                for (int64_t r = 0; r < R; r++, to += S * TILE_M)
                    FN(pack_strip)(to, TD_MIN(p->m - m, TILE_M), S, w + c * f->c + r * f->r, f->m,
                                   f->s);
        }
}

/* Where in a panel of n columns row (c,r,s) begins. */
static void FN(find_rows)(const FN(correlate_t) *p, int64_t *at, int64_t n)
{
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    int64_t rows = p->tall.window.h.taps, ld = FN(panel_pitch)(n + p->extra);
    for (int64_t c = 0; c < p->depth; c++)
        for (int64_t r = 0; r < h->taps; r++)
            for (int64_t s = 0; s < w->taps; s++)
                *at++ = ((c * rows + r % rows) * w->taps + s) * ld + r / rows * h->shift * w->out;
}

/* Columns [j0, j0+n) of images·P·Q of one group into c[m,n], rows ldc apart. */
static void FN(correlate_block)(const FN(correlate_t) *p, int64_t group, int64_t j0, int64_t n,
                                REAL *c, int64_t ldc, REAL *panel, int64_t *at)
{
    int64_t taps = p->x.window.h.taps * p->x.window.w.taps, k = p->channels * taps;
    int64_t pixels = p->x.window.h.out * p->x.window.w.out;
    int64_t tall = p->tall.window.h.out * p->tall.window.w.out;
    const REAL *a = p->packed + group * td_round_up(p->m, TILE_M) * k;
    FN(seed_t) bias = {p->bias ? p->bias + group * p->m : NULL, 1, 0};
    FN(find_rows)(p, at, n);
    for (int64_t c0 = 0; c0 < p->channels; c0 += p->depth) {
        int64_t channels = TD_MIN(p->channels - c0, p->depth);
        FN(pack_panel)(panel, &p->tall, group * p->channels + c0, channels,
                       j0 / pixels * tall + j0 % pixels, n + p->extra);
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
static void FN(correlate_task)(void *context, int64_t begin, int64_t end)
{
    FN(correlate_t) *p = context;
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    int64_t pixels = h->out * w->out, blocks = TD_CEIL_DIV(p->span, p->columns);
    int in_place = p->span == pixels && p->y_w == 1 && p->y_h == w->out;
    int64_t rows = p->depth * p->tall.window.h.taps * w->taps;
    REAL *panel = td_scratch(1, rows * FN(panel_pitch)(p->columns + p->extra) * sizeof(REAL));
    REAL *beside = td_scratch(2, in_place ? 1 : p->m * p->columns * sizeof(REAL));
    int64_t *at = td_scratch(3, p->depth * h->taps * w->taps * sizeof(int64_t));
    if (!panel || !beside || !at) {
        p->status = TD_ENOMEM;
        return;
    }
    for (int64_t task = begin; task < end; task++) {
        int64_t start = task % blocks * p->columns, n = TD_MIN(p->span - start, p->columns);
        int64_t group = task / blocks % p->groups, j0 = task / blocks / p->groups * p->span + start;
        if (in_place) {
            REAL *y = p->y + (j0 / pixels * p->groups + group) * p->m * p->plane + start;
            FN(correlate_block)(p, group, j0, n, y, p->plane, panel, at);
        } else {
            FN(correlate_block)(p, group, j0, n, beside, n, panel, at);
            FN(put_pixels)(p, group, j0, n, beside);
        }
    }
}

static td_status FN(correlate)(FN(correlate_t) *p)
{
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    int64_t taps = h->taps * w->taps, pixels = h->out * w->out, k = p->channels * taps;
    int64_t strips = p->groups * TD_CEIL_DIV(p->m, TILE_M);
    p->packed = td_scratch(0, strips * TILE_M * k * sizeof(REAL));
    if (!p->packed) return td_fail(TD_ENOMEM, "conv2d: no memory to pack the filter");
    td_parallel(strips, 1 + GEMM_GRAIN / 4 / (k * TILE_M), FN(filter_task), p);

    /* A panel row of about a kilobyte, of whole pixel rows when they are shorter; less when there
     * is little work to share. Images that hardly fill a tile are taken together. */
    int64_t all = p->images * pixels;
    p->span = pixels < 2 * FN(TILE_N) ? all : pixels;
    int64_t columns = 1024 / ((int)sizeof(REAL) * FN(TILE_N))*FN(TILE_N);
    columns = TD_MIN(columns, td_round_up(all * p->groups / 8 + 1, FN(TILE_N)));
    if (columns > w->out) columns = columns / w->out * w->out;
    p->columns = TD_MIN(columns, p->span);

    p->tall = p->x;
    if (p->span == pixels) {
        int64_t further = (h->taps - 1) / h->period * h->shift;
        p->tall.window.h.taps = h->period;
        p->tall.window.h.out += further;
        p->extra = further * w->out;
    }
    int64_t row = p->channels * p->tall.window.h.taps * w->taps * (int64_t)sizeof(REAL);
    int64_t panels = TD_CEIL_DIV(row * (p->columns + p->extra), CONV_PANEL);
    p->depth = TD_CEIL_DIV(p->channels, TD_MIN(panels, p->channels));
    int64_t tasks = all / p->span * p->groups * TD_CEIL_DIV(p->span, p->columns);
    td_parallel(tasks, 1 + GEMM_GRAIN / (p->m * k * p->columns), FN(correlate_task), p);
    return p->status ? td_fail(p->status, "conv2d: no memory for a panel of pixels") : TD_OK;
}

/* y = x ⋆ w + b */
static td_status FN(conv2d)(const conv_t *v, REAL *y, const REAL *x, const REAL *w, const REAL *b)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups;
    int64_t R = v->window.h.taps, S = v->window.w.taps;
    int64_t in = v->window.h.in * v->window.w.in, out = v->window.h.out * v->window.w.out;
    if (kg == 1 || v->n * v->k * out * cg * R * S <= PLAIN_WORK) {
        td_parallel(v->n * v->k, 1 + PLAIN_GRAIN / (out * cg * R * S + 1), FN(conv2d_plain),
                    &(FN(conv2d_plain_t)){*v, y, x, w, b});
        return TD_OK;
    }
    FN(correlate_t) p = {.images = v->n, .groups = v->groups, .m = kg, .channels = cg};
    p.x = (FN(source_t)){x, v->c * in, in, v->window};
    p.filter = (FN(filter_t)){.w = w, .group = kg * cg * R * S};
    p.filter.m = cg * R * S, p.filter.c = R * S, p.filter.r = S, p.filter.s = 1;
    p.bias = b, p.y = y;
    p.plane = out, p.y_h = v->window.w.out, p.y_w = 1;
    return FN(correlate)(&p);
}

/* gx = gy ⋆ w turned around: pixels of one phase of the stride form a convolution of stride 1. */
static td_status FN(conv2d_input)(const conv_t *v, REAL *gx, const REAL *gy, const REAL *w)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups;
    const axis_t *h = &v->window.h, *x = &v->window.w;
    int64_t taps = h->taps * x->taps, in = h->in * x->in, out = h->out * x->out;
    if (cg == 1 || v->n * v->c * out * kg * taps <= PLAIN_WORK) {
        td_parallel(v->n * v->c, 1 + PLAIN_GRAIN / (out * kg * taps + 1), FN(conv2d_input_plain),
                    &(FN(conv2d_plain_t)){*v, gx, gy, w, NULL});
        return TD_OK;
    }
    if (h->step > 1 || x->step > 1) memset(gx, 0, v->n * v->c * in * sizeof(REAL));
    for (int64_t i = 0; i < h->step; i++)
        for (int64_t j = 0; j < x->step; j++) {
            int64_t r, s;
            window_t phase = {td_input_axis(h, i, &r), td_input_axis(x, j, &s)};
            if (phase.h.taps * phase.w.taps * phase.h.out * phase.w.out == 0) continue;
            FN(correlate_t) p = {.images = v->n, .groups = v->groups, .m = cg, .channels = kg};
            p.x = (FN(source_t)){gy, v->k * out, out, phase};
            p.filter = (FN(filter_t)){.w = w + r * x->taps + s, .group = kg * cg * taps};
            p.filter.m = taps, p.filter.c = cg * taps;
            p.filter.r = -h->period * x->taps, p.filter.s = -x->period;
            p.y = gx, p.plane = in;
            p.y_h = h->step * x->in, p.y_w = x->step, p.offset = i * x->in + j;
            TD_TRY(FN(correlate)(&p));
        }
    return TD_OK;
}
