"""Elements picked and placed by an index along one axis, or by a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from .. import ops
from ..dtypes import bool_

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tensor import Tensor


class IndexMethods:
    """x.gather(1, index), x.scatter_add(0, index, src), x.index_select(0, index), x.nonzero(), …

    Args:
        dim: the axis, 0 the first and −1 the last.
        index: integers from 0 to n − 1 where dim has n elements; only take, put, index_put and
            take_along_dim count negative ones from the end.
        src, source: of self's dtype.
        reduce: how values that meet are joined: "sum", "prod", "mean", "amax" or "amin".
        include_self: whether self's own element is one of them.

    Returns:
        A new tensor of self's dtype; of the forms with _ self, changed in its own memory. Values
        that meet at one element are put there in reading order of the index, on every device: the
        last one stays, and sums are the same bits every time.

    Raises:
        IndexError: there is no such axis, or an index lies outside it (on a GPU told at the next
            synchronisation).
        ValueError: shapes that do not fit.
        TypeError: an index that does not hold integers, or values of another dtype than self's.
    """

    __slots__ = ()

    # --- reading ----------------------------------------------------------------------------------

    def gather(self, dim: int, index: Tensor) -> Tensor:
        """Elements picked along dim: y[…,i,…] = self[…,index[…,i,…],…], of index's shape.

        Args:
            index: as many axes as self, elsewhere than along dim not above self's sizes.

        Example:
            >>> import tinydl
            >>> x = tinydl.tensor([[1.0, 2.0], [3.0, 4.0]])
            >>> x.gather(1, tinydl.tensor([[1], [0]]))
            tensor([[2.],
                    [3.]])
        """
        return ops.scatter.gathered(self, dim, index)

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """The slices along dim that a 1-d index names, in its order.

        >>> import tinydl
        >>> tinydl.tensor([10, 20, 30]).index_select(0, tinydl.tensor([2, 0]))
        tensor([30, 10])
        """
        return ops.index_select(self, dim, index)

    def take(self, index: Tensor) -> Tensor:
        """The elements in reading order that the index names, in its shape.

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).take(tinydl.tensor([0, -1]))
        tensor([1, 4])
        """
        return ops.scatter.take(self, index)

    def take_along_dim(self, indices: Tensor, dim: int | None = None) -> Tensor:
        """gather() that broadcasts, np.take_along_axis: what argmax(keepdim=True) points to.

        Args:
            indices: as many axes as self.
            dim: the axis; all elements in reading order if None.

        Example:
            >>> import tinydl
            >>> x = tinydl.tensor([[1, 5, 2], [9, 3, 4]])
            >>> x.take_along_dim(x.argmax(1, keepdim=True), 1)
            tensor([[5],
                    [9]])
        """
        return ops.scatter.take_along_dim(self, indices, dim)

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where a mask holds, in reading order; self and mask broadcast.

        How many there are is read, which on a GPU waits.

        >>> import tinydl
        >>> x = tinydl.tensor([1, 5, 2])
        >>> x.masked_select(x > 1)
        tensor([5, 2])
        """
        if mask.dtype is not bool_:
            raise TypeError(f"masked_select: the mask must be a bool tensor, got {mask._array}")
        shape = ops.broadcast_shapes(self.shape, mask.shape)
        return self.expand(shape)[mask.expand(shape)]

    @overload
    def nonzero(self, *, as_tuple: Literal[False] = False) -> Tensor: ...
    @overload
    def nonzero(self, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
    def nonzero(self, *, as_tuple: bool = False) -> Tensor | tuple[Tensor, ...]:
        """The places of the elements that are not 0, in reading order: int64 [count, ndim].

        How many there are is read, which on a GPU waits.

        Args:
            as_tuple: a tuple of indices for each axis instead, so that x[x.nonzero(as_tuple=True)]
                are these elements.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([[0, 7], [8, 0]]).nonzero()
            tensor([[0, 1],
                    [1, 0]])
        """
        if as_tuple and not self.ndim:
            return self.reshape(1).nonzero(as_tuple=True)
        places = ops.nonzero(self)
        return places.unbind(1) if as_tuple else places

    def argwhere(self) -> Tensor:
        """The places of the elements that are not 0, as nonzero().

        >>> import tinydl
        >>> tinydl.tensor([0, 7, 8]).argwhere().flatten()
        tensor([1, 2])
        """
        return ops.nonzero(self)

    # --- an index of src's shape ------------------------------------------------------------------

    def scatter(
        self,
        dim: int,
        index: Tensor,
        src: Tensor | float | None = None,
        *,
        value: float | None = None,
        reduce: str | None = None,
    ) -> Tensor:
        """A copy of self with y[…,index[…,i,…],…] = src[…,i,…], or one number everywhere.

        Args:
            src: not smaller than index on any axis; what is beyond it is not used.
            value: a number in place of src.
            reduce: "add" or "multiply" joins src with what is there.

        Example:
            >>> import tinydl
            >>> tinydl.zeros(4).scatter(0, tinydl.tensor([3, 1]), tinydl.tensor([5.0, 6.0]))
            tensor([0., 6., 0., 5.])
        """
        src = value if src is None else src
        return ops.scatter.scatter("scatter", _by("scatter", reduce), self, dim, index, src)

    def scatter_(
        self,
        dim: int,
        index: Tensor,
        src: Tensor | float | None = None,
        *,
        value: float | None = None,
        reduce: str | None = None,
    ) -> Tensor:
        """scatter() into self.

        >>> import tinydl
        >>> tinydl.zeros(4).scatter_(0, tinydl.tensor([3, 1]), 7)
        tensor([0., 7., 0., 7.])
        """
        src = value if src is None else src
        return ops.scatter.scatter("scatter_", _by("scatter_", reduce), self, dim, index, src, True)

    def scatter_add(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """A copy of self with y[…,index[…,i,…],…] += src[…,i,…].

        >>> import tinydl
        >>> tinydl.zeros(2).scatter_add(0, tinydl.tensor([1, 1]), tinydl.tensor([5.0, 6.0]))
        tensor([ 0., 11.])
        """
        return ops.scatter.scatter("scatter_add", ops.put_add, self, dim, index, src)

    def scatter_add_(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """scatter_add() into self.

        >>> import tinydl
        >>> tinydl.ones(2).scatter_add_(0, tinydl.tensor([1]), tinydl.tensor([5.0]))
        tensor([1., 6.])
        """
        return ops.scatter.scatter("scatter_add_", ops.put_add, self, dim, index, src, True)

    def scatter_reduce(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """A copy of self where each element is joined with all src[…,i,…] that the index sends it.

        >>> import tinydl
        >>> x, index = tinydl.tensor([1.0, 2.0]), tinydl.tensor([0, 0])
        >>> x.scatter_reduce(0, index, tinydl.tensor([5.0, 6.0]), "mean", include_self=False)
        tensor([5.5, 2. ])
        """
        at = ops.scatter.Places(ops.scatter.scatter, "scatter_reduce", dim, index)
        return ops.scatter.reduced(at, self, src, reduce, include_self)

    def scatter_reduce_(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """scatter_reduce() into self.

        >>> import tinydl
        >>> index = tinydl.tensor([0, 0])
        >>> tinydl.ones(2).scatter_reduce_(0, index, tinydl.tensor([5.0, 6.0]), "amax")
        tensor([6., 1.])
        """
        at = ops.scatter.Places(ops.scatter.scatter, "scatter_reduce_", dim, index)
        return ops.scatter.reduced(at, self, src, reduce, include_self, True)

    # --- an index for whole slices ----------------------------------------------------------------

    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
        """A copy of self with y[…,index[i],…] += alpha · source[…,i,…].

        >>> import tinydl
        >>> tinydl.zeros(2).index_add(0, tinydl.tensor([1, 1]), tinydl.tensor([5.0, 6.0]))
        tensor([ 0., 11.])
        """
        return ops.scatter.put_slices(
            "index_add", ops.put_add, self, dim, index, _times(alpha, source)
        )

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
        """index_add() into self.

        >>> import tinydl
        >>> tinydl.ones(2).index_add_(0, tinydl.tensor([1]), tinydl.tensor([5.0]), alpha=2)
        tensor([ 1., 11.])
        """
        return ops.scatter.put_slices(
            "index_add_", ops.put_add, self, dim, index, _times(alpha, source), True
        )

    def index_copy(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """A copy of self with y[…,index[i],…] = source[…,i,…].

        >>> import tinydl
        >>> tinydl.zeros(2).index_copy(0, tinydl.tensor([1]), tinydl.tensor([5.0]))
        tensor([0., 5.])
        """
        return ops.scatter.put_slices("index_copy", ops.put, self, dim, index, source)

    def index_copy_(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """index_copy() into self.

        >>> import tinydl
        >>> tinydl.zeros(2).index_copy_(0, tinydl.tensor([1]), tinydl.tensor([5.0]))
        tensor([0., 5.])
        """
        return ops.scatter.put_slices("index_copy_", ops.put, self, dim, index, source, True)

    def index_fill(self, dim: int, index: Tensor, value: float | Tensor) -> Tensor:
        """A copy of self with y[…,index[i],…] = value.

        >>> import tinydl
        >>> tinydl.zeros(2, 2).index_fill(1, tinydl.tensor([0]), 7)
        tensor([[7., 0.],
                [7., 0.]])
        """
        return ops.scatter.put_slices("index_fill", ops.put, self, dim, index, value)

    def index_fill_(self, dim: int, index: Tensor, value: float | Tensor) -> Tensor:
        """index_fill() into self.

        >>> import tinydl
        >>> tinydl.zeros(3).index_fill_(0, tinydl.tensor([0, 2]), 7)
        tensor([7., 0., 7.])
        """
        return ops.scatter.put_slices("index_fill_", ops.put, self, dim, index, value, True)

    def index_reduce(
        self, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """A copy of self where each slice is joined with all slices that the index sends it.

        >>> import tinydl
        >>> x, index = tinydl.tensor([3.0, 3.0]), tinydl.tensor([1, 1])
        >>> x.index_reduce(0, index, tinydl.tensor([2.0, 5.0]), "prod")
        tensor([ 3., 30.])
        """
        at = ops.scatter.Places(ops.scatter.put_slices, "index_reduce", dim, index)
        return ops.scatter.reduced(at, self, source, reduce, include_self)

    def index_reduce_(
        self, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """index_reduce() into self.

        >>> import tinydl
        >>> index = tinydl.tensor([1, 1])
        >>> tinydl.ones(2).index_reduce_(0, index, tinydl.tensor([2.0, 5.0]), "amin")
        tensor([1., 1.])
        """
        at = ops.scatter.Places(ops.scatter.put_slices, "index_reduce_", dim, index)
        return ops.scatter.reduced(at, self, source, reduce, include_self, True)

    # --- indices for several axes, for all elements, masks ----------------------------------------

    def index_put(
        self, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
    ) -> Tensor:
        """A copy of self with y[indices] = values, or += values for each index that comes again.

        >>> import tinydl
        >>> at = (tinydl.tensor([0, 0]), tinydl.tensor([1, 1]))
        >>> tinydl.zeros(1, 2).index_put(at, tinydl.ones(2), accumulate=True)
        tensor([[0., 2.]])
        """
        return self.clone().index_put_(indices, values, accumulate)

    def index_put_(
        self, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False
    ) -> Tensor:
        """index_put() into self.

        >>> import tinydl
        >>> tinydl.zeros(2).index_put_((tinydl.tensor([-1]),), tinydl.ones(()))
        tensor([0., 1.])
        """
        key = tuple(slice(None) if i is None else i for i in indices)
        ops.set_index(self, key, values, accumulate)
        return self

    def put(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
        """A copy of self with source's elements where the index names self's in reading order.

        >>> import tinydl
        >>> tinydl.zeros(2, 2).put(tinydl.tensor([1, -1]), tinydl.tensor([5.0, 6.0]))
        tensor([[0., 5.],
                [0., 6.]])
        """
        return ops.scatter.put_flat(self, index, source, accumulate)

    def put_(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
        """put() into self.

        >>> import tinydl
        >>> tinydl.zeros(2).put_(tinydl.tensor([1]), tinydl.tensor([5.0]))
        tensor([0., 5.])
        """
        return self.copy_(self.put(index, source, accumulate))

    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """A copy of self with the elements of source, in reading order, where the mask holds.

        >>> import tinydl
        >>> mask = tinydl.tensor([False, True, True])
        >>> tinydl.zeros(3).masked_scatter(mask, tinydl.tensor([5.0, 6.0]))
        tensor([0., 5., 6.])
        """
        return ops.scatter.masked_scatter(self, mask, source)

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """masked_scatter() into self.

        >>> import tinydl
        >>> tinydl.zeros(2).masked_scatter_(tinydl.tensor([False, True]), tinydl.ones(1))
        tensor([0., 1.])
        """
        return ops.scatter.masked_scatter(self, mask, source, into_x=True)


def _by(name: str, reduce: str | None):
    ways = {"add": ops.put_add, "multiply": ops.put_prod, None: ops.put}
    if reduce not in ways:
        raise ValueError(f"{name}: reduce is 'add' or 'multiply', got {reduce!r}")
    return ways[reduce]


def _times(alpha: float, source: Tensor) -> Tensor:
    return source if alpha == 1 else source * alpha
