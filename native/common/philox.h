/* philox.h — Philox 4×32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers, SC 2011).
 *
 * A random number generator without a state: four words of output are a pure function of a
 * 128-bit counter and a 64-bit key. So any thread can make any element of a draw, in any order.
 * The counter is (i, offset) in its lower and upper half, the key is the seed; ten rounds mix them.
 * Plain C that C++ and CUDA compile as well: a CPU runs each round over an array of counters, a
 * GPU thread runs all rounds on its own.
 */
#ifndef TD_PHILOX_H
#define TD_PHILOX_H

#include <stdint.h>

#ifdef __CUDACC__
#define TD_EVERYWHERE static inline __host__ __device__
#else
#define TD_EVERYWHERE static inline __attribute__((always_inline))
#endif

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

#endif
