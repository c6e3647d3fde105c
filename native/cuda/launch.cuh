/* launch.cuh — what every CUDA kernel of tinydl stands on.
 *
 * The same .cu files are compiled by nvcc and, for the emulated device, by an ordinary C++
 * compiler against emulate/include. What the two spell differently is spelled here, once: starting
 * a kernel (no <<<>>>), shared memory whose size the launch gives, unrolled loops. Then loads and
 * stores of 16 bytes, and reductions over a warp and a block. All of them combine in a fixed
 * order, so a result never depends on which thread was first.
 */
#ifndef TD_LAUNCH_CUH
#define TD_LAUNCH_CUH

#include <cuda_runtime.h>

#include <functional>
#include <utility>

#include "dims.h"

#ifdef TD_EMU
#define TD_UNROLL
#define TD_UNROLL_PAIRS
#define TD_DYN_SMEM(T, name) T *name = static_cast<T *>(td_emu::dynamic_shared)
#else
#define TD_UNROLL _Pragma("unroll")
#define TD_UNROLL_PAIRS _Pragma("unroll 2")
#define TD_DYN_SMEM(T, name)                                                                       \
    extern __shared__ __align__(1024) unsigned char td_dynamic_shared[];                           \
    T *name = reinterpret_cast<T *>(td_dynamic_shared)
#endif

enum { TD_WARP = 32 };
#define TD_FULL_WARP 0xffffffffu

/* --- host: queueing work (device.cu) ---------------------------------------------------------- */

cudaStream_t td_stream(void); /* the one this thread queues on */

/* The td_status of a CUDA call; `op` is named in the error. */
td_status td_cuda(const char *op, cudaError_t error);

/* Called after each launch: with TINYDL_SYNC=1 it waits, so that an error names its kernel. */
td_status td_launched(const char *op, cudaError_t error);

/* Device memory for partial results, valid until this thread's next td_scratch: kernels run in
 * order, so calls may share it. NULL when memory is out. Grows and is kept. */
void *td_scratch(size_t bytes);

/* A small table in device memory, valid for the kernels queued by this call: what `fill` writes.
 * In a graph that is recorded, fill is called again before each replay. NULL when the table is
 * larger than TD_UPLOAD_LIMIT or the device failed. */
enum { TD_UPLOAD_LIMIT = 1 << 20 };
const void *td_upload(size_t bytes, std::function<void(char *)> fill);

/* Whether this thread records a graph. */
bool td_recording(void);

/* Queues a kernel; an empty grid is no work. */
template <class... P, class... A>
td_status td_launch(const char *op, void (*kernel)(P...), dim3 grid, dim3 block, size_t shared,
                    A &&...arguments)
{
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return TD_OK;
    cudaLaunchConfig_t config = {};
    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = shared;
    config.stream = td_stream();
    return td_launched(op, cudaLaunchKernelEx(&config, kernel, std::forward<A>(arguments)...));
}

/* Blocks for `items` when each takes `per_block`; of more than a grid can have, so many that its
 * launch fails. */
static inline unsigned td_blocks(int64_t items, int64_t per_block)
{
    return (unsigned)TD_MIN(TD_CEIL_DIV(items, per_block), (int64_t)UINT32_MAX);
}

/* --- device: V neighbours at once ------------------------------------------------------------- */

/* Elements that one load or store moves: 16 bytes of them where memory allows. */
template <class T, int V> struct alignas(sizeof(T) * V) td_pack {
    T at[V];
};

template <int V, class T> __device__ __forceinline__ td_pack<T, V> td_load(const T *p)
{
    return *reinterpret_cast<const td_pack<T, V> *>(p);
}

template <int V, class T> __device__ __forceinline__ void td_store(T *p, const td_pack<T, V> &v)
{
    *reinterpret_cast<td_pack<T, V> *>(p) = v;
}

/* --- device: reductions over threads ---------------------------------------------------------- */

template <class T> __device__ __forceinline__ T td_shuffle_xor(T v, int lanes)
{
    return __shfl_xor_sync(TD_FULL_WARP, v, lanes);
}

/* f over groups of WIDTH lanes (a power of two); every lane of a group gets the result. */
template <int WIDTH = TD_WARP, class T, class F>
__device__ __forceinline__ T td_warp_reduce(T v, F f)
{
    TD_UNROLL
    for (int lanes = WIDTH / 2; lanes > 0; lanes /= 2) v = f(v, td_shuffle_xor(v, lanes));
    return v;
}

/* f over the whole block of THREADS threads (one axis); every thread gets the result. */
template <int THREADS, class T, class F> __device__ __forceinline__ T td_block_reduce(T v, F f)
{
    if (THREADS == TD_WARP) return td_warp_reduce(v, f);
    __shared__ T warp[THREADS / TD_WARP];
    v = td_warp_reduce(v, f);
    __syncthreads(); /* the last reduction's results have been read */
    if (threadIdx.x % TD_WARP == 0) warp[threadIdx.x / TD_WARP] = v;
    __syncthreads();
    v = warp[0];
    TD_UNROLL
    for (int k = 1; k < THREADS / TD_WARP; k++) v = f(v, warp[k]);
    return v;
}

/* f over groups of `width` neighbouring threads: a power of two up to a warp, or all THREADS. */
template <int THREADS, class T, class F>
__device__ __forceinline__ T td_group_reduce(T v, int width, F f)
{
    if (width == THREADS) return td_block_reduce<THREADS>(v, f);
    for (int lanes = width / 2; lanes > 0; lanes /= 2) v = f(v, td_shuffle_xor(v, lanes));
    return v;
}

#endif
