/* conv2d_points.inl — y[n,m,p,q] = bias[m] + Σ_c a[m,c] · x[n,c,p,q]: windows of one tap
 * without stride or padding, a product of matrices for each image.
 *
 * The filter is packed once per call, as gemm.inl wants it. A task is a strip of TILE_N pixels:
 * those of a few hundred channels are copied into L1, one after another, and meet all filters.
 */

/* strip[channels, TILE_N] = n pixels of planes that are `plane` apart; what is not before `end` is
 * not read, and what follows in each plane is asked for. */
static void FN(pack_points)(REAL *strip, int64_t channels, int64_t n, const REAL *x, int64_t plane,
                            const REAL *end)
{
    for (int64_t c = 0; c < channels; c++, strip += FN(TILE_N), x += plane)
        for (int64_t j = 0; j < n; j += LANES) {
            __builtin_prefetch(x + j + FN(TILE_N));
            FN(store)(strip + j, FN(load_until)(x + j, end));
        }
}

/* A task is one group's strip of pixels of one image. */
static void FN(points_task)(void *context, int64_t begin, int64_t end)
{
    FN(by_pixels_t) *job = context;
    const FN(correlate_t) *p = job->what;
    int64_t pixels = td_window_pixels(&p->x.window), strips = TD_CEIL_DIV(pixels, FN(TILE_N));
    int64_t depth = TD_CEIL_DIV(p->channels, TD_CEIL_DIV(p->channels, FN(GEMM_K)));
    REAL *strip = td_scratch(1, FN(GEMM_K) *FN(TILE_N) *sizeof(REAL));
    if (!strip) {
        job->status = TD_ENOMEM;
        return;
    }
    int64_t at[FN(GEMM_K)];
    for (int64_t t = 0; t < depth; t++) at[t] = t * FN(TILE_N);
    for (int64_t task = begin; task < end; task++) {
        int64_t j = task % strips * FN(TILE_N), n = TD_MIN(pixels - j, FN(TILE_N));
        int64_t group = task / strips % p->groups, image = task / strips / p->groups;
        const REAL *a = job->packed + group * td_round_up(p->m, TILE_M) * p->channels;
        const REAL *x = p->x.x + image * p->x.image + group * p->channels * p->x.channel + j;
        REAL *y = p->y + (image * p->groups + group) * p->m * p->plane + j;
        FN(seed_t) bias = {p->bias ? p->bias + group * p->m : NULL, 1, 0};
        for (int64_t c = 0; c < p->channels; c += depth) {
            int64_t k = TD_MIN(p->channels - c, depth);
            FN(pack_points)(strip, k, n, x + c * p->x.channel, p->x.channel, p->x.end);
            FN(gemm_block)(p->m, n, k, y, p->plane, FN(seed)(c == 0, bias, y, p->plane),
                           a + c * TILE_M, p->channels * TILE_M, strip, at);
        }
    }
}

/* Whether the window is a point, and planes are large enough for strips. */
static int FN(is_point)(const FN(correlate_t) *p)
{
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    return td_taps(&p->x.window) == 1 && h->step == 1 && w->step == 1 && h->out == h->in &&
           w->out == w->in && h->first == 0 && w->first == 0 && p->y_w == 1 && p->y_h == w->out &&
           td_window_pixels(&p->x.window) >= 2 * FN(TILE_N);
}

static td_status FN(correlate_points)(const FN(correlate_t) *p)
{
    FN(by_pixels_t) job = {.what = p};
    TD_TRY(FN(pack_by_pixels)(&job));
    int64_t tasks = TD_CEIL_DIV(td_window_pixels(&p->x.window), FN(TILE_N)) * p->images * p->groups;
    td_parallel(tasks, 1 + GEMM_GRAIN / (p->m * p->channels * FN(TILE_N)), FN(points_task), &job);
    return job.status ? td_fail(job.status, "conv2d: no memory for a strip of pixels") : TD_OK;
}
