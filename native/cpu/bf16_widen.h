/* bf16_widen.h — the unit of libraries without instructions for bf16: panels are widened to f32
 * and multiplied as gemm.inl does, with UNIT_M × TILE_V vectors of c in registers.
 *
 *   a[m,k]  as [m/UNIT_M][k][UNIT_M],  b[k,n]  as [k][UNIT_N]
 */
enum { UNIT_M = TILE_M, UNIT_N = TILE_V * LANES_f32, UNIT_K = 1, UNIT_PARTS = 0 };
enum { UNIT_DEPTH = L1_PANEL / ((int)sizeof(float) * UNIT_N) };
typedef float panel_t;

#define SOURCE uint16_t
#define FETCH(name) name##_bf16
#include "bf16_fetch.inl"
#undef SOURCE
#undef FETCH

static void unit_begin(void) {}
static void unit_end(void) {}

static void pack_a(const operand_t *x, panel_t *to, int64_t apart, int64_t lane0, int64_t k0,
                   int64_t lanes, int64_t k)
{
    (void)apart;
    const uint16_t *from = x->data;
    fetch_bf16(to, UNIT_M, lanes, k, from + lane0 * x->lane + k0 * x->step, x->lane, x->step);
}

static void pack_b(const operand_t *x, panel_t *to, int64_t apart, int64_t lane0, int64_t k0,
                   int64_t lanes, int64_t k)
{
    (void)apart;
    const uint16_t *from = x->data;
    fetch_bf16(to, UNIT_N, lanes, k, from + lane0 * x->lane + k0 * x->step, x->lane, x->step);
}

/* c[UNIT_M,UNIT_N] (+)= a · b over k. */
static void unit_tile(float *c, int first, int64_t m, int64_t k, int parts, const panel_t *a,
                      int64_t a_apart, const panel_t *b, int64_t b_apart)
{
    (void)m, (void)parts, (void)a_apart, (void)b_apart; /* there is one part */
    vec_f32 sum[UNIT_M][TILE_V] = {0};
    for (int64_t t = 0; t < k; t++, a += UNIT_M, b += UNIT_N) {
        vec_f32 row[TILE_V];
        for (int v = 0; v < TILE_V; v++) row[v] = load_f32(b + v * LANES_f32);
        for (int i = 0; i < UNIT_M; i++)
            for (int v = 0; v < TILE_V; v++) sum[i][v] += splat_f32(a[i]) * row[v];
    }
    for (int i = 0; i < UNIT_M; i++)
        for (int v = 0; v < TILE_V; v++) {
            float *to = c + i * UNIT_N + v * LANES_f32;
            store_f32(to, first ? sum[i][v] : load_f32(to) + sum[i][v]);
        }
}
