"""Tensors made of several tensors: one after the other, side by side, or of one and the other."""

from __future__ import annotations

from collections.abc import Sequence

from . import dtypes, ops
from .tensor import Tensor


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """The tensors one after the other along dim, x₀[…,n₀,…], x₁[…,n₁,…], … → y[…,n₀+n₁+…,…].

    Args:
        tensors: one or more, which may differ in size on axis dim only; they meet in one dtype.
        dim: the axis, negative ones counted from the end.

    Raises:
        ValueError: no tensors, tensors without axes, or sizes that differ elsewhere.
        IndexError: there is no axis dim.

    Example:
        >>> import tinydl
        >>> tinydl.cat([tinydl.zeros(1), tinydl.ones(2)])
        tensor([0., 1., 1.])
    """
    tensors = list(tensors)
    if not tensors:
        raise ValueError("cat: there is nothing to join")
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"cat: tensors[{i}] is no tensor but {type(x).__name__}")
    first = tensors[0]._array
    if not first.ndim:
        raise ValueError("cat: 0-d tensors have no axis to join along; use stack()")
    axis = ops.axis("cat", dim, first.ndim)
    for i, x in enumerate(tensors):
        a = x._array
        if a.ndim != first.ndim or any(
            n != m for d, (n, m) in enumerate(zip(a.shape, first.shape, strict=True)) if d != axis
        ):
            raise ValueError(
                f"cat: tensors[{i}] is {a}, tensors[0] is {first}; "
                f"they may differ on axis {axis} only"
            )
    dtype = dtypes.promote([x.dtype for x in tensors], [], [])
    return ops.cat(*[ops.cast(x, dtype) for x in tensors], dim=axis)


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new axis, which becomes axis dim of the result.

    Raises:
        ValueError: no tensors, or different shapes.
        IndexError: there is no axis dim.

    Example:
        >>> import tinydl
        >>> tinydl.stack([tinydl.zeros(3), tinydl.ones(3)], dim=1).shape
        (3, 2)
    """
    tensors = list(tensors)
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"stack: tensors[{i}] is no tensor but {type(x).__name__}")
    shapes = {x.shape for x in tensors}
    if len(shapes) != 1:
        raise ValueError(f"stack: expected tensors of one shape, got {sorted(shapes) or 'none'}")
    return cat([x.unsqueeze(ops.axis("stack", dim, x.ndim + 1)) for x in tensors], dim)


def where(condition: Tensor, input: Tensor | float, other: Tensor | float) -> Tensor:
    """input where the condition holds, else other; what is not chosen leaves no trace.

    Args:
        condition: a bool tensor.
        input, other: tensors or numbers; all three broadcast, these two meet in one dtype.

    Raises:
        TypeError: condition is no bool tensor.
        ValueError: shapes that do not broadcast.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([-1.0, 4.0])
        >>> tinydl.where(x > 0, x.sqrt(), 0.0)
        tensor([0., 2.])
    """
    return ops.where(condition, input, other)
