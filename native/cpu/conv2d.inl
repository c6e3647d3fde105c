/* conv2d.inl — the three convolutions: which way each goes. Shapes alone decide. */

static td_status FN(correlate_directly)(const FN(correlate_t) *p)
{
    int depthwise = p->m == 1 && p->channels == 1,
        dense = p->y_w == 1 && p->y_h == p->x.window.w.out;
    if (depthwise && dense && FN(is_depthwise)(&p->x.window)) return FN(correlate_depthwise)(p);
    if (p->m <= FEW_FILTERS) return FN(correlate_few)(p);
    if (FN(is_point)(p)) return FN(correlate_points)(p);
    /* Filters in the lanes: enough of them, in sums that are worth transposing; those of a single
     * vector only where planes of pixels are all edges. */
    int many = p->m >= LANES && p->channels * td_taps(&p->x.window) >= 32;
    int fill = 2 * p->m >= 3 * LANES || td_window_pixels(&p->x.window) < 8 * LANES;
    return many && fill ? FN(correlate_by_filters)(p) : FN(correlate_by_pixels)(p);
}

static td_status FN(correlate)(const FN(correlate_t) *p)
{
    int dense = p->y_w == 1 && p->y_h == p->x.window.w.out;
    if (!dense || !FN(winograd_wins)(&p->x.window, p->images, p->m, p->channels))
        return FN(correlate_directly)(p);
    FN(correlate_t) again;
    TD_TRY(FN(correlate_winograd)(p, &again));
    return again.images ? FN(correlate_directly)(&again) : TD_OK;
}

/* y = x ⋆ w + b */
static td_status FN(conv2d)(const conv_t *v, REAL *y, const REAL *x, const REAL *w, const REAL *b)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, S = v->window.w.taps;
    int64_t taps = td_taps(&v->window), out = td_window_pixels(&v->window);
    int64_t in = v->window.h.in * v->window.w.in;
    if (v->n * v->k * out * cg * taps <= PLAIN_WORK) {
        td_parallel(v->n * v->k, 1 + PLAIN_GRAIN / (out * cg * taps + 1), FN(conv2d_plain),
                    &(FN(conv2d_plain_t)){*v, y, x, w, b});
        return TD_OK;
    }
    FN(correlate_t) p = {.images = v->n, .groups = v->groups, .m = kg, .channels = cg};
    p.x = (FN(source_t)){x, x + v->n * v->c * in, v->c * in, in, v->window};
    p.filter = (FN(filter_t)){.w = w, .end = w + v->k * cg * taps, .group = kg * cg * taps};
    p.filter.m = cg * taps, p.filter.c = taps, p.filter.r = S, p.filter.s = 1;
    p.bias = b, p.y = y;
    p.plane = out, p.y_h = v->window.w.out, p.y_w = 1;
    return FN(correlate)(&p);
}

/* gx = gy ⋆ w turned around: pixels of one phase of the stride form a convolution of stride 1. */
static td_status FN(conv2d_input)(const conv_t *v, REAL *gx, const REAL *gy, const REAL *w)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups;
    const axis_t *h = &v->window.h, *x = &v->window.w;
    int64_t taps = td_taps(&v->window), in = h->in * x->in, out = td_window_pixels(&v->window);
    if (v->n * v->c * out * kg * taps <= PLAIN_WORK) {
        td_parallel(v->n * v->c, 1 + PLAIN_GRAIN / (out * kg * taps + 1), FN(conv2d_input_plain),
                    &(FN(conv2d_plain_t)){*v, gx, gy, w, NULL});
        return TD_OK;
    }
    int seen =
        h->period == h->step && x->period == x->step; /* each pixel is in some window's reach */
    if (!seen) memset(gx, 0, v->n * v->c * in * sizeof(REAL));
    for (int64_t i = 0; i < TD_MIN(h->step, h->in); i++)
        for (int64_t j = 0; j < TD_MIN(x->step, x->in); j++) {
            int64_t r, s;
            window_t phase = {td_input_axis(h, i, &r), td_input_axis(x, j, &s)};
            if (td_taps(&phase) * td_window_pixels(&phase) == 0) continue;
            FN(correlate_t) p = {.images = v->n, .groups = v->groups, .m = cg, .channels = kg};
            p.x = (FN(source_t)){gy, gy + v->n * v->k * out, v->k * out, out, phase};
            p.filter = (FN(filter_t)){.w = w + r * x->taps + s, .group = kg * cg * taps};
            p.filter.end = w + v->k * cg * taps;
            p.filter.m = taps, p.filter.c = cg * taps;
            p.filter.r = -h->period * x->taps, p.filter.s = -x->period;
            p.y = gx, p.plane = in;
            p.y_h = h->step * x->in, p.y_w = x->step, p.offset = i * x->in + j;
            TD_TRY(FN(correlate)(&p));
        }
    return TD_OK;
}

static td_status FN(conv2d_weight)(const conv_t *v, REAL *gw, const REAL *x, const REAL *gy)
{
    int64_t cg = v->c / v->groups, kg = v->k / v->groups, taps = td_taps(&v->window);
    int64_t total = v->n * td_window_pixels(&v->window), in = v->window.h.in * v->window.w.in;
    if (v->k * cg * taps * total <= PLAIN_WORK) {
        td_parallel(v->k * cg, 1 + PLAIN_GRAIN / (taps * total + 1), FN(conv2d_weight_plain),
                    &(FN(conv2d_plain_t)){*v, gw, x, gy, NULL});
        return TD_OK;
    }
    FN(source_t) source = {x, x + v->n * v->c * in, v->c * in, in, v->window};
    if (FN(winograd_wins)(&v->window, v->n, kg, cg)) {
        int lost = 0;
        TD_TRY(FN(weight_winograd)(v, gw, &source, gy, &lost));
        if (!lost) return TD_OK;
    }
    if (kg == 1 && cg == 1 && FN(is_depthwise)(&v->window))
        return FN(weight_depthwise)(v, gw, &source, gy);
    if (kg <= FEW_FILTERS) return FN(weight_few)(v, gw, &source, gy);
    return kg >= LANES && cg * taps > 64 ? FN(weight_by_filters)(v, gw, &source, gy)
                                         : FN(weight_by_pixels)(v, gw, &source, gy);
}
