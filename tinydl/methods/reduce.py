"""Reductions: sum, mean, max, … over all axes or those of dim."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np

from .. import ops
from .shape import _sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..dtypes import DType
    from ..tensor import Tensor
    from . import Dims


def _either(dim, axis, keepdim, keepdims):
    """PyTorch's spelling or NumPy's."""
    return (axis if dim is None else dim), (keepdim or keepdims)


class ValuesAndIndices(NamedTuple):
    """What max and min along an axis return: by name or to unpack."""

    values: Tensor
    indices: Tensor


class MinAndMax(NamedTuple):
    """What aminmax returns: by name or to unpack."""

    min: Tensor
    max: Tensor


class ReduceMethods:
    """x.sum(), x.mean(dim=0), x.argmax(-1), …

    Args:
        dim: axis or axes to reduce, negative ones counted from the end; None for all. Also axis=.
        keepdim: whether reduced axes stay, with size 1. Also keepdims=.
        dtype: what to convert to before reducing, and the result's; None leaves self as it is.

    Returns:
        A tensor of self's dtype, unless said otherwise, and shape without the reduced axes.

    Raises:
        IndexError: dim names an axis that self does not have.
        ValueError: dim names an axis twice; max, min and their places of no elements.
    """

    __slots__ = ()

    def sum(
        self,
        dim: Dims = None,
        keepdim: bool = False,
        *,
        dtype: DType | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The sum, Σ self over dim; integers and bools add up in int64.

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).sum(dim=0)
        tensor([4, 6])
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        x = self if dtype is None else self.to(dtype)
        y = ops.sum(x, dim=ops.normalize_dims("sum", dim, x.ndim), keepdim=keepdim)
        return y if dtype is None else y.to(dtype)

    def prod(
        self,
        dim: Dims = None,
        keepdim: bool = False,
        *,
        dtype: DType | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The product, Π self over dim; integers and bools multiply in int64. 1 of nothing.

        Derivatives are exact where elements are 0, of any order.

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).prod(dim=0)
        tensor([3, 8])
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        x = self if dtype is None else self.to(dtype)
        y = ops.prod(x, dim=ops.normalize_dims("prod", dim, x.ndim), keepdim=keepdim)
        return y if dtype is None else y.to(dtype)

    def mean(
        self,
        dim: Dims = None,
        keepdim: bool = False,
        *,
        dtype: DType | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The mean, Σ self / n over dim; NaN where n = 0.

        Raises:
            TypeError: integers or bools, unless dtype makes them floating point.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=1)
            tensor([1.5, 3.5])
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        x = self if dtype is None else self.to(dtype)
        if not x.dtype.is_floating_point:
            raise TypeError(f"mean: {x._array} is not floating point; use .float().mean()")
        dims = ops.normalize_dims("mean", dim, x.ndim)
        count = 1
        for axis in dims:
            count *= x.shape[axis]
        return ops.sum(x, dim=dims, keepdim=keepdim) / (count or float("nan"))

    @overload
    def max(self, dim: None = None, keepdim: bool = False, *, keepdims: bool = False) -> Tensor: ...
    @overload
    def max(self, dim: Tensor) -> Tensor: ...
    @overload
    def max(self, *, other: Tensor) -> Tensor: ...
    @overload
    def max(self, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
    @overload
    def max(self, *, axis: int, keepdims: bool = False) -> ValuesAndIndices: ...
    def max(self, dim=None, keepdim=False, *, axis=None, keepdims=False, other=None):
        """The maximum of all, or (values, indices) along one axis: the first of equal ones.

        indices are int64 and count along the axis. NaN is above all. Of all elements, equal maxima
        share the gradient; along one axis the first has it. Given a tensor, it is maximum().

        >>> import tinydl
        >>> x = tinydl.tensor([[1.0, 4.0], [3.0, 2.0]])
        >>> x.max()
        tensor(4.)
        >>> x.max(dim=1)
        ValuesAndIndices(values=tensor([4., 3.]), indices=tensor([1, 0]))
        """
        return self._extreme("max", dim if other is None else other, keepdim, axis, keepdims)

    @overload
    def min(self, dim: None = None, keepdim: bool = False, *, keepdims: bool = False) -> Tensor: ...
    @overload
    def min(self, dim: Tensor) -> Tensor: ...
    @overload
    def min(self, *, other: Tensor) -> Tensor: ...
    @overload
    def min(self, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
    @overload
    def min(self, *, axis: int, keepdims: bool = False) -> ValuesAndIndices: ...
    def min(self, dim=None, keepdim=False, *, axis=None, keepdims=False, other=None):
        """The minimum of all, or (values, indices) along one axis: as max(), NaN below all.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 4.0], [3.0, 2.0]]).min(dim=0)
        ValuesAndIndices(values=tensor([1., 2.]), indices=tensor([0, 1]))
        """
        return self._extreme("min", dim if other is None else other, keepdim, axis, keepdims)

    def _extreme(self, name, dim, keepdim, axis, keepdims):
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        if dim is None:
            return (self.amax if name == "max" else self.amin)(keepdim=keepdim)
        if ops.is_tensor(dim):
            return (self.maximum if name == "max" else self.minimum)(dim)
        if not isinstance(dim, (int, np.integer)):
            every = "amax" if name == "max" else "amin"
            raise TypeError(f"{name}: dim must be one int, got {dim!r}; {every} takes several")
        op = ops.max if name == "max" else ops.min
        dims = ops.normalize_dims(name, dim, self.ndim)
        return ValuesAndIndices(*op(self, dim=dims, keepdim=keepdim))

    def amax(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """The maximum over dim; equal maxima share the gradient.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 4.0], [3.0, 2.0]]).amax(dim=0)
        tensor([3., 4.])
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.amax(self, dim=ops.normalize_dims("amax", dim, self.ndim), keepdim=keepdim)

    def amin(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """The minimum over dim; equal minima share the gradient.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 4.0], [3.0, 2.0]]).amin(dim=0)
        tensor([1., 2.])
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.amin(self, dim=ops.normalize_dims("amin", dim, self.ndim), keepdim=keepdim)

    def argmax(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """Where the maximum is along dim, int64; over several axes, its place in reading order.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 4.0], [3.0, 2.0]]).argmax(dim=1)
        tensor([1, 0])
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.argmax(self, dim=ops.normalize_dims("argmax", dim, self.ndim), keepdim=keepdim)

    def argmin(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """Where the minimum is along dim, int64; over several axes, its place in reading order.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 4.0], [3.0, 2.0]]).argmin()
        tensor(0)
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return ops.argmin(self, dim=ops.normalize_dims("argmin", dim, self.ndim), keepdim=keepdim)

    def any(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """Whether one at least is not 0, bool; False of nothing.

        >>> import tinydl
        >>> tinydl.tensor([[0, 0], [3, 0]]).any(dim=1)
        tensor([False,  True])
        """
        return self.bool().sum(dim, keepdim, axis=axis, keepdims=keepdims) > 0

    def all(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """Whether none is 0, bool; True of nothing.

        >>> import tinydl
        >>> tinydl.tensor([[1, 1], [3, 0]]).all(dim=1)
        tensor([ True, False])
        """
        return self.logical_not().sum(dim, keepdim, axis=axis, keepdims=keepdims) == 0

    def softmax(self, dim: int, dtype: DType | None = None) -> Tensor:
        """eˣ / Σ eˣ along dim: self's shape, non-negative, sums to 1. Floating point only.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 0.0, 0.0, 0.0]).softmax(0)
        tensor([0.25, 0.25, 0.25, 0.25])
        """
        x = self if dtype is None else self.to(dtype)
        return ops.softmax(x, dim=ops.axis("softmax", dim, x.ndim))

    def log_softmax(self, dim: int, dtype: DType | None = None) -> Tensor:
        """x − ln Σ eˣ along dim: the logarithm of softmax(), finite where that rounds to 0.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1000.0]).log_softmax(0)
        tensor([-1000.,     0.])
        """
        x = self if dtype is None else self.to(dtype)
        return ops.log_softmax(x, dim=ops.axis("log_softmax", dim, x.ndim))

    def sum_to_size(self, *sizes: int | Sequence[int], size: Sequence[int] | None = None) -> Tensor:
        """The adjoint of broadcasting: sums the axes along which that size would repeat in self.

        >>> import tinydl
        >>> tinydl.ones(4, 3).sum_to_size(1, 3)
        tensor([[4., 4., 4.]])
        """
        shape, own = _sizes(sizes, size), self._array.shape[::-1]
        if len(shape) > len(own) or any(
            n not in (1, m) for n, m in zip(shape[::-1], own, strict=False)
        ):
            raise ValueError(f"sum_to_size: {shape} does not broadcast to {self._array}")
        return ops.sum_to(self, shape)
