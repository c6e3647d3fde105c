/* philox.h — Philox 4×32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers, SC 2011).
 *
 * A random number generator without a state: four words of output are a pure function of a
 * 128-bit counter and a 64-bit key. So any thread can make any element of a draw, in any order.
 * Loops over td_philox become vector code.
 */
#ifndef TD_PHILOX_H
#define TD_PHILOX_H

#include "status.h"

#ifdef __CUDACC__
#define TD_TEN_ROUNDS /* nvcc unrolls them unasked */
#else
#define TD_TEN_ROUNDS _Pragma("GCC unroll 10")
#endif

/* word[0 … 3] of draw `offset` of `seed` at `counter`: offset is the counter's upper half. */
TD_EVERYWHERE void td_philox(uint32_t *word, uint64_t counter, uint64_t offset, uint64_t seed)
{
    uint32_t a = (uint32_t)counter, b = (uint32_t)(counter >> 32);
    uint32_t c = (uint32_t)offset, d = (uint32_t)(offset >> 32);
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    TD_TEN_ROUNDS
    for (int round = 0; round < 10; round++) {
        const uint64_t p = (uint64_t)0xD2511F53u * a, q = (uint64_t)0xCD9E8D57u * c;
        a = (uint32_t)(q >> 32) ^ b ^ key0;
        b = (uint32_t)q;
        c = (uint32_t)(p >> 32) ^ d ^ key1;
        d = (uint32_t)p;
        key0 += 0x9E3779B9u; /* the golden ratio */
        key1 += 0xBB67AE85u; /* √3 − 1 */
    }
    word[0] = a, word[1] = b, word[2] = c, word[3] = d;
}

/* Uniform in [0, 1): 24 bits of a word for a float, 53 bits of two for a double, both exact. */
TD_EVERYWHERE float td_unit_f32(const uint32_t *word)
{
    return (float)(int32_t)(*word >> 8) * 0x1p-24f;
}
TD_EVERYWHERE double td_unit_f64(const uint32_t *word)
{
    const int32_t high = (int32_t)(word[0] >> 5), low = (int32_t)(word[1] >> 6);
    return (high * 0x1p26 + low) * 0x1p-53;
}

/* ⌊two words · range / 2^64⌋, by halves: no value is favoured by more than 2^-64 · range. */
TD_EVERYWHERE uint64_t td_below(const uint32_t *word, uint64_t range)
{
    const uint64_t a = word[1], b = word[0], c = range >> 32, d = (uint32_t)range;
    const uint64_t middle = a * d + (b * d >> 32);
    return a * c + (middle >> 32) + ((b * c + (uint32_t)middle) >> 32);
}

#endif
