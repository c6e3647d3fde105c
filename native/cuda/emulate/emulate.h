/* emulate.h — what the parts of the emulated device tell each other.
 *
 * One processor plays the whole GPU. Each CUDA thread is a fiber (fiber.cpp); blocks run one after
 * another, and within a block one thread runs until it must wait (block.cpp). Warp instructions
 * are done by the last lane to arrive (warp.cpp), copies behind a thread's back when it waits for
 * them (async_copy.cpp), bad addresses end the kernel (fault.cpp). Around that: grids (launch.cpp),
 * what the library knows about its own kernels (symbols.cpp), memory (memory.cpp), streams and
 * events (stream.cpp), graphs (graph.cpp), errors and properties (device.cpp).
 *
 * Everything is deterministic. The environment chooses what is tried, when the library is loaded:
 *   TD_EMU_ORDER=fwd|rev|rand:SEED  the order of lanes, warps and blocks
 *   TD_EMU_DEFER=1    streams run nothing before the program waits for them
 *   TD_EMU_POISON=0   do not fill shared and fresh memory with NaN
 *   TD_EMU_PROTECT=1  device memory can be touched only by kernels and copies
 *   TD_EMU_ABORT=1    abort() at the first error in a kernel, for a debugger
 *   TD_EMU_MEMORY=n, TD_EMU_STACK=n  size of the device's memory (MiB), of a thread's stack (KiB)
 */
#ifndef TD_EMU_EMULATE_H
#define TD_EMU_EMULATE_H

#include "cuda_runtime.h"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace td_emu
{

enum { WARP = 32, MAX_THREADS = 1024, MAX_WARPS = MAX_THREADS / WARP };
enum { SHARED = 48 << 10, SHARED_OPT_IN = 227 << 10 }; /* bytes a block may have; may ask for */

enum Order { FORWARD, REVERSE, RANDOM };
struct Options {
    Order order;
    uint64_t seed;
    bool defer, poison, protect, abort;
    size_t memory, stack; /* bytes */
};
const Options &options();
uint64_t random_bits(); /* of the sequence that the seed starts */

/* Held by every function of the host's half: the device takes one call at a time. */
extern std::recursive_mutex device_lock;
using Locked = std::lock_guard<std::recursive_mutex>;

/* --- kernels and their shared arrays (symbols.cpp) -------------------------------------------- */

struct Kernel {
    const void *entry;
    std::string symbol, name; /* mangled; for people: softmax<float, 4> */
    int64_t launches;
    int dynamic_shared_limit; /* bytes */
    size_t static_shared;     /* bytes of the __shared__ arrays it declares */
    struct Range {
        size_t offset, bytes; /* from shared_base() */
    };
    std::vector<Range> shared; /* its __shared__ arrays and those of all __device__ functions */
};
std::vector<Kernel> &all_kernels();
Kernel &find_kernel(const void *entry);
char *shared_base(); /* differs between the host's threads */

/* --- running them (launch.cpp) ---------------------------------------------------------------- */

void run_grid(const Launch &launch);

/* --- memory (memory.cpp) ---------------------------------------------------------------------- */

bool is_device_pointer(const void *p);
enum { POISON = 0xff }; /* four or eight of these bytes are a NaN */

/* While one of these lives, TD_EMU_PROTECT=1 lets device memory be touched. */
struct DeviceAccess {
    DeviceAccess();
    ~DeviceAccess();
};

/* --- streams and graphs (stream.cpp, graph.cpp) ----------------------------------------------- */

using Work = std::function<void()>;
cudaError_t enqueue(cudaStream_t stream, Work work); /* run, queue or record it */
void drain(cudaStream_t stream);                     /* runs all it has queued */
void drain_blocking();                               /* … the streams the NULL stream waits for */
void drain_all();

bool is_capturing(cudaStream_t stream);
/* The error for calls that no capture allows; the capture is spoilt. */
cudaError_t refuse_while_capturing(const char *call);

/* --- errors (device.cpp) ---------------------------------------------------------------------- */

/* Remembers a refused call and what was wrong with it; returns `error`. */
cudaError_t refuse(cudaError_t error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Work on a stream went wrong: nothing more runs until the host has been told. */
void set_failure(cudaError_t error, const std::string &story);
bool failed();
cudaError_t take_failure(); /* tells the host; unlike a real device, this one then recovers */

} // namespace td_emu

#endif
