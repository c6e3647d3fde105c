"""Scans: running sums, products and extremes along an axis, and differences, which undo sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ops
from .reduce import ValuesAndIndices

if TYPE_CHECKING:
    from ..dtypes import DType
    from ..tensor import Tensor


def _line(name: str, x: Tensor, dim, axis) -> int:
    """The axis that is meant, by PyTorch's name or NumPy's."""
    dim = axis if dim is None else dim
    if dim is None:
        raise TypeError(f"{name}: along which axis of {x._array}? give dim")
    return ops.axis(name, dim, x.ndim)


class ScanMethods:
    """x.cumsum(0), x.cummax(-1), x.diff(), …

    Args:
        dim: the axis, negative ones counted from the end. Also axis=.
        dtype: what to convert to before, and the result's; None leaves self as it is.

    Returns:
        A tensor of self's shape and dtype, unless said otherwise.

    Raises:
        IndexError: there is no axis dim.
    """

    __slots__ = ()

    def cumsum(
        self, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None
    ) -> Tensor:
        """Running sums, y[t] = x[0] + … + x[t] along dim; integers and bools in int64.

        Each is as near as if it were summed on its own: rounding errors are carried along.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0, 3.0]).cumsum(0)
        tensor([1., 3., 6.])
        """
        x = self if dtype is None else self.to(dtype)
        y = ops.cumsum(x, dim=_line("cumsum", x, dim, axis))
        return y if dtype is None else y.to(dtype)

    def cumprod(
        self, dim: int | None = None, *, dtype: DType | None = None, axis: int | None = None
    ) -> Tensor:
        """Running products, y[t] = x[0] · … · x[t] along dim; integers and bools in int64.

        Derivatives are exact where elements are 0, of any order.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0, 3.0]).cumprod(0)
        tensor([1., 2., 6.])
        """
        x = self if dtype is None else self.to(dtype)
        y = ops.cumprod(x, dim=_line("cumprod", x, dim, axis))
        return y if dtype is None else y.to(dtype)

    def cummax(self, dim: int | None = None, *, axis: int | None = None) -> ValuesAndIndices:
        """(values, indices) of max x[0 … t] along dim: the last of equal ones; NaN is above all.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 3.0, 2.0]).cummax(0)
        ValuesAndIndices(values=tensor([1., 3., 3.]), indices=tensor([0, 1, 1]))
        """
        return ValuesAndIndices(*ops.cummax(self, dim=_line("cummax", self, dim, axis)))

    def cummin(self, dim: int | None = None, *, axis: int | None = None) -> ValuesAndIndices:
        """(values, indices) of min x[0 … t] along dim: the last of equal ones; NaN is below all.

        >>> import tinydl
        >>> tinydl.tensor([3.0, 1.0, 2.0]).cummin(0)
        ValuesAndIndices(values=tensor([3., 1., 1.]), indices=tensor([0, 1, 1]))
        """
        return ValuesAndIndices(*ops.cummin(self, dim=_line("cummin", self, dim, axis)))

    def logcumsumexp(self, dim: int | None = None, *, axis: int | None = None) -> Tensor:
        """y[t] = ln (eˣ⁰ + … + eˣᵗ) along dim, where no exponential overflows.

        Raises:
            TypeError: self is not floating point.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1000.0, 1000.0]).logcumsumexp(0)
            tensor([1000.    , 1000.6932])
        """
        return ops.logcumsumexp(self, dim=_line("logcumsumexp", self, dim, axis))

    def diff(
        self,
        n: int = 1,
        dim: int = -1,
        prepend: Tensor | None = None,
        append: Tensor | None = None,
    ) -> Tensor:
        """Differences x[t+1] − x[t] along dim, n times over: each time one element less.

        Args:
            n: how often.
            prepend: what comes before self along dim first, append: what comes after.

        Returns:
            A tensor of self's dtype; of bools, whether neighbours differ.

        Raises:
            ValueError: n < 0, or self has no axes.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1, 4, 9, 16]).diff()
            tensor([3, 5, 7])
        """
        if n < 0:
            raise ValueError(f"diff: n must be at least 0, got {n}")
        if not self.ndim:
            raise ValueError(f"diff: {self._array} has no axis to take differences along")
        dim, x = ops.axis("diff", dim, self.ndim), self
        ends = [end for end in (prepend, self, append) if end is not None]
        if len(ends) > 1:
            from ..joining import cat  # joining.py is made of Tensors

            x = cat(ends, dim)
        for _ in range(n):
            after, before = ops.along(x, dim, 1), ops.along(x, dim, 0, -1)
            x = after != before if x.dtype.name == "bool" else after - before
        return x
