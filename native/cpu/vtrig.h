/* vtrig.h — sines, hyperbolic sines and their inverses, on vectors of f64; f32 goes through f64.
 *
 * Every function reduces its argument to a short interval around 0, sums a polynomial there, and
 * keeps what the reduction rounded away as a second, small number. Included after vmath.inl.
 */
#ifndef TD_VTRIG_H
#define TD_VTRIG_H

#include <math.h>

typedef float half_f32 __attribute__((vector_size(TD_WIDTH / 2)));

/* f of a vector of f32, in two halves of f64: the one rounding that counts is the last. */
TD_INLINE vec_f32 vthrough_f64(vec_f32 x, vec_f64 (*f)(vec_f64))
{
    half_f32 half[2];
    memcpy(half, &x, sizeof half);
    for (int i = 0; i < 2; i++)
        half[i] = __builtin_convertvector(f(__builtin_convertvector(half[i], vec_f64)), half_f32);
    memcpy(&x, half, sizeof half);
    return x;
}
TD_INLINE vec_f32 vthrough2_f64(vec_f32 x, vec_f32 y, vec_f64 (*f)(vec_f64, vec_f64))
{
    half_f32 a[2], b[2];
    memcpy(a, &x, sizeof a);
    memcpy(b, &y, sizeof b);
    for (int i = 0; i < 2; i++) {
        vec_f64 u = __builtin_convertvector(a[i], vec_f64);
        vec_f64 v = __builtin_convertvector(b[i], vec_f64);
        a[i] = __builtin_convertvector(f(u, v), half_f32);
    }
    memcpy(&x, a, sizeof a);
    return x;
}
#define TD_THROUGH_F64(f)                                                                          \
    TD_INLINE vec_f32 f##_f32(vec_f32 x) { return vthrough_f64(x, f##_f64); }
#define TD_THROUGH2_F64(f)                                                                         \
    TD_INLINE vec_f32 f##_f32(vec_f32 x, vec_f32 y) { return vthrough2_f64(x, y, f##_f64); }

/* a · b exactly, as the product rounded and what is missing: by halves of the digits (Dekker). */
TD_INLINE vec_f64 vproduct_f64(vec_f64 a, vec_f64 b, vec_f64 *low)
{
    const mask_f64 half = ~((mask_f64){0} + (((int64_t)1 << 27) - 1));
    vec_f64 ah = (vec_f64)((mask_f64)a & half), al = a - ah;
    vec_f64 bh = (vec_f64)((mask_f64)b & half), bl = b - bh;
    vec_f64 p = a * b;
    *low = ((ah * bh - p) + ah * bl + al * bh) + al * bl;
    return p;
}

/* a / b with what is missing: (a + a_low) / (b + b_low) = q + low */
TD_INLINE vec_f64 vquotient_f64(vec_f64 a, vec_f64 a_low, vec_f64 b, vec_f64 b_low, vec_f64 *low)
{
    vec_f64 q = a / b, p_low, p = vproduct_f64(q, b, &p_low);
    *low = ((a - p) - p_low + a_low - q * b_low) / b;
    return q;
}

/* √(a + a_low) = q + low */
TD_INLINE vec_f64 vroot_f64(vec_f64 a, vec_f64 a_low, vec_f64 *low)
{
    vec_f64 q = vsqrt_f64(a), p_low, p = vproduct_f64(q, q, &p_low);
    *low = ((a - p) - p_low + a_low) / (q + q);
    return q;
}

/* a + b exactly, for any two */
TD_INLINE vec_f64 vsum_f64(vec_f64 a, vec_f64 b, vec_f64 *low)
{
    vec_f64 s = a + b, t = s - a;
    *low = (a - (s - t)) + (b - t);
    return s;
}

/* --- sine, cosine, tangent ------------------------------------------------------------------- */

/* The bits of 2/π after 64 zeros: as many as the largest f64 needs. */
static const uint64_t TD_TWO_OVER_PI[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e,
    0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4, 0x9c845f8bbdf9283b,
    0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
    0xf0cfbc209af4361d};

/* x 2/π = n + f + f_low with |f| ≤ ½, n modulo 4, for x ≥ 2^20 of any size (Payne and Hanek): with
 * x = m 2^e, the bits of 2/π before e − 2 make multiples of 4, and 256 from there are enough. */
TD_CALLED int64_t td_quarter_turns(double x, double *f, double *f_low)
{
    uint64_t bits, window[4], part[4];
    memcpy(&bits, &x, sizeof bits);
    const int e = (int)(bits >> 52) - 1075, at = e + 62;
    if (e == 972) return *f = *f_low = NAN, 0; /* ∞ */
    for (int k = 0; k < 4; k++) {
        const uint64_t *word = &TD_TWO_OVER_PI[at / 64 + k];
        window[3 - k] = word[0] << (at % 64) | (at % 64 ? word[1] >> (64 - at % 64) : 0);
    }
    const uint64_t m = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    unsigned __int128 sum = 0;
    for (int k = 0; k < 4; k++) {
        sum += (unsigned __int128)m * window[k];
        part[k] = (uint64_t)sum;
        sum >>= 64;
    }
    int64_t n = (int64_t)(part[3] >> 62);
    for (int k = 3; k > 0; k--) part[k] = part[k] << 2 | part[k - 1] >> 62;
    const int up = part[3] >> 63; /* the fraction is ½ or more: the next n is nearer */
    double sign = up ? -0x1p-32 : 0x1p-32, high = 0, low = 0;
    for (int k = 7; k >= 2; k--, sign *= 0x1p-32) { /* 32 bits at a time; ~v stands for 1 − v */
        uint64_t word = up ? ~part[k / 2] : part[k / 2];
        double digit = sign * (double)(uint32_t)(k % 2 ? word >> 32 : word), s = high + digit;
        low += fabs(high) > fabs(digit) ? digit - (s - high) : high - (s - digit);
        high = s;
    }
    *f = high;
    *f_low = low;
    return n + up;
}

/* |x| = n π/2 + r with n = round(|x| 2/π); sin r and cos r, each a large and a small number. π/2 is
 * taken in parts whose products with n < 2^20 are exact: 4 · 33 bits, so that as much is left of
 * an |x| next to a multiple of π/2 as anywhere else. */
typedef struct {
    vec_f64 sin, sin_low, cos, cos_low;
    mask_f64 n;
} vtrig_f64;

TD_INLINE vtrig_f64 vtrig_of(vec_f64 x)
{
    static const double SIN[] = {-0x1.5555555555555p-3,  0x1.1111111110b6cp-7,
                                 -0x1.a01a019e73325p-13, 0x1.71de3781495ffp-19,
                                 -0x1.ae5ff4f957b14p-26, 0x1.5e0333e3ccba1p-33};
    static const double COS[] = {0x1.5555555555555p-5,  -0x1.6c16c16c16944p-10,
                                 0x1.a01a019f4671dp-16, -0x1.27e4fa0d3726cp-22,
                                 0x1.1eeb5de1e2b95p-29, -0x1.9075bb669682cp-37};
    vec_f64 a = vabs_f64(x), shifted = a * 0x1.45f306dc9c883p-1 + 0x1.8p52;
    vec_f64 n = shifted - 0x1.8p52, low1, low2, r, low, z, half;
    r = vsum_f64(a - n * 0x1.921fb544p+0, n * -0x1.0b4611a6p-34, &low1);
    a = vsum_f64(r, n * -0x1.3198a2ep-69, &low2);
    low = low1 + low2 - n * 0x1.b839a252049c1p-104;
    r = a + low;
    low = (a - r) + low;
    mask_f64 turns = (mask_f64)shifted, far = vabs_f64(x) >= 0x1p20;
    int64_t any = 0;
    for (int i = 0; i < LANES_f64; i++) any |= far[i];
    if (any) {
        vec_f64 f = r, f_low = low;
        for (int i = 0; i < LANES_f64; i++)
            if (far[i])
                turns[i] = td_quarter_turns(fabs(x[i]), (double *)&f + i, (double *)&f_low + i);
        a = vproduct_f64(f, (vec_f64){0} + 0x1.921fb54442d18p+0, &low1);
        low1 += f * 0x1.1a62633145c07p-54 + f_low * 0x1.921fb54442d18p+0;
        r = select_f64(far, a, r);
        low = select_f64(far, low1, low);
    }
    z = r * r;
    half = 0.5 * z;
    vtrig_f64 t = {.sin = r, .cos = 1 - half, .n = turns};
    t.sin_low = r * z * poly_f64(z, SIN, 6) + (low - low * half);
    t.cos_low = ((1 - t.cos) - half) + (z * z * poly_f64(z, COS, 6) - r * low);
    return t;
}

/* y, with its sign bit turned over where bit 1 of n is set */
TD_INLINE vec_f64 vturned_f64(vec_f64 y, mask_f64 n)
{
    return (vec_f64)((mask_f64)y ^ ((n & 2) << 62));
}

TD_INLINE vec_f64 vsin_f64(vec_f64 x)
{
    vtrig_f64 t = vtrig_of(x);
    vec_f64 y = select_f64((t.n & 1) != 0, t.cos + t.cos_low, t.sin + t.sin_low);
    mask_f64 sign = (mask_f64)x & ((mask_f64){0} + INT64_MIN);
    return (vec_f64)((mask_f64)vturned_f64(y, t.n) ^ sign);
}

TD_INLINE vec_f64 vcos_f64(vec_f64 x)
{
    vtrig_f64 t = vtrig_of(x);
    vec_f64 y = select_f64((t.n & 1) != 0, t.sin + t.sin_low, t.cos + t.cos_low);
    return vturned_f64(y, t.n + 1);
}

TD_INLINE vec_f64 vtan_f64(vec_f64 x)
{
    vtrig_f64 t = vtrig_of(x);
    vec_f64 s_low, s = vsum_f64(t.sin, t.sin_low, &s_low);
    vec_f64 c_low, c = vsum_f64(t.cos, t.cos_low, &c_low);
    mask_f64 odd = (t.n & 1) != 0;
    vec_f64 low, y = vquotient_f64(select_f64(odd, c, s), select_f64(odd, c_low, s_low),
                                   select_f64(odd, s, c), select_f64(odd, s_low, c_low), &low);
    mask_f64 sign = ((t.n & 1) << 63) ^ ((mask_f64)x & ((mask_f64){0} + INT64_MIN));
    return select_f64(x == 0, x, (vec_f64)((mask_f64)(y + low) ^ sign));
}

/* --- their inverses -------------------------------------------------------------------------- */

/* The angle of the point (x, y), in (−π, π]. With t = y / x turned by 0, π/4 or π/2 until
 * |t| ≤ tan π/8, it is the turn + atan t. */
TD_INLINE vec_f64 vatan2_f64(vec_f64 y, vec_f64 x)
{
    static const double ATAN[] = {
        -0x1.5555555555555p-2, 0x1.9999999999953p-3, -0x1.249249248d7dcp-3, 0x1.c71c71c303dbbp-4,
        -0x1.745d165dc9713p-4, 0x1.3b1392d519db1p-4, -0x1.110e87b4357d2p-4, 0x1.e19a0bfa3eef9p-5,
        -0x1.ac7a5a79b3f26p-5, 0x1.74dccfb93fff0p-5, -0x1.1b311bb48c215p-5, 0x1.0acd9e91a5a35p-6};
    const vec_f64 zero = {0};
    vec_f64 a = vabs_f64(x), b = vabs_f64(y), one = zero + 1;
    mask_f64 equal = (a == b) & ((a == 0) | (a == INFINITY)); /* an angle that no quotient has */
    b = select_f64(equal, select_f64(a == 0, zero, one), b);
    a = select_f64(equal, one, a);
    vec_f64 scale = select_f64((a > 0x1p1000) | (b > 0x1p1000), zero + 0x1p-60, one);
    scale = select_f64((a < 0x1p-900) & (b < 0x1p-900), zero + 0x1p100, scale);
    a *= scale;
    b *= scale;
    mask_f64 steep = b > a * 2.4142135623730950, flat = b < a * 0.41421356237309505;
    vec_f64 over = select_f64(steep, -a, select_f64(flat, b, b - a));
    vec_f64 under = select_f64(steep, b, select_f64(flat, a, b + a));
    vec_f64 t = over / under, z = t * t;
    mask_f64 left = (mask_f64)x < 0;                                         /* −0 too */
    vec_f64 turn = select_f64(steep, zero + 2, select_f64(flat, zero, one)); /* of π/4 */
    turn = select_f64(left, 4 - turn, turn);
    t = select_f64(left, -t, t);
    vec_f64 low = t * z * poly_f64(z, ATAN, 12) + turn * 0x1.1a62633145c07p-55;
    return vcopysign_f64(turn * 0x1.921fb54442d18p-1 + (t + low), y);
}

TD_INLINE vec_f64 vatan_f64(vec_f64 x) { return vatan2_f64(x, (vec_f64){0} + 1); }

/* asin r = r + r³ P(r²) for r ≤ ½; beyond, asin a = π/2 − 2 asin √((1 − a) / 2). */
TD_INLINE vec_f64 vasin_parts(vec_f64 a, vec_f64 *low)
{
    static const double ASIN[] = {0x1.5555555555556p-3, 0x1.3333333332ecap-4, 0x1.6db6db6e31f13p-5,
                                  0x1.f1c71c1db0623p-6, 0x1.6e8bb1c8209a2p-6, 0x1.1c4d35cf95421p-6,
                                  0x1.c9cf07674736ap-7, 0x1.782651caa6547p-7, 0x1.52420b04b37bep-7,
                                  0x1.65a9c4dfcf8b2p-8, 0x1.1d189408314eep-6, -0x1.e6aaa8a0a04ccp-7,
                                  0x1.d72b2bc8155f8p-6};
    mask_f64 large = a > 0.5;
    vec_f64 z = select_f64(large, 0.5 * (1 - a), a * a), r = select_f64(large, vsqrt_f64(z), a);
    *low = r * z * poly_f64(z, ASIN, 13);
    return r;
}

TD_INLINE vec_f64 vasin_f64(vec_f64 x)
{
    vec_f64 a = vabs_f64(x), low, r = vasin_parts(a, &low);
    vec_f64 large = 0x1.921fb54442d18p+0 - (2 * r - (0x1.1a62633145c07p-54 - 2 * low));
    return vcopysign_f64(select_f64(a > 0.5, large, r + low), x);
}

TD_INLINE vec_f64 vacos_f64(vec_f64 x)
{
    vec_f64 low, r = vasin_parts(vabs_f64(x), &low);
    vec_f64 turn = select_f64(x < -0.5, (vec_f64){0} + 2, (vec_f64){0} + 1); /* of π/2 */
    mask_f64 small = vabs_f64(x) <= 0.5;
    vec_f64 twice = select_f64(small, (vec_f64){0} + 1, (vec_f64){0} + 2);
    r *= select_f64(small & (x < 0), -twice, twice);
    low *= select_f64(small & (x < 0), -twice, twice);
    vec_f64 y = turn * 0x1.921fb54442d18p+0 - (r - (turn * 0x1.1a62633145c07p-54 - low));
    return select_f64(x > 0.5, r + low, y);
}

/* --- hyperbolic ------------------------------------------------------------------------------ */

/* ½ sinh |x| and ½ cosh |x|: with |x| = n ln 2 + r, S = cosh(n ln 2) / 2 and D = sinh(n ln 2) / 2,
 * both exact or as good, they are S sinh r + D cosh r and S cosh r + D sinh r. */
TD_INLINE vec_f64 vhyperbolic_of(vec_f64 x, int cosine)
{
    static const double SINH[] = {
        1 / 6.0,        1 / 120.0,        1 / 5040.0,         1 / 362880.0,
        1 / 39916800.0, 1 / 6227020800.0, 1 / 1307674368000.0};
    static const double COSH[] = {1 / 2.0,       1 / 24.0,        1 / 720.0,        1 / 40320.0,
                                  1 / 3628800.0, 1 / 479001600.0, 1 / 87178291200.0};
    const double bias = 0x1.8p52 + 2046;
    vec_f64 a = vclamp_f64(vabs_f64(x), 0, 710.6), shifted = a * 1.4426950408889634 + bias;
    vec_f64 n = shifted - bias;
    vec_f64 high = a - n * 0x1.62e42fefa38p-1, low = n * 0x1.ef35793c7673p-45;
    vec_f64 r = high - low, z = r * r;
    low = (high - r) - low;
    vec_f64 s = r * z * poly_f64(z, SINH, 7) + low; /* sinh r − r */
    vec_f64 c = z * poly_f64(z, COSH, 7);           /* cosh r − 1 */
    vec_f64 up = vpower_f64(shifted, -2), down = vpower_f64(2 * bias - shifted, -2);
    down = select_f64(n < 600, down, (vec_f64){0});
    vec_f64 S = up + down, D = up - down;
    return cosine ? S + (D * r + (S * c + D * s)) : S * r + (D + (D * c + S * s));
}

TD_INLINE vec_f64 vsinh_f64(vec_f64 x)
{
    vec_f64 y = 2 * vhyperbolic_of(x, 0);
    return select_f64(vabs_f64(x) < 0x1p-27, x, vcopysign_f64(y, x));
}
TD_INLINE vec_f64 vcosh_f64(vec_f64 x) { return 2 * vhyperbolic_of(x, 1); }

/* sign(x) log(z + low + 1), but log 2a where a is so large that z = 2a overflows, and x where it is
 * as good */
TD_INLINE vec_f64 vasinh_f64(vec_f64 x)
{
    vec_f64 a = vabs_f64(x), b = less_f64((vec_f64){0} + 0x1p60, a), low, root_low;
    vec_f64 square = vproduct_f64(b, b, &low), one_more, carry;
    one_more = vsum_f64(square, (vec_f64){0} + 1, &carry);
    vec_f64 root = vroot_f64(one_more, carry + low, &root_low);
    vec_f64 part_low, part = vquotient_f64(square, low, root + 1, root_low, &part_low);
    vec_f64 z = vsum_f64(b, part, &low);
    vec_f64 y = vlog1p_parts_f64(z, low + part_low);
    y = select_f64(a > 0x1p60, vlog_f64(a) + 0.69314718055994531, y);
    return select_f64(a < 0x1p-27, x, vcopysign_f64(y, x));
}

/* t = x − 1; acosh x = log(1 + t + √(t (t + 2))) */
TD_INLINE vec_f64 vacosh_f64(vec_f64 x)
{
    vec_f64 t = less_f64((vec_f64){0} + 0x1p60, x - 1), low, square = vproduct_f64(t, t, &low);
    vec_f64 carry, root_low, sum = vsum_f64(2 * t, square, &carry);
    vec_f64 root = vroot_f64(sum, carry + low, &root_low), z = vsum_f64(root, t, &low);
    vec_f64 y = vlog1p_parts_f64(z, low + select_f64(t == 0, t, root_low));
    y = select_f64(x > 0x1p60, vlog_f64(x) + 0.69314718055994531, y);
    return select_f64(x >= 1, y, (vec_f64){0} + NAN);
}

/* ½ log(1 + 2a / (1 − a)) */
TD_INLINE vec_f64 vatanh_f64(vec_f64 x)
{
    vec_f64 a = vabs_f64(x), down = 1 - a, low, z;
    z = vquotient_f64(2 * a, (vec_f64){0}, down, (1 - down) - a, &low);
    vec_f64 y = 0.5 * vlog1p_parts_f64(z, select_f64(a < 1, low, (vec_f64){0}));
    return select_f64(a < 0x1p-27, x, vcopysign_f64(y, x));
}

TD_THROUGH_F64(vsin)
TD_THROUGH_F64(vcos)
TD_THROUGH_F64(vtan)
TD_THROUGH_F64(vasin)
TD_THROUGH_F64(vacos)
TD_THROUGH_F64(vatan)
TD_THROUGH2_F64(vatan2)
TD_THROUGH_F64(vsinh)
TD_THROUGH_F64(vcosh)
TD_THROUGH_F64(vasinh)
TD_THROUGH_F64(vacosh)
TD_THROUGH_F64(vatanh)

#endif
