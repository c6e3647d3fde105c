/* fault.cpp — a kernel that touches a bad address fails like on the GPU: the launch is over, the
 * program goes on.
 *
 * The signal's handler cannot leave the kernel itself. It makes the thread go on somewhere else:
 * on top of its own stack, which nobody needs any more, in a function that reports the failure.
 * Faults of the host, and all faults under a sanitizer, are left to whom they belong.
 */
#include <signal.h>
#include <ucontext.h>

#include "block.h"
#include "sanitizers.h"

namespace td_emu
{

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE};
static struct sigaction before[NSIG];
static thread_local char handler_stack[32768]; /* the kernel's own may be what overflowed */
static thread_local bool has_handler_stack;
static int fault;
static void *fault_address;

[[noreturn]] static void report()
{
    if (fault == SIGFPE) fail("integer division by zero");
    char story[128];
    const char *address = (const char *)fault_address, *stack = self->fiber.stack;
    if (address < stack && address >= stack - FIBER_GUARD)
        snprintf(story, sizeof story, "a thread's stack of %zu bytes is full (TD_EMU_STACK)",
                 self->fiber.stack_size);
    else if (address)
        snprintf(story, sizeof story, "bad address %p", fault_address);
    else
        snprintf(story, sizeof story, "address 0, or one that is misaligned");
    fail_with(cudaErrorIllegalAddress, story);
}

static void handler(int signal, siginfo_t *info, void *context)
{
    if (!self) {
        sigaction(signal, &before[signal], nullptr); /* the fault comes again, to its handler */
        return;
    }
    fault = signal;
    fault_address = info->si_addr;
    const uintptr_t top = (uintptr_t)self->fiber.stack + self->fiber.stack_size - 64;
    mcontext_t &registers = ((ucontext_t *)context)->uc_mcontext;
#if defined(__x86_64__)
    registers.gregs[REG_RSP] = (greg_t)(top - 8); /* as after a call */
    registers.gregs[REG_RIP] = (greg_t)report;
#elif defined(__aarch64__)
    registers.sp = top;
    registers.pc = (uintptr_t)report;
#endif
}

void catch_faults()
{
#if defined(__x86_64__) || defined(__aarch64__)
    static bool installed;
    if (asan() || tsan()) return;
    if (!has_handler_stack) {
        stack_t stack = {};
        stack.ss_sp = handler_stack;
        stack.ss_size = sizeof handler_stack;
        has_handler_stack = !sigaltstack(&stack, nullptr);
    }
    if (installed) return;
    installed = true;
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    for (int signal : signals) sigaction(signal, &action, &before[signal]);
#endif
}

} // namespace td_emu
