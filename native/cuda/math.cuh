/* math.cuh — the functions of elementwise.def for one float or double, by one name each. CUDA's
 * own, within 2 ulp. */
#ifndef TD_MATH_CUH
#define TD_MATH_CUH

#include <cmath>

#include "launch.cuh"

__device__ __forceinline__ float td_sqrt_of(float x) { return sqrtf(x); }
__device__ __forceinline__ double td_sqrt_of(double x) { return sqrt(x); }
__device__ __forceinline__ float td_exp_of(float x) { return expf(x); }
__device__ __forceinline__ double td_exp_of(double x) { return exp(x); }
__device__ __forceinline__ float td_log_of(float x) { return logf(x); }
__device__ __forceinline__ double td_log_of(double x) { return log(x); }
__device__ __forceinline__ float td_tanh_of(float x) { return tanhf(x); }
__device__ __forceinline__ double td_tanh_of(double x) { return tanh(x); }
__device__ __forceinline__ float td_abs_of(float x) { return fabsf(x); }
__device__ __forceinline__ double td_abs_of(double x) { return fabs(x); }
template <class T> __device__ __forceinline__ T td_abs_of(T x) { return x < 0 ? (T)-x : x; }

/* powf is 4 ulp off at worst; through double it is rounded correctly but for rare ties. */
__device__ __forceinline__ float td_pow_of(float x, float y)
{
    return (float)pow((double)x, (double)y);
}
__device__ __forceinline__ double td_pow_of(double x, double y) { return pow(x, y); }

/* Integer power by squaring, modulo 2^bits; x^-y is the integer part of 1 / x^y, or 0. */
template <class T> __device__ __forceinline__ T td_pow_of(T x, T y)
{
    uint64_t base = (uint64_t)x, left = (uint64_t)y, result = 1;
    if (left >> 63) result = base + 1 <= 2 && base != 0, left &= 1; /* of 1 and −1 only */
    for (; left; left >>= 1, base *= base)
        if (left & 1) result *= base;
    return (T)result;
}

/* NaN in either operand wins. */
struct td_larger {
    template <class T> __device__ __forceinline__ T operator()(T a, T b) const
    {
        return a > b || a != a ? a : b;
    }
};
struct td_smaller {
    template <class T> __device__ __forceinline__ T operator()(T a, T b) const
    {
        return a < b || a != a ? a : b;
    }
};
struct td_plus {
    template <class T> __device__ __forceinline__ T operator()(T a, T b) const { return a + b; }
};

template <class T> __device__ __forceinline__ T td_infinity() { return (T)INFINITY; }

#endif
