/* controls_threads.cuh — correct kernels: warps, blocks, shared memory, atomics, arithmetic. */
#ifndef CONTROLS_THREADS_CUH
#define CONTROLS_THREADS_CUH

#include "cases.cuh"

#include <vector>

/* --- warps ------------------------------------------------------------------------------------ */

__global__ void shuffles(float *y)
{
    const int t = threadIdx.x, lane = t % 32;
    float sum = (float)lane;
    for (int d = 16; d; d /= 2) sum += __shfl_xor_sync(FULL, sum, d); /* 0 + … + 31 = 496 */
    float up = lane - __shfl_up_sync(FULL, (float)lane, 1);           /* 1, for lane 0 0 */
    float down = __shfl_down_sync(FULL, (float)lane, 2, 8) - lane;    /* 2 for six of eight */
    double third = __shfl_sync(FULL, (double)t, 3, 8) - t;            /* 3 … −4 */
    y[t] = sum + up + down + (float)third;
}
static double run_shuffles()
{
    float *y = device(N);
    launch(shuffles, 1, N, y);
    return sum(y, N);
}

__global__ void votes(float *y)
{
    const int t = threadIdx.x, lane = t % 32;
    int score = 0;
    score += __ballot_sync(FULL, lane < 4) == 0xf;
    score += __any_sync(FULL, lane == 7) && !__any_sync(FULL, lane == 32);
    score += __all_sync(FULL, lane < 32) && !__all_sync(FULL, lane < 31);
    if (lane < 16)
        score += __popc(__ballot_sync(0x0000ffff, lane & 1)) == 8;
    else
        score += __popc(__ballot_sync(0xffff0000, 1)) == 16;
    score += __reduce_add_sync(FULL, lane) == 496 && __reduce_max_sync(FULL, (unsigned)lane) == 31;
    score += __reduce_min_sync(FULL, -lane) == -31 && __reduce_or_sync(FULL, 1u << lane) == FULL;
    y[t] = (float)score;
}
static double run_votes()
{
    float *y = device(N);
    launch(votes, 1, N, y);
    return sum(y, N);
}

/* A block of 40 threads: its second warp has eight lanes. */
__global__ void partial_warp(float *y)
{
    float v = 1;
    for (int d = 4; d; d /= 2) v += __shfl_xor_sync(FULL, v, d);
    y[threadIdx.x] = v;
}
static double run_partial_warp()
{
    float *y = device(40);
    launch(partial_warp, 1, 40, y);
    return sum(y, 40);
}

__global__ void warp_barriers(float *y)
{
    __shared__ float s[N];
    const int t = threadIdx.x;
    s[t] = (float)t;
    for (int i = 0; i < 5; i++) { /* rotate by one within the warp */
        __syncwarp();
        const float next = s[t / 32 * 32 + (t + 1) % 32];
        __syncwarp();
        s[t] = next;
    }
    y[blockIdx.x * N + t] = s[t] - (float)(t / 32 * 32 + (t + 5) % 32);
}
static double run_warp_barriers()
{
    float *y = device(3 * N);
    launch(warp_barriers, 3, N, y);
    return sum(y, 3 * N);
}

/* --- blocks ----------------------------------------------------------------------------------- */

__global__ void early_exit(float *y)
{
    __shared__ float s[40];
    if (threadIdx.x >= 40) return; /* threads that have ended do not count */
    s[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = s[39 - threadIdx.x];
}
static double run_early_exit()
{
    float *y = device(40);
    launch(early_exit, 1, N, y);
    return sum(y, 40);
}

template <class T> __device__ T block_sum(T v)
{
    __shared__ T part[32];
    for (int d = 16; d; d /= 2) v += __shfl_xor_sync(FULL, v, d);
    __syncthreads();
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = v;
    __syncthreads();
    v = 0;
    for (unsigned w = 0; w < blockDim.x / 32; w++) v += part[w];
    return v;
}
template <class T> __global__ void sums(float *y, const float *x, int n)
{
    T v = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) v += x[blockIdx.x * n + i];
    v = block_sum(v);
    v += block_sum<T>(1);
    if (threadIdx.x == 0) y[blockIdx.x] = (float)v;
}
template <class T> static double run_sums()
{
    const int rows = 5, n = 300;
    float *x = zeros(rows * n), *y = device(rows);
    launch(sums<T>, rows, 96, y, (const float *)x, n);
    check(cudaStreamSynchronize(stream()));
    check(cudaFree(x));
    return sum(y, rows); /* only the threads: 96 each */
}

__global__ void indices(float *y)
{
    const dim3 g = gridDim, b = blockDim;
    const unsigned block = blockIdx.x + g.x * (blockIdx.y + g.y * blockIdx.z);
    const unsigned thread = threadIdx.x + b.x * (threadIdx.y + b.y * threadIdx.z);
    const unsigned i = block * (b.x * b.y * b.z) + thread;
    y[i] = (float)i;
}
static double run_indices()
{
    const int n = 2 * 3 * 4 * 5 * 3 * 2;
    float *y = device(n);
    launch_on(stream(), indices, dim3(2, 3, 4), dim3(5, 3, 2), 0, y);
    return sum(y, n); /* n (n − 1) / 2 */
}

/* Two tiles in turn: one is filled for the next step while the other is used. */
__global__ void double_buffer(float *y, const float *x, int steps)
{
    __shared__ __align__(16) float tile[2][N];
    const int t = threadIdx.x;
    float sum = 0;
    auto fetch = [&](int step) {
        if (t < N / 4) copy16(&tile[step & 1][4 * t], x + step * N + 4 * t);
    };
    fetch(0);
    for (int step = 0; step < steps; step++) {
        wait_for_copies();
        __syncthreads();
        if (step + 1 < steps) fetch(step + 1);
        sum += tile[step & 1][N - 1 - t];
        __syncthreads();
    }
    y[t] = sum;
}
static double run_double_buffer()
{
    const int steps = 6;
    std::vector<float> host(steps * N, 1);
    float *x = device(steps * N), *y = device(N);
    check(cudaMemcpyAsync(x, host.data(), host.size() * 4, cudaMemcpyHostToDevice, stream()));
    launch(double_buffer, 1, N, y, (const float *)x, steps);
    const double value = sum(y, N);
    check(cudaFree(x));
    return value;
}

__global__ void large_shared(float *y)
{
    DYNAMIC_SHARED(s);
    const int n = 25600;
    for (int i = threadIdx.x; i < n; i += blockDim.x) s[i] = 1;
    __syncthreads();
    float v = 0;
    for (int i = threadIdx.x; i < n; i += blockDim.x) v += s[n - 1 - i];
    y[threadIdx.x] = v;
}
static double run_large_shared()
{
    const int bytes = 25600 * 4;
    float *y = device(N);
    check(cudaFuncSetAttribute(large_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    launch_on(stream(), large_shared, 1, N, bytes, y);
    return sum(y, N);
}

__global__ void atomics(float *y, int *bins, unsigned long long *first)
{
    __shared__ int count[4];
    const int t = threadIdx.x;
    if (t < 4) count[t] = 0;
    __syncthreads();
    atomicAdd(&count[t % 4], 1);
    __syncthreads();
    if (t < 4) atomicAdd(&bins[t], count[t]);
    atomicMin(first, (unsigned long long)(100 + t));
    atomicAdd(y, 1.0f);
    int old = 1, seen; /* a product by compare and swap; 1 is a guess */
    if (t < 3) do {
            seen = old;
            old = atomicCAS(&bins[4], seen, seen * (t + 2));
        } while (old != seen);
}
__global__ void prepare_atomics(float *y, int *bins, unsigned long long *first)
{
    *y = 0;
    for (int i = 0; i < 5; i++) bins[i] = i == 4;
    *first = ~0ull;
}
static double run_atomics()
{
    float *y = device(1);
    int *bins = (int *)device(5), host[5];
    unsigned long long *first = (unsigned long long *)device(2), least;
    launch(prepare_atomics, 1, 1, y, bins, first);
    launch(atomics, 3, N, y, bins, first);
    check(cudaMemcpyAsync(host, bins, sizeof host, cudaMemcpyDeviceToHost, stream()));
    check(cudaMemcpyAsync(&least, first, sizeof least, cudaMemcpyDeviceToHost, stream()));
    const double value = sum(y, 1);
    check(cudaFree(bins));
    check(cudaFree(first));
    return value + host[0] + host[3] + host[4] + (double)least;
}

/* --- arithmetic and globals ------------------------------------------------------------------- */

__device__ float table[4];
__constant__ float weights[4] = {1, 10, 100, 1000};

__global__ void globals(float *y) { y[threadIdx.x] = table[threadIdx.x] * weights[threadIdx.x]; }
static double run_globals()
{
    const float host[4] = {4, 3, 2, 1};
    void *p;
    float *y = device(4);
    check(cudaGetSymbolAddress(&p, table));
    check(cudaMemcpyAsync(p, host, sizeof host, cudaMemcpyHostToDevice, stream()));
    launch(globals, 1, 4, y);
    return sum(y, 4);
}

__global__ void arithmetic(float *y, float a, float b, float nan)
{
    int score = 0;
    score += __fadd_rn(__fmul_rn(a, a), -1.0f) == 0x1p-11f; /* fused: + 2⁻²⁴ */
    score += __fmaf_rn(a, a, -1.0f) == 0x1p-11f + 0x1p-24f;
    score += max(nan, b) == b && min(b, nan) == b && max(3, 2u) == 3u && min(-1, 2) == -1;
    score += __float_as_int(1.0f) == 0x3f800000 && __longlong_as_double(0) == 0;
    score += __clz(1) == 31 && __popc(0xff) == 8 && __ffs(8) == 4 && __umulhi(1u << 31, 6) == 3;
    score += rsqrtf(4.0f) == 0.5f && fabsf(__expf(b) - expf(b)) < 1e-4f;
    *y = (float)score;
}
static double run_arithmetic()
{
    float *y = device(1);
    launch(arithmetic, 1, 1, y, 1 + 0x1p-12f, 1.5f, NAN);
    return sum(y, 1);
}

#endif
