/* gemm.h — the register tiles of the two matrix products, per instruction set.
 *
 * gemm.inl keeps TILE_M × TILE_V vectors of c in registers and broadcasts a: for operands whose
 * rows run along n. dot.inl keeps DOT_M × DOT_N vectors of partial sums: for operands whose rows
 * run along k. windows.inl keeps WIDE_M × WIDE_V vectors of pixels × filters: two wide, because
 * numbers of filters are powers of two. conv2d_few.inl keeps FEW_V vectors of pixels for each of
 * two filters. Each tile leaves just enough registers for the operands of one step.
 */
#ifndef TD_GEMM_H
#define TD_GEMM_H

#include "parallel.h"
#include "simd.h"
#include "status.h"

#if TD_WIDTH == 64 || defined(__aarch64__) /* 32 vector registers */
enum { TILE_M = 8, TILE_V = 3, DOT_M = 3, DOT_N = 8, WIDE_M = 8, WIDE_V = 2, FEW_V = 8 };
#elif TD_WIDTH == 32 /* 16 vector registers and fused multiply-add */
enum { TILE_M = 4, TILE_V = 3, DOT_M = 3, DOT_N = 4, WIDE_M = 6, WIDE_V = 2, FEW_V = 6 };
#else                /* 16, and products need one of their own */
enum { TILE_M = 4, TILE_V = 2, DOT_M = 2, DOT_N = 4, WIDE_M = 4, WIDE_V = 2, FEW_V = 4 };
#endif

/* Bytes a panel may take: what is used TILE_M rows after another stays in a 32–48 KB L1, what is
 * used once per block in a 1 MB L2. */
enum { L1_PANEL = 32 << 10, L2_PANEL = 256 << 10 };

/* windows.inl: bytes of a strip of b in L1, and of a filter in L2; pixels in a task, and bytes of
 * its sums. */
enum { WIDE_PANEL = 40 << 10, WIDE_FILTER = 1 << 20, WIDE_PIXELS = 256, WIDE_SUMS = 256 << 10 };

/* conv2d_few.inl: the most filters of a group that go this way; taps (of a 3×3 filter) that are
 * kept in registers; pixels of a panel, and of all its channels. */
enum { FEW_FILTERS = 6, FEW_TAPS = 9, FEW_PIXELS = 4096, FEW_PANEL = 1 << 16 };

/* conv2d_depthwise.inl: rows of a tile, the longest side of a window whose taps fit beside them,
 * and how many taps there are then. */
enum { DEPTHWISE_ROWS = 4, DEPTHWISE_SIDE = TILE_V == 3 ? 5 : 3, DEPTHWISE_TAPS = 25 };

/* matmul: elements of a and b packed at once, and vectors in a tile of matmul_rows.inl. */
enum { GEMM_PACKED = 4 << 20, ROW_V = FEW_V };

/* matmul_dot.inl: the most rows of a, or of b, that go this way; what of y one task computes. */
enum { FEW_ROWS = 12, FEW_COLUMNS = 16, DOT_ROWS = 24, DOT_COLUMNS = 32 };

/* Multiply-adds below which a piece of work is not worth waking a thread for. */
enum { GEMM_GRAIN = 1 << 17 };

/* Keeps a loaded vector in its register: gcc on x86 would load it again for every product. */
#if defined(__x86_64__) && defined(__AVX512F__)
#define TD_KEEP(v) __asm__("" : "+v"(v))
#elif defined(__x86_64__)
#define TD_KEEP(v) __asm__("" : "+x"(v))
#else
#define TD_KEEP(v) ((void)(v))
#endif

static inline int64_t td_round_up(int64_t n, int64_t multiple)
{
    return TD_CEIL_DIV(n, multiple) * multiple;
}

#endif
