/* convert.inl — rows of td_copy that read one dtype and write every other, for every dtype: REAL
 * is how the source is stored. */

#ifdef IS_HALF
#define NUMBER(v) FN(td_from)(v)
#else
#define NUMBER(v) (v)
#endif

/* A float outside the integer's range has no integer value: pin it, and NaN to 0, so that the
 * result is the same on every machine. Narrower integers go through i64, wrapping as NumPy does. */
TD_INLINE int64_t FN(to_i64)(REAL v)
{
#if IS_REAL
    const double x = NUMBER(v);
    return x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : x != x ? 0 : (int64_t)x;
#else
    return v;
#endif
}

/* A float that halves can be rounded from. */
TD_INLINE float FN(to_odd)(REAL v)
{
#if !IS_REAL
    return td_odd_i64(v);
#elif defined(IS_HALF)
    return NUMBER(v);
#else
    return sizeof v == sizeof(float) ? (float)v : td_odd_f64((double)v);
#endif
}

#define COPY_TO(suffix, target, value)                                                             \
    static void FN(copy_to_##suffix)(int64_t n, char *const *p, const int64_t *s)                  \
    {                                                                                              \
        target *restrict y = (target *)p[0];                                                       \
        const REAL *restrict x = (const REAL *)p[1];                                               \
        if (s[0] == 1 && s[1] == 1)                                                                \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const REAL v = x[i];                                                               \
                y[i] = (target)(value);                                                            \
            }                                                                                      \
        else                                                                                       \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const REAL v = x[i * s[1]];                                                        \
                y[i * s[0]] = (target)(value);                                                     \
            }                                                                                      \
    }

COPY_TO(f32, float, NUMBER(v))
COPY_TO(f64, double, NUMBER(v))
COPY_TO(i64, int64_t, FN(to_i64)(v))
COPY_TO(i32, int32_t, FN(to_i64)(v))
COPY_TO(i16, int16_t, FN(to_i64)(v))
COPY_TO(i8, int8_t, FN(to_i64)(v))
COPY_TO(u8, uint8_t, FN(to_i64)(v))
COPY_TO(bool, uint8_t, NUMBER(v) != 0)
COPY_TO(f16, uint16_t, td_to_f16(FN(to_odd)(v)))
COPY_TO(bf16, uint16_t, td_to_bf16(FN(to_odd)(v)))

/* Indexed by td_dtype of the target. */
static td_row_fn *const FN(copy_rows)[TD_NUM_DTYPES] = {
    [TD_F32] = FN(copy_to_f32),  [TD_F64] = FN(copy_to_f64),   [TD_I64] = FN(copy_to_i64),
    [TD_I32] = FN(copy_to_i32),  [TD_I16] = FN(copy_to_i16),   [TD_I8] = FN(copy_to_i8),
    [TD_U8] = FN(copy_to_u8),    [TD_BOOL] = FN(copy_to_bool), [TD_F16] = FN(copy_to_f16),
    [TD_BF16] = FN(copy_to_bf16)};

#undef COPY_TO
#undef NUMBER
