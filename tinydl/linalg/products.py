"""Products and powers of matrices and of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from ..amp import as_given
from ..out import with_out
from ..tensor import Tensor
from .checks import eye, square
from .systems import inv


@with_out
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product input @ other, as Tensor.matmul.

    >>> import tinydl
    >>> tinydl.linalg.matmul(tinydl.ones(2, 3), tinydl.ones(3))
    tensor([3., 3.])
    """
    return input.matmul(other)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of each matrix, A[…,i,i+offset], a view.

    >>> import tinydl
    >>> tinydl.linalg.diagonal(tinydl.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    return A.diagonal(offset, dim1, dim2)


@with_out
@as_given
def matrix_power(A: Tensor, n: int) -> Tensor:
    """A to the n-th power, by squaring:  A[…,k,k] → […,k,k]; negative n are powers of the inverse.

    >>> import tinydl
    >>> tinydl.linalg.matrix_power(tinydl.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    A = square("matrix_power", A)
    if n < 0:
        return matrix_power(inv(A), -n)
    power = None
    while n:
        if n % 2:
            power = A if power is None else power @ A
        n //= 2
        A = A @ A if n else A
    return eye(A).expand(A.shape).clone() if power is None else power


@with_out
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of matrices in the order that takes the fewest multiplications.

    Args:
        tensors: two or more; the first may be a row [n], the last a column [n].

    Raises:
        ValueError: fewer than two, or shapes that do not fit.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.multi_dot([tinydl.ones(2, 3), tinydl.ones(3, 4), tinydl.ones(4)])
        tensor([12., 12.])
    """
    if len(tensors) < 2:
        raise ValueError(f"linalg.multi_dot: expected two matrices or more, got {len(tensors)}")
    first, last = tensors[0].ndim == 1, tensors[-1].ndim == 1
    chain = list(tensors)
    chain[0] = chain[0][None] if first else chain[0]
    chain[-1] = chain[-1][:, None] if last else chain[-1]
    for x, y in pairwise(chain):
        if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
            raise ValueError(
                f"linalg.multi_dot: {x._array} and {y._array} are no chain of matrices"
            )
    sizes = [*[x.shape[0] for x in chain], chain[-1].shape[1]]

    @cache
    def plan(i: int, j: int) -> tuple[int, int]:
        """The fewest multiplications for chain[i … j], and after which matrix it is cut."""
        cuts = [
            (plan(i, k)[0] + plan(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
            for k in range(i, j)
        ]
        return min(cuts, default=(0, i))

    def product(i: int, j: int) -> Tensor:
        k = plan(i, j)[1]
        return chain[i] if i == j else product(i, k) @ product(k + 1, j)

    found = product(0, len(chain) - 1)
    return found[0 if first else slice(None), ..., 0 if last else slice(None)]


@with_out
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The inner products of vectors along an axis, Σ x · y over dim; other axes broadcast.

    >>> import tinydl
    >>> tinydl.linalg.vecdot(tinydl.tensor([[1, 2], [3, 4]]), tinydl.tensor([1, 10]))
    tensor([21, 43])
    """
    return (x * y).sum(dim)


@with_out
def cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product of vectors of three, z₀ = x₁ y₂ − x₂ y₁ and so on round; others broadcast.

    Raises:
        ValueError: axis dim is not of size 3 in both.

    Example:
        >>> import tinydl
        >>> tinydl.linalg.cross(tinydl.tensor([1, 0, 0]), tinydl.tensor([0, 1, 0]))
        tensor([0, 0, 1])
    """
    return input.cross(other, dim)
