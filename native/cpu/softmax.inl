/* softmax.inl — softmax and friends over strips of vectors, once per real dtype.
 *
 * A strip is one contiguous row, LANES elements to a vector (`across`: sums and maxima are taken
 * over the lanes too), or up to LANES neighbouring rows with one element of each in a vector.
 * The row's maximum is subtracted before any exponential, so nothing overflows.
 */
typedef struct {
    int64_t vectors, step; /* vector v starts at v · step */
    int64_t lanes, last;   /* elements in each vector, and in the last one */
} FN(strip);

TD_INLINE VEC FN(fetch)(const REAL *x, const FN(strip) *s, int64_t v, REAL fill)
{
    const int64_t m = v == s->vectors - 1 ? s->last : s->lanes;
    x += v * s->step;
    if (m == LANES) return FN(load)(x);
    VEC u = FN(splat)(fill);
    for (int64_t j = 0; j < m; j++) u[j] = x[j];
    return u;
}

TD_INLINE void FN(put)(REAL *y, const FN(strip) *s, int64_t v, VEC u)
{
    const int64_t m = v == s->vectors - 1 ? s->last : s->lanes;
    y += v * s->step;
    if (m == LANES)
        FN(store)(y, u);
    else
        for (int64_t j = 0; j < m; j++) y[j] = u[j];
}

TD_INLINE VEC FN(sum_across)(VEC v)
{
    REAL lane[LANES];
    FN(store)(lane, v);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) lane[j] += lane[j + half];
    return FN(splat)(lane[0]);
}

TD_INLINE VEC FN(max_across)(VEC v)
{
    REAL best = v[0];
    for (int j = 1; j < LANES; j++) best = v[j] > best || v[j] != v[j] ? v[j] : best;
    return FN(splat)(best);
}

/* Σ term(v) in blocks, so that errors grow with the block and not with the row. */
#define SUM_OVER(strip, total, term)                                                               \
    do {                                                                                           \
        total = FN(splat)(0);                                                                      \
        for (int64_t v0 = 0; v0 < (strip)->vectors; v0 += 64) {                                    \
            VEC block = FN(splat)(0);                                                              \
            for (int64_t v = v0; v < TD_MIN(v0 + 64, (strip)->vectors); v++) block += term;        \
            total += block;                                                                        \
        }                                                                                          \
        if (across) total = FN(sum_across)(total);                                                 \
    } while (0)

TD_INLINE VEC FN(strip_max)(const REAL *x, const FN(strip) *s, const int across)
{
    VEC max = FN(splat)(-(REAL)INFINITY);
    for (int64_t v = 0; v < s->vectors; v++)
        max = FN(vmax)(max, FN(fetch)(x, s, v, -(REAL)INFINITY));
    return across ? FN(max_across)(max) : max;
}

/* y = exp(x − max) / Σ exp(x − max) */
TD_INLINE VEC FN(exp_and_put)(REAL *y, const REAL *x, const FN(strip) *s, int64_t v, VEC max)
{
    VEC e = FN(vexp)(FN(fetch)(x, s, v, -(REAL)INFINITY) - max);
    FN(put)(y, s, v, e);
    return e;
}

TD_INLINE void FN(softmax_strip)(REAL *y, const REAL *x, const REAL *gy, const FN(strip) *s,
                                 const int across)
{
    (void)gy;
    VEC sum, max = FN(strip_max)(x, s, across);
    SUM_OVER(s, sum, FN(exp_and_put)(y, x, s, v, max));
    for (int64_t v = 0; v < s->vectors; v++) FN(put)(y, s, v, FN(fetch)(y, s, v, 0) / sum);
}

/* y = (x − max) − log Σ exp(x − max) */
TD_INLINE void FN(log_softmax_strip)(REAL *y, const REAL *x, const REAL *gy, const FN(strip) *s,
                                     const int across)
{
    (void)gy;
    VEC sum, max = FN(strip_max)(x, s, across);
    SUM_OVER(s, sum, FN(vexp)(FN(fetch)(x, s, v, -(REAL)INFINITY) - max));
    const VEC log_sum = FN(vlog)(sum);
    for (int64_t v = 0; v < s->vectors; v++)
        FN(put)(y, s, v, FN(fetch)(x, s, v, 0) - max - log_sum);
}

/* gx = y (gy − Σ gy y) */
TD_INLINE void FN(softmax_grad_strip)(REAL *gx, const REAL *y, const REAL *gy, const FN(strip) *s,
                                      const int across)
{
    VEC dot;
    SUM_OVER(s, dot, FN(fetch)(gy, s, v, 0) * FN(fetch)(y, s, v, 0));
    for (int64_t v = 0; v < s->vectors; v++)
        FN(put)(gx, s, v, FN(fetch)(y, s, v, 0) * (FN(fetch)(gy, s, v, 0) - dot));
}

/* gx = gy − exp(y) Σ gy */
TD_INLINE void FN(log_softmax_grad_strip)(REAL *gx, const REAL *y, const REAL *gy,
                                          const FN(strip) *s, const int across)
{
    VEC sum;
    SUM_OVER(s, sum, FN(fetch)(gy, s, v, 0));
    for (int64_t v = 0; v < s->vectors; v++)
        FN(put)(gx, s, v, FN(fetch)(gy, s, v, 0) - FN(vexp)(FN(fetch)(y, s, v, 0)) * sum);
}

/* Rows begin … end−1 of [outer, n, inner], strip by strip. */
TD_INLINE void FN(strips)(const softmax_t *job, int64_t begin, int64_t end,
                          void (*body)(REAL *, const REAL *, const REAL *, const FN(strip) *, int))
{
    REAL *y = job->y;
    const REAL *x = job->x, *gy = job->gy ? job->gy : job->x;
    const int64_t n = job->n, inner = job->inner;
    if (inner == 1) {
        const int64_t vectors = TD_CEIL_DIV(n, LANES);
        const FN(strip) s = {vectors, LANES, LANES, n - (vectors - 1) * LANES};
        for (int64_t row = begin; row < end; row++)
            body(y + row * n, x + row * n, gy + row * n, &s, 1);
        return;
    }
    for (int64_t row = begin, m; row < end; row += m) {
        const int64_t column = row % inner, at = row / inner * n * inner + column;
        m = TD_MIN(LANES, TD_MIN(inner - column, end - row));
        const FN(strip) s = {n, inner, m, m};
        body(y + at, x + at, gy + at, &s, 0);
    }
}

#define EXPORT(name)                                                                               \
    static void FN(name)(void *job, int64_t begin, int64_t end)                                    \
    {                                                                                              \
        FN(strips)(job, begin, end, FN(name##_strip));                                             \
    }
EXPORT(softmax)
EXPORT(log_softmax)
EXPORT(softmax_grad)
EXPORT(log_softmax_grad)

#undef EXPORT
#undef SUM_OVER
