/* pool.inl — pooling bodies, once per real dtype.
 *
 *   max_pool2d:  x[h,w] → y[p,q], idx[p,q]      idx is the winner's offset in its plane
 *   avg_pool2d:  x[h,w] → y[p,q]
 *
 * One tap (r, s) of the window meets a whole row of outputs before the next tap comes: the inner
 * loop runs along j, is clipped to the image once per row instead of once per output, and the
 * compiler turns it into vectors. Padding never takes part. Ties go to the first element in
 * reading order and NaN beats everything, so the result never depends on threads or ISA.
 */

/* v at place `here` challenges the best so far. Challengers come in reverse reading order and a
 * draw is a win, so that of equal values, and of several NaNs, the first one stays. */
#define CHALLENGE(v, here)                                                                         \
    do {                                                                                           \
        const int take = (v >= best) | (v != v);                                                   \
        best = take ? v : best;                                                                    \
        at = take ? (here) : at;                                                                   \
    } while (0)

/* Row i of one plane, any window. */
TD_INLINE void FN(max_row)(REAL *restrict y, int32_t *restrict idx, const REAL *restrict x,
                           int64_t i, const td_planes *g, const int64_t stride)
{
    const td_pool2d_attrs *a = &g->a;
    const int64_t top = i * a->stride[0] - a->padding[0];
    const td_range rows = td_inside(top, a->dilation[0], g->h, a->window[0]);
    for (int64_t j = 0; j < g->q; j++) y[j] = -(REAL)INFINITY, idx[j] = 0;

    for (int64_t r = rows.end - 1; r >= rows.begin; r--)
        for (int64_t s = a->window[1] - 1; s >= 0; s--) {
            const int64_t left = s * a->dilation[1] - a->padding[1];
            const int64_t offset = (top + r * a->dilation[0]) * g->w + left;
            const td_range columns = td_inside(left, stride, g->w, g->q);
            for (int64_t j = columns.begin; j < columns.end; j++) {
                const REAL v = x[offset + j * stride];
                REAL best = y[j];
                int32_t at = idx[j];
                CHALLENGE(v, (int32_t)(offset + j * stride));
                y[j] = best, idx[j] = at;
            }
        }
}

/* Row i of one plane, window 2×2, stride 2, nothing padded: four loads and one store each. Blocks
 * of outputs have a constant size ≤ q, which makes them vectors; the last one may overlap. */
TD_INLINE void FN(max_row_2x2)(REAL *restrict y, int32_t *restrict idx, const REAL *restrict x,
                               int64_t i, const td_planes *g, const int32_t block)
{
    const int32_t w = (int32_t)g->w, q = (int32_t)g->q;
    for (int32_t start = 0; start < q; start += block) {
        const int32_t first = TD_MIN(start, q - block),
                      corner = (int32_t)(2 * i * g->w) + 2 * first;
        const REAL *restrict above = x + corner, *restrict below = above + w;
        for (int32_t j = 0; j < block; j++) {
            const REAL v = below[2 * j], u = above[2 * j + 1], t = above[2 * j];
            const int32_t here = corner + 2 * j;
            REAL best = below[2 * j + 1];
            int32_t at = here + w + 1;
            CHALLENGE(v, here + w);
            CHALLENGE(u, here + 1);
            CHALLENGE(t, here);
            y[first + j] = best, idx[first + j] = at;
        }
    }
}

static void FN(max_pool2d)(void *context, int64_t begin, int64_t end)
{
    const pool_t *job = context;
    const td_planes *g = &job->g;
    const int quarters = td_quarters(g);
    for (int64_t at = begin; at < end; at++) {
        const int64_t plane = at / g->p, i = at % g->p;
        const REAL *x = (const REAL *)g->x + plane * g->h * g->w;
        REAL *y = (REAL *)g->y + at * g->q;
        int32_t *idx = g->idx + at * g->q;
        if (quarters && g->q >= 16)
            FN(max_row_2x2)(y, idx, x, i, g, 16);
        else if (quarters && g->q >= 8)
            FN(max_row_2x2)(y, idx, x, i, g, 8);
        else if (quarters && g->q >= 4)
            FN(max_row_2x2)(y, idx, x, i, g, 4);
        else if (g->a.stride[1] == 1)
            FN(max_row)(y, idx, x, i, g, 1);
        else
            FN(max_row)(y, idx, x, i, g, g->a.stride[1]);
    }
}

/* gx[h,w] = 0, then gx[idx[p,q]] += gy[p,q] */
static void FN(max_pool2d_scatter)(void *context, int64_t begin, int64_t end)
{
    pool_t *job = context;
    const td_planes *g = &job->g;
    const int64_t hw = g->h * g->w, pq = g->p * g->q;
    for (int64_t plane = begin; plane < end; plane++) {
        REAL *restrict gx = (REAL *)g->x + plane * hw;
        const REAL *restrict gy = (const REAL *)g->y + plane * pq;
        const int32_t *restrict idx = g->idx + plane * pq;
        memset(gx, 0, (size_t)hw * sizeof *gx);
        for (int64_t k = 0; k < pq; k++) {
            if ((uint64_t)idx[k] < (uint64_t)hw)
                gx[idx[k]] += gy[k];
            else
                td_keep_min(&job->bad, plane * pq + k);
        }
    }
}

/* y[p,q] = x[idx[p,q]] */
static void FN(max_pool2d_gather)(void *context, int64_t begin, int64_t end)
{
    pool_t *job = context;
    const td_planes *g = &job->g;
    const int64_t hw = g->h * g->w, pq = g->p * g->q;
    for (int64_t plane = begin; plane < end; plane++) {
        const REAL *restrict x = (const REAL *)g->x + plane * hw;
        REAL *restrict y = (REAL *)g->y + plane * pq;
        const int32_t *restrict idx = g->idx + plane * pq;
        for (int64_t k = 0; k < pq; k++) {
            if ((uint64_t)idx[k] < (uint64_t)hw)
                y[k] = x[idx[k]];
            else
                td_keep_min(&job->bad, plane * pq + k);
        }
    }
}

/* Row i of one plane, as in max_row. */
TD_INLINE void FN(avg_row)(REAL *restrict y, const REAL *restrict x, int64_t i, const pool_t *job,
                           const int64_t stride)
{
    const td_planes *g = &job->g;
    const td_pool2d_attrs *a = &g->a;
    const int64_t top = i * a->stride[0] - a->padding[0];
    const td_range rows = td_inside(top, a->dilation[0], g->h, a->window[0]);
    memset(y, 0, (size_t)g->q * sizeof *y);
    for (int64_t r = rows.begin; r < rows.end; r++)
        for (int64_t s = 0; s < a->window[1]; s++) {
            const int64_t left = s * a->dilation[1] - a->padding[1];
            const REAL *restrict row = x + (top + r * a->dilation[0]) * g->w + left;
            const td_range columns = td_inside(left, stride, g->w, g->q);
            for (int64_t j = columns.begin; j < columns.end; j++) y[j] += row[j * stride];
        }
    for (int64_t j = 0; j < g->q; j++) y[j] /= (REAL)(job->count[0][i] * job->count[1][j]);
}

/* Row i of one plane, window 2×2, stride 2, nothing padded; adds in the order of avg_row. */
static void FN(avg_row_2x2)(REAL *restrict y, const REAL *restrict x, int64_t i, const pool_t *job)
{
    const td_planes *g = &job->g;
    const REAL *restrict above = x + 2 * i * g->w, *restrict below = above + g->w;
    const REAL count = (REAL)(job->count[0][i] * job->count[1][0]);
    for (int64_t j = 0; j < g->q; j++)
        y[j] = (above[2 * j] + above[2 * j + 1] + below[2 * j] + below[2 * j + 1]) / count;
}

static void FN(avg_pool2d)(void *context, int64_t begin, int64_t end)
{
    const pool_t *job = context;
    const td_planes *g = &job->g;
    const int quarters = td_quarters(g);
    for (int64_t at = begin; at < end; at++) {
        const REAL *x = (const REAL *)g->x + at / g->p * g->h * g->w;
        REAL *y = (REAL *)g->y + at * g->q;
        if (quarters)
            FN(avg_row_2x2)(y, x, at % g->p, job);
        else if (g->a.stride[1] == 1)
            FN(avg_row)(y, x, at % g->p, job, 1);
        else
            FN(avg_row)(y, x, at % g->p, job, g->a.stride[1]);
    }
}

/* The adjoint of avg_row: row i of gy is spread over the windows it came from. */
TD_INLINE void FN(avg_row_input)(REAL *restrict gx, const REAL *restrict gy, int64_t i,
                                 const pool_t *job, const int64_t stride)
{
    const td_planes *g = &job->g;
    const td_pool2d_attrs *a = &g->a;
    const int64_t top = i * a->stride[0] - a->padding[0];
    const td_range rows = td_inside(top, a->dilation[0], g->h, a->window[0]);
    for (int64_t r = rows.begin; r < rows.end; r++)
        for (int64_t s = 0; s < a->window[1]; s++) {
            const int64_t left = s * a->dilation[1] - a->padding[1];
            REAL *restrict row = gx + (top + r * a->dilation[0]) * g->w + left;
            const td_range columns = td_inside(left, stride, g->w, g->q);
            for (int64_t j = columns.begin; j < columns.end; j++)
                row[j * stride] += gy[j] / (REAL)(job->count[0][i] * job->count[1][j]);
        }
}

/* The adjoint of avg_row_2x2: every gradient lands on four elements, and nothing else does. */
static void FN(avg_row_2x2_input)(REAL *restrict gx, const REAL *restrict gy, int64_t i,
                                  const pool_t *job)
{
    const td_planes *g = &job->g;
    REAL *restrict above = gx + 2 * i * g->w, *restrict below = above + g->w;
    const REAL count = (REAL)(job->count[0][i] * job->count[1][0]);
    for (int64_t j = 0; j < g->q; j++) {
        const REAL v = gy[j] / count;
        above[2 * j] = above[2 * j + 1] = below[2 * j] = below[2 * j + 1] = v;
    }
}

static void FN(avg_pool2d_input)(void *context, int64_t begin, int64_t end)
{
    const pool_t *job = context;
    const td_planes *g = &job->g;
    const int64_t hw = g->h * g->w;
    const int quarters = td_quarters(g);
    for (int64_t plane = begin; plane < end; plane++) {
        REAL *gx = (REAL *)g->x + plane * hw;
        const REAL *gy = (const REAL *)g->y + plane * g->p * g->q;
        memset(gx, 0, (size_t)hw * sizeof *gx);
        for (int64_t i = 0; i < g->p; i++) {
            if (quarters)
                FN(avg_row_2x2_input)(gx, gy + i * g->q, i, job);
            else
                FN(avg_row_input)(gx, gy + i * g->q, i, job, g->a.stride[1]);
        }
    }
}

#undef CHALLENGE
