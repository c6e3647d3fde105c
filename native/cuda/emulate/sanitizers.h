/* sanitizers.h — the hooks by which AddressSanitizer and ThreadSanitizer learn about fibers.
 *
 * All are weak: they are there only in a process that runs a sanitizer, and the same runtime
 * serves all flavours. The runtime itself is never compiled with -fsanitize=thread: libtsan
 * forbids that where it switches fibers, and our bookkeeping is no part of the kernels.
 *
 * How ThreadSanitizer is told what CUDA promises: each CUDA thread is a TSan fiber, switches
 * between fibers synchronise nothing, and only these pairs of release and acquire do:
 *   launch → thread's start;  a barrier's arrivals → its departures;  thread's end → grid's end.
 * What one block did to shared memory is forgotten before the next block uses it. Shuffles order
 * nothing, as in CUDA; __syncwarp orders the lanes of its mask.
 */
#ifndef TD_EMU_SANITIZERS_H
#define TD_EMU_SANITIZERS_H

#include <cstddef>

extern "C" {
#define TD_EMU_WEAK __attribute__((weak))
TD_EMU_WEAK void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size);
TD_EMU_WEAK void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size);
TD_EMU_WEAK void __asan_unpoison_memory_region(const volatile void *p, size_t size);
TD_EMU_WEAK void *__tsan_get_current_fiber();
TD_EMU_WEAK void *__tsan_create_fiber(unsigned flags);
TD_EMU_WEAK void __tsan_switch_to_fiber(void *fiber, unsigned flags);
TD_EMU_WEAK void __tsan_acquire(void *p);
TD_EMU_WEAK void __tsan_release(void *p);
TD_EMU_WEAK void __tsan_java_init(unsigned long heap, unsigned long size);
TD_EMU_WEAK void __tsan_java_alloc(unsigned long p, unsigned long size);
TD_EMU_WEAK void __tsan_java_free(unsigned long p, unsigned long size);
#undef TD_EMU_WEAK
}

namespace td_emu
{

inline bool asan() { return __asan_unpoison_memory_region != nullptr; }
inline bool tsan() { return __tsan_create_fiber != nullptr; }
inline void acquire(void *p)
{
    if (tsan()) __tsan_acquire(p);
}
inline void release(void *p)
{
    if (tsan()) __tsan_release(p);
}

} // namespace td_emu

#endif
