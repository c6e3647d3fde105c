/* conv2d_weight_filters.inl — gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] · window(x)[n,c,r,s,p,q] with
 * filters in the lanes of vectors.
 *
 * The tile's rows are taps (c,r,s), its steps pixels: windows.inl with the tables swapped. gy is
 * transposed into L1, a strip of filters over a few hundred pixels at a time. A task is a chunk of
 * the panels of pixels times a part of the channels, whose sums stay in L2; all are cut by shape
 * alone. Each chunk is summed apart, and the chunks in order at the end.
 */

typedef struct {
    const conv_t *shape;
    FN(panel_t) panel;
    const REAL *gy;
    REAL *gw, *partial;  /* partial[chunk, group, part, rows, width] */
    int64_t chunks;      /* of panels */
    int64_t parts, part; /* of the channels: their number, and channels in one */
    int64_t rows, width; /* taps of a part and filters, rounded up */
    _Atomic td_status status;
} FN(weight_by_filters_t);

/* strip[n,width] = gy of pixels [j, j+n) of the panel that begins at `image` and row p0, filters
 * [k, k+m), transposed */
static void FN(gradient_strip)(REAL *strip, int64_t width, const FN(weight_by_filters_t) *job,
                               int64_t image, int64_t p0, int64_t rows, int64_t k, int64_t m,
                               int64_t j, int64_t n)
{
    const conv_t *v = job->shape;
    int64_t Q = v->window.w.out, plane = td_window_pixels(&v->window);
    const REAL *end = job->gy + v->n * v->k * plane;
    for (int64_t here; n > 0; n -= here, j += here, strip += here * width) {
        int64_t pixel = j % (rows * Q);
        const REAL *gy = job->gy + ((image + j / (rows * Q)) * v->k + k) * plane + p0 * Q + pixel;
        here = TD_MIN(n, rows * Q - pixel);
        for (int64_t l = 0; l < width; l += LANES)
            FN(transpose_in)(strip + l, width, gy + l * plane, plane,
                             TD_MAX(TD_MIN(m - l, LANES), 0), here, end);
    }
}

/* sums[rows,width] += what panel `index` of a group gives to the channels from c0 on */
static void FN(weight_panel)(const FN(weight_by_filters_t) *job, int64_t group, int64_t c0,
                             int64_t index, REAL *sums, REAL *panel, REAL *strip,
                             const int64_t *tap_at, int64_t *pixel_at)
{
    const conv_t *v = job->shape;
    const FN(panel_t) *most = &job->panel;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, channels = TD_MIN(cg - c0, job->part);
    int64_t image = index / most->bands * most->images, images = TD_MIN(v->n - image, most->images);
    int64_t p0 = index % most->bands * most->rows, rows = TD_MIN(v->window.h.out - p0, most->rows);
    int64_t pixels = images * rows * v->window.w.out;
    int64_t step = TD_CEIL_DIV(pixels, TD_CEIL_DIV(pixels, FN(WIDE_K)));
    FN(pack_windows)(panel, most, image, images, group * cg + c0, channels, p0);
    FN(find_pixels)(pixel_at, most, images, rows);
    for (int64_t k = 0; k < kg; k += FN(WIDE_N))
        for (int64_t j = 0; j < pixels; j += step) {
            int64_t n = TD_MIN(pixels - j, step), width = FN(strip_width)(kg - k);
            FN(gradient_strip)(strip, width, job, image, p0, rows, group * kg + k, kg - k, j, n);
            FN(wide_strip)(channels * td_taps(&v->window), width, sums + k, job->width, sums + k,
                           job->width, n, panel, tap_at, pixel_at + j, strip);
        }
}

static void FN(weight_filters_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_by_filters_t) *job = context;
    const FN(panel_t) *most = &job->panel;
    int64_t size = job->rows * job->width, groups = job->shape->groups;
    REAL *panel = td_scratch(1, FN(panel_size)(most) * sizeof(REAL));
    REAL *strip = td_scratch(2, FN(WIDE_K) *FN(WIDE_N) *sizeof(REAL));
    int64_t *at = td_scratch(3, (most->most_taps + most->most_pixels) * sizeof(int64_t));
    if (!panel || !strip || !at) {
        job->status = TD_ENOMEM;
        return;
    }
    FN(find_taps)(at, most);
    for (int64_t task = begin; task < end; task++) {
        int64_t part = task % job->parts, group = task / job->parts % groups;
        int64_t chunk = task / job->parts / groups;
        REAL *sums = job->partial + task * size;
        for (int64_t i = 0; i < size; i++) sums[i] = 0;
        for (int64_t i = most->count * chunk / job->chunks;
             i < most->count * (chunk + 1) / job->chunks; i++)
            FN(weight_panel)(job, group, part * job->part, i, sums, panel, strip, at,
                             at + most->most_taps);
    }
}

/* gw[k,c,·] = Σ_chunk partial[chunk, …], first chunk first: parts [begin, end) of all groups */
static void FN(add_weight_parts)(void *context, int64_t begin, int64_t end)
{
    const FN(weight_by_filters_t) *job = context;
    const conv_t *v = job->shape;
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, taps = td_taps(&v->window);
    int64_t size = job->rows * job->width;
    for (int64_t i = begin; i < end; i++) {
        int64_t group = i / job->parts, c = i % job->parts * job->part;
        REAL *sums = job->partial + i * size;
        for (int64_t chunk = 1; chunk < job->chunks; chunk++) {
            const REAL *more = sums + chunk * v->groups * job->parts * size;
            for (int64_t l = 0; l < size; l++) sums[l] += more[l];
        }
        FN(transpose_out)(job->gw + (group * kg * cg + c) * taps, cg * taps, sums, job->width,
                          TD_MIN(cg - c, job->part) * taps, kg);
    }
}

static td_status FN(weight_by_filters)(const conv_t *v, REAL *gw, const FN(source_t) *x,
                                       const REAL *gy)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, taps = td_taps(&v->window);
    FN(weight_by_filters_t) job = {.shape = v, .gy = gy, .gw = gw, .width = FN(strips_width)(kg)};
    job.part = TD_MAX(1, WIDE_SUMS / (job.width * taps * (int)sizeof(REAL)));
    job.part = TD_CEIL_DIV(cg, TD_CEIL_DIV(cg, job.part));
    job.parts = TD_CEIL_DIV(cg, job.part);
    job.rows = td_round_up(job.part * taps, WIDE_M);

    int64_t target = TD_MAX(FN(WIDE_K), WIDE_SUMS / (job.part * (int)sizeof(REAL)));
    target = TD_MIN(target, TD_MAX(v->n * td_window_pixels(&v->window) / MOST_CHUNKS, 64));
    job.panel = FN(panel)(x, v->n, job.part, target);
    job.chunks = TD_MIN(job.panel.count, TD_CEIL_DIV(MOST_CHUNKS, job.parts * v->groups));

    /* a square more, for transpose_out to read */
    int64_t tasks = job.chunks * v->groups * job.parts, size = job.rows * job.width;
    job.partial = td_scratch(0, (tasks * size + LANES * job.width) * sizeof(REAL));
    if (!job.partial)
        return td_fail(TD_ENOMEM, "conv2d_weight: no memory for %lld partial sums",
                       (long long)job.chunks);
    int64_t work = job.panel.count * job.panel.most_pixels / job.chunks * kg * job.part * taps;
    td_parallel(tasks, 1 + GEMM_GRAIN / work, FN(weight_filters_task), &job);
    if (job.status) return td_fail(job.status, "conv2d_weight: no memory for a panel of pixels");
    td_parallel(v->groups * job.parts, 1 + PLAIN_GRAIN / (job.chunks * size), FN(add_weight_parts),
                &job);
    return TD_OK;
}
