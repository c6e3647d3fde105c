"""Factors of matrices: Cholesky, QR, eigenvectors, singular values; and ranks."""

from __future__ import annotations

from typing import NamedTuple

from .. import dtypes, ops
from ..amp import as_given
from ..out import with_out
from ..tensor import Tensor
from .checks import matrices, precision, square


@with_out
def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The lower triangular L with L Lᵀ = A, or the upper U = Lᵀ with Uᵀ U = A.

    Args:
        A: […, n, n], symmetric and positive definite; one triangle is read. Its gradient is
            symmetric.
        upper: which triangle is read and returned.

    Raises:
        ValueError: A is not square.
        LinAlgError: A is not positive definite.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.cholesky(tinydl.tensor([[4.0, 2.0], [2.0, 5.0]]))
        tensor([[2., 0.],
                [1., 2.]])
    """
    A = square("cholesky", A)
    return ops.linalg.cholesky(A.mT).mT if upper else ops.linalg.cholesky(A)


class QRResult(NamedTuple):
    """What qr returns, by name or to unpack."""

    Q: Tensor
    R: Tensor


@with_out
@as_given
def qr(A: Tensor, mode: str = "reduced") -> QRResult:
    """A = Q R with orthonormal columns in Q and an upper triangular R (Householder 1958).

    Args:
        A: […, m, n].
        mode: "reduced": Q[…,m,k], R[…,k,n], k = min(m, n); "complete": Q[…,m,m], R[…,m,n];
            "r": Q is empty.

    Raises:
        ValueError: an unknown mode; or the gradient of a complete Q with m > n is asked for, whose
            further columns A does not determine.

    Example:
        >>> import tinydl
        >>> Q, R = tinydl.linalg.qr(tinydl.tensor([[3.0, 1.0], [4.0, 2.0]]))
        >>> (Q @ R).allclose(tinydl.tensor([[3.0, 1.0], [4.0, 2.0]]))
        True
    """
    m, n = matrices("qr", A).shape[-2:]
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"linalg.qr: mode is 'reduced', 'complete' or 'r', not {mode!r}")
    if mode == "complete" and m > n:
        return QRResult(*ops.linalg.qr(A, complete=True))
    if m >= n:
        Q, R = ops.linalg.qr(A, complete=False)
    else:  # the first m columns say what Q is
        Q, R = ops.linalg.qr(A[..., :m], complete=False)
        R = ops.cat(R, Q.mT @ A[..., m:], dim=A.ndim - 1)
    return QRResult(Q.detach().flatten()[:0] if mode == "r" else Q, R)


class EighResult(NamedTuple):
    """What eigh returns, by name or to unpack."""

    eigenvalues: Tensor
    eigenvectors: Tensor


@with_out
def eigh(A: Tensor, UPLO: str = "L") -> EighResult:
    """A = Q diag(λ) Qᵀ of a symmetric matrix, λ rising, the columns of Q orthonormal.

    Eigenvectors are determined up to their sign, and where eigenvalues are equal up to a rotation:
    a loss that depends on more has no gradient (inf or NaN).

    Args:
        A: […, n, n], symmetric; one triangle is read. Its gradient is symmetric.
        UPLO: which triangle is read, "L" or "U".

    Returns:
        eigenvalues […, n] and eigenvectors […, n, n].

    Raises:
        ValueError: A is not square, or UPLO is something else.
        LinAlgError: the iteration did not converge.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.eigh(tinydl.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])
    """
    A = square("eigh", A)
    if UPLO not in ("L", "U"):
        raise ValueError(f"linalg.eigh: UPLO is 'L' or 'U', not {UPLO!r}")
    return EighResult(*ops.linalg.eigh(A if UPLO == "L" else A.mT))


@with_out
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric matrix, rising:  A[…,n,n] → […,n]; see eigh.

    >>> import tinydl
    >>> tinydl.linalg.eigvalsh(tinydl.tensor([[0.0, 1.0], [1.0, 0.0]]))
    tensor([-1.,  1.])
    """
    return eigh(A, UPLO).eigenvalues


class SVDResult(NamedTuple):
    """What svd returns, by name or to unpack."""

    U: Tensor
    S: Tensor
    Vh: Tensor


@with_out
def svd(A: Tensor, full_matrices: bool = True) -> SVDResult:
    """A = U diag(S) Vh, U and Vhᵀ with orthonormal columns, S falling and ≥ 0.

    Singular vectors are determined up to the sign of a pair, and where singular values are equal up
    to a rotation: a loss that depends on more has no gradient (inf or NaN).

    Args:
        A: […, m, n].
        full_matrices: whether U is […, m, m] and Vh […, n, n], or U […, m, k] and Vh […, k, n] with
            k = min(m, n), which gradients of U or Vh need unless they are square.

    Returns:
        U, S […, k] and Vh.

    Raises:
        LinAlgError: the iteration did not converge.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.svd(tinydl.tensor([[0.0, 2.0], [3.0, 0.0]])).S
        tensor([3., 2.])
    """
    return SVDResult(*ops.linalg.svd(matrices("svd", A), full=full_matrices))


@with_out
def svdvals(A: Tensor) -> Tensor:
    """The singular values, falling:  A[…,m,n] → […,min(m,n)]; see svd.

    >>> import tinydl
    >>> tinydl.linalg.svdvals(tinydl.tensor([[0.0, 2.0], [3.0, 0.0]]))
    tensor([3., 2.])
    """
    return svd(A, full_matrices=False).S


@with_out
def matrix_rank(
    A: Tensor, *, atol: float | None = None, rtol: float | None = None, hermitian: bool = False
) -> Tensor:
    """How many singular values are greater than max(atol, rtol · the largest):  A[…,m,n] → i64[…].

    Args:
        A: matrices; there is no gradient.
        atol: 0 if None.
        rtol: if None, the machine's precision times max(m, n), or 0 beside an atol.
        hermitian: whether A is known to be symmetric, which changes nothing here.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.matrix_rank(tinydl.ones(3, 3))
        tensor(1)
    """
    A = matrices("matrix_rank", A)
    if rtol is None:
        rtol = 0.0 if atol else precision(A)
    return rank_of(svdvals(A.detach()), rtol, atol or 0.0)


def rank_of(values: Tensor, rtol: float, atol: float = 0.0) -> Tensor:
    """How many singular values, falling […,k], are greater than max(atol, rtol · the first)."""
    if not values.shape[-1]:
        return values.sum(-1).to(dtypes.int64)
    return (values > (rtol * values[..., :1]).clamp(min=atol)).sum(-1)
