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

    def matmul(self, other: Operand) -> Tensor:
        """The matrix product self @ other, z[…,i,j] = Σ_k self[…,i,k] · other[…,k,j].

        Leading axes broadcast. A 1-d operand is a row on the left, a column on the right, and
        loses that axis again.

        >>> import tinydl
        >>> tinydl.ones(5, 2, 3).matmul(tinydl.ones(3, 4)).shape
        (5, 2, 4)
        """
        return self @ other

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

    def dot(self, tensor: Tensor) -> Tensor:
        """The inner product of two vectors, Σ self[i] · tensor[i].

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).dot(tinydl.tensor([3.0, 4.0]))
        tensor(11.)
        """
        if self.ndim != 1 or self.shape != tensor.shape:
            raise ValueError(
                f"dot: expected two vectors of one size, got {self._array} and {tensor._array}"
            )
        return ops.matmul(self, tensor)

    def mv(self, vec: Tensor) -> Tensor:
        """The product of a matrix and a vector, self[i,k] · vec[k] → z[i].

        >>> import tinydl
        >>> tinydl.ones(2, 3).mv(tinydl.ones(3))
        tensor([3., 3.])
        """
        if self.ndim != 2 or vec.ndim != 1:
            raise ValueError(
                f"mv: expected a matrix and a vector, got {self._array} and {vec._array}"
            )
        return ops.matmul(self, vec)

    vdot = dot  # of real numbers

    def inner(self, other: Tensor) -> Tensor:
        """The inner products along the last axes, Σ_k self[i…,k] · other[j…,k] → z[i…,j…].

        A 0-d operand is a factor.

        >>> import tinydl
        >>> tinydl.ones(2, 3).inner(tinydl.ones(4, 3)).shape
        (2, 4)
        """
        if self.ndim == 0 or other.ndim == 0:
            return self * other
        if self.shape[-1] != other.shape[-1]:
            raise ValueError(
                f"inner: the last axes must be equal, got {self._array} and {other._array}"
            )
        return ops.tensordot(self, other, ((self.ndim - 1,), (other.ndim - 1,)))

    def outer(self, vec2: Tensor) -> Tensor:
        """All products of the elements of two vectors, self[i] · vec2[j] → z[i,j].

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).outer(tinydl.tensor([1, 10]))
        tensor([[ 1, 10],
                [ 2, 20]])
        """
        if self.ndim != 1 or vec2.ndim != 1:
            raise ValueError(f"outer: expected two vectors, got {self._array} and {vec2._array}")
        return self[:, None] * vec2

    ger = outer

    def kron(self, other: Tensor) -> Tensor:
        """The Kronecker product: each element of self becomes that element times other.

        z[i·m + k, j·n + l] = self[i,j] · other[k,l]; the shorter shape gets leading axes of 1.

        >>> import tinydl
        >>> tinydl.tensor([[1, 10]]).kron(tinydl.tensor([[1], [2]]))
        tensor([[ 1, 10],
                [ 2, 20]])
        """
        ndim = max(self.ndim, other.ndim)
        x = self.reshape((1,) * (ndim - self.ndim) + self.shape)
        y = other.reshape((1,) * (ndim - other.ndim) + other.shape)
        sizes = tuple(a * b for a, b in zip(x.shape, y.shape, strict=True))
        wide = tuple(n for size in x.shape for n in (size, 1))
        narrow = tuple(n for size in y.shape for n in (1, size))
        return (x.reshape(wide) * y.reshape(narrow)).reshape(sizes)

    def trace(self) -> Tensor:
        """The sum of a matrix's diagonal, Σ_i self[i,i].

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).trace()
        tensor(5)
        """
        if self.ndim != 2:
            raise ValueError(f"trace: expected a matrix, got {self._array}")
        return self.diagonal().sum()

    def cross(self, other: Tensor, dim: int | None = None) -> Tensor:
        """The vector product of vectors of three, z₀ = x₁ y₂ − x₂ y₁ and so on round.

        Other axes broadcast. Without dim it is the first axis of size 3.

        >>> import tinydl
        >>> tinydl.tensor([1, 0, 0]).cross(tinydl.tensor([0, 1, 0]))
        tensor([0, 0, 1])
        """
        if dim is None and 3 in self.shape:
            dim = self.shape.index(3) - self.ndim
        dim = -1 if dim is None else dim
        if any(x.ndim == 0 or x.size(dim) != 3 for x in (self, other)):
            raise ValueError(
                f"cross: axis {dim} must have size 3 in both, got {self._array} and {other._array}"
            )
        after, before = (lambda x: x.roll(-1, dim)), (lambda x: x.roll(1, dim))
        return after(self) * before(other) - before(self) * after(other)

    # --- sums with products: beta · self + alpha · product, where self broadcasts -----------------

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """β self + α mat1 @ mat2, of matrices; of β = 0 self is not read.

        >>> import tinydl
        >>> tinydl.ones(2).addmm(tinydl.ones(2, 3), tinydl.ones(3, 2))
        tensor([[4., 4.],
                [4., 4.]])
        """
        return _plus(self, mat1.mm(mat2), beta, alpha)

    def addmv(self, mat: Tensor, vec: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """β self + α mat @ vec, of a matrix and a vector.

        >>> import tinydl
        >>> tinydl.ones(2).addmv(tinydl.ones(2, 3), tinydl.ones(3))
        tensor([4., 4.])
        """
        return _plus(self, mat.mv(vec), beta, alpha)

    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """β self + α vec1 ⊗ vec2, the outer product of two vectors.

        >>> import tinydl
        >>> tinydl.zeros(1).addr(tinydl.tensor([1.0, 2.0]), tinydl.tensor([1.0, 10.0]))
        tensor([[ 1., 10.],
                [ 2., 20.]])
        """
        return _plus(self, vec1.outer(vec2), beta, alpha)

    def baddbmm(
        self, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
    ) -> Tensor:
        """β self + α batch1 @ batch2, of stacks of matrices.

        >>> import tinydl
        >>> tinydl.ones(1).baddbmm(tinydl.ones(5, 2, 3), tinydl.ones(5, 3, 4)).shape
        (5, 2, 4)
        """
        return _plus(self, batch1.bmm(batch2), beta, alpha)

    def addbmm(
        self, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1
    ) -> Tensor:
        """β self + α Σ_b batch1[b] @ batch2[b], of stacks of matrices.

        >>> import tinydl
        >>> tinydl.zeros(1).addbmm(tinydl.ones(5, 1, 3), tinydl.ones(5, 3, 2))
        tensor([[15., 15.]])
        """
        products = batch1.bmm(batch2)
        return _plus(self, products.sum(0).to(products.dtype), beta, alpha)

    # --- of square matrices: see tinydl.linalg ----------------------------------------------------

    def inverse(self) -> Tensor:
        """The inverse matrix, as linalg.inv.

        >>> import tinydl
        >>> tinydl.tensor([[2.0, 0.0], [0.0, 4.0]]).inverse()
        tensor([[0.5 , 0.  ],
                [0.  , 0.25]])
        """
        return _linalg().inv(self)

    def pinverse(self, rcond: float = 1e-15) -> Tensor:
        """The pseudo-inverse, as linalg.pinv.

        >>> import tinydl
        >>> tinydl.tensor([[2.0], [0.0]]).pinverse()
        tensor([[0.5, 0. ]])
        """
        return _linalg().pinv(self, rtol=rcond)

    def det(self) -> Tensor:
        """The determinant, as linalg.det.

        >>> import tinydl
        >>> tinydl.tensor([[2.0, 1.0], [0.0, 4.0]]).det()
        tensor(8.)
        """
        return _linalg().det(self)

    def logdet(self) -> Tensor:
        """ln |self|, the logarithm of the determinant; NaN where that is negative.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 0.0], [0.0, 1.0]]).logdet()
        tensor(0.)
        """
        sign, log = _linalg().slogdet(self)
        return ops.where(sign < 0, float("nan"), log)

    def slogdet(self) -> tuple[Tensor, Tensor]:
        """The sign and the logarithm of the determinant, as linalg.slogdet.

        >>> import tinydl
        >>> tinydl.tensor([[0.0, 1.0], [1.0, 0.0]]).slogdet()
        SlogdetResult(sign=tensor(-1.), logabsdet=tensor(0.))
        """
        return _linalg().slogdet(self)

    def matrix_power(self, n: int) -> Tensor:
        """The n-th power of a square matrix, as linalg.matrix_power.

        >>> import tinydl
        >>> tinydl.tensor([[1.0, 1.0], [0.0, 1.0]]).matrix_power(5)
        tensor([[1., 5.],
                [0., 1.]])
        """
        return _linalg().matrix_power(self, n)


def _linalg():
    """tinydl.linalg, which is made of Tensors: it can be imported only when they are there."""
    from .. import linalg

    return linalg


def _plus(x: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    """β x + α product, in which numbers that are not read cannot be NaN."""
    product = product if alpha == 1 else alpha * product
    if beta == 0:
        return product
    return (x if beta == 1 else beta * x) + product
