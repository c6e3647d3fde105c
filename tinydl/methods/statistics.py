"""Statistics: spread, norms, and what is left without NaN."""

from __future__ import annotations

from math import inf, prod
from typing import TYPE_CHECKING

from .. import ops
from ..dtypes import get_default_dtype
from .reduce import MinAndMax, _either

if TYPE_CHECKING:
    from ..dtypes import DType
    from ..tensor import Tensor
    from . import Dims


def _real(name: str, x: Tensor) -> Tensor:
    if not x.dtype.is_floating_point:
        raise TypeError(f"{name}: {x._array} is not floating point; use .float()")
    return x


def _root(x: Tensor, p: float = 2) -> Tensor:
    """ᵖ√x with derivative 0 at 0, where a norm has many slopes and a spread of 0 has none."""
    zero = x == 0
    safe = ops.where(zero, 1.0, x)
    return ops.where(zero, 0.0, safe.sqrt() if p == 2 else safe ** (1 / p))


class StatisticMethods:
    """x.var(0), x.norm(), x.logsumexp(-1), x.nanmean(), …

    Args:
        dim: axis or axes to reduce, negative ones counted from the end; None for all. Also axis=.
        keepdim: whether reduced axes stay, with size 1. Also keepdims=.

    Returns:
        A tensor of self's dtype, unless said otherwise, and shape without the reduced axes.

    Raises:
        IndexError: dim names an axis that self does not have.
        ValueError: dim names an axis twice, or there is nothing to choose from.
        TypeError: self is not floating point, where that is asked for.
    """

    __slots__ = ()

    def var(
        self,
        dim: Dims = None,
        unbiased: bool = True,
        keepdim: bool = False,
        *,
        correction: float | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The variance, Σ (self − mean)² / (n − correction) over dim, of floating-point numbers.

        The mean is taken first and its differences are squared, so nothing cancels.

        Args:
            unbiased: whether to divide by n − 1 (Bessel), which estimates the variance that n
                samples were drawn with, or by n, the variance of the samples themselves.
            correction: what to subtract from n, instead. n must be greater.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, 2.0, 3.0]).var()
            tensor(1.)
        """
        if isinstance(dim, bool):  # PyTorch's var(unbiased)
            dim, unbiased = None, dim
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        dims = ops.normalize_dims("var", dim, self.ndim)
        gone = int(unbiased) if correction is None else correction
        squares = (_real("var", self) - self.mean(dims, True)).square()
        count = prod(self.shape[i] for i in dims)
        return ops.sum(squares, dim=dims, keepdim=keepdim) / max(count - gone, 0)

    def std(
        self,
        dim: Dims = None,
        unbiased: bool = True,
        keepdim: bool = False,
        *,
        correction: float | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The standard deviation, √var, in self's own unit; its derivative is 0 where it is 0.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 3.0]).std(correction=0)
        tensor(1.)
        """
        return _root(
            self.var(dim, unbiased, keepdim, correction=correction, axis=axis, keepdims=keepdims)
        )

    def norm(
        self,
        p: float | str | None = "fro",
        dim: Dims = None,
        keepdim: bool = False,
        dtype: DType | None = None,
        *,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The p-norm (Σ |x|ᵖ)^(1/p) over dim: Euclid's for "fro", 2 and None.

        inf is the largest |x|, −inf the smallest, 0 how many are not 0. Where the norm is 0 its
        derivative is 0. "nuc" and the other norms of matrices are linalg.matrix_norm().

        Raises:
            ValueError: p is another word; inf and −inf of nothing.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([3.0, -4.0]).norm()
            tensor(5.)
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        x = _real("norm", self if dtype is None else self.to(dtype))
        if p == "nuc":
            from ..linalg import matrix_norm  # linalg is made of Tensors

            return matrix_norm(x, p, (-2, -1) if dim is None else dim, keepdim)
        if isinstance(p, str) and p != "fro":
            raise ValueError(f'norm: p is a number, "fro" or "nuc", got {p!r}')
        p = 2.0 if p in ("fro", None) else float(p)
        dims = ops.normalize_dims("norm", dim, x.ndim)
        if p == 2:
            return _root(ops.sum(x.square(), dim=dims, keepdim=keepdim))
        if p == 0:
            return ops.cast(ops.sum(x != 0, dim=dims, keepdim=keepdim), x.dtype)
        if abs(p) == inf:
            return (ops.amax if p > 0 else ops.amin)(abs(x), dim=dims, keepdim=keepdim)
        powers = abs(x) if p == 1 else abs(x) ** p
        total = ops.sum(powers, dim=dims, keepdim=keepdim)
        return total if p == 1 else _root(total, p)

    def logsumexp(
        self, dim: Dims = None, keepdim: bool = False, *, axis: Dims = None, keepdims: bool = False
    ) -> Tensor:
        """ln Σ eˣ over dim, where no exponential overflows; integers become the default dtype.

        >>> import tinydl
        >>> tinydl.tensor([1000.0, 1000.0]).logsumexp(0)
        tensor(1000.6932)
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        dims = ops.normalize_dims("logsumexp", dim, self.ndim)
        x = self if self.dtype.is_floating_point else self.to(get_default_dtype())
        if not all(x.shape[i] for i in dims):
            return ops.sum(x, dim=dims, keepdim=keepdim).log()
        top = ops.amax(x.detach(), dim=dims, keepdim=True)
        top = ops.where(abs(top) == inf, 0.0, top)  # ∞ − ∞ is not meant
        total = ops.sum((x - top).exp(), dim=dims, keepdim=keepdim)
        return total.log() + top.reshape(total.shape)

    def nansum(
        self,
        dim: Dims = None,
        keepdim: bool = False,
        *,
        dtype: DType | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The sum of what is not NaN.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float("nan"), 2.0]).nansum()
        tensor(3.)
        """
        x = self if dtype is None else self.to(dtype)
        if x.dtype.is_floating_point:
            x = ops.where(x.isnan(), 0.0, x)
        return x.sum(dim, keepdim, dtype=dtype, axis=axis, keepdims=keepdims)

    def nanmean(
        self,
        dim: Dims = None,
        keepdim: bool = False,
        *,
        dtype: DType | None = None,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> Tensor:
        """The mean of what is not NaN; NaN where nothing else is.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float("nan"), 2.0]).nanmean()
        tensor(1.5)
        """
        x = _real("nanmean", self if dtype is None else self.to(dtype))
        numbers = (x == x).sum(dim, keepdim, axis=axis, keepdims=keepdims)
        return x.nansum(dim, keepdim, axis=axis, keepdims=keepdims) / numbers

    def count_nonzero(self, dim: Dims = None, *, axis: Dims = None) -> Tensor:
        """How many are not 0 over dim, int64. NaN is not 0.

        >>> import tinydl
        >>> tinydl.tensor([[0, 1], [2, 3]]).count_nonzero(dim=0)
        tensor([1, 2])
        """
        return (self != 0).sum(dim, axis=axis)

    def aminmax(
        self,
        *,
        dim: Dims = None,
        keepdim: bool = False,
        axis: Dims = None,
        keepdims: bool = False,
    ) -> MinAndMax:
        """(min, max) over dim, as amin() and amax().

        >>> import tinydl
        >>> tinydl.tensor([3, 1, 2]).aminmax()
        MinAndMax(min=tensor(1), max=tensor(3))
        """
        dim, keepdim = _either(dim, axis, keepdim, keepdims)
        return MinAndMax(self.amin(dim, keepdim), self.amax(dim, keepdim))
