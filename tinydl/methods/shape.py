"""Other shapes and orders of the axes: mostly views of the same memory."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from .. import ops
from ..dtypes import DType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tensor import Tensor


def _sizes(sizes: tuple, named: Sequence[int] | None = None) -> tuple:
    """f(2, 3), f((2, 3)) and f(named=(2, 3)) mean the same; integers may be NumPy's."""
    if named is not None:
        sizes = (*sizes, named)
    one = len(sizes) == 1 and not isinstance(sizes[0], (int, np.integer))
    return tuple(sizes[0]) if one else sizes


class ShapeMethods:
    """x.reshape(2, 3), x.transpose(0, 1), x.squeeze(), …

    Args:
        dim, dims, dim0, dim1: axes, 0 the first and −1 the last.
        shape, size, sizes: integers, or one tuple of them.

    Returns:
        A tensor of self's dtype: a view of the same memory. Only reshape and flatten, where they
        must, and contiguous copy.

    Raises:
        IndexError: there is no such axis.
        ValueError: a shape that the elements do not fill, or that self does not broadcast to.
    """

    __slots__ = ()

    def reshape(self, *sizes: int | Sequence[int], shape: Sequence[int] | None = None) -> Tensor:
        """The elements in reading order in another shape; one size may be −1, "what is left".

        A view where strides allow it, else a copy.

        >>> import tinydl
        >>> tinydl.arange(6).reshape(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """
        return ops.reshape(
            self,
            shape=ops.infer_shape("reshape", _sizes(sizes, shape), self._array.size, self._array),
        )

    def reshape_as(self, other: Tensor) -> Tensor:
        """The elements in reading order in other's shape, as by reshape().

        >>> import tinydl
        >>> tinydl.arange(6).reshape_as(tinydl.zeros(3, 2)).shape
        (3, 2)
        """
        return self.reshape(other.shape)

    def view(
        self, *sizes: int | Sequence[int] | DType, size: Sequence[int] | None = None
    ) -> Tensor:
        """reshape() that never copies; of a dtype, the same bytes as elements of that dtype.

        The view as another dtype is outside the graph; where sizes of elements differ, the last
        axis shrinks or grows.

        Raises:
            ValueError: another number of elements, or strides that no view of that shape has.

        Example:
            >>> import tinydl
            >>> tinydl.arange(6).view(3, 2).shape
            (3, 2)
            >>> tinydl.ones(1).view(tinydl.int32)
            tensor([1065353216], dtype=tinydl.int32)
        """
        if len(sizes) == 1 and isinstance(sizes[0], DType):
            return ops.reinterpret(self, sizes[0])
        target = ops.infer_shape("view", _sizes(sizes, size), self._array.size, self._array)
        if self._array.reshape(target) is None:
            raise ValueError(
                f"view: {self._array} with strides {self.stride()} has no view of shape {target}; "
                "use reshape(), which copies if it must"
            )
        return ops.reshape(self, shape=target)

    def view_as(self, other: Tensor) -> Tensor:
        """A view of other's shape.

        >>> import tinydl
        >>> tinydl.arange(6).view_as(tinydl.zeros(3, 2)).shape
        (3, 2)
        """
        return self.view(other.shape)

    def permute(self, *axes: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
        """The axes in another order: axis i of the result is axis dims[i] of self.

        >>> import tinydl
        >>> tinydl.zeros(8, 28, 26, 3).permute(0, 3, 1, 2).shape
        (8, 3, 28, 26)
        """
        dims = tuple(ops.axis("permute", d, self.ndim) for d in _sizes(axes, dims))
        if sorted(dims) != list(range(self.ndim)):
            raise ValueError(f"permute: {dims} must name each axis of {self._array} once")
        return ops.permute(self, dims=dims)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Two axes swapped: y[…,i,…,j,…] = self[…,j,…,i,…].

        >>> import tinydl
        >>> tinydl.zeros(2, 3, 4).transpose(0, -1).shape
        (4, 3, 2)
        """
        dims = list(range(self.ndim))
        a, b = ops.axis("transpose", dim0, self.ndim), ops.axis("transpose", dim1, self.ndim)
        if dims:
            dims[a], dims[b] = dims[b], dims[a]
        return ops.permute(self, dims=tuple(dims))

    swapaxes = swapdims = transpose

    def t(self) -> Tensor:
        """The transpose of a matrix, y[j,i] = self[i,j]; a vector stays as it is.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).t().shape
        (3, 2)
        """
        if self.ndim > 2:
            raise ValueError(f"t: {self._array} has more than 2 axes; use .mT or .transpose()")
        return self.T

    @property
    def T(self) -> Tensor:
        """The axes in reverse order.

        >>> import tinydl
        >>> tinydl.zeros(2, 3, 4).T.shape
        (4, 3, 2)
        """
        return ops.permute(self, dims=tuple(range(self.ndim))[::-1])

    @property
    def mT(self) -> Tensor:
        """The transpose of a matrix or of each matrix in a stack: the last two axes swapped.

        >>> import tinydl
        >>> tinydl.zeros(2, 3, 4).mT.shape
        (2, 4, 3)
        """
        return self.transpose(-2, -1)

    def expand(self, *sizes: int | Sequence[int], size: Sequence[int] | None = None) -> Tensor:
        """Axes of size 1 repeated, and new ones in front, without copying; −1 keeps a size.

        >>> import tinydl
        >>> tinydl.tensor([[1], [2]]).expand(-1, 3)
        tensor([[1, 1, 1],
                [2, 2, 2]])
        """
        sizes, own = _sizes(sizes, size), self._array.shape
        new = len(sizes) - len(own)
        shape = tuple(own[i - new] if n == -1 and i >= new else n for i, n in enumerate(sizes))
        fits = all(have in (1, n) for have, n in zip(own, shape[max(new, 0) :], strict=False))
        if new < 0 or not fits or any(n < 0 for n in shape):
            raise ValueError(f"expand: {self._array} does not broadcast to {sizes}")
        return self if shape == own else ops.expand(self, shape=shape)

    def expand_as(self, other: Tensor) -> Tensor:
        """Broadcast to other's shape, as by expand().

        >>> import tinydl
        >>> tinydl.ones(3).expand_as(tinydl.zeros(2, 3)).shape
        (2, 3)
        """
        return self.expand(other.shape)

    def broadcast_to(self, size: Sequence[int]) -> Tensor:
        """Broadcast to a shape, as by expand().

        >>> import tinydl
        >>> tinydl.ones(3).broadcast_to((2, 3)).shape
        (2, 3)
        """
        return self.expand(size)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Axes start_dim to end_dim, both included, become one; a 0-d tensor becomes 1-d.

        >>> import tinydl
        >>> tinydl.zeros(8, 3, 4, 4).flatten(1).shape
        (8, 48)
        """
        if self.ndim == 0:
            return self.reshape(1)
        first, last = (
            ops.axis("flatten", start_dim, self.ndim),
            ops.axis("flatten", end_dim, self.ndim),
        )
        if first > last:
            raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
        shape = self._array.shape
        return ops.reshape(
            self, shape=(*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :])
        )

    def ravel(self) -> Tensor:
        """All elements in reading order along one axis, a view where strides allow it.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).ravel().shape
        (6,)
        """
        return self.reshape(-1)

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """One axis becomes several; one of the sizes may be −1.

        >>> import tinydl
        >>> tinydl.zeros(8, 48).unflatten(1, (3, 4, -1)).shape
        (8, 3, 4, 4)
        """
        dim, shape = ops.axis("unflatten", dim, self.ndim), self._array.shape
        sizes = ops.infer_shape(
            "unflatten", tuple(sizes), shape[dim], f"axis {dim} of {self._array}"
        )
        return ops.reshape(self, shape=(*shape[:dim], *sizes, *shape[dim + 1 :]))

    def squeeze(self, dim: int | Sequence[int] | None = None) -> Tensor:
        """Without axes of size 1: all of them, or those among dim.

        >>> import tinydl
        >>> tinydl.zeros(1, 3, 1).squeeze(-1).shape
        (1, 3)
        """
        dims = range(self.ndim) if dim is None else ops.axes("squeeze", dim, self.ndim)
        shape = self._array.shape
        return ops.reshape(
            self, shape=tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims)
        )

    def unsqueeze(self, dim: int) -> Tensor:
        """With a new axis of size 1, which becomes axis dim of the result.

        >>> import tinydl
        >>> tinydl.zeros(3, 4).unsqueeze(1).shape
        (3, 1, 4)
        """
        dim, shape = ops.axis("unsqueeze", dim, self.ndim + 1), self._array.shape
        return ops.reshape(self, shape=(*shape[:dim], 1, *shape[dim:]))

    def movedim(self, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
        """Axes moved to other places; the others keep their order.

        >>> import tinydl
        >>> tinydl.zeros(28, 26, 3).movedim(-1, 0).shape
        (3, 28, 26)
        """
        source = ops.axes("movedim", source, self.ndim)
        destination = ops.axes("movedim", destination, self.ndim)
        if len(source) != len(destination):
            raise ValueError(f"movedim: {len(source)} axes do not go to {len(destination)} places")
        rest = iter(i for i in range(self.ndim) if i not in source)
        comes = dict(zip(destination, source, strict=True))
        dims = tuple(comes[i] if i in comes else next(rest) for i in range(self.ndim))
        return ops.permute(self, dims=dims)

    moveaxis = movedim

    def contiguous(self) -> Tensor:
        """The same values densely in reading order: self if they lie so already, else a copy.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).T.contiguous().stride()
        (2, 1)
        """
        return self if self._array.is_contiguous else ops.contiguous(self)
