/* nonzero.cu — the places where a mask holds, in reading order.
 *
 *   starts[c] = how many elements before chunk c hold        idx[n,axis] = place of the n-th one
 *
 * A block counts one chunk; a single block adds up the counts; then a block writes the places of
 * each chunk, tile by tile. Votes of a warp say how many of the lanes before hold.
 */
#include "indexing.h"
#include "launch.cuh"

enum { THREADS = 256, WARPS = THREADS / TD_WARP };

struct sum {
    __device__ __forceinline__ int64_t operator()(int64_t a, int64_t b) const { return a + b; }
};

/* starts[c + 1] = how many of chunk c hold */
__global__ void __launch_bounds__(THREADS)
    count_kernel(int64_t *starts, const uint8_t *x, int64_t size, int64_t chunk)
{
    const int64_t begin = blockIdx.x * chunk, end = TD_MIN(begin + chunk, size);
    int64_t count = 0;
    for (int64_t i = begin + threadIdx.x; i < end; i += THREADS) count += x[i];
    count = td_block_reduce<THREADS>(count, sum());
    if (threadIdx.x == 0) starts[blockIdx.x + 1] = count;
}

/* Running sums, a part of the chunks for each thread. */
__global__ void __launch_bounds__(THREADS) starts_kernel(int64_t *starts, int64_t chunks)
{
    __shared__ int64_t parts[THREADS];
    const int64_t begin = threadIdx.x * chunks / THREADS;
    const int64_t end = (threadIdx.x + 1) * chunks / THREADS;
    int64_t total = 0;
    for (int64_t c = begin; c < end; c++) total += starts[c + 1];
    parts[threadIdx.x] = total;
    __syncthreads();
    int64_t before = 0;
    for (unsigned k = 0; k < threadIdx.x; k++) before += parts[k];
    for (int64_t c = begin; c < end; c++) starts[c + 1] = before += starts[c + 1];
    if (threadIdx.x == 0) starts[0] = 0;
}

/* Places are written as coordinates along the axes of x. */
struct places_t {
    int64_t *idx;
    const uint8_t *x;
    const int64_t *starts;
    int64_t size, chunk, count, row, column;
    int ndim;
    int64_t shape[TD_MAX_NDIM];
};

__global__ void __launch_bounds__(THREADS) places_kernel(const __grid_constant__ places_t t)
{
    __shared__ int counts[WARPS];
    const int64_t begin = blockIdx.x * t.chunk, end = TD_MIN(begin + t.chunk, t.size);
    const int lane = threadIdx.x % TD_WARP, warp = threadIdx.x / TD_WARP;
    int64_t start = t.starts[blockIdx.x];
    for (int64_t tile = begin; tile < end; tile += THREADS) {
        const int64_t i = tile + threadIdx.x;
        const bool holds = i < end && t.x[i];
        const unsigned votes = __ballot_sync(TD_FULL_WARP, holds);
        if (lane == 0) counts[warp] = __popc(votes);
        __syncthreads();
        int before = __popc(votes & ((1u << lane) - 1)), all = 0;
        for (int w = 0; w < WARPS; w++) {
            before += w < warp ? counts[w] : 0;
            all += counts[w];
        }
        /* if not, the mask is not the one that was counted */
        if (holds && (uint64_t)(start + before) < (uint64_t)t.count) {
            int64_t *row = t.idx + (start + before) * t.row, rest = i;
            for (int axis = t.ndim - 1; axis >= 0; rest /= t.shape[axis--])
                row[axis * t.column] = rest % t.shape[axis];
        }
        start += all;
        __syncthreads(); /* the counts have been read */
    }
}

/* --- host ------------------------------------------------------------------------------------- */

td_status td_nonzero_starts(td_tensor *starts, const td_tensor *x, int64_t chunk)
{
    TD_TRY(td_check_nonzero("nonzero_starts", x, starts, chunk, NULL));
    const int64_t size = td_numel(x), chunks = td_numel(starts) - 1;
    int64_t *at = (int64_t *)starts->data;
    TD_TRY(td_launch("nonzero", count_kernel, td_blocks(chunks, 1), THREADS, 0, at,
                     (const uint8_t *)x->data, size, chunk));
    return td_launch("nonzero", starts_kernel, 1, THREADS, 0, at, chunks);
}

td_status td_nonzero(td_tensor *idx, const td_tensor *x, const td_tensor *starts, int64_t chunk)
{
    TD_TRY(td_check_nonzero("nonzero", x, starts, chunk, idx));
    places_t t = {};
    t.idx = (int64_t *)idx->data, t.x = (const uint8_t *)x->data;
    t.starts = (const int64_t *)starts->data;
    t.size = td_numel(x), t.chunk = chunk, t.ndim = x->ndim;
    t.count = idx->shape[0], t.row = idx->stride[0], t.column = idx->stride[1];
    for (int axis = 0; axis < x->ndim; axis++) t.shape[axis] = x->shape[axis];
    return td_launch("nonzero", places_kernel, td_blocks(td_numel(starts) - 1, 1), THREADS, 0, t);
}
