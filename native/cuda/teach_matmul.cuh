/* teach_matmul.cuh — y[m,n] = a[m,k] · b[k,n] three times, each faster by one idea.
 *
 * The fourth version is gemm.cuh: 16-byte loads, bigger tiles, and the next slab on its way while
 * this one is multiplied.
 */
#ifndef TD_TEACH_MATMUL_CUH
#define TD_TEACH_MATMUL_CUH

#include "teach_operands.cuh"

enum { TD_TEACH_SIDE = 16 }; /* blocks are 16 × 16 threads */

/* 1. A thread computes one element. Every number of a is read n times, of b m times, from far
 * away: two loads for a multiply-add. Neighbouring threads share a row of a and read a row of b. */
template <class T>
static __global__ void __launch_bounds__(TD_TEACH_SIDE *TD_TEACH_SIDE)
    td_matmul_1(T *__restrict__ y, const T *__restrict__ a, const T *__restrict__ b, int64_t m,
                int64_t n, int64_t k)
{
    const int64_t i = (int64_t)blockIdx.y * TD_TEACH_SIDE + threadIdx.y;
    const int64_t j = (int64_t)blockIdx.x * TD_TEACH_SIDE + threadIdx.x;
    if (i >= m || j >= n) return;
    T sum = 0;
    for (int64_t t = 0; t < k; t++) sum += a[i * k + t] * b[t * n + j];
    y[i * n + j] = sum;
}

/* 2. The block first brings a tile of a and one of b to shared memory, which all its threads then
 * read: each number comes from far away 16 times less often. It is still two loads for a
 * multiply-add, but near ones. */
template <class T>
static __global__ void __launch_bounds__(TD_TEACH_SIDE *TD_TEACH_SIDE)
    td_matmul_2(T *__restrict__ y, const T *__restrict__ a, const T *__restrict__ b, int64_t m,
                int64_t n, int64_t k)
{
    constexpr int S = TD_TEACH_SIDE;
    __shared__ T a_tile[S][S], b_tile[S][S];
    const int row = threadIdx.y, col = threadIdx.x;
    const int64_t i = (int64_t)blockIdx.y * S + row, j = (int64_t)blockIdx.x * S + col;
    T sum = 0;
    for (int64_t t = 0; t < k; t += S) {
        a_tile[row][col] = i < m && t + col < k ? a[i * k + t + col] : (T)0;
        b_tile[row][col] = t + row < k && j < n ? b[(t + row) * n + j] : (T)0;
        __syncthreads(); /* the tiles are there */
        TD_UNROLL
        for (int l = 0; l < S; l++) sum += a_tile[row][l] * b_tile[l][col];
        __syncthreads(); /* nobody reads them any more */
    }
    if (i < m && j < n) y[i * n + j] = sum;
}

/* 3. A thread computes 4 × 4 elements, 16 rows and columns apart. It takes 4 numbers of each tile
 * into registers and makes 16 multiply-adds of them: not two near loads for one, but one for two.
 * With tiles four times as long, far memory is read 64 times less often than at first. */
template <class T>
static __global__ void __launch_bounds__(TD_TEACH_SIDE *TD_TEACH_SIDE)
    td_matmul_3(T *__restrict__ y, const T *__restrict__ a, const T *__restrict__ b, int64_t m,
                int64_t n, int64_t k)
{
    constexpr int S = TD_TEACH_SIDE, EACH = 4;
    __shared__ T a_tile[EACH * S][S + 1], b_tile[S][EACH * S];
    const int row = threadIdx.y, col = threadIdx.x;
    const int64_t i0 = (int64_t)blockIdx.y * (EACH * S) + row;
    const int64_t j0 = (int64_t)blockIdx.x * (EACH * S) + col;
    T sum[EACH][EACH] = {};
    for (int64_t t = 0; t < k; t += S) {
        TD_UNROLL
        for (int e = 0; e < EACH; e++) {
            const int64_t i = i0 + e * S, j = j0 + e * S;
            a_tile[row + e * S][col] = i < m && t + col < k ? a[i * k + t + col] : (T)0;
            b_tile[row][col + e * S] = t + row < k && j < n ? b[(t + row) * n + j] : (T)0;
        }
        __syncthreads();
        TD_UNROLL
        for (int l = 0; l < S; l++) {
            T u[EACH], v[EACH];
            TD_UNROLL
            for (int e = 0; e < EACH; e++)
                u[e] = a_tile[row + e * S][l], v[e] = b_tile[l][col + e * S];
            TD_UNROLL
            for (int e = 0; e < EACH; e++) {
                TD_UNROLL
                for (int f = 0; f < EACH; f++) sum[e][f] += u[e] * v[f];
            }
        }
        __syncthreads();
    }
    TD_UNROLL
    for (int e = 0; e < EACH; e++) {
        TD_UNROLL
        for (int f = 0; f < EACH; f++)
            if (i0 + e * S < m && j0 + f * S < n) y[(i0 + e * S) * n + j0 + f * S] = sum[e][f];
    }
}

template <class T>
using td_product_kernel = void (*)(T *, const T *, const T *, int64_t, int64_t, int64_t);

/* Launches one of the three: a block computes `side` rows and columns of y. */
template <class T>
static td_status td_launch_product(td_product_kernel<T> kernel, int side, T *y, const T *a,
                                   const T *b, int64_t m, int64_t n, int64_t k)
{
    if (td_blocks(m, side) > 65535) /* as many as a grid can have along its y axis */
        return td_fail(TD_EINVAL, "teach_matmul: %lld rows are too many", (long long)m);
    return td_launch("teach_matmul", kernel, dim3(td_blocks(n, side), td_blocks(m, side)),
                     dim3(TD_TEACH_SIDE, TD_TEACH_SIDE), 0, y, a, b, m, n, k);
}

#endif
