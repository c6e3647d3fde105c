/* planted_host.cuh — mistakes of the host: results read and work queued too early, graphs that
 * cannot be, launches beyond the hardware's limits.
 */
#ifndef PLANTED_HOST_CUH
#define PLANTED_HOST_CUH

#include "planted_memory.cuh"

/* --- streams and graphs ----------------------------------------------------------------------- */

template <bool BUG> static double run_read_before_sync()
{
    float *pinned, *y = device(N);
    check(cudaMallocHost(&pinned, N * sizeof *pinned));
    memset(pinned, 0, N * sizeof *pinned);
    launch(ones, 1, N, y);
    check(cudaMemcpyAsync(pinned, y, N * sizeof *y, cudaMemcpyDeviceToHost, stream()));
    if (!BUG) check(cudaStreamSynchronize(stream()));
    const float value = pinned[0];
    check(cudaStreamSynchronize(stream()));
    check(cudaFreeHost(pinned));
    check(cudaFree(y));
    return value;
}

template <bool BUG> static double run_streams_without_event()
{
    cudaStream_t other;
    cudaEvent_t done;
    check(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
    check(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
    float *y = zeros(N);
    check(cudaStreamSynchronize(stream()));
    launch(ones, 1, N, y);
    check(cudaEventRecord(done, stream()));
    if (!BUG) check(cudaStreamWaitEvent(other, done, 0));
    launch_on(other, add_one, 1, N, 0, y);
    check(cudaStreamSynchronize(other));
    const double value = sum(y, N);
    check(cudaEventDestroy(done));
    check(cudaStreamDestroy(other));
    return value;
}

/* Captures one add_one(y) while `meanwhile` happens, and replays it twice. */
template <class F> static void capture_and_replay(float *y, F meanwhile, float *freed)
{
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    check(cudaStreamSynchronize(stream()));
    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal));
    launch(add_one, 1, N, y);
    meanwhile();
    check(cudaStreamEndCapture(stream(), &graph));
    if (!graph) return;
    check(cudaGraphInstantiate(&exec, graph, 0));
    check(cudaGraphDestroy(graph));
    check(cudaFree(freed));
    for (int i = 0; i < 2; i++) check(cudaGraphLaunch(exec, stream()));
    check(cudaStreamSynchronize(stream()));
    check(cudaGraphExecDestroy(exec));
}

template <bool BUG> static double run_call_in_capture()
{
    float *y = zeros(N);
    auto meanwhile = [] {
        if (BUG) check(cudaStreamSynchronize(stream()));
    };
    capture_and_replay(y, meanwhile, nullptr);
    return sum(y, N);
}

template <bool BUG> static double run_graph_of_freed_memory()
{
    float *y = zeros(N);
    capture_and_replay(y, [] {}, BUG ? y : nullptr);
    return sum(BUG ? device(N) : y, N);
}

/* --- limits ----------------------------------------------------------------------------------- */

__global__ void count_threads(float *y)
{
    if (threadIdx.x + threadIdx.y + threadIdx.z + blockIdx.y == 0)
        *y = (float)(blockDim.x * blockDim.y * blockDim.z);
}
static double run_count(dim3 grid, dim3 block, size_t shared, int attribute)
{
    float *y = zeros(1);
    if (attribute)
        check(cudaFuncSetAttribute(count_threads, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                   attribute));
    launch_on(stream(), count_threads, grid, block, shared, y);
    return sum(y, 1);
}
template <bool BUG> static double run_too_many_threads()
{
    return run_count(1, dim3(32, BUG ? 33 : 2), 0, 0);
}
template <bool BUG> static double run_block_too_deep()
{
    return run_count(1, dim3(1, 1, BUG ? 65 : 64), 0, 0);
}
template <bool BUG> static double run_grid_too_tall()
{
    return run_count(dim3(1, BUG ? 65536 : 64), 1, 0, 0);
}
template <bool BUG> static double run_shared_without_opt_in()
{
    return run_count(1, N, 64 << 10, BUG ? 0 : 64 << 10);
}
template <bool BUG> static double run_too_much_shared()
{
    return run_count(1, N, BUG ? 228 << 10 : 227 << 10, BUG ? 228 << 10 : 227 << 10);
}

#endif
