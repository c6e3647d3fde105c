/* gemm_output.cuh — what becomes of a finished tile of c[m,n]: where it lies, what is added.
 *
 * An output has
 *     at(part, matrix)     itself, for one part of k and one matrix of the batch
 *     data, row            element (i, j) lies at data + i·row + column(j)
 *     column(j)
 *     packed               16 bytes of neighbours in c are neighbours in memory, and aligned
 *     finish(sum, i, j)    the value to store: the place for a bias, and for an activation
 *     parts(memory, …)     itself, turned into plain rows of partial sums
 */
#ifndef TD_GEMM_OUTPUT_CUH
#define TD_GEMM_OUTPUT_CUH

#include "launch.cuh"

/* c is rows in memory; bias[j] is added to column j. */
template <class T> struct td_rows {
    T *data;
    int64_t part, matrix, row; /* elements from one to the next */
    const T *bias;             /* or NULL */
    bool packed;

    __device__ __forceinline__ td_rows at(int64_t k, int64_t which) const
    {
        td_rows c = *this;
        c.data += k * part + which * matrix;
        return c;
    }
    __device__ __forceinline__ int64_t column(int64_t j) const { return j; }
    __device__ __forceinline__ T finish(T sum, int64_t, int64_t j) const
    {
        return bias ? sum + bias[j] : sum;
    }
    td_rows parts(T *memory, int64_t matrices, int64_t m, int64_t n) const
    {
        return {memory, matrices * m * n, m * n, n, NULL, n % (int64_t)(16 / sizeof(T)) == 0};
    }
};

/* Where row r of a thread's sums lies below their first. */
template <class Tile> __device__ __forceinline__ constexpr int td_row_of(int r)
{
    return r / Tile::V * Tile::V * Tile::ROW_LANES + r % Tile::V;
}

/* A thread's sums, their first at (i0, j0), to where they belong. */
template <class Tile, class Output, class T>
__device__ __forceinline__ void td_put_tile(const Output &c, const T (&sum)[Tile::ROWS][Tile::COLS],
                                            int64_t i0, int64_t j0, int64_t m, int64_t n)
{
    constexpr int V = Tile::V;
    const int rows = (int)TD_MIN(m - i0, (int64_t)Tile::M); /* may be negative: none */
    TD_UNROLL
    for (int g = 0; g < Tile::COLS; g += V) {
        const int64_t j = j0 + g * Tile::COL_LANES;
        if (c.packed) {
            if (j >= n) break;
            T *to = c.data + c.column(j) + i0 * c.row;
            TD_UNROLL
            for (int r = 0; r < Tile::ROWS; r++) {
                if (td_row_of<Tile>(r) >= rows) break;
                td_pack<T, V> values;
                TD_UNROLL
                for (int l = 0; l < V; l++)
                    values.at[l] = c.finish(sum[r][g + l], i0 + td_row_of<Tile>(r), j + l);
                td_store(to + td_row_of<Tile>(r) * c.row, values);
            }
        } else {
            TD_UNROLL
            for (int l = 0; l < V; l++) {
                if (j + l >= n) break;
                T *to = c.data + c.column(j + l) + i0 * c.row;
                TD_UNROLL
                for (int r = 0; r < Tile::ROWS; r++) {
                    if (td_row_of<Tile>(r) >= rows) break;
                    to[td_row_of<Tile>(r) * c.row] =
                        c.finish(sum[r][g + l], i0 + td_row_of<Tile>(r), j + l);
                }
            }
        }
    }
}

/* --- sums over k in parts --------------------------------------------------------------------- */

enum { TD_PARTS_THREADS = 256 };

/* c[·] = finish(Σ partial[part, ·]), first part first: one thread for each element. */
template <class T, class Output>
static __global__ void __launch_bounds__(TD_PARTS_THREADS)
    td_add_parts_kernel(const __grid_constant__ Output c, const T *__restrict__ partial, int parts,
                        int64_t m, int64_t n, int64_t size)
{
    const int64_t element = (int64_t)blockIdx.x * TD_PARTS_THREADS + threadIdx.x;
    if (element >= size) return;
    T sum = 0;
    for (int k = 0; k < parts; k++) sum += partial[k * size + element];
    const unsigned line = (unsigned)element / (unsigned)n; /* size < 2^31: plan_gemm */
    const unsigned matrix = line / (unsigned)m, i = line - matrix * (unsigned)m;
    const unsigned j = (unsigned)element - line * (unsigned)n;
    const Output mine = c.at(0, matrix);
    mine.data[i * mine.row + mine.column(j)] = mine.finish(sum, i, j);
}

#endif
