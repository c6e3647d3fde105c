/* bf16.h — bf16 is the upper half of an f32: widening shifts, narrowing rounds to the nearest, ties
 * to even. Both for one number and for a vector. */
#ifndef TD_BF16_H
#define TD_BF16_H

#include "simd.h"

typedef uint16_t ulanes_bf16
    __attribute__((vector_size(TD_WIDTH / 2), aligned(1), may_alias)); /* of a vec_f32 */
typedef uint32_t bits_f32 __attribute__((vector_size(TD_WIDTH)));

TD_INLINE float number_bf16(uint16_t h)
{
    const uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

TD_INLINE float number_f32(float x) { return x; }
TD_INLINE vec_f32 vector_f32(const float *p) { return load_f32(p); }

/* x as the bits of the nearest bf16, in the upper half; NaN stays NaN. */
TD_INLINE uint32_t round_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t rounded = bits + 0x7FFF + (bits >> 16 & 1);
    return (x != x ? bits | 0x400000 : rounded) & 0xFFFF0000;
}

TD_INLINE vec_f32 vector_bf16(const uint16_t *p)
{
    return (vec_f32)(__builtin_convertvector(*(const ulanes_bf16 *)p, bits_f32) << 16);
}

#endif
