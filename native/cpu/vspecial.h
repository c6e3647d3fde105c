/* vspecial.h — erf and its relatives, hypot, lgamma, on vectors of f64; f32 goes through f64.
 * Included after vtrig.h, whose pairs of a large and a small number they use.
 */
#ifndef TD_VSPECIAL_H
#define TD_VSPECIAL_H

/* erf x − x for |x| < 1: x P(x²) */
TD_INLINE vec_f64 verf_more(vec_f64 x)
{
    static const double ERF[] = {
        0x1.06eba8214db69p-3,   -0x1.812746b0379e6p-2,  0x1.ce2f21a042b30p-4,
        -0x1.b82ce31284e00p-6,  0x1.565bcd0dbaa38p-8,   -0x1.c02db3dac435fp-11,
        0x1.f9a321d5b8e1ep-14,  -0x1.f4d1e3183f7aep-17, 0x1.b9df224ca4b97p-20,
        -0x1.5f1ecb6f0764cp-23, 0x1.f7b4bf3b13964p-27,  -0x1.389d4f2641625p-30,
        0x1.05ffd737fb32ep-34};
    return x * poly_f64(x * x, ERF, 13);
}

/* erfc a for a ≥ ½, as e^(−a²) t Q(t) with t = 1 / (a + 2). The rounding of a², of t and of their
 * products is kept: all of them multiply. */
TD_INLINE vec_f64 verfc_far(vec_f64 a)
{
    static const double Q[] = {
        0x1.e144d0fea7ee3p-1,   0x1.3d029aa657601p+1,   0x1.0e42d9bbc2507p+2,
        0x1.796d851a5f9cfp+1,   -0x1.1355cded5b382p+2,  -0x1.14f55e6255705p+3,
        0x1.10cd8c2e7fb74p+3,   0x1.7acff24113103p+4,   -0x1.0e0c2ff6f1bc6p+5,
        -0x1.e6eb2aab7ae6fp+5,  0x1.4fe371e0bd126p+7,   0x1.236329c5a7305p+6,
        -0x1.7cee6986a20dap+9,  0x1.53a0f1b21eb4ap+9,   0x1.2b44cda922822p+11,
        -0x1.b58e4e8c5f010p+12, 0x1.0c61db31e64b5p+9,   0x1.183433f7e6f27p+15,
        -0x1.0f2a760d1c0dap+16, -0x1.6db724c7d0043p+16, 0x1.d435bece3f3e6p+18,
        0x1.10b8858085e5ap+15,  -0x1.56592f5658961p+20};
    a = less_f64((vec_f64){0} + 27.5, a);
    vec_f64 sum_low, sum = vsum_f64((vec_f64){0} + 2, a, &sum_low), t_low;
    vec_f64 t = vquotient_f64((vec_f64){0} + 1, (vec_f64){0}, sum, sum_low, &t_low);
    vec_f64 u = (t - 0.21875) + t_low, rest = poly_f64(u, Q + 1, 22), q_low, g_low;
    vec_f64 q = vsum_f64((vec_f64){0} + Q[0], u * rest, &q_low);
    vec_f64 g = vproduct_f64(q, t, &g_low);
    g_low += q_low * t + q * t_low;

    const double shift = 0x1.8p52 + 2046;
    vec_f64 square_low, square = vproduct_f64(a, a, &square_low);
    vec_f64 shifted = square * -1.4426950408889634 + shift, n = shifted - shift;
    vec_f64 high = -square - n * 0x1.62e42fefa38p-1, low = n * 0x1.ef35793c7673p-45 + square_low;
    vec_f64 r = high - low;
    low = (high - r) - low;
    vec_f64 e = r * r * vexp_series_f64(r) + low + low * r; /* e^(−a²) = 2^n (1 + r + e) */
    return vscale_f64(g + (g * r + (g * e + g_low)), shifted);
}

TD_INLINE vec_f64 verf_f64(vec_f64 x)
{
    vec_f64 a = vabs_f64(x), far = 1 - verfc_far(a);
    return select_f64(a < 1, x + verf_more(x), vcopysign_f64(far, x));
}

TD_INLINE vec_f64 verfc_f64(vec_f64 x)
{
    vec_f64 a = vabs_f64(x), far = verfc_far(a);
    far = select_f64(x < 0, 2 - far, far);
    return select_f64(a < 0.5, 1 - (x + verf_more(x)), far);
}

/* Φ(x) = erfc(−x / √2) / 2, the normal distribution's */
TD_INLINE vec_f64 vphi_f64(vec_f64 x) { return 0.5 * verfc_f64(x * -0.70710678118654752); }

/* The same to the accuracy of f32: in f64 where a few roundings would be too many, else in f32. */
TD_INLINE vec_f64 verfc_short(vec_f64 x)
{
    static const double Q[] = {0x1.1ca626f68fb94p+0, 0x1.84622e43eb4b2p+1,  0x1.29fd9dadb8148p+2,
                               0x1.96587766739cep+0, -0x1.96278c16ca288p+2, -0x1.0388319f062f8p+2,
                               0x1.cf16b7a7ee569p+3, 0x1.918aecf9487f5p+1,  -0x1.3fc1088d35f4cp+5,
                               0x1.8e01c12e9a7e5p+4, 0x1.5420448400dc0p+6,  -0x1.e92d0227cd1a2p+6,
                               -0x1.2bb398008aaebp+5};
    vec_f64 a = vabs_f64(x), t = 1 / (a + 2);
    vec_f64 far = vexp_f64(-a * a) * t * poly_f64(t - 0.28125, Q, 13);
    return select_f64(x < 0, 2 - far, far);
}
TD_INLINE vec_f32 verfc_f32(vec_f32 x) { return vthrough_f64(x, verfc_short); }

TD_INLINE vec_f32 verfc_rough(vec_f32 a) /* for a ≥ 0 */
{
    static const float Q[] = {1.11191028f,  3.03424605f,  4.65610155f, 1.58737385f,
                              -6.34552292f, -4.06636629f, 14.4228469f, 3.73403039f,
                              -38.440557f,  10.7759624f,  66.8171388f};
    vec_f32 t = 1 / (a + 2);
    return vexp_f32(-a * a) * t * poly_f32(t - 0.28125f, Q, 11);
}
TD_INLINE vec_f32 verf_f32(vec_f32 x)
{
    static const float ERF[] = {0.128379166f,   -0.376126267f,    0.112835947f,   -0.026854212f,
                                0.00518908742f, -0.000801686429f, 7.87587506e-05f};
    vec_f32 a = vabs_f32(x), near = x + x * poly_f32(x * x, ERF, 7);
    return select_f32(a < 1, near, vcopysign_f32(1 - verfc_rough(a), x));
}
TD_INLINE vec_f32 vphi_f32(vec_f32 x)
{
    vec_f32 tail = 0.5f * verfc_rough(vabs_f32(x) * 0.70710678f);
    return select_f32(x < 0, tail, 1 - tail);
}

/* y with erf y = x: Winitzki's formula is within 1/400; Halley's steps triple the digits. */
TD_INLINE vec_f64 verfinv_f64(vec_f64 x)
{
    vec_f64 a = vabs_f64(x), w = -vlog1p_f64(-a * a), b = 4.330746750799873 - 0.5 * w;
    vec_f64 s = vsqrt_f64(b * b + w * 6.802721088435374);
    vec_f64 y = vsqrt_f64(w * 6.802721088435374 / (s + b));
    for (int step = 0; step < 3; step++) {
        vec_f64 error = select_f64(a < 0.5, (y - a) + verf_more(y), (1 - a) - verfc_far(y));
        vec_f64 d = error * 0.88622692545275801 * vexp_f64(y * y);
        y -= d / (1 + y * d);
    }
    y = select_f64(a == 1, (vec_f64){0} + INFINITY, y);
    y = select_f64(a == 0, a, y);
    return vcopysign_f64(select_f64(a <= 1, y, (vec_f64){0} + NAN), x);
}

/* √(x² + y²), scaled by a power of 2 so that no square overflows or vanishes */
TD_INLINE vec_f64 vhypot_f64(vec_f64 x, vec_f64 y)
{
    x = vabs_f64(x);
    y = vabs_f64(y);
    vec_f64 big = more_f64(x, y), one = (vec_f64){0} + 1;
    vec_f64 scale = select_f64(big > 0x1p500, one * 0x1p-600, one);
    scale = select_f64(big < 0x1p-400, one * 0x1p600, scale);
    vec_f64 a = x * scale, b = y * scale;
    vec_f64 root = vsqrt_f64(a * a + b * b) * select_f64(scale == 1, one, 1 / scale);
    return select_f64((x == INFINITY) | (y == INFINITY), one * INFINITY, root);
}

/* --- quotients that are whole numbers -------------------------------------------------------- */

/* x − trunc(x / y) y, exactly: the quotient's rounding is one too many at most, and the product has
 * no rounding left. Where the quotient has more digits than f64, libm goes on bit by bit. */
TD_INLINE vec_f64 vfmod_f64(vec_f64 x, vec_f64 y)
{
    vec_f64 a = vabs_f64(x), b = vabs_f64(y), q = vtrunc_f64(a / b), low;
    vec_f64 p = vproduct_f64(q, b, &low), r = (a - p) - low;
    r = select_f64(q == 0, a, select_f64(r < 0, r + b, r));
    mask_f64 far = ~(q < 0x1p52);
    int64_t any = 0;
    for (int i = 0; i < LANES_f64; i++) any |= far[i];
    if (any)
        for (int i = 0; i < LANES_f64; i++)
            if (far[i]) r[i] = fmod(a[i], b[i]);
    return vcopysign_f64(r, x);
}
/* Python's: of y's sign */
TD_INLINE vec_f64 vmod_f64(vec_f64 x, vec_f64 y)
{
    vec_f64 r = vfmod_f64(x, y);
    return select_f64((r != 0) & ((r < 0) != (y < 0)), r + y, r);
}
TD_INLINE vec_f64 vfloordiv_f64(vec_f64 x, vec_f64 y)
{
    vec_f64 r = vfmod_f64(x, y), q = (x - r) / y;
    q = vround_f64(select_f64((r != 0) & ((r < 0) != (y < 0)), q - 1, q));
    return select_f64(y == 0, x / y, select_f64(q == 0, vcopysign_f64(q, x / y), q));
}
TD_INLINE vec_f64 vtruncdiv_f64(vec_f64 x, vec_f64 y) { return vtrunc_f64(x / y); }
TD_INLINE vec_f32 vtruncdiv_f32(vec_f32 x, vec_f32 y) { return vtrunc_f32(x / y); }

/* --- libm's ----------------------------------------------------------------------------------- */

double lgamma_r(double x, int *sign); /* what lgamma is where threads do not share a sign */

TD_INLINE vec_f64 vlgamma_f64(vec_f64 x)
{
    int sign;
    for (int i = 0; i < LANES_f64; i++) x[i] = lgamma_r(x[i], &sign);
    return x;
}

TD_THROUGH_F64(verfinv)
TD_THROUGH2_F64(vhypot)
TD_THROUGH2_F64(vfmod)
TD_THROUGH2_F64(vmod)
TD_THROUGH2_F64(vfloordiv)
TD_THROUGH_F64(vlgamma)

#endif
