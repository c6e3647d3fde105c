/* simd.h — compiler vectors of the width this library is built for, one family per dtype.
 *
 * For each numeric dtype T (f32 f64 i64 i32 u8): vec_T holds LANES_T numbers, mask_T holds the
 * result of comparing two of them (all ones or all zeros per lane). They are GCC/Clang vector
 * extensions, so + - * / < & work as on scalars and the same source serves SSE2, AVX2, AVX-512
 * and NEON. What depends on the instruction set lives here and nowhere else in native/cpu.
 */
#ifndef TD_SIMD_H
#define TD_SIMD_H

#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define TD_WIDTH 64 /* bytes in a vector register */
#elif defined(__AVX__)
#define TD_WIDTH 32
#else
#define TD_WIDTH 16
#endif

#define TD_INLINE static inline __attribute__((always_inline))

/* The unaligned twin of each vector is what loads and stores go through; may_alias because a
 * vector of floats legitimately reads an array of floats. */
#define TD_VECTOR(T, scalar, mask)                                                                 \
    typedef scalar vec_##T __attribute__((vector_size(TD_WIDTH)));                                 \
    typedef mask mask_##T __attribute__((vector_size(TD_WIDTH)));                                  \
    typedef scalar uvec_##T __attribute__((vector_size(TD_WIDTH), aligned(1), may_alias));         \
    enum { LANES_##T = TD_WIDTH / (int)sizeof(scalar) };                                           \
    typedef uint8_t bool_##T __attribute__((vector_size(LANES_##T)));                              \
    typedef uint8_t ubool_##T __attribute__((vector_size(LANES_##T), aligned(1), may_alias));      \
    TD_INLINE vec_##T load_##T(const scalar *p) { return *(const uvec_##T *)p; }                   \
    TD_INLINE void store_##T(scalar *p, vec_##T v) { *(uvec_##T *)p = v; }                         \
    TD_INLINE vec_##T splat_##T(scalar s) { return s - (vec_##T){0}; }                             \
    TD_INLINE vec_##T select_##T(mask_##T m, vec_##T a, vec_##T b)                                 \
    {                                                                                              \
        return (vec_##T)(((mask_##T)a & m) | ((mask_##T)b & ~m));                                  \
    }

TD_VECTOR(f32, float, int32_t)
TD_VECTOR(f64, double, int64_t)
TD_VECTOR(i64, int64_t, int64_t)
TD_VECTOR(i32, int32_t, int32_t)
TD_VECTOR(u8, uint8_t, int8_t)

#undef TD_VECTOR

/* even_T(a, b) is a0 a2 a4 … b0 b2 …; zip_T(a, b, 0) is a0 b0 a1 b1 … of the lower halves of two
 * vectors, zip_T(a, b, 1) of the upper halves. The lists of lanes are made by doubling: TD_ZIP2 is
 * o, n+o, o+1, n+o+1, TD_EVEN4 o, o+2, o+4, o+6. */
#define TD_ZIP1(o, n) (o), (n) + (o)
#define TD_ZIP2(o, n) TD_ZIP1(o, n), TD_ZIP1(o + 1, n)
#define TD_ZIP4(o, n) TD_ZIP2(o, n), TD_ZIP2(o + 2, n)
#define TD_ZIP8(o, n) TD_ZIP4(o, n), TD_ZIP4(o + 4, n)
#define TD_EVEN2(o) (o), (o) + 2
#define TD_EVEN4(o) TD_EVEN2(o), TD_EVEN2(o + 4)
#define TD_EVEN8(o) TD_EVEN4(o), TD_EVEN4(o + 8)
#define TD_EVEN16(o) TD_EVEN8(o), TD_EVEN8(o + 16)
#if defined(__clang__)
#define TD_SHUFFLE(T, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define TD_SHUFFLE(T, a, b, ...) __builtin_shuffle(a, b, (mask_##T){__VA_ARGS__})
#endif
#define TD_SHUFFLES(T, ZIP, EVEN)                                                                  \
    TD_INLINE vec_##T zip_##T(vec_##T a, vec_##T b, const int upper)                               \
    {                                                                                              \
        if (upper) return TD_SHUFFLE(T, a, b, ZIP(LANES_##T / 2, LANES_##T));                      \
        return TD_SHUFFLE(T, a, b, ZIP(0, LANES_##T));                                             \
    }                                                                                              \
    TD_INLINE vec_##T even_##T(vec_##T a, vec_##T b) { return TD_SHUFFLE(T, a, b, EVEN(0)); }

#if TD_WIDTH == 64
TD_SHUFFLES(f32, TD_ZIP8, TD_EVEN16)
TD_SHUFFLES(f64, TD_ZIP4, TD_EVEN8)
#elif TD_WIDTH == 32
TD_SHUFFLES(f32, TD_ZIP4, TD_EVEN8)
TD_SHUFFLES(f64, TD_ZIP2, TD_EVEN4)
#else
TD_SHUFFLES(f32, TD_ZIP2, TD_EVEN4)
TD_SHUFFLES(f64, TD_ZIP1, TD_EVEN2)
#endif

#endif
