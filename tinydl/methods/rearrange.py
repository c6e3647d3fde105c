"""Elements repeated, turned round or set along a diagonal: copies, made of views."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from .. import ops
from .shape import _sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tensor import Tensor


class RearrangeMethods:
    """x.repeat(2, 3), x.flip(0), x.roll(1), x.diag(), …

    Args:
        dim, dims: axes, 0 the first and −1 the last.

    Returns:
        A new tensor of self's dtype; gradients flow back to each element from all its copies.

    Raises:
        IndexError: there is no such axis.
        ValueError: an axis named twice, or numbers that do not fit the shape.
    """

    __slots__ = ()

    def repeat(self, *times: int | Sequence[int], repeats: Sequence[int] | None = None) -> Tensor:
        """The whole tensor again and again: repeats[i] times along axis i, as np.tile.

        Args:
            times, repeats: at least one number for each axis; more make new axes in front.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1, 2]).repeat(2, 2)
            tensor([[1, 2, 1, 2],
                    [1, 2, 1, 2]])
        """
        repeats, x = _sizes(times, repeats), self._array
        if len(repeats) < x.ndim or any(n < 0 for n in repeats):
            raise ValueError(f"repeat: {repeats} must be a number ≥ 0 for each axis of {x}")
        shape = (1,) * (len(repeats) - x.ndim) + x.shape
        y = self.reshape(shape)
        for axis, n in reversed(list(enumerate(repeats))):
            if n != 1:  # each elsewhere than its neighbours: three axes are enough
                before, rest = prod(shape[:axis]), prod(y.shape[axis:])
                y = y.reshape(before, 1, rest).expand(before, n, rest)
                shape = (*shape[:axis], shape[axis] * n, *shape[axis + 1 :])
                y = y.reshape(shape)
        return y if y._array.storage is not x.storage else y.clone()

    def tile(self, *times: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
        """repeat() with 1 for the leading axes that dims does not mention, as np.tile.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).tile(2).shape
        (2, 6)
        """
        dims = _sizes(times, dims)
        return self.repeat((1,) * (self.ndim - len(dims)) + dims)

    def repeat_interleave(
        self,
        repeats: int | Tensor | None = None,
        dim: int | None = None,
        *,
        output_size: int | None = None,
    ) -> Tensor:
        """Each element (each slice along dim) so many times in a row, as np.repeat.

        Args:
            repeats: one number for all, or a tensor of integers, one for each; its values are read.
                Without it self has them, and what is repeated are 0, 1, 2, ….
            dim: the axis; all elements in reading order if None.
            output_size: what the repeats add up to, taken as PyTorch takes it and checked.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1, 2]).repeat_interleave(2)
            tensor([1, 1, 2, 2])
            >>> tinydl.tensor([1, 2]).repeat_interleave(tinydl.tensor([1, 3]))
            tensor([1, 2, 2, 2])
        """
        if repeats is None:
            places = ops.as_tensor_like(np.arange(self.numel()), self)
            return places.repeat_interleave(self, output_size=output_size)
        x = self.flatten() if dim is None else self
        axis = 0 if dim is None else ops.axis("repeat_interleave", dim, self.ndim)
        n, shape = x.shape[axis], x.shape
        if not isinstance(repeats, int):
            counts = np.asarray(repeats.tolist() if ops.is_tensor(repeats) else repeats)
            if (counts.dtype.kind not in "iu" and counts.size) or counts.shape not in (
                (),
                (1,),
                (n,),
            ):
                raise ValueError(
                    f"repeat_interleave: repeats {repeats!r:.60} must be a number or {n} integers, "
                    f"one for each along axis {axis} of {x._array}"
                )
            if counts.shape == (n,):
                if counts.size and counts.min() < 0:
                    raise ValueError("repeat_interleave: repeats must be ≥ 0")
                _check_total(output_size, int(counts.sum()))
                places = np.repeat(np.arange(n), counts.astype(np.int64))
                return ops.index_select(x, axis, ops.as_tensor_like(places, x))
            repeats = int(counts.reshape(-1)[0])
        if repeats < 0:
            raise ValueError(f"repeat_interleave: repeats must be ≥ 0, got {repeats}")
        _check_total(output_size, n * repeats)
        before, after = prod(shape[: axis + 1]), prod(shape[axis + 1 :])
        y = x.reshape(before, 1, after).expand(before, repeats, after)
        y = y.reshape(*shape[:axis], n * repeats, *shape[axis + 1 :])
        return y if y._array.storage is not x._array.storage else y.clone()

    def flip(self, *axes: int | Sequence[int], dims: Sequence[int] | None = None) -> Tensor:
        """The elements in reverse order along each of the axes.

        >>> import tinydl
        >>> tinydl.arange(3).flip(0)
        tensor([2, 1, 0])
        """
        dims = ops.axes("flip", _sizes(axes, dims), self.ndim)
        back = slice(None, None, -1)
        if not self.ndim:
            return self.clone()
        return self[tuple(back if i in dims else slice(None) for i in range(self.ndim))].clone()

    def fliplr(self) -> Tensor:
        """Left and right exchanged: axis 1 of two or more in reverse order.

        >>> import tinydl
        >>> tinydl.arange(4).reshape(2, 2).fliplr()
        tensor([[1, 0],
                [3, 2]])
        """
        if self.ndim < 2:
            raise ValueError(f"fliplr: expected at least 2 axes, got {self._array}")
        return self.flip(1)

    def flipud(self) -> Tensor:
        """Top and bottom exchanged: axis 0 in reverse order.

        >>> import tinydl
        >>> tinydl.arange(4).reshape(2, 2).flipud()
        tensor([[2, 3],
                [0, 1]])
        """
        if not self.ndim:
            raise ValueError("flipud: expected at least 1 axis, got a 0-d tensor")
        return self.flip(0)

    def roll(self, shifts: int | Sequence[int], dims: int | Sequence[int] | None = None) -> Tensor:
        """The elements moved on by shifts along dims; what leaves at one end comes in at the other.

        Args:
            shifts: one number, or one for each of dims.
            dims: axes; if None all elements are moved on in reading order.

        Example:
            >>> import tinydl
            >>> tinydl.arange(5).roll(2)
            tensor([3, 4, 0, 1, 2])
        """
        if dims is None or not np.size(dims):
            return self.flatten().roll(shifts, 0).reshape(self.shape)
        shifts, dims = _sizes((shifts,)), _sizes((dims,))
        if len(shifts) != len(dims):
            raise ValueError(f"roll: {len(shifts)} shifts for {len(dims)} dims; give one for each")
        y = self
        for shift, dim in zip(shifts, dims, strict=True):
            axis = ops.axis("roll", dim, self.ndim)
            n = y.shape[axis] if y.ndim else 0
            shift = shift % n if n else 0
            if shift:
                y = ops.cat(*y.split([n - shift, shift], axis)[::-1], dim=axis)
        return y.clone() if y is self else y

    def rot90(self, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
        """Turned by k · 90° in the plane of two axes, from the first towards the second.

        >>> import tinydl
        >>> tinydl.arange(4).reshape(2, 2).rot90()
        tensor([[1, 3],
                [0, 2]])
        """
        if len(dims) != 2:
            raise ValueError(f"rot90: expected two dims, got {dims}")
        a, b = ops.axes("rot90", tuple(dims), self.ndim)
        flipped = [(), (b,), (a, b), (a,)][k % 4]
        y = self.flip(flipped)
        return y.transpose(a, b).contiguous() if k % 2 else y

    def diag(self, diagonal: int = 0) -> Tensor:
        """Of a vector the matrix with it on a diagonal, of a matrix that diagonal (a copy).

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).diag()
        tensor([[1, 0],
                [0, 2]])
        >>> tinydl.tensor([[1, 2], [3, 4]]).diag()
        tensor([1, 4])
        """
        if self.ndim not in (1, 2):
            raise ValueError(
                f"diag: expected a vector or a matrix, got {self._array}; of stacks use diagonal() "
                "or diag_embed()"
            )
        return self.diag_embed(diagonal) if self.ndim == 1 else self.diagonal(diagonal).clone()

    def diag_embed(self, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
        """Matrices with the last axis of self on a diagonal, zeros elsewhere.

        Args:
            offset: above the main diagonal if positive, below if negative.
            dim1, dim2: the axes of the result that the matrices lie in.

        Example:
            >>> import tinydl
            >>> tinydl.ones(5, 3).diag_embed().shape
            (5, 3, 3)
        """
        if not self.ndim:
            raise ValueError("diag_embed: expected at least 1 axis, got a 0-d tensor")
        a, b = ops.axes("diag_embed", (dim1, dim2), self.ndim + 1)
        side, shape = self.shape[-1] + abs(offset), list(self.shape[:-1])
        for at in sorted((a, b)):
            shape.insert(at, side)
        return ops.getitem_grad(self, key=ops.Diagonal(offset, a, b), shape=tuple(shape))

    def diagflat(self, offset: int = 0) -> Tensor:
        """The matrix with all elements, in reading order, on a diagonal.

        >>> import tinydl
        >>> tinydl.ones(2, 2).diagflat().shape
        (4, 4)
        """
        return self.flatten().diag_embed(offset)

    def diagonal_scatter(
        self, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
    ) -> Tensor:
        """A copy of self with src on the diagonal that diagonal() would show.

        >>> import tinydl
        >>> tinydl.zeros(2, 2).diagonal_scatter(tinydl.ones(2))
        tensor([[1., 0.],
                [0., 1.]])
        """
        key = self._diagonal_key("diagonal_scatter", offset, dim1, dim2)
        return ops.assign(self, _of_shape("diagonal_scatter", src, self.diagonal(*key)), key=key)

    def select_scatter(self, src: Tensor, dim: int, index: int) -> Tensor:
        """A copy of self with src as the slice that select(dim, index) would show.

        >>> import tinydl
        >>> tinydl.zeros(2, 2).select_scatter(tinydl.ones(2), 1, 0)
        tensor([[1., 0.],
                [1., 0.]])
        """
        key = (slice(None),) * ops.axis("select_scatter", dim, self.ndim) + (index,)
        src = _of_shape("select_scatter", src, self[key])
        return ops.assign(self, src, key=ops.normalize(key, self.shape))

    def slice_scatter(
        self,
        src: Tensor,
        dim: int = 0,
        start: int | None = None,
        end: int | None = None,
        step: int = 1,
    ) -> Tensor:
        """A copy of self with src as the part [start:end:step] along dim.

        >>> import tinydl
        >>> tinydl.zeros(4).slice_scatter(tinydl.ones(2), start=1, end=3)
        tensor([0., 1., 1., 0.])
        """
        key = (slice(None),) * ops.axis("slice_scatter", dim, self.ndim) + (
            slice(start, end, step),
        )
        src = _of_shape("slice_scatter", src, self[key])
        return ops.assign(self, src, key=ops.normalize(key, self.shape))


def _check_total(expected: int | None, total: int) -> None:
    if expected not in (None, total):
        raise ValueError(
            f"repeat_interleave: output_size is {expected}, the repeats add up to {total}"
        )


def _of_shape(name: str, src: Tensor, part: Tensor) -> Tensor:
    """src, which must have the shape of the part that it replaces."""
    if src.shape != part.shape:
        raise ValueError(f"{name}: src {src._array} must have the shape of the part {part._array}")
    return src
