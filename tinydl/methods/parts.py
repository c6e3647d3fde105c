"""Parts of a tensor: x[key], slices and pieces. Picking along one axis is in indexing.py."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from .. import ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tensor import Tensor


class PartMethods:
    """x[0], x[mask], x.split(2), …

    Args:
        dim: the axis, 0 the first and −1 the last.

    Returns:
        A tensor of self's dtype, or a tuple of them: views of the same memory, but x[key] copies
        where there are index tensors or masks.

    Raises:
        IndexError: there is no such axis, or an index lies outside it.
    """

    __slots__ = ()

    def __getitem__(self, key: Any) -> Tensor:
        """The part x[key], as NumPy means it.

        Args:
            key: ints, slices (of any step), None (a new axis) and ... make a view; lists, arrays
                and tensors of integers or bools copy. Integers may be mixed with all of these, a
                mask stands for as many axes as it has, and index tensors broadcast. The axes they
                make come where the first of them stood, or first where others separate them; an
                int among them counts as one of them, as in NumPy and unlike in PyTorch.

        Raises:
            IndexError: too many indices, one outside its axis (on a GPU told at the next
                synchronisation), or a mask of another shape than the axes it stands for.
            TypeError: a part of the key is none of these.

        Example:
            >>> import tinydl
            >>> x = tinydl.arange(6).reshape(2, 3)
            >>> x[:, -1]
            tensor([2, 5])
            >>> x[[1, 0, 1], [0, 2, 2]]
            tensor([3, 2, 5])
            >>> x[x > 3]
            tensor([4, 5])
        """
        return ops.index(self, key)

    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """The part self[start : start + length] along dim; a negative start counts from the end.

        Raises:
            IndexError: it reaches beyond the axis.

        Example:
            >>> import tinydl
            >>> tinydl.arange(6).narrow(0, 2, 3)
            tensor([2, 3, 4])
        """
        dim = ops.axis("narrow", dim, self.ndim)
        n = self._array.shape[dim] if self.ndim else 0
        start = int(start)
        if -n <= start < 0:
            start += n
        if not 0 <= start <= start + length <= n:
            raise IndexError(
                f"narrow: {start} to {start + length} is not within axis {dim} of size {n}"
            )
        return self[(slice(None),) * dim + (slice(start, start + length),)]

    def select(self, dim: int, index: int) -> Tensor:
        """The slice self[index] along dim, an axis less.

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).select(1, 0)
        tensor([1, 3])
        """
        return self[(slice(None),) * ops.axis("select", dim, self.ndim) + (index,)]

    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Pieces of split_size (the last may be shorter), or of the sizes listed, along dim.

        >>> import tinydl
        >>> tinydl.arange(5).split(2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        """
        dim = ops.axis("split", dim, self.ndim)
        n = self._array.shape[dim]
        if isinstance(split_size, int):
            if split_size < 1:
                raise ValueError(f"split: split_size must be at least 1, got {split_size}")
            sizes = [min(split_size, n - at) for at in range(0, max(n, 1), split_size)]
        else:
            sizes = list(split_size)
        if sum(sizes) != n:
            raise ValueError(f"split: sizes {sizes} do not add up to axis {dim} of {self._array}")
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return tuple(
            self.narrow(dim, start, size) for start, size in zip(starts, sizes, strict=True)
        )

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most that many pieces of equal size (the last may be shorter) along dim.

        >>> import tinydl
        >>> tinydl.arange(5).chunk(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        """
        if chunks < 1:
            raise ValueError(f"chunk: chunks must be at least 1, got {chunks}")
        n = self._array.shape[ops.axis("chunk", dim, self.ndim)]
        return self.split(max(-(-n // index(chunks)), 1), dim)

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """All slices along dim, each an axis less.

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).unbind()
        (tensor([1, 2]), tensor([3, 4]))
        """
        return tuple(
            self.select(dim, i)
            for i in range(self._array.shape[ops.axis("unbind", dim, self.ndim)])
        )
