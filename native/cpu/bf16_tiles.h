/* bf16_tiles.h — the unit of AMX: TDPBF16PS multiplies a tile of 16 × 32 bf16 by one of 32 × 16.
 *
 * Four tiles of c, 32 × 32 numbers, stay where they are; each step over 32 of k loads two tiles of
 * a and two of b, and each of those is used twice. Subnormal inputs are taken for zeros, subnormal
 * results become zeros. f32 operands come as three parts: of their nine products the six largest
 * are added up, the smallest first (docs/split_products.md).
 *
 * Shapes of tiles are a state of the thread: a task says them when it begins, and at its end says
 * those again that it found, which may be another library's.
 */
enum { UNIT_M = 32, UNIT_N = 32, UNIT_PARTS = 3, UNIT_DEPTH = 512 };
#include "bf16_pairs.h"
#ifdef TD_EMULATE_TILES
#include "emulate/tiles.h"
#else
#include <immintrin.h>
#define tile_storeconfig(to) _tile_storeconfig(to)
#define tile_loadconfig(from) _tile_loadconfig(from)
#define tile_zero(t) _tile_zero(t)
#define tile_loadd(t, from, stride) _tile_loadd(t, from, stride)
#define tile_stored(t, to, stride) _tile_stored(t, to, stride)
#define tile_dpbf16ps(d, a, b) _tile_dpbf16ps(d, a, b)
#endif

enum { TILE_ROWS = 16, TILE_BYTES = 64 };

typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16]; /* in a row of each tile */
    uint8_t rows[16];
} shapes_t;

static const shapes_t shapes = {.palette = 1,
                                .bytes = {64, 64, 64, 64, 64, 64, 64, 64},
                                .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
static _Thread_local shapes_t found;

static void unit_begin(void)
{
    tile_storeconfig(&found);
    tile_loadconfig(&shapes);
}

static void unit_end(void) { tile_loadconfig(&found); }

/* c[32,32] (+)= a · b over k, whole blocks of 32. Tiles 0 to 3 are c's, 4 and 5 a's, 6 and 7 b's;
 * their numbers are part of the instructions. */
static void unit_tile(float *c, int first, int64_t m, int64_t k, int parts, const panel_t *a,
                      int64_t a_apart, const panel_t *b, int64_t b_apart)
{
    (void)m;                             /* all rows of a tile take the time of one */
    __asm__ volatile("" : : : "memory"); /* gcc does not know that tiles are loaded from memory */
    const int row = UNIT_N * (int)sizeof *c;
    float *below = c + TILE_ROWS * UNIT_N;
    if (first) {
        tile_zero(0);
        tile_zero(1);
        tile_zero(2);
        tile_zero(3);
    } else {
        tile_loadd(0, c, row);
        tile_loadd(1, c + 16, row);
        tile_loadd(2, below, row);
        tile_loadd(3, below + 16, row);
    }
    for (int p = parts == 1 ? ALL_PRODUCTS - 1 : 0; p < ALL_PRODUCTS; p++) {
        const panel_t *x = a + PRODUCTS[p][0] * a_apart, *y = b + PRODUCTS[p][1] * b_apart;
        for (int64_t t = 0; t < k; t += UNIT_K, x += UNIT_M * UNIT_K, y += UNIT_K * UNIT_N) {
            tile_loadd(4, x, TILE_BYTES);
            tile_loadd(5, x + TILE_ROWS * UNIT_K, TILE_BYTES);
            tile_loadd(6, y, row);
            tile_loadd(7, y + 32, row);
            tile_dpbf16ps(0, 4, 6);
            tile_dpbf16ps(1, 4, 7);
            tile_dpbf16ps(2, 5, 6);
            tile_dpbf16ps(3, 5, 7);
        }
    }
    tile_stored(0, c, row);
    tile_stored(1, c + 16, row);
    tile_stored(2, below, row);
    tile_stored(3, below + 16, row);
}
