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

/* To integers: adding M = 2^23 (f32), 2^52 (f64) leaves |x| < M no digits for fractions; ties go to
 * the even one. The sign of −0 stays. */
TD_INLINE VEC FN(vround)(VEC x)
{
    VEC a = FN(vabs)(x), m = FN(splat)(F32 ? (REAL)0x1p23 : (REAL)0x1p52);
    return FN(vcopysign)(FN(select)(a < m, (a + m) - m, a), x);
}
TD_INLINE VEC FN(vfloor)(VEC x)
{
    VEC y = FN(vround)(x);
    return y - FN(select)(y > x, FN(splat)(1), FN(splat)(0));
}
TD_INLINE VEC FN(vceil)(VEC x) { return -FN(vfloor)(-x); }
TD_INLINE VEC FN(vtrunc)(VEC x) { return FN(vcopysign)(FN(vfloor)(FN(vabs)(x)), x); }

/* The next number after x towards y: one up or down among the bits of |x|, ±the least from 0. */
TD_INLINE VEC FN(vnextafter)(VEC x, VEC y)
{
    const MASK one = (MASK){0} + 1;
    MASK out = (x > 0) == (y > x); /* away from 0 */
    VEC next = (VEC)((MASK)x + ((out & 2) - 1));
    next = FN(select)(x == 0, FN(vcopysign)((VEC)one, y), next);
    return FN(select)(x == y, y, FN(select)((x != x) | (y != y), x + y, next));
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

/* c[0] + c[1] x + … + c[n−1] x^(n−1) */
TD_INLINE VEC FN(poly)(VEC x, const REAL *c, int n)
{
    VEC y = FN(splat)(c[--n]);
    while (n-- > 0) y = y * x + c[n];
    return y;
}

/* ln 2 in two parts; the first has so few digits that its product with an exponent is exact */
#undef LN2
#undef LN2_LOW
#define LN2 (F32 ? (REAL)0x1.62e4p-1 : (REAL)0x1.62e42fefa38p-1)
#define LN2_LOW (F32 ? (REAL)0x1.7f7d1cp-20 : (REAL)0x1.ef35793c7673p-45)

/* q = (e^r − 1 − r) / r² for |r| ≤ ln2 / 2, as the polynomial of its degree whose worst error in
 * e^r is the least: 2^-28 (f32), 2^-58 (f64). */
TD_INLINE VEC FN(vexp_series)(VEC r)
{
    static const REAL f32[] = {0.49999993f, 0.16666520f, 0.041668391f, 0.0083687453f,
                               0.0013814537f};
    static const REAL f64[] = {0x1.000000000000ap-1,  0x1.55555555554f9p-3,  0x1.555555555083fp-5,
                               0x1.1111111127d37p-7,  0x1.6c16c1843875bp-10, 0x1.a01a012a01327p-13,
                               0x1.a01999e30ace0p-16, 0x1.71df25d2cfd02p-19, 0x1.28ad9ae5d58ddp-22,
                               0x1.ad7f0c530a16ap-26};
    return FN(poly)(r, F32 ? f32 : f64, F32 ? 5 : 10);
}

/* e^x = 2^n e^r with n = round(x / ln 2): r and its series. */
TD_INLINE VEC FN(vexp_reduced)(VEC x, VEC *r, VEC *shifted)
{
    *shifted = x * (REAL)1.4426950408889634 + SHIFT;
    VEC n = *shifted - SHIFT;
    *r = x - n * LN2 - n * LN2_LOW;
    return FN(vexp_series)(*r);
}

/* x between two numbers; NaN stays */
TD_INLINE VEC FN(vclamp)(VEC x, REAL bottom, REAL top)
{
    return FN(less)(FN(splat)(top), FN(more)(FN(splat)(bottom), x));
}

TD_INLINE VEC FN(vexp)(VEC x)
{
    VEC r, shifted;
    x = FN(vclamp)(x, F32 ? -104 : -746, F32 ? 89 : 710); /* beyond: 0 and ∞ */
    VEC q = FN(vexp_reduced)(x, &r, &shifted);
    return FN(vscale)((q * r + 1) * r + 1, shifted);
}

TD_INLINE VEC FN(vexp2)(VEC x)
{
    x = FN(vclamp)(x, F32 ? -151 : -1076, F32 ? 129 : 1025);
    VEC shifted = x + SHIFT, r = (x - (shifted - SHIFT)) * (REAL)0.69314718055994531;
    return FN(vscale)((FN(vexp_series)(r) * r + 1) * r + 1, shifted);
}

/* 2^(n + less) as a number, where that is a normal one */
TD_INLINE VEC FN(vpower)(VEC shifted, int less)
{
    return (VEC)(((MASK)shifted - BIAS + less) << DIGITS);
}

/* e^x − 1 = 2 (2^(n−1) (e^r − 1) + (2^(n−1) − ½)): near 0 the 1 is never added. */
TD_INLINE VEC FN(vexpm1)(VEC x)
{
    VEC r, shifted, a = FN(vclamp)(x, F32 ? -20 : -40, F32 ? 89 : 710);
    VEC q = FN(vexp_reduced)(a, &r, &shifted), power = FN(vpower)(shifted, -1);
    VEC y = 2 * (power * (r * r * q + r) + (power - (REAL)0.5));
    return FN(select)(FN(vabs)(x) < (F32 ? (REAL)0x1p-25 : (REAL)0x1p-54), x, y);
}

/* tanh |x| = t / (t + 2) with t = e^(2|x|) − 1 in two parts. */
TD_INLINE VEC FN(vtanh)(VEC x)
{
    VEC a = 2 * FN(vabs)(x), limit = FN(splat)(F32 ? 20 : 40), r, shifted;
    VEC q = FN(vexp_reduced)(FN(less)(limit, a), &r, &shifted), power = FN(vpower)(shifted, 0);
    VEC t = power * (r * r * q + r) + (power - 1);
    return FN(vcopysign)(t / (t + 2), x);
}

/* x = 2^e m with m in [√½, √2), for any x > 0 */
TD_INLINE VEC FN(vlog_split)(VEC x, VEC *e)
{
    MASK subnormal = x < (F32 ? (REAL)0x1p-126 : (REAL)0x1p-1022);
    VEC normal = FN(select)(subnormal, x * (F32 ? (REAL)0x1p24 : (REAL)0x1p54), x);
    MASK root_half = (MASK)FN(splat)((REAL)0.70710678118654752);
    MASK exponent = ((MASK)normal - root_half) >> DIGITS;
    *e = __builtin_convertvector(exponent, VEC);
    *e -= FN(select)(subnormal, FN(splat)(F32 ? 24 : 54), FN(splat)(0));
    return (VEC)((MASK)normal - (exponent << DIGITS));
}

/* What f is more than log(1 + f): log(1 + f) = 2 atanh(s), s = f / (2 + f), which is
 * f − (f²/2 − s (f²/2 + R)) with R = s² (2/3 + 2/5 s² + 2/7 s⁴ + …): the large term f is exact. */
TD_INLINE VEC FN(vlog_less)(VEC f)
{
    VEC s = f / (2 + f), z = s * s, square = (REAL)0.5 * f * f;
    int terms = F32 ? 4 : 10;
    VEC series = FN(splat)((REAL)2 / (2 * terms + 1));
    for (int k = terms - 1; k >= 1; k--) series = series * z + (REAL)2 / (2 * k + 1);
    return square - s * (square + z * series);
}

/* y = log x of some base, but ∞ at ∞, −∞ at 0 and NaN below */
TD_INLINE VEC FN(vlog_ends)(VEC x, VEC y)
{
    VEC infinity = FN(splat)((REAL)INFINITY), nan = FN(splat)((REAL)NAN);
    y = FN(select)(x == infinity, infinity, y);
    y = FN(select)(x == 0, -infinity, y);
    return FN(select)((x < 0) | (x != x), nan, y);
}

TD_INLINE VEC FN(vlog)(VEC x)
{
    VEC e, f = FN(vlog_split)(x, &e) - 1;
    return FN(vlog_ends)(x, e * LN2 - ((FN(vlog_less)(f) - e * LN2_LOW) - f));
}

/* log(x + low) + log 1 … where x = 1 + z was rounded: f = z 2^-e − (1 − 2^-e) is not. */
TD_INLINE VEC FN(vlog1p_parts)(VEC z, VEC low)
{
    VEC x = 1 + z, e, m = FN(vlog_split)(x, &e);
    MASK large = z > (F32 ? (REAL)0x1p30 : (REAL)0x1p60);
    VEC down = (VEC)((BIAS - (MASK)(e + SHIFT - 2 * BIAS)) << DIGITS);
    VEC f = FN(select)(large, m - 1, z * down - (1 - down));
    return FN(vlog_ends)(x, e * LN2 - ((FN(vlog_less)(f) - (e * LN2_LOW + low / x)) - f));
}

TD_INLINE VEC FN(vlog1p)(VEC x)
{
    VEC y = FN(vlog1p_parts)(x, FN(splat)(0));
    return FN(select)(FN(vabs)(x) < (F32 ? (REAL)0x1p-25 : (REAL)0x1p-54), x, y);
}

/* log x of another base: c = 1 / ln base and g = ln 2 / ln base in two parts. Half the digits of
 * log m times half those of c is exact. */
TD_INLINE VEC FN(vlog_of_base)(VEC x, REAL c, REAL c_low, REAL g, REAL g_low)
{
    VEC e, f = FN(vlog_split)(x, &e) - 1, less = FN(vlog_less)(f);
    VEC high = (VEC)((MASK)(f - less) & -((MASK){0} + (F32 ? 1 << 12 : (int64_t)1 << 27)));
    VEC low = (f - high) - less;
    VEC rest = low * c + (low + high) * c_low + e * g_low;
    return FN(vlog_ends)(x, (e * g + high * c) + rest);
}
TD_INLINE VEC FN(vlog2)(VEC x)
{
    return FN(vlog_of_base)(x, F32 ? (REAL)0x1.716p+0 : (REAL)0x1.7154768p+0,
                            F32 ? (REAL)-0x1.7135a8fa03d11p-13 : (REAL)-0x1.6a3e80f444178p-27, 1,
                            0);
}
TD_INLINE VEC FN(vlog10)(VEC x)
{
    return FN(vlog_of_base)(x, F32 ? (REAL)0x1.bccp-2 : (REAL)0x1.bcb7b18p-2,
                            F32 ? (REAL)-0x1.09d5b235e39abp-15 : (REAL)-0x1.6c8d78e6acaa4p-29,
                            F32 ? (REAL)0x1.344p-2 : (REAL)0x1.34413509f8p-2,
                            F32 ? (REAL)0x1.3509f79fef312p-18 : (REAL)-0x1.80433b83b532ap-44);
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

/* Quotients towards 0, sums modulo 2^bits: x / 0 is 0, which Python does not let happen unnoticed,
 * and the least number / −1 is itself. */
TD_CALLED VEC FN(vtruncdiv)(VEC x, VEC y)
{
    VEC z;
    for (int i = 0; i < LANES; i++)
        z[i] = y[i] == 0 ? 0 : y[i] == (REAL)-1 && (REAL)-1 < 0 ? -x[i] : x[i] / y[i];
    return z;
}
TD_INLINE VEC FN(vfmod)(VEC x, VEC y)
{
    return FN(select)(y == 0, (VEC){0}, x - FN(vtruncdiv)(x, y) * y);
}
TD_INLINE VEC FN(vmod)(VEC x, VEC y)
{
    VEC r = FN(vfmod)(x, y);
    return FN(select)((r != 0) & ((r ^ y) < 0), r + y, r);
}
TD_INLINE VEC FN(vfloordiv)(VEC x, VEC y)
{
    VEC q = FN(vtruncdiv)(x, y), r = x - q * y;
    return FN(select)((y != 0) & (r != 0) & ((r ^ y) < 0), q - 1, q);
}

/* Shifts by as many bits as there are, or more, or by fewer than 0, leave nothing but the sign. */
TD_INLINE VEC FN(vshl)(VEC x, VEC y)
{
    const int bits = 8 * sizeof(REAL);
    MASK far = (y < 0) | (y >= (REAL)bits);
    return FN(select)(far, (VEC){0}, x << FN(select)(far, (VEC){0}, y));
}
TD_INLINE VEC FN(vshr)(VEC x, VEC y)
{
    const int bits = 8 * sizeof(REAL);
    MASK far = (y < 0) | (y >= (REAL)bits);
    VEC most = (VEC){0} + (REAL)(bits - 1), z = x >> FN(select)(far, most, y);
    return (REAL)-1 < 0 ? z : FN(select)(far, (VEC){0}, z);
}

/* Euclid's algorithm on absolute values */
TD_CALLED VEC FN(vgcd)(VEC x, VEC y)
{
    for (int i = 0; i < LANES; i++) {
        REAL a = x[i], b = y[i];
        while (b) {
            REAL r = b == (REAL)-1 && (REAL)-1 < 0 ? 0 : a % b;
            a = b;
            b = r;
        }
        x[i] = a;
    }
    return FN(vabs)(x);
}

#endif
