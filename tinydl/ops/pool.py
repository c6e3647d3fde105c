"""Max and average pooling of x[n,c,h,w] → y[n,c,p,q], and their gradients."""

from __future__ import annotations

from functools import lru_cache

from .. import dtypes
from ..array import Array
from ..backend import call, ffi
from ..op import op
from .check import real
from .conv import output_size


@lru_cache(maxsize=1024)
def pool2d_attrs(window, stride, padding, dilation=(1, 1), count_include_pad=True, divisor=0):
    return ffi.new(
        "td_pool2d_attrs *", (window, stride, padding, dilation, count_include_pad, divisor)
    )


def _axis(size: int, window: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """Windows along one axis; with ceil the last may hang over, but must start inside."""
    if not ceil:
        return output_size(size, window, stride, padding, dilation)
    n = -(-(size + 2 * padding - dilation * (window - 1) - 1) // stride) + 1
    return n - 1 if (n - 1) * stride >= size + padding else n


def pool2d_shape(op, x: Array, window, stride, padding, dilation, ceil_mode) -> tuple:
    if x.ndim != 4:
        hint = "; add the batch axis with x[None]" if x.ndim == 3 else ""
        raise ValueError(f"{op}: expected x[n,c,h,w], got {x}{hint}")
    if any(2 * p > w for p, w in zip(padding, window, strict=True)):
        raise ValueError(f"{op}: padding {padding} must be at most half the window {window}")
    shape = _shape(x.shape, window, stride, padding, dilation, ceil_mode)
    if min(shape[2:]) < 1:
        raise ValueError(f"{op}: a {window[0]}×{window[1]} window does not fit into x {x}")
    return shape


@lru_cache(maxsize=1024)
def _shape(x: tuple, window, stride, padding, dilation, ceil_mode) -> tuple:
    axes = zip(x[2:], window, stride, padding, dilation, strict=True)
    return (*x[:2], *(_axis(*axis, ceil_mode) for axis in axes))


@op
def max_pool2d(x, *, window, stride, padding, dilation, ceil_mode):
    """(y, idx): the largest of each window, first of equal ones, and its offset in its h·w plane.

    x[n,c,h,w] float32 or float64 → y[n,c,p,q] of x's dtype, idx[n,c,p,q] int32 with
    p = ⌊(h + 2 padding − dilation (window − 1) − 1) / stride⌋ + 1, ⌈ ⌉ with ceil_mode. Padding
    never wins, NaN does.

    Raises:
        ValueError: x is not 4-d, or a window or padding that does not fit.
        TypeError: x is not floating point.
    """
    real("max_pool2d", x=x)
    shape = pool2d_shape("max_pool2d", x, window, stride, padding, dilation, ceil_mode)
    y = Array.empty(shape, x.dtype, x.backend)
    idx = Array.empty(shape, dtypes.int32, x.backend)
    call("max_pool2d", y, idx, x.contiguous(), pool2d_attrs(window, stride, padding, dilation))
    return y, idx


@op
def max_pool2d_scatter(gy, idx, *, shape):
    """The gradient of max_pool2d's x: zeros of a shape with gy added at the winners' places.

    gy[n,c,p,q], idx[n,c,p,q] int32 → gx[n,c,h,w] of gy's dtype.
    """
    gx = Array.empty(shape, gy.dtype, gy.backend)
    call("max_pool2d_scatter", gx, gy.contiguous(), idx.contiguous())
    return gx


@op
def max_pool2d_gather(x, idx):
    """y[n,c,p,q] = x[n,c] at the winner's place: the adjoint of max_pool2d_scatter.

    x[n,c,h,w], idx[n,c,p,q] int32 → y[n,c,p,q] of x's dtype.
    """
    y = Array.empty(idx.shape, x.dtype, x.backend)
    call("max_pool2d_gather", y, x.contiguous(), idx.contiguous())
    return y


max_pool2d.vjp(x=lambda g, rest, x_shape: max_pool2d_scatter(g, rest[0], shape=x_shape))
max_pool2d_scatter.vjp(gy=lambda g, idx: max_pool2d_gather(g, idx))
max_pool2d_gather.vjp(x=lambda g, idx, x_shape: max_pool2d_scatter(g, idx, shape=x_shape))


@op
def avg_pool2d(x, *, window, stride, padding, ceil_mode, count_include_pad, divisor):
    """y = the mean of each window, or its sum / divisor where divisor is not 0.

    x[n,c,h,w] → y[n,c,p,q], float32 or float64, p as in max_pool2d. Padded zeros count as elements
    if count_include_pad.

    Raises:
        ValueError: x is not 4-d, or a window or padding that does not fit.
        TypeError: x is not floating point.
    """
    real("avg_pool2d", x=x)
    shape = pool2d_shape("avg_pool2d", x, window, stride, padding, (1, 1), ceil_mode)
    y = Array.empty(shape, x.dtype, x.backend)
    attrs = pool2d_attrs(window, stride, padding, (1, 1), count_include_pad, divisor)
    call("avg_pool2d", y, x.contiguous(), attrs)
    return y


@op
def avg_pool2d_input(gy, *, shape, window, stride, padding, ceil_mode, count_include_pad, divisor):
    """The adjoint of avg_pool2d: gy spread evenly over the windows.

    gy[n,c,p,q] → gx[n,c,h,w] of shape shape and gy's dtype.
    """
    gx = Array.empty(shape, gy.dtype, gy.backend)
    attrs = pool2d_attrs(window, stride, padding, (1, 1), count_include_pad, divisor)
    call("avg_pool2d_input", gx, gy.contiguous(), attrs)
    return gx


avg_pool2d.vjp(x=lambda g, x_shape, **attrs: avg_pool2d_input(g, shape=x_shape, **attrs))
avg_pool2d_input.vjp(gy=lambda g, shape, **attrs: avg_pool2d(g, **attrs))
