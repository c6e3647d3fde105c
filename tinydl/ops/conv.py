"""2-D convolution and its two gradients: three ops that are closed under differentiation.

Letters: input n c h w, filter k c r s (c per group), output n k p q.
"""

from __future__ import annotations

from functools import lru_cache

from ..amp import Product
from ..array import Array
from ..backend import ffi
from .check import real, same_dtype
from .elementwise import Weighted
from .halves import call_wide
from .reduce import sum


@lru_cache(maxsize=1024)
def conv2d_attrs(stride: tuple, padding: tuple, dilation: tuple, groups: int):
    return ffi.new("td_conv2d_attrs *", (stride, padding, dilation, groups))


def output_size(size: int, window: int, stride: int, padding: int, dilation: int) -> int:
    """How many windows fit along one axis."""
    return (size + 2 * padding - dilation * (window - 1) - 1) // stride + 1


def conv2d_shape(x: Array, w: Array, b: Array | None, stride, padding, dilation, groups) -> tuple:
    """The output's shape; an error that names the operands when they do not fit."""
    shape = _shape(x.shape, w.shape, stride, padding, dilation, groups)
    if shape is None or (b is not None and b.shape != w.shape[:1]):
        _refuse(x, w, b, stride, padding, dilation, groups)
    return shape


def conv2d_dtypes(x: Array, w: Array, b: Array | None) -> None:
    """TypeError unless all are of one floating-point dtype."""
    dtype = x.dtype
    alike = w.dtype is dtype and (b is None or b.dtype is dtype)
    if not (alike and dtype.is_floating_point):
        real("conv2d", x=x, w=w, b=b)
        same_dtype("conv2d", x=x, w=w, b=b)


@lru_cache(maxsize=1024)
def _shape(x: tuple, w: tuple, stride, padding, dilation, groups) -> tuple | None:
    """The output's shape, None where there is none."""
    if len(x) != 4 or len(w) != 4 or groups < 1 or w[1] * groups != x[1] or w[0] % groups:
        return None
    axes = zip(x[2:], w[2:], stride, padding, dilation, strict=True)
    sizes = [output_size(*axis) for axis in axes]
    return (x[0], w[0], *sizes) if min(*sizes, *w[2:]) > 0 else None


def _refuse(x: Array, w: Array, b: Array | None, stride, padding, dilation, groups) -> None:
    """Says what does not fit."""
    if x.ndim != 4 or w.ndim != 4:
        hint = " (add the batch axis: x[None])" if x.ndim == 3 else ""
        raise ValueError(f"conv2d: expected x[n,c,h,w] and w[k,c,r,s], got x {x} and w {w}{hint}")
    _, c, h, width = x.shape
    k, c_group, r, s = w.shape
    if groups < 1 or c % groups or k % groups:
        raise ValueError(
            f"conv2d: groups={groups} must divide x's {c} channels and w's {k} filters "
            f"(x {x}, w {w})"
        )
    if c_group * groups != c:
        per_group = f" in each of {groups} groups" if groups > 1 else ""
        hint = "; are x's channels last? x.permute(0, 3, 1, 2)" if width == c_group * groups else ""
        raise ValueError(
            f"conv2d: weight has {c_group} input channels{per_group} but x has {c} "
            f"(x {x}, w {w}){hint}"
        )
    if _shape(x.shape, w.shape, stride, padding, dilation, groups) is None:
        raise ValueError(
            f"conv2d: a {r}×{s} window with dilation {dilation} does not fit into "
            f"{h}×{width} pixels with padding {padding} (x {x}, w {w})"
        )
    raise ValueError(f"conv2d: bias {b} must have one number per filter of w {w}")


@Weighted
def conv2d(x, w, b=None, *, stride, padding, dilation, groups):
    """y[n,k,p,q] = Σ_{c,r,s} x[n, c, p·stride − padding + r·dilation, …] w[k,c,r,s] (+ b[k]).

    x[n,c,h,w], w[k,c/groups,r,s], b[k] → y[n,k,p,q] with, for height and width alike,
    p = ⌊(h + 2 padding − dilation (r − 1) − 1) / stride⌋ + 1. Filter k sees the channels of its
    group only. float32 or float64, all of one dtype (but see Weighted). (LeCun et al. 1989)

    Raises:
        ValueError: shapes, groups or a window that do not fit x.
        TypeError: operands of different dtypes, or not floating point.
    """
    shape = conv2d_shape(x, w, b, stride, padding, dilation, groups)
    conv2d_dtypes(x, w, b)
    y = Array.empty(shape, x.dtype, x.backend)
    attrs = conv2d_attrs(stride, padding, dilation, groups)
    call_wide("conv2d", y, x.contiguous(), w.contiguous(), b and b.contiguous(), attrs)
    return y


@Product
def conv2d_input(gy, w, *, shape, stride, padding, dilation, groups):
    """The gradient of conv2d's x: gy spread over the windows it came from.

    gx[n,c,h,w] = Σ gy[n,k,p,q] w[k,c,r,s] over k, p, r with p·stride − padding + r·dilation = h,
    and q, s alike: the transposed convolution.
    gy[n,k,p,q], w[k,c/groups,r,s] → gx of shape (n,c,h,w), float32 or float64.
    """
    gx = Array.empty(shape, gy.dtype, gy.backend)
    attrs = conv2d_attrs(stride, padding, dilation, groups)
    call_wide("conv2d_input", gx, gy.contiguous(), w.contiguous(), attrs)
    return gx


@Product
def conv2d_weight(x, gy, *, shape, stride, padding, dilation, groups):
    """The gradient of conv2d's w: the correlation of x with gy.

    gw[k,c,r,s] = Σ_{n,p,q} gy[n,k,p,q] x[n, c, p·stride − padding + r·dilation, …].
    x[n,c,h,w], gy[n,k,p,q] → gw of shape (k,c/groups,r,s), float32 or float64.
    """
    gw = Array.empty(shape, x.dtype, x.backend)
    attrs = conv2d_attrs(stride, padding, dilation, groups)
    call_wide("conv2d_weight", gw, x.contiguous(), gy.contiguous(), attrs)
    return gw


conv2d.vjp(
    x=lambda g, w, x_shape, **attrs: conv2d_input(g, w, shape=x_shape, **attrs),
    w=lambda g, x, w_shape, **attrs: conv2d_weight(x, g, shape=w_shape, **attrs),
    b=lambda g: sum(g, dim=(0, 2, 3), keepdim=False),
)
conv2d_input.vjp(
    gy=lambda g, w, shape, **attrs: conv2d(g, w, **attrs),
    w=lambda g, gy, w_shape, shape, **attrs: conv2d_weight(g, gy, shape=w_shape, **attrs),
)
conv2d_weight.vjp(
    x=lambda g, gy, x_shape, shape, **attrs: conv2d_input(gy, g, shape=x_shape, **attrs),
    gy=lambda g, x, shape, **attrs: conv2d(x, g, **attrs),
)
