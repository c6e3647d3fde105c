/* conv2d_window.h — what convolutions accept, and the arithmetic of where their windows read.
 *
 * Along one axis output i, tap r reads input i·step + r·tap + first, zero outside [0, in). That is
 * a convolution (step = stride, tap = dilation, first = −padding), and also its input gradient.
 */
#ifndef TD_CONV2D_WINDOW_H
#define TD_CONV2D_WINDOW_H

#include "dims.h"

typedef struct {
    int64_t in, out, step, taps, tap, first;
    int64_t period, shift; /* taps r and r + period read one grid of inputs, `shift` steps apart */
} axis_t;

typedef struct {
    axis_t h, w;
} window_t;

static inline int64_t td_taps(const window_t *v) { return v->h.taps * v->w.taps; }
static inline int64_t td_window_pixels(const window_t *v) { return v->h.out * v->w.out; }

static inline axis_t td_axis(int64_t in, int64_t out, int64_t step, int64_t taps, int64_t tap,
                             int64_t first)
{
    int64_t g = step, rest = tap;
    while (rest) {
        int64_t next = g % rest;
        g = rest, rest = next;
    }
    const axis_t a = {in, out, step, taps, tap, first, TD_MIN(taps, step / g), tap / g};
    return a;
}

/* Outputs [*begin, *end) of the first `out` are those whose tap r reads inside the input. */
static inline void td_inside(const axis_t *a, int64_t out, int64_t r, int64_t *begin, int64_t *end)
{
    int64_t at = r * a->tap + a->first;
    *begin = at >= 0 ? 0 : TD_MIN(TD_CEIL_DIV(-at, a->step), out);
    *end = at >= a->in ? *begin : TD_MAX(TD_MIN(TD_CEIL_DIV(a->in - at, a->step), out), *begin);
}

/* Along one axis of an input gradient, the window over gy that input pixels phase, phase + stride,
 * … see: only every period-th tap reaches them, and they see the last of those first. */
static inline axis_t td_input_axis(const axis_t *a, int64_t phase, int64_t *last)
{
    int64_t r = 0, at = phase - a->first;
    while (r < a->taps && (at - r * a->tap) % a->step != 0) r++;
    const int64_t taps = r < a->taps ? (a->taps - 1 - r) / a->period + 1 : 0;
    *last = r + (taps - 1) * a->period;
    const int64_t out = TD_MAX(0, TD_CEIL_DIV(a->in - phase, a->step));
    return td_axis(a->out, out, 1, taps, a->shift, (at - *last * a->tap) / a->step);
}

/* What keeps every access inside: one dtype, sizes that agree, windows within the padded image. */
static inline td_status td_check_conv2d(const char *name, const td_tensor *x, const td_tensor *w,
                                        const td_tensor *y, const td_conv2d_attrs *a)
{
    if ((x->dtype != TD_F32 && x->dtype != TD_F64) || w->dtype != x->dtype || y->dtype != x->dtype)
        return td_fail(TD_EDTYPE, "%s has no kernel for %s, %s and %s", name,
                       td_dtype_name(x->dtype), td_dtype_name(w->dtype), td_dtype_name(y->dtype));
    int fits = x->ndim == 4 && w->ndim == 4 && y->ndim == 4 && a->groups > 0 &&
               x->shape[0] == y->shape[0] && x->shape[1] == w->shape[1] * a->groups &&
               w->shape[0] == y->shape[1] && y->shape[1] % a->groups == 0;
    for (int i = 0; fits && i < 2; i++) {
        int64_t size = x->shape[2 + i], window = w->shape[2 + i], outputs = y->shape[2 + i];
        fits = window > 0 && td_check_steps(a->stride[i], a->padding[i], a->dilation[i]);
        int64_t room = size + 2 * a->padding[i] - a->dilation[i] * (window - 1) - 1;
        fits = fits && room >= 0 && outputs == room / a->stride[i] + 1;
    }
    return fits ? TD_OK : td_fail(TD_EINVAL, "%s: the shapes do not fit together", name);
}

static inline td_status td_check_conv2d_bias(const td_tensor *b, const td_tensor *y)
{
    if (b && (b->dtype != y->dtype || td_numel(b) != y->shape[1]))
        return td_fail(TD_EINVAL, "conv2d: expected b[k] of y's dtype");
    return TD_OK;
}

/* What conv2d_relu computes on the way: the shape of the convolution z, contiguous and without its
 * memory, and of idx, whose data is NULL where nobody wants it. y's images and channels are z's. */
static inline td_status td_plan_conv2d_relu(td_tensor *z, td_tensor *idx, const td_tensor *y,
                                            const td_tensor *wanted, const td_tensor *x,
                                            const td_tensor *w, const td_conv2d_attrs *a,
                                            const td_pool2d_attrs *pool)
{
    int fits = x->ndim == 4 && w->ndim == 4 && y->ndim == 4 && x->shape[0] == y->shape[0];
    if (!fits || (wanted && (wanted->ndim != 4 || wanted->shape[0] != y->shape[0] ||
                             td_numel(wanted) != td_numel(y))))
        return td_fail(TD_EINVAL, "conv2d_relu: the shapes do not fit together");
    *z = *y, *idx = wanted ? *wanted : *y;
    if (!wanted) idx->data = NULL, idx->dtype = TD_I32;
    for (int i = 0; pool && i < 2; i++) {
        if (a->stride[i] < 1) return td_fail(TD_EINVAL, "conv2d_relu: strides are at least 1");
        int64_t window = a->dilation[i] * (w->shape[2 + i] - 1) + 1;
        z->shape[2 + i] = (x->shape[2 + i] + 2 * a->padding[i] - window) / a->stride[i] + 1;
    }
    return TD_OK;
}

/* The shapes of one convolution: x[n,c,h,w] ⋆ w[k,cg,r,s] → y[n,k,p,q], cg = c / groups. */
typedef struct {
    int64_t n, c, k, groups;
    window_t window;
} conv_t;

static inline conv_t td_conv(const td_tensor *x, const td_tensor *w, const td_tensor *y,
                             const td_conv2d_attrs *a)
{
    axis_t axis[2];
    for (int i = 0; i < 2; i++)
        axis[i] = td_axis(x->shape[2 + i], y->shape[2 + i], a->stride[i], w->shape[2 + i],
                          a->dilation[i], -a->padding[i]);
    const conv_t v = {x->shape[0], x->shape[1], y->shape[1], a->groups, {axis[0], axis[1]}};
    return v;
}

#endif
