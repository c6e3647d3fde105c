"""Many elements to one: over an axis, several, or (None) all."""

from __future__ import annotations

from .. import dtypes, joining
from ..dtypes import DType
from ..tensor import Tensor
from .manipulation import Axes


def _axes(x: Tensor, axis: Axes | None) -> Axes:
    return tuple(range(x.ndim)) if axis is None else axis


def _summed(x: Tensor, dtype: DType | None) -> Tensor:
    """In the dtype of sums and products: integers have room, in int64."""
    if dtype is None:
        dtype = x.dtype if x.dtype.is_floating_point else dtypes.int64
    return x.to(dtype)


def all(x: Tensor, /, *, axis: Axes | None = None, keepdims: bool = False) -> Tensor:
    """Whether every element is not 0."""
    return x.bool().all(_axes(x, axis), keepdims)


def any(x: Tensor, /, *, axis: Axes | None = None, keepdims: bool = False) -> Tensor:
    """Whether an element is not 0."""
    return x.bool().any(_axes(x, axis), keepdims)


def max(x: Tensor, /, *, axis: Axes | None = None, keepdims: bool = False) -> Tensor:
    """The largest; NaN if there is one."""
    return x.amax(_axes(x, axis), keepdims)


def min(x: Tensor, /, *, axis: Axes | None = None, keepdims: bool = False) -> Tensor:
    """The smallest; NaN if there is one."""
    return x.amin(_axes(x, axis), keepdims)


def mean(x: Tensor, /, *, axis: Axes | None = None, keepdims: bool = False) -> Tensor:
    """The sum over the number of elements."""
    return x.mean(_axes(x, axis), keepdims)


def sum(
    x: Tensor, /, *, axis: Axes | None = None, dtype: DType | None = None, keepdims: bool = False
) -> Tensor:
    """The sum; of integers in int64, also of unsigned ones."""
    x = _summed(x, dtype)
    return x.sum(_axes(x, axis), keepdims).to(x.dtype)


def prod(
    x: Tensor, /, *, axis: Axes | None = None, dtype: DType | None = None, keepdims: bool = False
) -> Tensor:
    """The product; of integers in int64, also of unsigned ones."""
    out, axes = _summed(x, dtype), _axes(x, axis)
    wanted = out.dtype
    axes = axes if isinstance(axes, tuple) else (axes,)
    for a in sorted((a % x.ndim for a in axes), reverse=True):
        out = out.prod(a, keepdims)
    return out.to(wanted)


def var(
    x: Tensor, /, *, axis: Axes | None = None, correction: float = 0.0, keepdims: bool = False
) -> Tensor:
    """The mean square of deviations from the mean: their sum over n − correction."""
    return x.var(_axes(x, axis), correction=correction, keepdim=keepdims)


def std(
    x: Tensor, /, *, axis: Axes | None = None, correction: float = 0.0, keepdims: bool = False
) -> Tensor:
    """The root of var."""
    return x.std(_axes(x, axis), correction=correction, keepdim=keepdims)


def cumulative_sum(
    x: Tensor,
    /,
    *,
    axis: int | None = None,
    dtype: DType | None = None,
    include_initial: bool = False,
) -> Tensor:
    """Sums of the elements so far, of integers in int64; after a 0 if include_initial.

    Raises:
        ValueError: axis is None and x has several axes.
    """
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"cumulative_sum: {x._array} has {x.ndim} axes: name one with axis=")
        axis = 0
    x = _summed(x, dtype)
    sums = x.cumsum(axis).to(x.dtype)
    if not include_initial:
        return sums
    shape = (*x.shape[:axis], 1, *x.shape[axis:][1:])
    return joining.cat([x.new_zeros(shape), sums], axis)
