/* stream.cpp — streams are queues of closures; events are marks in them.
 *
 * By default work runs when it is put into a stream. With TD_EMU_DEFER=1 it waits until the
 * program waits for it, so that a result looked at too early is an old one. Both are schedules a
 * real device may choose.
 */
#include "stream.h"

#include <algorithm>
#include <chrono>

namespace td_emu
{

std::recursive_mutex device_lock;

std::vector<cudaStream_t> &all_streams()
{
    static td_emu_stream null_stream = {true, {}, nullptr};
    static std::vector<cudaStream_t> streams = {&null_stream};
    return streams;
}

cudaStream_t find_stream(cudaStream_t stream)
{
    const auto &streams = all_streams();
    if ((uintptr_t)stream <= 2) return streams[0]; /* NULL, cudaStreamLegacy, …PerThread */
    return std::count(streams.begin(), streams.end(), stream) ? stream : nullptr;
}

static void run_front(cudaStream_t stream)
{
    const Work work = std::move(stream->queue.front());
    stream->queue.pop_front();
    work();
}

void drain(cudaStream_t stream)
{
    const cudaStream_t s = find_stream(stream);
    while (s && !s->queue.empty()) run_front(s);
}

void drain_all()
{
    for (cudaStream_t s : all_streams()) drain(s);
}

void drain_blocking()
{
    for (cudaStream_t s : all_streams())
        if (s->blocking) drain(s);
}

cudaError_t enqueue(cudaStream_t stream, Work work)
{
    const cudaStream_t s = find_stream(stream);
    if (!s) return refuse(cudaErrorInvalidResourceHandle, "there is no stream %p", (void *)stream);
    if (s->capture) {
        s->capture->graph->nodes.push_back(std::move(work));
        return cudaSuccess;
    }
    if (s == all_streams()[0]) {
        for (cudaStream_t other : all_streams())
            if (other->blocking && other->capture)
                return refuse(cudaErrorStreamCaptureImplicit,
                              "the NULL stream would wait for a stream that is being captured");
        drain_blocking();
    } else if (s->blocking) {
        drain(nullptr);
    }
    if (options().defer) {
        s->queue.push_back(std::move(work));
        return cudaSuccess;
    }
    work();
    return take_failure();
}

static double milliseconds()
{
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

static cudaError_t no_stream(cudaStream_t stream)
{
    return refuse(cudaErrorInvalidResourceHandle, "there is no stream %p", (void *)stream);
}

} // namespace td_emu

using namespace td_emu;

/* --- streams ---------------------------------------------------------------------------------- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    const Locked locked(device_lock);
    *stream = new td_emu_stream{!(flags & cudaStreamNonBlocking), {}, nullptr};
    all_streams().push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    const Locked locked(device_lock);
    if (!stream || !find_stream(stream)) return no_stream(stream);
    drain(stream);
    auto &streams = all_streams();
    streams.erase(std::find(streams.begin(), streams.end(), stream));
    delete stream;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    const Locked locked(device_lock);
    if (!find_stream(stream)) return no_stream(stream);
    if (is_capturing(stream)) return refuse_while_capturing("cudaStreamSynchronize");
    if (!stream) drain_blocking();
    drain(stream);
    return take_failure();
}

cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    const Locked locked(device_lock);
    const cudaStream_t s = find_stream(stream);
    if (!s) return no_stream(stream);
    if (s->capture) return refuse_while_capturing("cudaStreamQuery");
    if (s->queue.empty()) return take_failure();
    run_front(s); /* time passes, or a program that asks until it is done would ask for ever */
    return cudaErrorNotReady;
}

cudaError_t cudaDeviceSynchronize()
{
    const Locked locked(device_lock);
    const cudaError_t error = refuse_while_capturing("cudaDeviceSynchronize");
    if (error) return error;
    drain_all();
    return take_failure();
}

/* --- events ----------------------------------------------------------------------------------- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    *event = new td_emu_event{!(flags & cudaEventDisableTiming), nullptr};
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    const Locked locked(device_lock);
    delete event; /* its mark lives on in the stream */
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    const Locked locked(device_lock);
    const cudaStream_t s = find_stream(stream);
    if (!s) return no_stream(stream);
    const auto mark = std::make_shared<Mark>(Mark{s, s->capture, false, 0});
    event->mark = mark;
    if (s->capture) return cudaSuccess; /* a graph's order needs no marks */
    return enqueue(stream, [mark] {
        mark->done = true;
        mark->milliseconds = milliseconds();
    });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    const Locked locked(device_lock);
    const cudaStream_t s = find_stream(stream);
    if (!s) return no_stream(stream);
    const auto mark = event->mark; /* none: never recorded, nothing to wait for */
    if (!mark) return cudaSuccess;
    if (mark->capture && mark->capture->graph) { /* the stream joins the capture */
        s->capture = mark->capture;
        return cudaSuccess;
    }
    if (s->capture)
        return refuse(cudaErrorStreamCaptureIsolation,
                      "a captured stream cannot wait for work outside the capture");
    return enqueue(stream, [mark] {
        while (!mark->done) run_front(mark->stream);
    });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    const Locked locked(device_lock);
    const auto mark = event->mark;
    if (!mark) return cudaSuccess;
    if (mark->capture) return refuse_while_capturing("cudaEventSynchronize");
    while (!mark->done) run_front(mark->stream);
    return take_failure();
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    const Locked locked(device_lock);
    const auto mark = event->mark;
    if (!mark || mark->done) return take_failure();
    if (mark->capture) return refuse_while_capturing("cudaEventQuery");
    run_front(mark->stream);
    return cudaErrorNotReady;
}

/* Of the host's clock: it says how long the emulation took, nothing about a GPU. */
cudaError_t cudaEventElapsedTime(float *elapsed, cudaEvent_t start, cudaEvent_t stop)
{
    const Locked locked(device_lock);
    if (!start->timed || !stop->timed || !start->mark || !stop->mark)
        return refuse(cudaErrorInvalidResourceHandle,
                      "both events must have been recorded, and created with timing");
    if (!start->mark->done || !stop->mark->done) return cudaErrorNotReady;
    *elapsed = (float)(stop->mark->milliseconds - start->mark->milliseconds);
    return cudaSuccess;
}
