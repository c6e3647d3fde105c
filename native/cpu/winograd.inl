/* winograd.inl — the transforms of Winograd's products, and the tiles that they are made of.
 *
 * 4×4 outputs of a 3×3 correlation, F(4×4, 3×3), are 36 products instead of 144:
 *
 *     y = Aᵀ ((G g Gᵀ) ⊙ (Bᵀ d B)) A,  d[6,6], g[3,3], y[4,4]
 *
 * Bᵀ and G evaluate polynomials at the points 0, ±P, ±Q and ∞, and Aᵀ turns products of values back
 * into coefficients. P = √½ and Q = √2, whose powers stay near 1: no rounding error on the way
 * grows more than 157-fold, against 860 with the usual points 0, ±1, ±2 and ∞, at the same
 * operations. Points of opposite sign share an even and an odd half. The gradient of g is
 * F(3×3, 4×4), with the same points: G takes 4 numbers and Aᵀ leaves 3.
 *
 * Transforms have channels in the lanes, so that tiles may lie anywhere: the pixels of a block of
 * tiles are transposed, LANES channels at a time, and a table says where in them a tile's lie.
 */

static const REAL FN(P) = (REAL)0.70710678118654752440, FN(Q) = (REAL)1.41421356237309504880;

/* d[6] = Bᵀ d[6] */
TD_INLINE void FN(winograd_input)(VEC *d)
{
    VEC p = d[4] - 2 * d[2], odd_p = FN(P) *(d[3] - 2 * d[1]);
    VEC q = d[4] - (REAL)0.5 * d[2], odd_q = FN(Q) *(d[3] - (REAL)0.5 * d[1]);
    d[0] = d[0] - (REAL)2.5 * d[2] + d[4];
    d[5] = d[1] - (REAL)2.5 * d[3] + d[5];
    d[1] = p + odd_p, d[2] = p - odd_p;
    d[3] = q + odd_q, d[4] = q - odd_q;
}

/* g[6] = G g[taps], 3 or 4 */
TD_INLINE void FN(winograd_filter)(const int taps, VEC *g)
{
    const REAL third = (REAL)1 / 3, sixth = (REAL)1 / 6;
    VEC p = -third * (2 * g[0] + g[2]), odd_p = 2 * g[1];
    VEC q = sixth * (g[0] + 2 * g[2]), odd_q = g[1];
    if (taps > 3) odd_p += g[3], odd_q += 2 * g[3];
    odd_p *= -third * FN(P), odd_q *= sixth * FN(Q);
    g[5] = g[taps - 1];
    g[1] = p + odd_p, g[2] = p - odd_p;
    g[3] = q + odd_q, g[4] = q - odd_q;
}

/* m[outputs], 4 or 3, = Aᵀ m[6] */
TD_INLINE void FN(winograd_output)(const int outputs, VEC *m)
{
    VEC p = m[1] + m[2], odd_p = FN(P) *(m[1] - m[2]);
    VEC q = m[3] + m[4], odd_q = FN(Q) *(m[3] - m[4]);
    m[0] = m[0] + p + q;
    m[1] = odd_p + odd_q;
    m[2] = (REAL)0.5 * p + 2 * q;
    m[3] = (REAL)0.5 * odd_p + 2 * odd_q;
    m[outputs - 1] += m[5];
}

/* to[36] = the transform of d[side,side] at pixels + at[]: a tile of inputs, 6, or of outputs, 4 */
TD_INLINE void FN(tile_in)(const int side, REAL *to, int64_t step, const REAL *pixels,
                           const int32_t *at)
{
    VEC d[POINTS][POINTS];
    for (int j = 0; j < side; j++) {
        VEC column[POINTS];
        for (int i = 0; i < side; i++) column[i] = FN(load)(pixels + at[i * side + j]);
        if (side == POINTS)
            FN(winograd_input)(column);
        else
            FN(winograd_filter)(side, column);
        for (int i = 0; i < POINTS; i++) d[i][j] = column[i];
    }
    for (int i = 0; i < POINTS; i++) {
        if (side == POINTS)
            FN(winograd_input)(d[i]);
        else
            FN(winograd_filter)(side, d[i]);
        for (int j = 0; j < POINTS; j++) FN(store)(to + (i * POINTS + j) * step, d[i][j]);
    }
}

/* y[side,side] = Aᵀ m A */
TD_INLINE void FN(tile_out)(const int side, VEC y[TILE][POINTS], const REAL *m, int64_t step)
{
    for (int j = 0; j < POINTS; j++) {
        VEC column[POINTS];
        for (int i = 0; i < POINTS; i++) column[i] = FN(load)(m + (i * POINTS + j) * step);
        FN(winograd_output)(side, column);
        for (int i = 0; i < side; i++) y[i][j] = column[i];
    }
    for (int i = 0; i < side; i++) FN(winograd_output)(side, y[i]);
}

/* A block of tiles: those of some rows and columns of tiles of some images. */
typedef struct {
    int64_t image, images, i, rows, j, columns;
} FN(tiles_t);

/* All tiles of images of planes, cut into blocks. */
typedef struct {
    FN(tiles_t) most; /* the largest block */
    int64_t images, down, across;
    int64_t bands, bars, count; /* blocks down and across a plane, and in all */
} FN(grid_t);

static int64_t FN(count_tiles)(const FN(tiles_t) *t) { return t->images * t->rows * t->columns; }

/* Tiles of 4×4 outputs, about `target` in a block. */
static FN(grid_t) FN(grid)(const window_t *v, int64_t images, int64_t target)
{
    FN(grid_t) g = {.images = images};
    g.down = TD_CEIL_DIV(v->h.out, TILE), g.across = TD_CEIL_DIV(v->w.out, TILE);
    g.most.columns = TD_MIN(g.across, target);
    g.most.rows = TD_MAX(1, TD_MIN(g.down, target / g.across));
    g.most.images = TD_MAX(1, TD_MIN(images, target / (g.down * g.across)));
    g.bars = TD_CEIL_DIV(g.across, g.most.columns), g.bands = TD_CEIL_DIV(g.down, g.most.rows);
    g.count = g.bars * g.bands * TD_CEIL_DIV(images, g.most.images);
    return g;
}

static FN(tiles_t) FN(block_of_tiles)(const FN(grid_t) *g, int64_t block)
{
    FN(tiles_t) t = {.j = block % g->bars * g->most.columns};
    t.i = block / g->bars % g->bands * g->most.rows;
    t.image = block / g->bars / g->bands * g->most.images;
    t.images = TD_MIN(g->images - t.image, g->most.images);
    t.rows = TD_MIN(g->down - t.i, g->most.rows);
    t.columns = TD_MIN(g->across - t.j, g->most.columns);
    return t;
}

/* What tiles [i, i+n) of `side` read along one axis: [begin, end), without the padding. */
static void FN(tiles_read)(const axis_t *a, int side, int64_t i, int64_t n, int64_t *begin,
                           int64_t *end)
{
    *begin = TD_MIN(TD_MAX(i * TILE + a->first, 0), a->in);
    *end = TD_MAX(TD_MIN((i + n - 1) * TILE + side + a->first, a->in), *begin);
}

/* Numbers that gather_pixels writes: a vector of zeros, pixels, and what transpose_in may touch. */
static int64_t FN(pixels_size)(const FN(tiles_t) *t)
{
    return (1 + (t->rows * TILE + 2) * (t->columns * TILE + 2)) * LANES;
}

/* pixels[1 + rows·columns][LANES]: zeros, then what the tiles read of channels [c, c+n). */
static void FN(gather_pixels)(REAL *pixels, const FN(source_t) *x, int side, const FN(tiles_t) *t,
                              int64_t image, int64_t c, int64_t n)
{
    int64_t top, bottom, left, right, W = x->window.w.in;
    FN(tiles_read)(&x->window.h, side, t->i, t->rows, &top, &bottom);
    FN(tiles_read)(&x->window.w, side, t->j, t->columns, &left, &right);
    const REAL *from = x->x + image * x->image + c * x->channel + top * W + left;
    int64_t rows = bottom - top, columns = right - left;
    if (columns == W) columns *= rows, rows = 1;
    FN(store)(pixels, FN(splat)(0));
    pixels += LANES;
    for (int64_t i = 0; i < rows; i++, from += W)
        for (int64_t j = 0; j < columns; j += LANES) {
            int64_t here = TD_MIN(columns - j, LANES);
            for (int l = 0; l < LANES; l++) __builtin_prefetch(from + j + (LANES + l) * x->channel);
            FN(transpose_in)(pixels, LANES, from + j, x->channel, n, here, x->end);
            pixels += here * LANES;
        }
}

/* at[tile][side,side]: where in those pixels a tile's lie; the padding is the zeros. */
static void FN(find_tiles)(int32_t *at, const FN(source_t) *x, int side, const FN(tiles_t) *t)
{
    const axis_t *h = &x->window.h, *w = &x->window.w;
    int64_t top, bottom, left, right;
    FN(tiles_read)(h, side, t->i, t->rows, &top, &bottom);
    FN(tiles_read)(w, side, t->j, t->columns, &left, &right);
    for (int64_t i = t->i; i < t->i + t->rows; i++)
        for (int64_t j = t->j; j < t->j + t->columns; j++)
            for (int64_t e = 0; e < side * side; e++) {
                int64_t row = i * TILE + h->first + e / side - top;
                int64_t column = j * TILE + w->first + e % side - left;
                int inside = row >= 0 && row < bottom - top && column >= 0 && column < right - left;
                *at++ = inside ? (int32_t)((1 + row * (right - left) + column) * LANES) : 0;
            }
}

/* to[36][tile][ld] = the transforms of a block's tiles, channels [c, c+n). Whole vectors are
 * written. `side` is constant at each call. */
TD_INLINE void FN(transform_tiles)(const int side, REAL *to, int64_t step, int64_t ld,
                                   const FN(source_t) *x, const FN(tiles_t) *t, int64_t c,
                                   int64_t n, REAL *pixels, const int32_t *at)
{
    int64_t tiles = t->rows * t->columns;
    for (int64_t image = 0; image < t->images; image++, to += tiles * ld)
        for (int64_t l = 0; l < n; l += LANES) {
            FN(gather_pixels)(pixels, x, side, t, t->image + image, c + l, TD_MIN(n - l, LANES));
            for (int64_t i = 0; i < tiles; i++)
                FN(tile_in)(side, to + i * ld + l, step, pixels, at + i * side * side);
        }
}
