/* vmath.inl — the mathematical functions of elementwise.def on vectors, once per dtype.
 *
 * exp and log reduce their argument exactly and then sum a short series; the number of terms is
 * where the next one falls below half a unit in the last place. Every lane is computed alike, so
 * a result does not depend on its position, on alignment or on the length of the tensor.
 * pow has no short series of full accuracy: it asks libm, lane by lane.
 */

#if IS_REAL

#undef F32
#define F32 (sizeof(REAL) == 4)

TD_INLINE VEC FN(vabs)(VEC x) /* clears the sign bit: −0 and NaN too */
{
    return (VEC)((MASK)x & ~((MASK)FN(splat)((REAL)-0.0)));
}

/* NaN in either operand wins. */
TD_INLINE VEC FN(vmax)(VEC x, VEC y) { return FN(select)((x > y) | (x != x), x, y); }
TD_INLINE VEC FN(vmin)(VEC x, VEC y) { return FN(select)((x < y) | (x != x), x, y); }

TD_INLINE VEC FN(vcopysign)(VEC magnitude, VEC sign)
{
    MASK bit = (MASK)FN(splat)((REAL)-0.0);
    return (VEC)(((MASK)magnitude & ~bit) | ((MASK)sign & bit));
}

TD_INLINE VEC FN(vsqrt)(VEC x)
{
    VEC y;
    for (int i = 0; i < LANES; i++) y[i] = F32 ? sqrtf((float)x[i]) : (REAL)sqrt((double)x[i]);
    return y;
}

/* Nearest integer of |x| < 2^22 (f32), 2^51 (f64): adding 1.5 · 2^digits drops the fraction. */
TD_INLINE VEC FN(vround)(VEC x)
{
    const REAL shift = F32 ? (REAL)0x1.8p23 : (REAL)0x1.8p52;
    return (x + shift) - shift;
}

/* x · 2^n for integer-valued n; two steps, so that results may be subnormal. */
TD_INLINE VEC FN(vscale)(VEC x, VEC n)
{
    const int digits = F32 ? 23 : 52, bias = F32 ? 127 : 1023;
    MASK whole = __builtin_convertvector(n, MASK), half = whole >> 1;
    VEC a = (VEC)((half + bias) << digits), b = (VEC)((whole - half + bias) << digits);
    return x * a * b;
}

/* e^x = 2^n e^r with n = round(x / ln 2), |r| ≤ ln2 / 2. Returns p = e^r − 1 and n. */
TD_INLINE VEC FN(vexp_reduced)(VEC x, VEC *n)
{
    /* ln 2 in two parts; the first has so few digits that n · high is exact */
    const REAL high = F32 ? (REAL)0x1.62e4p-1 : (REAL)0x1.62e42fefa38p-1;
    const REAL low = F32 ? (REAL)0x1.7f7d1cp-20 : (REAL)0x1.ef35793c7673p-45;
    *n = FN(vround)(x * (REAL)1.4426950408889634);
    VEC r = x - *n * high - *n * low;
    static const REAL c[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                             1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                             1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    int i = F32 ? 5 : 11;
    VEC p = FN(splat)(c[i]);
    while (i-- > 0) p = p * r + c[i];
    return r + r * r * p;
}

TD_INLINE VEC FN(vexp)(VEC x)
{
    const REAL bottom = F32 ? -104 : -746, top = F32 ? 89 : 710; /* beyond: 0 and ∞ */
    VEC n, p = FN(vexp_reduced)(FN(vmin)(FN(vmax)(x, FN(splat)(bottom)), FN(splat)(top)), &n);
    VEC y = FN(vscale)(1 + p, n);
    return FN(select)(x != x, x, y);
}

/* tanh |x| = t / (t + 2) with t = e^(2|x|) − 1, kept accurate near 0 by never adding the 1. */
TD_INLINE VEC FN(vtanh)(VEC x)
{
    VEC a = 2 * FN(vabs)(x), limit = FN(splat)(F32 ? 20 : 40), n;
    VEC p = FN(vexp_reduced)(FN(select)(a > limit, limit, a), &n);
    VEC power = FN(vscale)(FN(splat)(1), n);
    VEC t = power * p + (power - 1);
    return FN(vcopysign)(t / (t + 2), x);
}

/* x = 2^e m with m in [√½, √2); log m = 2 atanh(s), s = f / (2 + f), f = m − 1, which is
 * f − (f²/2 − s (f²/2 + R)) with R = s² (2/3 + 2/5 s² + 2/7 s⁴ + …): the large term f is exact. */
TD_INLINE VEC FN(vlog)(VEC x)
{
    const int digits = F32 ? 23 : 52;
    const REAL tiny = F32 ? (REAL)0x1p-126 : (REAL)0x1p-1022;
    const REAL up = F32 ? (REAL)0x1p24 : (REAL)0x1p54, raised = F32 ? 24 : 54;
    const REAL high = F32 ? (REAL)0x1.62e4p-1 : (REAL)0x1.62e42fefa38p-1;
    const REAL low = F32 ? (REAL)0x1.7f7d1cp-20 : (REAL)0x1.ef35793c7673p-45;

    MASK subnormal = x < tiny;
    VEC normal = FN(select)(subnormal, x * up, x);
    MASK root_half = (MASK)FN(splat)((REAL)0.70710678118654752);
    MASK exponent = ((MASK)normal - root_half) >> digits;
    VEC m = (VEC)((MASK)normal - (exponent << digits));
    VEC e = __builtin_convertvector(exponent, VEC);
    e -= FN(select)(subnormal, FN(splat)(raised), FN(splat)(0));

    VEC f = m - 1, s = f / (2 + f), z = s * s, square = (REAL)0.5 * f * f;
    int terms = F32 ? 4 : 10;
    VEC series = FN(splat)((REAL)2 / (2 * terms + 1));
    for (int k = terms - 1; k >= 1; k--) series = series * z + (REAL)2 / (2 * k + 1);
    VEC y = e * high - ((square - (s * (square + z * series) + e * low)) - f);

    VEC infinity = FN(splat)((REAL)INFINITY), nan = FN(splat)((REAL)NAN);
    y = FN(select)(x == infinity, infinity, y);
    y = FN(select)(x == 0, -infinity, y);
    return FN(select)((x < 0) | (x != x), nan, y);
}

TD_INLINE VEC FN(vpow)(VEC x, VEC y)
{
    VEC z;
    for (int i = 0; i < LANES; i++)
        z[i] = F32 ? powf((float)x[i], (float)y[i]) : (REAL)pow((double)x[i], (double)y[i]);
    return z;
}

#else

TD_INLINE VEC FN(vmax)(VEC x, VEC y) { return FN(select)(x > y, x, y); }
TD_INLINE VEC FN(vmin)(VEC x, VEC y) { return FN(select)(x < y, x, y); }
TD_INLINE VEC FN(vabs)(VEC x) { return FN(select)(x < 0, -x, x); }

/* Integer power by squaring, modulo 2^bits like NumPy's; Python refuses negative exponents. */
TD_INLINE VEC FN(vpow)(VEC x, VEC y)
{
    VEC z;
    for (int i = 0; i < LANES; i++) {
        uint64_t base = (uint64_t)x[i], result = 1;
        for (uint64_t power = (uint64_t)y[i]; power; power >>= 1, base *= base)
            if (power & 1) result *= base;
        z[i] = (REAL)result;
    }
    return z;
}

#endif
