"""What is made of the order of elements along an axis: sorting, the largest few, medians."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, overload

from .. import dtypes, ops
from .reduce import ValuesAndIndices, _either

if TYPE_CHECKING:
    from ..tensor import Tensor

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _apply(name: str, function: Callable, x: Tensor, dim: int, keepdim: bool) -> ValuesAndIndices:
    """function of x with axis dim behind the others, which it keeps with size 1."""
    dim = ops.axis(name, dim, x.ndim)
    if not x.ndim:
        return ValuesAndIndices(*[y.reshape(()) for y in function(x.reshape(1))])
    if not x.shape[dim]:
        raise ValueError(f"{name}: {x._array} has no elements along dim {dim} to choose from")
    results = [y.movedim(-1, dim) for y in function(x.movedim(dim, -1))]
    return ValuesAndIndices(*[y if keepdim else y.squeeze(dim) for y in results])


def _among(name: str, k: int, least: int, x: Tensor, dim: int) -> int:
    n = x.shape[dim] if x.ndim else 1
    if not least <= k <= n:
        raise IndexError(
            f"{name}: k = {k} of {x._array}, which has {n} elements along dim {dim} "
            f"(expected {least} to {n})"
        )
    return k


class OrderMethods:
    """x.sort(), x.topk(5), x.median(), x.quantile(0.9), …

    Equal elements stay in the order they had, and NaN is above all numbers. Gradients go to the
    elements that were chosen.

    Args:
        dim: the axis, negative ones counted from the end. Also axis=.
        keepdim: whether the axis stays, with size 1. Also keepdims=.

    Returns:
        (values, indices): values of self's dtype, indices int64, their places along dim.

    Raises:
        IndexError: there is no axis dim, or not so many elements along it.
        ValueError: there are no elements to choose from.
    """

    __slots__ = ()

    def sort(
        self,
        dim: int = -1,
        descending: bool = False,
        stable: bool = True,
        *,
        axis: int | None = None,
    ) -> ValuesAndIndices:
        """(values, indices) in ascending order along dim, or descending; always stable.

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 2]).sort()
        ValuesAndIndices(values=tensor([1, 2, 3]), indices=tensor([1, 2, 0]))
        """
        dim = ops.axis("sort", dim if axis is None else axis, self.ndim)
        return ValuesAndIndices(*ops.sort(self, dim=dim, descending=descending))

    def argsort(
        self,
        dim: int = -1,
        descending: bool = False,
        stable: bool = True,
        *,
        axis: int | None = None,
    ) -> Tensor:
        """The places of self's elements in ascending order along dim, or descending; stable.

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 2]).argsort()
        tensor([1, 2, 0])
        """
        return self.detach().sort(dim, descending, stable, axis=axis).indices

    def msort(self) -> Tensor:
        """Sorted along the first axis: sort(dim=0).values.

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 2]).msort()
        tensor([1, 2, 3])
        """
        return self.sort(0).values

    def topk(
        self,
        k: int,
        dim: int = -1,
        largest: bool = True,
        sorted: bool = True,
        *,
        axis: int | None = None,
    ) -> ValuesAndIndices:
        """(values, indices) of the k largest along dim, or smallest, in order: of equal ones the
        first. They are sorted also where that is not asked for.

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 2]).topk(2)
        ValuesAndIndices(values=tensor([3, 2]), indices=tensor([0, 2]))
        """
        dim = ops.axis("topk", dim if axis is None else axis, self.ndim)
        count = _among("topk", k, 0, self, dim)
        if not self.ndim and not count:
            raise IndexError(f"topk: k = 0 of {self._array}, which is one number")
        return ValuesAndIndices(*ops.sort(self, dim=dim, descending=largest, count=count))

    def kthvalue(
        self,
        k: int,
        dim: int = -1,
        keepdim: bool = False,
        *,
        axis: int | None = None,
        keepdims: bool = False,
    ) -> ValuesAndIndices:
        """(values, indices) of the k-th smallest along dim, counted from 1.

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 2]).kthvalue(2)
        ValuesAndIndices(values=tensor(2), indices=tensor(2))
        """
        dim = ops.axis("kthvalue", dim if axis is None else axis, self.ndim)
        count = _among("kthvalue", k, 1, self, dim)

        def last(x: Tensor) -> list[Tensor]:
            found = ops.sort(x, dim=x.ndim - 1, descending=False, count=count)
            return [y[..., count - 1 :] for y in found]

        return _apply("kthvalue", last, self, dim, keepdim or keepdims)

    @overload
    def median(self) -> Tensor: ...
    @overload
    def median(self, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
    @overload
    def median(self, *, axis: int, keepdims: bool = False) -> ValuesAndIndices: ...
    def median(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """The element in the middle of all, or (values, indices) along dim: the lower one of two.

        NaN if there is one; nanmedian() leaves them out. quantile(0.5) is the mean of the two.

        >>> import tinydl
        >>> tinydl.tensor([4.0, 1.0, 3.0, 2.0]).median()
        tensor(2.)
        """
        return self._middle("median", ops.median, dim, keepdim, axis, keepdims)

    @overload
    def nanmedian(self) -> Tensor: ...
    @overload
    def nanmedian(self, dim: int, keepdim: bool = False) -> ValuesAndIndices: ...
    @overload
    def nanmedian(self, *, axis: int, keepdims: bool = False) -> ValuesAndIndices: ...
    def nanmedian(self, dim=None, keepdim=False, *, axis=None, keepdims=False):
        """The median() of what is not NaN; NaN where nothing else is.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float("nan"), 3.0, 2.0]).nanmedian()
        tensor(2.)
        """
        return self._middle("nanmedian", ops.nanmedian, dim, keepdim, axis, keepdims)

    def _middle(self, name, function, dim, keepdim, axis, keepdims):
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        if dim is None:
            return _apply(name, function, self.reshape(-1), 0, keepdim).values
        return _apply(name, function, self, dim, keepdim)

    def mode(
        self,
        dim: int = -1,
        keepdim: bool = False,
        *,
        axis: int | None = None,
        keepdims: bool = False,
    ) -> ValuesAndIndices:
        """(values, indices) of the commonest along dim: of equally common ones the smallest, and
        where it stands last. All NaN count as one value.

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 3, 1, 2]).mode()
        ValuesAndIndices(values=tensor(1), indices=tensor(3))
        """
        dim, keepdim = dim if axis is None else axis, keepdim or keepdims
        return _apply("mode", ops.commonest, self, dim, keepdim)

    def quantile(
        self,
        q: float | Tensor,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
        axis: int | None = None,
        keepdims: bool = False,
    ) -> Tensor:
        """What a share q of the n elements along dim is below: in order, the one at q · (n − 1).

        Args:
            q: from 0 to 1, or a 1-d tensor of such numbers.
            dim: all elements if None.
            interpolation: where that lies between two elements: "linear" between them, the
                "lower", the "higher", their "midpoint" or the "nearest" (to the even place).

        Returns:
            A tensor of self's dtype: with a 1-d q a first axis of its length, then self's shape
            without dim. NaN where one is; nanquantile() leaves them out.

        Raises:
            ValueError: a q outside 0 … 1, another interpolation, or no elements.
            TypeError: self is not floating point.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, 2.0, 3.0, 4.0]).quantile(0.5)
            tensor(2.5)
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return self._quantile("quantile", q, dim, keepdim, interpolation)

    def nanquantile(
        self,
        q: float | Tensor,
        dim: int | None = None,
        keepdim: bool = False,
        *,
        interpolation: str = "linear",
        axis: int | None = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The quantile() of what is not NaN; NaN where nothing else is.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float("nan"), 3.0]).nanquantile(0.5)
        tensor(2.)
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return self._quantile("nanquantile", q, dim, keepdim, interpolation)

    def _quantile(self, name, q, dim, keepdim, interpolation):
        if interpolation not in INTERPOLATIONS:
            known = ", ".join(INTERPOLATIONS)
            raise ValueError(f"{name}: interpolation is one of {known}; got {interpolation!r}")
        if not self.dtype.is_floating_point:
            raise TypeError(f"{name}: {self._array} is not floating point; use .float()")
        q = ops.as_tensor_like(q, self, dtypes.float64)
        if q.ndim > 1 or not ((q >= 0) & (q <= 1)).all():
            raise ValueError(f"{name}: q is from 0 to 1, or a 1-d tensor of such; got {q!r:.60}")
        shape = [1] * self.ndim
        x = self.reshape(-1)
        if dim is not None:
            dim = ops.axis(name, dim, self.ndim)
            shape = [1 if i == dim else n for i, n in enumerate(self.shape)]
            x = self.movedim(dim, -1) if self.ndim else x
        if not x.shape[-1]:
            raise ValueError(f"{name}: {self._array} has no elements to choose from")
        y = ops.quantile(x, q.reshape(-1), interpolation, name == "nanquantile").movedim(-1, 0)
        if not keepdim:
            shape = list(y.shape[1:])
        return y.reshape(*q.shape, *shape)
