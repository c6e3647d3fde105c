/* teach_conv2d.cu — y[n,k,p,q] = x[n,c,h,w] ⋆ w[k,cg,r,s] in numbered versions, callable.
 *
 * 1. conv2d_direct.cuh: a thread for each element. A number of x is read by every filter and every
 *    window that sees it, r·s·k times: two loads for a multiply-add, as in teach_matmul.cuh's first.
 * 2. A convolution is a product, and those can be fast: below.
 * 3. conv2d.cu: the same product, but nobody writes its second operand out. It is gathered from
 *    the image while it is needed, so nothing larger than the image travels.
 */
#include "conv2d_direct.cuh"
#include "teach_matmul.cuh"

enum { THREADS = 256 };

/* 2. The windows are written out as a matrix, windows[(c,r,s), (p,q)], one thread for each element.
 * Multiplied by the filters as rows [k, (c,r,s)] it gives y: the arithmetic is teach_matmul.cuh's
 * third, with its few loads. But the matrix is r·s times as large as the image, and travels to
 * memory and back. */
template <class T>
static __global__ void __launch_bounds__(THREADS)
    unfold_kernel(T *__restrict__ windows, const T *__restrict__ x,
                  const __grid_constant__ window_t v, int64_t size)
{
    const int64_t element = (int64_t)blockIdx.x * THREADS + threadIdx.x;
    if (element >= size) return;
    const axis_t &a = v.h, &b = v.w;
    const int64_t pixels = a.out * b.out, tap = element / pixels, pixel = element % pixels;
    const int64_t c = tap / (a.taps * b.taps), r = tap / b.taps % a.taps, s = tap % b.taps;
    const int64_t p = pixel / b.out, q = pixel % b.out;
    const int64_t h = p * a.step + r * a.tap + a.first, w = q * b.step + s * b.tap + b.first;
    const bool inside = h >= 0 && h < a.in && w >= 0 && w < b.in;
    windows[element] = inside ? x[(c * a.in + h) * b.in + w] : (T)0;
}

/* Image by image and group by group, in the same scratch memory: kernels run in order. */
template <class T> static td_status by_unfolding(const conv_t &v, T *y, const T *x, const T *w)
{
    const axis_t &a = v.window.h, &b = v.window.w;
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups, in = a.in * b.in;
    const int64_t taps = cg * a.taps * b.taps, pixels = a.out * b.out, size = taps * pixels;
    T *windows = (T *)td_scratch(TD_MAX(1, size) * sizeof(T));
    if (!windows) return td_fail(TD_ENOMEM, "teach_conv2d: no memory for the matrix of windows");
    for (int64_t n = 0; n < v.n; n++)
        for (int64_t g = 0; g < v.groups; g++) {
            const T *image = x + (n * v.c + g * cg) * in, *filters = w + g * kg * taps;
            TD_TRY(td_launch("teach_conv2d", unfold_kernel<T>, td_blocks(size, THREADS), THREADS, 0,
                             windows, image, v.window, size));
            TD_TRY(td_launch_product(td_matmul_3<T>, 4 * TD_TEACH_SIDE,
                                     y + (n * v.k + g * kg) * pixels, filters, (const T *)windows,
                                     kg, pixels, taps));
        }
    return TD_OK;
}

template <class T>
static td_status teach(td_tensor *y, const td_tensor *x, const td_tensor *w,
                       const td_conv2d_attrs *attrs, int version)
{
    const conv_t v = td_conv(x, w, y, attrs);
    const int64_t planes = v.n * v.k, pixels = v.window.h.out * v.window.w.out;
    T *to = (T *)y->data;
    const T *from = (const T *)x->data, *filters = (const T *)w->data, *bias = NULL;
    switch (version) {
    case 1:
        return td_launch("teach_conv2d", td_conv2d_direct<T>, td_direct_blocks(planes, pixels),
                         TD_DIRECT_THREADS, 0, v, to, from, filters, bias);
    case 2: return by_unfolding(v, to, from, filters);
    case 3: return td_conv2d(y, x, w, NULL, attrs);
    default: return td_no_version("teach_conv2d", 3, version);
    }
}

/* Do channels, filters and groups match, and do windows move on? Any y[·,·,p,q] is safe then. */
static bool fit(const td_tensor *y, const td_tensor *x, const td_tensor *w,
                const td_conv2d_attrs *a)
{
    if (y->ndim != 4 || x->ndim != 4 || w->ndim != 4 || a->groups < 1) return false;
    for (int i = 0; i < 2; i++)
        if (a->stride[i] < 1 || a->dilation[i] < 1 || a->padding[i] < 0) return false;
    return y->shape[0] == x->shape[0] && y->shape[1] == w->shape[0] &&
           w->shape[1] * a->groups == x->shape[1] && w->shape[0] % a->groups == 0;
}

td_status td_teach_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w,
                          const td_conv2d_attrs *attrs, int32_t version)
{
    TD_TRY(td_teach_operands("teach_conv2d", {y, x, w}));
    if (!fit(y, x, w, attrs))
        return td_fail(TD_EINVAL, "teach_conv2d: expected y[n,k,p,q], x[n,c,h,w], "
                                  "w[k,c/groups,r,s] and positive strides, dilations and groups");
    return y->dtype == TD_F32 ? teach<float>(y, x, w, attrs, version)
                              : teach<double>(y, x, w, attrs, version);
}
