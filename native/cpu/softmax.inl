/* softmax.inl — softmax and friends over strips of vectors, once per real dtype.
 *
 * A strip is one contiguous row, LANES elements to a vector (`across`: sums and maxima are taken
 * over the lanes too), or up to LANES neighbouring rows with one element of each in a vector.
 * The row's maximum is subtracted before any exponential, so nothing overflows.
 */
typedef struct {
    int64_t vectors, whole; /* the first `whole` vectors have LANES elements, the rest `some` */
    int64_t some, step;     /* vector v starts at v · step */
} FN(strip);

/* statement for each vector v from begin to end; `whole` in it is a constant. */
#define FOR_VECTORS(begin, end, statement)                                                         \
    do {                                                                                           \
        int64_t v = begin;                                                                         \
        for (const int whole = 1; v < TD_MIN(end, s->whole); v++) statement;                       \
        for (const int whole = 0; v < end; v++) statement;                                         \
    } while (0)

#define FETCH(x, fill)                                                                             \
    (whole ? FN(load)(x + v * s->step) : FN(load_some)(x + v * s->step, s->some, FN(splat)(fill)))
#define PUT(y, u)                                                                                  \
    (whole ? FN(store)(y + v * s->step, u) : FN(store_some)(y + v * s->step, s->some, u))

/* Σ term in blocks, so that errors grow with the block and not with the row. */
#define SUM_OVER(total, term)                                                                      \
    do {                                                                                           \
        total = FN(splat)(0);                                                                      \
        for (int64_t v0 = 0; v0 < s->vectors; v0 += 64) {                                          \
            VEC block = FN(splat)(0);                                                              \
            FOR_VECTORS(v0, TD_MIN(v0 + 64, s->vectors), block += term);                           \
            total += block;                                                                        \
        }                                                                                          \
        if (across) total = FN(sum_across)(total);                                                 \
    } while (0)

/* NaN may be overlooked: x − max has it all the same. */
TD_INLINE VEC FN(strip_max)(const REAL *x, const FN(strip) *s, const int across)
{
    VEC max = FN(splat)(-(REAL)INFINITY);
    FOR_VECTORS(0, s->vectors, max = FN(more)(FETCH(x, -(REAL)INFINITY), max));
    return across ? FN(most_across)(max) : max;
}

/* y = exp(x − max) / Σ exp(x − max) */
TD_INLINE void FN(softmax_strip)(REAL *y, const REAL *x, const REAL *gy, const FN(strip) *s,
                                 const int across)
{
    (void)gy;
    VEC e, sum, max = FN(strip_max)(x, s, across);
    SUM_OVER(sum, (e = FN(vexp)(FETCH(x, -(REAL)INFINITY) - max), PUT(y, e), e));
    FOR_VECTORS(0, s->vectors, PUT(y, FETCH(y, 0) / sum));
}

/* y = (x − max) − log Σ exp(x − max) */
TD_INLINE void FN(log_softmax_strip)(REAL *y, const REAL *x, const REAL *gy, const FN(strip) *s,
                                     const int across)
{
    (void)gy;
    VEC sum, max = FN(strip_max)(x, s, across);
    SUM_OVER(sum, FN(vexp)(FETCH(x, -(REAL)INFINITY) - max));
    const VEC log_sum = FN(vlog)(sum);
    FOR_VECTORS(0, s->vectors, PUT(y, FETCH(x, 0) - max - log_sum));
}

/* gx = y (gy − Σ gy y) */
TD_INLINE void FN(softmax_grad_strip)(REAL *gx, const REAL *y, const REAL *gy, const FN(strip) *s,
                                      const int across)
{
    VEC dot;
    SUM_OVER(dot, FETCH(gy, 0) * FETCH(y, 0));
    FOR_VECTORS(0, s->vectors, PUT(gx, FETCH(y, 0) * (FETCH(gy, 0) - dot)));
}

/* gx = gy − exp(y) Σ gy */
TD_INLINE void FN(log_softmax_grad_strip)(REAL *gx, const REAL *y, const REAL *gy,
                                          const FN(strip) *s, const int across)
{
    VEC sum;
    SUM_OVER(sum, FETCH(gy, 0));
    FOR_VECTORS(0, s->vectors, PUT(gx, FETCH(gy, 0) - FN(vexp)(FETCH(y, 0)) * sum));
}

/* Rows begin … end−1 of [outer, n, inner], strip by strip. */
TD_INLINE void FN(strips)(const softmax_t *job, int64_t begin, int64_t end,
                          void (*body)(REAL *, const REAL *, const REAL *, const FN(strip) *, int))
{
    REAL *y = job->y;
    const REAL *x = job->x, *gy = job->gy ? job->gy : job->x;
    const int64_t n = job->n, inner = job->inner;
    if (inner == 1) {
        const FN(strip) s = {TD_CEIL_DIV(n, LANES), n / LANES, n % LANES, LANES};
        for (int64_t row = begin; row < end; row++)
            body(y + row * n, x + row * n, gy + row * n, &s, 1);
        return;
    }
    for (int64_t row = begin, m; row < end; row += m) {
        const int64_t column = row % inner, at = row / inner * n * inner + column;
        m = TD_MIN(LANES, TD_MIN(inner - column, end - row));
        const FN(strip) s = {n, m == LANES ? n : 0, m, inner};
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
#undef FOR_VECTORS
#undef FETCH
#undef PUT
#undef SUM_OVER
