/* device_functions.h — what a kernel may call: barriers, shuffles, votes, atomics, cached loads.
 *
 * Everything that makes threads wait for each other ends in two functions of the emulator: block
 * barriers in block_barrier, all the rest in warp_collective, where each lane leaves a pointer to
 * its arguments and the last lane to arrive does the work for the whole warp.
 */
#ifndef TD_EMU_DEVICE_FUNCTIONS_H
#define TD_EMU_DEVICE_FUNCTIONS_H

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "vector_types.h"

#define TD_EMU_HIDDEN __attribute__((visibility("hidden")))

/* Plain variables, rewritten whenever another thread goes on. */
extern TD_EMU_HIDDEN uint3 threadIdx, blockIdx;
extern TD_EMU_HIDDEN dim3 blockDim, gridDim;

namespace td_emu
{

struct Site { /* where a thread waits; the names are literals */
    const char *name, *file;
    int line;
};
using Collective = void(void *arguments[32], unsigned mask); /* NULL for lanes not in the mask */

extern TD_EMU_HIDDEN int lane;             /* of the running thread, 0 … 31 */
extern TD_EMU_HIDDEN void *dynamic_shared; /* of the running block, 1024-byte aligned */

void block_barrier(const Site &site);
void warp_barrier(unsigned mask, const Site &site);
void warp_collective(unsigned mask, void *arguments, Collective *work, const Site &site);
[[noreturn]] void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies of 4, 8 or 16 bytes that run behind the thread's back (cp.async): nothing is copied
 * before the wait that asks for it. `used` bytes are read, the rest is zero. */
void async_copy(void *shared, const void *global, int bytes, int used);
void async_commit();
void async_wait(int newest); /* all but the newest `newest` commits are done */

struct Shuffle {
    uint64_t value, result;
    int source; /* lane, or −1: own value */
};
struct Vote {
    int predicate;
    unsigned result;
};
enum ReduceOp { ADD, MIN, MAX, MIN_SIGNED, MAX_SIGNED, AND, OR, XOR };
struct Reduce {
    unsigned value; /* the lane's, then all lanes' */
    ReduceOp op;
};
Collective do_shuffle, do_vote, do_reduce;

template <class T> __forceinline__ T shuffle(unsigned mask, T value, int source, const Site &site)
{
    static_assert(sizeof(T) <= 8, "a shuffle moves up to 8 bytes");
    Shuffle mine = {0, 0, source};
    memcpy(&mine.value, &value, sizeof value);
    warp_collective(mask, &mine, do_shuffle, site);
    memcpy(&value, &mine.result, sizeof value);
    return value;
}

inline unsigned reduce(unsigned mask, unsigned value, ReduceOp op, const Site &site)
{
    Reduce mine = {value, op};
    warp_collective(mask, &mine, do_reduce, site);
    return mine.value;
}

} // namespace td_emu

/* The last two parameters are never given: they are the caller's place, for error reports. */
#define TD_EMU_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define TD_EMU_HERE                                                                                \
    td_emu::Site { __func__, file, line }

/* --- barriers and fences: one processor runs all threads, so memory is always in order -------- */

inline void __syncthreads(TD_EMU_SITE) { td_emu::block_barrier(TD_EMU_HERE); }
inline void __syncwarp(unsigned mask = 0xffffffff, TD_EMU_SITE)
{
    td_emu::warp_barrier(mask, TD_EMU_HERE);
}
inline void __threadfence_block() {}
inline void __threadfence() {}
inline void __threadfence_system() {}

/* --- warps: shuffles, votes, reductions ------------------------------------------------------- */

template <class T>
__forceinline__ T __shfl_sync(unsigned mask, T value, int source, int width = 32, TD_EMU_SITE)
{
    const int first = td_emu::lane & -width;
    return td_emu::shuffle(mask, value, first + (source & (width - 1)), TD_EMU_HERE);
}
template <class T>
__forceinline__ T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                 TD_EMU_SITE)
{
    const int first = td_emu::lane & -width, source = td_emu::lane - (int)delta;
    return td_emu::shuffle(mask, value, source >= first ? source : -1, TD_EMU_HERE);
}
template <class T>
__forceinline__ T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                                   TD_EMU_SITE)
{
    const int first = td_emu::lane & -width, source = td_emu::lane + (int)delta;
    return td_emu::shuffle(mask, value, source < first + width ? source : -1, TD_EMU_HERE);
}
template <class T>
__forceinline__ T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, TD_EMU_SITE)
{
    const int first = td_emu::lane & -width, source = td_emu::lane ^ bits;
    return td_emu::shuffle(mask, value, source < first + width ? source : -1, TD_EMU_HERE);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, TD_EMU_SITE)
{
    td_emu::Vote mine = {predicate, 0};
    td_emu::warp_collective(mask, &mine, td_emu::do_vote, TD_EMU_HERE);
    return mine.result;
}
inline int __any_sync(unsigned mask, int predicate, TD_EMU_SITE)
{
    return __ballot_sync(mask, predicate != 0, file, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, TD_EMU_SITE)
{
    return __ballot_sync(mask, predicate == 0, file, line) == 0;
}

#define TD_EMU_REDUCE(name, type, op)                                                              \
    inline type name(unsigned mask, type value, TD_EMU_SITE)                                       \
    {                                                                                              \
        return (type)td_emu::reduce(mask, (unsigned)value, td_emu::op, TD_EMU_HERE);               \
    }
TD_EMU_REDUCE(__reduce_add_sync, int, ADD)
TD_EMU_REDUCE(__reduce_min_sync, int, MIN_SIGNED)
TD_EMU_REDUCE(__reduce_max_sync, int, MAX_SIGNED)
TD_EMU_REDUCE(__reduce_add_sync, unsigned, ADD)
TD_EMU_REDUCE(__reduce_min_sync, unsigned, MIN)
TD_EMU_REDUCE(__reduce_max_sync, unsigned, MAX)
TD_EMU_REDUCE(__reduce_and_sync, unsigned, AND)
TD_EMU_REDUCE(__reduce_or_sync, unsigned, OR)
TD_EMU_REDUCE(__reduce_xor_sync, unsigned, XOR)
#undef TD_EMU_REDUCE

/* --- loads and stores with a caching hint, which means nothing here --------------------------- */

#define TD_EMU_LOAD(name)                                                                          \
    template <class T> __forceinline__ T name(const T *p) { return *p; }
#define TD_EMU_STORE(name)                                                                         \
    template <class T> __forceinline__ void name(T *p, T value) { *p = value; }
TD_EMU_LOAD(__ldg)
TD_EMU_LOAD(__ldca)
TD_EMU_LOAD(__ldcg)
TD_EMU_LOAD(__ldcs)
TD_EMU_LOAD(__ldlu)
TD_EMU_LOAD(__ldcv)
TD_EMU_STORE(__stwb)
TD_EMU_STORE(__stcg)
TD_EMU_STORE(__stcs)
TD_EMU_STORE(__stwt)
#undef TD_EMU_LOAD
#undef TD_EMU_STORE

/* --- atomics: old = *p, *p = op(old, value), as one step; all relaxed, like CUDA's ------------ */

namespace td_emu
{

/* The words CUDA compares and swaps are the value's bits, so that −0 and NaN need no care. */
template <class T, class F> __forceinline__ T atomic(T *p, F op)
{
    using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    Bits old = __atomic_load_n((Bits *)p, __ATOMIC_RELAXED), fresh;
    T value;
    do {
        memcpy(&value, &old, sizeof value);
        const T next = op(value);
        memcpy(&fresh, &next, sizeof next);
    } while (!__atomic_compare_exchange_n((Bits *)p, &old, fresh, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return value;
}

} // namespace td_emu

#define TD_EMU_ATOMIC(name, type, expression)                                                      \
    inline type name(type *p, type value)                                                          \
    {                                                                                              \
        return td_emu::atomic(p, [=](type old) -> type { return expression; });                    \
    }
#define TD_EMU_ATOMICS(type)                                                                       \
    TD_EMU_ATOMIC(atomicMin, type, value < old ? value : old)                                      \
    TD_EMU_ATOMIC(atomicMax, type, old < value ? value : old)                                      \
    TD_EMU_ATOMIC(atomicAnd, type, old &value)                                                     \
    TD_EMU_ATOMIC(atomicOr, type, old | value)                                                     \
    TD_EMU_ATOMIC(atomicXor, type, old ^ value)                                                    \
    TD_EMU_ATOMIC(atomicExch, type, ((void)old, value))
TD_EMU_ATOMICS(int)
TD_EMU_ATOMICS(unsigned)
TD_EMU_ATOMICS(unsigned long long)
TD_EMU_ATOMIC(atomicMin, long long, value < old ? value : old)
TD_EMU_ATOMIC(atomicMax, long long, old < value ? value : old)
TD_EMU_ATOMIC(atomicAdd, int, (int)((unsigned)old + (unsigned)value))
TD_EMU_ATOMIC(atomicSub, int, (int)((unsigned)old - (unsigned)value))
TD_EMU_ATOMIC(atomicAdd, unsigned, old + value)
TD_EMU_ATOMIC(atomicSub, unsigned, old - value)
TD_EMU_ATOMIC(atomicAdd, unsigned long long, old + value)
TD_EMU_ATOMIC(atomicAdd, float, old + value)
TD_EMU_ATOMIC(atomicAdd, double, old + value)
TD_EMU_ATOMIC(atomicExch, float, ((void)old, value))
#undef TD_EMU_ATOMICS
#undef TD_EMU_ATOMIC

#define TD_EMU_CAS(type)                                                                           \
    inline type atomicCAS(type *p, type expected, type value)                                      \
    {                                                                                              \
        return td_emu::atomic(p, [=](type old) { return old == expected ? value : old; });         \
    }
TD_EMU_CAS(int)
TD_EMU_CAS(unsigned)
TD_EMU_CAS(unsigned long long)
#undef TD_EMU_CAS

#endif
