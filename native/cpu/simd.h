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

#endif
