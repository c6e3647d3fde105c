/* conv2d_weight.cu — gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] · window(x)[n,c,r,s,p,q].
 *
 * For each group a product gy[k, (n,p,q)] · windows[(n,p,q), (c,r,s)]: few rows and columns, and a
 * sum over all pixels of all images, which is cut into parts by shape alone (gemm_plan.cuh). Both
 * operands run along the pixels, so neighbouring threads read neighbouring pixels of one tap.
 */
#include "conv2d_direct.cuh"
#include "conv2d_gather.cuh"

/* Rows or columns up to which the direct kernel wins. */
enum { DIRECT_SIDE = 2 };

template <class T> struct weight_t {
    td_shape shape;
    td_operand<T, true> gy, windows;
    td_rows<T> gw;
};

template <class Tile, class T> static td_status run(const weight_t<T> &p, const td_plan &plan)
{
    return td_run_gemm<Tile>("conv2d_weight", p.gy, p.windows, p.gw, p.shape, plan);
}

using large_f32 = td_tile<float, 128, 128, 8, 8, 8, 2>;
using medium_f32 = td_tile<float, 64, 64, 16, 8, 4, 4>;
using small_f32 = td_tile<float, 32, 32, 16, 4, 4, 8>;
using medium_f64 = td_tile<double, 64, 64, 16, 4, 4, 2>;
using small_f64 = td_tile<double, 32, 32, 16, 4, 4, 4>;

/* Kernels for tensor cores go here, before the tiles, by compute capability. */
static td_status multiply(const weight_t<float> &p)
{
    static const td_offer tiles[] = {td_offer_of<large_f32>(8), td_offer_of<medium_f32>(5),
                                     td_offer_of<small_f32>(2)};
    const td_plan plan = td_plan_gemm(tiles, 3, &p.shape);
    if (plan.tile == 0) return run<large_f32>(p, plan);
    return plan.tile == 1 ? run<medium_f32>(p, plan) : run<small_f32>(p, plan);
}

static td_status multiply(const weight_t<double> &p)
{
    static const td_offer tiles[] = {td_offer_of<medium_f64>(6), td_offer_of<small_f64>(3)};
    const td_plan plan = td_plan_gemm(tiles, 2, &p.shape);
    return plan.tile == 0 ? run<medium_f64>(p, plan) : run<small_f64>(p, plan);
}

template <class T> static td_status conv2d_weight(const conv_t &v, T *gw, const T *x, const T *gy)
{
    const int64_t cg = v.c / v.groups, kg = v.k / v.groups;
    const window_t *window = &v.window;
    const axis_t &h = window->h, &l = window->w;
    const int64_t size = cg * h.taps * l.taps, in = h.in * l.in, out = h.out * l.out;
    const td_grid pixels = td_plain_grid(h.out, l.out, v.k * out, l.out, 1);
    const bool packed = size % (int64_t)(16 / sizeof(T)) == 0 && (uintptr_t)gw % 16 == 0;
    const weight_t<T> p = {{v.groups, kg, size, v.n * out},
                           {gy, kg * out, td_rows_grid(out), pixels, 1, 1},
                           {x, cg * in, td_taps_grid(window, in), td_pixels_grid(window, v.c * in),
                            (int)h.in, (int)l.in},
                           {gw, 0, kg * size, size, NULL, packed}};
    const bool fits = td_places_fit(kg, size, v.n * out, TD_MAX(v.c * in, v.k * out), window);
    if (TD_MIN(kg, size) > DIRECT_SIDE && fits) return multiply(p);
    return td_launch("conv2d_weight", td_conv2d_weight_direct<T>, td_blocks(v.k * size, 1),
                     TD_DIRECT_THREADS, 0, v, gw, x, gy);
}

td_status td_conv2d_weight(td_tensor *gw, const td_tensor *x, const td_tensor *gy,
                           const td_conv2d_attrs *a)
{
    TD_TRY(td_check_conv2d("conv2d_weight", x, gw, gy, a));
    if (td_numel(gw) == 0) return TD_OK;
    const conv_t v = td_conv(x, gw, gy, a);
    if (gw->dtype == TD_F32)
        return conv2d_weight(v, (float *)gw->data, (const float *)x->data, (const float *)gy->data);
    return conv2d_weight(v, (double *)gw->data, (const double *)x->data, (const double *)gy->data);
}
