/* device.cpp — who the emulated device says it is, what it was told to do, and its errors.
 *
 * It calls itself an sm_90 with the limits of one, so that programs take the paths they would take
 * on the GPU they are written for.
 */
#include <cstdarg>

#include "emulate.h"
#include "sanitizers.h"

namespace td_emu
{

/* --- options ---------------------------------------------------------------------------------- */

static size_t number(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, nullptr, 10) : otherwise;
}

static Options read_options()
{
    Options o = {};
    const char *order = getenv("TD_EMU_ORDER");
    if (order && !strcmp(order, "rev")) {
        o.order = REVERSE;
    } else if (order && !strncmp(order, "rand", 4)) {
        o.order = RANDOM;
        if (order[4] == ':') o.seed = strtoull(order + 5, nullptr, 10);
    } else if (order && *order && strcmp(order, "fwd")) {
        fprintf(stderr, "TD_EMU_ORDER=%s: must be fwd, rev or rand:SEED\n", order);
        abort();
    }
    const bool sanitized = asan() || tsan();
    o.defer = number("TD_EMU_DEFER", 0);
    o.poison = number("TD_EMU_POISON", 1);
    o.protect = number("TD_EMU_PROTECT", 0) && !sanitized;
    o.abort = number("TD_EMU_ABORT", 0);
    o.memory = number("TD_EMU_MEMORY", 8192) << 20;
    o.stack = number("TD_EMU_STACK", sanitized ? 256 : 64) << 10;
    return o;
}

const Options &options()
{
    static const Options o = read_options();
    return o;
}

uint64_t random_bits() /* splitmix64 */
{
    static uint64_t state = options().seed;
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* --- errors ----------------------------------------------------------------------------------- */

static cudaError_t last_error; /* what cudaGetLastError returns */
static cudaError_t pending;    /* what nobody was told yet */
static cudaError_t story_of;   /* the error that `story` is about */
static std::string story;

static const char *error_text(cudaError_t error);

static void remember(cudaError_t error, const std::string &what)
{
    story_of = error;
    story = std::string(error_text(error)) + ": " + what;
}

cudaError_t refuse(cudaError_t error, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    remember(error, what);
    return last_error = error;
}

void set_failure(cudaError_t error, const std::string &what)
{
    remember(error, what);
    pending = error;
}

bool failed() { return pending != cudaSuccess; }

cudaError_t take_failure()
{
    const cudaError_t error = pending;
    if (error) last_error = error;
    pending = cudaSuccess;
    return error;
}

struct ErrorName {
    cudaError_t error;
    const char *name, *text;
};
static const ErrorName errors[] = {
#define NAMED(error) error, #error
    {NAMED(cudaSuccess), "no error"},
    {NAMED(cudaErrorInvalidValue), "invalid argument"},
    {NAMED(cudaErrorMemoryAllocation), "out of memory"},
    {NAMED(cudaErrorInvalidConfiguration), "invalid configuration argument"},
    {NAMED(cudaErrorInvalidDevicePointer), "invalid device pointer"},
    {NAMED(cudaErrorInvalidMemcpyDirection), "invalid copy direction for memcpy"},
    {NAMED(cudaErrorInsufficientDriver),
     "CUDA driver version is insufficient for CUDA runtime version"},
    {NAMED(cudaErrorInvalidDeviceFunction), "invalid device function"},
    {NAMED(cudaErrorNoDevice), "no CUDA-capable device is detected"},
    {NAMED(cudaErrorInvalidDevice), "invalid device ordinal"},
    {NAMED(cudaErrorInvalidResourceHandle), "invalid resource handle"},
    {NAMED(cudaErrorNotReady), "device not ready"},
    {NAMED(cudaErrorIllegalAddress), "an illegal memory access was encountered"},
    {NAMED(cudaErrorLaunchFailure), "unspecified launch failure"},
    {NAMED(cudaErrorNotSupported), "operation not supported"},
    {NAMED(cudaErrorStreamCaptureUnsupported), "operation not permitted when stream is capturing"},
    {NAMED(cudaErrorStreamCaptureInvalidated),
     "operation failed due to a previous error during capture"},
    {NAMED(cudaErrorStreamCaptureUnmatched),
     "capture was not ended in the same stream as it began"},
    {NAMED(cudaErrorStreamCaptureIsolation),
     "dependency created on uncaptured work in another stream"},
    {NAMED(cudaErrorStreamCaptureImplicit),
     "operation would make the legacy stream depend on a capturing blocking stream"},
#undef NAMED
};

static const ErrorName &describe(cudaError_t error)
{
    static const ErrorName unknown = {cudaSuccess, "unrecognized error code",
                                      "unrecognized error code"};
    for (const ErrorName &e : errors)
        if (e.error == error) return e;
    return unknown;
}

static const char *error_text(cudaError_t error) { return describe(error).text; }

} // namespace td_emu

using namespace td_emu;

cudaError_t cudaGetLastError()
{
    const Locked locked(device_lock);
    const cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError()
{
    const Locked locked(device_lock);
    return last_error;
}

const char *cudaGetErrorName(cudaError_t error) { return describe(error).name; }

/* CUDA's sentence; for the latest error also what the emulator knows about it. */
const char *cudaGetErrorString(cudaError_t error)
{
    const Locked locked(device_lock);
    return error && error == story_of ? story.c_str() : error_text(error);
}

/* --- the device ------------------------------------------------------------------------------- */

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaGetDevice(int *device)
{
    *device = 0;
    return cudaSuccess;
}

static cudaError_t check_device(int device)
{
    const Locked locked(device_lock);
    return device ? refuse(cudaErrorInvalidDevice, "there is one device, 0") : cudaSuccess;
}

cudaError_t cudaSetDevice(int device) { return check_device(device); }

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device)
{
    *p = {};
    snprintf(p->name, sizeof p->name, "emulated CUDA device");
    p->totalGlobalMem = options().memory;
    p->sharedMemPerBlock = SHARED;
    p->sharedMemPerBlockOptin = SHARED_OPT_IN;
    p->sharedMemPerMultiprocessor = SHARED_OPT_IN + 1024;
    p->major = 9;
    p->multiProcessorCount = 4; /* few, so that grids that fill the device stay small */
    p->maxThreadsPerBlock = MAX_THREADS;
    p->maxThreadsPerMultiProcessor = 2048;
    p->warpSize = WARP;
    p->regsPerBlock = p->regsPerMultiprocessor = 65536;
    p->l2CacheSize = 50 << 20;
    p->memoryBusWidth = 5120;
    p->maxThreadsDim[0] = p->maxThreadsDim[1] = MAX_THREADS;
    p->maxThreadsDim[2] = 64;
    p->maxGridSize[0] = 0x7fffffff;
    p->maxGridSize[1] = p->maxGridSize[2] = 65535;
    return check_device(device);
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device)
{
    cudaDeviceProp p;
    const cudaError_t error = cudaGetDeviceProperties(&p, device);
    if (error) return error;
    switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock: *value = p.maxThreadsPerBlock; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = (int)p.sharedMemPerBlock; return cudaSuccess;
    case cudaDevAttrWarpSize: *value = p.warpSize; return cudaSuccess;
    case cudaDevAttrMultiProcessorCount: *value = p.multiProcessorCount; return cudaSuccess;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
        *value = p.maxThreadsPerMultiProcessor;
        return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor: *value = p.major; return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor: *value = p.minor; return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
        *value = (int)p.sharedMemPerBlockOptin;
        return cudaSuccess;
    }
    return refuse(cudaErrorInvalidValue, "device attribute %d is not emulated", (int)attribute);
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version) { return cudaDriverGetVersion(version); }
