/* bf16_dot.h — the unit of AVX512_BF16: VDPBF16PS adds two products of bf16 to each of 16 floats.
 *
 * UNIT_M rows × two vectors of c stay in registers; each step takes two vectors of pairs of b and a
 * pair of every row of a, in all lanes. The instruction takes subnormal inputs for zeros and makes
 * zeros of subnormal results.
 */
enum { UNIT_M = 12, UNIT_V = 2, UNIT_N = UNIT_V * LANES_f32, UNIT_PARTS = 1, UNIT_DEPTH = 1024 };
#include "bf16_pairs.h"

static void unit_begin(void) {}
static void unit_end(void) {}

/* c[rows,UNIT_N] (+)= a · b over k, whole blocks of 32; `rows` is constant at each call. */
TD_INLINE void dot_rows(const int rows, float *c, int first, int64_t k, const panel_t *a,
                        const panel_t *b)
{
    __m512 sum[UNIT_M][UNIT_V];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < UNIT_V; v++)
            sum[i][v] = first ? splat_f32(0) : load_f32(c + i * UNIT_N + v * LANES_f32);
    for (int64_t block = 0; block < k; block += UNIT_K, a += (UNIT_M - 1) * UNIT_K)
        for (int t = 0; t < UNIT_K; t += 2, a += 2, b += 2 * UNIT_N) {
            __m512bh pairs[UNIT_V];
            for (int v = 0; v < UNIT_V; v++)
                pairs[v] = (__m512bh)_mm512_loadu_si512(b + 2 * v * LANES_f32);
            for (int i = 0; i < rows; i++) {
                int pair;
                memcpy(&pair, a + i * UNIT_K, sizeof pair);
                for (int v = 0; v < UNIT_V; v++)
                    sum[i][v] =
                        _mm512_dpbf16_ps(sum[i][v], (__m512bh)_mm512_set1_epi32(pair), pairs[v]);
            }
        }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < UNIT_V; v++) store_f32(c + i * UNIT_N + v * LANES_f32, sum[i][v]);
}

static void unit_tile(float *c, int first, int64_t m, int64_t k, int parts, const panel_t *a,
                      int64_t a_apart, const panel_t *b, int64_t b_apart)
{
    (void)parts, (void)a_apart, (void)b_apart; /* there is one part */
    if (m <= 4)
        dot_rows(4, c, first, k, a, b);
    else if (m <= 8)
        dot_rows(8, c, first, k, a, b);
    else
        dot_rows(UNIT_M, c, first, k, a, b);
}
