/* conv2d_weight_depthwise.inl — gw[c,r,s] = Σ_{n,p,q} gy[n,c,p,q] · window(x)[n,c,r,s,p,q]:
 * the weight gradient of depthwise convolutions as in conv2d_depthwise.inl, on planes as they lie.
 *
 * The sums of all taps stay in registers with DEPTHWISE_ROWS vectors of gy, one below the other,
 * while the rows of x that those see pass by. Lanes are masked in both, so that nothing meets a
 * zero that is not a padding's: 0·∞ is not 0.
 */

typedef struct {
    const conv_t *shape;
    FN(source_t) x;
    const REAL *gy;
    FN(reach_t) reach;
    REAL *partial;  /* partial[chunk, c, S·S] */
    int64_t chunks; /* of images */
    _Atomic td_status status;
} FN(weight_depthwise_t);

/* What row h of x gives to sum[S,S] with the rows g[rows] of gy; lanes as in depthwise_row. */
TD_INLINE void FN(weight_row)(const int S, const int masked, const int rows, const int h, VEC *sum,
                              const VEC *g, const REAL *row, const MASK *inside)
{
    if (h >= rows + S - 1) return;
    for (int s = 0; s < S; s++) {
        VEC x = FN(load)(row + s);
        if (masked) x = (VEC)((MASK)x & inside[s]);
        TD_KEEP(x);
        for (int i = TD_MAX(h - S + 1, 0); i <= TD_MIN(h, rows - 1); i++)
            sum[(h - i) * S + s] += g[i] * x;
    }
}

/* sum[S,S] += gy[rows, LANES], of which the lanes `own` count, times the windows that begin at
 * row[h] + column */
TD_INLINE void FN(weight_tile)(const int S, const int masked, const int rows, VEC *sum,
                               const REAL *gy, int64_t pitch, const REAL *end, MASK own,
                               const REAL *const *row, int64_t column, const MASK *inside)
{
    VEC g[DEPTHWISE_ROWS];
    for (int i = 0; i < rows; i++) {
        g[i] = masked ? FN(load_until)(gy + i * pitch, end) : FN(load)(gy + i * pitch);
        if (masked) g[i] = (VEC)((MASK)g[i] & own);
    }
    FN(weight_row)(S, masked, rows, 0, sum, g, row[0] + column, inside);
    FN(weight_row)(S, masked, rows, 1, sum, g, row[1] + column, inside);
    FN(weight_row)(S, masked, rows, 2, sum, g, row[2] + column, inside);
    if (rows + S > 4) FN(weight_row)(S, masked, rows, 3, sum, g, row[3] + column, inside);
    if (rows + S > 5) FN(weight_row)(S, masked, rows, 4, sum, g, row[4] + column, inside);
    if (rows + S > 6) FN(weight_row)(S, masked, rows, 5, sum, g, row[5] + column, inside);
    if (rows + S > 7) FN(weight_row)(S, masked, rows, 6, sum, g, row[6] + column, inside);
    if (rows + S > 8) FN(weight_row)(S, masked, rows, 7, sum, g, row[7] + column, inside);
}

/* sums[S·S] += what the vectors of one column of a plane gy[P,Q] give */
TD_INLINE void FN(weight_column)(const int S, const int masked, REAL *sums, int64_t P,
                                 const REAL *gy, int64_t pitch, const REAL *end, MASK own,
                                 const REAL *const *row, int64_t column, const MASK *inside)
{
    VEC sum[DEPTHWISE_TAPS];
    for (int t = 0; t < S * S; t++) sum[t] = FN(load)(sums + t * LANES);
    int64_t p = 0;
    for (; p + DEPTHWISE_ROWS <= P; p += DEPTHWISE_ROWS)
        FN(weight_tile)(S, masked, DEPTHWISE_ROWS, sum, gy + p * pitch, pitch, end, own, row + p,
                        column, inside);
    for (; p < P; p++)
        FN(weight_tile)(S, masked, 1, sum, gy + p * pitch, pitch, end, own, row + p, column,
                        inside);
    for (int t = 0; t < S * S; t++) FN(store)(sums + t * LANES, sum[t]);
}

/* sums[S·S] += what one plane gy[P,Q] gives. The last column is of lanes that the others left. */
static void FN(weight_plane)(const FN(weight_depthwise_t) *job, REAL *sums, const REAL *gy,
                             const REAL *const *row, const MASK *inside, const MASK *own)
{
    const window_t *v = &job->shape->window;
    const REAL *end = job->gy + job->shape->n * job->shape->k * td_window_pixels(v);
    int64_t P = v->h.out, Q = v->w.out, S = v->w.taps;
    for (int64_t j = 0; j < Q; j += LANES, inside += S, own++) {
        int64_t q = TD_MAX(TD_MIN(j, Q - LANES), 0), column = q + v->w.first;
        int masked = q < j || Q < LANES || column < 0 || column + LANES + S - 1 > v->w.in;
        if (S == 3 && masked)
            FN(weight_column)(3, 1, sums, P, gy + q, Q, end, *own, row, column, inside);
        else if (S == 3)
            FN(weight_column)(3, 0, sums, P, gy + q, Q, end, *own, row, column, inside);
        else
            FN(weight_column)(5, 1, sums, P, gy + q, Q, end, *own, row, column, inside);
    }
}

/* A task is a chunk of the images of one channel. */
static void FN(weight_depthwise_task)(void *context, int64_t begin, int64_t end)
{
    FN(weight_depthwise_t) *job = context;
    const conv_t *v = job->shape;
    const axis_t *h = &v->window.h, *w = &v->window.w;
    int64_t rows = h->out + h->taps - 1, taps = td_taps(&v->window), S = w->taps;
    int64_t columns = TD_CEIL_DIV(w->out, LANES), plane = td_window_pixels(&v->window);
    REAL *spare = td_scratch(1, FN(reach_size)(&job->reach) * sizeof(REAL));
    const REAL **row = td_scratch(2, rows * sizeof *row);
    MASK *inside = td_scratch(3, columns * (S + 1) * sizeof *inside), *own = inside + columns * S;
    if (!spare || !row || !inside) {
        job->status = TD_ENOMEM;
        return;
    }
    memset(spare, 0, FN(reach_length)(&job->reach) * sizeof(REAL));
    FN(find_inside)(inside, w);
    for (int64_t i = 0; i < columns; i++) {
        int64_t j = i * LANES, before = j - TD_MAX(TD_MIN(j, w->out - LANES), 0);
        own[i] = FN(lanes_in)(-before, w->out - j);
        for (int64_t s = 0; s < S; s++) inside[i * S + s] &= own[i];
    }
    for (int64_t task = begin; task < end; task++) {
        int64_t chunk = task / v->c, c = task % v->c;
        REAL sums[DEPTHWISE_TAPS * LANES] = {0};
        for (int64_t n = v->n * chunk / job->chunks; n < v->n * (chunk + 1) / job->chunks; n++) {
            const REAL *x = job->x.x + n * job->x.image + c * job->x.channel;
            FN(find_rows_of)(row, rows, &job->reach, x, h->first, h->in, spare);
            FN(weight_plane)(job, sums, job->gy + (n * v->k + c) * plane, row, inside, own);
        }
        for (int64_t t = 0; t < taps; t++) {
            REAL total = 0;
            for (int l = 0; l < LANES; l++) total += sums[t * LANES + l];
            job->partial[task * taps + t] = total;
        }
    }
}

static td_status FN(weight_depthwise)(const conv_t *v, REAL *gw, const FN(source_t) *x,
                                      const REAL *gy)
{
    int64_t size = v->c * td_taps(&v->window);
    FN(weight_depthwise_t) job = {.shape = v, .x = *x, .gy = gy, .reach = FN(depthwise_reach)(x)};
    job.chunks = TD_MIN(v->n, TD_CEIL_DIV(MOST_CHUNKS, v->c));
    job.partial = td_scratch(0, job.chunks * size * sizeof(REAL));
    if (!job.partial)
        return td_fail(TD_ENOMEM, "conv2d_weight: no memory for %lld partial sums",
                       (long long)job.chunks);
    int64_t work = v->n / job.chunks * td_window_pixels(&v->window) * td_taps(&v->window);
    td_parallel(job.chunks * v->c, 1 + GEMM_GRAIN / (work + 1), FN(weight_depthwise_task), &job);
    if (job.status) return td_fail(job.status, "conv2d_weight: no memory for rows of pixels");
    FN(add_partial)(gw, job.partial, job.chunks, size);
    return TD_OK;
}
