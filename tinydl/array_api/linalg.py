"""Linear algebra: the standard's main functions and its extension `linalg`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tinydl

from .. import linalg as ours
from ..dtypes import DType
from ..tensor import Tensor
from .info import together
from .manipulation import Axes
from .reductions import sum as _sum


class EighResult(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    Q: Tensor
    R: Tensor


class SlogdetResult(NamedTuple):
    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    U: Tensor
    S: Tensor
    Vh: Tensor


# --- products -------------------------------------------------------------------------------------


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The matrix product."""
    x1, x2 = together(x1, x2)
    return x1.matmul(x2)


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The last two axes exchanged."""
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose: {x._array} has fewer than 2 axes")
    return x.mT


def tensordot(
    x1: Tensor, x2: Tensor, /, *, axes: int | tuple[Sequence[int], Sequence[int]] = 2
) -> Tensor:
    """Sums of products over axes of both: so many, or these of x1 with those of x2."""
    x1, x2 = together(x1, x2)
    return tinydl.tensordot(x1, x2, dims=axes)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The inner product along an axis of both."""
    x1, x2 = together(x1, x2)
    if not -min(x1.ndim, x2.ndim) <= axis < 0:
        raise ValueError(
            f"vecdot: axis {axis} does not count from the end of {x1._array} and {x2._array}"
        )
    return (x1 * x2).sum(axis)


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The vector at right angles to both, along an axis of size 3."""
    return ours.cross(*together(x1, x2), dim=axis)


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """All products of two vectors' elements."""
    x1, x2 = together(x1, x2)
    return x1.outer(x2)


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """The product of n factors x, or of |n| inverses."""
    return ours.matrix_power(x, n)


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """The diagonals of matrices, above the main one for offset > 0."""
    return x.diagonal(offset, -2, -1)


def trace(x: Tensor, /, *, offset: int = 0, dtype: DType | None = None) -> Tensor:
    """The sums of diagonals; of integers in int64."""
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


# --- factors, systems, norms ----------------------------------------------------------------------


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The triangular L with L Lᵀ = x, or its transpose."""
    return ours.cholesky(x, upper=upper)


def det(x: Tensor, /) -> Tensor:
    """The determinant."""
    return ours.det(x)


def eigh(x: Tensor, /) -> EighResult:
    """Eigenvalues, from the smallest, and eigenvectors of symmetric matrices."""
    return EighResult(*ours.eigh(x))


def eigvalsh(x: Tensor, /) -> Tensor:
    """Eigenvalues of symmetric matrices."""
    return ours.eigvalsh(x)


def inv(x: Tensor, /) -> Tensor:
    """The inverse."""
    return ours.inv(x)


def pinv(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The pseudo-inverse; singular values below rtol times the largest count as 0."""
    return ours.pinv(x, rtol=rtol)


def qr(x: Tensor, /, *, mode: str = "reduced") -> QRResult:
    """Orthogonal Q and upper triangular R with Q R = x."""
    return QRResult(*ours.qr(x, mode))


def slogdet(x: Tensor, /) -> SlogdetResult:
    """The determinant's sign and the logarithm of its absolute value."""
    return SlogdetResult(*ours.slogdet(x))


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The y with x1 y = x2; x2 is a vector only if it has one axis."""
    x1, x2 = together(x1, x2)
    return ours.solve(x1, x2 if x2.ndim == 1 or x2.ndim != x1.ndim - 1 else x2[None])


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVDResult:
    """Orthogonal U and Vh and singular values S with U diag(S) Vh = x."""
    return SVDResult(*ours.svd(x, full_matrices))


def svdvals(x: Tensor, /) -> Tensor:
    """Singular values, from the largest."""
    return ours.svdvals(x)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: float | str | None = "fro") -> Tensor:
    """A norm of matrices."""
    return ours.matrix_norm(x, "fro" if ord is None else ord, keepdim=keepdims)


def matrix_rank(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """How many singular values exceed rtol times the largest."""
    return ours.matrix_rank(x, rtol=rtol)


def vector_norm(
    x: Tensor, /, *, axis: Axes | None = None, keepdims: bool = False, ord: float = 2
) -> Tensor:
    """A norm over axes, of the flattened array if axis is None."""
    return ours.vector_norm(x, ord, axis, keepdims)
