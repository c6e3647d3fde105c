/* gemm.cuh — c[m,n] = Σ_k a[m,k] · b[k,n] by tiles: the engine below matmul and the convolutions.
 *
 * A block computes one tile of c and walks along k. Of each step's k it keeps a slab of a and one
 * of b in shared memory; a thread holds ROWS × COLS sums in registers and takes ROWS + COLS numbers
 * out of the slabs for ROWS · COLS multiply-adds, so the arithmetic and not the memory is busy.
 * While one slab is multiplied, the numbers of the next are on their way from memory to registers;
 * each slab exists twice, so a step needs one barrier only.
 *
 * What a, b and c are in memory is their own affair. An operand has a `loader`, which sees it as
 * [along, depth], along being m or n and depth being k:
 *     struct shared                     the tables it keeps in shared memory
 *     loader(operand, shared, span)
 *     prepare(step)                     writes the tables of a step; read after the next barrier
 *     fetch(step)                       memory → registers, zeros outside the span
 *     put(slab)                         registers → shared memory
 * The output says where the columns of c lie and what is done to a finished sum (gemm_output.cuh).
 */
#ifndef TD_GEMM_CUH
#define TD_GEMM_CUH

#include "axes.cuh"
#include "gemm_output.cuh"

/* A tile of c, its steps along k, and a thread's share. Lanes of a warp stand 4 rows × 8 columns,
 * and each takes packs of 16 bytes, 4 (8) packs apart: a warp's reads of a slab touch every bank
 * once. */
template <class T_, int M_, int N_, int K_, int ROWS_, int COLS_, int RESIDENT_> struct td_tile {
    using T = T_;
    static constexpr int M = M_, N = N_, K = K_, ROWS = ROWS_, COLS = COLS_;
    static constexpr int V = 16 / sizeof(T), ROW_LANES = 4, COL_LANES = 8;
    static constexpr int THREADS = (M / ROWS) * (N / COLS), WARPS_ACROSS = N / (COL_LANES * COLS);
    static constexpr int RESIDENT = RESIDENT_; /* blocks that shall fit on one multiprocessor */
};

/* A row's few extra elements spread the columns over the banks and keep rows 16-byte aligned. */
template <class T, int ALONG, int DEPTH> struct alignas(16) td_slab {
    T at[DEPTH][ALONG + 16 / sizeof(T)];
};

/* What a block sees of an operand: one matrix of the batch, [first, along) × [begin, end). */
struct td_span {
    int64_t matrix, first, along, begin, end;
};

/* The packs of V elements a thread carries of a slab, side by side along depth or `along`. */
template <int ALONG, int DEPTH, int THREADS, int V, bool DEPTH_FIRST> struct td_share {
    static constexpr int INNER = (DEPTH_FIRST ? DEPTH : ALONG) / V, STEP = THREADS / INNER;
    static constexpr int PACKS = ALONG * DEPTH / V / THREADS;
    static_assert(THREADS % INNER == 0 && PACKS * V * THREADS == ALONG * DEPTH, "");

    static __device__ __forceinline__ int inner() { return (int)threadIdx.x % INNER * V; }
    static __device__ __forceinline__ int outer(int i)
    {
        return (int)threadIdx.x / INNER + i * STEP;
    }
    static __device__ __forceinline__ int along(int i) { return DEPTH_FIRST ? outer(i) : inner(); }
    static __device__ __forceinline__ int depth(int i) { return DEPTH_FIRST ? inner() : outer(i); }

    template <class T>
    static __device__ __forceinline__ void put(td_slab<T, ALONG, DEPTH> &slab,
                                               const td_pack<T, V> (&pack)[PACKS])
    {
        TD_UNROLL
        for (int i = 0; i < PACKS; i++) {
            if constexpr (DEPTH_FIRST) {
                TD_UNROLL
                for (int j = 0; j < V; j++) slab.at[depth(i) + j][along(i)] = pack[i].at[j];
            } else {
                td_store(&slab.at[depth(i)][along(i)], pack[i]);
            }
        }
    }
};

/* --- one step --------------------------------------------------------------------------------- */

/* Where a thread's sums begin in the tile; row i is 4·V·(i / V) + i % V further down. */
template <class Tile> struct td_corner {
    int row, col;
    __device__ __forceinline__ td_corner()
    {
        const int lane = (int)threadIdx.x % TD_WARP, warp = (int)threadIdx.x / TD_WARP;
        row = warp / Tile::WARPS_ACROSS * (Tile::ROW_LANES * Tile::ROWS) +
              lane / Tile::COL_LANES * Tile::V;
        col = warp % Tile::WARPS_ACROSS * (Tile::COL_LANES * Tile::COLS) +
              lane % Tile::COL_LANES * Tile::V;
    }
};

/* sum += a slab of a times one of b */
template <class Tile, class T = typename Tile::T>
__device__ __forceinline__ void td_multiply(T (&sum)[Tile::ROWS][Tile::COLS],
                                            const td_slab<T, Tile::M, Tile::K> &a,
                                            const td_slab<T, Tile::N, Tile::K> &b,
                                            const td_corner<Tile> &mine)
{
    constexpr int V = Tile::V;
    /* wholly unrolled, this would want more registers than there are */
    TD_UNROLL_PAIRS
    for (int k = 0; k < Tile::K; k++) {
        td_pack<T, V> x[Tile::ROWS / V], y[Tile::COLS / V];
        TD_UNROLL
        for (int g = 0; g < Tile::ROWS / V; g++)
            x[g] = td_load<V>(&a.at[k][mine.row + g * Tile::ROW_LANES * V]);
        TD_UNROLL
        for (int g = 0; g < Tile::COLS / V; g++)
            y[g] = td_load<V>(&b.at[k][mine.col + g * Tile::COL_LANES * V]);
        TD_UNROLL
        for (int i = 0; i < Tile::ROWS; i++) {
            TD_UNROLL
            for (int j = 0; j < Tile::COLS; j++)
                sum[i][j] += x[i / V].at[i % V] * y[j / V].at[j % V];
        }
    }
}

/* --- the kernel ------------------------------------------------------------------------------- */

template <class A, class B, class Output> struct td_product {
    A a;
    B b;
    Output c;
    int64_t m, n, k;
    int64_t depth;         /* of k that one block sums up: a multiple of the tile's K */
    unsigned down, across; /* tiles */
};

/* Blocks: x counts tiles of all matrices, down first (neighbours share columns of b); y is which
 * part of k. */
template <class Tile, class A, class B, class Output>
static __global__ void __launch_bounds__(Tile::THREADS, Tile::RESIDENT)
    td_gemm_kernel(const __grid_constant__ td_product<A, B, Output> p)
{
    using T = typename Tile::T;
    using load_a = typename A::template loader<Tile::M, Tile::K, Tile::THREADS>;
    using load_b = typename B::template loader<Tile::N, Tile::K, Tile::THREADS>;
    __shared__ td_slab<T, Tile::M, Tile::K> a_slab[2];
    __shared__ td_slab<T, Tile::N, Tile::K> b_slab[2];
    __shared__ typename load_a::shared a_tables;
    __shared__ typename load_b::shared b_tables;

    const unsigned above = blockIdx.x / p.down, matrix = above / p.across;
    const unsigned row = blockIdx.x - above * p.down, column = above - matrix * p.across;
    const int64_t begin = blockIdx.y * p.depth, end = TD_MIN(p.k, begin + p.depth);
    const int steps = (int)TD_CEIL_DIV(end - begin, (int64_t)Tile::K);

    load_a a(p.a, a_tables, {matrix, (int64_t)row * Tile::M, p.m, begin, end});
    load_b b(p.b, b_tables, {matrix, (int64_t)column * Tile::N, p.n, begin, end});
    a.prepare(0);
    b.prepare(0);
    __syncthreads();
    a.fetch(0);
    b.fetch(0);
    a.prepare(1);
    b.prepare(1);
    a.put(a_slab[0]);
    b.put(b_slab[0]);
    __syncthreads();

    T sum[Tile::ROWS][Tile::COLS] = {};
    const td_corner<Tile> mine;
    for (int step = 0; step < steps; step++) {
        const int now = step & 1;
        const bool more = step + 1 < steps;
        if (more) {
            a.fetch(step + 1);
            b.fetch(step + 1);
            a.prepare(step + 2);
            b.prepare(step + 2);
        }
        td_multiply<Tile>(sum, a_slab[now], b_slab[now], mine);
        if (more) {
            a.put(a_slab[1 - now]);
            b.put(b_slab[1 - now]);
        }
        __syncthreads();
    }

    const Output c = p.c.at(blockIdx.y, matrix);
    td_put_tile<Tile>(c, sum, (int64_t)row * Tile::M + mine.row,
                      (int64_t)column * Tile::N + mine.col, p.m, p.n);
}

#endif
