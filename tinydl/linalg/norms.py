"""Norms of vectors and matrices, and the condition number."""

from __future__ import annotations

from math import inf

from .. import ops
from ..dtypes import DType
from ..out import with_out
from ..tensor import Tensor
from .checks import matrices, square
from .factors import svdvals
from .systems import inv


@with_out
def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: int | tuple[int, ...] | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """(Σ |x|ᵖ)^(1/p) with p = ord over dim, all axes if None.

    Of ±inf it is the greatest or least |x|, of 0 the number of x ≠ 0. Where all x are 0 so is the
    gradient.

    >>> import tinydl
    >>> tinydl.linalg.vector_norm(tinydl.tensor([3.0, -4.0]))
    tensor(5.)
    """
    x = matrices("vector_norm", x if dtype is None else x.to(dtype), least=0)
    return x.norm(float(ord), dim, keepdim)


@with_out
def matrix_norm(
    A: Tensor,
    ord: float | str = "fro",
    dim: tuple[int, int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """A norm of each matrix:  A[…,m,n] → […].

    Args:
        A: the matrices lie along dim, the last two axes unless said otherwise.
        ord: "fro": √Σ x²; "nuc": Σ of the singular values; 2 and −2: the largest and the smallest;
            1 and −1: of the sums of |x| down the columns; inf and −inf: along the rows.
        dim: the axes of rows and of columns.
        keepdim: whether these stay, with size 1.
        dtype: what to convert to first.

    Raises:
        ValueError: an ord there is none of.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.matrix_norm(tinydl.tensor([[1.0, -2.0], [3.0, 4.0]]), 1)
        tensor(6.)
    """
    A = matrices("matrix_norm", A if dtype is None else A.to(dtype))
    rows, columns = ops.axes("linalg.matrix_norm", tuple(dim), A.ndim)
    if ord == "fro":
        return vector_norm(A, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        values = svdvals(A.movedim((rows, columns), (-2, -1)))
        out = {"nuc": values.sum, 2: values.amax, -2: values.amin}[ord](-1)
    elif ord in (1, -1, inf, -inf):
        along, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = A.abs().sum(along, True)
        out = (sums.amax if ord > 0 else sums.amin)(over, True).squeeze((rows, columns))
    else:
        raise ValueError(f"linalg.matrix_norm: ord is 'fro', 'nuc', ±1, ±2 or ±inf, not {ord!r}")
    if keepdim:
        for axis in sorted((rows, columns)):
            out = out.unsqueeze(axis)
    return out


@with_out
def norm(
    A: Tensor,
    ord: float | str | None = None,
    dim: int | tuple[int, ...] | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
) -> Tensor:
    """The norm of a vector or a matrix, as NumPy chooses: two axes with an ord are a matrix.

    Args:
        A: any shape.
        ord: None for √Σ x² over dim; else as in vector_norm or, over two axes, matrix_norm.
        dim: one axis or two; None for all, of which with an ord there must be one or two.
        keepdim: whether these stay, with size 1.
        dtype: what to convert to first.

    Raises:
        ValueError: an ord beside more than two axes.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.norm(tinydl.tensor([[3.0, 0.0], [0.0, 4.0]]))
        tensor(5.)
        >>> tinydl.linalg.norm(tinydl.tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
        tensor(4.)
    """
    dims = tuple(range(A.ndim)) if dim is None else dim
    dims = (dims,) if isinstance(dims, int) else tuple(dims)
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if len(dims) == 2:
        return matrix_norm(A, ord, dims, keepdim, dtype=dtype)
    if len(dims) != 1 or isinstance(ord, str):
        raise ValueError(f"linalg.norm: ord {ord!r} is not for {A._array} over the axes {dims}")
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


@with_out
def cond(A: Tensor, p: float | str | None = None) -> Tensor:
    """The condition number ‖A‖ ‖A⁻¹‖, by which errors of A may grow in A⁻¹:  A[…,n,n] → […].

    Args:
        A: square matrices, or of any shape where p is None, 2 or −2.
        p: the norm, as in matrix_norm; None is 2, the quotient of the extreme singular values.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.cond(tinydl.tensor([[4.0, 0.0], [0.0, 0.5]]))
        tensor(8.)
    """
    if p in (None, 2, -2):
        values = svdvals(A)
        high, low = values[..., 0], values[..., -1]
        return low / high if p == -2 else high / low
    return matrix_norm(square("cond", A), p) * matrix_norm(inv(A), p)
