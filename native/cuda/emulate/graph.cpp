/* graph.cpp — a captured graph is the list of closures that would have run.
 *
 * Between BeginCapture and EndCapture a stream keeps its work instead of doing it; a launch of the
 * graph puts the same closures into a stream. Kernel arguments were copied when they were
 * recorded, as on the hardware: what changes from replay to replay must lie in memory.
 */
#include "stream.h"

#include <algorithm>

struct td_emu_graph_exec {
    std::vector<td_emu::Work> nodes;
};

namespace td_emu
{

bool is_capturing(cudaStream_t stream)
{
    const cudaStream_t s = find_stream(stream);
    return s && s->capture;
}

/* Like CUDA, we hold such calls to be unsafe from any thread, from the capturing one, or never. */
cudaError_t refuse_while_capturing(const char *call)
{
    for (cudaStream_t s : all_streams()) {
        if (!s->capture || s->capture->mode == cudaStreamCaptureModeRelaxed) continue;
        if (s->capture->mode == cudaStreamCaptureModeThreadLocal &&
            s->capture->thread != std::this_thread::get_id())
            continue;
        s->capture->spoilt = true;
        return refuse(cudaErrorStreamCaptureUnsupported,
                      "%s while a stream is being captured spoils the capture", call);
    }
    return cudaSuccess;
}

} // namespace td_emu

using namespace td_emu;

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode)
{
    const Locked locked(device_lock);
    const cudaStream_t s = find_stream(stream);
    if (!stream || !s)
        return refuse(cudaErrorStreamCaptureUnsupported, "the NULL stream cannot be captured");
    if (s->capture)
        return refuse(cudaErrorStreamCaptureUnsupported, "the stream is being captured already");
    s->capture = std::make_shared<Capture>(
        Capture{s, mode, std::this_thread::get_id(), std::make_unique<td_emu_graph>(), false});
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    const Locked locked(device_lock);
    *graph = nullptr;
    const cudaStream_t s = find_stream(stream);
    if (!s || !s->capture || s->capture->origin != s)
        return refuse(cudaErrorStreamCaptureUnmatched, "no capture began on this stream");
    const auto capture = s->capture;
    for (cudaStream_t other : all_streams())
        if (other->capture == capture) other->capture = nullptr;
    const auto recorded = std::move(capture->graph);
    if (capture->spoilt)
        return refuse(cudaErrorStreamCaptureInvalidated, "a call during the capture spoilt it");
    *graph = new td_emu_graph(*recorded);
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status)
{
    const Locked locked(device_lock);
    *status = is_capturing(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    const Locked locked(device_lock);
    *exec = new td_emu_graph_exec{graph->nodes};
    return cudaSuccess;
}

/* How many nodes there are; they cannot be looked into. */
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count)
{
    const Locked locked(device_lock);
    *count = graph->nodes.size();
    return nodes ? cudaErrorNotSupported : cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    const Locked locked(device_lock);
    for (const Work &work : exec->nodes) {
        const cudaError_t error = enqueue(stream, work);
        if (error) return error;
    }
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    delete exec;
    return cudaSuccess;
}
