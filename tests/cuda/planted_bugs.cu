/* planted_bugs.cu — small kernels with one bug each, so that the detectors are themselves tested.
 *
 *     planted_bugs NAME      runs the kernel with its bug
 *     planted_bugs fixed     runs all of them without: every value must be right
 *
 * Each prints "NAME: right", "NAME: wrong (value)" or "NAME: error: …" and the sanitizers' reports.
 * The lines a report has to name are marked. It is plain CUDA: nvcc compiles it too, and on a GPU
 * compute-sanitizer can be asked for the same bugs.
 */
#include "cases.cuh"

/* --- memory: where it ends, whose it is ------------------------------------------------------- */

template <bool BUG> __global__ void global_overflow(float *y, int n)
{
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (BUG ? i <= n : i < n) y[i] = 1; /* BUG global_overflow */
}
template <bool BUG> static double run_global_overflow()
{
    float *y = device(N);
    launch(global_overflow<BUG>, 2, N, y, N);
    return sum(y, N);
}

template <bool BUG> __global__ void static_shared_overflow(float *y)
{
    __shared__ float s[N];
    const int t = threadIdx.x;
    s[BUG ? t + 1 : t] = 1; /* BUG static_shared_overflow */
    __syncthreads();
    y[t] = s[t ? t : 1];
}
template <bool BUG> static double run_static_shared_overflow()
{
    float *y = device(N);
    launch(static_shared_overflow<BUG>, 1, N, y);
    return sum(y, N);
}

template <bool BUG> __global__ void dynamic_shared_overflow(float *y)
{
    DYNAMIC_SHARED(s);
    s[threadIdx.x] = 1; /* BUG dynamic_shared_overflow */
    __syncthreads();
    y[threadIdx.x] = s[threadIdx.x ^ 1];
}
template <bool BUG> static double run_dynamic_shared_overflow()
{
    float *y = device(N);
    launch_on(stream(), dynamic_shared_overflow<BUG>, 1, N, (BUG ? N - 8 : N) * sizeof *y, y);
    return sum(y, N);
}

__global__ void ones(float *y) { y[threadIdx.x] = 1; }

template <bool BUG> static double run_use_after_free()
{
    float *y = device(N);
    if (BUG) check(cudaFree(y));
    launch(ones, 1, N, y);
    return sum(BUG ? device(N) : y, N);
}

struct View {
    float *data;
};
__global__ void ones_of_view(View y) { y.data[threadIdx.x] = 1; } /* BUG use_after_free_in_struct */

template <bool BUG> static double run_use_after_free_in_struct()
{
    float *y = device(N);
    const View view = {y};
    if (BUG) check(cudaFree(y));
    launch(ones_of_view, 1, N, view);
    return sum(BUG ? device(N) : y, N);
}

template <bool BUG> __global__ void misaligned(float *y)
{
    float4 *p = reinterpret_cast<float4 *>(y + (BUG ? 1 : 4));
    p[threadIdx.x] = make_float4(1, 1, 1, 1); /* BUG misaligned */
}
template <bool BUG> static double run_misaligned()
{
    float *y = zeros(N);
    launch(misaligned<BUG>, 1, N / 4 - 1, y);
    return sum(y, N);
}

template <bool BUG> __global__ void bad_address(float *y)
{
    float *p = BUG && threadIdx.x == 5 ? nullptr : y + threadIdx.x;
    *(volatile float *)p = 1;
}
template <bool BUG> static double run_bad_address()
{
    float *y = device(N);
    launch(bad_address<BUG>, 1, N, y);
    return sum(y, N);
}

/* Half a megabyte of local memory is possible on the hardware; here threads have small stacks. */
template <bool BUG> __global__ void stack_overflow(float *y)
{
    volatile float large[BUG ? 1 << 17 : 16];
    for (int i = 0; i < 16; i++) large[i] = 1;
    y[threadIdx.x] = large[threadIdx.x % 16];
}
template <bool BUG> static double run_stack_overflow()
{
    float *y = device(N);
    launch(stack_overflow<BUG>, 1, N, y);
    return sum(y, N);
}

template <bool BUG> static double run_host_pointer()
{
    static float host[N];
    float *y = device(N);
    launch(ones, 1, N, BUG ? host : y);
    return sum(y, N);
}

template <bool BUG> static double run_wrong_direction()
{
    float host[N] = {1}, *y = zeros(N);
    check(cudaMemcpyAsync(y, host, sizeof host,
                          BUG ? cudaMemcpyDeviceToHost : cudaMemcpyHostToDevice, stream()));
    return sum(y, N);
}

template <bool BUG> static double run_copy_too_long()
{
    float *pinned, *y = zeros(N);
    check(cudaMallocHost(&pinned, 2 * N * sizeof *pinned));
    memset(pinned, 0, 2 * N * sizeof *pinned);
    const size_t bytes = (BUG ? N + 1 : N) * sizeof *y;
    check(cudaMemcpyAsync(pinned, y, bytes, cudaMemcpyDeviceToHost, stream()));
    check(cudaStreamSynchronize(stream()));
    check(cudaFreeHost(pinned));
    return sum(y, N);
}

template <bool BUG> static double run_host_reads_device()
{
    float value, *y = device(N);
    launch(ones, 1, N, y);
    check(cudaStreamSynchronize(stream()));
    if (BUG)
        value = *(volatile float *)y;
    else
        check(cudaMemcpy(&value, y, sizeof value, cudaMemcpyDeviceToHost));
    check(cudaFree(y));
    return value;
}

/* --- nothing was written there before --------------------------------------------------------- */

template <bool BUG> __global__ void uninitialised_shared(float *y)
{
    __shared__ float s[N];
    if (threadIdx.x < (BUG ? N - 1 : N)) s[threadIdx.x] = 1;
    __syncthreads();
    y[blockIdx.x * N + threadIdx.x] = s[N - 1 - threadIdx.x];
}
template <bool BUG> static double run_uninitialised_shared()
{
    float *y = device(2 * N);
    launch(uninitialised_shared<BUG>, 2, N, y);
    return sum(y, 2 * N);
}

template <bool BUG> __global__ void uninitialised_dynamic_shared(float *y)
{
    DYNAMIC_SHARED(s);
    if (threadIdx.x < (BUG ? N - 1 : N)) s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[N - 1 - threadIdx.x];
}
template <bool BUG> static double run_uninitialised_dynamic_shared()
{
    float *y = device(N);
    launch_on(stream(), uninitialised_dynamic_shared<BUG>, 1, N, N * sizeof *y, y);
    return sum(y, N);
}

__global__ void add_one(float *y) { y[threadIdx.x] += 1; }

template <bool BUG> static double run_uninitialised_global()
{
    float *y = BUG ? device(N) : zeros(N);
    launch(add_one, 1, N, y);
    return sum(y, N);
}

template <bool BUG> __global__ void async_copy_without_wait(float *y, const float *x)
{
    DYNAMIC_SHARED(s);
    const int t = threadIdx.x;
    if (t < N / 4) {
        copy16(s + 4 * t, x + 4 * t);
        if (!BUG) wait_for_copies();
    }
    __syncthreads();
    y[t] = s[t] + 1;
}
template <bool BUG> static double run_async_copy_without_wait()
{
    float *x = zeros(N), *y = device(N);
    launch_on(stream(), async_copy_without_wait<BUG>, 1, N, N * sizeof *y, y, (const float *)x);
    const double value = sum(y, N);
    check(cudaFree(x));
    return value;
}

/* --- barriers and warps ----------------------------------------------------------------------- */

template <bool BUG> __global__ void divergent_barrier(float *y)
{
    if (BUG && threadIdx.x < 32) {
        y[threadIdx.x] = 1;
        __syncthreads(); /* BUG divergent_barrier */
    } else {
        y[threadIdx.x] = 1;
        __syncthreads(); /* BUG divergent_barrier */
    }
}
template <bool BUG> static double run_divergent_barrier()
{
    float *y = device(N);
    launch(divergent_barrier<BUG>, 1, N, y);
    return sum(y, N);
}

template <bool BUG> __global__ void deadlock(float *y)
{
    float v = 1;
    if (!BUG || threadIdx.x % 32 < 16) v = __shfl_sync(FULL, v, 0); /* BUG deadlock */
    __syncthreads();                                                /* BUG deadlock */
    y[threadIdx.x] = v;
}
template <bool BUG> static double run_deadlock()
{
    float *y = device(N);
    launch(deadlock<BUG>, 1, N, y);
    return sum(y, N);
}

template <bool BUG> __global__ void exited_lanes(float *y)
{
    if (BUG && threadIdx.x % 32 >= 20) return;
    y[threadIdx.x] = __shfl_xor_sync(FULL, 1.0f, 1); /* BUG exited_lanes */
}
template <bool BUG> static double run_exited_lanes()
{
    float *y = device(N);
    launch(exited_lanes<BUG>, 1, N, y);
    return sum(y, N);
}

template <bool BUG> __global__ void mixed_collectives(float *y)
{
    float v = 1;
    if (BUG && threadIdx.x & 1)
        v = __shfl_down_sync(FULL, v, 1); /* BUG mixed_collectives */
    else
        v = __shfl_xor_sync(FULL, v, 1); /* BUG mixed_collectives */
    y[threadIdx.x] = v;
}
template <bool BUG> static double run_mixed_collectives()
{
    float *y = device(N);
    launch(mixed_collectives<BUG>, 1, N, y);
    return sum(y, N);
}

/* The lanes of half a warp, which must name themselves, and all name the same lanes. */
template <int BUG> __global__ void masks(float *y)
{
    const bool high = threadIdx.x & 16;
    unsigned mask = high ? 0xffff0000 : 0x0000ffff;
    if (BUG == 1) mask = ~mask;        /* a mask without the lane itself */
    if (BUG == 2 && high) mask = FULL; /* two masks that overlap */
    const int lane = threadIdx.x % 32, source = BUG == 3 ? lane ^ 16 : lane ^ 1;
    y[threadIdx.x] = __shfl_sync(mask, 1.0f, source); /* BUG masks */
}
template <int BUG> static double run_masks()
{
    float *y = device(N);
    launch(masks<BUG>, 1, N, y);
    return sum(y, N);
}
template <bool BUG> static double run_mask_without_self() { return run_masks<BUG ? 1 : 0>(); }
template <bool BUG> static double run_overlapping_masks() { return run_masks<BUG ? 2 : 0>(); }
template <bool BUG> static double run_source_outside_mask() { return run_masks<BUG ? 3 : 0>(); }

/* --- races ------------------------------------------------------------------------------------ */

enum { TILE = 8, DEPTH = 4 * TILE };

/* y[m,n] = a[m,k] · b[k,n], all of a and b ones */
template <bool BUG> __global__ void missing_barrier(float *y, const float *a, const float *b)
{
    __shared__ float as[TILE][TILE], bs[TILE][TILE];
    const int m = threadIdx.y, n = threadIdx.x;
    float sum = 0;
    for (int k0 = 0; k0 < DEPTH; k0 += TILE) {
        as[m][n] = a[m * DEPTH + k0 + n]; /* BUG missing_barrier */
        bs[m][n] = b[(k0 + m) * TILE + n];
        __syncthreads();
        for (int k = 0; k < TILE; k++) sum += as[m][k] * bs[k][n]; /* BUG missing_barrier */
        if (!BUG) __syncthreads(); /* or the next tile is written while others read this one */
    }
    y[m * TILE + n] = sum;
}
template <bool BUG> static double run_missing_barrier()
{
    float host[DEPTH * TILE], *y = device(TILE * TILE), *a = device(DEPTH * TILE);
    for (int i = 0; i < DEPTH * TILE; i++) host[i] = (float)(i % 5);
    check(cudaMemcpyAsync(a, host, sizeof host, cudaMemcpyHostToDevice, stream()));
    launch_on(stream(), missing_barrier<BUG>, 1, dim3(TILE, TILE), 0, y, (const float *)a,
              (const float *)a);
    const double value = sum(y, TILE * TILE);
    check(cudaFree(a));
    return value;
}

template <bool BUG> __global__ void missing_warp_barrier(float *y)
{
    __shared__ float s[32];
    const int t = threadIdx.x;
    s[t] = 1; /* BUG missing_warp_barrier */
    if (!BUG) __syncwarp();
    y[t] = s[t ^ 1]; /* BUG missing_warp_barrier */
}
template <bool BUG> static double run_missing_warp_barrier()
{
    float *y = device(32);
    launch(missing_warp_barrier<BUG>, 1, 32, y);
    return sum(y, 32);
}

template <bool BUG> __global__ void race_of_blocks(float *y)
{
    if (threadIdx.x) return;
    if (BUG)
        *y += 1; /* BUG race_of_blocks */
    else
        atomicAdd(y, 1.0f);
}
template <bool BUG> static double run_race_of_blocks()
{
    float *y = zeros(1);
    launch(race_of_blocks<BUG>, 4, N, y);
    return sum(y, 1);
}

template <bool BUG> __global__ void last_one_wins(unsigned *y)
{
    if (BUG)
        *y = threadIdx.x; /* BUG last_one_wins */
    else
        atomicMax(y, threadIdx.x);
}
template <bool BUG> static double run_last_one_wins()
{
    unsigned last = 0, *y = (unsigned *)zeros(1);
    launch(last_one_wins<BUG>, 1, N, y);
    check(cudaMemcpyAsync(&last, y, sizeof last, cudaMemcpyDeviceToHost, stream()));
    check(cudaStreamSynchronize(stream()));
    check(cudaFree(y));
    return last;
}

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

/* --- the list --------------------------------------------------------------------------------- */

#define CASE(name, right) {#name, run_##name<true>, run_##name<false>, right}
static const struct {
    const char *name;
    double (*with_bug)(), (*fixed)();
    double right;
} cases[] = {
    CASE(global_overflow, N),
    CASE(static_shared_overflow, N),
    CASE(dynamic_shared_overflow, N),
    CASE(use_after_free, N),
    CASE(use_after_free_in_struct, N),
    CASE(misaligned, N - 4),
    CASE(bad_address, N),
    CASE(stack_overflow, N),
    CASE(host_pointer, N),
    CASE(wrong_direction, 1),
    CASE(copy_too_long, 0),
    CASE(host_reads_device, 1),
    CASE(uninitialised_shared, 2 * N),
    CASE(uninitialised_dynamic_shared, N),
    CASE(uninitialised_global, N),
    CASE(async_copy_without_wait, N),
    CASE(divergent_barrier, N),
    CASE(deadlock, N),
    CASE(exited_lanes, N),
    CASE(mixed_collectives, N),
    CASE(mask_without_self, N),
    CASE(overlapping_masks, N),
    CASE(source_outside_mask, N),
    CASE(missing_barrier, 8156),
    CASE(missing_warp_barrier, 32),
    CASE(race_of_blocks, 4),
    CASE(last_one_wins, N - 1),
    CASE(read_before_sync, 1),
    CASE(streams_without_event, 2 * N),
    CASE(call_in_capture, 2 * N),
    CASE(graph_of_freed_memory, 2 * N),
    CASE(too_many_threads, N),
    CASE(block_too_deep, N),
    CASE(grid_too_tall, 1),
    CASE(shared_without_opt_in, N),
    CASE(too_much_shared, N),
};

int main(int count, char **arguments)
{
    const std::string wanted = count > 1 ? arguments[1] : "";
    bool found = false, good = true;
    for (const auto &c : cases) {
        if (wanted != "fixed" && wanted != c.name) continue;
        found = true;
        good &= report(c.name, wanted == "fixed" ? c.fixed : c.with_bug, c.right);
    }
    if (!found)
        for (const auto &c : cases) printf("%s\n", c.name);
    return found && good ? 0 : 1;
}
