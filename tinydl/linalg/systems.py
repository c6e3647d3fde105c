"""Inverses, systems of equations and determinants."""

from __future__ import annotations

from typing import NamedTuple

from .. import ops
from ..amp import as_given
from ..out import with_out
from ..tensor import Tensor
from .checks import batched, eye, matrices, precision, square
from .factors import rank_of, svdvals


@with_out
def inv(A: Tensor) -> Tensor:
    """The inverse A⁻¹ with A A⁻¹ = 1:  A[…,n,n] → […,n,n]. To solve a system, solve() is better.

    Raises:
        ValueError: A is not square.
        LinAlgError: A is singular.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.inv(tinydl.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5 , 0.  ],
                [0.  , 0.25]])
    """
    return ops.linalg.inv(square("inv", A))


@with_out
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """The X with A X = B (left) or X A = B, by LU factors with pivots.

    Args:
        A: [n, n] or a batch, […, n, n].
        B: a vector [n], a batch of vectors […, n] beside a batch A of that shape, or matrices
            […, n, k]; its leading axes broadcast with A's.
        left: whether A stands on the left of X.

    Returns:
        X, of B's shape with the leading axes of both.

    Raises:
        ValueError: A is not square, or B does not fit.
        LinAlgError: A is singular.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.solve(tinydl.tensor([[2.0, 0.0], [0.0, 4.0]]), tinydl.tensor([2.0, 2.0]))
        tensor([1. , 0.5])
    """
    A = square("solve", A)
    B = matrices("solve", B, least=1)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    if not left:
        if vector:
            return solve(A.mT, B)
        return solve(A.mT, B.mT).mT
    if vector:
        B = B.unsqueeze(-1)
    if B.shape[-2] != A.shape[-1]:
        raise ValueError(
            f"linalg.solve: A {A._array} takes B of {A.shape[-1]} rows, got {B._array}"
        )
    A, B = batched("solve", A, B)
    X = ops.linalg.solve(A, B)
    return X.squeeze(-1) if vector else X


@with_out
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """The X with A X = B (left) or X A = B, where only one triangle of A counts.

    Args:
        A: […, n, n]; what lies in the other triangle is not read.
        B: […, n, k], or […, k, n] if not left.
        upper: whether the upper triangle counts, or the lower one.
        left: whether A stands on the left of X.
        unitriangular: whether the diagonal counts as ones and is not read.

    Raises:
        ValueError: A is not square, or B does not fit.
        LinAlgError: A has a zero on its diagonal.

    Example:
        >>> import tinydl
        >>> A = tinydl.tensor([[2.0, 9.0], [1.0, 1.0]])
        >>> tinydl.linalg.solve_triangular(A, tinydl.tensor([[2.0], [3.0]]), upper=False)
        tensor([[1.],
                [2.]])
    """
    A = square("solve_triangular", A)
    triangle = ops.linalg.lower(A.mT if upper else A, strictly=unitriangular)
    if unitriangular:
        triangle = triangle + eye(A)
    if B.ndim < 2:
        raise ValueError(f"linalg.solve_triangular: B must be matrices […,n,k], got {B._array}")
    return solve(triangle.mT if upper else triangle, B, left=left)


class LstsqResult(NamedTuple):
    """What lstsq returns, by name or to unpack."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


@with_out
@as_given
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None) -> LstsqResult:
    """The X that makes ‖A X − B‖ least, and of those the one of least ‖X‖: X = A⁺ B.

    Args:
        A: […, m, n].
        B: […, m, k], or […, m].
        rcond: singular values up to rcond times the largest count as 0; if None, the machine's
            precision times max(m, n).

    Returns:
        solution: […, n, k]; residuals, Σ (A X − B)² over m, […, k], empty unless m > n and A has
        rank n; rank […]; singular_values […, min(m, n)]. Only the solution can be differentiated.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import tinydl
        >>> A = tinydl.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
        >>> tinydl.linalg.lstsq(A, tinydl.tensor([[1.0], [3.0], [5.0]])).solution
        tensor([[1.],
                [2.]])
    """
    A = matrices("lstsq", A)
    vector = B.ndim == A.ndim - 1
    B = B.unsqueeze(-1) if vector else B
    if B.shape[:-1] != A.shape[:-1]:
        raise ValueError(
            f"linalg.lstsq: A {A._array} takes B of {A.shape[-2]} rows, got {B._array}"
        )
    rcond = precision(A) if rcond is None else rcond
    X = pinv(A, rtol=rcond) @ B
    values, m, n = svdvals(A.detach()), *A.shape[-2:]
    rank = rank_of(values, rcond)
    squares = (A @ X - B).detach().square().sum(-2)
    if not (m > n and bool((rank == n).all())):
        squares = squares[:0]
    return LstsqResult(X.squeeze(-1) if vector else X, squares, rank, values)


@with_out
def pinv(A: Tensor, *, rtol: float | None = None, hermitian: bool = False) -> Tensor:
    """The pseudo-inverse A⁺ (Moore 1920, Penrose 1955):  A[…,m,n] → […,n,m].

    Args:
        A: of any rank; derivatives are those where it stays.
        rtol: singular values up to rtol times the largest count as 0; if None, the machine's
            precision times max(m, n).
        hermitian: whether A is known to be symmetric, which changes nothing here.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.pinv(tinydl.tensor([[2.0, 0.0], [0.0, 0.0]]))
        tensor([[0.5, 0. ],
                [0. , 0. ]])
    """
    A = matrices("pinv", A)
    return ops.linalg.pinv(A, rtol=precision(A) if rtol is None else rtol)


@with_out
def det(A: Tensor) -> Tensor:
    """The determinant |A|:  A[…,n,n] → […].

    Raises:
        ValueError: A is not square.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.det(tinydl.tensor([[2.0, 1.0], [0.0, 4.0]]))
        tensor(8.)
    """
    return ops.linalg.det(square("det", A))


class SlogdetResult(NamedTuple):
    """What slogdet returns, by name or to unpack."""

    sign: Tensor
    logabsdet: Tensor


@with_out
def slogdet(A: Tensor) -> SlogdetResult:
    """The determinant's sign and ln |det A|, which do not overflow:  A[…,n,n] → two […].

    Of a singular matrix they are 0 and −∞. The sign is a constant.

    >>> import tinydl
    >>> tinydl.linalg.slogdet(tinydl.tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=tensor(-1.), logabsdet=tensor(0.))
    """
    log, sign = ops.linalg.logabsdet(square("slogdet", A))
    return SlogdetResult(sign, log)
