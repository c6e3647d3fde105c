"""Tensors as sets and as samples: their different elements, and how often each is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from .. import dtypes, ops
from .reduce import _either

if TYPE_CHECKING:
    from ..tensor import Tensor


class SetMethods:
    """x.unique(), x.bincount(), x.histc(), …: none of them has a gradient but a weight's.

    How many different elements there are decides the shape of a result, so a GPU is waited for.
    """

    __slots__ = ()

    @overload
    def unique(
        self,
        sorted: bool = True,
        return_inverse: Literal[False] = False,
        return_counts: Literal[False] = False,
        dim: int | None = None,
        *,
        axis: int | None = None,
    ) -> Tensor: ...
    @overload
    def unique(
        self,
        sorted: bool = True,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
        *,
        axis: int | None = None,
    ) -> Any: ...
    def unique(
        self, sorted=True, return_inverse=False, return_counts=False, dim=None, *, axis=None
    ):
        """The different elements in ascending order, or the different slices along dim.

        Args:
            sorted: they are also where that is not asked for.
            return_inverse: whether to tell where each element of self is among them.
            return_counts: whether to tell how often each is there.
            dim: slices are ordered by their first element, then the second, …; None for elements.

        Returns:
            values, then if asked for inverse (int64, of self's shape or of dim's length) and
            counts (int64). Each NaN is different from all others.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([3, 1, 3]).unique(return_counts=True)
            (tensor([1, 3]), tensor([1, 2]))
        """
        dim, _ = _either(dim, axis, False, False)
        rows, back = _rows("unique", self, dim)
        if rows.shape[1] == 1:
            order = rows.reshape(-1).argsort()
        else:
            order = ops.lexicographic_order(rows)
        first, number, counts = ops.runs(rows.index_select(0, order))
        inverse = ops.scatter_zeros(number, order, shape=order.shape, dim=0)
        values = back(rows.index_select(0, order.index_select(0, first)))
        return _chosen(self, values, inverse, counts, return_inverse, return_counts, dim)

    @overload
    def unique_consecutive(
        self,
        return_inverse: Literal[False] = False,
        return_counts: Literal[False] = False,
        dim: int | None = None,
        *,
        axis: int | None = None,
    ) -> Tensor: ...
    @overload
    def unique_consecutive(
        self,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
        *,
        axis: int | None = None,
    ) -> Any: ...
    def unique_consecutive(self, return_inverse=False, return_counts=False, dim=None, *, axis=None):
        """The first of each run of equal elements, or of equal slices along dim: as unique().

        >>> import tinydl
        >>> tinydl.tensor([1, 1, 2, 1]).unique_consecutive()
        tensor([1, 2, 1])
        """
        dim, _ = _either(dim, axis, False, False)
        rows, back = _rows("unique_consecutive", self, dim)
        first, inverse, counts = ops.runs(rows)
        values = back(rows.index_select(0, first))
        return _chosen(self, values, inverse, counts, return_inverse, return_counts, dim)

    def bincount(self, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
        """How often each of 0, 1, 2, … is there: y[i] = Σ weights where self = i.

        Args:
            weights: of self's shape, 1 each if None; gradients go back to them.
            minlength: how long the result is at least.

        Returns:
            y[max + 1], int64 without weights, else floating point.

        Raises:
            TypeError: self does not hold integers.
            ValueError: self is not 1-d or holds a negative number, or weights have another shape.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([0, 2, 2]).bincount()
            tensor([1, 0, 2])
        """
        if self.dtype.is_floating_point or self.dtype is dtypes.bool_:
            raise TypeError(f"bincount: {self._array} must hold integers; use .long()")
        if self.ndim != 1:
            raise ValueError(f"bincount: expected one axis, got {self._array}; use .flatten()")
        if minlength < 0:
            raise ValueError(f"bincount: minlength must be at least 0, got {minlength}")
        if weights is None:
            weights = (self >= 0).long()
        elif weights.shape != self.shape:
            raise ValueError(
                f"bincount: weights {weights._array} have another shape than {self._array}"
            )
        elif not weights.dtype.is_floating_point:
            weights = weights.double()
        size = minlength
        if self.numel():
            least = int(self.min().item())
            if least < 0:
                at = int(self.argmin().item())
                raise ValueError(f"bincount: {least} at [{at}] is negative")
            size = max(size, int(self.max().item()) + 1)
        return ops.scatter_zeros(weights, self.long(), shape=(size,), dim=0)

    def histc(self, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
        """How many elements are in each of `bins` bins of one width from min to max.

        A bin has its lower end and not its upper, but the last has both. What is outside or NaN is
        not counted. From the smallest to the largest element if min and max are both 0.

        Raises:
            TypeError: self is not floating point.
            ValueError: bins < 1, min > max, or they are not finite.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, 2.0, 1.0]).histc(bins=4, min=0, max=3)
            tensor([0., 2., 1., 0.])
        """
        if not self.dtype.is_floating_point:
            raise TypeError(f"histc: {self._array} is not floating point; use .float()")
        low, high = ops.bin_range("histc", self, bins, min, max)
        x = self.detach().reshape(-1)
        inside = (x >= low) & (x <= high)
        place = (ops.where(inside, x, low) - low) * (bins / (high - low))
        place = place.long().clamp(max=bins - 1)
        return ops.scatter_zeros(inside.to(self.dtype), place, shape=(bins,), dim=0)


def _rows(name: str, x: Tensor, dim: int | None):
    """x as rows[n, m], slices along dim or single elements, and what makes slices of such rows."""
    x = x.detach()
    if dim is None or not x.ndim:
        return x.reshape(-1, 1), lambda rows: rows.reshape(-1)
    x = x.movedim(ops.axis(name, dim, x.ndim), 0)
    rest = x.shape[1:]
    return x.flatten(1) if rest else x.reshape(-1, 1), (
        lambda rows: rows.reshape(rows.shape[0], *rest).movedim(0, dim)
    )


def _chosen(x: Tensor, values, inverse, counts, return_inverse, return_counts, dim):
    out = [values]
    if return_inverse:
        out.append(inverse.reshape(x.shape) if dim is None else inverse)
    if return_counts:
        out.append(counts)
    return tuple(out) if len(out) > 1 else values
