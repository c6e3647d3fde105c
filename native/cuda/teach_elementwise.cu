/* teach_elementwise.cu — y = a + b three times, each faster by one idea; the fourth is map.cuh.
 *
 * There is one addition for three accesses to memory, so how fast memory is read is all there is
 * to it. Memory comes in sectors of 32 bytes: a warp's 32 loads should need as few as possible.
 */
#include "teach_operands.cuh"

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

/* 3. A thread adds V elements, 16 bytes of them: as many sectors, but a quarter of the
 * instructions, and four times as much under way. The last thread may have less than a pack. */
template <class T, int V>
static __global__ void __launch_bounds__(THREADS) add_3(T *y, const T *a, const T *b, int64_t n)
{
    const int64_t first = ((int64_t)blockIdx.x * THREADS + threadIdx.x) * V;
    if (first + V <= n) {
        td_pack<T, V> u = td_load<V>(a + first);
        const td_pack<T, V> v = td_load<V>(b + first);
        TD_UNROLL
        for (int j = 0; j < V; j++) u.at[j] += v.at[j];
        td_store(y + first, u);
    } else {
        for (int64_t i = first; i < n; i++) y[i] = a[i] + b[i];
    }
}

template <class T>
static td_status teach(td_tensor *y, const td_tensor *a, const td_tensor *b, int version)
{
    constexpr int V = 16 / sizeof(T);
    const char *op = "teach_add";
    const int64_t n = td_numel(y);
    T *to = (T *)y->data;
    const T *u = (const T *)a->data, *v = (const T *)b->data;
    switch (version) {
    case 1:
        return td_launch(op, add_1<T>, td_blocks(n, THREADS * STRETCH), THREADS, 0, to, u, v, n);
    case 2: return td_launch(op, add_2<T>, td_blocks(n, THREADS), THREADS, 0, to, u, v, n);
    case 3:
        if (((uintptr_t)to | (uintptr_t)u | (uintptr_t)v) % 16)
            return td_fail(TD_EINVAL, "teach_add 3: operands must begin at multiples of 16 bytes");
        return td_launch(op, add_3<T, V>, td_blocks(n, THREADS * V), THREADS, 0, to, u, v, n);
    case 4: return td_add(y, a, b);
    default: return td_no_version(op, 4, version);
    }
}

td_status td_teach_add(td_tensor *y, const td_tensor *a, const td_tensor *b, int32_t version)
{
    TD_TRY(td_teach_operands("teach_add", {y, a, b}));
    if (td_numel(a) != td_numel(y) || td_numel(b) != td_numel(y))
        return td_fail(TD_EINVAL, "teach_add: y, a and b must be of one shape");
    return y->dtype == TD_F32 ? teach<float>(y, a, b, version) : teach<double>(y, a, b, version);
}
