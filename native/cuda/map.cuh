/* map.cuh — y = f(x), y = f(a, b), y = f(c, a, b) over tensors of any strides, element by element.
 *
 * Where every operand is contiguous or constant along the innermost axis, a thread moves packs of
 * 16 bytes; elsewhere single elements. Either way it first loads all it works on and only then
 * computes, so that several loads are on their way at the same time: that, and not arithmetic, is
 * what these kernels spend their time on. y may be the same memory as an input.
 */
#ifndef TD_MAP_CUH
#define TD_MAP_CUH

#include "axes.cuh"

enum { TD_MAP_THREADS = 256 };

/* Packs a thread works on at the same time. */
template <int V> __host__ __device__ constexpr int td_map_ways() { return V == 1 ? 4 : 2; }

/* Operands 0 (the output) … K−1. The innermost axis counts packs of V elements. */
template <int K> struct td_map {
    char *data[K];
    td_axes<K> axes;
    int64_t packs;    /* in all */
    int64_t tail;     /* elements after the last pack of a single row */
    bool constant[K]; /* along the row */
};

/* Are rows made of packs of V? A single row may have a tail. */
static inline bool td_packs_fit(const td_walk *w, int V)
{
    const int inner = w->ndim - 1;
    if (w->shape[inner] < V || w->stride[0][inner] != 1) return false;
    if (inner > 0 && w->shape[inner] % V) return false;
    for (int k = 0; k < w->count; k++) {
        if (w->stride[k][inner] == 0) continue;
        if (w->stride[k][inner] != 1 || (uintptr_t)w->data[k] % (w->itemsize[k] * V)) return false;
        for (int axis = 0; axis < inner; axis++)
            if (w->stride[k][axis] % V) return false;
    }
    return true;
}

template <int K> static td_map<K> td_plan_map(const td_walk *w, int V)
{
    td_map<K> m = {};
    m.axes = td_axes_of<K>(w, V);
    m.packs = w->size / V;
    m.tail = w->size % V;
    for (int k = 0; k < K; k++) {
        m.data[k] = w->data[k];
        m.constant[k] = w->stride[k][w->ndim - 1] == 0;
    }
    return m;
}

template <int V, class T>
__device__ __forceinline__ td_pack<T, V> td_fetch(const T *x, bool constant)
{
    td_pack<T, V> v;
    if (V == 1 || !constant) {
        v = td_load<V>(x);
    } else {
        TD_UNROLL
        for (int j = 0; j < V; j++) v.at[j] = *x;
    }
    return v;
}

/* The operands' packs at one place. Input 1 is of type A, inputs 2 and 3 of type B. */
template <int V, class A, class B, int K> struct td_operands {
    int64_t at[K];
    td_pack<A, V> a;
    td_pack<B, V> b, c;

    __device__ __forceinline__ void fetch(const td_map<K> &m)
    {
        a = td_fetch<V>((const A *)m.data[1] + at[1], m.constant[1]);
        if constexpr (K > 2) b = td_fetch<V>((const B *)m.data[2] + at[2], m.constant[2]);
        if constexpr (K > 3) c = td_fetch<V>((const B *)m.data[3] + at[3], m.constant[3]);
    }

    template <class Y, class F> __device__ __forceinline__ void put(const td_map<K> &m, F f) const
    {
        td_pack<Y, V> y;
        TD_UNROLL
        for (int j = 0; j < V; j++) {
            if constexpr (K == 2) y.at[j] = (Y)f(a.at[j]);
            if constexpr (K == 3) y.at[j] = (Y)f(a.at[j], b.at[j]);
            if constexpr (K == 4) y.at[j] = (Y)f(a.at[j], b.at[j], c.at[j]);
        }
        td_store((Y *)m.data[0] + at[0], y);
    }
};

template <class F, int V, class Y, class A, class B, int K>
static __global__ void __launch_bounds__(TD_MAP_THREADS)
    td_map_kernel(const __grid_constant__ td_map<K> m, const F f)
{
    constexpr int WAYS = td_map_ways<V>();
    const int64_t first = (int64_t)blockIdx.x * (TD_MAP_THREADS * WAYS) + threadIdx.x;
    td_operands<V, A, B, K> way[WAYS];
    TD_UNROLL
    for (int k = 0; k < WAYS; k++) {
        const int64_t pack = first + k * TD_MAP_THREADS;
        if (pack >= m.packs) continue;
        TD_UNROLL
        for (int i = 0; i < K; i++) way[k].at[i] = 0;
        td_locate(m.axes, pack, way[k].at);
        way[k].fetch(m);
    }
    TD_UNROLL
    for (int k = 0; k < WAYS; k++)
        if (first + k * TD_MAP_THREADS < m.packs) way[k].template put<Y>(m, f);

    if (V > 1 && first < m.tail) {
        td_operands<1, A, B, K> last;
        TD_UNROLL
        for (int i = 0; i < K; i++) last.at[i] = m.constant[i] ? 0 : m.packs * V + first;
        last.fetch(m);
        last.template put<Y>(m, f);
    }
}

template <int V, class Y, class A, class B, int K, class F>
static td_status td_launch_map(const char *op, const td_walk *w, F f)
{
    const unsigned blocks = td_blocks(w->size / V, TD_MAP_THREADS * td_map_ways<V>());
    return td_launch(op, td_map_kernel<F, V, Y, A, B, K>, blocks, TD_MAP_THREADS, 0,
                     td_plan_map<K>(w, V), f);
}

/* A walk of several axes and more elements than td_locate counts goes by halves. Formulas so long
 * that a pack's copies of them would be most of the library are computed one by one. */
template <class Y, class A, class B, int K, bool LONG, class F>
static td_status td_map_walk(const char *op, const td_walk *w, F f)
{
    constexpr int BYTES = TD_MAX(sizeof(Y), TD_MAX(sizeof(A), sizeof(B)));
    /* 16 packed bytes need too many registers */
    constexpr int V = LONG ? 1 : BYTES == 1 ? 8 : 16 / BYTES;
    if (w->ndim > 1 && w->size > INT32_MAX) {
        td_walk first, rest;
        td_walk_halve(w, &first, &rest);
        TD_TRY((td_map_walk<Y, A, B, K, LONG>(op, &first, f)));
        return td_map_walk<Y, A, B, K, LONG>(op, &rest, f);
    }
    return td_packs_fit(w, V) ? td_launch_map<V, Y, A, B, K>(op, w, f)
                              : td_launch_map<1, Y, A, B, K>(op, w, f);
}

/* operand[0] = f(operand[1], …) */
template <class Y, class A, class B, bool LONG = false, int K, class F>
static td_status td_run_map(const char *op, const td_tensor *const (&operand)[K], F f)
{
    td_walk w;
    TD_TRY(td_walk_init(&w, operand, K));
    return td_map_walk<Y, A, B, K, LONG>(op, &w, f);
}

#endif
