"""Spread and mean in one, and integrals by trapezoids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import ops
from .dtypes import get_default_dtype
from .out import with_out
from .tensor import Tensor

if TYPE_CHECKING:
    from .methods import Dims


@with_out
def var_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    axis: Dims = None,
    keepdims: bool = False,
) -> tuple[Tensor, Tensor]:
    """(variance, mean) over dim, as Tensor.var() and mean().

    >>> import tinydl
    >>> tinydl.var_mean(tinydl.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    return _and_mean(Tensor.var, input, dim, unbiased, keepdim or keepdims, correction, axis)


@with_out
def std_mean(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    axis: Dims = None,
    keepdims: bool = False,
) -> tuple[Tensor, Tensor]:
    """(standard deviation, mean) over dim, as Tensor.std() and mean().

    >>> import tinydl
    >>> tinydl.std_mean(tinydl.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    return _and_mean(Tensor.std, input, dim, unbiased, keepdim or keepdims, correction, axis)


def _and_mean(
    spread: Callable, x: Tensor, dim, unbiased: bool, keepdim: bool, correction, axis
) -> tuple[Tensor, Tensor]:
    if isinstance(dim, bool):  # PyTorch's var_mean(input, unbiased)
        dim, unbiased = None, dim
    dim = axis if dim is None else dim
    return spread(x, dim, unbiased, keepdim, correction=correction), x.mean(dim, keepdim)


def trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The integral of y along dim by trapezoids: Σ (y[t] + y[t+1]) / 2 · (x[t+1] − x[t]).

    Args:
        x: where y is known: x[n], or of a shape that broadcasts with y's.
        dx: the distance between neighbours, instead of x; 1 if neither is given.

    Example:
        >>> import tinydl
        >>> tinydl.trapezoid(tinydl.tensor([0.0, 1.0, 4.0]))
        tensor(3.)
    """
    return _trapezoids("trapezoid", y, x, dx, dim, Tensor.sum)


def cumulative_trapezoid(
    y: Tensor, x: Tensor | None = None, *, dx: float | None = None, dim: int = -1
) -> Tensor:
    """The running integral of y along dim, an element less: as trapezoid().

    >>> import tinydl
    >>> tinydl.cumulative_trapezoid(tinydl.tensor([0.0, 1.0, 4.0]))
    tensor([0.5, 3. ])
    """
    return _trapezoids("cumulative_trapezoid", y, x, dx, dim, Tensor.cumsum)


trapz = trapezoid


def _trapezoids(name: str, y: Tensor, x, dx, dim: int, total: Callable) -> Tensor:
    if x is not None and dx is not None:
        raise TypeError(f"{name}: give x or dx, not both")
    if not y.ndim:
        raise ValueError(f"{name}: {y._array} has no axis to go along")
    dim = ops.axis(name, dim, y.ndim)
    if not y.dtype.is_floating_point:
        y = y.to(get_default_dtype())
    heights = (ops.along(y, dim, 1) + ops.along(y, dim, 0, -1)) / 2
    width = 1 if dx is None else dx
    if x is not None:
        if x.ndim == 1:
            x = x.reshape(-1, *[1] * (y.ndim - dim - 1))
        if x.ndim < y.ndim - dim or x.shape[dim - y.ndim] != y.shape[dim]:
            raise ValueError(f"{name}: x {x._array} does not fit y {y._array} along dim {dim}")
        width = x.diff(dim=dim - y.ndim)
    return total(heights * width, dim)


__all__ = ["cumulative_trapezoid", "std_mean", "trapezoid", "trapz", "var_mean"]
