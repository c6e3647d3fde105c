/* scan.inl — strips of m ≤ STRIP neighbouring rows, n steps each (see scan.c), once per dtype.
 *
 * What is carried along is wider than the elements where it can be. Sums carry their rounding
 * error beside them (Knuth's two-sum), so the last of a million is as near as the first.
 */

#if IS_REAL
#define TOTAL REAL   /* what sums and products of this dtype are */
#define STATE double /* what they are carried in */
#define IS_NAN(x) ((x) != (x))
#else
#define TOTAL int64_t
#define STATE int64_t
#define IS_NAN(x) 0
#endif

/* Every strip function is called with the first elements of its rows; `step` leads to the next
 * ones, backwards where the scan is reversed. */
typedef void FN(strip_fn)(const scan_t *s, int64_t at, int64_t step, int64_t m);

TD_INLINE void FN(each_strip)(FN(strip_fn) *strip, const scan_t *s, int64_t begin, int64_t end)
{
    const int64_t n = s->plan.n, inner = s->plan.inner;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i % s->strips * STRIP, m = TD_MIN(STRIP, inner - first);
        const int64_t at = i / s->strips * n * inner + first + (s->reverse ? (n - 1) * inner : 0);
        const int64_t step = s->reverse ? -inner : inner;
        if (m == 1)
            strip(s, at, step, 1); /* inlined: the state stays in registers */
        else
            strip(s, at, step, m);
    }
}

TD_INLINE void FN(cumsum_strip)(const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    const REAL *x = (const REAL *)s->x + at;
    TOTAL *y = (TOTAL *)s->y + at;
    STATE total[STRIP] = {0}, error[STRIP] = {0};
    for (int64_t t = 0; t < s->plan.n; t++, x += step, y += step)
        for (int64_t j = 0; j < m; j++) {
            const STATE sum = total[j] + (STATE)x[j], added = sum - total[j];
            if (sizeof(TOTAL) == sizeof(STATE)) /* else a double has digits to spare */
                error[j] += (total[j] - (sum - added)) + ((STATE)x[j] - added);
            total[j] = sum;
            y[j] = (TOTAL)(sum - sum == 0 ? sum + error[j] : sum); /* ∞ has no error */
        }
}

TD_INLINE void FN(cumprod_strip)(const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    const REAL *x = (const REAL *)s->x + at;
    TOTAL *y = (TOTAL *)s->y + at;
    STATE product[STRIP];
    for (int64_t j = 0; j < m; j++) product[j] = 1;
    for (int64_t t = 0; t < s->plan.n; t++, x += step, y += step)
        for (int64_t j = 0; j < m; j++) y[j] = (TOTAL)(product[j] *= (STATE)x[j]);
}

/* The last of equal ones; a NaN beats all, and the next NaN beats it. */
TD_INLINE void FN(best_strip)(int max, const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    const REAL *x = (const REAL *)s->x + at;
    REAL *y = (REAL *)s->y + at, best[STRIP];
    int64_t *place = s->place + at, winner[STRIP] = {0};
    memcpy(best, x, (size_t)m * sizeof *best);
    for (int64_t t = 0; t < s->plan.n; t++, x += step, y += step, place += step)
        for (int64_t j = 0; j < m; j++) {
            const int take = (max ? x[j] >= best[j] : x[j] <= best[j]) | IS_NAN(x[j]);
            winner[j] = take ? t : winner[j];
            place[j] = winner[j];
            y[j] = best[j] = take ? x[j] : best[j];
        }
}

TD_INLINE void FN(cummax_strip)(const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    FN(best_strip)(1, s, at, step, m);
}

TD_INLINE void FN(cummin_strip)(const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    FN(best_strip)(0, s, at, step, m);
}

#if IS_REAL
/* log Σ exp x = top + log sum, where top is the largest x so far. */
TD_INLINE void FN(logcumsumexp_strip)(const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    const REAL *x = (const REAL *)s->x + at;
    REAL *y = (REAL *)s->y + at;
    double top[STRIP], sum[STRIP] = {0};
    for (int64_t j = 0; j < m; j++) top[j] = -INFINITY;
    for (int64_t t = 0; t < s->plan.n; t++, x += step, y += step)
        for (int64_t j = 0; j < m; j++) {
            const double v = x[j], apart = exp(-fabs(v - top[j]));
            if (v == top[j]) /* also where both are infinite */
                sum[j] += 1;
            else
                sum[j] = v > top[j] ? sum[j] * apart + 1 : sum[j] + apart;
            top[j] = v > top[j] ? v : top[j];
            y[j] = (REAL)(top[j] + log(sum[j]));
        }
}

/* Forwards y[t] = a[t] · y[t−1] + b[t]; backwards, its adjoint, y[t] = a[t+1] · y[t+1] + b[t]. */
TD_INLINE void FN(recurrence_strip)(const scan_t *s, int64_t at, int64_t step, int64_t m)
{
    const REAL *b = (const REAL *)s->x + at;
    const REAL *a = (const REAL *)s->a + at - (s->reverse ? step : 0);
    REAL *y = (REAL *)s->y + at;
    double last[STRIP];
    for (int64_t j = 0; j < m; j++) y[j] = b[j], last[j] = b[j];
    for (int64_t t = 1; t < s->plan.n; t++) {
        a += step, b += step, y += step;
        for (int64_t j = 0; j < m; j++) y[j] = (REAL)(last[j] = a[j] * last[j] + b[j]);
    }
}
#endif

#define SCAN(name)                                                                                 \
    static void FN(name)(void *job, int64_t begin, int64_t end)                                    \
    {                                                                                              \
        FN(each_strip)(FN(name##_strip), job, begin, end);                                         \
    }
SCAN(cumsum)
SCAN(cumprod)
SCAN(cummax)
SCAN(cummin)
#if IS_REAL
SCAN(logcumsumexp)
SCAN(recurrence)
#endif

#undef SCAN
#undef STATE
#undef IS_NAN
#undef TOTAL
