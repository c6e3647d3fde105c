/* bf16.h — elements of bf16 and of f32 as floats, one and a vector at a time: what lets
 * bf16_fetch.inl read both. */
#ifndef TD_CPU_BF16_H
#define TD_CPU_BF16_H

#include "half.h"
#include "simd.h"

typedef uint32_t bits_f32 __attribute__((vector_size(TD_WIDTH)));
typedef uint16_t halves_bf16 __attribute__((vector_size(TD_WIDTH / 2), aligned(1), may_alias));

TD_INLINE float number_f32(float x) { return x; }
TD_INLINE float number_bf16(uint16_t x) { return td_from_bf16(x); }

TD_INLINE vec_f32 vector_f32(const float *p) { return load_f32(p); }
TD_INLINE vec_f32 vector_bf16(const uint16_t *p)
{
    return (vec_f32)(__builtin_convertvector(*(const halves_bf16 *)p, bits_f32) << 16);
}

#endif
