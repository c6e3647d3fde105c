/* simd.h — compiler vectors of the width this library is built for, one family per dtype.
 *
 * For each numeric dtype T (f32 f64 i64 i32 i16 i8 u8): vec_T holds LANES_T numbers, mask_T holds
 * the result of comparing two of them (all ones or all zeros per lane). They are GCC/Clang vector
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
#define TD_CALLED static __attribute__((noinline, unused)) /* long, and one copy is enough */

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
TD_VECTOR(i16, int16_t, int16_t)
TD_VECTOR(i8, int8_t, int8_t)
TD_VECTOR(u8, uint8_t, int8_t)

#undef TD_VECTOR

/* What compilers do not make of vectors, or gcc makes of three instructions where x86 has one.
 *
 *   more(x, y)              x > y ? x : y, and less(x, y): y where either is NaN
 *   load_some(p, m, fill)   the m ≤ LANES elements at p, the lanes of `fill` above them
 *   store_some(p, m, v)     writes the first m lanes of v
 *   scale(x, n)             x · 2^n, rounded once (AVX-512 alone, hence TD_SCALE)
 */
#if defined(__AVX512F__)
#define TD_X86(operation) _mm512_##operation
#elif defined(__AVX__)
#define TD_X86(operation) _mm256_##operation
#elif defined(__x86_64__)
#define TD_X86(operation) _mm_##operation
#endif
#ifdef TD_X86
#include <immintrin.h>
#define TD_EXTREMES(T, suffix)                                                                     \
    TD_INLINE vec_##T more_##T(vec_##T x, vec_##T y) { return TD_X86(max_##suffix)(x, y); }        \
    TD_INLINE vec_##T less_##T(vec_##T x, vec_##T y) { return TD_X86(min_##suffix)(x, y); }
#else
#define TD_EXTREMES(T, suffix)                                                                     \
    TD_INLINE vec_##T more_##T(vec_##T x, vec_##T y) { return select_##T(x > y, x, y); }           \
    TD_INLINE vec_##T less_##T(vec_##T x, vec_##T y) { return select_##T(x < y, x, y); }
#endif
TD_EXTREMES(f32, ps)
TD_EXTREMES(f64, pd)
#undef TD_EXTREMES

#ifdef __AVX512F__
#define TD_SCALE
TD_INLINE vec_f32 scale_f32(vec_f32 x, vec_f32 n) { return _mm512_scalef_ps(x, n); }
TD_INLINE vec_f64 scale_f64(vec_f64 x, vec_f64 n) { return _mm512_scalef_pd(x, n); }
#define TD_SOME(T, scalar, suffix, type)                                                           \
    TD_INLINE vec_##T load_some_##T(const scalar *p, int64_t m, vec_##T fill)                      \
    {                                                                                              \
        const uint64_t lanes = ~(uint64_t)0 >> (64 - m);                                           \
        return (vec_##T)_mm512_mask_loadu_##suffix((type)fill, lanes, p);                          \
    }                                                                                              \
    TD_INLINE void store_some_##T(scalar *p, int64_t m, vec_##T v)                                 \
    {                                                                                              \
        const uint64_t lanes = ~(uint64_t)0 >> (64 - m);                                           \
        _mm512_mask_storeu_##suffix(p, lanes, (type)v);                                            \
    }
#else
#define TD_SOME(T, scalar, suffix, type)                                                           \
    TD_INLINE vec_##T load_some_##T(const scalar *p, int64_t m, vec_##T fill)                      \
    {                                                                                              \
        for (int64_t i = 0; i < m; i++) fill[i] = p[i];                                            \
        return fill;                                                                               \
    }                                                                                              \
    TD_INLINE void store_some_##T(scalar *p, int64_t m, vec_##T v)                                 \
    {                                                                                              \
        for (int64_t i = 0; i < m; i++) p[i] = v[i];                                               \
    }
#endif
TD_SOME(f32, float, ps, __m512)
TD_SOME(f64, double, pd, __m512d)
TD_SOME(i64, int64_t, epi64, __m512i)
TD_SOME(i32, int32_t, epi32, __m512i)
TD_SOME(i16, int16_t, epi16, __m512i)
TD_SOME(i8, int8_t, epi8, __m512i)
TD_SOME(u8, uint8_t, epi8, __m512i)
#undef TD_SOME

/* even_T(a, b) is a0 a2 a4 … b0 b2 …; zip_T(a, b, 0) is a0 b0 a1 b1 … of the lower halves of two
 * vectors, zip_T(a, b, 1) of the upper halves; flip_T(v, d) has lane i ^ d of v in lane i. Lists of
 * lanes are made by doubling: TD_ZIP2 is o, n+o, o+1, n+o+1, TD_EVEN4 o, o+2, o+4, o+6, TD_LANES4
 * o, o+1, o+2, o+3. */
#define TD_ZIP1(o, n) (o), (n) + (o)
#define TD_ZIP2(o, n) TD_ZIP1(o, n), TD_ZIP1(o + 1, n)
#define TD_ZIP4(o, n) TD_ZIP2(o, n), TD_ZIP2(o + 2, n)
#define TD_ZIP8(o, n) TD_ZIP4(o, n), TD_ZIP4(o + 4, n)
#define TD_EVEN2(o) (o), (o) + 2
#define TD_EVEN4(o) TD_EVEN2(o), TD_EVEN2(o + 4)
#define TD_EVEN8(o) TD_EVEN4(o), TD_EVEN4(o + 8)
#define TD_EVEN16(o) TD_EVEN8(o), TD_EVEN8(o + 16)
#define TD_LANES2(o) (o), (o) + 1
#define TD_LANES4(o) TD_LANES2(o), TD_LANES2(o + 2)
#define TD_LANES8(o) TD_LANES4(o), TD_LANES4(o + 4)
#define TD_LANES16(o) TD_LANES8(o), TD_LANES8(o + 8)
#if defined(__clang__)
#define TD_SHUFFLE(T, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#define TD_FLIP(T, v, d, ...)                                                                      \
    vec_##T u;                                                                                     \
    for (int i = 0; i < LANES_##T; i++) u[i] = v[i ^ d];                                           \
    return u
#else
#define TD_SHUFFLE(T, a, b, ...) __builtin_shuffle(a, b, (mask_##T){__VA_ARGS__})
#define TD_FLIP(T, v, d, ...) return __builtin_shuffle(v, (mask_##T){__VA_ARGS__} ^ d)
#endif
#define TD_SHUFFLES(T, ZIP, EVEN, EACH)                                                            \
    TD_INLINE vec_##T zip_##T(vec_##T a, vec_##T b, const int upper)                               \
    {                                                                                              \
        if (upper) return TD_SHUFFLE(T, a, b, ZIP(LANES_##T / 2, LANES_##T));                      \
        return TD_SHUFFLE(T, a, b, ZIP(0, LANES_##T));                                             \
    }                                                                                              \
    TD_INLINE vec_##T even_##T(vec_##T a, vec_##T b) { return TD_SHUFFLE(T, a, b, EVEN(0)); }      \
    TD_INLINE vec_##T flip_##T(vec_##T v, const int d) { TD_FLIP(T, v, d, EACH(0)); }

#if TD_WIDTH == 64
TD_SHUFFLES(f32, TD_ZIP8, TD_EVEN16, TD_LANES16)
TD_SHUFFLES(f64, TD_ZIP4, TD_EVEN8, TD_LANES8)
#elif TD_WIDTH == 32
TD_SHUFFLES(f32, TD_ZIP4, TD_EVEN8, TD_LANES8)
TD_SHUFFLES(f64, TD_ZIP2, TD_EVEN4, TD_LANES4)
#else
TD_SHUFFLES(f32, TD_ZIP2, TD_EVEN4, TD_LANES4)
TD_SHUFFLES(f64, TD_ZIP1, TD_EVEN2, TD_LANES2)
#endif

/* The sum and the largest of a vector's lanes, in all lanes: halves are folded onto each other. */
#define TD_ACROSS(T)                                                                               \
    TD_INLINE vec_##T sum_across_##T(vec_##T v)                                                    \
    {                                                                                              \
        for (int d = LANES_##T / 2; d > 0; d /= 2) v += flip_##T(v, d);                            \
        return v;                                                                                  \
    }                                                                                              \
    TD_INLINE vec_##T most_across_##T(vec_##T v)                                                   \
    {                                                                                              \
        for (int d = LANES_##T / 2; d > 0; d /= 2) v = more_##T(v, flip_##T(v, d));                \
        return v;                                                                                  \
    }
TD_ACROSS(f32)
TD_ACROSS(f64)
#undef TD_ACROSS

#endif
