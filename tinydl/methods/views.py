"""More views of the same memory: windows, diagonals, any strides; and pieces of every kind."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .. import ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tensor import Tensor


class ViewMethods:
    """x.unfold(0, 3, 1), x.diagonal(), x.as_strided((2, 2), (1, 1)), x.tensor_split(3), …

    Args:
        dim, dim1, dim2: axes, 0 the first and −1 the last.

    Returns:
        Views of self's memory and dtype: what is written to one is seen in the other.

    Raises:
        IndexError: there is no such axis.
        ValueError: sizes that do not fit.
    """

    __slots__ = ()

    def as_strided(
        self, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
    ) -> Tensor:
        """Any view of self's memory, y[i,j] = memory[start + i·stride[0] + j·stride[1]].

        Gradients that reach an element through several places of y add up.

        Args:
            size, stride: a size and a step in elements, which may be negative, for each axis.
            storage_offset: the place of y's first element; self's own if None.

        Raises:
            ValueError: the view would reach beyond the memory of self and of its base.

        Example:
            >>> import tinydl
            >>> tinydl.arange(4).as_strided((3, 2), (1, 1))
            tensor([[0, 1],
                    [1, 2],
                    [2, 3]])
        """
        x, size, stride = self._array, tuple(size), tuple(stride)
        offset = x.offset if storage_offset is None else storage_offset
        if len(size) != len(stride) or any(n < 0 for n in size):
            raise ValueError(
                f"as_strided: expected as many strides as sizes ≥ 0, got {size} and {stride}"
            )
        whole = self._base[0]._array if self._base else x
        ops.check_memory(x, whole, size, stride, offset)
        return ops.strided_view(self, size, stride, offset)

    def unfold(self, dimension: int, size: int, step: int) -> Tensor:
        """Windows along an axis: y[…,i,…,j] = self[…,i·step + j,…], j < size, as a new last axis.

        Raises:
            ValueError: size is larger than the axis, or step is below 1.

        Example:
            >>> import tinydl
            >>> tinydl.arange(5).unfold(0, 3, 1)
            tensor([[0, 1, 2],
                    [1, 2, 3],
                    [2, 3, 4]])
        """
        x, dim = self._array, ops.axis("unfold", dimension, self.ndim)
        n, along = (x.shape[dim], x.strides[dim]) if x.shape else (1, 1)
        if not 0 <= size <= n or step < 1:
            raise ValueError(
                f"unfold: size {size} and step {step} do not fit axis {dim} of {x}; "
                f"expected 0 ≤ size ≤ {n} and step ≥ 1"
            )
        shape, strides = list(x.shape), list(x.strides)
        if shape:
            shape[dim], strides[dim] = (n - size) // step + 1, along * step
        return ops.strided_view(self, (*shape, size), (*strides, along), x.offset)

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """The diagonals of dim1 and dim2, y[…,i] = self[…,i,…,i + offset,…], as the last axis.

        >>> import tinydl
        >>> tinydl.arange(6).reshape(2, 3).diagonal(1)
        tensor([1, 5])
        """
        return ops.getitem(self, key=self._diagonal_key("diagonal", offset, dim1, dim2))

    def _diagonal_key(self, name: str, offset: int, dim1: int, dim2: int) -> ops.Diagonal:
        a, b = ops.axis(name, dim1, self.ndim), ops.axis(name, dim2, self.ndim)
        if a == b:
            raise ValueError(f"{name}: dim1 {dim1} and dim2 {dim2} are one axis of {self._array}")
        return ops.Diagonal(offset, a, b)

    def tensor_split(
        self, indices_or_sections: int | Sequence[int], dim: int = 0
    ) -> tuple[Tensor, ...]:
        """Pieces along dim: so many, equal but for one element, or cut before each of the indices.

        Example:
            >>> import tinydl
            >>> tinydl.arange(5).tensor_split(3)
            (tensor([0, 1]), tensor([2, 3]), tensor([4]))
            >>> tinydl.arange(5).tensor_split((1, 3))
            (tensor([0]), tensor([1, 2]), tensor([3, 4]))
        """
        dim = ops.axis("tensor_split", dim, self.ndim)
        if not self.ndim:
            raise ValueError("tensor_split: a 0-d tensor has no axis to split")
        n, cuts = self._array.shape[dim], indices_or_sections
        if ops.is_tensor(cuts):
            cuts = cuts.tolist()
        if isinstance(cuts, int):
            if cuts < 1:
                raise ValueError(f"tensor_split: expected at least 1 section, got {cuts}")
            small, larger = divmod(n, cuts)
            cuts = [i * small + min(i, larger) for i in range(1, cuts)]
        edges, before = [None, *cuts, None], (slice(None),) * dim
        return tuple(self[(*before, slice(*pair))] for pair in pairwise(edges))

    def hsplit(self, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
        """Pieces side by side: along axis 1, of a vector along axis 0.

        >>> import tinydl
        >>> [part.shape for part in tinydl.zeros(2, 4).hsplit(2)]
        [(2, 2), (2, 2)]
        """
        return self._equal_split("hsplit", indices_or_sections, min(self.ndim, 2) - 1, 1)

    def vsplit(self, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
        """Pieces one above the other, along axis 0 of two or more.

        >>> import tinydl
        >>> [part.shape for part in tinydl.zeros(4, 2).vsplit([1])]
        [(1, 2), (3, 2)]
        """
        return self._equal_split("vsplit", indices_or_sections, 0, 2)

    def dsplit(self, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
        """Pieces one behind the other, along axis 2 of three or more.

        >>> import tinydl
        >>> [part.shape for part in tinydl.zeros(1, 2, 4).dsplit(2)]
        [(1, 2, 2), (1, 2, 2)]
        """
        return self._equal_split("dsplit", indices_or_sections, 2, 3)

    def _equal_split(self, name: str, parts, dim: int, least: int) -> tuple[Tensor, ...]:
        x = self._array
        if x.ndim < least:
            raise ValueError(f"{name}: expected at least {least} axes, got {x}")
        if isinstance(parts, int) and (parts < 1 or x.shape[dim] % parts):
            raise ValueError(f"{name}: axis {dim} of {x} does not fall into {parts} equal pieces")
        return self.tensor_split(parts, dim)

    def split_with_sizes(self, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Pieces of the sizes listed, along dim.

        >>> import tinydl
        >>> tinydl.arange(5).split_with_sizes([1, 4])
        (tensor([0]), tensor([1, 2, 3, 4]))
        """
        return self.split(list(split_sizes), dim)

    # --- in place: self becomes the view ----------------------------------------------------------

    def squeeze_(self, dim: int | Sequence[int] | None = None) -> Tensor:
        """squeeze() of self itself: the memory stays, the axes of size 1 go.

        >>> import tinydl
        >>> tinydl.zeros(1, 3).squeeze_().shape
        (3,)
        """
        return ops.become(self, self.squeeze(dim), "squeeze_")

    def unsqueeze_(self, dim: int) -> Tensor:
        """unsqueeze() of self itself: a new axis of size 1.

        >>> import tinydl
        >>> tinydl.zeros(3).unsqueeze_(0).shape
        (1, 3)
        """
        return ops.become(self, self.unsqueeze(dim), "unsqueeze_")

    def transpose_(self, dim0: int, dim1: int) -> Tensor:
        """transpose() of self itself: two axes change places, the memory stays.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).transpose_(0, 1).shape
        (3, 2)
        """
        return ops.become(self, self.transpose(dim0, dim1), "transpose_")

    swapaxes_ = swapdims_ = transpose_

    def t_(self) -> Tensor:
        """t() of self itself: the transpose of a matrix in the same memory.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).t_().shape
        (3, 2)
        """
        return ops.become(self, self.t(), "t_")
