"""Reshaping, reordering, joining, cutting: mostly views of the same memory."""

from __future__ import annotations

from math import prod

from .. import ops


def _sizes(sizes: tuple) -> tuple:
    """f(2, 3) and f((2, 3)) mean the same."""
    return tuple(sizes[0]) if len(sizes) == 1 and not isinstance(sizes[0], int) else sizes


class ShapeMethods:
    """x.reshape(2, 3), x.transpose(0, 1), x[…], …"""

    __slots__ = ()

    def reshape(self, *shape):
        """The elements in reading order in another shape; one size may be −1."""
        return ops.reshape(
            self, shape=ops.infer_shape(_sizes(shape), self._array.size, self._array)
        )

    def view(self, *shape):
        """reshape that never copies: ValueError where strides do not allow it."""
        target = ops.infer_shape(_sizes(shape), self._array.size, self._array)
        if self._array.reshape(target) is None:
            raise ValueError(
                f"view: {self._array} with strides {self.stride()} has no view of shape {target}; "
                "use reshape(), which copies if it must"
            )
        return ops.reshape(self, shape=target)

    def view_as(self, other):
        """A view of other's shape."""
        return self.view(other.shape)

    def permute(self, *dims):
        """Axis i of the result is axis dims[i] of self."""
        dims = tuple(ops.axis("permute", d, self.ndim) for d in _sizes(dims))
        if sorted(dims) != list(range(self.ndim)):
            raise ValueError(f"permute: {dims} must name each axis of {self._array} once")
        return ops.permute(self, dims=dims)

    def transpose(self, dim0, dim1):
        """Two axes swapped."""
        dims = list(range(self.ndim))
        a, b = ops.axis("transpose", dim0, self.ndim), ops.axis("transpose", dim1, self.ndim)
        if dims:
            dims[a], dims[b] = dims[b], dims[a]
        return ops.permute(self, dims=tuple(dims))

    swapaxes = transpose

    def t(self):
        """The transpose of a matrix; vectors stay as they are."""
        if self.ndim > 2:
            raise ValueError(f"t: {self._array} has more than 2 axes; use .mT or .transpose()")
        return self.T

    @property
    def T(self):
        """Axes in reverse order."""
        return ops.permute(self, dims=tuple(range(self.ndim))[::-1])

    @property
    def mT(self):
        """The last two axes swapped."""
        return self.transpose(-2, -1)

    def expand(self, *sizes):
        """Broadcast without copying: −1 keeps a size."""
        sizes, own = _sizes(sizes), self._array.shape
        new = len(sizes) - len(own)
        shape = tuple(own[i - new] if n == -1 and i >= new else n for i, n in enumerate(sizes))
        if new < 0 or any(have not in (1, n) for have, n in zip(own, shape[new:], strict=True)):
            raise ValueError(f"expand: {self._array} does not broadcast to {sizes}")
        return self if shape == own else ops.expand(self, shape=shape)

    def expand_as(self, other):
        """Broadcast to other's shape."""
        return self.expand(other.shape)

    def broadcast_to(self, size):
        """Broadcast to a shape."""
        return self.expand(size)

    def flatten(self, start_dim=0, end_dim=-1):
        """Axes start_dim to end_dim become one."""
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

    def unflatten(self, dim, sizes):
        """One axis becomes several."""
        dim, shape = ops.axis("unflatten", dim, self.ndim), self._array.shape
        sizes = ops.infer_shape(tuple(sizes), shape[dim], f"axis {dim} of {self._array}")
        return ops.reshape(self, shape=(*shape[:dim], *sizes, *shape[dim + 1 :]))

    def squeeze(self, dim=None):
        """Without axes of size 1, or only those of dim."""
        dims = range(self.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
        dims = {ops.axis("squeeze", d, self.ndim) for d in dims}
        shape = self._array.shape
        return ops.reshape(
            self, shape=tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims)
        )

    def unsqueeze(self, dim):
        """With a new axis of size 1 at dim."""
        dim, shape = ops.axis("unsqueeze", dim, self.ndim + 1), self._array.shape
        return ops.reshape(self, shape=(*shape[:dim], 1, *shape[dim:]))

    def movedim(self, source, destination):
        """One axis moved to another place."""
        dims = list(range(self.ndim))
        dims.remove(ops.axis("movedim", source, self.ndim))
        dims.insert(ops.axis("movedim", destination, self.ndim), source % self.ndim)
        return ops.permute(self, dims=tuple(dims))

    def narrow(self, dim, start, length):
        """self[start : start + length] along dim."""
        dim = ops.axis("narrow", dim, self.ndim)
        n = self._array.shape[dim]
        if not 0 <= start <= start + length <= n:
            raise IndexError(
                f"narrow: {start} to {start + length} is not within axis {dim} of size {n}"
            )
        return self[(slice(None),) * dim + (slice(start, start + length),)]

    def select(self, dim, index):
        """self[index] along dim."""
        return self[(slice(None),) * ops.axis("select", dim, self.ndim) + (index,)]

    def split(self, split_size, dim=0):
        """Pieces of split_size (the last may be shorter), or of the sizes listed, along dim."""
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

    def chunk(self, chunks, dim=0):
        """At most that many pieces of equal size (the last may be shorter) along dim."""
        if chunks < 1:
            raise ValueError(f"chunk: chunks must be at least 1, got {chunks}")
        n = self._array.shape[ops.axis("chunk", dim, self.ndim)]
        return self.split(max(-(-n // chunks), 1), dim)

    def unbind(self, dim=0):
        """All slices along dim."""
        return tuple(
            self.select(dim, i)
            for i in range(self._array.shape[ops.axis("unbind", dim, self.ndim)])
        )

    def contiguous(self):
        """Densely in memory: itself if it is so already."""
        return self if self._array.is_contiguous else ops.contiguous(self)

    def matmul(self, other):
        """self @ other"""
        return ops.matmul(self, other)

    def mm(self, mat2):
        """The product of two matrices."""
        if self.ndim != 2 or mat2.ndim != 2:
            raise ValueError(f"mm: expected two matrices, got {self._array} and {mat2._array}")
        return ops.matmul(self, mat2)

    def bmm(self, mat2):
        """The products of two stacks of matrices."""
        if self.ndim != 3 or mat2.ndim != 3 or self.shape[0] != mat2.shape[0]:
            raise ValueError(
                f"bmm: expected stacks of as many matrices, got {self._array} and {mat2._array}"
            )
        return ops.matmul(self, mat2)

    def dot(self, other):
        """The inner product of two vectors."""
        if self.ndim != 1 or self.shape != other.shape:
            raise ValueError(
                f"dot: expected two vectors of one size, got {self._array} and {other._array}"
            )
        return ops.matmul(self, other)

    def gather(self, dim, index):
        """out[…,i,…] = self[…,index[…,i,…],…] along dim."""
        return ops.gather(self, index, dim=ops.axis("gather", dim, self.ndim))

    def index_select(self, dim, index):
        """The slices along dim that a 1-d index names."""
        return ops.index_select(self, ops.axis("index_select", dim, self.ndim), index)
