/* controls_host.cuh — correct programs: streams, events, graphs, copies, the host's threads. */
#ifndef CONTROLS_HOST_CUH
#define CONTROLS_HOST_CUH

#include "controls_threads.cuh"

#include <thread>

/* --- streams, events, graphs ------------------------------------------------------------------ */

__global__ void add(float *y, const float *x, float more)
{
    y[threadIdx.x] += x ? x[threadIdx.x] : more;
}

static double run_two_streams()
{
    cudaStream_t other;
    cudaEvent_t begin, ready, back;
    check(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
    check(cudaEventCreate(&begin));
    check(cudaEventCreate(&back));
    check(cudaEventCreateWithFlags(&ready, cudaEventDisableTiming));
    float *x = zeros(N), *y = zeros(N), elapsed = -1;
    check(cudaEventRecord(begin, stream()));
    for (int i = 0; i < 3; i++) { /* there and back again */
        launch(add, 1, N, x, (const float *)nullptr, 1.0f);
        check(cudaEventRecord(ready, stream()));
        check(cudaStreamWaitEvent(other, ready, 0));
        launch_on(other, add, 1, N, 0, y, (const float *)x, 0.0f);
        check(cudaEventRecord(back, other));
        check(cudaStreamWaitEvent(stream(), back, 0));
    }
    check(cudaEventSynchronize(back));
    check(cudaEventElapsedTime(&elapsed, begin, back));
    const double value = sum(y, N); /* 1 + 2 + 3 */
    for (cudaEvent_t e : {begin, ready, back}) check(cudaEventDestroy(e));
    check(cudaStreamDestroy(other));
    check(cudaFree(x));
    return elapsed >= 0 ? value : elapsed;
}

static double run_graph()
{
    cudaStream_t other;
    cudaEvent_t fork, join;
    cudaGraph_t graph;
    cudaGraphExec_t exec;
    cudaStreamCaptureStatus status;
    size_t nodes = 0;
    check(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking));
    for (cudaEvent_t *e : {&fork, &join})
        check(cudaEventCreateWithFlags(e, cudaEventDisableTiming));
    float *x = zeros(N), *y = zeros(N), *z = zeros(N);
    check(cudaStreamSynchronize(stream()));

    check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeThreadLocal));
    check(cudaStreamIsCapturing(stream(), &status));
    launch(add, 1, N, x, (const float *)nullptr, 1.0f);
    check(cudaEventRecord(fork, stream()));
    check(cudaStreamWaitEvent(other, fork, 0));
    launch_on(other, add, 1, N, 0, y, (const float *)x, 0.0f);
    check(cudaEventRecord(join, other));
    check(cudaMemsetAsync(z, 0, N * sizeof *z, stream()));
    check(cudaStreamWaitEvent(stream(), join, 0));
    launch(add, 1, N, z, (const float *)y, 0.0f);
    check(cudaMemcpyAsync(x, z, N * sizeof *x, cudaMemcpyDeviceToDevice, stream()));
    check(cudaStreamEndCapture(stream(), &graph));

    check(cudaGraphGetNodes(graph, nullptr, &nodes));
    check(cudaGraphInstantiate(&exec, graph, 0));
    check(cudaGraphDestroy(graph));
    for (int i = 0; i < 3; i++) check(cudaGraphLaunch(exec, stream())); /* x, y: 1 1, 3 3, 7 7 */
    const double value = sum(y, N);
    check(cudaGraphExecDestroy(exec));
    for (cudaEvent_t e : {fork, join}) check(cudaEventDestroy(e));
    check(cudaStreamDestroy(other));
    check(cudaFree(x));
    check(cudaFree(z));
    return status == cudaStreamCaptureStatusActive ? value + (double)nodes : -1;
}

/* A program that asks again and again finds the work done in the end. */
static double run_polling()
{
    cudaEvent_t done;
    check(cudaEventCreateWithFlags(&done, cudaEventDisableTiming));
    float *y = zeros(N);
    for (int i = 0; i < 3; i++) launch(add, 1, N, y, (const float *)nullptr, 1.0f);
    check(cudaEventRecord(done, stream()));
    while (cudaEventQuery(done) == cudaErrorNotReady) {}
    launch(add, 1, N, y, (const float *)nullptr, 1.0f);
    while (cudaStreamQuery(stream()) == cudaErrorNotReady) {}
    check(cudaEventDestroy(done));
    return sum(y, N);
}

/* Pageable memory may be changed as soon as the call is back, and read as soon as it is back. */
static double run_pageable_copies()
{
    float from[N], to[N], *y = device(N);
    for (float &v : from) v = 1;
    check(cudaMemcpyAsync(y, from, sizeof from, cudaMemcpyHostToDevice, stream()));
    for (float &v : from) v = 2;
    check(cudaMemcpyAsync(to, y, sizeof to, cudaMemcpyDeviceToHost, stream()));
    double value = 0;
    for (float v : to) value += v;
    check(cudaFree(y));
    return value;
}

/* Streams that block and the NULL stream wait for each other. */
static double run_null_stream()
{
    cudaStream_t blocking;
    check(cudaStreamCreate(&blocking));
    float host[N], *y = device(N);
    check(cudaMemset(y, 0, N * sizeof *y));
    launch_on(blocking, add, 1, N, 0, y, (const float *)nullptr, 1.0f);
    check(cudaMemcpy(host, y, sizeof host, cudaMemcpyDeviceToHost));
    check(cudaStreamDestroy(blocking));
    check(cudaFree(y));
    return host[0] + host[N - 1];
}

static double run_host_threads()
{
    const int count = 4, rows = 3;
    double result[count];
    std::vector<std::thread> workers;
    for (int k = 0; k < count; k++)
        workers.emplace_back([&result, k] {
            cudaStream_t own;
            float *x, *y, host[rows];
            cudaStreamCreateWithFlags(&own, cudaStreamNonBlocking);
            cudaMalloc(&x, rows * N * sizeof *x);
            cudaMalloc(&y, rows * sizeof *y);
            cudaMemsetAsync(x, 0, rows * N * sizeof *x, own);
            launch_on(own, sums<float>, rows, 96, 0, y, (const float *)x, (int)N);
            cudaMemcpyAsync(host, y, sizeof host, cudaMemcpyDeviceToHost, own);
            cudaStreamSynchronize(own);
            result[k] = host[0] + host[1] + host[2];
            cudaFree(x);
            cudaFree(y);
            cudaStreamDestroy(own);
        });
    double value = 0;
    for (int k = 0; k < count; k++) workers[(size_t)k].join(), value += result[k];
    return value;
}

/* --- the device ------------------------------------------------------------------------------- */

static double run_memory()
{
    size_t free, total, later;
    void *p, *q;
    check(cudaMemGetInfo(&free, &total));
    const bool refused = cudaMalloc(&q, total + 1) == cudaErrorMemoryAllocation && !q;
    const bool told = cudaGetLastError() == cudaErrorMemoryAllocation;
    check(cudaGetLastError()); /* and is forgotten */
    check(cudaMallocAsync(&p, 1 << 20, stream()));
    check(cudaMemGetInfo(&later, &total));
    check(cudaFreeAsync(p, stream()));
    check(cudaStreamSynchronize(stream()));
    return refused && told && later <= free - (1 << 20);
}

static double run_properties()
{
    int count = 0, current = -1, major = 0;
    cudaDeviceProp p;
    cudaPointerAttributes here, there;
    float *y = device(1), pageable;
    check(cudaGetDeviceCount(&count));
    check(cudaSetDevice(0));
    check(cudaGetDevice(&current));
    check(cudaGetDeviceProperties(&p, 0));
    check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 0));
    check(cudaPointerGetAttributes(&there, y));
    check(cudaPointerGetAttributes(&here, &pageable));
    check(cudaFree(y));
    return count > 0 && current == 0 && major == p.major && p.warpSize == 32 && p.name[0] &&
           there.type == cudaMemoryTypeDevice && here.type == cudaMemoryTypeUnregistered;
}

#endif
