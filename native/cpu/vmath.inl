/* vmath.inl — the mathematical functions of elementwise.def on vectors, once per dtype.
 *
 * exp and log reduce their argument exactly and then sum a short polynomial, whose degree is where
 * its error falls well below half a unit in the last place. Every lane is computed alike, so
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
TD_INLINE VEC FN(vmax)(VEC x, VEC y) { return FN(select)(x != x, x, FN(more)(x, y)); }
TD_INLINE VEC FN(vmin)(VEC x, VEC y) { return FN(select)(x != x, x, FN(less)(x, y)); }

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

/* Adding SHIFT drops the fraction of |x| < 2^21 (f32), 2^50 (f64), and leaves the integer, plus
 * 2 · BIAS, in the lowest bits: an exponent, but for its place. */
#undef DIGITS
#undef BIAS
#undef SHIFT
#define DIGITS (F32 ? 23 : 52)
#define BIAS (F32 ? 127 : 1023)
#define SHIFT ((F32 ? (REAL)0x1.8p23 : (REAL)0x1.8p52) + 2 * BIAS)

/* x · 2^n for shifted = n + SHIFT; two steps of about n / 2, so that results may be subnormal. */
TD_INLINE VEC FN(vscale)(VEC x, VEC shifted)
{
#ifdef TD_SCALE
    return FN(scale)(x, shifted - SHIFT);
#else
    MASK half = (MASK)((shifted - SHIFT) * (REAL)0.5 + (SHIFT - BIAS));
    return x * (VEC)(half << DIGITS) * (VEC)(((MASK)shifted - half) << DIGITS);
#endif
}

/* e^x = 2^n e^r with n = round(x / ln 2), |r| ≤ ln2 / 2. Returns q = (e^r − 1 − r) / r², as the
 * polynomial of its degree whose worst error in e^r is the least: 2^-28 (f32), 2^-58 (f64). */
TD_INLINE VEC FN(vexp_reduced)(VEC x, VEC *r, VEC *shifted)
{
    /* ln 2 in two parts; the first has so few digits that n · high is exact */
    const REAL high = F32 ? (REAL)0x1.62e4p-1 : (REAL)0x1.62e42fefa38p-1;
    const REAL low = F32 ? (REAL)0x1.7f7d1cp-20 : (REAL)0x1.ef35793c7673p-45;
    *shifted = x * (REAL)1.4426950408889634 + SHIFT;
    VEC n = *shifted - SHIFT;
    *r = x - n * high - n * low;
    static const REAL f32[] = {0.49999993f, 0.16666520f, 0.041668391f, 0.0083687453f,
                               0.0013814537f};
    static const REAL f64[] = {0x1.000000000000ap-1,  0x1.55555555554f9p-3,  0x1.555555555083fp-5,
                               0x1.1111111127d37p-7,  0x1.6c16c1843875bp-10, 0x1.a01a012a01327p-13,
                               0x1.a01999e30ace0p-16, 0x1.71df25d2cfd02p-19, 0x1.28ad9ae5d58ddp-22,
                               0x1.ad7f0c530a16ap-26};
    const REAL *c = F32 ? f32 : f64;
    int i = F32 ? 4 : 9;
    VEC q = FN(splat)(c[i]);
    while (i-- > 0) q = q * *r + c[i];
    return q;
}

TD_INLINE VEC FN(vexp)(VEC x)
{
    VEC bottom = FN(splat)(F32 ? -104 : -746), top = FN(splat)(F32 ? 89 : 710), r, shifted;
    x = FN(less)(top, FN(more)(bottom, x)); /* beyond: 0 and ∞; NaN stays */
    VEC q = FN(vexp_reduced)(x, &r, &shifted);
    return FN(vscale)((q * r + 1) * r + 1, shifted);
}

/* tanh |x| = t / (t + 2) with t = e^(2|x|) − 1, kept accurate near 0 by never adding the 1. */
TD_INLINE VEC FN(vtanh)(VEC x)
{
    VEC a = 2 * FN(vabs)(x), limit = FN(splat)(F32 ? 20 : 40), r, shifted;
    VEC q = FN(vexp_reduced)(FN(less)(limit, a), &r, &shifted);
    VEC power = (VEC)(((MASK)shifted - BIAS) << DIGITS); /* 2^n */
    VEC t = power * (r * r * q + r) + (power - 1);
    return FN(vcopysign)(t / (t + 2), x);
}

/* x = 2^e m with m in [√½, √2); log m = 2 atanh(s), s = f / (2 + f), f = m − 1, which is
 * f − (f²/2 − s (f²/2 + R)) with R = s² (2/3 + 2/5 s² + 2/7 s⁴ + …): the large term f is exact. */
TD_INLINE VEC FN(vlog)(VEC x)
{
    const REAL tiny = F32 ? (REAL)0x1p-126 : (REAL)0x1p-1022;
    const REAL up = F32 ? (REAL)0x1p24 : (REAL)0x1p54, raised = F32 ? 24 : 54;
    const REAL high = F32 ? (REAL)0x1.62e4p-1 : (REAL)0x1.62e42fefa38p-1;
    const REAL low = F32 ? (REAL)0x1.7f7d1cp-20 : (REAL)0x1.ef35793c7673p-45;

    MASK subnormal = x < tiny;
    VEC normal = FN(select)(subnormal, x * up, x);
    MASK root_half = (MASK)FN(splat)((REAL)0.70710678118654752);
    MASK exponent = ((MASK)normal - root_half) >> DIGITS;
    VEC m = (VEC)((MASK)normal - (exponent << DIGITS));
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

/* Integer power by squaring, modulo 2^bits like NumPy's; x^-y is the integer part of 1 / x^y. */
TD_INLINE VEC FN(vpow)(VEC x, VEC y)
{
    VEC z;
    for (int i = 0; i < LANES; i++) {
        uint64_t base = (uint64_t)x[i], power = (uint64_t)y[i], result = 1;
        if (power >> 63) result = base + 1 <= 2 && base != 0, power &= 1; /* of 1 and −1 only */
        for (; power; power >>= 1, base *= base)
            if (power & 1) result *= base;
        z[i] = (REAL)result;
    }
    return z;
}

#endif
