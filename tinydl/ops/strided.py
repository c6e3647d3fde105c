"""Any view that strides can make, also one in which an element is seen several times."""

from __future__ import annotations

import numpy as np

from ..array import Array
from ..dtypes import DType
from ..graph import mode
from ..op import view_op
from ..tensor import Tensor, as_tensor_like
from .indexed import gather, scatter_zeros
from .shape import reshape


@view_op
def as_strided(x, *, shape, strides, offset, own):
    """y[i,j,…] = memory[offset + i·strides[0] + j·strides[1] + …], where x's memory is meant.

    x of any dtype → a view y[shape]; own = (shape, strides, offset) says how x lies there.

    Raises:
        ValueError: the view would reach beyond x's memory.
    """
    return Array(x.storage, shape, strides, offset, x.dtype)


def _places(geometry: tuple) -> np.ndarray:
    """Where the elements lie in memory."""
    shape, strides, offset = geometry
    places = np.full(shape, offset, np.int64)
    for axis, (n, step) in enumerate(zip(shape, strides, strict=True)):
        along = [1] * len(shape)
        along[axis] = n
        places += (np.arange(n) * step).reshape(along)
    return places


def _rule(g: Tensor, shape: tuple, strides: tuple, offset: int, own: tuple) -> Tensor:
    """Adds up what reached each place of the memory, and hands it to the element that lies there;
    elements that share a place share it."""
    seen, places = _places((shape, strides, offset)), _places(own)
    low = min((a.min() for a in (seen, places) if a.size), default=0)
    high = max((a.max() for a in (seen, places) if a.size), default=-1)
    memory = (int(high - low) + 1,)
    g = reshape(g, shape=(seen.size,))
    at = as_tensor_like((seen - low).reshape(-1), g)
    total = scatter_zeros(g, at, shape=memory, dim=0)
    at = as_tensor_like((places - low).reshape(-1), g)
    sharers = np.bincount((places - low).reshape(-1), minlength=1)
    if sharers.max() > 1:
        counts = np.maximum(np.resize(sharers, memory), 1).astype(g.dtype.numpy)
        counts[sharers.size :] = 1
        total = total / as_tensor_like(counts, g)
    return reshape(gather(total, at, dim=0), shape=places.shape)


as_strided.vjp(x=_rule)


def strided_view(x: Tensor, shape: tuple, strides: tuple, offset: int) -> Tensor:
    """as_strided of x, or of its base where the view shows elements that x does not."""
    if x.requires_grad and x._base is not None and x._base[0]._node is x._base[1]:
        own = x._array
        seen = np.unique(_places((shape, strides, offset)))
        if not np.isin(seen, _places((own.shape, own.strides, own.offset))).all():
            x = x._base[0]
    a = x._array
    own = (a.shape, a.strides, a.offset)
    return as_strided(x, shape=shape, strides=strides, offset=offset, own=own)


def check_memory(x: Array, whole: Array, shape: tuple, strides: tuple, offset: int) -> None:
    """ValueError unless a view lies within the memory of x and of what x is a view of."""
    if 0 in shape:
        return
    first, last = _extent(shape, strides, offset)
    ends = [_extent(a.shape, a.strides, a.offset) for a in (x, whole) if a.size]
    low, high = min((a for a, _ in ends), default=0), max((b for _, b in ends), default=-1)
    if first < low or last > high:
        raise ValueError(
            f"as_strided: size {shape}, stride {strides} and storage_offset {offset} reach "
            f"elements {first} to {last} of the memory of {x}, which has {low} to {high}"
        )


def _extent(shape: tuple, strides: tuple, offset: int) -> tuple[int, int]:
    """The first and the last place that a view without empty axes reaches."""
    reach = [(n - 1) * step for n, step in zip(shape, strides, strict=True)]
    return offset + sum(r for r in reach if r < 0), offset + sum(r for r in reach if r > 0)


def become(x: Tensor, view: Tensor, name: str) -> Tensor:
    """x itself turns into a view of what it was: x.t_() and its kind."""
    if mode.enabled and x.requires_grad and x._node is None:
        raise RuntimeError(
            f"{name}: {x._array} is a leaf that requires a gradient, whose shape must stay that of "
            f"its gradient; use {name[:-1]}(), which returns a view"
        )
    x._array, x._node, x._index = view._array, view._node, view._index
    return x


def reinterpret(x: Tensor, dtype: DType) -> Tensor:
    """The same bytes as elements of another dtype, outside the graph."""
    array, strides, new = x._array, x._array.strides, dtype.itemsize
    old, shape, offset = array.dtype.itemsize, array.shape, array.offset
    if old != new:
        fits = bool(shape) and strides[-1] == 1 and shape[-1] * old % new == 0
        if not fits or any(s * old % new for s in (*strides[:-1], offset)):
            raise ValueError(
                f"view: {array} with strides {strides} has no view as {dtype}: its last axis must "
                f"be dense, and sizes, strides and offset whole elements of {new} bytes"
            )
        shape = (*shape[:-1], shape[-1] * old // new)
        strides = (*(s * old // new for s in strides[:-1]), 1)
        offset = offset * old // new
    return Tensor(Array(array.storage, shape, strides, offset, dtype))
