/* conv2d_pack.inl — the panel of a sliding window: row (c,r,s), column (n,p,q), as gemm.inl and
 * dot.inl want it, for a few channels and pixels at a time.
 *
 * A row of the panel is one tap over many pixels. When the output is as wide as the input and the
 * stride is 1, that is the input plane itself, shifted: one long copy, and then zeros in the few
 * columns where the shift ran over the end of a row. Otherwise it is copied pixel row by pixel row.
 */

/* Rows of a panel are this far apart: whole vectors may be read and there is room for zeros. */
static int64_t FN(panel_pitch)(int64_t columns) { return td_round_up(columns, LANES) + LANES; }

/* The outputs that one tap reads inside the input: rows [p1,p2), columns [q1,q2); and the element
 * of the plane that output (0,0) would read. */
typedef struct {
    int64_t p1, p2, q1, q2, origin;
} FN(tap_t);

static FN(tap_t) FN(tap)(const window_t *v, int64_t r, int64_t s)
{
    const axis_t *h = &v->h, *w = &v->w;
    FN(tap_t) tap = {.origin = (r * h->tap + h->first) * w->in + s * w->tap + w->first};
    td_inside(h, h->out, r, &tap.p1, &tap.p2);
    td_inside(w, w->out, s, &tap.q1, &tap.q2);
    return tap;
}

/* to[rows·Q] = pixel rows p0 … of one plane under one tap, where stride is 1 and Q = W */
static void FN(pack_shifted)(REAL *restrict to, const REAL *restrict x, const window_t *v,
                             const FN(tap_t) *tap, int64_t p0, int64_t rows)
{
    int64_t Q = v->w.out, shift = p0 * Q + tap->origin;
    int64_t p1 = TD_MIN(TD_MAX(tap->p1 - p0, 0), rows), p2 = TD_MAX(TD_MIN(tap->p2 - p0, rows), p1);

    /* Clipped to the plane: what that leaves out lies in columns that will be zero. */
    int64_t begin = TD_MAX(p1 * Q, -shift), end = TD_MIN(p2 * Q, v->h.in * Q - shift);
    for (int64_t j = 0; j < p1 * Q; j++) to[j] = 0;
    if (begin < end) memcpy(to + begin, x + shift + begin, (end - begin) * sizeof(REAL));
    for (int64_t j = p2 * Q; j < rows * Q; j++) to[j] = 0;
    for (int64_t q = 0; q < tap->q1; q++)
        for (int64_t p = p1; p < p2; p++) to[p * Q + q] = 0;
    for (int64_t q = tap->q2; q < Q; q++)
        for (int64_t p = p1; p < p2; p++) to[p * Q + q] = 0;
}

/* to[n] = the pixels from (p,q) on, of one plane under one tap */
static void FN(pack_rows)(REAL *restrict to, const REAL *restrict x, const window_t *v,
                          const FN(tap_t) *tap, int64_t p, int64_t q, int64_t n)
{
    const axis_t *h = &v->h, *w = &v->w;
    for (int64_t here; n > 0; n -= here, to += here, p++, q = 0) {
        here = TD_MIN(w->out - q, n);
        int64_t from = p * h->step * w->in + q * w->step + tap->origin;
        int64_t begin = TD_MIN(TD_MAX(tap->q1 - q, 0), here);
        int64_t end = TD_MAX(TD_MIN(tap->q2 - q, here), begin);
        if (p < tap->p1 || p >= tap->p2) end = begin;
        for (int64_t j = 0; j < begin; j++) to[j] = 0;
        if (w->step == 1)
            for (int64_t j = begin; j < end; j++) to[j] = x[from + j];
        else if (w->step == 2)
            for (int64_t j = begin; j < end; j++) to[j] = x[from + 2 * j];
        else
            for (int64_t j = begin; j < end; j++) to[j] = x[from + j * w->step];
        for (int64_t j = end; j < here; j++) to[j] = 0;
    }
}

/* panel[(c·R + r)·S + s, j] for channels [c0, c0+channels) and columns [j0, j0+n) of N·P·Q, rows
 * panel_pitch(n) apart with zeros after n. */
static void FN(pack_panel)(REAL *panel, const FN(source_t) *from, int64_t c0, int64_t channels,
                           int64_t j0, int64_t n)
{
    const window_t *v = &from->window;
    int64_t Q = v->w.out, pixels = v->h.out * Q, taps = v->h.taps * v->w.taps;
    int64_t ld = FN(panel_pitch)(n);
    int same = v->h.step == 1 && v->w.step == 1 && v->w.in == Q;
    for (int64_t done = 0, here; done < n; done += here) {
        int64_t image = (j0 + done) / pixels, pixel = (j0 + done) % pixels, p = pixel / Q;
        here = TD_MIN(n - done, pixels - pixel);
        int shifted = same && pixel == p * Q && here % Q == 0;
        for (int64_t t = 0; t < taps; t++) {
            FN(tap_t) tap = FN(tap)(v, t / v->w.taps, t % v->w.taps);
            const REAL *x = from->x + image * from->image + c0 * from->channel;
            REAL *to = panel + t * ld + done;
            for (int64_t c = 0; c < channels; c++, x += from->channel, to += taps * ld)
                if (shifted)
                    FN(pack_shifted)(to, x, v, &tap, p, here / Q);
                else
                    FN(pack_rows)(to, x, v, &tap, p, pixel - p * Q, here);
        }
    }
    for (int64_t t = 0; t < channels * taps; t++) FN(store)(panel + t * ld + n, FN(splat)(0));
}
