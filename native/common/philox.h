/* philox.h — Philox 4×32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers, SC 2011).
 *
 * A random number generator without a state: four words of output are a pure function of a
 * 128-bit counter and a 64-bit key. So any thread can make any element of a draw, in any order.
 * The counter is (i, offset) in its lower and upper half, the key is the seed; ten rounds mix them.
 * A CPU runs each round over an array of counters, a GPU thread runs all rounds on its own.
 */
#ifndef TD_PHILOX_H
#define TD_PHILOX_H

#include "status.h"

#define TD_PHILOX_ROUNDS 10
#define TD_PHILOX_STEP0 0x9E3779B9u /* the key grows by this every round: the golden ratio */
#define TD_PHILOX_STEP1 0xBB67AE85u /* and √3 − 1 */

TD_EVERYWHERE void td_philox_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d,
                                   uint32_t key0, uint32_t key1)
{
    const uint64_t p = (uint64_t)0xD2511F53u * *a, q = (uint64_t)0xCD9E8D57u * *c;
    *a = (uint32_t)(q >> 32) ^ *b ^ key0;
    *b = (uint32_t)q;
    *c = (uint32_t)(p >> 32) ^ *d ^ key1;
    *d = (uint32_t)p;
}

/* word[0 … 3] of draw `offset` of `seed` at `counter` */
TD_EVERYWHERE void td_philox(uint32_t *word, uint64_t counter, uint64_t offset, uint64_t seed)
{
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    word[0] = (uint32_t)counter, word[1] = (uint32_t)(counter >> 32);
    word[2] = (uint32_t)offset, word[3] = (uint32_t)(offset >> 32);
    for (int round = 0; round < TD_PHILOX_ROUNDS; round++) {
        td_philox_round(&word[0], &word[1], &word[2], &word[3], key0, key1);
        key0 += TD_PHILOX_STEP0, key1 += TD_PHILOX_STEP1;
    }
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
