/* conv2d_weight_pixels.inl — gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] · window(x)[n,c,r,s,p,q] with
 * pixels in the lanes of vectors, whatever the number of filters.
 *
 * Both factors run along the pixels, so this is dot.inl on two panels: rows of gy and rows of
 * windows, a few hundred pixels (of several images, when they are small) at a time; rows of gy are
 * read where they lie if that is in whole vectors. The pixels are cut into chunks by shape alone;
 * each is summed apart, and the chunks in order at the end.
 */

typedef struct {
    const conv_t *shape;
    FN(source_t) x;
    const REAL *gy;
    REAL *gw, *partial;        /* partial[chunk, group, cg·R·S, kg]: as dot.inl writes it */
    int64_t chunks, parts;     /* tasks: chunk × group × part of its channels */
    int64_t panels, columns;   /* of pixels: their number, and the length of one */
    int64_t part, depth, rows; /* channels of a part and of a panel, rows of gy in a panel */
    _Atomic td_status status;
} FN(weight_t);

/* panel[rows, n] of gy from channel k0, column j0 of N·P·Q on, zeros after n */
static void FN(pack_gradient)(REAL *panel, const FN(weight_t) *p, int64_t k0, int64_t rows,
                              int64_t j0, int64_t n)
{
    int64_t pixels = p->shape->window.h.out * p->shape->window.w.out, ld = FN(panel_pitch)(n);
    for (int64_t i = 0; i < rows; i++, panel += ld) {
        for (int64_t done = 0, here; done < n; done += here) {
            int64_t image = (j0 + done) / pixels, pixel = (j0 + done) % pixels;
            here = TD_MIN(n - done, pixels - pixel);
            memcpy(panel + done, p->gy + (image * p->shape->k + k0 + i) * pixels + pixel,
                   here * sizeof(REAL));
        }
        FN(store)(panel + n, FN(splat)(0));
    }
}

static void FN(weight_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_t) *p = context;
    const conv_t *v = p->shape;
    const window_t *window = &v->window;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, taps = window->h.taps * window->w.taps;
    int64_t pixels = td_window_pixels(window), total = v->n * pixels,
            ld = FN(panel_pitch)(p->columns);
    REAL *windows = td_scratch(1, p->depth * taps * ld * sizeof(REAL));
    REAL *gradient = td_scratch(2, p->rows * ld * sizeof(REAL));
    if (!windows || !gradient) {
        p->status = TD_ENOMEM;
        return;
    }
    for (int64_t task = begin; task < end; task++) {
        int64_t chunk = task / p->parts / v->groups, group = task / p->parts % v->groups;
        int64_t c_begin = task % p->parts * p->part, c_end = TD_MIN(cg, c_begin + p->part);
        REAL *sum = p->partial + (chunk * v->groups + group) * cg * taps * kg;
        for (int64_t i = c_begin * taps * kg; i < c_end * taps * kg; i++) sum[i] = 0;

        int64_t first = p->panels * chunk / p->chunks, last = p->panels * (chunk + 1) / p->chunks;
        for (int64_t j = first * p->columns; j < TD_MIN(last * p->columns, total);
             j += p->columns) {
            int64_t n = TD_MIN(total - j, p->columns);
            for (int64_t k = 0; k < kg; k += p->rows) {
                int64_t rows = TD_MIN(kg - k, p->rows), pitch = pixels;
                const REAL *gy = p->gy + (j / pixels * v->k + group * kg + k) * pixels + j % pixels;
                if (n % LANES || j % pixels + n > pixels) { /* no whole vectors of one image */
                    FN(pack_gradient)(gradient, p, group * kg + k, rows, j, n);
                    gy = gradient, pitch = FN(panel_pitch)(n);
                }
                for (int64_t c = c_begin; c < c_end; c += p->depth) {
                    int64_t channels = TD_MIN(c_end - c, p->depth);
                    FN(pack_panel)(windows, &p->x, group * cg + c, channels, j, n);
                    FN(dot_block)(channels * taps, rows, td_round_up(n, LANES),
                                  sum + c * taps * kg + k, kg, windows, FN(panel_pitch)(n), gy,
                                  pitch);
                }
            }
        }
    }
}

/* gw[k,·] = Σ_chunk partial[chunk, group of k, ·, k], first chunk first; filters [begin, end) */
static void FN(add_chunks)(void *context, int64_t begin, int64_t end)
{
    const FN(weight_t) *p = context;
    const conv_t *v = p->shape;
    int64_t kg = v->k / v->groups, size = v->c / v->groups * v->window.h.taps * v->window.w.taps;
    for (int64_t k = begin; k < end; k++)
        for (int64_t i = 0; i < size; i++) {
            const REAL *from = p->partial + (k / kg * size + i) * kg + k % kg;
            REAL sum = 0;
            for (int64_t chunk = 0; chunk < p->chunks; chunk++) sum += from[chunk * v->k * size];
            p->gw[k * size + i] = sum;
        }
}

static td_status FN(weight_by_pixels)(const conv_t *v, REAL *gw, const FN(source_t) *x,
                                      const REAL *gy)
{
    const axis_t *h = &v->window.h, *w = &v->window.w;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, taps = h->taps * w->taps;
    int64_t size = v->k * cg * taps, total = v->n * h->out * w->out;
    FN(weight_t) p = {.shape = v, .x = *x, .gy = gy, .gw = gw};
    int64_t unit = h->out * w->out <= FN(DOT_K) ? h->out * w->out : w->out; /* cut between these */
    p.columns = TD_MIN(total, unit <= FN(DOT_K) ? FN(DOT_K) / unit * unit : FN(DOT_K));
    p.panels = TD_CEIL_DIV(total, p.columns);
    int64_t bytes = p.columns * sizeof(REAL);
    p.chunks = TD_MIN(p.panels, TD_MAX(1, TD_MIN(MOST_CHUNKS, GEMM_PACKED / size)));
    p.parts = TD_MIN(cg, TD_CEIL_DIV(MOST_CHUNKS, p.chunks * v->groups));
    p.part = TD_CEIL_DIV(cg, p.parts);
    p.parts = TD_CEIL_DIV(cg, p.part);
    p.depth = TD_CEIL_DIV(p.part, TD_MIN(p.part, TD_CEIL_DIV(p.part * taps * bytes, L2_PANEL)));
    p.rows = TD_MIN(kg, TD_MAX(1, L2_PANEL / bytes / DOT_N) * DOT_N);
    p.partial = td_scratch(0, p.chunks * size * sizeof(REAL));
    if (!p.partial)
        return td_fail(TD_ENOMEM, "conv2d_weight: no memory for %lld partial sums",
                       (long long)p.chunks);

    int64_t work = p.panels * p.columns / p.chunks * kg * p.part * taps;
    td_parallel(p.chunks * v->groups * p.parts, 1 + GEMM_GRAIN / work, FN(weight_task), &p);
    if (p.status) return td_fail(p.status, "conv2d_weight: no memory for a panel of pixels");
    td_parallel(v->k, 1 + PLAIN_GRAIN * v->k / (size * p.chunks), FN(add_chunks), &p);
    return TD_OK;
}
