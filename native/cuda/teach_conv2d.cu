/* teach_conv2d.cu — y[n,k,p,q] = x[n,c,h,w] ⋆ w[k,cg,r,s] in numbered versions, callable.
 *
 * 1. conv2d_direct.cuh: a thread for each element, every number fetched anew.
 * 2. A convolution is a product: the windows are written out as a matrix, a row for each tap and a
 *    column for each pixel, and multiplied by the filters. Fast arithmetic, but the matrix is r·s
 *    times as large as the image and travels to memory and back.
 * 3. conv2d.cu: the same product, its second operand gathered while it is needed.
 */
#include "conv2d_direct.cuh"
#include "teach.h"
#include "teach_matmul.cuh"

enum { THREADS = 256 };

/* windows[(c,r,s), (p,q)] of one image's group of channels */
template <class T>
static __global__ void __launch_bounds__(THREADS)
    unfold_kernel(T *__restrict__ windows, const T *__restrict__ x,
                  const __grid_constant__ window_t v, int64_t size)
{
    const int64_t element = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (element >= size) return;
    const int64_t pixels = v.h.out * v.w.out, tap = element / pixels, pixel = element % pixels;
    const int64_t c = tap / (v.h.taps * v.w.taps), r = tap / v.w.taps % v.h.taps;
    const int64_t h = pixel / v.w.out * v.h.step + r * v.h.tap + v.h.first;
    const int64_t w = pixel % v.w.out * v.w.step + tap % v.w.taps * v.w.tap + v.w.first;
    const bool inside = h >= 0 && h < v.h.in && w >= 0 && w < v.w.in;
    windows[element] = inside ? x[(c * v.h.in + h) * v.w.in + w] : (T)0;
}

template <class T> static td_status by_unfolding(const conv_t &v, T *y, const T *x, const T *w)
{
    const axis_t &h = v.window.h, &l = v.window.w;
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups, pixels = h.out * l.out;
    const int64_t taps = cg * h.taps * l.taps;
    T *windows = (T *)td_scratch(taps * pixels * sizeof(T));
    if (!windows) return td_fail(TD_ENOMEM, "teach_conv2d: no memory for the matrix of windows");
    for (int64_t n = 0; n < v.n; n++)
        for (int64_t g = 0; g < v.groups; g++) {
            TD_TRY(td_launch("teach_conv2d", unfold_kernel<T>, td_blocks(taps * pixels, THREADS),
                             THREADS, 0, windows, x + (n * v.c + g * cg) * h.in * l.in, v.window,
                             taps * pixels));
            TD_TRY(td_launch_teach(td_matmul_3<T>, 4 * TD_TEACH_SIDE,
                                   y + (n * v.k + g * kg) * pixels, w + g * kg * taps,
                                   (const T *)windows, kg, pixels, taps));
        }
    return TD_OK;
}

template <class T>
static td_status teach(td_tensor *y, const td_tensor *x, const td_tensor *w,
                       const td_conv2d_attrs *attrs, int version)
{
    const conv_t v = td_conv(x, w, y, attrs);
    T *to = (T *)y->data;
    const T *from = (const T *)x->data, *filter = (const T *)w->data;
    switch (version) {
    case 1:
        return td_launch("teach_conv2d", td_conv2d_direct<T>,
                         td_direct_blocks(v.n * v.k, v.window.h.out * v.window.w.out),
                         TD_DIRECT_THREADS, 0, v, to, from, filter, (const T *)NULL);
    case 2: return by_unfolding(v, to, from, filter);
    case 3: return td_conv2d(y, x, w, NULL, attrs);
    default: return td_fail(TD_EINVAL, "teach_conv2d has versions 1 to 3, not %d", version);
    }
}

td_status td_teach_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w,
                          const td_conv2d_attrs *attrs, int32_t version)
{
    if (td_numel(y) == 0) return TD_OK;
    switch (y->dtype) {
    case TD_F32: return teach<float>(y, x, w, attrs, version);
    case TD_F64: return teach<double>(y, x, w, attrs, version);
    default:
        return td_fail(TD_EDTYPE, "teach_conv2d has no kernel for %s", td_dtype_name(y->dtype));
    }
}
