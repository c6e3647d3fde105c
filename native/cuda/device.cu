/* device.cu — memory, copies and identity of the CUDA library.
 *
 * One stream carries all work, in program order. Host memory is never handed to the driver as it
 * is: copies go through pinned staging memory, so td_write returns at once and the caller may
 * reuse its buffer. td_sync and td_read are the only calls that wait, and the only ones that
 * report what kernels found wrong (errors.cuh).
 *
 * Staging is two halves used in turn. A half is filled again only after the copies out of it are
 * done; by then the other half is in use, so the host rarely waits.
 */
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

#include "errors.cuh"

enum : size_t { HALF = 4 << 20, ALIGNMENT = 64 };
static_assert((size_t)TD_UPLOAD_LIMIT <= HALF, "a table must fit into one half");

struct scratch_t {
    void *memory;
    size_t size;
};

struct context_t {
    cudaError_t error; /* why there is no device, if so */
    cudaStream_t stream;
    cudaEvent_t done[2]; /* of each half: its copies have been made */
    char *staging;       /* pinned host memory, both halves */
    char *tables;        /* device memory laid out alike, for td_upload */
    size_t half, used;   /* where staging goes on: in this half, after these bytes */
    td_mistake *note;    /* what kernels found wrong, on the device … */
    td_mistake *seen;    /* … and where it is read to, in pinned memory */
    bool synchronous;    /* TINYDL_SYNC=1 */
    std::map<std::thread::id, scratch_t> scratch;
    std::mutex lock; /* of staging and scratch: any thread may call */
};

#define TRY(call)                                                                                  \
    if ((c->error = (call)) != cudaSuccess) return c

static cudaError_t clear_note(const context_t *c)
{
    cudaError_t error = cudaMemsetAsync(c->note, 0, sizeof *c->note, c->stream);
    if (error) return error;
    return cudaMemsetAsync(&c->note->position, 0xFF, sizeof c->note->position, c->stream);
}

static context_t *open_device(void)
{
    context_t *c = new context_t(); /* lives as long as the library */
    const char *asked = getenv("TINYDL_SYNC");
    c->synchronous = asked && strcmp(asked, "0") != 0 && *asked;
    TRY(cudaStreamCreateWithFlags(&c->stream, cudaStreamNonBlocking));
    TRY(cudaEventCreateWithFlags(&c->done[0], cudaEventDisableTiming));
    TRY(cudaEventCreateWithFlags(&c->done[1], cudaEventDisableTiming));
    TRY(cudaMallocHost((void **)&c->staging, 2 * HALF));
    TRY(cudaMallocHost((void **)&c->seen, sizeof *c->seen));
    TRY(cudaMalloc((void **)&c->tables, 2 * HALF));
    TRY(cudaMalloc((void **)&c->note, sizeof *c->note));
    TRY(clear_note(c));
    return c;
}
#undef TRY

static context_t *context(void)
{
    static context_t *const opened = open_device(); /* at first use, by one thread */
    return opened;
}

cudaStream_t td_stream(void) { return context()->stream; }

/* --- identity --------------------------------------------------------------------------------- */

const char *td_name(void)
{
#ifdef TD_EMU
    return "cuda-emu";
#else
    return "cuda";
#endif
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *td_compiler(void)
{
#if defined(__CUDACC__)
    return "nvcc " TEXT(__CUDACC_VER_MAJOR__) "." TEXT(__CUDACC_VER_MINOR__);
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
    td_fail(TD_EDEVICE, "no CUDA device: %s",
            error ? cudaGetErrorString(error) : "the driver lists none");
    return 0;
}

int td_threads(void) { return 1; } /* the host's; the device's are not chosen by the user */

td_status td_set_threads(int n)
{
    return n > 0 ? TD_OK : td_fail(TD_EINVAL, "set_threads: %d is not a number of threads", n);
}

/* --- errors ----------------------------------------------------------------------------------- */

td_status td_cuda(const char *op, cudaError_t error)
{
    if (error == cudaSuccess) return TD_OK;
    cudaGetLastError(); /* it is told here; the next call starts clean */
    if (error == cudaErrorMemoryAllocation) return td_fail(TD_ENOMEM, "%s: out of memory", op);
    return td_fail(TD_EDEVICE, "%s: %s", op, cudaGetErrorString(error));
}

td_status td_launched(const char *op, cudaError_t error)
{
    const context_t *c = context();
    if (c->error) return td_cuda(op, c->error);
    if (error == cudaSuccess && c->synchronous) error = cudaStreamSynchronize(c->stream);
    return td_cuda(op, error);
}

td_checked td_watch(const char *op, const td_tensor *idx, int64_t axis, int64_t size0,
                    int64_t size1, td_status (*tell)(const td_mistake *))
{
    static std::atomic<unsigned long long> calls;
    return {context()->note, ++calls, op, *idx, axis, {size0, size1}, tell};
}

/* Queues reading the note; once that is done, tell_note() turns it into a status. */
static td_status ask_note(const context_t *c)
{
    return td_cuda("note", cudaMemcpyAsync(c->seen, c->note, sizeof *c->seen,
                                           cudaMemcpyDeviceToHost, c->stream));
}

static td_status tell_note(const context_t *c)
{
    if (c->seen->call == 0) return TD_OK;
    TD_TRY(td_cuda("note", clear_note(c)));
    return c->seen->checked.tell(c->seen);
}

/* The status of waiting: what fails here was queued before. */
static td_status waited(const context_t *c, cudaError_t error)
{
    if (error == cudaSuccess) return TD_OK;
    cudaGetLastError();
    return td_fail(TD_EDEVICE, "a kernel failed: %s%s", cudaGetErrorString(error),
                   c->synchronous ? "" : " (TINYDL_SYNC=1 tells which)");
}

td_status td_sync(void)
{
    context_t *c = context();
    if (c->error) return td_cuda("sync", c->error);
    std::lock_guard<std::mutex> hold(c->lock);
    TD_TRY(ask_note(c));
    TD_TRY(waited(c, cudaStreamSynchronize(c->stream)));
    return tell_note(c);
}

/* --- memory ----------------------------------------------------------------------------------- */

td_status td_alloc(void **p, size_t bytes)
{
    *p = NULL;
    const context_t *c = context();
    if (c->error) return td_cuda("alloc", c->error);
    const cudaError_t error = cudaMalloc(p, TD_MAX(bytes, ALIGNMENT));
    if (error != cudaErrorMemoryAllocation) return td_cuda("alloc", error);
    cudaGetLastError();
    return td_fail(TD_ENOMEM, "out of memory: %zu bytes asked for", bytes);
}

td_status td_free(void *p) { return td_cuda("free", cudaFree(p)); }

void *td_scratch(size_t bytes)
{
    context_t *c = context();
    std::lock_guard<std::mutex> hold(c->lock);
    scratch_t &own = c->scratch[std::this_thread::get_id()];
    if (bytes > own.size) {
        cudaFree(own.memory); /* waits for the kernels that use it */
        own.size = TD_MAX(bytes, 2 * own.size);
        if (cudaMalloc(&own.memory, own.size) != cudaSuccess) {
            cudaGetLastError();
            own = {};
        }
    }
    return own.memory;
}

/* `bytes` ≤ HALF of staging memory; NULL when the device failed. */
static char *stage(context_t *c, size_t bytes)
{
    if (c->used + bytes > HALF) { /* on to the other half, once its copies are done */
        if (cudaEventRecord(c->done[c->half], c->stream)) return NULL;
        c->half = 1 - c->half;
        c->used = 0;
        if (cudaEventSynchronize(c->done[c->half])) return NULL;
    }
    char *p = c->staging + c->half * HALF + c->used;
    c->used += TD_CEIL_DIV(bytes, ALIGNMENT) * ALIGNMENT;
    return p;
}

td_status td_write(void *device, const void *host, size_t bytes)
{
    context_t *c = context();
    if (c->error) return td_cuda("write", c->error);
    std::lock_guard<std::mutex> hold(c->lock);
    for (size_t done = 0; done < bytes;) {
        const size_t n = TD_MIN(bytes - done, (size_t)HALF);
        char *staged = stage(c, n), *to = (char *)device + done;
        if (!staged) return td_cuda("write", cudaGetLastError());
        memcpy(staged, (const char *)host + done, n);
        TD_TRY(td_cuda("write", cudaMemcpyAsync(to, staged, n, cudaMemcpyHostToDevice, c->stream)));
        done += n;
    }
    return TD_OK;
}

/* Piece k+1 travels while piece k is copied out of its half. */
td_status td_read(void *host, const void *device, size_t bytes)
{
    context_t *c = context();
    if (c->error) return td_cuda("read", c->error);
    std::lock_guard<std::mutex> hold(c->lock);
    const size_t pieces = TD_MAX(1, TD_CEIL_DIV(bytes, (size_t)HALF));
    TD_TRY(ask_note(c));
    for (size_t k = 0; k <= pieces; k++) {
        if (k < pieces) {
            const char *from = (const char *)device + k * HALF;
            char *staged = c->staging + k % 2 * HALF;
            const size_t n = TD_MIN(bytes - k * HALF, (size_t)HALF);
            TD_TRY(td_cuda("read",
                           cudaMemcpyAsync(staged, from, n, cudaMemcpyDeviceToHost, c->stream)));
            TD_TRY(td_cuda("read", cudaEventRecord(c->done[k % 2], c->stream)));
        }
        if (k > 0) {
            const size_t to = (k - 1) * HALF, n = TD_MIN(bytes - to, (size_t)HALF);
            TD_TRY(waited(c, cudaEventSynchronize(c->done[(k - 1) % 2])));
            memcpy((char *)host + to, c->staging + (k - 1) % 2 * HALF, n);
        }
    }
    c->used = 0; /* nothing is in flight any more */
    return tell_note(c);
}

const void *td_upload(const void *host, size_t bytes)
{
    context_t *c = context();
    if (c->error || bytes > TD_UPLOAD_LIMIT) return NULL;
    std::lock_guard<std::mutex> hold(c->lock);
    char *staged = stage(c, bytes);
    if (!staged) return NULL;
    char *table = c->tables + (staged - c->staging);
    memcpy(staged, host, bytes);
    if (cudaMemcpyAsync(table, staged, bytes, cudaMemcpyHostToDevice, c->stream)) return NULL;
    return table;
}
