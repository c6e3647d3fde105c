/* box_muller.h — two uniform numbers become two independent normal ones (Box and Muller, 1958).
 *
 *   z₀ = √(−2 ln u) cos 2πv,   z₁ = √(−2 ln u) sin 2πv
 *
 * The logarithm, sine and cosine are short series of + − × ÷ √ in double, in a fixed order and
 * without branches. IEEE 754 leaves no freedom in those, so every compiler and device that does
 * not fuse products into sums (-ffp-contract=off, nvcc -fmad=false) gives the same bits.
 */
#ifndef TD_BOX_MULLER_H
#define TD_BOX_MULLER_H

#include <math.h>
#include <string.h>

#include "philox.h"

/* ln u for normal u > 0: u = 2^e m, m in [√½, √2), ln m = 2 atanh s with s = (m − 1)/(m + 1). */
TD_EVERYWHERE double td_series_log(double u)
{
    const int64_t root_half = 0x3FE6A09E667F3BCD; /* the bits of √½ */
    int64_t bits;
    memcpy(&bits, &u, sizeof bits);
    /* biased to stay positive: a logical shift is all that some machines have */
    const int64_t e = (int64_t)((uint64_t)(bits - root_half + ((int64_t)2048 << 52)) >> 52) - 2048;
    bits -= (int64_t)((uint64_t)e << 52);
    double m;
    memcpy(&m, &bits, sizeof m);
    const double s = (m - 1) / (m + 1), z = s * s;
    double sum = 2.0 / 21;
    sum = sum * z + 2.0 / 19;
    sum = sum * z + 2.0 / 17;
    sum = sum * z + 2.0 / 15;
    sum = sum * z + 2.0 / 13;
    sum = sum * z + 2.0 / 11;
    sum = sum * z + 2.0 / 9;
    sum = sum * z + 2.0 / 7;
    sum = sum * z + 2.0 / 5;
    sum = sum * z + 2.0 / 3;
    sum = sum * z + 2.0;
    return (double)(int32_t)e * 0.6931471805599453 + s * sum;
}

/* cos 2πv and sin 2πv, 0 ≤ v < 1: v = quarter/4 + r, |r| ≤ 1/8, and Taylor's series at 2πr. */
TD_EVERYWHERE void td_series_circle(double v, double *cosine, double *sine)
{
    const int32_t quarter = (int32_t)(v * 4 + 0.5);
    const double t = (v - quarter * 0.25) * 6.283185307179586, z = t * t;
    double s = 1.0 / 355687428096000;
    s = s * z - 1.0 / 1307674368000;
    s = s * z + 1.0 / 6227020800;
    s = s * z - 1.0 / 39916800;
    s = s * z + 1.0 / 362880;
    s = s * z - 1.0 / 5040;
    s = s * z + 1.0 / 120;
    s = s * z - 1.0 / 6;
    s = s * z + 1;
    s = s * t;
    double c = 1.0 / 20922789888000;
    c = c * z - 1.0 / 87178291200;
    c = c * z + 1.0 / 479001600;
    c = c * z - 1.0 / 3628800;
    c = c * z + 1.0 / 40320;
    c = c * z - 1.0 / 720;
    c = c * z + 1.0 / 24;
    c = c * z - 1.0 / 2;
    c = c * z + 1;
    const double x = quarter & 1 ? s : c, y = quarter & 1 ? c : s;
    *cosine = (quarter + 1) & 2 ? -x : x;
    *sine = quarter & 2 ? -y : y;
}

/* 0 < u ≤ 1, 0 ≤ v < 1 */
TD_EVERYWHERE void td_box_muller(double u, double v, double *z0, double *z1)
{
    double cosine, sine;
    const double radius = sqrt(-2 * td_series_log(u));
    td_series_circle(v, &cosine, &sine);
    *z0 = radius * cosine;
    *z1 = radius * sine;
}

/* Exponential numbers, −ln u with u from the middle of 2^32 or 2^52 equal parts of (0, 1). */
TD_EVERYWHERE double td_exponential_of(const uint32_t *word, const int words)
{
    /* through signed halves, which every machine converts alike */
    const double high = (double)(int32_t)(word[0] >> 16) * 0x1p16 + (int32_t)(word[0] & 0xffff);
    if (words == 1) return -td_series_log((high + 0.5) * 0x1p-32);
    return -td_series_log((high * 0x1p20 + (int32_t)(word[1] >> 12) + 0.5) * 0x1p-52);
}

#endif
