/* memory.cpp — device memory is host memory that is kept apart.
 *
 * Allocations have exactly the size asked for, so that ASan sees what lies beyond them, and begin
 * as NaN. Every pointer a kernel or copy gets is looked up here: one side's pointer on the other
 * side is an error, as it is on the hardware. With TD_EMU_PROTECT=1 device memory lies in one
 * region that nobody but kernels and copies can touch.
 */
#include <sys/mman.h>

#include <map>

#include "emulate.h"

namespace td_emu
{

using Blocks = std::map<uintptr_t, size_t>; /* address → bytes */
static Blocks device_blocks, device_globals, pinned_blocks;
static size_t device_bytes;

/* Bytes from p to the end of its block: 0 at the end, the place of an empty view; −1 outside. */
static ptrdiff_t room(const Blocks &blocks, const void *p)
{
    auto after = blocks.upper_bound((uintptr_t)p);
    if (after == blocks.begin()) return -1;
    const auto &[begin, bytes] = *--after;
    const ptrdiff_t left = (ptrdiff_t)(begin + bytes - (uintptr_t)p);
    return left < 0 ? -1 : left;
}

static ptrdiff_t device_room(const void *p)
{
    const ptrdiff_t left = room(device_blocks, p);
    return left < 0 ? room(device_globals, p) : left;
}

static bool is_pinned(const void *p) { return room(pinned_blocks, p) >= 0; }

bool is_device_pointer(const void *p) { return device_room(p) >= 0; }

/* --- TD_EMU_PROTECT: an arena whose addresses are used once ----------------------------------- */

static struct {
    char *begin;
    size_t used; /* bytes */
    int users;   /* DeviceAccess objects alive */
} arena;

static void protect_arena(int access)
{
    if (arena.used) mprotect(arena.begin, arena.used, access);
}

DeviceAccess::DeviceAccess()
{
    if (options().protect && !arena.users++) protect_arena(PROT_READ | PROT_WRITE);
}

DeviceAccess::~DeviceAccess()
{
    if (options().protect && !--arena.users) protect_arena(PROT_NONE);
}

static void *take_from_arena(size_t bytes)
{
    const size_t size = (size_t)1 << 40;
    if (!arena.begin)
        arena.begin = (char *)mmap(nullptr, size, PROT_NONE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena.begin == MAP_FAILED) return nullptr;
    char *p = arena.begin + arena.used;
    arena.used += (bytes + 0xffff) & ~(size_t)0xffff;
    return p;
}

/* --- allocation ------------------------------------------------------------------------------- */

static cudaError_t allocate(void **p, size_t bytes)
{
    *p = nullptr;
    if (!bytes) return cudaSuccess;
    if (bytes > options().memory - device_bytes)
        return refuse(cudaErrorMemoryAllocation, "%zu bytes asked for, %zu of %zu are in use",
                      bytes, device_bytes, options().memory);
    if (options().protect)
        *p = take_from_arena(bytes);
    else if (posix_memalign(p, 256, bytes))
        *p = nullptr;
    if (!*p) return refuse(cudaErrorMemoryAllocation, "the host has no %zu bytes left", bytes);
    device_blocks[(uintptr_t)*p] = bytes;
    device_bytes += bytes;
    const DeviceAccess access;
    if (options().poison) memset(*p, POISON, bytes);
    return cudaSuccess;
}

static cudaError_t deallocate(void *p)
{
    const auto found = device_blocks.find((uintptr_t)p);
    if (found == device_blocks.end())
        return refuse(cudaErrorInvalidValue, "%p is no allocation of the device", p);
    device_bytes -= found->second;
    if (options().protect)
        madvise(p, found->second, MADV_DONTNEED);
    else
        free(p);
    device_blocks.erase(found);
    return cudaSuccess;
}

void register_symbol(const void *symbol, size_t bytes)
{
    const Locked locked(device_lock);
    device_globals.emplace((uintptr_t)symbol, bytes);
}

} // namespace td_emu

using namespace td_emu;

cudaError_t cudaMalloc(void **p, size_t bytes)
{
    const Locked locked(device_lock);
    const cudaError_t error = refuse_while_capturing("cudaMalloc");
    return error ? error : allocate(p, bytes);
}

/* Memory is there at once; freeing waits for its turn in the stream. */
cudaError_t cudaMallocAsync(void **p, size_t bytes, cudaStream_t stream)
{
    const Locked locked(device_lock);
    if (is_capturing(stream)) return refuse_while_capturing("cudaMallocAsync");
    return allocate(p, bytes);
}

cudaError_t cudaFree(void *p)
{
    if (!p) return cudaSuccess;
    const Locked locked(device_lock);
    const cudaError_t error = refuse_while_capturing("cudaFree");
    if (error) return error;
    drain_all();
    return deallocate(p);
}

cudaError_t cudaFreeAsync(void *p, cudaStream_t stream)
{
    if (!p) return cudaSuccess;
    const Locked locked(device_lock);
    if (is_capturing(stream)) return refuse_while_capturing("cudaFreeAsync");
    if (!device_blocks.count((uintptr_t)p)) return deallocate(p);
    return enqueue(stream, [p] { deallocate(p); });
}

cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned)
{
    const Locked locked(device_lock);
    *p = nullptr;
    if (!bytes) return cudaSuccess;
    if (posix_memalign(p, 4096, bytes))
        return refuse(cudaErrorMemoryAllocation, "the host has no %zu bytes left", bytes);
    pinned_blocks[(uintptr_t)*p] = bytes;
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **p, size_t bytes) { return cudaHostAlloc(p, bytes, 0); }

cudaError_t cudaFreeHost(void *p)
{
    const Locked locked(device_lock);
    if (p && !pinned_blocks.erase((uintptr_t)p))
        return refuse(cudaErrorInvalidValue, "%p is no pinned allocation", p);
    drain_all();
    free(p);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    const Locked locked(device_lock);
    *total = options().memory;
    *free = *total - device_bytes;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *attributes, const void *p)
{
    const Locked locked(device_lock);
    const bool device = is_device_pointer(p), pinned = !device && is_pinned(p);
    attributes->type = device   ? cudaMemoryTypeDevice
                       : pinned ? cudaMemoryTypeHost
                                : cudaMemoryTypeUnregistered;
    attributes->device = device || pinned ? 0 : -2;
    attributes->devicePointer = device ? (void *)p : nullptr;
    attributes->hostPointer = device ? nullptr : (void *)p;
    return cudaSuccess;
}

/* --- copies ----------------------------------------------------------------------------------- */

/* One end of a copy must be on the side that was said, and large enough. */
static cudaError_t check_end(const void *p, size_t bytes, bool on_device, const char *what)
{
    const ptrdiff_t left = device_room(p);
    if ((left >= 0) != on_device)
        return refuse(cudaErrorInvalidValue, "%s of %zu bytes: %p is %s device memory", what, bytes,
                      p, on_device ? "not in" : "in");
    if (on_device && (size_t)left < bytes)
        return refuse(cudaErrorInvalidValue, "%s of %zu bytes: %zu are allocated at %p", what,
                      bytes, (size_t)left, p);
    return cudaSuccess;
}

static cudaError_t check_copy(const void *to, const void *from, size_t bytes, cudaMemcpyKind kind)
{
    static const char *const name[] = {"copy from host to host", "copy from host to device",
                                       "copy from device to host", "copy from device to device"};
    bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (kind == cudaMemcpyDefault) {
        to_device = is_device_pointer(to);
        from_device = is_device_pointer(from);
    }
    const char *what = name[2 * from_device + to_device];
    const cudaError_t error = check_end(to, bytes, to_device, what);
    return error ? error : check_end(from, bytes, from_device, what);
}

static Work copy_work(void *to, const void *from, size_t bytes)
{
    return [=] {
        const DeviceAccess access;
        if (!failed()) memcpy(to, from, bytes);
    };
}

/* Ordinary host memory can be swapped out, so the driver copies it through pinned memory of its
 * own: what is written to the device is taken at once, and a read returns when it is done. */
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    const Locked locked(device_lock);
    if (!bytes) return cudaSuccess;
    const cudaError_t error = check_copy(to, from, bytes, kind);
    if (error) return error;
    auto pageable = [](const void *p) { return !is_device_pointer(p) && !is_pinned(p); };
    if (!options().defer || is_capturing(stream))
        return enqueue(stream, copy_work(to, from, bytes));
    if (pageable(from)) {
        const std::vector<char> staged((const char *)from, (const char *)from + bytes);
        return enqueue(stream, [=] { copy_work(to, staged.data(), bytes)(); });
    }
    const cudaError_t result = enqueue(stream, copy_work(to, from, bytes));
    if (result || !pageable(to)) return result;
    drain(stream);
    return take_failure();
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind)
{
    const Locked locked(device_lock);
    const cudaError_t error = refuse_while_capturing("cudaMemcpy");
    if (error) return error;
    const cudaError_t result = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
    drain(nullptr);
    return result ? result : take_failure();
}

cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t stream)
{
    const Locked locked(device_lock);
    if (!bytes) return cudaSuccess;
    const cudaError_t error = check_end(p, bytes, true, "memset");
    if (error) return error;
    return enqueue(stream, [=] {
        const DeviceAccess access;
        if (!failed()) memset(p, value, bytes);
    });
}

cudaError_t cudaMemset(void *p, int value, size_t bytes)
{
    const Locked locked(device_lock);
    const cudaError_t error = refuse_while_capturing("cudaMemset");
    return error ? error : cudaMemsetAsync(p, value, bytes, nullptr);
}
