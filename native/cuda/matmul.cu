/* matmul.cu — y[…,m,n] = a[…,m,k] · b[…,k,n] (+ bias[n]), a and b of any strides.
 *
 * An operand is read along the axis it is contiguous on, 16 bytes at a time where sizes and
 * addresses allow; transposes cost nothing, since the slabs in shared memory turn them around
 * (gemm.cuh). Batch axes that b does not have are folded into m: a linear layer over x[n,t,c] is
 * one product.
 */
#include "gemm_plan.cuh"
#include "matmul.h"
#include "matmul_integers.cuh"

/* --- an operand ------------------------------------------------------------------------------- */

/* Element (along, depth) of matrix number i lies at batch(i) + along·a + depth·d. */
template <class T> struct strided_t {
    const T *data;
    int64_t a, d;
    td_axes<1> batch;
};

template <class T, int V, bool DEPTH_FIRST> struct matrix_t : strided_t<T> {
    template <int ALONG, int DEPTH, int THREADS> struct loader {
        using share = td_share<ALONG, DEPTH, THREADS, V, DEPTH_FIRST>;
        struct shared {};
        const matrix_t &x;
        const T *next;    /* the thread's first pack of the next step */
        int along, depth; /* what the block has of them */
        td_pack<T, V> pack[share::PACKS];

        __device__ __forceinline__ loader(const matrix_t &x, shared &, const td_span &span)
            : x(x), along((int)TD_MIN(span.along - span.first, (int64_t)ALONG)),
              depth((int)(span.end - span.begin))
        {
            int64_t at[1] = {0};
            td_locate(x.batch, span.matrix, at);
            next = x.data + at[0] + (span.first + share::along(0)) * x.a +
                   (span.begin + share::depth(0)) * x.d;
        }
        __device__ __forceinline__ void prepare(int) {}
        __device__ __forceinline__ void fetch(int step)
        {
            const T *p = next;
            TD_UNROLL
            for (int i = 0; i < share::PACKS; i++, p += (DEPTH_FIRST ? x.a : x.d) * share::STEP) {
                pack[i] = {};
                if (share::along(i) < along && share::depth(i) < depth - step * DEPTH)
                    pack[i] = td_load<V>(p);
            }
            next += x.d * DEPTH;
        }
        __device__ __forceinline__ void put(td_slab<T, ALONG, DEPTH> &slab)
        {
            share::put(slab, pack);
        }
    };
};

/* Does an operand run along depth rather than along the other axis? */
template <class T> static bool depth_first(const strided_t<T> &x, int64_t along)
{
    return along == 1 || td_abs64(x.d) < td_abs64(x.a);
}

/* Do its rows consist of whole, aligned packs of 16 bytes? */
template <class T> static bool packs_fit(const strided_t<T> &x, int64_t along, int64_t depth)
{
    const int64_t V = 16 / sizeof(T);
    const bool first = depth_first(x, along);
    bool fit = (first ? x.d : x.a) == 1 && (first ? x.a : x.d) % V == 0 &&
               (first ? depth : along) % V == 0 && (uintptr_t)x.data % 16 == 0;
    for (int axis = 0; axis < x.batch.ndim; axis++) fit &= x.batch.stride[axis][0] % V == 0;
    return fit;
}

/* --- which kernel ----------------------------------------------------------------------------- */

template <class T> struct matmul_t {
    td_shape shape;
    td_plan plan;
    strided_t<T> a, b;
    td_rows<T> y;
};

template <class Tile, int V, bool A_DEPTH, bool B_DEPTH, class T>
static td_status launch(const matmul_t<T> &p)
{
    return td_run_gemm<Tile>("matmul", matrix_t<T, V, A_DEPTH>{p.a}, matrix_t<T, V, B_DEPTH>{p.b},
                             p.y, p.shape, p.plan);
}

template <class Tile, int V, class T> static td_status run_directions(const matmul_t<T> &p)
{
    if (depth_first(p.a, p.shape.m))
        return depth_first(p.b, p.shape.n) ? launch<Tile, V, true, true>(p)
                                           : launch<Tile, V, true, false>(p);
    return depth_first(p.b, p.shape.n) ? launch<Tile, V, false, true>(p)
                                       : launch<Tile, V, false, false>(p);
}

template <class Tile, class T> static td_status run_tile(const matmul_t<T> &p)
{
    const td_shape &s = p.shape;
    if (packs_fit(p.a, s.m, s.k) && packs_fit(p.b, s.n, s.k))
        return run_directions<Tile, Tile::V>(p);
    return run_directions<Tile, 1>(p);
}

using large_f32 = td_tile<float, 128, 128, 8, 8, 8, 2>;
using medium_f32 = td_tile<float, 64, 64, 16, 8, 4, 4>;
using small_f32 = td_tile<float, 32, 32, 16, 4, 4, 8>;
using medium_f64 = td_tile<double, 64, 64, 16, 4, 4, 2>;
using small_f64 = td_tile<double, 32, 32, 16, 4, 4, 4>;

/* Kernels for tensor cores go here, before the tiles, by compute capability. */
static td_status run(matmul_t<float> &p)
{
    static const td_offer tiles[] = {td_offer_of<large_f32>(8), td_offer_of<medium_f32>(5),
                                     td_offer_of<small_f32>(2)};
    p.plan = td_plan_gemm(tiles, 3, &p.shape);
    if (p.plan.tile == 0) return run_tile<large_f32>(p);
    return p.plan.tile == 1 ? run_tile<medium_f32>(p) : run_tile<small_f32>(p);
}

static td_status run(matmul_t<double> &p)
{
    static const td_offer tiles[] = {td_offer_of<medium_f64>(6), td_offer_of<small_f64>(3)};
    p.plan = td_plan_gemm(tiles, 2, &p.shape);
    return p.plan.tile == 0 ? run_tile<medium_f64>(p) : run_tile<small_f64>(p);
}

/* --- the product ------------------------------------------------------------------------------ */

/* The axes of the batch as operand k sees them. */
static td_axes<1> batch_of(const td_walk *w, int k)
{
    td_axes<1> batch = {};
    batch.ndim = w->ndim;
    for (int axis = 0; axis < w->ndim; axis++) {
        batch.size[axis] = td_divide_by(w->shape[axis]);
        batch.stride[axis][0] = w->stride[k][axis];
    }
    return batch;
}

template <class T>
static td_status matmul(const td_tensor *y, const td_tensor *a, const td_tensor *b, const T *bias)
{
    const int row = y->ndim - 2, col = y->ndim - 1;
    td_tensor outer[] = {*y, *a, *b};
    for (td_tensor &x : outer) x.ndim -= 2;
    const td_tensor *const operand[] = {&outer[0], &outer[1], &outer[2]};
    td_walk w;
    TD_TRY(td_walk_init(&w, operand, 3));

    const int64_t m = y->shape[row], n = y->shape[col], k = a->shape[col];
    const bool packed = n % (16 / sizeof(T)) == 0 && (uintptr_t)y->data % 16 == 0;
    matmul_t<T> p = {{w.size, m, n, k},
                     {},
                     {(const T *)a->data, a->stride[row], a->stride[col], batch_of(&w, 1)},
                     {(const T *)b->data, b->stride[col], b->stride[row], batch_of(&w, 2)},
                     {(T *)y->data, 0, m * n, n, bias, packed}};
    return run(p);
}

td_status td_matmul(td_tensor *y, const td_tensor *a, const td_tensor *b, const td_tensor *bias)
{
    TD_TRY(td_check_matmul(y, a, b, bias));
    if (a->dtype == TD_BF16) return td_fail(TD_EDTYPE, "matmul has no kernel for bf16");
    if (td_numel(y) == 0) return TD_OK;
    td_tensor folded_y = *y, folded_a = *a, folded_b = *b;
    while (td_fold_batch(&folded_y, &folded_a, &folded_b)) {}
    const void *add = bias ? bias->data : NULL;
    switch (y->dtype) {
    case TD_F32: return matmul(&folded_y, &folded_a, &folded_b, (const float *)add);
    case TD_F64: return matmul(&folded_y, &folded_a, &folded_b, (const double *)add);
    case TD_I64: return td_matmul_integers<int64_t>(y, a, b, bias);
    case TD_I32: return td_matmul_integers<int32_t>(y, a, b, bias);
    case TD_I16: return td_matmul_integers<int16_t>(y, a, b, bias);
    case TD_I8: return td_matmul_integers<int8_t>(y, a, b, bias);
    default: return td_matmul_integers<uint8_t>(y, a, b, bias);
    }
}

td_status td_matmul_split(td_tensor *y, const td_tensor *a, const td_tensor *b,
                          const td_tensor *bias, int64_t)
{
    return td_matmul(y, a, b, bias);
}
