"""The layers' functions without their parameters: PyTorch's torch.nn.functional.

Letters of the shapes: batch n, channels c, height h, width w; filters k of r × s; outputs p × q.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, overload

from .. import ops
from ..dtypes import DType
from ..ops.check import pair
from ..ops.random import default_generator
from ..tensor import Tensor
from .encode import one_hot
from .loss import cross_entropy, mse_loss
from .pointwise import (
    celu,
    elu,
    gelu,
    glu,
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    prelu,
    relu6,
    selu,
    silu,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
    threshold,
)

__all__ = [
    "relu", "tanh", "sigmoid", "softmax", "log_softmax",
    "threshold", "relu6", "hardtanh", "hardsigmoid", "hardswish", "leaky_relu", "elu", "selu",
    "celu", "silu", "mish", "gelu", "softplus", "logsigmoid", "softsign", "tanhshrink",
    "softshrink", "hardshrink", "glu", "prelu",
    "linear", "conv2d", "max_pool2d", "avg_pool2d", "dropout", "one_hot", "pad",
    "cross_entropy", "mse_loss",
]  # fmt: skip

# --- activations ----------------------------------------------------------------------------------


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """The rectifier max(x, 0), elementwise on any shape; with inplace=True in x's own memory.

    >>> import tinydl
    >>> tinydl.nn.functional.relu(tinydl.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return input.relu_() if inplace else ops.relu(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), elementwise on any shape.

    >>> import tinydl
    >>> tinydl.nn.functional.tanh(tinydl.tensor([0.0, 1.0]))
    tensor([0.    , 0.7616])
    """
    return ops.tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """The logistic function 1 / (1 + e⁻ˣ), elementwise on any shape.

    >>> import tinydl
    >>> tinydl.nn.functional.sigmoid(tinydl.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """
    return ops.sigmoid(input)


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """eˣ / Σ eˣ along dim: x's shape, non-negative, sums to 1. float32 or float64.

    >>> import tinydl
    >>> tinydl.nn.functional.softmax(tinydl.zeros(1, 4), dim=1)
    tensor([[0.25, 0.25, 0.25, 0.25]])
    """
    return input.softmax(dim, dtype)


def log_softmax(input: Tensor, dim: int, *, dtype: DType | None = None) -> Tensor:
    """x − ln Σ eˣ along dim: the logarithm of softmax(), finite where that rounds to 0.

    >>> import tinydl
    >>> tinydl.nn.functional.log_softmax(tinydl.tensor([0.0, 1000.0]), dim=0)
    tensor([-1000.,     0.])
    """
    return input.log_softmax(dim, dtype)


# --- layers ---------------------------------------------------------------------------------------


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The affine map y = x Wᵀ + b of the last axis.

    Args:
        input: x[…, i], float32 or float64.
        weight: W[o, i], of the same dtype.
        bias: b[o], of the same dtype; none if None.

    Returns:
        y[…, o].

    Raises:
        ValueError: shapes that do not fit.
        TypeError: different dtypes.

    Example:
        >>> import tinydl
        >>> x, w = tinydl.tensor([[1.0, 2.0]]), tinydl.tensor([[3.0, 4.0]])
        >>> tinydl.nn.functional.linear(x, w, tinydl.tensor([0.5]))
        tensor([[11.5]])
    """
    return ops.linear(input, weight, bias)


def conv_padding(padding, window: tuple, stride: tuple, dilation: tuple) -> tuple[int, int]:
    """padding as two ints; "valid" is none and "same" keeps the size of odd windows."""
    if padding == "valid":
        return (0, 0)
    if padding == "same":
        spans = [d * (w - 1) for d, w in zip(dilation, window, strict=True)]
        if stride != (1, 1) or any(span % 2 for span in spans):
            raise ValueError(
                f"conv2d: padding='same' needs stride 1 and odd windows, got stride {stride}, "
                f"window {window}, dilation {dilation}; give the padding as numbers"
            )
        return (spans[0] // 2, spans[1] // 2)
    if isinstance(padding, str):
        raise ValueError(f"conv2d: padding must be numbers, 'valid' or 'same'; got {padding!r:.60}")
    return pair("conv2d", "padding", padding, 0)


def conv_window(kernel_size, stride, padding, dilation, groups) -> dict:
    """conv2d's arguments as the op takes them."""
    return _cached(_conv_window, kernel_size, stride, padding, dilation, groups)


@lru_cache(maxsize=1024, typed=True)
def _conv_window(kernel_size, stride, padding, dilation, groups) -> dict:
    stride, dilation = pair("conv2d", "stride", stride, 1), pair("conv2d", "dilation", dilation, 1)
    padding = conv_padding(padding, kernel_size, stride, dilation)
    return {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] | str = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """y[n,k,p,q] = b[k] + Σ_{c,r,s} x[n, c, p·stride − padding + r·dilation, …] w[k,c,r,s].

    Args:
        input: x[n,c,h,w], float32 or float64.
        weight: w[k,c/groups,r,s], of the same dtype.
        bias: b[k], of the same dtype; none if None.
        stride: pixels from one window to the next, for height and width.
        padding: pixels of zeros around x, for height and width; "valid" is none, "same" keeps the
            size (stride 1 and odd windows).
        dilation: pixels from one element of a window to the next.
        groups: parts of the channels, each seen by k/groups filters alone.

    Returns:
        y[n,k,p,q] with p = ⌊(h + 2 padding − dilation (r − 1) − 1) / stride⌋ + 1, q alike.

    Raises:
        ValueError: shapes, groups or a window that do not fit.
        TypeError: different dtypes, or not floating point.

    Example:
        >>> import tinydl
        >>> x, w = tinydl.ones(1, 1, 3, 3), tinydl.ones(1, 1, 2, 2)
        >>> tinydl.nn.functional.conv2d(x, w)
        tensor([[[[4., 4.],
                  [4., 4.]]]])
    """
    window = conv_window(weight.shape[2:], stride, padding, dilation, groups)
    return ops.conv2d(input, weight, bias, **window)


def pool_window(kernel_size, stride, padding, dilation, ceil_mode) -> dict:
    """max_pool2d's arguments as the op takes them."""
    return _cached(_pool_window, kernel_size, stride, padding, dilation, ceil_mode)


@lru_cache(maxsize=1024, typed=True)  # 2.0 is no size, though it is equal to one
def _pool_window(kernel_size, stride, padding, dilation, ceil_mode) -> dict:
    return {
        "window": pair("max_pool2d", "kernel_size", kernel_size, 1),
        "stride": pair("max_pool2d", "stride", kernel_size if stride is None else stride, 1),
        "padding": pair("max_pool2d", "padding", padding, 0),
        "dilation": pair("max_pool2d", "dilation", dilation, 1),
        "ceil_mode": ceil_mode,
    }


def _cached(function, *sizes) -> dict:
    """function(*sizes), made once for sizes that can be looked up; lists of sizes are tuples."""
    sizes = tuple([tuple(v) if isinstance(v, list) else v for v in sizes])
    try:
        return function(*sizes)
    except TypeError:  # unhashable: the check says what is wrong
        return function.__wrapped__(*sizes)


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
    return_indices: Literal[False] = False,
) -> Tensor: ...
@overload
def max_pool2d(
    input: Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    ceil_mode: bool = False,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...
def max_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """The largest value of each window, and its place if asked for; NaN wins.

    Args:
        input: x[n,c,h,w], float32 or float64.
        kernel_size: the window's height and width.
        stride: pixels from one window to the next; kernel_size if None.
        padding: pixels around x, at most half a window; they never win.
        dilation: pixels from one element of a window to the next.
        ceil_mode: whether a last window may hang over the edge.
        return_indices: whether to return the winners' places too, the first of equal ones.

    Returns:
        y[n,c,p,q] with p = ⌊(h + 2 padding − dilation (window − 1) − 1) / stride⌋ + 1, q alike;
        with return_indices (y, places): int64 offsets in the h·w plane.

    Raises:
        ValueError: x is not 4-d, or a window or padding that does not fit.
        TypeError: x is not floating point.

    Example:
        >>> import tinydl
        >>> x = tinydl.arange(16).float().reshape(1, 1, 4, 4)
        >>> tinydl.nn.functional.max_pool2d(x, 2)
        tensor([[[[ 5.,  7.],
                  [13., 15.]]]])
    """
    window = pool_window(kernel_size, stride, padding, dilation, ceil_mode)
    y, place = ops.max_pool2d(input, **window)
    return (y, place.long()) if return_indices else y


def avg_pool2d(
    input: Tensor,
    kernel_size: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: x[n,c,h,w], float32 or float64.
        kernel_size, stride, padding, ceil_mode: as in max_pool2d(); padding is with zeros.
        count_include_pad: whether padded zeros count as elements.
        divisor_override: what to divide each sum by instead of the number of elements.

    Returns:
        y[n,c,p,q] as max_pool2d().

    Raises:
        ValueError, TypeError: as max_pool2d().

    Example:
        >>> import tinydl
        >>> x = tinydl.arange(16).float().reshape(1, 1, 4, 4)
        >>> tinydl.nn.functional.avg_pool2d(x, 2)
        tensor([[[[ 2.5,  4.5],
                  [10.5, 12.5]]]])
    """
    if divisor_override is not None and not 1 <= divisor_override < 2**31:
        raise ValueError(
            f"avg_pool2d: divisor_override must be ≥ 1 and < 2**31, got {divisor_override}"
        )
    return ops.avg_pool2d(
        input,
        window=pair("avg_pool2d", "kernel_size", kernel_size, 1),
        stride=pair("avg_pool2d", "stride", kernel_size if stride is None else stride, 1),
        padding=pair("avg_pool2d", "padding", padding, 0),
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        divisor=divisor_override or 0,
    )


def check_probability(name: str, p: float) -> None:
    """A dropout probability lies in [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be between 0 and 1, got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """0 with probability p, else x / (1 − p), elementwise (Srivastava et al. 2014).

    The mean stays what it was. The draw is the default generator's: see manual_seed().

    Args:
        input: x[…], float32 or float64.
        p: the probability of 0, from 0 to 1.
        training: if False, x itself comes back.
        inplace: whether to write to x's own memory.

    Raises:
        ValueError: p outside [0, 1].

    Example:
        >>> import tinydl
        >>> y = tinydl.nn.functional.dropout(tinydl.ones(100), 0.5)
        >>> bool(((y == 0) | (y == 2)).all())
        True
    """
    check_probability("dropout", p)
    if not training or p == 0:
        return input
    out, _ = ops.dropout(input, p=float(p), draw=default_generator.draw())
    return input.copy_(out) if inplace else out


# --- edges ----------------------------------------------------------------------------------------


def pad(
    input: Tensor,
    pad: Sequence[int],
    mode: Literal["constant", "reflect", "replicate", "circular"] = "constant",
    value: float | None = None,
) -> Tensor:
    """More elements before and after those of the last axes, or with negative widths fewer.

    Unlike PyTorch's, every mode pads any axes of a tensor of any number of them.

    Args:
        pad: (before, after) of the last axis, then of the one before it, and so on.
        mode: what is added: a constant, the elements mirrored at the first and the last one, the
            first and the last one again and again, or the elements of the other end.
        value: the constant, 0 if None.

    Raises:
        ValueError: an unknown mode, or more is repeated or cut off than there is.

    Example:
        >>> import tinydl
        >>> x = tinydl.arange(4)
        >>> tinydl.nn.functional.pad(x, (1, 2))
        tensor([0, 0, 1, 2, 3, 0, 0])
        >>> tinydl.nn.functional.pad(x, (2, -1), "reflect")
        tensor([2, 1, 0, 1, 2])
    """
    return ops.pad(input, pad, mode, value)
