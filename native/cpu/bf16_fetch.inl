/* bf16_fetch.inl — operands as they are packed, once for a source of bf16 and once for one of f32:
 * SOURCE is its element, FETCH(f) its version of f.
 *
 * Element t of lane i (a row of a, a column of b) is x[i·lane + t·step].
 */

/* to[k,width] = x as floats, lanes ≤ width of them; those above are 0. */
TD_INLINE void FETCH(fetch)(float *restrict to, const int width, int64_t lanes, int64_t k,
                            const SOURCE *restrict x, int64_t lane, int64_t step)
{
    if (lanes < width) memset(to, 0, k * width * sizeof *to);
    int64_t t = 0;
    if (lane == 1 && lanes == width) {
        for (; t < k; t++)
            for (int64_t i = 0; i < width; i++) to[t * width + i] = FETCH(number)(x[t * step + i]);
    } else if (step == 1 && width % LANES_f32 == 0) { /* squares, turned in registers */
        for (; t + LANES_f32 <= k; t += LANES_f32)
            for (int64_t i = 0; i < lanes; i += LANES_f32) {
                vec_f32 v[LANES_f32];
                for (int l = 0; l < LANES_f32; l++)
                    v[l] = i + l < lanes ? FETCH(vector)(x + (i + l) * lane + t) : splat_f32(0);
                turn_f32(v);
                for (int l = 0; l < LANES_f32; l++) store_f32(to + (t + l) * width + i, v[l]);
            }
    }
    for (; t < k; t++)
        for (int64_t i = 0; i < lanes; i++)
            to[t * width + i] = FETCH(number)(x[i * lane + t * step]);
}

#ifdef UNIT_PAIRS
/* A block of a's panel, to[parts][UNIT_M][32] = x[lanes,k], k ≤ 32; what is missing is 0. */
TD_INLINE void FETCH(rows)(uint16_t *restrict to, const int parts, int64_t apart, int64_t lanes,
                           int64_t k, const SOURCE *restrict x, int64_t lane, int64_t step)
{
    if (lanes < UNIT_M || k < UNIT_K)
        for (int part = 0; part < parts; part++)
            memset(to + part * apart, 0, UNIT_M * UNIT_K * sizeof *to);
    for (int64_t i = 0; i < lanes; i++, to += UNIT_K, x += lane) {
        if (k == UNIT_K && step == 1 && sizeof(SOURCE) == sizeof *to)
            memcpy(to, x, UNIT_K * sizeof *to);
        else
            for (int64_t t = 0; t < k; t++) {
                float rest = FETCH(number)(x[t * step]);
                for (int part = 0; part < parts; part++) {
                    to[part * apart + t] = td_to_bf16(rest);
                    rest -= td_from_bf16(to[part * apart + t]);
                }
            }
    }
}
#endif
