/* sort.cu — x[rows, n] → the first k of each row in order, and where they were.
 *
 * Numbers become unsigned keys (common/sort.h) in pairs with their places. No two pairs are equal,
 * so there is only one order, which is the stable one:
 *
 *   tile_kernel    tiles of up to TILE pairs, sorted in shared memory by a bitonic network: a fixed
 *                  sequence of exchanges, whatever the numbers are
 *   merge_kernel   two neighbouring sorted runs become one: a thread takes a pair, and a binary
 *                  search in the other run tells how many go before it
 *   take_kernel    the first k pairs of each row become values and places
 */
#include "launch.cuh"
#include "sort.h"

enum { THREADS = 256, TILE = 512 };

template <class K> struct pair_t {
    K key, place;
    __device__ bool before(const pair_t &b) const
    {
        return key < b.key || (key == b.key && place < b.place);
    }
};

__device__ __forceinline__ uint32_t key_of(float x) { return td_key_f32(x); }
__device__ __forceinline__ uint64_t key_of(double x) { return td_key_f64(x); }
__device__ __forceinline__ uint64_t key_of(int64_t x) { return td_key_i64(x); }
__device__ __forceinline__ uint32_t key_of(int32_t x) { return td_key_i32(x); }
__device__ __forceinline__ uint32_t key_of(int16_t x) { return td_key_i16(x); }
__device__ __forceinline__ uint32_t key_of(int8_t x) { return td_key_i8(x); }
__device__ __forceinline__ uint32_t key_of(uint8_t x) { return td_key_u8(x); }

/* Each row is cut into `tiles` of `width` elements, a power of two; a block sorts TILE / width. */
template <class T, class K>
__global__ void __launch_bounds__(THREADS)
    tile_kernel(pair_t<K> *sorted, const T *x, td_rows plan, int64_t tiles, int width, K turn)
{
    __shared__ pair_t<K> shared[TILE];
    for (int e = threadIdx.x; e < TILE; e += THREADS) {
        const int64_t tile = (int64_t)blockIdx.x * (TILE / width) + e / width, row = tile / tiles;
        const int64_t i = tile % tiles * width + e % width;
        pair_t<K> p = {(K)-1, (K)-1}; /* above all, so what fills a tile stays at its end */
        if (row < plan.rows && i < plan.n) p = {(K)(key_of(x[row * plan.n + i]) ^ turn), (K)i};
        shared[e] = p;
    }
    for (int size = 2; size <= width; size *= 2)
        for (int apart = size / 2; apart > 0; apart /= 2) {
            __syncthreads();
            for (int k = threadIdx.x; k < TILE / 2; k += THREADS) {
                const int low = k / apart * 2 * apart + k % apart, high = low + apart;
                const bool rising = (low % width & size) == 0;
                const pair_t<K> a = shared[low], b = shared[high];
                if (b.before(a) == rising) shared[low] = b, shared[high] = a;
            }
        }
    __syncthreads();
    for (int e = threadIdx.x; e < TILE; e += THREADS) {
        const int64_t tile = (int64_t)blockIdx.x * (TILE / width) + e / width, row = tile / tiles;
        const int64_t i = tile % tiles * width + e % width;
        if (row < plan.rows && i < plan.n) sorted[row * plan.n + i] = shared[e];
    }
}

template <class K>
__global__ void __launch_bounds__(THREADS)
    merge_kernel(pair_t<K> *to, const pair_t<K> *from, td_rows plan, int64_t run)
{
    const int64_t at = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (at >= plan.rows * plan.n) return;
    const int64_t i = at % plan.n, row = at - i, own = i / run * run;
    const int64_t pair = i / (2 * run) * 2 * run;         /* where the two runs begin */
    const int64_t other = own == pair ? own + run : pair; /* the run this is not in */
    const int64_t start = TD_MIN(other, plan.n), end = TD_MIN(other + run, plan.n);
    const pair_t<K> mine = from[at];
    int64_t low = start, high = end;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (from[row + middle].before(mine))
            low = middle + 1;
        else
            high = middle;
    }
    to[row + pair + (i - own) + (low - start)] = mine;
}

template <class T, class K>
__global__ void __launch_bounds__(THREADS)
    take_kernel(T *values, int64_t *idx, const pair_t<K> *sorted, const T *x, td_rows plan)
{
    const int64_t at = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (at >= plan.rows * plan.m) return;
    const int64_t start = at / plan.m * plan.n, place = (int64_t)sorted[start + at % plan.m].place;
    if (values) values[at] = x[start + place];
    if (idx) idx[at] = place;
}

template <class T, class K>
static td_status sort(td_tensor *values, td_tensor *idx, const td_tensor *x, const td_rows &plan,
                      bool descending)
{
    const int64_t size = plan.rows * plan.n;
    if (size == 0) return TD_OK;
    pair_t<K> *from = (pair_t<K> *)td_scratch(2 * (size_t)size * sizeof *from);
    if (!from) return td_fail(TD_ENOMEM, "sort: no memory for %lld elements", (long long)size);
    pair_t<K> *to = from + size;
    int width = 1;
    while (width < TILE && width < plan.n) width *= 2;
    const int64_t tiles = TD_CEIL_DIV(plan.n, width);
    const T *elements = (const T *)x->data;
    TD_TRY(td_launch("sort", tile_kernel<T, K>, td_blocks(plan.rows * tiles, TILE / width), THREADS,
                     0, from, elements, plan, tiles, width, descending ? (K)-1 : (K)0));
    for (int64_t run = width; run < plan.n; run *= 2) {
        TD_TRY(td_launch("sort", merge_kernel<K>, td_blocks(size, THREADS), THREADS, 0, to, from,
                         plan, run));
        std::swap(from, to);
    }
    T *first = values ? (T *)values->data : NULL;
    int64_t *places = idx ? (int64_t *)idx->data : NULL;
    return td_launch("sort", take_kernel<T, K>, td_blocks(plan.rows * plan.m, THREADS), THREADS, 0,
                     first, places, from, elements, plan);
}

td_status td_sort(td_tensor *values, td_tensor *idx, const td_tensor *x, int32_t descending)
{
    td_rows plan;
    TD_TRY(td_plan_sort(&plan, values, idx, x));
    switch (x->dtype) {
    case TD_F32: return sort<float, uint32_t>(values, idx, x, plan, descending);
    case TD_F64: return sort<double, uint64_t>(values, idx, x, plan, descending);
    case TD_I64: return sort<int64_t, uint64_t>(values, idx, x, plan, descending);
    case TD_I32: return sort<int32_t, uint32_t>(values, idx, x, plan, descending);
    case TD_I16: return sort<int16_t, uint32_t>(values, idx, x, plan, descending);
    case TD_I8: return sort<int8_t, uint32_t>(values, idx, x, plan, descending);
    case TD_U8:
    case TD_BOOL: return sort<uint8_t, uint32_t>(values, idx, x, plan, descending);
    default: return td_fail(TD_EDTYPE, "sort has no kernel for %s", td_dtype_name(x->dtype));
    }
}
