/* planted_memory.cuh — mistakes with memory: beyond its end, after its life, on the wrong side, or
 * read before anything was written there. The line a report has to name is marked.
 */
#ifndef PLANTED_MEMORY_CUH
#define PLANTED_MEMORY_CUH

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
    return sum_of(static_shared_overflow<BUG>);
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
template <bool BUG> static double run_bad_address() { return sum_of(bad_address<BUG>); }

/* Half a megabyte of local memory is possible on the hardware; here threads have small stacks. */
template <bool BUG> __global__ void stack_overflow(float *y)
{
    volatile float large[BUG ? 1 << 17 : 16];
    for (int i = 0; i < 16; i++) large[i] = 1;
    y[threadIdx.x] = large[threadIdx.x % 16];
}
template <bool BUG> static double run_stack_overflow() { return sum_of(stack_overflow<BUG>); }

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

#endif
