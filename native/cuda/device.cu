/* device.cu — the CUDA library's identity, its device, and the errors it tells.
 *
 * Work is queued and calls return at once. td_sync and td_read (memory.cu) wait, and they report
 * what kernels found wrong (errors.cuh).
 */
#include <cstdlib>
#include <cstring>

#include "context.cuh"

thread_local td_thread td_this_thread;

#define TRY(call)                                                                                  \
    if ((c->error = (call)) != cudaSuccess) return c

static cudaError_t clear_note(const td_context *c, cudaStream_t stream)
{
    cudaError_t error = cudaMemsetAsync(c->note, 0, sizeof *c->note, stream);
    if (error) return error;
    return cudaMemsetAsync(&c->note->position, 0xFF, sizeof c->note->position, stream);
}

static td_context *open_device(void)
{
    constexpr size_t HALF = td_staging::HALF;
    td_context *c = new td_context(); /* lives as long as the library */
    td_staging *s = &c->staging;
    const char *asked = getenv("TINYDL_SYNC");
    c->synchronous = asked && strcmp(asked, "0") != 0 && *asked;
    TRY(cudaStreamCreateWithFlags(&c->stream, cudaStreamNonBlocking));
    s->stream = c->stream;
    TRY(cudaEventCreateWithFlags(&s->done[0], cudaEventDisableTiming));
    TRY(cudaEventCreateWithFlags(&s->done[1], cudaEventDisableTiming));
    TRY(cudaMallocHost((void **)&s->memory, 2 * HALF));
    TRY(cudaMalloc((void **)&s->tables, 2 * HALF));
    TRY(cudaMallocHost((void **)&c->seen, sizeof *c->seen));
    TRY(cudaMalloc((void **)&c->note, sizeof *c->note));
    TRY(clear_note(c, c->stream));
    return c;
}
#undef TRY

td_context *td_open(void)
{
    static td_context *const opened = open_device(); /* by the first thread that comes */
    return opened;
}

cudaStream_t td_stream(void)
{
    return td_this_thread.stream ? td_this_thread.stream : td_open()->stream;
}

/* --- identity --------------------------------------------------------------------------------- */

const char *td_name(void)
{
#ifdef TD_EMU
    return "cuda-emu";
#else
    return "cuda";
#endif
}

#define TEXT_(...) #__VA_ARGS__
#define TEXT(...) TEXT_(__VA_ARGS__)

const char *td_compiler(void)
{
#if defined(__CUDACC__)
    return "nvcc " TEXT(__CUDACC_VER_MAJOR__) "." TEXT(
        __CUDACC_VER_MINOR__) " for architectures " TEXT(__CUDA_ARCH_LIST__);
#elif defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}

int td_usable(void)
{
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    if (error == cudaSuccess && count > 0) return 1;
    td_fail(TD_EDEVICE, "%s", error ? cudaGetErrorString(error) : "the driver lists none");
    return 0;
}

int td_threads(void) { return 1; } /* the host's; the device's are not chosen by the user */

td_status td_set_threads(int n)
{
    return n > 0 ? TD_OK : td_fail(TD_EINVAL, "set_threads: %d is not a number of threads", n);
}

/* --- the device ------------------------------------------------------------------------------- */

td_status td_device_count(int *count)
{
    *count = 0;
    return td_cuda("device_count", cudaGetDeviceCount(count));
}

td_status td_device_describe(td_device *d)
{
    TD_TRY(td_ready("device_describe"));
    int device = 0;
    cudaDeviceProp p;
    TD_TRY(td_cuda("device_describe", cudaGetDevice(&device)));
    TD_TRY(td_cuda("device_describe", cudaGetDeviceProperties(&p, device)));
    *d = {};
    static_assert(sizeof d->name == sizeof p.name, "both end with a zero");
    memcpy(d->name, p.name, sizeof d->name);
    d->major = p.major, d->minor = p.minor;
    d->multiprocessors = p.multiProcessorCount, d->warp = p.warpSize;
    d->threads_per_block = p.maxThreadsPerBlock;
    d->threads_per_multiprocessor = p.maxThreadsPerMultiProcessor;
    d->memory = (int64_t)p.totalGlobalMem, d->l2 = p.l2CacheSize;
    d->shared_per_block = (int64_t)p.sharedMemPerBlockOptin;
    TD_TRY(td_cuda("device_describe", cudaDriverGetVersion(&d->driver)));
    return td_cuda("device_describe", cudaRuntimeGetVersion(&d->runtime));
}

/* --- errors ----------------------------------------------------------------------------------- */

td_status td_cuda(const char *op, cudaError_t error)
{
    if (error == cudaSuccess) return TD_OK;
    cudaGetLastError(); /* it is told here; the next call starts clean */
    if (error == cudaErrorMemoryAllocation) return td_fail(TD_ENOMEM, "%s: out of memory", op);
    return td_fail(TD_EDEVICE, "%s: %s", op, cudaGetErrorString(error));
}

td_status td_ready(const char *op) { return td_cuda(op, td_open()->error); }

td_status td_ready_to_wait(const char *op)
{
    TD_TRY(td_ready(op));
    if (!td_this_thread.recording) return TD_OK;
    return td_fail(TD_EDEVICE,
                   "%s: a graph is being recorded, nothing has been computed yet; take .item(), "
                   "printing and copies from and to the host out of the step",
                   op);
}

td_status td_launched(const char *op, cudaError_t error)
{
    const td_context *c = td_open();
    if (c->error) return td_cuda(op, c->error);
    if (error == cudaSuccess && c->synchronous && !td_this_thread.recording)
        error = cudaStreamSynchronize(td_stream());
    return td_cuda(op, error);
}

td_checked td_watch(const char *op, const td_tensor *idx, int64_t axis, int64_t size0,
                    int64_t size1, td_status (*tell)(const td_mistake *))
{
    static std::atomic<unsigned long long> calls;
    return {td_open()->note, ++calls, op, *idx, axis, {size0, size1}, tell};
}

td_status td_ask_note(void)
{
    const td_context *c = td_open();
    return td_cuda("note", cudaMemcpyAsync(c->seen, c->note, sizeof *c->seen,
                                           cudaMemcpyDeviceToHost, td_stream()));
}

td_status td_tell_note(void)
{
    const td_context *c = td_open();
    if (c->seen->call == 0) return TD_OK;
    TD_TRY(td_cuda("note", clear_note(c, td_stream())));
    return c->seen->checked.tell(c->seen);
}

td_status td_waited(cudaError_t error)
{
    td_context *c = td_open();
    c->waits++;
    if (error == cudaSuccess) return TD_OK;
    cudaGetLastError();
    return td_fail(TD_EDEVICE, "a kernel failed: %s%s", cudaGetErrorString(error),
                   c->synchronous ? "" : " (TINYDL_SYNC=1 tells which)");
}

int64_t td_waits(void) { return td_open()->waits; }

td_status td_sync(void)
{
    TD_TRY(td_ready_to_wait("sync"));
    td_context *c = td_open();
    std::lock_guard<std::mutex> hold(c->lock);
    TD_TRY(td_waited(cudaDeviceSynchronize())); /* all streams */
    TD_TRY(td_ask_note());
    TD_TRY(td_cuda("sync", cudaStreamSynchronize(td_stream())));
    return td_tell_note();
}
