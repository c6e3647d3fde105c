/* reduce.inl — folding one tile (see reduce.c), once per dtype.
 *
 * Sums of reals run over many vector accumulators at once, which are then added as a tree:
 * independent chains hide the latency of the adder and keep rounding errors small. Maxima carry
 * no rounding, so they find the value first and look for its place afterwards. NaN beats all.
 */

#if IS_REAL
#define TOTAL REAL /* what sums of this dtype add up in */
#define IS_NAN(x) ((x) != (x))
#define IS_NUMBER(x) ((x) == (x))
#else
#define TOTAL int64_t
#define IS_NAN(x) 0
#define IS_NUMBER(x) 0
#endif

/* Is b a better winner than a? The first NaN stays. */
#define BETTER(op, b, a) (((op) == MAX ? (b) > (a) : (b) < (a)) | (IS_NAN(b) & IS_NUMBER(a)))

TD_INLINE VEC FN(fold)(int op, VEC a, VEC b)
{
    return op == SUM ? a + b : op == PROD ? a * b : op == MAX ? FN(vmax)(a, b) : FN(vmin)(a, b);
}

TD_INLINE REAL FN(fold1)(int op, REAL a, REAL b)
{
    return op == SUM ? a + b : op == PROD ? a * b : BETTER(op, b, a) ? b : a;
}

/* What changes nothing: for an extreme, an element that takes part anyway. */
#define NEUTRAL(op, element) ((op) == SUM ? 0 : (op) == PROD ? 1 : (element))

/* m ≤ LANES elements; the lanes without one hold `fill`. */
TD_INLINE VEC FN(fetch)(const REAL *x, int64_t stride, int64_t m, REAL fill)
{
    VEC v = FN(splat)(fill);
    if (stride == 1) return m == LANES ? FN(load)(x) : FN(load_some)(x, m, v);
    for (int64_t j = 0; j < m; j++) v[j] = x[j * stride];
    return v;
}

TD_INLINE REAL FN(fold_lanes)(int op, VEC v)
{
#if IS_REAL
    for (int d = LANES / 2; d > 0; d /= 2) v = FN(fold)(op, v, FN(flip)(v, d));
    return v[0];
#else
    REAL y = v[0];
    for (int j = 1; j < LANES; j++) y = FN(fold1)(op, y, v[j]);
    return y;
#endif
}

/* One row of neighbours → 1, in four chains. */
TD_INLINE REAL FN(fold_row)(int op, const REAL *x, int64_t n)
{
    enum { WAYS = 4 };
    const VEC fill = FN(splat)(NEUTRAL(op, x[0]));
    VEC v[WAYS] = {fill, fill, fill, fill};
    int64_t i = 0;
    for (; i + WAYS * LANES <= n; i += WAYS * LANES)
        for (int k = 0; k < WAYS; k++) v[k] = FN(fold)(op, v[k], FN(load)(x + i + k * LANES));
    for (int k = 0; k < WAYS - 1 && i + LANES <= n; k++, i += LANES)
        v[k] = FN(fold)(op, v[k], FN(load)(x + i));
    if (i < n) v[WAYS - 1] = FN(fold)(op, v[WAYS - 1], FN(load_some)(x + i, n - i, fill));
    return FN(fold_lanes)(op, FN(fold)(op, FN(fold)(op, v[0], v[1]), FN(fold)(op, v[2], v[3])));
}

/* x[rows, n] → 1 */
TD_INLINE REAL FN(fold_rows)(int op, const tile_t *t, const REAL *x)
{
    enum { WAYS = 8 };
    const int64_t n = t->n, stride = t->stride;
    if (t->rows == 0 || n == 0) return NEUTRAL(op, 0);
    if (t->rows == 1 && stride == 1) return FN(fold_row)(op, x + t->row[0], n);
    const REAL fill = NEUTRAL(op, x[t->row[0]]);
    VEC wide[WAYS], rest[WAYS];
    for (int k = 0; k < WAYS; k++) wide[k] = rest[k] = FN(splat)(fill);
    int way = 0;
    for (int64_t r = 0; r < t->rows; r++) {
        const REAL *p = x + t->row[r];
        int64_t i = 0;
        if (stride == 1)
            for (; i + WAYS * LANES <= n; i += WAYS * LANES)
                for (int k = 0; k < WAYS; k++)
                    wide[k] = FN(fold)(op, wide[k], FN(load)(p + i + k * LANES));
        for (; i < n; i += LANES, way = (way + 1) % WAYS) {
            VEC v = FN(fetch)(p + i * stride, stride, TD_MIN(n - i, LANES), fill);
            rest[way] = FN(fold)(op, rest[way], v);
        }
    }
    for (int k = 0; k < WAYS; k++) wide[k] = FN(fold)(op, wide[k], rest[k]);
    for (int half = WAYS / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) wide[k] = FN(fold)(op, wide[k], wide[k + half]);
    return FN(fold_lanes)(op, wide[0]);
}

TD_INLINE TOTAL FN(total)(int op, TOTAL a, TOTAL b) { return op == SUM ? a + b : a * b; }

TD_INLINE void FN(sum_or_prod_rows)(int op, const tile_t *t)
{
    TOTAL *y = t->y;
    for (int64_t o = 0; o < t->outputs; o++, y += t->y_stride) {
        const REAL *x = (const REAL *)t->x + o * t->next;
#if IS_REAL
        *y = FN(fold_rows)(op, t, x);
#else
        TOTAL all = NEUTRAL(op, 0);
        for (int64_t r = 0; r < t->rows; r++) {
            const REAL *row = x + t->row[r];
            if (t->stride == 1) /* the compiler makes vectors of it: integers may go in any order */
                for (int64_t i = 0; i < t->n; i++) all = FN(total)(op, all, row[i]);
            else
                for (int64_t i = 0; i < t->n; i++) all = FN(total)(op, all, row[i * t->stride]);
        }
        *y = all;
#endif
    }
}

/* x[rows, n] → n: whole rows are joined to a row of totals, four rows at a time. */
TD_INLINE void FN(sum_or_prod_columns)(int op, const tile_t *t)
{
    const int64_t n = t->n, stride = t->stride;
    TOTAL total[COLUMNS];
    for (int64_t j = 0; j < n; j++) total[j] = NEUTRAL(op, 0);
    int64_t r = 0;
    if (stride == 1)
        for (; r + 4 <= t->rows; r += 4) {
            const REAL *a = (const REAL *)t->x + t->row[r], *b = (const REAL *)t->x + t->row[r + 1];
            const REAL *c = (const REAL *)t->x + t->row[r + 2],
                       *d = (const REAL *)t->x + t->row[r + 3];
            for (int64_t j = 0; j < n; j++)
                total[j] = FN(total)(op, total[j],
                                     FN(total)(op, FN(total)(op, (TOTAL)a[j], (TOTAL)b[j]),
                                               FN(total)(op, (TOTAL)c[j], (TOTAL)d[j])));
        }
    for (; r < t->rows; r++) {
        const REAL *a = (const REAL *)t->x + t->row[r];
        for (int64_t j = 0; j < n; j++) total[j] = FN(total)(op, total[j], a[j * stride]);
    }
    TOTAL *y = t->y;
    for (int64_t j = 0; j < n; j++) y[j * t->y_stride] = total[j];
}

/* The partial totals become one by pairs of pairs, like a binary counter: after k of them, level
 * holds one total for each 1 in the binary digits of k. */
TD_INLINE void FN(sum_or_prod_combine)(int op, void *y, const void *partial, int64_t count,
                                       int64_t step)
{
    const TOTAL *x = partial;
    TOTAL level[64];
    int top = 0;
    for (int64_t k = 0; k < count; k++) {
        TOTAL all = x[k * step];
        for (int64_t ones = k; ones & 1; ones >>= 1) all = FN(total)(op, level[--top], all);
        level[top++] = all;
    }
    TOTAL all = level[--top];
    while (top > 0) all = FN(total)(op, level[--top], all);
    *(TOTAL *)y = all;
}

#define TOTALS(name, op)                                                                           \
    static void FN(name##_rows)(const tile_t *t) { FN(sum_or_prod_rows)(op, t); }                  \
    static void FN(name##_columns)(const tile_t *t) { FN(sum_or_prod_columns)(op, t); }            \
    static void FN(name##_combine)(void *y, int64_t *place, const void *partial,                   \
                                   const int64_t *partial_place, int64_t count, int64_t step)      \
    {                                                                                              \
        (void)place, (void)partial_place;                                                          \
        FN(sum_or_prod_combine)(op, y, partial, count, step);                                      \
    }
TOTALS(sum, SUM)
TOTALS(prod, PROD)

/* The first element of the tile that is `best`, or NaN. */
static int64_t FN(find)(const tile_t *t, const REAL *first, REAL best)
{
    for (int64_t r = 0; r < t->rows; r++) {
        const REAL *x = first + t->row[r];
        int64_t i = 0;
        if (t->stride == 1)
            for (; i + 8 * LANES <= t->n; i += 8 * LANES) {
                MASK hit = {0};
                for (int k = 0; k < 8; k++) {
                    VEC v = FN(load)(x + i + k * LANES);
                    hit |= (v == best) | IS_NAN(v);
                }
                int64_t words[TD_WIDTH / 8], any = 0;
                memcpy(words, &hit, sizeof words);
                for (int k = 0; k < TD_WIDTH / 8; k++) any |= words[k];
                if (any) break;
            }
        for (; i < t->n; i++) {
            REAL v = x[i * t->stride];
            if ((v == best) | IS_NAN(v)) return r * t->n + i;
        }
    }
    return 0;
}

TD_INLINE void FN(best_rows)(int op, const tile_t *t)
{
    for (int64_t o = 0; o < t->outputs; o++) {
        const REAL *x = (const REAL *)t->x + o * t->next, best = FN(fold_rows)(op, t, x);
        if (t->y) ((REAL *)t->y)[o * t->y_stride] = best;
        if (t->place) t->place[o * t->place_stride] = t->first + FN(find)(t, x, best);
    }
}

/* Columns j … of x[rows, n]: `ways` vectors with m elements each, and in the lanes of as many
 * others the rows of the winners so far. */
TD_INLINE void FN(best_block)(int op, const tile_t *t, int64_t j, const int ways, int64_t m)
{
    const int64_t stride = t->stride;
    const REAL *x = (const REAL *)t->x + j * stride;
    VEC best[4];
    MASK winner[4], number = {0};
    for (int k = 0; k < ways; k++) {
        best[k] = FN(fetch)(x + t->row[0] + k * LANES * stride, stride, m, 0);
        winner[k] = number;
    }
    for (int64_t r = 1; r < t->rows; r++) {
        number += 1;
        for (int k = 0; k < ways; k++) {
            VEC v = FN(fetch)(x + t->row[r] + k * LANES * stride, stride, m, 0);
            MASK take = BETTER(op, v, best[k]);
            best[k] = FN(select)(take, v, best[k]);
            winner[k] = (number & take) | (winner[k] & ~take);
        }
    }
    for (int k = 0; k < ways; k++)
        for (int64_t i = 0; i < m; i++) {
            const int64_t column = j + k * LANES + i;
            const int64_t row = (int64_t)winner[k][i] & (ROWS - 1); /* 255 is −1 in a signed byte */
            if (t->y) ((REAL *)t->y)[column * t->y_stride] = best[k][i];
            if (t->place) t->place[column * t->place_stride] = t->first + row;
        }
}

/* x[rows, n] → n */
TD_INLINE void FN(best_columns)(int op, const tile_t *t)
{
    int64_t j = 0;
    for (; t->stride == 1 && j + 4 * LANES <= t->n; j += 4 * LANES)
        FN(best_block)(op, t, j, 4, LANES);
    for (; j < t->n; j += LANES) FN(best_block)(op, t, j, 1, TD_MIN(t->n - j, LANES));
}

TD_INLINE void FN(best_combine)(int op, void *y, int64_t *place, const void *partial,
                                const int64_t *partial_place, int64_t count, int64_t step)
{
    const REAL *x = partial;
    int64_t best = 0;
    for (int64_t k = 1; k < count; k++)
        if (BETTER(op, x[k * step], x[best * step])) best = k;
    if (y) *(REAL *)y = x[best * step];
    if (place) *place = partial_place[best * step];
}

#define EXTREME(name, op)                                                                          \
    static void FN(name##_rows)(const tile_t *t) { FN(best_rows)(op, t); }                         \
    static void FN(name##_columns)(const tile_t *t) { FN(best_columns)(op, t); }                   \
    static void FN(name##_combine)(void *y, int64_t *place, const void *partial,                   \
                                   const int64_t *partial_place, int64_t count, int64_t step)      \
    {                                                                                              \
        FN(best_combine)(op, y, place, partial, partial_place, count, step);                       \
    }
EXTREME(max, MAX)
EXTREME(min, MIN)

#undef EXTREME
#undef TOTALS
#undef NEUTRAL
#undef BETTER
#undef IS_NAN
#undef IS_NUMBER
#undef TOTAL
