/* fiber.h — a fiber is a stack and the registers to go on with; see fiber.cpp. */
#ifndef TD_EMU_FIBER_H
#define TD_EMU_FIBER_H

#include <cstddef>

#if !defined(TD_EMU_UCONTEXT) && !defined(__x86_64__) && !defined(__aarch64__)
#define TD_EMU_UCONTEXT 1
#endif
#ifdef TD_EMU_UCONTEXT
#include <ucontext.h>
#endif

namespace td_emu
{

enum { FIBER_GUARD = 1 << 20 }; /* bytes below a stack that cannot be touched */

struct Fiber {
    char *stack;       /* lowest byte */
    size_t stack_size; /* bytes */
    void *asan, *tsan; /* what the sanitizers know it by */
#ifdef TD_EMU_UCONTEXT
    ucontext_t context;
#else
    void *top; /* of the stack while it is suspended */
#endif
};

void fiber_prepare(int count); /* called on the host: slots below count can be opened */
/* Gives the fiber a stack on which `entry` will start. `slot` tells TSan's fibers apart. */
void fiber_open(Fiber *fiber, int slot, void (*entry)());
void fiber_close(Fiber *fiber); /* its stack may serve another */
void fiber_host(Fiber *fiber);  /* describes the stack we are on, the host's */
/* Suspends `from`, goes on with `to`; a fiber that is `dying` is never gone back to. */
void fiber_switch(Fiber *from, Fiber *to, bool dying);
void fiber_entered(); /* must be the first thing `entry` does */

} // namespace td_emu

#endif
