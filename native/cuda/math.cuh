/* math.cuh — the functions of elementwise.def for one float or double, by one name each. CUDA's
 * own, within 2 ulp. */
#ifndef TD_MATH_CUH
#define TD_MATH_CUH

#include <cmath>

#include "launch.cuh"

/* One name for the function of float and of double. CUDA's own float functions are within 2 ulp,
 * but for some that go through double. */
#define TD_FUNCTION(name, of_float, of_double)                                                     \
    __device__ __forceinline__ float td_##name##_of(float x) { return of_float(x); }               \
    __device__ __forceinline__ double td_##name##_of(double x) { return of_double(x); }
#define TD_FUNCTION2(name, of_float, of_double)                                                    \
    __device__ __forceinline__ float td_##name##_of(float x, float y) { return of_float(x, y); }   \
    __device__ __forceinline__ double td_##name##_of(double x, double y) { return of_double(x, y); }
#define TD_THROUGH_DOUBLE(name, function)                                                          \
    __device__ __forceinline__ float td_##name##_of(float x)                                       \
    {                                                                                              \
        return (float)function((double)x);                                                         \
    }                                                                                              \
    __device__ __forceinline__ double td_##name##_of(double x) { return function(x); }

TD_FUNCTION(sqrt, sqrtf, sqrt)
TD_FUNCTION(exp, expf, exp)
TD_FUNCTION(exp2, exp2f, exp2)
TD_FUNCTION(expm1, expm1f, expm1)
TD_FUNCTION(log, logf, log)
TD_FUNCTION(log2, log2f, log2)
TD_FUNCTION(log10, log10f, log10)
TD_FUNCTION(log1p, log1pf, log1p)
TD_FUNCTION(tanh, tanhf, tanh)
TD_FUNCTION(sin, sinf, sin)
TD_FUNCTION(cos, cosf, cos)
TD_FUNCTION(atan, atanf, atan)
TD_FUNCTION(asin, asinf, asin)
TD_FUNCTION(acos, acosf, acos)
TD_FUNCTION(cosh, coshf, cosh)
TD_FUNCTION(erf, erff, erf)
TD_FUNCTION(floor, floorf, floor)
TD_FUNCTION(ceil, ceilf, ceil)
TD_FUNCTION(trunc, truncf, trunc)
TD_FUNCTION(round, rintf, rint)
TD_THROUGH_DOUBLE(tan, tan)
TD_THROUGH_DOUBLE(sinh, sinh)
TD_THROUGH_DOUBLE(asinh, asinh)
TD_THROUGH_DOUBLE(acosh, acosh)
TD_THROUGH_DOUBLE(atanh, atanh)
TD_THROUGH_DOUBLE(erfc, erfc)
TD_THROUGH_DOUBLE(erfinv, erfinv)
TD_THROUGH_DOUBLE(lgamma, lgamma)
TD_FUNCTION2(atan2, atan2f, atan2)
TD_FUNCTION2(hypot, hypotf, hypot)
TD_FUNCTION2(copysign, copysignf, copysign)
TD_FUNCTION2(nextafter, nextafterf, nextafter)
TD_FUNCTION2(fmod, fmodf, fmod)

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

/* --- quotients that are whole numbers: of reals Python's; of integers x / 0 is 0, and the least
 * number / −1 is itself ------------------------------------------------------------------------ */

template <class T> constexpr bool td_is_real = (T)0.5 != 0;

template <class T> __device__ __forceinline__ T td_truncdiv_of(T x, T y)
{
    if constexpr (td_is_real<T>) return td_trunc_of(x / y);
    if (y == 0) return 0;
    if ((T)-1 < 0 && y == (T)-1) return (T)(0 - (uint64_t)x);
    return x / y;
}
template <class T> __device__ __forceinline__ T td_fmod_of(T x, T y)
{
    return y == 0 ? 0 : (T)((uint64_t)x - (uint64_t)td_truncdiv_of(x, y) * (uint64_t)y);
}
template <class T> __device__ __forceinline__ T td_mod_of(T x, T y)
{
    const T r = td_fmod_of(x, y);
    return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
template <class T> __device__ __forceinline__ T td_floordiv_of(T x, T y)
{
    const T r = td_fmod_of(x, y);
    const bool below = r != 0 && (r < 0) != (y < 0);
    if constexpr (td_is_real<T>) {
        const T q = td_round_of((x - r) / y - (below ? 1 : 0));
        return y == 0 ? x / y : q == 0 ? td_copysign_of(q, x / y) : q;
    }
    return td_truncdiv_of(x, y) - (y != 0 && below ? 1 : 0);
}

/* Shifts by as many bits as there are, or more, or by fewer than 0, leave nothing but the sign. */
template <class T> __device__ __forceinline__ T td_shl_of(T x, T y)
{
    return y < 0 || y >= (T)(8 * sizeof(T)) ? 0 : (T)((uint64_t)x << y);
}
template <class T> __device__ __forceinline__ T td_shr_of(T x, T y)
{
    const bool far = y < 0 || y >= (T)(8 * sizeof(T));
    return (T)-1 < 0 ? x >> (far ? (T)(8 * sizeof(T) - 1) : y) : far ? 0 : x >> y;
}

template <class T> __device__ __forceinline__ T td_gcd_of(T a, T b)
{
    while (b) {
        const T r = td_fmod_of(a, b);
        a = b;
        b = r;
    }
    return a < 0 ? (T)(0 - (uint64_t)a) : a;
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
