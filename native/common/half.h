/* half.h — numbers of two bytes, f16 (1 sign, 5 exponent, 10 fraction bits) and bf16 (1, 8, 7).
 *
 * They are stored and never computed with: each is read as the float it means, exactly, and made
 * of a float by rounding to the nearest, ties to even. Wider numbers come through a float that is
 * rounded to odd: its last bit says that something was cut off, so nothing is rounded twice.
 * All is arithmetic on bits without branches, which compilers turn into vectors.
 */
#ifndef TD_HALF_H
#define TD_HALF_H

#include <string.h>

#include "status.h"

TD_EVERYWHERE uint32_t td_bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
TD_EVERYWHERE float td_float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

TD_EVERYWHERE float td_from_bf16(uint16_t h) { return td_float_of((uint32_t)h << 16); }
TD_EVERYWHERE uint16_t td_to_bf16(float x)
{
    const uint32_t u = td_bits_of(x), rounded = u + 0x7fff + (u >> 16 & 1);
    return (uint16_t)((u & 0x7fffffff) > 0x7f800000 ? (u >> 16) | 0x40 : rounded >> 16);
}

/* Subnormal halfs are multiples of 2^-24, which is the last place of floats from ½ to 1: adding ½
 * rounds to one, and subtracting 2^-14 from 2^-14 + h · 2^-24 reads one. */
TD_EVERYWHERE float td_from_f16(uint16_t h)
{
    const uint32_t u = (uint32_t)(h & 0x7fff) << 13;
    const float normal = td_float_of(u + (112u << 23)), small = td_float_of(u + (113u << 23));
    const uint32_t finite = td_bits_of(u < 0x400u << 13 ? small - 0x1p-14f : normal);
    const uint32_t value = u >= 0x7c00u << 13 ? u | 0x7f800000 : finite;
    return td_float_of(value | (uint32_t)(h & 0x8000) << 16);
}
TD_EVERYWHERE uint16_t td_to_f16(float x)
{
    const uint32_t bits = td_bits_of(x), u = bits & 0x7fffffff;
    const uint32_t normal = (u - (112u << 23) + 0xfff + (u >> 13 & 1)) >> 13; /* 65520 gives ∞ */
    const uint32_t small = td_bits_of(td_float_of(u) + 0.5f) - (126u << 23);
    const uint32_t finite = u < 113u << 23 ? small : normal;
    const uint32_t large = u > 0x7f800000 ? 0x7e00 : 0x7c00; /* NaN, or ∞ from 2^16 */
    return (uint16_t)((u < 143u << 23 ? finite : large) | (bits >> 16 & 0x8000));
}

/* The float next to x whose last bit is 1, or x itself where it is one. */
TD_EVERYWHERE float td_odd_f64(double x)
{
    const float near = (float)x;
    const double back = (double)near;
    const uint32_t u = td_bits_of(near) - ((back < 0 ? -back : back) > (x < 0 ? -x : x));
    return td_float_of(back == x ? u : u | 1);
}
TD_EVERYWHERE float td_odd_i64(int64_t x)
{
    const int64_t cut = (x & ~(int64_t)0x3ff) | (int64_t)((x & 0x3ff) != 0) << 10;
    const int exact = -((int64_t)1 << 53) <= x && x <= (int64_t)1 << 53; /* as a double */
    return td_odd_f64((double)(exact ? x : cut));
}

#endif
