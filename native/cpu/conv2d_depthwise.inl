/* conv2d_depthwise.inl — y[n,c,p,q] = bias[c] + Σ_{r,s} w[c,r,s] · window(x)[n,c,r,s,p,q]:
 * depthwise convolution with stride 1 and a window of 3×3 or 5×5, and its input gradient, on planes
 * as they lie.
 *
 * Nothing is copied: lanes that a tap would fill from beyond the ends of a row are masked, and rows
 * above and below a plane are one row of zeros. DEPTHWISE_ROWS vectors of y, one below the other,
 * stay in registers with the taps, so that a vector of x, once loaded, serves all rows that see it.
 */

/* What may be read where rows lie, and how far before and beyond a row vectors reach. */
typedef struct {
    const REAL *begin, *end;
    int64_t width, left, right;
} FN(reach_t);

/* Numbers in a row with all that is reached, and in the rows that lie too near the ends. */
static int64_t FN(reach_length)(const FN(reach_t) *v) { return v->left + v->width + v->right; }
static int64_t FN(reach_size)(const FN(reach_t) *v)
{
    int64_t rows = 1 + TD_CEIL_DIV(v->left, v->width) + TD_CEIL_DIV(v->right, v->width);
    return rows * FN(reach_length)(v);
}

/* at[n] = where rows [row, row+n) of a plane begin. Outside it they are zeros, which `spare` begins
 * with; after them it takes copies of the rows from which vectors would reach too far. */
static void FN(find_rows_of)(const REAL **at, int64_t n, const FN(reach_t) *v, const REAL *plane,
                             int64_t row, int64_t height, REAL *spare)
{
    int64_t width = v->width, first = plane - v->begin, last = v->end - plane - height * width;
    for (int64_t i = 0; i < n; i++)
        at[i] = row + i >= 0 && row + i < height ? plane + (row + i) * width : spare + v->left;
    if (first >= v->left && last >= v->right) return;
    for (int64_t i = 0; i < n; i++) {
        int64_t j = (row + i) * width; /* from the first row on */
        if (row + i < 0 || row + i >= height) continue;
        if (first + j >= v->left && last + height * width - j >= width + v->right) continue;
        spare += FN(reach_length)(v);
        at[i] = memcpy(spare + v->left, at[i], width * sizeof(REAL));
    }
}

/* The lanes l for which first + l is in [0, end). */
static MASK FN(lanes_in)(int64_t first, int64_t end)
{
    VEC lane;
    for (int l = 0; l < LANES; l++) lane[l] = l;
    return (lane >= (REAL)-first) & (lane < (REAL)(end - first));
}

/* What row h of x gives to sum[DEPTHWISE_ROWS] under taps[S,S]. The lanes of tap (·,s) that are in
 * inside[s] count, or all. */
TD_INLINE void FN(depthwise_row)(const int S, const int masked, const int h, VEC *sum,
                                 const VEC *taps, const REAL *row, const MASK *inside)
{
    for (int s = 0; s < S; s++) {
        VEC x = FN(load)(row + s);
        if (masked) x = (VEC)((MASK)x & inside[s]);
        TD_KEEP(x);
        for (int i = TD_MAX(h - S + 1, 0); i <= TD_MIN(h, DEPTHWISE_ROWS - 1); i++)
            sum[i] += taps[(h - i) * S + s] * x;
    }
}

/* y[DEPTHWISE_ROWS, LANES] from row[h] + column on; no more than `room` numbers are stored. */
TD_INLINE void FN(depthwise_tile)(const int S, const int masked, REAL *y, int64_t pitch,
                                  int64_t room, REAL bias, const VEC *taps, const REAL *const *row,
                                  int64_t column, const MASK *inside)
{
    VEC sum[DEPTHWISE_ROWS];
    for (int i = 0; i < DEPTHWISE_ROWS; i++) sum[i] = FN(splat)(bias);
    FN(depthwise_row)(S, masked, 0, sum, taps, row[0] + column, inside);
    FN(depthwise_row)(S, masked, 1, sum, taps, row[1] + column, inside);
    FN(depthwise_row)(S, masked, 2, sum, taps, row[2] + column, inside);
    FN(depthwise_row)(S, masked, 3, sum, taps, row[3] + column, inside);
    FN(depthwise_row)(S, masked, 4, sum, taps, row[4] + column, inside);
    FN(depthwise_row)(S, masked, 5, sum, taps, row[5] + column, inside);
    if (S == 5) {
        FN(depthwise_row)(S, masked, 6, sum, taps, row[6] + column, inside);
        FN(depthwise_row)(S, masked, 7, sum, taps, row[7] + column, inside);
    }
    if (room >= (DEPTHWISE_ROWS - 1) * pitch + LANES)
        for (int i = 0; i < DEPTHWISE_ROWS; i++) FN(store)(y + i * pitch, sum[i]);
    else
        for (int i = 0; i < DEPTHWISE_ROWS; i++) {
            VEC one = sum[i];
            memcpy(y + i * pitch, &one, TD_MIN(LANES, room - i * pitch) * sizeof(REAL));
        }
}

/* One plane y[P,Q]. Columns and rows that do not fill a tile are computed along with some before
 * them; where a row is shorter than a vector, the next one is written over what is too much. */
TD_INLINE void FN(depthwise_plane)(const int S, const window_t *v, REAL *y, REAL bias,
                                   const REAL *w, const REAL *const *row, const MASK *inside)
{
    int64_t P = v->h.out, Q = v->w.out;
    VEC taps[DEPTHWISE_TAPS];
    for (int t = 0; t < S * S; t++) taps[t] = FN(splat)(w[t]);
    for (int64_t j = 0; j < Q; j += LANES, inside += S) {
        int64_t q = TD_MAX(TD_MIN(j, Q - LANES), 0), column = q + v->w.first;
        int masked = column < 0 || column + LANES + S - 1 > v->w.in;
        for (int64_t i = 0; i < P; i += DEPTHWISE_ROWS) {
            int64_t p = TD_MIN(i, P - DEPTHWISE_ROWS), at = p * Q + q;
            if (masked)
                FN(depthwise_tile)(S, 1, y + at, Q, P * Q - at, bias, taps, row + p, column,
                                   inside);
            else
                FN(depthwise_tile)(S, 0, y + at, Q, P * Q - at, bias, taps, row + p, column,
                                   inside);
        }
    }
}

typedef struct {
    const FN(correlate_t) *what;
    FN(reach_t) reach;
    _Atomic td_status status;
} FN(depthwise_t);

/* inside[columns of vectors, S] for depthwise_plane */
static void FN(find_inside)(MASK *inside, const axis_t *w)
{
    for (int64_t j = 0; j < w->out; j += LANES)
        for (int64_t s = 0; s < w->taps; s++) {
            int64_t first = TD_MAX(TD_MIN(j, w->out - LANES), 0) + s + w->first;
            *inside++ = FN(lanes_in)(first, w->in);
        }
}

/* Planes [begin, end) of images·groups. */
static void FN(depthwise_task)(void *context, int64_t begin, int64_t end)
{
    FN(depthwise_t) *job = context;
    const FN(correlate_t) *p = job->what;
    const window_t *v = &p->x.window;
    int64_t rows = v->h.out + v->h.taps - 1;
    REAL *spare = td_scratch(1, FN(reach_size)(&job->reach) * sizeof(REAL));
    const REAL **row = td_scratch(2, rows * sizeof *row);
    MASK *inside = td_scratch(3, TD_CEIL_DIV(v->w.out, LANES) * v->w.taps * sizeof *inside);
    if (!spare || !row || !inside) {
        job->status = TD_ENOMEM;
        return;
    }
    FN(find_inside)(inside, &v->w);
    memset(spare, 0, FN(reach_length)(&job->reach) * sizeof(REAL));
    for (int64_t plane = begin; plane < end; plane++) {
        int64_t group = plane % p->groups;
        const REAL *x = p->x.x + plane / p->groups * p->x.image + group * p->x.channel;
        REAL w[DEPTHWISE_TAPS], bias = p->bias ? p->bias[group] : 0, *y = p->y + plane * p->plane;
        FN(copy_taps)(w, p, p->filter.w + group * p->filter.group, 1);
        FN(find_rows_of)(row, rows, &job->reach, x, v->h.first, v->h.in, spare);
        if (v->w.taps == 3)
            FN(depthwise_plane)(3, v, y, bias, w, row, inside);
        else
            FN(depthwise_plane)(5, v, y, bias, w, row, inside);
    }
}

/* Whether window and planes are those that go this way. */
static int FN(is_depthwise)(const window_t *v)
{
    int side = v->w.taps == 3 || (v->w.taps == 5 && v->w.taps <= DEPTHWISE_SIDE);
    return side && v->h.taps == v->w.taps && v->h.step == 1 && v->w.step == 1 && v->h.tap == 1 &&
           v->w.tap == 1 && v->h.out >= DEPTHWISE_ROWS && v->w.in > 0;
}

/* How far the vectors of a row of outputs reach into the rows of x. */
static FN(reach_t) FN(depthwise_reach)(const FN(source_t) *x)
{
    const axis_t *w = &x->window.w;
    int64_t beyond = TD_MAX(w->out, LANES) + w->taps - 1 + w->first - w->in;
    return (FN(reach_t)){x->x, x->end, w->in, TD_MAX(-w->first, 0), TD_MAX(beyond, 0)};
}

static td_status FN(correlate_depthwise)(const FN(correlate_t) *p)
{
    FN(depthwise_t) job = {.what = p, .reach = FN(depthwise_reach)(&p->x)};
    int64_t work = td_taps(&p->x.window) * td_window_pixels(&p->x.window);
    td_parallel(p->images * p->groups, 1 + GEMM_GRAIN / work, FN(depthwise_task), &job);
    return job.status ? td_fail(job.status, "conv2d: no memory for rows of pixels") : TD_OK;
}
