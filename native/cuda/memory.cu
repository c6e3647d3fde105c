/* memory.cu — memory, and bytes on their way between host and device.
 *
 * Host memory is never handed to the driver as it is: copies go through pinned staging memory, so
 * td_write returns at once and the caller may reuse its buffer.
 */
#include <cstring>

#include "context.cuh"

/* --- memory ----------------------------------------------------------------------------------- */

td_status td_alloc(void **p, size_t bytes)
{
    *p = NULL;
    TD_TRY(td_ready("alloc"));
    const cudaError_t error = cudaMalloc(p, TD_MAX(bytes, TD_ALIGNMENT));
    if (error != cudaErrorMemoryAllocation) return td_cuda("alloc", error);
    cudaGetLastError();
    return td_fail(TD_ENOMEM, "out of memory: %zu bytes asked for", bytes);
}

td_status td_free(void *p)
{
    if (td_this_thread.recording) {
        td_graph_free_later(p);
        return TD_OK;
    }
    td_open()->waits++;
    return td_cuda("free", cudaFree(p));
}

td_status td_memory_info(size_t *unused, size_t *total)
{
    TD_TRY(td_ready("memory_info"));
    return td_cuda("memory_info", cudaMemGetInfo(unused, total));
}

void *td_scratch(size_t bytes)
{
    if (td_this_thread.recording) return td_graph_scratch(bytes);
    td_context *c = td_open();
    std::lock_guard<std::mutex> hold(c->lock);
    td_scratch_t &own = c->scratch[{std::this_thread::get_id(), td_stream()}];
    if (bytes > own.size) {
        c->waits += own.memory != NULL;
        cudaFree(own.memory); /* waits for the kernels that use it */
        own.size = TD_MAX(bytes, 2 * own.size);
        if (cudaMalloc(&own.memory, own.size) != cudaSuccess) {
            cudaGetLastError();
            own = {};
        }
    }
    return own.memory;
}

/* --- copies ----------------------------------------------------------------------------------- */

char *td_stage(size_t bytes)
{
    td_context *c = td_open();
    td_staging *s = &c->staging;
    const cudaStream_t stream = td_stream();
    if (s->used + bytes > td_staging::HALF || s->stream != stream) { /* on to the other half */
        if (cudaEventRecord(s->done[s->half], s->stream)) return NULL;
        s->half = 1 - s->half;
        s->used = 0;
        s->stream = stream;
        if (cudaEventQuery(s->done[s->half])) { /* its copies are not done */
            cudaGetLastError();
            c->waits++;
            if (cudaEventSynchronize(s->done[s->half])) return NULL;
        }
    }
    char *p = s->memory + s->half * td_staging::HALF + s->used;
    s->used += TD_CEIL_DIV(bytes, TD_ALIGNMENT) * TD_ALIGNMENT;
    return p;
}

td_status td_write(void *device, const void *host, size_t bytes)
{
    TD_TRY(td_ready_to_wait("write"));
    std::lock_guard<std::mutex> hold(td_open()->lock);
    for (size_t done = 0; done < bytes;) {
        const size_t n = TD_MIN(bytes - done, (size_t)td_staging::HALF);
        char *staged = td_stage(n), *to = (char *)device + done;
        if (!staged) return td_cuda("write", cudaGetLastError());
        memcpy(staged, (const char *)host + done, n);
        TD_TRY(
            td_cuda("write", cudaMemcpyAsync(to, staged, n, cudaMemcpyHostToDevice, td_stream())));
        done += n;
    }
    return TD_OK;
}

/* Piece k+1 travels while piece k is copied out of its half. */
td_status td_read(void *host, const void *device, size_t bytes)
{
    constexpr size_t HALF = td_staging::HALF;
    TD_TRY(td_ready_to_wait("read"));
    td_context *c = td_open();
    td_staging *s = &c->staging;
    const cudaStream_t stream = td_stream();
    std::lock_guard<std::mutex> hold(c->lock);
    const size_t pieces = TD_MAX(1, TD_CEIL_DIV(bytes, HALF));
    if (s->stream != stream) { /* what other streams still copy comes first */
        TD_TRY(td_cuda("read", cudaEventRecord(s->done[s->half], s->stream)));
        for (cudaEvent_t done : s->done) TD_TRY(td_cuda("read", cudaStreamWaitEvent(stream, done)));
    }
    TD_TRY(td_ask_note());
    for (size_t k = 0; k <= pieces; k++) {
        if (k < pieces) {
            const char *from = (const char *)device + k * HALF;
            char *staged = s->memory + k % 2 * HALF;
            const size_t n = TD_MIN(bytes - k * HALF, HALF);
            TD_TRY(
                td_cuda("read", cudaMemcpyAsync(staged, from, n, cudaMemcpyDeviceToHost, stream)));
            TD_TRY(td_cuda("read", cudaEventRecord(s->done[k % 2], stream)));
        }
        if (k > 0) {
            const size_t to = (k - 1) * HALF, n = TD_MIN(bytes - to, HALF);
            TD_TRY(td_waited(cudaEventSynchronize(s->done[(k - 1) % 2])));
            memcpy((char *)host + to, s->memory + (k - 1) % 2 * HALF, n);
        }
    }
    s->used = 0; /* nothing is in flight any more */
    s->stream = stream;
    return td_tell_note();
}

const void *td_upload(size_t bytes, std::function<void(char *)> fill)
{
    if (td_open()->error || bytes > TD_UPLOAD_LIMIT) return NULL;
    if (td_this_thread.recording) return td_graph_table(bytes, std::move(fill));
    std::lock_guard<std::mutex> hold(td_open()->lock);
    const td_staging *s = &td_open()->staging;
    char *staged = td_stage(bytes);
    if (!staged) return NULL;
    char *table = s->tables + (staged - s->memory);
    fill(staged);
    if (cudaMemcpyAsync(table, staged, bytes, cudaMemcpyHostToDevice, td_stream())) return NULL;
    return table;
}
