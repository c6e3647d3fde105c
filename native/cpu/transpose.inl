/* transpose.inl — to[n,m] = from[m,n]ᵀ, in squares of LANES × LANES that are turned in registers.
 *
 * Zipping the upper half of a square's rows with the lower half, log2(LANES) times over, turns it.
 * Rows are `ldf` and `ldt` apart; ldt may be negative, to turn back to front.
 */

TD_INLINE void FN(turn)(VEC *v)
{
    for (int done = 1; done < LANES; done *= 2) {
        VEC was[LANES];
        for (int i = 0; i < LANES; i++) was[i] = v[i];
        for (int i = 0; i < LANES; i++) v[i] = FN(zip)(was[i / 2], was[i / 2 + LANES / 2], i % 2);
    }
}

/* The vector at p, with 0 for what is not before `end`. */
TD_INLINE VEC FN(load_until)(const REAL *p, const REAL *end)
{
    if (end - p >= LANES) return FN(load)(p);
    REAL some[LANES] = {0};
    for (int i = 0; i < end - p; i++) some[i] = p[i];
    return FN(load)(some);
}

/* m ≤ LANES rows to n whole vectors, zeros in the lanes from m on. Nothing is read from `end`. */
static inline void FN(transpose_in)(REAL *to, int64_t ldt, const REAL *from, int64_t ldf, int64_t m,
                                    int64_t n, const REAL *end)
{
    for (int64_t j = 0; j < n; j += LANES) {
        VEC v[LANES];
        for (int i = 0; i < LANES; i++)
            v[i] = i < m ? FN(load_until)(from + i * ldf + j, end) : FN(splat)(0);
        FN(turn)(v);
        if (n - j >= LANES)
            for (int i = 0; i < LANES; i++) FN(store)(to + (j + i) * ldt, v[i]);
        else
            for (int i = 0; i < n - j; i++) FN(store)(to + (j + i) * ldt, v[i]);
    }
}

/* to[n,m]; `from` may be read up to whole squares, `to` gets its m columns and no more. */
static inline void FN(transpose_out)(REAL *to, int64_t ldt, const REAL *from, int64_t ldf,
                                     int64_t m, int64_t n)
{
    for (int64_t j = 0; j < n; j += LANES)
        for (int64_t i = 0; i < m; i += LANES) {
            VEC v[LANES];
            for (int l = 0; l < LANES; l++) v[l] = FN(load)(from + (i + l) * ldf + j);
            FN(turn)(v);
            if (m - i >= LANES && n - j >= LANES)
                for (int l = 0; l < LANES; l++) FN(store)(to + (j + l) * ldt + i, v[l]);
            else
                for (int l = 0; l < TD_MIN(n - j, LANES); l++)
                    memcpy(to + (j + l) * ldt + i, &v[l], TD_MIN(m - i, LANES) * sizeof(REAL));
        }
}
