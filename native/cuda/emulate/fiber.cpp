/* fiber.cpp — switching stacks in a dozen instructions.
 *
 * A switch saves the registers a function must preserve on the old stack, exchanges the stack
 * pointers and restores: a barrier costs 13 ns per thread, where swapcontext, which asks the
 * kernel about signals, makes it 240. ucontext remains for other machines and -DTD_EMU_UCONTEXT.
 *
 * Stacks come from a pool, last in, first out, so that the next one is warm in the cache. Below
 * each lies a guard that cannot be touched: a kernel that overflows its stack stops there.
 */
#include "fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "emulate.h"
#include "sanitizers.h"

#ifndef TD_EMU_UCONTEXT
extern "C" void td_emu_switch(void **save, void *load);
#endif

#if defined(TD_EMU_UCONTEXT)
#elif defined(__x86_64__)
enum { ENTRY = 6, FRAME = 8 }; /* words: where a switch finds its return address; all */
__asm__(R"(
    .text
    .p2align 4
    .globl td_emu_switch
    .hidden td_emu_switch
    .type td_emu_switch, @function
td_emu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size td_emu_switch, .-td_emu_switch
)");
#elif defined(__aarch64__)
enum { ENTRY = 11, FRAME = 20 };
__asm__(R"(
    .text
    .p2align 4
    .globl td_emu_switch
    .hidden td_emu_switch
    .type td_emu_switch, %function
td_emu_switch:
    sub sp, sp, #160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    ret
    .size td_emu_switch, .-td_emu_switch
)");
#endif

namespace td_emu
{

static std::vector<char *> pool;
static Fiber *previous; /* the one that switched last */

/* TSan keeps a history for each fiber and needs a millisecond to make one, so a slot is made once
 * and keeps its stack for ever. The host makes them: a fiber inherits what its maker knows, and
 * must not know what another CUDA thread did. */
struct Slot {
    char *stack;
    void *fiber;
};
static Slot slots[MAX_THREADS];

static char *new_stack()
{
    void *p = mmap(nullptr, FIBER_GUARD + options().stack, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (p == MAP_FAILED || mprotect(p, FIBER_GUARD, PROT_NONE)) {
        perror("emulated device: no memory for a thread's stack");
        abort();
    }
    return (char *)p + FIBER_GUARD;
}

void fiber_prepare(int count)
{
    for (int i = 0; tsan() && i < count; i++)
        if (!slots[i].stack) slots[i] = {new_stack(), __tsan_create_fiber(0)};
}

void fiber_open(Fiber *fiber, int slot, void (*entry)())
{
    if (tsan()) {
        fiber->stack = slots[slot].stack;
        fiber->tsan = slots[slot].fiber;
    } else if (pool.empty()) {
        fiber->stack = new_stack();
    } else {
        fiber->stack = pool.back();
        pool.pop_back();
    }
    fiber->stack_size = options().stack;
    /* the frames of a fiber that died never returned: their marks are still there */
    if (asan()) __asan_unpoison_memory_region(fiber->stack, fiber->stack_size);
#ifdef TD_EMU_UCONTEXT
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = fiber->stack_size;
    fiber->context.uc_link = nullptr;
    makecontext(&fiber->context, entry, 0);
#else
    void **frame = (void **)(fiber->stack + fiber->stack_size) - FRAME;
    for (int i = 0; i < FRAME; i++) frame[i] = nullptr;
    frame[ENTRY] = (void *)entry;
    fiber->top = frame;
#endif
}

void fiber_close(Fiber *fiber)
{
    if (!tsan()) pool.push_back(fiber->stack);
}

void fiber_host(Fiber *fiber)
{
    if (tsan()) fiber->tsan = __tsan_get_current_fiber();
}

void fiber_switch(Fiber *from, Fiber *to, bool dying)
{
    previous = from;
    if (asan())
        __sanitizer_start_switch_fiber(dying ? nullptr : &from->asan, to->stack, to->stack_size);
    if (tsan()) __tsan_switch_to_fiber(to->tsan, 1); /* 1: synchronise nothing */
#ifdef TD_EMU_UCONTEXT
    swapcontext(&from->context, &to->context);
#else
    td_emu_switch(&from->top, to->top);
#endif
    if (asan()) __sanitizer_finish_switch_fiber(from->asan, nullptr, nullptr);
}

void fiber_entered()
{
    if (!asan()) return;
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
    previous->stack = (char *)bottom; /* news only where it was the host's */
    previous->stack_size = size;
}

} // namespace td_emu
