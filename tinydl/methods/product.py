"""Matrix products; the operands may be views of any strides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ops

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class ProductMethods:
    """x @ y, x.mm(y), x.dot(y), …

    Returns:
        A tensor of the dtype in which both operands meet; integers multiply modulo 2^bits.

    Raises:
        ValueError: shapes that do not fit; the message says which sizes must be equal.
        TypeError: bools on both sides; use .int().
    """

    __slots__ = ()

    def __matmul__(self, other: Operand) -> Tensor:
        return ops.matmul(self, ops.as_tensor_like(other, self))

    def __rmatmul__(self, other: Operand) -> Tensor:
        return ops.matmul(ops.as_tensor_like(other, self), self)

    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product self @ other, z[…,i,j] = Σ_k self[…,i,k] · other[…,k,j].

        Leading axes broadcast. A 1-d operand is a row on the left, a column on the right, and
        loses that axis again.

        >>> import tinydl
        >>> tinydl.ones(5, 2, 3).matmul(tinydl.ones(3, 4)).shape
        (5, 2, 4)
        """
        return ops.matmul(self, other)

    def mm(self, mat2: Tensor) -> Tensor:
        """The product of two matrices, self[i,k] · mat2[k,j] → z[i,j].

        >>> import tinydl
        >>> tinydl.ones(2, 3).mm(tinydl.ones(3, 2))
        tensor([[3., 3.],
                [3., 3.]])
        """
        if self.ndim != 2 or mat2.ndim != 2:
            raise ValueError(f"mm: expected two matrices, got {self._array} and {mat2._array}")
        return ops.matmul(self, mat2)

    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of two stacks of matrices, self[b,i,k] · mat2[b,k,j] → z[b,i,j].

        >>> import tinydl
        >>> tinydl.ones(5, 2, 3).bmm(tinydl.ones(5, 3, 4)).shape
        (5, 2, 4)
        """
        if self.ndim != 3 or mat2.ndim != 3 or self.shape[0] != mat2.shape[0]:
            raise ValueError(
                f"bmm: expected stacks of as many matrices, got {self._array} and {mat2._array}"
            )
        return ops.matmul(self, mat2)

    def dot(self, other: Tensor) -> Tensor:
        """The inner product of two vectors, Σ self[i] · other[i].

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).dot(tinydl.tensor([3.0, 4.0]))
        tensor(11.)
        """
        if self.ndim != 1 or self.shape != other.shape:
            raise ValueError(
                f"dot: expected two vectors of one size, got {self._array} and {other._array}"
            )
        return ops.matmul(self, other)
