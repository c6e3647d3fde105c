/* bf16_pairs.h — how operands are packed for units that multiply bf16 by pairs along k.
 *
 *   a[m,k]  as [m/UNIT_M][k/32][UNIT_M][32]: rows of a, 16 pairs at a time
 *   b[k,n]  as [k/2][UNIT_N][2]: b[2t,j] and b[2t+1,j] side by side, for every column j
 *
 * TDPBF16PS and VDPBF16PS both read that. k is filled up with zeros to whole blocks of 32. An f32
 * operand is packed as up to three parts, whose sum it is: each part is what those before it have
 * left over, rounded to bf16.
 */
#define UNIT_PAIRS
enum { UNIT_K = 32 };
typedef uint16_t panel_t;

#define SOURCE uint16_t
#define FETCH(name) name##_bf16
#include "bf16_fetch.inl"
#undef SOURCE
#undef FETCH
#define SOURCE float
#define FETCH(name) name##_f32
#include "bf16_fetch.inl"
#undef SOURCE
#undef FETCH

/* Products of parts, the smallest first: of a's and b's. The last is that of the leading parts. */
static const char PRODUCTS[][2] = {{2, 0}, {1, 1}, {0, 2}, {1, 0}, {0, 1}, {0, 0}};
enum { ALL_PRODUCTS = 6 };

/* A vector of pairs of bf16, of x[i] and x[i + step]; and one of x[2i] and x[2i + 1]. */
TD_INLINE vec_f32 pairs_across(const uint16_t *x, int64_t step)
{
    const halves_bf16 low = *(const halves_bf16 *)x, high = *(const halves_bf16 *)(x + step);
    const bits_f32 upper = __builtin_convertvector(high, bits_f32) << 16;
    return (vec_f32)(__builtin_convertvector(low, bits_f32) | upper);
}
TD_INLINE vec_f32 pairs_along(const uint16_t *x) { return *(const uvec_f32 *)x; }

/* A block of a's panel where lanes lie side by side: squares of pairs, turned in registers. Lanes
 * are read up to whole squares. */
static void turn_rows(panel_t *to, const uint16_t *x, int64_t step)
{
    for (int i = 0; i < UNIT_M; i += LANES_f32)
        for (int t = 0; t < UNIT_K; t += 2 * LANES_f32) {
            vec_f32 v[LANES_f32];
            for (int l = 0; l < LANES_f32; l++)
                v[l] = pairs_across(x + i + (t + 2 * l) * step, step);
            turn_f32(v);
            for (int l = 0; l < TD_MIN(LANES_f32, UNIT_M - i); l++)
                store_f32((float *)(to + (i + l) * UNIT_K + t), v[l]);
        }
}

/* A block of b's panel, all of it there: its columns lie side by side, or the numbers of each. */
static int pairs_of_bf16(panel_t *to, const uint16_t *x, int64_t lane, int64_t step)
{
    if (lane == 1) {
        for (int t = 0; t < UNIT_K; t += 2, to += 2 * UNIT_N)
            for (int j = 0; j < UNIT_N; j += LANES_f32)
                store_f32((float *)(to + 2 * j), pairs_across(x + t * step + j, step));
        return 1;
    }
    for (int t = 0; step == 1 && t < UNIT_K; t += 2 * LANES_f32)
        for (int j = 0; j < UNIT_N; j += LANES_f32) {
            vec_f32 v[LANES_f32];
            for (int l = 0; l < LANES_f32; l++) v[l] = pairs_along(x + (j + l) * lane + t);
            turn_f32(v);
            for (int l = 0; l < LANES_f32; l++)
                store_f32((float *)(to + t * UNIT_N + 2 * (l * UNIT_N + j)), v[l]);
        }
    return step == 1;
}

TD_INLINE void pack_rows(const operand_t *x, panel_t *to, const int parts, int64_t apart,
                         int64_t lane0, int64_t k0, int64_t lanes, int64_t k)
{
    const int64_t at = lane0 * x->lane + k0 * x->step;
    const int turn = x->dtype == TD_BF16 && x->lane == 1 && x->step != 1 &&
                     lane0 + td_round_up(UNIT_M, LANES_f32) <= x->lanes;
    for (int64_t t = 0; t < k; t += UNIT_K, to += UNIT_M * UNIT_K)
        if (turn && k - t >= UNIT_K)
            turn_rows(to, (const uint16_t *)x->data + at + t * x->step, x->step);
        else if (x->dtype == TD_F32)
            rows_f32(to, parts, apart, lanes, TD_MIN(k - t, UNIT_K),
                     (const float *)x->data + at + t * x->step, x->lane, x->step);
        else
            rows_bf16(to, 1, 0, lanes, TD_MIN(k - t, UNIT_K),
                      (const uint16_t *)x->data + at + t * x->step, x->lane, x->step);
}

static void pack_a(const operand_t *x, panel_t *to, int64_t apart, int64_t lane0, int64_t k0,
                   int64_t lanes, int64_t k)
{
    if (x->parts == 1)
        pack_rows(x, to, 1, apart, lane0, k0, lanes, k);
    else
        pack_rows(x, to, 3, apart, lane0, k0, lanes, k);
}

/* to[parts][k/2][UNIT_N][2] of from[k,UNIT_N], k even. */
TD_INLINE void pair_up(panel_t *restrict to, const int parts, int64_t apart,
                       const float *restrict from, int64_t k)
{
    for (int64_t t = 0; t < k; t += 2, to += 2 * UNIT_N, from += 2 * UNIT_N) {
        uint32_t pair[3][UNIT_N];
        for (int64_t j = 0; j < UNIT_N; j++) {
            float even = from[j], odd = from[UNIT_N + j];
            for (int part = 0; part < parts; part++) {
                const uint16_t low = td_to_bf16(even), high = td_to_bf16(odd);
                pair[part][j] = low | (uint32_t)high << 16;
                even -= td_from_bf16(low), odd -= td_from_bf16(high);
            }
        }
        for (int part = 0; part < parts; part++)
            memcpy(to + part * apart, pair[part], sizeof pair[part]);
    }
}

static void pack_b(const operand_t *x, panel_t *to, int64_t apart, int64_t lane0, int64_t k0,
                   int64_t lanes, int64_t k)
{
    float block[UNIT_K * UNIT_N];
    const int64_t at = lane0 * x->lane + k0 * x->step;
    for (int64_t t = 0; t < k; t += UNIT_K, to += UNIT_K * UNIT_N) {
        const int64_t some = TD_MIN(k - t, UNIT_K), from = at + t * x->step;
        if (x->dtype == TD_BF16 && lanes == UNIT_N && some == UNIT_K &&
            pairs_of_bf16(to, (const uint16_t *)x->data + from, x->lane, x->step))
            continue;
        if (some < UNIT_K)
            memset(block + some * UNIT_N, 0, (UNIT_K - some) * UNIT_N * sizeof *block);
        if (x->dtype == TD_F32)
            fetch_f32(block, UNIT_N, lanes, some, (const float *)x->data + from, x->lane, x->step);
        else
            fetch_bf16(block, UNIT_N, lanes, some, (const uint16_t *)x->data + from, x->lane,
                       x->step);
        if (x->parts == 1)
            pair_up(to, 1, apart, block, UNIT_K);
        else
            pair_up(to, 3, apart, block, UNIT_K);
    }
}
