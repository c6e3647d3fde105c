/* tiles.h — AMX's tiles in plain C, bit by bit as Intel documents them: the instructions that
 * bf16_tiles.h uses, for tests on machines without tile units.
 *
 * Where the processor would raise an exception (tiles that were never configured, shapes that do
 * not fit together) this says what is wrong and aborts. Rows of a tile above its shape are 0.
 */
#ifndef TD_EMULATE_TILES_H
#define TD_EMULATE_TILES_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    uint8_t palette, start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} td_tile_config;

static _Thread_local struct {
    td_tile_config config;
    uint8_t tile[8][16][64];
} td_amx;

static void td_tile_fault(int fault, const char *what)
{
    if (!fault) return;
    fprintf(stderr, "emulated tiles: %s\n", what);
    abort();
}

static void td_tile_used(int t)
{
    td_tile_fault(td_amx.config.palette != 1, "no configuration was loaded");
    td_tile_fault(t < 0 || t > 7, "there are tiles 0 to 7");
    td_tile_fault(!td_amx.config.rows[t] || !td_amx.config.bytes[t], "this tile has no shape");
}

static void tile_storeconfig(void *to) { memcpy(to, &td_amx.config, sizeof td_amx.config); }

static void tile_loadconfig(const void *from)
{
    td_tile_config c;
    memcpy(&c, from, sizeof c);
    td_tile_fault(c.palette > 1, "there are palettes 0 and 1");
    for (int i = 0; i < 14; i++) td_tile_fault(c.reserved[i], "reserved bytes must be 0");
    for (int t = 0; t < 16; t++) {
        td_tile_fault(t > 7 && (c.bytes[t] || c.rows[t]), "there are tiles 0 to 7");
        td_tile_fault(c.bytes[t] > 64 || c.rows[t] > 16, "a tile has 16 rows of 64 bytes");
        td_tile_fault(!c.bytes[t] != !c.rows[t], "a tile has rows and bytes, or neither");
    }
    memset(&td_amx, 0, sizeof td_amx);
    if (c.palette) td_amx.config = c;
}

static void tile_zero(int t)
{
    td_tile_used(t);
    memset(td_amx.tile[t], 0, sizeof td_amx.tile[t]);
}

static void tile_loadd(int t, const void *from, int64_t stride)
{
    tile_zero(t);
    for (int i = 0; i < td_amx.config.rows[t]; i++)
        memcpy(td_amx.tile[t][i], (const char *)from + i * stride, td_amx.config.bytes[t]);
}

static void tile_stored(int t, void *to, int64_t stride)
{
    td_tile_used(t);
    for (int i = 0; i < td_amx.config.rows[t]; i++)
        memcpy((char *)to + i * stride, td_amx.tile[t][i], td_amx.config.bytes[t]);
}

static float td_flushed(float x) { return fabsf(x) < 0x1p-126f ? copysignf(0, x) : x; }

/* Element number `at` of a row of bf16. */
static float td_tile_bf16(const uint8_t *row, int at)
{
    uint16_t half;
    memcpy(&half, row + 2 * at, sizeof half);
    const uint32_t bits = (uint32_t)half << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return td_flushed(x);
}

/* d += a · b: even and odd products of a row are added up apart, each rounded once (FMA), and only
 * then meet, and d. Rounding is to nearest even; subnormal inputs and results are zeros. */
static void tile_dpbf16ps(int d, int a, int b)
{
    td_tile_used(d), td_tile_used(a), td_tile_used(b);
    td_tile_fault(d == a || d == b || a == b, "a product takes three tiles");
    const td_tile_config *c = &td_amx.config;
    td_tile_fault(c->rows[d] != c->rows[a], "c and a differ in rows");
    td_tile_fault(c->bytes[d] != c->bytes[b], "c and b differ in columns");
    td_tile_fault(c->bytes[a] != 4 * c->rows[b], "a's columns are not b's rows");
    for (int m = 0; m < c->rows[d]; m++)
        for (int n = 0; n < c->bytes[d] / 4; n++) {
            float sum[2] = {0}, total;
            for (int k = 0; k < c->bytes[a] / 4; k++)
                for (int odd = 0; odd < 2; odd++)
                    sum[odd] =
                        td_flushed(fmaf(td_tile_bf16(td_amx.tile[a][m], 2 * k + odd),
                                        td_tile_bf16(td_amx.tile[b][k], 2 * n + odd), sum[odd]));
            memcpy(&total, td_amx.tile[d][m] + 4 * n, sizeof total);
            total = td_flushed(td_flushed(total) + td_flushed(sum[0] + sum[1]));
            memcpy(td_amx.tile[d][m] + 4 * n, &total, sizeof total);
        }
}

#endif
