/* for_numbers.h — includes TD_BODY once per numeric dtype: a file is a template by being
 * included. Inside: REAL is the element type, FN(f) names its version of f, and VEC, MASK, LANES
 * its vectors (simd.h). FOR_REALS stops after f32 and f64; FOR_EVERY adds f16 and bf16, whose
 * elements are uint16_t and have no vectors. Leaves nothing defined but FN's users.
 *
 *     #define TD_BODY "pool.inl"
 *     #include "for_reals.h"
 */
#define FN_(name, dtype) name##_##dtype
#define FN_2(name, dtype) FN_(name, dtype)
#define FN(name) FN_2(name, DTYPE)
#define VEC FN(vec)
#define MASK FN(mask)
#define LANES FN(LANES)

#define IS_REAL 1
#define DTYPE f32
#define REAL float
#include TD_BODY
#undef DTYPE
#undef REAL

#define DTYPE f64
#define REAL double
#include TD_BODY
#undef DTYPE
#undef REAL
#undef IS_REAL

#ifndef FOR_REALS
#define IS_REAL 0
#define DTYPE i64
#define REAL int64_t
#include TD_BODY
#undef DTYPE
#undef REAL

#define DTYPE i32
#define REAL int32_t
#include TD_BODY
#undef DTYPE
#undef REAL

#define DTYPE i16
#define REAL int16_t
#include TD_BODY
#undef DTYPE
#undef REAL

#define DTYPE i8
#define REAL int8_t
#include TD_BODY
#undef DTYPE
#undef REAL

#define DTYPE u8
#define REAL uint8_t
#include TD_BODY
#undef DTYPE
#undef REAL
#undef IS_REAL
#endif

#ifdef FOR_EVERY
#define IS_REAL 1
#define IS_HALF 1
#define REAL uint16_t
#define DTYPE f16
#include TD_BODY
#undef DTYPE

#define DTYPE bf16
#include TD_BODY
#undef DTYPE
#undef REAL
#undef IS_REAL
#undef IS_HALF
#endif

#undef FN_
#undef FN_2
#undef FN
#undef VEC
#undef MASK
#undef LANES
#undef TD_BODY
