/* stream.cu — more streams than the library's own, and events, which mark places in them.
 *
 * A handle is CUDA's, so that other libraries can take it. While a graph is recorded all of this
 * is refused: what a step forks it would have to join.
 */
#include "context.cuh"

#define TRY(name, call)                                                                            \
    do {                                                                                           \
        TD_TRY(td_ready_to_wait(name));                                                            \
        TD_TRY(td_cuda(name, call));                                                               \
    } while (0)

static cudaStream_t stream_of(void *handle) { return handle ? (cudaStream_t)handle : td_stream(); }

td_status td_stream_open(void **stream)
{
    *stream = NULL;
    TRY("stream", cudaStreamCreateWithFlags((cudaStream_t *)stream, cudaStreamNonBlocking));
    return TD_OK;
}

td_status td_stream_close(void *stream)
{
    TRY("stream", cudaStreamSynchronize((cudaStream_t)stream));
    td_context *c = td_open();
    c->waits++;
    std::lock_guard<std::mutex> hold(c->lock);
    if (c->staging.stream == stream) c->staging.stream = c->stream; /* its copies are done */
    for (auto at = c->scratch.begin(); at != c->scratch.end();) {
        const bool its_own = at->first.second == stream;
        if (its_own) cudaFree(at->second.memory);
        at = its_own ? c->scratch.erase(at) : std::next(at);
    }
    if (td_this_thread.stream == stream) td_this_thread.stream = NULL;
    return td_cuda("stream", cudaStreamDestroy((cudaStream_t)stream));
}

td_status td_stream_use(void *stream)
{
    TD_TRY(td_ready_to_wait("stream"));
    td_this_thread.stream = (cudaStream_t)stream;
    return TD_OK;
}

void *td_stream_current(void) { return td_stream(); }

td_status td_stream_sync(void *stream)
{
    TD_TRY(td_ready_to_wait("stream.synchronize"));
    return td_waited(cudaStreamSynchronize(stream_of(stream)));
}

/* 1 when a query says that all is done, 0 when it says not yet. */
static td_status answer(const char *op, int *done, cudaError_t error)
{
    *done = error == cudaSuccess;
    if (error != cudaErrorNotReady) return td_cuda(op, error);
    cudaGetLastError();
    return TD_OK;
}

td_status td_stream_query(int *done, void *stream)
{
    TD_TRY(td_ready_to_wait("stream.query"));
    return answer("stream.query", done, cudaStreamQuery(stream_of(stream)));
}

td_status td_stream_wait(void *stream, void *other)
{
    cudaEvent_t now;
    TRY("wait_stream", cudaEventCreateWithFlags(&now, cudaEventDisableTiming));
    cudaError_t error = cudaEventRecord(now, stream_of(other));
    if (!error) error = cudaStreamWaitEvent(stream_of(stream), now);
    cudaEventDestroy(now); /* once it has been passed */
    return td_cuda("wait_stream", error);
}

/* --- events ----------------------------------------------------------------------------------- */

td_status td_event_open(void **event, int timed)
{
    *event = NULL;
    const unsigned flags = timed ? cudaEventDefault : cudaEventDisableTiming;
    TRY("event", cudaEventCreateWithFlags((cudaEvent_t *)event, flags));
    return TD_OK;
}

td_status td_event_close(void *event)
{
    return td_cuda("event", cudaEventDestroy((cudaEvent_t)event));
}

td_status td_event_record(void *event, void *stream)
{
    TRY("event.record", cudaEventRecord((cudaEvent_t)event, stream_of(stream)));
    return TD_OK;
}

td_status td_event_wait(void *event, void *stream)
{
    TRY("event.wait", cudaStreamWaitEvent(stream_of(stream), (cudaEvent_t)event));
    return TD_OK;
}

td_status td_event_sync(void *event)
{
    TD_TRY(td_ready_to_wait("event.synchronize"));
    return td_waited(cudaEventSynchronize((cudaEvent_t)event));
}

td_status td_event_query(int *done, void *event)
{
    TD_TRY(td_ready_to_wait("event.query"));
    return answer("event.query", done, cudaEventQuery((cudaEvent_t)event));
}

td_status td_event_elapsed(float *milliseconds, void *start, void *stop)
{
    TRY("event.elapsed_time",
        cudaEventElapsedTime(milliseconds, (cudaEvent_t)start, (cudaEvent_t)stop));
    return TD_OK;
}
