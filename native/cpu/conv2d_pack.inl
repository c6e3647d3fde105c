/* conv2d_pack.inl — the panel of a sliding window: row (c,r,s), column (n,p,q), as gemm.inl and
 * dot.inl want it, for a few channels and pixels at a time.
 *
 * Each channel is first copied once with its zero padding, split by stride into grids on which
 * every tap reads neighbours: a grid is small and stays in L1. A panel row is then nothing but
 * whole-vector copies of the grid's rows, Q numbers each; what a copy spills over the end of its
 * row, the next one overwrites.
 */

typedef struct {
    const REAL *x;          /* channel 0 of image 0 */
    int64_t image, channel; /* the ways to the next */
    window_t window;
} FN(source_t);

static int64_t FN(panel_pitch)(int64_t columns) { return td_round_up(columns, LANES) + LANES; }

static int64_t FN(grid_pitch)(const axis_t *w)
{
    return w->out + (w->taps - 1) / w->period * w->shift;
}

/* Elements of the largest grid that `columns` pixels in a row need. */
static int64_t FN(grid_size)(const window_t *v, int64_t columns)
{
    int64_t rows = TD_MIN(v->h.out, columns / TD_MAX(v->w.out, 1) + 2);
    rows += (v->h.taps - 1) / v->h.period * v->h.shift;
    return rows * FN(grid_pitch)(&v->w) + LANES;
}

/* grid[i,j] = x[(p0+i)·step + r·tap + first, j·step + s·tap + first] or 0, for i < rows */
static void FN(fill_grid)(REAL *restrict grid, const REAL *restrict x, const window_t *v,
                          int64_t p0, int64_t rows, int64_t r, int64_t s)
{
    const axis_t *h = &v->h, *w = &v->w;
    int64_t pitch = FN(grid_pitch)(w), begin, end;
    td_inside(w, pitch, s, &begin, &end);
    for (int64_t i = 0; i < rows; i++, grid += pitch) {
        int64_t at = (p0 + i) * h->step + r * h->tap + h->first;
        int64_t stop = at >= 0 && at < h->in ? end : begin;
        int64_t from = at * w->in + s * w->tap + w->first;
        for (int64_t j = 0; j < begin; j++) grid[j] = 0;
        if (w->step == 1 && stop > begin)
            memcpy(grid + begin, x + from + begin, (stop - begin) * sizeof(REAL));
        else
            for (int64_t j = begin; j < stop; j++) grid[j] = x[from + j * w->step];
        for (int64_t j = stop; j < pitch; j++) grid[j] = 0;
    }
}

/* to[n] = the pixels from column q of the grid's row on, `width` in a row. */
TD_INLINE void FN(copy_pixels)(REAL *to, const REAL *from, int64_t pitch, int64_t width, int64_t q,
                               int64_t n)
{
    for (int64_t j = 0, here; j < n; j += here, from += pitch, q = 0) {
        here = TD_MIN(width - q, n - j);
        for (int64_t l = 0; l < here; l += LANES) FN(store)(to + j + l, FN(load)(from + q + l));
    }
}

/* panel[(c·R + r)·S + s, j] for channels [c0, c0+channels) and columns [j0, j0+n) of N·P·Q, rows
 * panel_pitch(n) apart with zeros after n. */
static void FN(pack_panel)(REAL *panel, REAL *grid, const FN(source_t) *from, int64_t c0,
                           int64_t channels, int64_t j0, int64_t n)
{
    const axis_t *h = &from->window.h, *w = &from->window.w;
    int64_t pixels = h->out * w->out, ld = FN(panel_pitch)(n), pitch = FN(grid_pitch)(w);
    for (int64_t done = 0, here; done < n; done += here) {
        int64_t pixel = (j0 + done) % pixels, p0 = pixel / w->out;
        here = TD_MIN(n - done, pixels - pixel);
        int64_t rows = (pixel + here - 1) / w->out + 1 - p0;
        rows += (h->taps - 1) / h->period * h->shift;
        const REAL *x = from->x + (j0 + done) / pixels * from->image + c0 * from->channel;
        for (int64_t c = 0; c < channels; c++, x += from->channel)
            for (int64_t r0 = 0; r0 < h->period; r0++)
                for (int64_t s0 = 0; s0 < w->period; s0++) {
                    FN(fill_grid)(grid, x, &from->window, p0, rows, r0, s0);
                    for (int64_t r = r0; r < h->taps; r += h->period)
                        for (int64_t s = s0; s < w->taps; s += w->period)
                            FN(copy_pixels)(panel + ((c * h->taps + r) * w->taps + s) * ld + done,
                                            grid + r / h->period * h->shift * pitch +
                                                s / w->period * w->shift,
                                            pitch, w->out, pixel % w->out, here);
                }
    }
    for (int64_t row = 0; row < channels * h->taps * w->taps; row++)
        FN(store)(panel + row * ld + n, FN(splat)(0));
}
