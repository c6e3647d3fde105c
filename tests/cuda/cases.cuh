/* cases.cuh — the host's side of small CUDA programs whose every case computes one number.
 *
 * A case is a function that launches something and returns a number, and the number that is right.
 * report() runs it and prints "NAME: right", "NAME: wrong (…)" or "NAME: error: …". What the
 * emulated device spells in its own way is spelled here, so nvcc compiles the cases too.
 */
#ifndef CASES_CUH
#define CASES_CUH

#include <cuda_runtime.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#ifdef TD_EMU
#define DYNAMIC_SHARED(name) float *name = (float *)td_emu::dynamic_shared
#else
#define DYNAMIC_SHARED(name) extern __shared__ __align__(16) float name[]
#endif

enum { N = 64 };
#define FULL 0xffffffffu /* every lane of a warp */

static std::string problem; /* the case's first error */

static void check(cudaError_t error)
{
    if (error && problem.empty()) problem = cudaGetErrorString(error);
}

static cudaStream_t stream()
{
    static cudaStream_t s;
    if (!s) check(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking));
    return s;
}

template <class... P, class... A>
static void launch_on(cudaStream_t s, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared,
                      A... arguments)
{
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    config.stream = s;
    check(cudaLaunchKernelEx(&config, kernel, arguments...));
}

template <class... P, class... A>
static void launch(void (*kernel)(P...), int grid, int block, A... arguments)
{
    launch_on(stream(), kernel, grid, block, 0, arguments...);
}

inline float *device(int n)
{
    float *p;
    check(cudaMalloc(&p, (size_t)n * sizeof *p));
    return p;
}

inline float *zeros(int n)
{
    float *p = device(n);
    check(cudaMemsetAsync(p, 0, (size_t)n * sizeof *p, stream()));
    return p;
}

/* The sum of y[n], once the stream is done; y is freed. */
inline double sum(float *y, int n)
{
    check(cudaStreamSynchronize(stream()));
    double total = 0;
    for (int i = 0; i < n && problem.empty(); i++) {
        float value = 0;
        check(cudaMemcpy(&value, y + i, sizeof value, cudaMemcpyDeviceToHost));
        total += value;
    }
    check(cudaFree(y));
    return total;
}

/* The sum of what one block of N threads writes. */
inline double sum_of(void (*kernel)(float *))
{
    float *y = device(N);
    launch(kernel, 1, N, y);
    return sum(y, N);
}

/* cp.async: 16 bytes from global to shared memory, behind the thread's back */
__device__ inline void copy16(float *shared, const float *global)
{
#ifdef TD_EMU
    td_emu::async_copy(shared, global, 16, 16);
    td_emu::async_commit();
#else
    const unsigned to = (unsigned)__cvta_generic_to_shared(shared);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(global));
    asm volatile("cp.async.commit_group;");
#endif
}
__device__ inline void wait_for_copies()
{
#ifdef TD_EMU
    td_emu::async_wait(0);
#else
    asm volatile("cp.async.wait_group 0;");
#endif
}

inline bool report(const char *name, double (*body)(), double right)
{
    problem.clear();
    const double value = body();
    const bool good = problem.empty() && value == right;
    if (good)
        printf("%s: right\n", name);
    else if (!problem.empty())
        printf("%s: error: %s\n", name, problem.c_str());
    else if (std::isnan(value))
        printf("%s: wrong (NaN)\n", name);
    else
        printf("%s: wrong (%.9g, not %.9g)\n", name, value, right);
    fflush(stdout);
    return good;
}

#endif
