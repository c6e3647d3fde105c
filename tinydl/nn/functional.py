"""The layers' functions without their parameters: PyTorch's torch.nn.functional."""

from __future__ import annotations

import warnings

from .. import dtypes, ops
from ..ops.check import pair
from ..ops.random import default_generator
from ..tensor import Tensor

# --- activations ----------------------------------------------------------------------------------


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0)"""
    return input.relu_() if inplace else ops.relu(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return ops.tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e⁻ˣ)"""
    return ops.sigmoid(input)


def softmax(input: Tensor, dim: int) -> Tensor:
    """eˣ / Σ eˣ along dim."""
    return input.softmax(dim)


def log_softmax(input: Tensor, dim: int) -> Tensor:
    """x − ln Σ eˣ along dim."""
    return input.log_softmax(dim)


# --- layers ---------------------------------------------------------------------------------------


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x Wᵀ + b for x[…,i], W[o,i], b[o]."""
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
    return pair("conv2d", "padding", padding, 0)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride=1,
    padding=0,
    dilation=1,
    groups: int = 1,
) -> Tensor:
    """x[n,c,h,w] ⋆ w[k,c/groups,r,s] + b[k] → y[n,k,p,q]; see nn.Conv2d."""
    stride, dilation = pair("conv2d", "stride", stride, 1), pair("conv2d", "dilation", dilation, 1)
    padding = conv_padding(padding, weight.shape[2:], stride, dilation)
    return ops.conv2d(
        input, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
    )


def max_pool2d(
    input: Tensor,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode: bool = False,
    return_indices: bool = False,
):
    """The largest value of each window of x[n,c,h,w], and if asked its place in the plane."""
    y, place = ops.max_pool2d(
        input,
        window=pair("max_pool2d", "kernel_size", kernel_size, 1),
        stride=pair("max_pool2d", "stride", stride or kernel_size, 1),
        padding=pair("max_pool2d", "padding", padding, 0),
        dilation=pair("max_pool2d", "dilation", dilation, 1),
        ceil_mode=ceil_mode,
    )
    return (y, place.long()) if return_indices else y


def avg_pool2d(
    input: Tensor,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of x[n,c,h,w]."""
    if divisor_override is not None and divisor_override < 1:
        raise ValueError(f"avg_pool2d: divisor_override must be ≥ 1, got {divisor_override}")
    return ops.avg_pool2d(
        input,
        window=pair("avg_pool2d", "kernel_size", kernel_size, 1),
        stride=pair("avg_pool2d", "stride", stride or kernel_size, 1),
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
    """0 with probability p, else x / (1 − p); x itself when not training."""
    check_probability("dropout", p)
    if not training or p == 0:
        return input
    out = ops.dropout(input, p=float(p), draw=default_generator.draw())
    return input.copy_(out) if inplace else out


# --- losses ---------------------------------------------------------------------------------------


def legacy_reduction(size_average, reduce, reduction: str) -> str:
    """PyTorch's old pair of flags, still in its signatures, as the word that replaced them."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        return "none"
    return "sum" if size_average is False else "mean"


def _reduce(loss: Tensor, reduction: str, count=None) -> Tensor:
    """All losses, their sum, or their sum over count (the number of them unless given)."""
    if reduction == "none":
        return loss
    if reduction == "sum":
        return loss.sum()
    if reduction == "mean":
        return loss.mean() if count is None else loss.sum() / count
    raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")


def mse_loss(
    input: Tensor, target: Tensor, size_average=None, reduce=None, reduction: str = "mean"
) -> Tensor:
    """(x − target)², averaged by default. Shapes must be equal: nothing broadcasts in a loss."""
    if input.shape != target.shape:
        raise ValueError(
            f"mse_loss: input {input._array} and target {target._array} must have one shape; "
            "an (n,1) beside an (n,) would be compared all with all: use .squeeze(1) or .view_as()"
        )
    reduction = legacy_reduction(size_average, reduce, reduction)
    return _reduce((input - target).square(), reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average=None,
    ignore_index: int = -100,
    reduce=None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """−ln softmax(x)[target] per row, from logits: x[c], x[n,c] or x[n,c,d…].

    target holds labels 0 … c−1 (int, shape of x without c) or probabilities (shape of x). weight[c]
    scales classes; labels equal to ignore_index count nothing; label_smoothing mixes the target
    with the uniform distribution. The mean is over the weights of the labels counted.

    Raises:
        IndexError: a label outside 0 … c−1.
        ValueError: shapes that do not fit.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must be in [0, 1], got {label_smoothing}")
    if input.grad_fn is not None and input.grad_fn.op is ops.softmax:
        warnings.warn(
            "cross_entropy takes logits and applies softmax itself; its input is the output of a "
            "softmax already, which slows learning: leave the softmax out of the model",
            stacklevel=2,
        )
    if not input.ndim:
        raise ValueError(f"cross_entropy: input {input._array} has no class axis")
    classes = 0 if input.ndim == 1 else 1
    if target.is_floating_point():
        return _soft_cross_entropy(input, target, classes, weight, label_smoothing, reduction)
    expected = input.shape[:classes] + input.shape[classes + 1 :]
    if target.shape != expected:
        hint = " (labels are class numbers, not one-hot)" if target.shape == input.shape else ""
        raise ValueError(
            f"cross_entropy: input {input._array} takes labels of shape {expected}, "
            f"got target {target._array}{hint}"
        )
    if target.dtype is dtypes.bool_:
        raise TypeError("cross_entropy: labels are class numbers, not bool; use .long()")
    labels = target.long().reshape(-1)
    x = input.reshape(1, -1) if input.ndim == 1 else input
    rows = x.movedim(1, -1).reshape(-1, x.shape[1])

    loss, _ = ops.cross_entropy(rows, labels, ignore_index=ignore_index)
    counted = (labels != ignore_index).to(loss.dtype)
    if weight is not None or label_smoothing:
        if weight is not None:
            if weight.shape != rows.shape[1:]:
                raise ValueError(
                    f"cross_entropy: weight {weight._array} must hold one number for each of the "
                    f"{rows.shape[1]} classes"
                )
            safe = ops.where(labels == ignore_index, 0, labels)
            counted = counted * ops.index_select(weight, 0, safe)
        loss = loss * (counted if weight is not None else 1)
        if label_smoothing:
            smooth = -rows.log_softmax(1)
            smooth = (smooth if weight is None else smooth * weight).sum(1)
            smooth = ops.where(labels == ignore_index, 0, smooth)
            share = label_smoothing / rows.shape[1]
            loss = (1 - label_smoothing) * loss + share * smooth
    if reduction == "none":
        return loss.reshape(target.shape)
    return _reduce(loss, reduction, counted.sum())


def _soft_cross_entropy(input, target, classes, weight, label_smoothing, reduction) -> Tensor:
    """Σ_c −target[c] ln softmax(x)[c]: the target is a distribution."""
    if target.shape != input.shape:
        raise ValueError(
            f"cross_entropy: a target of probabilities has the input's shape {input.shape}, "
            f"got {target._array}; labels must be integers: use .long()"
        )
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / input.shape[classes]
    terms = -input.log_softmax(classes) * target
    if weight is not None:
        terms = terms * weight.reshape(-1, *[1] * (input.ndim - classes - 1))
    loss = terms.sum(classes)
    return _reduce(loss, reduction, max(loss.numel(), 1))
