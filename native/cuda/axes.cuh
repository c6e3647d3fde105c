/* axes.cuh — where element number i of a strided tensor lies, for threads that each ask for one.
 *
 * The host merges axes first (td_walk), so most tensors have one axis left and the answer is a
 * multiplication. For more, an index is divided by each axis' size: with a precomputed factor, a
 * division is one multiplication and a shift (Granlund and Montgomery, PLDI 1994).
 */
#ifndef TD_AXES_CUH
#define TD_AXES_CUH

#include "launch.cuh"

/* n / size for n < 2^31 by multiplying. */
struct td_divisor {
    uint32_t size, factor, shift;
};

static inline td_divisor td_divide_by(int64_t size)
{
    td_divisor d = {(uint32_t)size, 0, 31};
    if (size < 1 || size > INT32_MAX) return d; /* divides all n to 0 */
    d.shift = 0;
    while ((1u << d.shift) < d.size) d.shift++;
    d.factor = (uint32_t)(((uint64_t)((1u << d.shift) - d.size) << 32) / d.size + 1);
    return d;
}

__device__ __forceinline__ uint32_t td_divide(uint32_t n, const td_divisor &d)
{
    return (__umulhi(n, d.factor) + n) >> d.shift;
}

/* K operands seen along the same axes; strides in elements. */
template <int K> struct td_axes {
    int ndim;
    td_divisor size[TD_MAX_NDIM];
    int64_t stride[TD_MAX_NDIM][K];
};

/* The axes of a walk whose innermost one is seen in steps of `step`. */
template <int K> static td_axes<K> td_axes_of(const td_walk *w, int step = 1)
{
    td_axes<K> a = {};
    a.ndim = w->ndim;
    for (int axis = 0; axis < w->ndim; axis++) {
        const int by = axis == w->ndim - 1 ? step : 1;
        a.size[axis] = td_divide_by(w->shape[axis] / by);
        for (int k = 0; k < K; k++) a.stride[axis][k] = w->stride[k][axis] * by;
    }
    return a;
}

/* Adds to offset[k] where operand k has element `index`, counted along the axes in order. Where
 * there are several axes, index < 2^31. */
template <int K>
__device__ __forceinline__ void td_locate(const td_axes<K> &a, int64_t index, int64_t (&offset)[K])
{
    for (int axis = a.ndim - 1; axis > 0; axis--) {
        const uint32_t rest = td_divide((uint32_t)index, a.size[axis]);
        const uint32_t i = (uint32_t)index - rest * a.size[axis].size;
        TD_UNROLL
        for (int k = 0; k < K; k++) offset[k] += i * a.stride[axis][k];
        index = rest;
    }
    TD_UNROLL
    for (int k = 0; k < K; k++) offset[k] += index * a.stride[0][k];
}

#endif
