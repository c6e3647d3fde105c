/* conv2d_direct.cuh — the three convolutions as plain sums: what they mean.
 *
 * x[n,c,h,w], w[k,cg,r,s], y[n,k,p,q]; channel c belongs to group c / cg. A thread computes one
 * output and reads its inputs through the caches; neighbours in a warp are neighbours in a row.
 * They also run where a group has one or few channels (depthwise): there is little to multiply and
 * reading is all there is to do.
 */
#ifndef TD_CONV2D_DIRECT_CUH
#define TD_CONV2D_DIRECT_CUH

#include "conv2d_window.h"
#include "math.cuh"

enum { TD_DIRECT_THREADS = 256 };

/* The pixel of a plane this thread computes; blocks take a plane's pixels TD_DIRECT_THREADS at a
 * time and one plane after the other. */
struct td_direct_pixel {
    int64_t plane, pixel;
    __device__ __forceinline__ explicit td_direct_pixel(int64_t pixels)
    {
        const unsigned pieces = (unsigned)TD_CEIL_DIV(pixels, (int64_t)TD_DIRECT_THREADS);
        plane = blockIdx.x / pieces;
        pixel = (int64_t)(blockIdx.x % pieces) * TD_DIRECT_THREADS + threadIdx.x;
    }
};

static inline unsigned td_direct_blocks(int64_t planes, int64_t pixels)
{
    return td_blocks(planes * TD_CEIL_DIV(pixels, (int64_t)TD_DIRECT_THREADS), 1);
}

/* y[n,k,p,q] = bias[k] + Σ_{c,r,s} x[n,c,·] w[k,c,r,s] */
template <class T>
static __global__ void __launch_bounds__(TD_DIRECT_THREADS)
    td_conv2d_direct(const __grid_constant__ conv_t v, T *__restrict__ y, const T *__restrict__ x,
                     const T *__restrict__ w, const T *__restrict__ bias)
{
    const axis_t &a = v.window.h, &b = v.window.w;
    const td_direct_pixel at(a.out * b.out);
    if (at.pixel >= a.out * b.out) return;
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups, in = a.in * b.in;
    const int64_t n = at.plane / v.k, k = at.plane % v.k;
    const int64_t p = at.pixel / b.out, q = at.pixel % b.out;
    x += (n * v.c + k / kg * cg) * in;
    w += k * cg * a.taps * b.taps;
    T sum = bias ? bias[k] : 0;
    for (int64_t c = 0; c < cg; c++, x += in)
        for (int64_t r = 0, h = p * a.step + a.first; r < a.taps; r++, h += a.tap)
            for (int64_t s = 0, l = q * b.step + b.first; s < b.taps; s++, l += b.tap, w++)
                if (h >= 0 && h < a.in && l >= 0 && l < b.in) sum += x[h * b.in + l] * *w;
    y[at.plane * a.out * b.out + at.pixel] = sum;
}

/* The output whose tap r reads input `at` along an axis, or −1. */
__device__ __forceinline__ int64_t td_reader(const axis_t &a, int64_t at, int64_t r)
{
    const int64_t i = at - r * a.tap - a.first;
    return i >= 0 && i % a.step == 0 && i / a.step < a.out ? i / a.step : -1;
}

/* gx[n,c,h,w] = Σ_{k,r,s} gy[n,k,·] w[k,c,r,s], gathered */
template <class T>
static __global__ void __launch_bounds__(TD_DIRECT_THREADS)
    td_conv2d_input_direct(const __grid_constant__ conv_t v, T *__restrict__ gx,
                           const T *__restrict__ gy, const T *__restrict__ w)
{
    const axis_t &a = v.window.h, &b = v.window.w;
    const td_direct_pixel at(a.in * b.in);
    if (at.pixel >= a.in * b.in) return;
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups, out = a.out * b.out;
    const int64_t n = at.plane / v.c, c = at.plane % v.c, taps = a.taps * b.taps;
    const int64_t h = at.pixel / b.in, l = at.pixel % b.in;
    gy += (n * v.k + c / cg * kg) * out;
    w += (c / cg * kg * cg + c % cg) * taps;
    T sum = 0;
    for (int64_t r = 0; r < a.taps; r++) {
        const int64_t p = td_reader(a, h, r);
        if (p < 0) continue;
        for (int64_t s = 0; s < b.taps; s++) {
            const int64_t q = td_reader(b, l, s);
            if (q < 0) continue;
            const T *from = gy + p * b.out + q, *weight = w + r * b.taps + s;
            for (int64_t k = 0; k < kg; k++) sum += from[k * out] * weight[k * cg * taps];
        }
    }
    gx[at.plane * a.in * b.in + at.pixel] = sum;
}

/* gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] x[n,c,·]: a block for each, a warp for every eighth image */
template <class T>
static __global__ void __launch_bounds__(TD_DIRECT_THREADS)
    td_conv2d_weight_direct(const __grid_constant__ conv_t v, T *__restrict__ gw,
                            const T *__restrict__ x, const T *__restrict__ gy)
{
    const axis_t &a = v.window.h, &b = v.window.w;
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups, taps = a.taps * b.taps;
    const int64_t k = blockIdx.x / (cg * taps), c = k / kg * cg + blockIdx.x / taps % cg;
    const int64_t h = blockIdx.x % taps / b.taps * a.tap + a.first;
    const int64_t l = blockIdx.x % b.taps * b.tap + b.first;
    T sum = 0;
    for (int64_t n = threadIdx.x / TD_WARP; n < v.n; n += TD_DIRECT_THREADS / TD_WARP) {
        const T *image = x + (n * v.c + c) * a.in * b.in;
        const T *gradient = gy + (n * v.k + k) * a.out * b.out;
        for (int64_t pixel = threadIdx.x % TD_WARP; pixel < a.out * b.out; pixel += TD_WARP) {
            const int64_t i = h + pixel / b.out * a.step, j = l + pixel % b.out * b.step;
            if (i >= 0 && i < a.in && j >= 0 && j < b.in)
                sum += gradient[pixel] * image[i * b.in + j];
        }
    }
    sum = td_block_reduce<TD_DIRECT_THREADS>(sum, td_plus());
    if (threadIdx.x == 0) gw[blockIdx.x] = sum;
}

#endif
