/* teach_elementwise.cu — y = a + b three times, each faster by one idea; the fourth is map.cuh.
 *
 * There is one addition for three accesses to memory, so how fast memory is read is all there is
 * to it. Memory comes in sectors of 32 bytes: a warp's 32 loads should need as few as possible.
 */
#include "launch.cuh"
#include "teach.h"

enum { THREADS = 256, STRETCH = 32 };

/* 1. A thread adds a stretch of neighbouring elements, as a CPU's would. At each step the threads
 * of a warp are STRETCH elements apart: every load needs a sector of its own. */
template <class T>
static __global__ void __launch_bounds__(THREADS) add_1(T *y, const T *a, const T *b, int64_t n)
{
    const int64_t first = ((int64_t)blockIdx.x * THREADS + threadIdx.x) * STRETCH;
    for (int64_t i = first; i < first + STRETCH && i < n; i++) y[i] = a[i] + b[i];
}

/* 2. A thread adds one element: the warp's loads lie side by side and share sectors, so memory is
 * read once, and as a whole. */
template <class T>
static __global__ void __launch_bounds__(THREADS) add_2(T *y, const T *a, const T *b, int64_t n)
{
    const int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) y[i] = a[i] + b[i];
}

/* 3. A thread adds 16 bytes of elements: as many sectors, but a quarter of the instructions, and
 * four times as much under way. n is a multiple of V here. */
template <class T, int V>
static __global__ void __launch_bounds__(THREADS) add_3(T *y, const T *a, const T *b, int64_t n)
{
    const int64_t i = ((int64_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (i >= n) return;
    td_pack<T, V> u = td_load<V>(a + i);
    const td_pack<T, V> v = td_load<V>(b + i);
    TD_UNROLL
    for (int j = 0; j < V; j++) u.at[j] += v.at[j];
    td_store(y + i, u);
}

template <class T>
static td_status teach(td_tensor *y, const td_tensor *a, const td_tensor *b, int version)
{
    constexpr int V = 16 / sizeof(T);
    const char *op = "teach_add";
    const int64_t n = td_numel(y);
    T *to = (T *)y->data;
    const T *x = (const T *)a->data, *w = (const T *)b->data;
    switch (version) {
    case 1:
        return td_launch(op, add_1<T>, td_blocks(n, THREADS * STRETCH), THREADS, 0, to, x, w, n);
    case 2: return td_launch(op, add_2<T>, td_blocks(n, THREADS), THREADS, 0, to, x, w, n);
    case 3:
        if (n % V || ((uintptr_t)to | (uintptr_t)x | (uintptr_t)w) % 16)
            return td_fail(TD_EINVAL, "teach_add 3: needs whole, aligned packs of %d elements", V);
        return td_launch(op, add_3<T, V>, td_blocks(n, THREADS * V), THREADS, 0, to, x, w, n);
    case 4: return td_add(y, a, b);
    default: return td_fail(TD_EINVAL, "teach_add has versions 1 to 4, not %d", version);
    }
}

td_status td_teach_add(td_tensor *y, const td_tensor *a, const td_tensor *b, int32_t version)
{
    switch (y->dtype) {
    case TD_F32: return teach<float>(y, a, b, version);
    case TD_F64: return teach<double>(y, a, b, version);
    default: return td_fail(TD_EDTYPE, "teach_add has no kernel for %s", td_dtype_name(y->dtype));
    }
}
