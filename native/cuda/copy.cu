/* copy.cu — y = x for any strides and dtypes, and y = c ? a : b: moving values, no arithmetic.
 *
 * Copies of one dtype move bits, so they come in three sizes. Where x runs along another axis than
 * y, as in a transpose, a block takes a tile through shared memory: it reads along x's direction
 * and writes along y's, and both ways whole cache lines are used. The tile's rows are one element
 * longer than they need be, so that its columns lie in different banks.
 */
#include <type_traits>

#include "half.h"
#include "map.cuh"
#include "transpose.h"

enum { TILE = 32, TILE_ROWS = 8 /* that a block moves at a time */ };

/* --- transposes ------------------------------------------------------------------------------- */

template <class T> struct tiles_t {
    T *y;
    const T *x;
    td_axes<2> outer;
    int64_t rows, columns, y_row, x_column;
    td_divisor down, across; /* tiles */
};

template <class T>
__global__ void __launch_bounds__(TILE *TILE_ROWS)
    transpose_kernel(const __grid_constant__ tiles_t<T> t)
{
    __shared__ T tile[TILE][TILE + 1];
    const uint32_t above = td_divide(blockIdx.x, t.across), plane = td_divide(above, t.down);
    const int64_t i0 = (int64_t)(above - plane * t.down.size) * TILE;
    const int64_t j0 = (int64_t)(blockIdx.x - above * t.across.size) * TILE;
    int64_t at[2] = {0, 0};
    td_locate(t.outer, plane, at);

    const T *x = t.x + at[1] + i0 + threadIdx.x;
    TD_UNROLL
    for (int k = threadIdx.y; k < TILE; k += TILE_ROWS)
        if (i0 + threadIdx.x < t.rows && j0 + k < t.columns)
            tile[k][threadIdx.x] = x[(j0 + k) * t.x_column];
    __syncthreads();
    T *y = t.y + at[0] + j0 + threadIdx.x;
    TD_UNROLL
    for (int k = threadIdx.y; k < TILE; k += TILE_ROWS)
        if (j0 + threadIdx.x < t.columns && i0 + k < t.rows)
            y[(i0 + k) * t.y_row] = tile[threadIdx.x][k];
}

template <class T> static td_status transpose(const td_transpose *plan)
{
    const td_walk *w = &plan->outer;
    tiles_t<T> t = {(T *)w->data[0], (const T *)w->data[1], {}, plan->rows, plan->columns,
                    plan->y_row,     plan->x_column,        {}, {}};
    const int64_t down = TD_CEIL_DIV(t.rows, TILE), across = TD_CEIL_DIV(t.columns, TILE);
    t.down = td_divide_by(down), t.across = td_divide_by(across);
    t.outer = td_axes_of<2>(w);
    return td_launch("copy", transpose_kernel<T>, td_blocks(w->size * down * across, 1),
                     dim3(TILE, TILE_ROWS), 0, t);
}

/* --- copies ----------------------------------------------------------------------------------- */

struct as_is {
    template <class T> __device__ __forceinline__ T operator()(T v) const { return v; }
};

/* What a half means, as a float; numbers mean themselves. */
struct f16 {
    uint16_t bits;
};
struct bf16 {
    uint16_t bits;
};
template <class T> __device__ __forceinline__ T number(T v) { return v; }
__device__ __forceinline__ float number(f16 v) { return td_from_f16(v.bits); }
__device__ __forceinline__ float number(bf16 v) { return td_from_bf16(v.bits); }

/* A float outside the integer's range has no integer value: pin it, and NaN to 0, so that the
 * result is the same on every machine. Narrower integers go through i64, wrapping as NumPy does. */
__device__ __forceinline__ int64_t whole(double v)
{
    return v >= 0x1p63 ? INT64_MAX : v <= -0x1p63 ? INT64_MIN : v != v ? 0 : (int64_t)v;
}
__device__ __forceinline__ int64_t whole(float v)
{
    return v >= 0x1p63f ? INT64_MAX : v <= -0x1p63f ? INT64_MIN : v != v ? 0 : (int64_t)v;
}
template <class T> __device__ __forceinline__ T whole(T v) { return v; }

/* A float that halves can be rounded from. */
__device__ __forceinline__ float odd(float v) { return v; }
__device__ __forceinline__ float odd(double v) { return td_odd_f64(v); }
template <class T> __device__ __forceinline__ float odd(T v) { return td_odd_i64(v); }

struct to_real {
    template <class T> __device__ __forceinline__ auto operator()(T v) const { return number(v); }
};
struct to_integer {
    template <class T> __device__ __forceinline__ auto operator()(T v) const
    {
        return whole(number(v));
    }
};
struct to_bool {
    template <class T> __device__ __forceinline__ bool operator()(T v) const
    {
        return number(v) != 0;
    }
};
struct to_f16 {
    template <class T> __device__ __forceinline__ f16 operator()(T v) const
    {
        return {td_to_f16(odd(number(v)))};
    }
};
struct to_bf16 {
    template <class T> __device__ __forceinline__ bf16 operator()(T v) const
    {
        return {td_to_bf16(odd(number(v)))};
    }
};

/* y = f(x) where the dtypes differ; a uint8_t alone may be a bool on one side. */
template <class Y, class X, class F>
static td_status turn(const td_tensor *const (&operand)[2], F f)
{
    if constexpr (std::is_same<Y, X>::value && !std::is_same<X, uint8_t>::value)
        return TD_OK; /* no kernels for these: td_copy has moved them */
    else
        return td_run_map<Y, X, X>("copy", operand, f);
}

template <class X> static td_status convert(const td_tensor *const (&operand)[2])
{
    switch (operand[0]->dtype) {
    case TD_F32: return turn<float, X>(operand, to_real());
    case TD_F64: return turn<double, X>(operand, to_real());
    case TD_I64: return turn<int64_t, X>(operand, to_integer());
    case TD_I32: return turn<int32_t, X>(operand, to_integer());
    case TD_I16: return turn<int16_t, X>(operand, to_integer());
    case TD_I8: return turn<int8_t, X>(operand, to_integer());
    case TD_U8: return turn<uint8_t, X>(operand, to_integer());
    case TD_F16: return turn<f16, X>(operand, to_f16());
    case TD_BF16: return turn<bf16, X>(operand, to_bf16());
    default: return turn<uint8_t, X>(operand, to_bool());
    }
}

template <class T> static td_status move(const td_tensor *const (&operand)[2])
{
    td_transpose plan;
    if (td_plan_transpose(&plan, operand[0], operand[1], TILE / 2)) return transpose<T>(&plan);
    return td_run_map<T, T, T>("copy", operand, as_is());
}

td_status td_copy(td_tensor *y, const td_tensor *x)
{
    if (x->dtype < 0 || x->dtype >= TD_NUM_DTYPES || y->dtype < 0 || y->dtype >= TD_NUM_DTYPES)
        return td_fail(TD_EDTYPE, "copy: no such dtype");
    const td_tensor *const operand[] = {y, x};
    if (x->dtype == y->dtype) switch (td_itemsize(x->dtype)) {
        case 8: return move<uint64_t>(operand);
        case 4: return move<uint32_t>(operand);
        case 2: return move<uint16_t>(operand);
        default: return move<uint8_t>(operand);
        }
    switch (x->dtype) {
    case TD_F32: return convert<float>(operand);
    case TD_F64: return convert<double>(operand);
    case TD_I64: return convert<int64_t>(operand);
    case TD_I32: return convert<int32_t>(operand);
    case TD_I16: return convert<int16_t>(operand);
    case TD_I8: return convert<int8_t>(operand);
    case TD_F16: return convert<f16>(operand);
    case TD_BF16: return convert<bf16>(operand);
    default: return convert<uint8_t>(operand);
    }
}

/* --- where ------------------------------------------------------------------------------------ */

struct choose {
    template <class T> __device__ __forceinline__ T operator()(uint8_t c, T a, T b) const
    {
        return c ? a : b;
    }
};

td_status td_where(td_tensor *y, const td_tensor *c, const td_tensor *a, const td_tensor *b)
{
    if (c->dtype != TD_BOOL) return td_fail(TD_EDTYPE, "where: the condition must be bool");
    if (y->dtype < 0 || y->dtype >= TD_NUM_DTYPES || a->dtype != y->dtype || b->dtype != y->dtype)
        return td_fail(TD_EDTYPE, "where: y, a and b must have one dtype");
    const td_tensor *const operand[] = {y, c, a, b};
    switch (td_itemsize(y->dtype)) {
    case 8: return td_run_map<uint64_t, uint8_t, uint64_t>("where", operand, choose());
    case 4: return td_run_map<uint32_t, uint8_t, uint32_t>("where", operand, choose());
    case 2: return td_run_map<uint16_t, uint8_t, uint16_t>("where", operand, choose());
    default: return td_run_map<uint8_t, uint8_t, uint8_t>("where", operand, choose());
    }
}
