/* math_functions.h — the arithmetic CUDA has and C++ has not; everything else is <cmath>'s.
 *
 * Functions whose name ends in _rn (round to nearest) promise that no product and sum are fused.
 * The fast approximations (__expf, …) are the accurate host functions here.
 */
#ifndef TD_EMU_MATH_FUNCTIONS_H
#define TD_EMU_MATH_FUNCTIONS_H

#include <math.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace td_emu
{

template <class To, class From> __forceinline__ To bits(From from)
{
    static_assert(sizeof(To) == sizeof(From), "");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

/* A value the compiler knows nothing about, so that it cannot fuse what made it with its use. */
template <class T> __forceinline__ T opaque(T x)
{
#if defined(__x86_64__)
    __asm__("" : "+x"(x));
#elif defined(__aarch64__)
    __asm__("" : "+w"(x));
#else
    __asm__("" : "+m"(x));
#endif
    return x;
}

} // namespace td_emu

/* --- rounded once ----------------------------------------------------------------------------- */

__forceinline__ float __fadd_rn(float a, float b) { return td_emu::opaque(a + b); }
__forceinline__ float __fsub_rn(float a, float b) { return td_emu::opaque(a - b); }
__forceinline__ float __fmul_rn(float a, float b) { return td_emu::opaque(a * b); }
__forceinline__ float __fdiv_rn(float a, float b) { return a / b; }
__forceinline__ float __frcp_rn(float a) { return 1 / a; }
__forceinline__ float __fsqrt_rn(float a) { return sqrtf(a); }
__forceinline__ float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
__forceinline__ double __dadd_rn(double a, double b) { return td_emu::opaque(a + b); }
__forceinline__ double __dsub_rn(double a, double b) { return td_emu::opaque(a - b); }
__forceinline__ double __dmul_rn(double a, double b) { return td_emu::opaque(a * b); }
__forceinline__ double __ddiv_rn(double a, double b) { return a / b; }
__forceinline__ double __drcp_rn(double a) { return 1 / a; }
__forceinline__ double __dsqrt_rn(double a) { return sqrt(a); }
__forceinline__ double __fma_rn(double a, double b, double c) { return fma(a, b, c); }

/* --- approximations and functions C++ has not ------------------------------------------------- */

__forceinline__ float __expf(float x) { return expf(x); }
__forceinline__ float __exp10f(float x) { return powf(10, x); }
__forceinline__ float __logf(float x) { return logf(x); }
__forceinline__ float __log2f(float x) { return log2f(x); }
__forceinline__ float __sinf(float x) { return sinf(x); }
__forceinline__ float __cosf(float x) { return cosf(x); }
__forceinline__ float __tanf(float x) { return tanf(x); }
__forceinline__ float __powf(float x, float y) { return powf(x, y); }
__forceinline__ float __fdividef(float a, float b) { return a / b; }
__forceinline__ float __saturatef(float x) { return x > 0 ? x < 1 ? x : 1 : 0; }
__forceinline__ float rsqrtf(float x) { return 1 / sqrtf(x); }
__forceinline__ double rsqrt(double x) { return 1 / sqrt(x); }

/* y with erf y = x: Newton's steps from 0 go there from one side. */
__forceinline__ double erfinv(double x)
{
    if (!(std::fabs(x) < 1)) return std::fabs(x) == 1 ? x * INFINITY : NAN;
    double y = 0, a = std::fabs(x);
    for (int step = 0; step < 100; step++) {
        const double error = a < 0.5 ? a - std::erf(y) : std::erfc(y) - (1 - a);
        y += error * 0.88622692545275801 * std::exp(y * y);
    }
    return std::copysign(y, x);
}

/* --- bits and conversions --------------------------------------------------------------------- */

__forceinline__ int __float_as_int(float x) { return td_emu::bits<int>(x); }
__forceinline__ unsigned __float_as_uint(float x) { return td_emu::bits<unsigned>(x); }
__forceinline__ float __int_as_float(int x) { return td_emu::bits<float>(x); }
__forceinline__ float __uint_as_float(unsigned x) { return td_emu::bits<float>(x); }
__forceinline__ long long __double_as_longlong(double x) { return td_emu::bits<long long>(x); }
__forceinline__ double __longlong_as_double(long long x) { return td_emu::bits<double>(x); }
__forceinline__ int __float2int_rn(float x) { return (int)rintf(x); }
__forceinline__ int __float2int_rz(float x) { return (int)x; }
__forceinline__ int __double2int_rz(double x) { return (int)x; }
__forceinline__ float __double2float_rn(double x) { return (float)x; }
__forceinline__ float __int2float_rn(int x) { return (float)x; }
__forceinline__ int __popc(unsigned x) { return __builtin_popcount(x); }
__forceinline__ int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
__forceinline__ int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
__forceinline__ int __clzll(long long x) { return x ? __builtin_clzll((uint64_t)x) : 64; }
__forceinline__ int __ffs(int x) { return __builtin_ffs(x); }
__forceinline__ int __ffsll(long long x) { return __builtin_ffsll(x); }
__forceinline__ unsigned __umulhi(unsigned a, unsigned b)
{
    return (unsigned)(((uint64_t)a * b) >> 32);
}
__forceinline__ int __mulhi(int a, int b) { return (int)(((int64_t)a * b) >> 32); }
__forceinline__ unsigned long long __umul64hi(unsigned long long a, unsigned long long b)
{
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}

/* CUDA's min and max take any two numbers; like fmin and fmax they prefer a number to a NaN. */
template <class A, class B> __forceinline__ std::common_type_t<A, B> min(A a, B b)
{
    if constexpr (std::is_floating_point_v<std::common_type_t<A, B>>)
        return std::fmin(a, b);
    else
        return (std::common_type_t<A, B>)b < (std::common_type_t<A, B>)a ? b : a;
}
template <class A, class B> __forceinline__ std::common_type_t<A, B> max(A a, B b)
{
    if constexpr (std::is_floating_point_v<std::common_type_t<A, B>>)
        return std::fmax(a, b);
    else
        return (std::common_type_t<A, B>)a < (std::common_type_t<A, B>)b ? b : a;
}

#endif
