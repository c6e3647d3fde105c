"""Fresh tensors of a tensor's dtype and device, and the triangles of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import ops

if TYPE_CHECKING:
    from ..device import DeviceLike
    from ..dtypes import DType
    from ..tensor import Tensor


def _creation():
    from .. import creation  # which is made of Tensors

    return creation


def _filled():
    from .. import filled  # likewise

    return filled


class NewMethods:
    """x.new_zeros(2, 3), x.new_tensor(data), …

    Args:
        sizes, size: the shape, as integers or one tuple of them.
        dtype: of the elements; self's if None.
        device: where the tensor goes; where self is if None.
        requires_grad: whether operations on it are recorded.
    """

    __slots__ = ()

    def new_tensor(
        self,
        data: Any,
        *,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """A copy of data.

        >>> import tinydl
        >>> tinydl.ones(1, dtype=tinydl.float64).new_tensor([1, 2])
        tensor([1., 2.], dtype=tinydl.float64)
        """
        like = _filled().as_of(self, dtype, device)
        return _creation().tensor(data, requires_grad=requires_grad, **like)

    def new_full(
        self,
        size: int | Sequence[int],
        fill_value: float,
        *,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """One value.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).new_full((3,), 7)
        tensor([7, 7, 7])
        """
        like = _filled().as_of(self, dtype, device)
        return _filled().full(size, fill_value, requires_grad=requires_grad, **like)

    def new_empty(
        self,
        *sizes: int | Sequence[int],
        size: Sequence[int] | None = None,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Whatever was in memory.

        >>> import tinydl
        >>> tinydl.ones(1).new_empty(2, 3).shape
        (2, 3)
        """
        like = _filled().as_of(self, dtype, device)
        return _filled().empty(*sizes, size=size, requires_grad=requires_grad, **like)

    def new_zeros(
        self,
        *sizes: int | Sequence[int],
        size: Sequence[int] | None = None,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Zeros.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).new_zeros(3)
        tensor([0, 0, 0])
        """
        like = _filled().as_of(self, dtype, device)
        return _filled().zeros(*sizes, size=size, requires_grad=requires_grad, **like)

    def new_ones(
        self,
        *sizes: int | Sequence[int],
        size: Sequence[int] | None = None,
        dtype: DType | None = None,
        device: DeviceLike = None,
        requires_grad: bool = False,
    ) -> Tensor:
        """Ones.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).new_ones(3)
        tensor([1, 1, 1])
        """
        like = _filled().as_of(self, dtype, device)
        return _filled().ones(*sizes, size=size, requires_grad=requires_grad, **like)

    # --- triangles --------------------------------------------------------------------------------

    def tril(self, diagonal: int = 0) -> Tensor:
        """The lower triangle of matrices, zeros above it: y[…,i,j] = self[…,i,j] where
        j − i ≤ diagonal.

        >>> import tinydl
        >>> tinydl.ones(2, 3).tril()
        tensor([[1., 0., 0.],
                [1., 1., 0.]])
        """
        return ops.where(self._above("tril", diagonal + 1), False, self)

    def triu(self, diagonal: int = 0) -> Tensor:
        """The upper triangle of matrices, zeros below it: y[…,i,j] = self[…,i,j] where
        j − i ≥ diagonal.

        >>> import tinydl
        >>> tinydl.ones(2, 3).triu()
        tensor([[1., 1., 1.],
                [0., 1., 1.]])
        """
        return ops.where(self._above("triu", diagonal), self, False)

    def tril_(self, diagonal: int = 0) -> Tensor:
        """self ← its lower triangle, see tril().

        >>> import tinydl
        >>> tinydl.ones(2, 2).tril_()
        tensor([[1., 0.],
                [1., 1.]])
        """
        return self.copy_(self.tril(diagonal))

    def triu_(self, diagonal: int = 0) -> Tensor:
        """self ← its upper triangle, see triu().

        >>> import tinydl
        >>> tinydl.ones(2, 2).triu_()
        tensor([[1., 1.],
                [0., 1.]])
        """
        return self.copy_(self.triu(diagonal))

    def _above(self, op: str, diagonal: int) -> Tensor:
        """Whether j − i ≥ diagonal, for the places of a matrix."""
        if self.ndim < 2:
            raise ValueError(f"{op}: expected matrices, got {self._array}")
        rows, columns = (_creation().arange(n, device=self.device) for n in self.shape[-2:])
        return columns >= rows[:, None] + diagonal
