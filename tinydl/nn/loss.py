"""Losses: the functions, and the modules that call them."""

from __future__ import annotations

import warnings

from .. import dtypes, ops
from ..amp import in_float32
from ..creation import as_tensor
from ..tensor import Tensor
from .module import Module


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """PyTorch's old pair of flags, still in its signatures, as the word that replaced them."""
    if size_average is None and reduce is None:
        return reduction
    if isinstance(size_average, Tensor):
        raise TypeError(
            "size_average is a bool, got a tensor; a loss is made first and called then: "
            "nn.MSELoss()(input, target)"
        )
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


def _target(target, input: Tensor) -> Tensor:
    """A target, of which lists and NumPy's arrays go where the input is."""
    return target if isinstance(target, Tensor) else as_tensor(target, device=input.device)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    *,
    broadcast: bool = False,
) -> Tensor:
    """The squared error (x − target)², averaged by default.

    Args:
        input: x[…], float32 or float64.
        target: of x's shape.
        size_average, reduce: PyTorch's old spelling of reduction.
        reduction: "mean", "sum" or "none".
        broadcast: whether other shapes are meant to broadcast; PyTorch's always do, and an (n,1)
            beside an (n,) is then compared all with all.

    Returns:
        A scalar, or with "none" a loss for each element.

    Raises:
        ValueError: different shapes, or another reduction.

    Example:
        >>> import tinydl
        >>> tinydl.nn.functional.mse_loss(tinydl.tensor([1.0, 2.0]), tinydl.tensor([1.0, 4.0]))
        tensor(2.)
    """
    target = _target(target, input)
    if input.shape != target.shape and not broadcast:
        raise ValueError(
            f"mse_loss: input {input._array} and target {target._array} must have one shape; "
            "an (n,1) beside an (n,) would be compared all with all: use .squeeze(1) or "
            ".view_as(), or say broadcast=True if that is meant"
        )
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = in_float32(input, target)
    return _reduce((input - target).square(), reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross entropy −ln softmax(x)[target] of logits x, averaged by default.

    Args:
        input: logits x[c], x[n,c] or x[n,c,d…], float32 or float64. The softmax is in here.
        target: class numbers 0 … c − 1, integers of x's shape without c; or probabilities of x's
            shape, whose loss is −Σ_c target[c] ln softmax(x)[c].
        weight: w[c], which scales the loss of each class.
        size_average, reduce: PyTorch's old spelling of reduction.
        ignore_index: the class number that counts nothing, neither in the sum nor in the mean.
        reduction: "mean" (Σ loss / Σ w of the labels that count, or of probabilities over their
            number), "sum" or "none".
        label_smoothing: ε in [0, 1]: the target becomes (1 − ε) target + ε/c (Szegedy et al. 2016).

    Returns:
        A scalar in nats, or with "none" a loss for each label. The mean of no labels is NaN.

    Raises:
        IndexError: a class number outside 0 … c − 1.
        ValueError: shapes that do not fit, or another reduction.
        TypeError: x is not floating point, or target is bool.

    Example:
        >>> import tinydl
        >>> logits = tinydl.tensor([[2.0, 0.0], [0.0, 2.0]])
        >>> tinydl.nn.functional.cross_entropy(logits, tinydl.tensor([0, 1]))
        tensor(0.1269)
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
    target = _target(target, input)
    classes = 0 if input.ndim == 1 else 1
    if target.is_floating_point():
        return _soft_cross_entropy(input, target, classes, weight, label_smoothing, reduction)
    expected = input.shape[:classes] + input.shape[classes + 1 :]
    if target.shape != expected:
        hint = ""
        if target.shape == input.shape:
            hint = "; labels are class numbers, not one-hot: use .argmax(1), or .float()"
        elif target.shape == (*expected, 1):
            hint = "; use .squeeze(-1)"
        raise ValueError(
            f"cross_entropy: input {input._array} takes labels of shape {expected}, "
            f"got target {target._array}{hint}"
        )
    if target.dtype is dtypes.bool_:
        raise TypeError("cross_entropy: labels are class numbers, not bool; use .long()")
    labels = target if target.ndim == 1 else target.reshape(-1)
    labels = labels.long()
    rows = input.reshape(1, -1) if input.ndim == 1 else input
    if rows.ndim > 2:
        rows = rows.movedim(1, -1).reshape(-1, rows.shape[1])

    if reduction == "mean" and weight is None and not label_smoothing:
        return ops.cross_entropy_mean(rows, labels, ignore_index=ignore_index)[0]
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
    if not input.is_floating_point():
        raise TypeError(
            f"cross_entropy: input {input._array} holds integers and target {target._array} does "
            "not: logits come first, labels second"
        )
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


# --- modules --------------------------------------------------------------------------------------


class CrossEntropyLoss(Module):
    """The cross entropy −ln softmax(x)[target] of logits x[n,c] or x[n,c,d…].

    Arguments, shapes and exceptions are those of nn.functional.cross_entropy.

    >>> import tinydl
    >>> logits = tinydl.tensor([[2.0, 0.0], [0.0, 2.0]])
    >>> tinydl.nn.CrossEntropyLoss()(logits, tinydl.tensor([0, 1]))
    tensor(0.1269)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing
        self.reduction = legacy_reduction(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class MSELoss(Module):
    """The squared error (x − target)², averaged, summed or as it is.

    Arguments, shapes and exceptions are those of nn.functional.mse_loss.

    >>> import tinydl
    >>> tinydl.nn.MSELoss()(tinydl.tensor([1.0, 2.0]), tinydl.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ):
        super().__init__()
        self.reduction = legacy_reduction(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return mse_loss(input, target, reduction=self.reduction)
