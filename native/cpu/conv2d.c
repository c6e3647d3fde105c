/* conv2d.c — convolution and its two gradients: x[n,c,h,w] ⋆ w[k,c/groups,r,s] → y[n,k,p,q].
 *
 * All three are matrix products with the matrix of windows, which nobody makes. With many filters
 * the lanes of vectors are filters (conv2d_filters.inl, conv2d_weight_filters.inl), with less they
 * are pixels (conv2d_pixels.inl, conv2d_weight_pixels.inl). With a few (depthwise: one in each
 * group) there is no matrix to speak of: conv2d_few.inl, conv2d_weight_few.inl. What they all mean
 * is said by the plain loops of conv2d_plain.inl, which tiny shapes run. In f32, 3×3 windows of
 * stride 1 take a quarter of the multiplications where there are channels enough: winograd.inl,
 * conv2d_winograd.inl, conv2d_weight_winograd.inl.
 */
#include "conv2d_window.h"
#include "gemm.h"

/* Multiply-adds up to which the plain loops win, and how many are worth a thread there; bytes of a
 * panel; the most pieces a sum over pixels is cut into. */
enum { PLAIN_WORK = 1 << 11, PLAIN_GRAIN = 1 << 15, CONV_PANEL = 320 << 10, MOST_CHUNKS = 8 };

/* winograd.inl: the side of a tile of outputs, the points along it, and all of them. Channels that
 * are multiplied at once, those whose sums a task of the weight keeps, and tiles in a block. From
 * how many channels, filters and pixels on it wins. */
enum { TILE = 4, POINTS = 6, ALL_POINTS = POINTS * POINTS };
enum { WINOGRAD_DEPTH = 32, WINOGRAD_PART = 64, WINOGRAD_TILES = 32 };
enum { WINOGRAD_CHANNELS = 16, WINOGRAD_PIXELS = 64 };

#define TD_BODY "gemm.inl"
#include "for_reals.h"
#define TD_BODY "dot.inl"
#include "for_reals.h"
#define TD_BODY "transpose.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_shapes.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_plain.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_pack.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_pixels.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_weight_pixels.inl"
#include "for_reals.h"
#define TD_BODY "windows.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_filters.inl"
#include "for_reals.h"
#define TD_BODY "winograd.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_winograd.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_weight_winograd.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_few.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_weight_few.inl"
#include "for_reals.h"
#define TD_BODY "conv2d_weight_filters.inl"
#include "for_reals.h"
#define TD_BODY "conv2d.inl"
#include "for_reals.h"

td_status td_conv2d(td_tensor *y, const td_tensor *x, const td_tensor *w, const td_tensor *b,
                    const td_conv2d_attrs *a)
{
    TD_TRY(td_check_conv2d("conv2d", x, w, y, a));
    TD_TRY(td_check_conv2d_bias(b, y));
    if (td_numel(y) == 0) return TD_OK;
    conv_t v = td_conv(x, w, y, a);
    void *bias = b ? b->data : NULL;
    if (y->dtype == TD_F32) return conv2d_f32(&v, y->data, x->data, w->data, bias);
    return conv2d_f64(&v, y->data, x->data, w->data, bias);
}

td_status td_conv2d_input(td_tensor *gx, const td_tensor *gy, const td_tensor *w,
                          const td_conv2d_attrs *a)
{
    TD_TRY(td_check_conv2d("conv2d_input", gx, w, gy, a));
    if (td_numel(gx) == 0) return TD_OK;
    conv_t v = td_conv(gx, w, gy, a);
    if (gx->dtype == TD_F32) return conv2d_input_f32(&v, gx->data, gy->data, w->data);
    return conv2d_input_f64(&v, gx->data, gy->data, w->data);
}

td_status td_conv2d_weight(td_tensor *gw, const td_tensor *x, const td_tensor *gy,
                           const td_conv2d_attrs *a)
{
    TD_TRY(td_check_conv2d("conv2d_weight", x, gw, gy, a));
    if (td_numel(gw) == 0) return TD_OK;
    conv_t v = td_conv(x, gw, gy, a);
    if (gw->dtype == TD_F32) return conv2d_weight_f32(&v, gw->data, x->data, gy->data);
    return conv2d_weight_f64(&v, gw->data, x->data, gy->data);
}
