/* planted_threads.cuh — mistakes between threads: those that meet at different places or never, and
 * those that should have met. The lines a report has to name are marked.
 */
#ifndef PLANTED_THREADS_CUH
#define PLANTED_THREADS_CUH

#include "cases.cuh"

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
template <bool BUG> static double run_divergent_barrier() { return sum_of(divergent_barrier<BUG>); }

template <bool BUG> __global__ void deadlock(float *y)
{
    float v = 1;
    if (!BUG || threadIdx.x % 32 < 16) v = __shfl_sync(FULL, v, 0); /* BUG deadlock */
    __syncthreads();                                                /* BUG deadlock */
    y[threadIdx.x] = v;
}
template <bool BUG> static double run_deadlock() { return sum_of(deadlock<BUG>); }

template <bool BUG> __global__ void exited_lanes(float *y)
{
    if (BUG && threadIdx.x % 32 >= 20) return;
    y[threadIdx.x] = __shfl_xor_sync(FULL, 1.0f, 1); /* BUG exited_lanes */
}
template <bool BUG> static double run_exited_lanes() { return sum_of(exited_lanes<BUG>); }

template <bool BUG> __global__ void mixed_collectives(float *y)
{
    float v = 1;
    if (BUG && threadIdx.x & 1)
        v = __shfl_down_sync(FULL, v, 1); /* BUG mixed_collectives */
    else
        v = __shfl_xor_sync(FULL, v, 1); /* BUG mixed_collectives */
    y[threadIdx.x] = v;
}
template <bool BUG> static double run_mixed_collectives() { return sum_of(mixed_collectives<BUG>); }

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
template <int BUG> static double run_masks() { return sum_of(masks<BUG>); }
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

#endif
