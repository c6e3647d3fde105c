/* launch.cpp — a kernel's grid: checked like the hardware checks it, then block after block.
 *
 * Before each block its shared memory, static and dynamic, is filled with NaN: what a kernel reads
 * without having written it shows in the result.
 */
#include <algorithm>
#include <numeric>

#include "block.h"
#include "sanitizers.h"

namespace td_emu
{

/* --- limits ----------------------------------------------------------------------------------- */

/* Bytes that static arrays take. Which kernels call a __device__ function with arrays of its own is
 * not known: where there are some, they count as what is left up to the next KB, at which dynamic
 * memory begins (TD_DYN_SMEM). For TSan a host function's statics look like them. */
static size_t fixed_shared(const Kernel &kernel, size_t dynamic)
{
    size_t all = 0;
    for (const Kernel::Range &array : kernel.shared) all += array.bytes;
    const bool others = !tsan() && all > kernel.static_shared;
    return dynamic && others ? (kernel.static_shared / 1024 + 1) * 1024 : kernel.static_shared;
}

static cudaError_t check_limits(const Launch &launch, const Kernel &kernel)
{
    const dim3 g = launch.grid, b = launch.block;
    const char *name = kernel.name.c_str();
    const uint64_t threads = (uint64_t)b.x * b.y * b.z;
    if (!threads || threads > MAX_THREADS || b.z > 64)
        return refuse(cudaErrorInvalidConfiguration,
                      "%s: a block of %u×%u×%u threads; 1 to %d are possible, z up to 64", name,
                      b.x, b.y, b.z, MAX_THREADS);
    if (!g.x || !g.y || !g.z || g.x > 0x7fffffff || g.y > 65535 || g.z > 65535)
        return refuse(cudaErrorInvalidConfiguration,
                      "%s: a grid of %u×%u×%u blocks; none may be 0, y and z at most 65535", name,
                      g.x, g.y, g.z);
    const size_t dynamic = launch.dynamic_shared, fixed = fixed_shared(kernel, dynamic);
    if (dynamic > (size_t)kernel.dynamic_shared_limit)
        return refuse(cudaErrorInvalidValue,
                      "%s: %zu bytes of dynamic shared memory, its limit is %d; raise it with "
                      "cudaFuncSetAttribute, up to %d",
                      name, dynamic, kernel.dynamic_shared_limit, (int)SHARED_OPT_IN);
    const bool opted = kernel.dynamic_shared_limit > SHARED;
    if (dynamic + fixed > (size_t)(opted ? SHARED_OPT_IN : SHARED))
        return refuse(cudaErrorInvalidValue, "%s: %zu bytes of shared memory, %zu of them dynamic",
                      name, dynamic + fixed, dynamic);
    return cudaSuccess;
}

/* A pointer argument must be NULL or point into device memory that is still allocated. */
static bool check_pointers(const Launch &launch, const Kernel &kernel)
{
    for (const auto [position, p] : launch.pointers) {
        if (!p || is_device_pointer(p)) continue;
        char story[256];
        snprintf(story, sizeof story, "%s: argument %d is %p, which is not in device memory",
                 kernel.name.c_str(), position, p);
        set_failure(cudaErrorIllegalAddress, story);
        return false;
    }
    return true;
}

/* --- blocks ----------------------------------------------------------------------------------- */

/* Dynamic shared memory has exactly the bytes asked for, so that ASan sees what lies beyond. TSan
 * must not see one block's accesses as the next one's: there each block has its own, and the grid's
 * end frees them. */
class DynamicShared
{
  public:
    explicit DynamicShared(size_t bytes) : bytes(bytes) {}
    ~DynamicShared()
    {
        for (void *p : pieces) free(p);
    }
    void prepare()
    {
        dynamic_shared = nullptr;
        if (!bytes) return;
        if (pieces.empty() || tsan()) {
            void *p = nullptr;
            if (posix_memalign(&p, 1024, bytes)) fail("no memory for %zu shared bytes", bytes);
            pieces.push_back(p);
        }
        dynamic_shared = pieces.back();
        if (options().poison) memset(dynamic_shared, POISON, bytes);
    }

  private:
    size_t bytes;
    std::vector<void *> pieces;
};

extern "C" char __bss_start[] __attribute__((visibility("hidden")));
extern "C" char _end[] __attribute__((visibility("hidden")));

/* In TSan's flavour static shared arrays are ordinary zero-initialised variables. Telling it that
 * their memory was freed and allocated again clears what it remembers of the block before. */
static void forget_shared_accesses(const Kernel &kernel)
{
    static bool known;
    const unsigned long begin = (unsigned long)__bss_start & ~15ul;
    if (!known) __tsan_java_init(begin, (((unsigned long)_end + 15) & ~15ul) - begin);
    known = true;
    for (const Kernel::Range &array : kernel.shared) {
        const unsigned long p = (unsigned long)shared_base() + array.offset, first = p & ~7ul;
        const unsigned long bytes = ((p + array.bytes + 7) & ~7ul) - first;
        __tsan_java_free(first, bytes);
        __tsan_java_alloc(first, bytes);
    }
}

static void poison_shared(const Kernel &kernel)
{
    for (const Kernel::Range &array : kernel.shared)
        memset(shared_base() + array.offset, POISON, array.bytes);
}

/* The i-th block to run: forwards, backwards, or from a random one in steps of random length. */
class BlockOrder
{
  public:
    explicit BlockOrder(uint64_t blocks) : blocks(blocks)
    {
        if (options().order != RANDOM) return;
        start = random_bits() % blocks;
        do step = random_bits() % blocks + 1;
        while (std::gcd(step, blocks) != 1);
    }
    uint64_t operator()(uint64_t i) const
    {
        return options().order == REVERSE ? blocks - 1 - i : (start + i * step) % blocks;
    }

  private:
    uint64_t blocks, start = 0, step = 1;
};

void run_grid(const Launch &launch)
{
    Kernel &kernel = find_kernel(launch.kernel);
    if (failed() || !check_pointers(launch, kernel)) return;
    kernel.launches++;
    const dim3 g = launch.grid;
    const uint64_t blocks = (uint64_t)g.x * g.y * g.z;
    const BlockOrder order(blocks);
    const DeviceAccess access;
    DynamicShared dynamic(launch.dynamic_shared);
    grid_begins(launch, kernel.name.c_str());
    for (uint64_t i = 0; i < blocks; i++) {
        if (tsan())
            forget_shared_accesses(kernel);
        else if (options().poison)
            poison_shared(kernel);
        dynamic.prepare();
        const uint64_t b = order(i);
        const uint3 index = {(unsigned)(b % g.x), (unsigned)(b / g.x % g.y),
                             (unsigned)(b / g.x / g.y)};
        if (!run_block(index)) break;
    }
    grid_ends();
}

/* --- what cuda_runtime_api.h asks for --------------------------------------------------------- */

cudaError_t launch(Launch launch, cudaStream_t stream)
{
    const Locked locked(device_lock);
    const cudaError_t error = check_limits(launch, find_kernel(launch.kernel));
    if (error) return error;
    return enqueue(stream, [launch = std::move(launch)] { run_grid(launch); });
}

cudaError_t set_function_attribute(const void *entry, cudaFuncAttribute attribute, int value)
{
    const Locked locked(device_lock);
    Kernel &kernel = find_kernel(entry);
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || (size_t)value + kernel.static_shared > SHARED_OPT_IN)
        return refuse(cudaErrorInvalidValue, "%s: %d bytes of dynamic shared memory, %d are there",
                      kernel.name.c_str(), value, (int)(SHARED_OPT_IN - kernel.static_shared));
    kernel.dynamic_shared_limit = value;
    return cudaSuccess;
}

} // namespace td_emu
