/* cuda_runtime.h — lets a host compiler build CUDA kernels: put this folder first on the include
 * path and compile the same .cu files with g++ or clang++.
 *
 * It is a subset of CUDA on purpose. A kernel that compiles here and with nvcc uses no <<<>>>, no
 * extern __shared__ and no inline PTX; launch.cuh has portable words for all three.
 */
#ifndef TD_EMU_CUDA_RUNTIME_H
#define TD_EMU_CUDA_RUNTIME_H

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#define TD_EMU 1 /* for the few places that must know */

/* One nop at the start of every kernel, and its address in a table: the list of all kernels. */
#define __global__ __attribute__((patchable_function_entry(1)))
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __grid_constant__

/* Thread-local, so that the symbol table tells them from all other variables: before each block
 * they are filled with NaN. (So would be a thread_local variable inside a host function: put it
 * outside.) The sanitizers watch ordinary variables better. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TD_EMU_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TD_EMU_SANITIZED 1
#endif
#endif
#ifdef TD_EMU_SANITIZED
#define __shared__ static
#else
#define __shared__ static thread_local
#endif

#include "cuda_runtime_api.h"
#include "device_functions.h"
#include "math_functions.h"

#endif
