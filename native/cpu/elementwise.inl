/* elementwise.inl — the lines of elementwise.def as loops over one row, once per dtype.
 *
 * A formula is only ever compiled for vectors: short rows, tails and strided operands go through
 * a vector that is filled and emptied lane by lane, so an element's bits never depend on layout.
 */

/* n ≤ LANES elements x[0], x[stride], …; the other lanes hold 1, which no formula traps on. */
TD_INLINE VEC FN(fetch)(const REAL *x, int64_t stride, int64_t n)
{
    VEC v = FN(splat)(stride == 0 ? *x : 1);
    if (stride == 0) return v;
    if (stride == 1) return n == LANES ? FN(load)(x) : FN(load_some)(x, n, v);
    for (int64_t i = 0; i < n; i++) v[i] = x[i * stride];
    return v;
}

TD_INLINE void FN(scatter)(REAL *y, int64_t stride, int64_t n, VEC v)
{
    if (stride == 1 && n == LANES)
        FN(store)(y, v);
    else if (stride == 1)
        FN(store_some)(y, n, v);
    else
        for (int64_t i = 0; i < n; i++) y[i * stride] = v[i];
}

TD_INLINE void FN(map1)(int64_t n, char *const *p, const int64_t *s, VEC (*f)(VEC))
{
    REAL *y = (REAL *)p[0];
    const REAL *x = (const REAL *)p[1];
    int64_t i = 0;
    if (s[0] == 1 && s[1] == 1)
        for (; i + LANES <= n; i += LANES) FN(store)(y + i, f(FN(load)(x + i)));
    for (; i < n; i += LANES) {
        int64_t m = n - i < LANES ? n - i : LANES;
        FN(scatter)(y + i * s[0], s[0], m, f(FN(fetch)(x + i * s[1], s[1], m)));
    }
}

/* The same for long formulas: one copy of f for full vectors and for parts. */
TD_INLINE void FN(map1_long)(int64_t n, char *const *p, const int64_t *s, VEC (*f)(VEC))
{
    REAL *y = (REAL *)p[0];
    const REAL *x = (const REAL *)p[1];
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t m = n - i < LANES ? n - i : LANES;
        FN(scatter)(y + i * s[0], s[0], m, f(FN(fetch)(x + i * s[1], s[1], m)));
    }
}

TD_INLINE void FN(map2_long)(int64_t n, char *const *p, const int64_t *s, VEC (*f)(VEC, VEC))
{
    REAL *y = (REAL *)p[0];
    const REAL *a = (const REAL *)p[1], *b = (const REAL *)p[2];
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t m = n - i < LANES ? n - i : LANES;
        VEC u = FN(fetch)(a + i * s[1], s[1], m), v = FN(fetch)(b + i * s[2], s[2], m);
        FN(scatter)(y + i * s[0], s[0], m, f(u, v));
    }
}

TD_INLINE void FN(map2)(int64_t n, char *const *p, const int64_t *s, VEC (*f)(VEC, VEC))
{
    REAL *y = (REAL *)p[0];
    const REAL *a = (const REAL *)p[1], *b = (const REAL *)p[2];
    int64_t i = 0;
    if (s[0] == 1 && s[1] == 1 && s[2] == 1) {
        for (; i + LANES <= n; i += LANES) FN(store)(y + i, f(FN(load)(a + i), FN(load)(b + i)));
    } else if (s[0] == 1 && s[1] == 1 && s[2] == 0) {
        for (VEC v = FN(splat)(*b); i + LANES <= n; i += LANES)
            FN(store)(y + i, f(FN(load)(a + i), v));
    } else if (s[0] == 1 && s[1] == 0 && s[2] == 1) {
        for (VEC v = FN(splat)(*a); i + LANES <= n; i += LANES)
            FN(store)(y + i, f(v, FN(load)(b + i)));
    }
    for (; i < n; i += LANES) {
        int64_t m = n - i < LANES ? n - i : LANES;
        VEC u = FN(fetch)(a + i * s[1], s[1], m), v = FN(fetch)(b + i * s[2], s[2], m);
        FN(scatter)(y + i * s[0], s[0], m, f(u, v));
    }
}

/* Comparisons write one byte, 0 or 1, for each lane. */
TD_INLINE void FN(map2_bool)(int64_t n, char *const *p, const int64_t *s, MASK (*f)(VEC, VEC))
{
    uint8_t *y = (uint8_t *)p[0];
    const REAL *a = (const REAL *)p[1], *b = (const REAL *)p[2];
    int64_t i = 0;
    if (s[0] == 1 && (s[1] == 0 || s[1] == 1) && (s[2] == 0 || s[2] == 1)) {
        const VEC u = FN(splat)(*a), v = FN(splat)(*b);
        for (; i + LANES <= n; i += LANES) {
            MASK m = f(s[1] ? FN(load)(a + i) : u, s[2] ? FN(load)(b + i) : v);
            *(FN(ubool) *)(y + i) = __builtin_convertvector(m, FN(bool)) & 1;
        }
    }
    for (; i < n; i += LANES) {
        int64_t m = n - i < LANES ? n - i : LANES;
        VEC u = FN(fetch)(a + i * s[1], s[1], m), v = FN(fetch)(b + i * s[2], s[2], m);
        FN(bool) bytes = __builtin_convertvector(f(u, v), FN(bool)) & 1;
        for (int64_t j = 0; j < m; j++) y[(i + j) * s[0]] = bytes[j];
    }
}

/* a number or a vector as a vector; subtracting 0 keeps the sign of −0 */
#define AS_VEC(v) ((v) - (VEC){0})
#define ABS(v) FN(vabs)(v)
#if IS_REAL
#define SQRT(v) FN(vsqrt)(v)
#define EXP(v) FN(vexp)(v)
#define LOG(v) FN(vlog)(v)
#define TANH(v) FN(vtanh)(v)
#define EXP2(v) FN(vexp2)(v)
#define EXPM1(v) FN(vexpm1)(v)
#define LOG1P(v) FN(vlog1p)(v)
#define LOG2(v) FN(vlog2)(v)
#define LOG10(v) FN(vlog10)(v)
#define SIN(v) FN(vsin)(v)
#define COS(v) FN(vcos)(v)
#define TAN(v) FN(vtan)(v)
#define ASIN(v) FN(vasin)(v)
#define ACOS(v) FN(vacos)(v)
#define ATAN(v) FN(vatan)(v)
#define SINH(v) FN(vsinh)(v)
#define COSH(v) FN(vcosh)(v)
#define ASINH(v) FN(vasinh)(v)
#define ACOSH(v) FN(vacosh)(v)
#define ATANH(v) FN(vatanh)(v)
#define ERF(v) FN(verf)(v)
#define ERFC(v) FN(verfc)(v)
#define PHI(v) FN(vphi)(v)
#define ERFINV(v) FN(verfinv)(v)
#define LGAMMA(v) FN(vlgamma)(v)
#define FLOOR(v) FN(vfloor)(v)
#define CEIL(v) FN(vceil)(v)
#define TRUNC(v) FN(vtrunc)(v)
#define ROUND(v) FN(vround)(v)
#define ATAN2(u, v) FN(vatan2)(AS_VEC(u), AS_VEC(v))
#define HYPOT(u, v) FN(vhypot)(AS_VEC(u), AS_VEC(v))
#define COPYSIGN(u, v) FN(vcopysign)(AS_VEC(u), AS_VEC(v))
#define NEXTAFTER(u, v) FN(vnextafter)(AS_VEC(u), AS_VEC(v))
#else
#define SHL(u, v) FN(vshl)(u, v)
#define SHR(u, v) FN(vshr)(u, v)
#define GCD(u, v) FN(vgcd)(u, v)
#endif
#define FMOD(u, v) FN(vfmod)(u, v)
#define MOD(u, v) FN(vmod)(u, v)
#define FLOORDIV(u, v) FN(vfloordiv)(u, v)
#define TRUNCDIV(u, v) FN(vtruncdiv)(u, v)
#define POW(u, v) FN(vpow)(u, v)
#define MAX(u, v) FN(vmax)(AS_VEC(u), AS_VEC(v))
#define MIN(u, v) FN(vmin)(AS_VEC(u), AS_VEC(v))
#define CONST(number) ((REAL)(number))
#define SELECT(m, u, v) FN(select)((m), AS_VEC(u), AS_VEC(v))

#define UNARY_ROW(name, how, formula)                                                              \
    TD_INLINE VEC FN(name##_vec)(VEC x) { return formula; }                                        \
    static void FN(name)(int64_t n, char *const *p, const int64_t *s)                              \
    {                                                                                              \
        FN(map1##how)(n, p, s, FN(name##_vec));                                                    \
    }
#define BINARY_ROW(name, how, formula)                                                             \
    TD_INLINE VEC FN(name##_vec)(VEC x, VEC y) { return formula; }                                 \
    static void FN(name)(int64_t n, char *const *p, const int64_t *s)                              \
    {                                                                                              \
        FN(map2##how)(n, p, s, FN(name##_vec));                                                    \
    }
#define COMPARE(name, condition)                                                                   \
    TD_INLINE MASK FN(name##_vec)(VEC x, VEC y) { return condition; }                              \
    static void FN(name)(int64_t n, char *const *p, const int64_t *s)                              \
    {                                                                                              \
        FN(map2_bool)(n, p, s, FN(name##_vec));                                                    \
    }

/* Which domains this dtype belongs to: a line outside them compiles to nothing. */
#if IS_REAL
#define IN_reals(ROW, name, formula) ROW(name, , formula)
#define IN_functions(ROW, name, formula) ROW(name, _long, formula)
#define IN_integers(...)
#define IN_bits(...)
#else
#define IN_reals(...)
#define IN_functions(...)
#define IN_integers(ROW, name, formula) ROW(name, , formula)
#define IN_bits(ROW, name, formula) ROW(name, , formula)
#endif
#define IN_numbers(ROW, name, formula) ROW(name, , formula)
#define UNARY(name, domain, formula) IN_##domain(UNARY_ROW, name, formula)
#define BINARY(name, domain, formula) IN_##domain(BINARY_ROW, name, formula)

#include "elementwise.def"

#undef AS_VEC
#undef ABS
#undef SQRT
#undef EXP
#undef LOG
#undef TANH
#undef EXP2
#undef EXPM1
#undef LOG1P
#undef LOG2
#undef LOG10
#undef SIN
#undef COS
#undef TAN
#undef ASIN
#undef ACOS
#undef ATAN
#undef SINH
#undef COSH
#undef ASINH
#undef ACOSH
#undef ATANH
#undef ERF
#undef ERFC
#undef ERFINV
#undef PHI
#undef LGAMMA
#undef FLOOR
#undef CEIL
#undef TRUNC
#undef ROUND
#undef ATAN2
#undef HYPOT
#undef COPYSIGN
#undef NEXTAFTER
#undef SHL
#undef SHR
#undef GCD
#undef FMOD
#undef MOD
#undef FLOORDIV
#undef TRUNCDIV
#undef POW
#undef MAX
#undef MIN
#undef SELECT
#undef CONST
#undef UNARY_ROW
#undef BINARY_ROW
#undef IN_reals
#undef IN_functions
#undef IN_bits
#undef IN_integers
#undef IN_numbers
#undef UNARY
#undef BINARY
#undef COMPARE
