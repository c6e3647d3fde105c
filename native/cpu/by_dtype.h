/* by_dtype.h — tables of a function's versions, one for each dtype of a domain (elementwise.def).
 *
 * The versions are those that for_numbers.h makes. A bool is a byte, and its bits are a u8's.
 */
#ifndef TD_BY_DTYPE_H
#define TD_BY_DTYPE_H

#define BY_DTYPE_reals(f) {[TD_F32] = f##_f32, [TD_F64] = f##_f64}
#define BY_DTYPE_functions(f) BY_DTYPE_reals(f)
#define BY_DTYPE_integers(f)                                                                       \
    {[TD_I64] = f##_i64, [TD_I32] = f##_i32, [TD_I16] = f##_i16, [TD_I8] = f##_i8, [TD_U8] = f##_u8}
#define BY_DTYPE_numbers(f)                                                                        \
    {[TD_F32] = f##_f32, [TD_F64] = f##_f64, [TD_I64] = f##_i64, [TD_I32] = f##_i32,               \
     [TD_I16] = f##_i16, [TD_I8] = f##_i8,   [TD_U8] = f##_u8}
#define BY_DTYPE_bits(f)                                                                           \
    {[TD_I64] = f##_i64, [TD_I32] = f##_i32, [TD_I16] = f##_i16,                                   \
     [TD_I8] = f##_i8,   [TD_U8] = f##_u8,   [TD_BOOL] = f##_u8}
#define BY_DTYPE_all(f)                                                                            \
    {[TD_F32] = f##_f32, [TD_F64] = f##_f64, [TD_I64] = f##_i64, [TD_I32] = f##_i32,               \
     [TD_I16] = f##_i16, [TD_I8] = f##_i8,   [TD_U8] = f##_u8,   [TD_BOOL] = f##_u8}

#endif
