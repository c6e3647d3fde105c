"""Where elements are: extremes, order, sets, and taking by index."""

from __future__ import annotations

from typing import NamedTuple

import tinydl

from .. import functions
from ..tensor import Tensor
from .info import together


class UniqueAll(NamedTuple):
    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    values: Tensor
    inverse_indices: Tensor


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first largest element, along an axis or in the flattened array."""
    return _arg(functions.argmax, x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The index of the first smallest element, along an axis or in the flattened array."""
    return _arg(functions.argmin, x, axis, keepdims)


def _arg(find, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    if axis is not None:
        return find(x, axis, keepdims)
    found = find(x.flatten())
    return found.reshape((1,) * x.ndim) if keepdims else found


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The indices of elements that are not 0, one vector per axis."""
    if not x.ndim:
        raise ValueError("nonzero: expected at least one axis, got an array without")
    return x.nonzero(as_tuple=True)


def searchsorted(
    x1: Tensor, x2: Tensor, /, *, side: str = "left", sorter: Tensor | None = None
) -> Tensor:
    """Where x2's elements would go to keep the vector x1 sorted."""
    x1, x2 = together(x1, x2)
    return tinydl.searchsorted(x1, x2, side=side, sorter=sorter)


def where(condition: Tensor, x1: Tensor, x2: Tensor, /) -> Tensor:
    """x1 where the condition holds, else x2."""
    return tinydl.where(condition, *together(x1, x2))


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """In order along an axis."""
    return x.sort(dim=axis, descending=descending, stable=stable).values


def argsort(
    x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True
) -> Tensor:
    """The indices that sort along an axis."""
    return x.argsort(dim=axis, descending=descending, stable=stable)


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The parts of x at a vector of indices along an axis, which only vectors may leave out.

    Raises:
        ValueError: axis is None and x has several axes.
    """
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"take: {x._array} has {x.ndim} axes: name one with axis=")
        axis = 0
    return x.index_select(axis, indices)


def unique_all(x: Tensor, /) -> UniqueAll:
    """Different values, where each first occurs, which one each element is, and how many are so."""
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    order = inverse.flatten().argsort(stable=True)  # the first of each value comes first
    firsts = counts.cumsum(0) - counts
    return UniqueAll(values, order[firsts], inverse.reshape(x.shape), counts)


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """Different values, and how many elements have each."""
    return UniqueCounts(*x.unique(return_counts=True))


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """Different values, and which one each element is."""
    values, inverse = x.unique(return_inverse=True)
    return UniqueInverse(values, inverse.reshape(x.shape))


def unique_values(x: Tensor, /) -> Tensor:
    """Different values."""
    return x.unique()
