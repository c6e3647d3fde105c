/* conv2d.cu — y[n,k,p,q] = x[n,c,h,w] ⋆ w[k,cg,r,s] (+ b[k]) and its input gradient.
 *
 * Both are a product of filters[m, (c,r,s)] with the matrix of windows[(c,r,s), (n,p,q)], gathered
 * from where the numbers lie (conv2d_gather.cuh, gemm.cuh). In the input gradient gy slides under
 * the filters turned around; with a stride, pixels of each phase of it form a convolution of their
 * own, of stride 1, so that no multiplication by a zero in between is ever made. Groups with few
 * channels, and sizes beyond what places hold, go to the plain kernels of conv2d_direct.cuh.
 */
#include "conv2d_direct.cuh"
#include "conv2d_gather.cuh"

/* Channels of a group up to which the direct kernel wins. */
enum { DIRECT_CHANNELS = 4 };

/* y[n,m,·] = Σ_{c,r,s} filter[m,c,r,s] · window(x)[n,c,r,s,·] in each of `groups` */
template <class T> struct correlate_t {
    const char *op;
    int64_t images, groups, m, channels; /* m and channels of one group */
    window_t window;                     /* over x */
    const T *x, *filter;
    int64_t x_image = 0, x_plane = 0;
    int64_t f_group = 0, f_m = 0, f_c = 0, f_r = 0, f_s = 0; /* the filter's strides */
    td_pixels<T> y = {};
};

template <class Tile, class T>
static td_status run(const correlate_t<T> &p, const td_shape &shape, const td_plan &plan)
{
    const window_t *v = &p.window;
    td_operand<T, true> filter = {p.filter, p.f_group, {}, {}, 1, 1};
    filter.along = td_rows_grid(p.f_m);
    filter.depth = td_plain_grid(v->h.taps, v->w.taps, p.f_c, p.f_r, p.f_s);
    td_operand<T, false> windows = {p.x, p.channels * p.x_plane, {}, {}, 0, 0};
    windows.along = td_pixels_grid(v, p.x_image);
    windows.depth = td_taps_grid(v, p.x_plane);
    windows.in_h = (int)v->h.in, windows.in_w = (int)v->w.in;
    return td_run_gemm<Tile>(p.op, filter, windows, p.y, shape, plan);
}

using square_f32 = td_tile<float, 128, 128, 8, 8, 8, 2>;
using medium_f32 = td_tile<float, 64, 64, 16, 8, 4, 4>;
using wide_f32 = td_tile<float, 32, 128, 16, 8, 4, 4>; /* for few filters */
using medium_f64 = td_tile<double, 64, 64, 16, 4, 4, 2>;
using wide_f64 = td_tile<double, 32, 64, 16, 4, 4, 2>;

/* Kernels for tensor cores go here, before the tiles, by compute capability. */
static td_status correlate(const correlate_t<float> &p, const td_shape &shape)
{
    static const td_offer tiles[] = {td_offer_of<square_f32>(8), td_offer_of<medium_f32>(5),
                                     td_offer_of<wide_f32>(5)};
    const td_plan plan = td_plan_gemm(tiles, 3, &shape);
    if (plan.tile == 0) return run<square_f32>(p, shape, plan);
    return plan.tile == 1 ? run<medium_f32>(p, shape, plan) : run<wide_f32>(p, shape, plan);
}

static td_status correlate(const correlate_t<double> &p, const td_shape &shape)
{
    static const td_offer tiles[] = {td_offer_of<medium_f64>(6), td_offer_of<wide_f64>(4)};
    const td_plan plan = td_plan_gemm(tiles, 2, &shape);
    return plan.tile == 0 ? run<medium_f64>(p, shape, plan) : run<wide_f64>(p, shape, plan);
}

template <class T> static td_shape shape_of(const correlate_t<T> &p)
{
    const axis_t &h = p.window.h, &w = p.window.w;
    return {p.groups, p.m, p.images * h.out * w.out, p.channels * h.taps * w.taps};
}

/* Do all of its numbers fit? What is in one image, and in one filter, is what offsets within a
 * step span. */
template <class T> static bool fits(const correlate_t<T> &p)
{
    const td_shape s = shape_of(p);
    return td_places_fit(s.m, s.n, s.k, TD_MAX(p.x_image, p.m * p.f_m), &p.window);
}

/* --- y = x ⋆ w + b ---------------------------------------------------------------------------- */

template <class T>
static td_status conv2d(const conv_t &v, T *y, const T *x, const T *w, const T *b)
{
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups;
    const axis_t &h = v.window.h, &l = v.window.w;
    const int64_t taps = h.taps * l.taps, in = h.in * l.in, out = h.out * l.out;
    const bool packed = out % (int64_t)(16 / sizeof(T)) == 0 && (uintptr_t)y % 16 == 0;
    const td_grid pixels = td_plain_grid(h.out, l.out, v.k * out, l.out, 1);
    correlate_t<T> p = {"conv2d", v.n, v.groups, kg, cg, v.window, x, w};
    p.x_image = v.c * in, p.x_plane = in;
    p.f_group = kg * cg * taps, p.f_m = cg * taps, p.f_c = taps, p.f_r = l.taps, p.f_s = 1;
    p.y = {y, 0, kg * out, out, pixels, b, kg, packed};
    if (kg > DIRECT_CHANNELS && fits(p)) return correlate(p, shape_of(p));
    return td_launch("conv2d", td_conv2d_direct<T>, td_direct_blocks(v.n * v.k, out),
                     TD_DIRECT_THREADS, 0, v, y, x, w, b);
}

/* --- gx = gy ⋆ w turned around ---------------------------------------------------------------- */

/* The convolution that input pixels (i, j), (i + stride, j), … are; one without taps is zeros. */
template <class T>
static correlate_t<T> phase_of(const conv_t &v, int64_t i, int64_t j, T *gx, const T *gy,
                               const T *w)
{
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups;
    const axis_t &h = v.window.h, &l = v.window.w;
    const int64_t taps = h.taps * l.taps, in = h.in * l.in, out = h.out * l.out;
    int64_t r, s;
    const axis_t down = td_input_axis(&h, i, &r), across = td_input_axis(&l, j, &s);
    const bool packed = h.step == 1 && l.step == 1 && in % (int64_t)(16 / sizeof(T)) == 0 &&
                        (uintptr_t)gx % 16 == 0;
    const td_grid pixels = td_plain_grid(down.out, across.out, v.c * in, h.step * l.in, l.step);
    correlate_t<T> p = {"conv2d_input", v.n, v.groups, cg, kg, {down, across}, gy, w};
    p.filter += r * l.taps + s;
    p.x_image = v.k * out, p.x_plane = out;
    p.f_group = kg * cg * taps, p.f_m = taps, p.f_c = cg * taps;
    p.f_r = -h.period * l.taps, p.f_s = -l.period;
    p.y = {gx + i * l.in + j, 0, cg * in, in, pixels, NULL, 0, packed};
    return p;
}

template <class T> static td_status conv2d_input(const conv_t &v, T *gx, const T *gy, const T *w)
{
    const axis_t &h = v.window.h, &l = v.window.w;
    const int64_t in = h.in * l.in;
    const int64_t phases[] = {TD_MIN(h.step, h.in), TD_MIN(l.step, l.in)};
    bool fit = v.c / v.groups > DIRECT_CHANNELS;
    int64_t filled = 0;
    for (int64_t i = 0; i < phases[0]; i++)
        for (int64_t j = 0; j < phases[1]; j++) {
            const correlate_t<T> p = phase_of(v, i, j, gx, gy, w);
            fit &= fits(p);
            if (shape_of(p).k > 0) filled += shape_of(p).n;
        }
    if (!fit)
        return td_launch("conv2d_input", td_conv2d_input_direct<T>, td_direct_blocks(v.n * v.c, in),
                         TD_DIRECT_THREADS, 0, v, gx, gy, w);
    if (filled < v.n * in)
        TD_TRY(td_cuda("conv2d_input",
                       cudaMemsetAsync(gx, 0, v.n * v.c * in * sizeof(T), td_stream())));
    for (int64_t i = 0; i < phases[0]; i++)
        for (int64_t j = 0; j < phases[1]; j++) {
            const correlate_t<T> p = phase_of(v, i, j, gx, gy, w);
            const td_shape shape = shape_of(p);
            if (shape.n > 0 && shape.k > 0) TD_TRY(correlate(p, shape));
        }
    return TD_OK;
}

/* --- exported --------------------------------------------------------------------------------- */

td_status td_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w, const td_tensor *b,
                    const td_conv2d_attrs *a)
{
    TD_TRY(td_check_conv2d("conv2d", x, w, y, a));
    TD_TRY(td_check_conv2d_bias(b, y));
    if (td_numel(y) == 0) return TD_OK;
    const conv_t v = td_conv(x, w, y, a);
    const void *bias = b ? b->data : NULL;
    if (y->dtype == TD_F32)
        return conv2d(v, (float *)y->data, (const float *)x->data, (const float *)w->data,
                      (const float *)bias);
    return conv2d(v, (double *)y->data, (const double *)x->data, (const double *)w->data,
                  (const double *)bias);
}

td_status td_conv2d_input(td_tensor *gx, const td_tensor *gy, const td_tensor *w,
                          const td_conv2d_attrs *a)
{
    TD_TRY(td_check_conv2d("conv2d_input", gx, w, gy, a));
    if (td_numel(gx) == 0) return TD_OK;
    const conv_t v = td_conv(gx, w, gy, a);
    if (gx->dtype == TD_F32)
        return conv2d_input(v, (float *)gx->data, (const float *)gy->data, (const float *)w->data);
    return conv2d_input(v, (double *)gx->data, (const double *)gy->data, (const double *)w->data);
}
