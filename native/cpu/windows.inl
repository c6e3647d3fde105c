/* windows.inl — products with the matrix of all windows of x[n,c,h,w], which is never made.
 *
 * A panel is a copy of a few rows, channels and images of x with the padding written out and the
 * stride taken out: taps that meet different pixels have a plane each, and tap r + period reads the
 * plane of tap r `shift` rows further down. In it the matrix' element of pixel i = (n,p,q) and tap
 * t = (c,r,s) lies at pixel_at[i] + tap_at[t], whatever stride and dilation: two small tables stand
 * for the matrix, and swapped for its transpose. The
 * tile broadcasts elements from where they lie, and its columns are filters: so planes of any size
 * fill it. A strip is the columns of one tile, WIDE_V vectors, or one where no more are needed.
 */

/* Columns of a tile, and the steps for which a strip of b stays in L1. */
enum { FN(WIDE_N) = WIDE_V * LANES, FN(WIDE_K) = WIDE_PANEL / ((int)sizeof(REAL) * FN(WIDE_N))};

/* Filters and the columns that hold them: those of strips before the last, and its own. */
static int64_t FN(strip_width)(int64_t m) { return m > LANES ? FN(WIDE_N) : LANES; }
static int64_t FN(strips_width)(int64_t m)
{
    int64_t whole = (m - 1) / FN(WIDE_N) *FN(WIDE_N);
    return whole + FN(strip_width)(m - whole);
}

/* c[WIDE_M, vectors·LANES] = seed + Σ_t x[row[i] + at[t]] b[t,·]; `vectors` is constant. */
TD_INLINE void FN(wide_tile)(const int vectors, REAL *c, int64_t ldc, const REAL *seed, int64_t lds,
                             int64_t k, const REAL *x, const int64_t *row,
                             const int64_t *restrict at, const REAL *restrict b)
{
    const REAL *from[WIDE_M];
    for (int i = 0; i < WIDE_M; i++) from[i] = x + row[i];
    VEC sum[WIDE_M][WIDE_V] = {0};
    for (int64_t t = 0; t < k; t++, b += vectors * LANES) {
        VEC columns[WIDE_V];
        for (int v = 0; v < vectors; v++) columns[v] = FN(load)(b + v * LANES);
        for (int i = 0; i < WIDE_M; i++) {
            VEC one = FN(splat)(from[i][at[t]]);
            TD_KEEP(one);
            for (int v = 0; v < vectors; v++) sum[i][v] += one * columns[v];
        }
    }
    for (int i = 0; i < WIDE_M; i++)
        for (int v = 0; v < vectors; v++)
            FN(store)(c + i * ldc + v * LANES, FN(load)(seed + i * lds + v * LANES) + sum[i][v]);
}

/* One strip of c, m rows in whole tiles: row[] and c have room for them. Its sums start from seed,
 * rows lds apart: c itself, or one row for all. */
static void FN(wide_strip)(int64_t m, int64_t width, REAL *c, int64_t ldc, const REAL *seed,
                           int64_t lds, int64_t k, const REAL *x, const int64_t *row,
                           const int64_t *at, const REAL *b)
{
    for (int64_t i = 0; i < m; i += WIDE_M, c += WIDE_M * ldc, seed += WIDE_M * lds)
        if (width > LANES)
            FN(wide_tile)(WIDE_V, c, ldc, seed, lds, k, x, row + i, at, b);
        else
            FN(wide_tile)(1, c, ldc, seed, lds, k, x, row + i, at, b);
}

typedef struct {
    FN(source_t) x;
    int64_t images, bands;  /* images in a panel; panels that one image is cut into */
    int64_t rows, depth;    /* rows of pixels and channels in a panel */
    int64_t height, width;  /* rows of a channel in the panel, and how far they are apart, */
    int64_t channel, image; /* and the ways to the next channel and image */
    int64_t count;          /* panels for all images */
    int64_t most_pixels, most_taps; /* room for the tables, in whole tiles */
} FN(panel_t);

/* Panels of `depth` channels and about `target` pixels: some rows of an image, or small images. */
static FN(panel_t) FN(panel)(const FN(source_t) *x, int64_t images, int64_t depth, int64_t target)
{
    const axis_t *h = &x->window.h, *w = &x->window.w;
    int64_t pixels = td_window_pixels(&x->window);
    FN(panel_t) p = {.x = *x, .depth = depth};
    p.rows = TD_CEIL_DIV(h->out, TD_MAX(1, TD_MIN(h->out, (pixels + target / 2) / target)));
    p.bands = TD_CEIL_DIV(h->out, p.rows);
    p.images = p.bands > 1 ? 1 : TD_MAX(1, TD_MIN(images, target / pixels));
    p.count = TD_CEIL_DIV(images, p.images) * p.bands;
    p.height = p.rows + (h->taps - 1) / h->period * h->shift;
    p.width = w->out + (w->taps - 1) / w->period * w->shift;
    p.channel = h->period * w->period * p.height * p.width;
    if (p.channel * sizeof(REAL) % 1024 == 0) p.channel += LANES; /* or few sets of L1 hold it */
    p.image = depth * p.channel;
    p.most_pixels = td_round_up(p.images * p.rows * w->out, WIDE_M);
    p.most_taps = td_round_up(depth * td_taps(&x->window), WIDE_M);
    return p;
}

/* Vectors are written to the end of a row and beyond: that is where the next row will be. */
static int64_t FN(panel_size)(const FN(panel_t) *p) { return p->images * p->image + LANES; }

TD_INLINE void FN(zeros)(REAL *to, int64_t n)
{
    VEC none = FN(splat)(0);
    TD_KEEP(none); /* or gcc calls memset, for a vector or two */
    for (int64_t j = 0; j < n; j += LANES) FN(store)(to + j, none);
}

/* to[begin … stop) = row[j·step], and 0 in the rest of to[width]. What is before `end` may be read,
 * whatever it is; what is `ahead` of the row is asked for. */
TD_INLINE void FN(pad_row)(REAL *to, int64_t begin, int64_t stop, int64_t width, const REAL *row,
                           int64_t step, const REAL *end, int64_t ahead)
{
    int64_t j = begin;
    FN(zeros)(to, begin);
    if (step == 1)
        for (; j < stop && end - (row + j) >= LANES; j += LANES) {
            __builtin_prefetch(row + j + ahead);
            FN(store)(to + j, FN(load)(row + j));
        }
    else if (step == 2)
        for (; j < stop && end - (row + 2 * j) >= 2 * LANES; j += LANES)
            FN(store)(to + j, FN(even)(FN(load)(row + 2 * j), FN(load)(row + 2 * j + LANES)));
    for (; j < stop; j++) to[j] = row[j * step];
    FN(zeros)(to + stop, width - stop);
}

/* One plane of one channel: what pixels from row p0 on read under tap (r,s). */
static void FN(pack_plane)(REAL *to, const FN(panel_t) *p, const REAL *x, int64_t p0, int64_t r,
                           int64_t s)
{
    const axis_t h = p->x.window.h, w = p->x.window.w;
    const int64_t height = p->height, width = p->width, ahead = 2 * p->x.channel;
    const REAL *end = p->x.end;
    int64_t begin, stop, row = p0 * h.step + r * h.tap + h.first;
    td_inside(&w, width, s, &begin, &stop);
    x += s * w.tap + w.first;
    for (int64_t i = 0; i < height; i++, row += h.step, to += width)
        if (row >= 0 && row < h.in)
            FN(pad_row)(to, begin, stop, width, x + row * w.in, w.step, end, ahead);
        else
            FN(zeros)(to, width);
}

/* The panel of `images` images from `image` on: rows of pixels from p0 on, channels from c0 on, and
 * zeros after each channel. */
static void FN(pack_windows)(REAL *panel, const FN(panel_t) *p, int64_t image, int64_t images,
                             int64_t c0, int64_t channels, int64_t p0)
{
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    for (int64_t n = 0; n < images; n++)
        for (int64_t c = 0; c < channels; c++) {
            const REAL *x = p->x.x + (image + n) * p->x.image + (c0 + c) * p->x.channel;
            REAL *to = panel + n * p->image + c * p->channel;
            for (int64_t t = 0; t < h->period * w->period; t++, to += p->height * p->width)
                FN(pack_plane)(to, p, x, p0, t / w->period, t % w->period);
            FN(zeros)(to, LANES);
        }
}

/* A table up to whole tiles, with the last entry again and again. */
static void FN(fill_tile)(int64_t *at, int64_t n)
{
    for (int64_t i = n; i % WIDE_M; i++) at[i] = at[n - 1];
}

/* Where a panel's pixels lie, image by image. */
static void FN(find_pixels)(int64_t *at, const FN(panel_t) *p, int64_t images, int64_t rows)
{
    const axis_t *w = &p->x.window.w;
    int64_t n = 0;
    for (int64_t image = 0; image < images; image++)
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < w->out; j++) at[n++] = image * p->image + i * p->width + j;
    FN(fill_tile)(at, n);
}

/* Where the taps (c,r,s) of its channels do, seen from a pixel. */
static void FN(find_taps)(int64_t *at, const FN(panel_t) *p)
{
    const axis_t *h = &p->x.window.h, *w = &p->x.window.w;
    int64_t n = 0;
    for (int64_t c = 0; c < p->depth; c++)
        for (int64_t r = 0; r < h->taps; r++)
            for (int64_t s = 0; s < w->taps; s++)
                at[n++] = c * p->channel +
                          (r % h->period * w->period + s % w->period) * p->height * p->width +
                          r / h->period * h->shift * p->width + s / w->period * w->shift;
    FN(fill_tile)(at, n);
}
