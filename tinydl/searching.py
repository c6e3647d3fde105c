"""Where values stand among others: binary search, bins, membership."""

from __future__ import annotations

from typing import NamedTuple

from . import dtypes, ops
from .filled import full_like
from .out import with_out
from .tensor import Tensor


@with_out
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | float,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where input's values would stand in an ascending sequence: how many of it are smaller.

    Args:
        sorted_sequence: s[n], or s[…, n] beside input[…, m], in ascending order, NaN last.
        out_int32: whether the result is int32 instead of int64.
        right: whether to count equal ones too; side="right" says the same.
        sorter: the order of a sequence that is not sorted, as argsort() gives it.

    Returns:
        y of input's shape, from 0 to n: s[y − 1] < input ≤ s[y]; s[y − 1] ≤ input < s[y] if right.

    Raises:
        ValueError: shapes that do not fit, or right and side that disagree.

    Example:
        >>> import tinydl
        >>> tinydl.searchsorted(tinydl.tensor([1, 3, 5]), tinydl.tensor([3, 6]))
        tensor([1, 3])
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise ValueError(f'searchsorted: side is "left" or "right", got {side!r}, right={right}')
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise ValueError(
                f"searchsorted: sorter {sorter._array} has another shape than "
                f"sorted_sequence {sorted_sequence._array}"
            )
        sorted_sequence = sorted_sequence.gather(-1, sorter)
    x, among = _alike(input, sorted_sequence)
    if among.ndim != 1 and (not among.ndim or among.shape[:-1] != x.shape[:-1]):
        raise ValueError(
            f"searchsorted: sorted_sequence {among._array} has neither one axis nor input's "
            f"{x._array} but for the last"
        )
    y = ops.searchsorted(x, among, right=right or side == "right")
    return y.int() if out_int32 else y


@with_out
def bucketize(
    input: Tensor | float, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """Which bucket each value is in: searchsorted() among boundaries[n], from 0 to n.

    >>> import tinydl
    >>> tinydl.bucketize(tinydl.tensor([0.5, 1.0, 7.0]), tinydl.tensor([1.0, 5.0]))
    tensor([0, 0, 2])
    """
    if boundaries.ndim != 1:
        raise ValueError(f"bucketize: boundaries have one axis, got {boundaries._array}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@with_out
def isin(
    elements: Tensor | float,
    test_elements: Tensor | float,
    *,
    assume_unique: bool = False,
    invert: bool = False,
) -> Tensor:
    """Which elements are among the others, bool; with invert, which are not. NaN equals nothing.

    assume_unique is accepted and makes no difference.

    >>> import tinydl
    >>> tinydl.isin(tinydl.tensor([1, 2, 3]), tinydl.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    x, others = _alike(elements, test_elements)
    if not others.numel():
        return full_like(x, invert, dtype=dtypes.bool_)
    others = others.reshape(-1).sort().values
    place = ops.searchsorted(x, others, right=False).clamp(max=others.numel() - 1)
    found = others.index_select(0, place.reshape(-1)).reshape(x.shape) == x
    return ~found if invert else found


class Histogram(NamedTuple):
    """What histogram returns: by name or to unpack."""

    hist: Tensor
    bin_edges: Tensor


@with_out
def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: tuple[float, float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Histogram:
    """(hist, bin_edges): how many elements, or how much weight, is between neighbouring edges.

    A bin has its lower edge and not its upper, but the last has both.

    Args:
        input: floating point; what is outside or NaN is not counted.
        bins: how many of one width, or their ascending edges[n + 1].
        range: (min, max) of bins of one width; input's own if None.
        weight: of input's shape; gradients go back to it.
        density: whether to divide by the sum and the bins' widths, for an integral of 1.

    Example:
        >>> import tinydl
        >>> tinydl.histogram(tinydl.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0)).hist
        tensor([0., 2., 1., 0.])
    """
    from .creation import linspace  # creation.py is made of Tensors

    if not input.dtype.is_floating_point:
        raise TypeError(f"histogram: {input._array} is not floating point; use .float()")
    if weight is not None and weight.shape != input.shape:
        raise ValueError(f"histogram: weight {weight._array} has another shape than {input._array}")
    if isinstance(bins, Tensor):
        if bins.ndim != 1 or bins.numel() < 2 or range is not None:
            raise ValueError(f"histogram: bins are two edges or more, got {bins._array}")
        edges = bins.to(input.dtype)
    else:
        low, high = ops.bin_range("histogram", input, bins, *(range or (0, 0)))
        edges = linspace(low, high, bins + 1, dtype=input.dtype, device=input.device)
    count = edges.numel() - 1
    x = input.detach().reshape(-1)
    inside = (x >= edges[0]) & (x <= edges[-1])
    place = ops.searchsorted(x, edges, right=True).clamp(1, count) - 1
    much = inside.to(input.dtype)
    if weight is not None:
        much = ops.where(inside, weight.reshape(-1).to(input.dtype), 0.0)
    hist = ops.scatter_zeros(much, place, shape=(count,), dim=0)
    if density:
        hist = hist / hist.sum() / edges.diff()
    return Histogram(hist, edges)


def _alike(x: Tensor | float, others: Tensor | float) -> tuple[Tensor, Tensor]:
    """Both as tensors of one dtype."""
    like = x if isinstance(x, Tensor) else others
    dtype = ops.common_dtype((x, others))
    both = [ops.cast(ops.as_tensor_like(t, like), dtype).detach() for t in (x, others)]
    return both[0], both[1]


__all__ = ["bucketize", "histogram", "isin", "searchsorted"]
