"""PyTorch's functions of an index along one axis, all of them made of pick and put.

Each checks its operands and says by name what does not fit. With `into_x` it writes to x itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .. import dtypes
from ..array import Array, broadcast_shapes
from ..limits import iinfo
from ..op import different_devices
from ..tensor import Tensor, as_tensor_like, is_number
from .advanced import _without_ones
from .check import axis
from .elementwise import cast, where
from .index import getitem, normalize
from .indexed import gather, nonzero, pick, put, put_add, put_amax, put_amin, put_prod, spread
from .shape import expand, reshape

_REDUCE = {"sum": put_add, "prod": put_prod, "mean": put_add, "amax": put_amax, "amin": put_amin}


def checked_index(name: str, x: Tensor, index: Tensor) -> Tensor:
    """An index of any integer dtype on x's device, as int64."""
    if not isinstance(index, Tensor):
        values = np.asarray(index)
        index = as_tensor_like(values if values.size else values.astype(np.int64), x)
    if index.dtype.is_floating_point or index.dtype is dtypes.bool_:
        raise TypeError(f"{name}: the index {index._array} must hold integers; use .long()")
    if index._array.storage.backend is not x._array.storage.backend:
        raise different_devices(name, [("x", x), ("index", index)])
    return cast(index, dtypes.int64)


def _at_least_1d(x: Tensor) -> Tensor:
    return x if x._array.shape else reshape(x, shape=(1,))


# --- an index of the shape of what is read or written ---------------------------------------------


def gathered(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """y[…,i,…] = x[…,index[…,i,…],…]"""
    dim, index = axis("gather", dim, x.ndim), checked_index("gather", x, index)
    _check_extent("gather", x, dim, index, "x")
    if not x.ndim:
        return reshape(gather(_at_least_1d(x), _at_least_1d(index), dim=0), shape=index.shape)
    return gather(x, index, dim=dim)


def _check_extent(name: str, x: Tensor, dim: int | None, index: Tensor, what: str) -> None:
    """The index has x's number of axes, and no more of them than x except along dim."""
    a, b = x._array, index._array
    if max(a.ndim, 1) != max(b.ndim, 1):
        raise ValueError(
            f"{name}: the index must have as many axes as {what}, got {what} {a} and index {b}"
        )
    for d, (have, want) in enumerate(zip(a.shape, b.shape, strict=False)):
        if d != dim and want > have:
            raise ValueError(
                f"{name}: on axis {d} the index has {want} elements, {what} only {have} "
                f"({what} {a}, index {b})"
            )


def scatter(
    name: str, how: Callable, x: Tensor, dim: int, index: Tensor, src, into_x: bool = False
) -> Tensor:
    """x with src[…,i,…] put at […,index[…,i,…],…], by one of the put ops."""
    dim, index = axis(name, dim, x.ndim), checked_index(name, x, index)
    _check_extent(name, x, dim, index, "x")
    if not is_number(src):
        src = same_kind(name, x, src)
        _check_extent(name, src, None, index, "src")
        key = tuple([(0, 1, n) for n in index.shape])
        src = _at_least_1d(src if src.shape == index.shape else getitem(src, key=key))
    return _put(how, x, src, _at_least_1d(index), (dim,), dim, into_x)


def same_kind(name: str, x: Tensor, src) -> Tensor:
    """What is written must have x's dtype, as in PyTorch: no fraction is lost unnoticed."""
    src = as_tensor_like(src, x)
    if src._array.dtype is not x._array.dtype:
        raise TypeError(
            f"{name}: x {x._array} and the values {src._array} have different dtypes; convert "
            "with .to(dtype)"
        )
    return src


def _put(how, x: Tensor, v, idx: Tensor, axes: tuple, place: int, into_x: bool) -> Tensor:
    """how(x, v, idx) for a whole x, also a 0-d one."""
    at = {"axes": axes, "place": place, "wrap": False}
    if into_x:
        key = normalize(..., x.shape) if x.ndim else (None,)
        return how.inplace(x, v, idx, key=key, **at)
    if not x.ndim:
        return reshape(_put(how, reshape(x, shape=(1,)), v, idx, axes, place, False), shape=())
    return how(x, v, idx, key=normalize(..., x.shape), **at)


class Places(NamedTuple):
    """Where put_at, which is scatter() or put_slices(), puts values: a part of its arguments."""

    put_at: Callable
    name: str
    dim: int
    index: Tensor

    def write(self, how: Callable, x: Tensor, src, into_x: bool) -> Tensor:
        return self.put_at(self.name, how, x, self.dim, self.index, src, into_x)


def reduced(
    at: Places, x: Tensor, src: Tensor, reduce: str, include_self: bool, into_x: bool = False
) -> Tensor:
    """x with src reduced into it, at those places."""
    write = at.write
    how = _REDUCE.get(reduce)
    if how is None:
        raise ValueError(f"{at.name}: reduce is one of {', '.join(_REDUCE)}; got {reduce!r}")
    if include_self and reduce != "mean":
        return write(how, x, src, into_x)
    y = x.clone() if into_x else x
    if not include_self:
        y = write(put, y, _nothing(reduce, x.dtype), False)
    y = write(how, y, src, False)
    if reduce == "mean":
        start = Array.full(x.shape, int(include_self), dtypes.int64, x._array.backend)
        count = write(put_add, Tensor(start), 1, False)
        count = cast(count.clamp(min=1), x.dtype)
        y = y / count if x.dtype.is_floating_point else y.floor_divide(count)
    return x.copy_(y) if into_x else y


def _nothing(reduce: str, dtype: dtypes.DType):
    """What changes nothing when it is reduced with others."""
    if reduce in ("amax", "amin"):
        low = reduce == "amax"
        if dtype.is_floating_point:
            return -np.inf if low else np.inf
        if dtype is dtypes.bool_:
            return not low
        info = iinfo(dtype)
        return info.min if low else info.max
    return 1 if reduce == "prod" else 0


# --- one index for whole slices -------------------------------------------------------------------


def _slices(name: str, x: Tensor, dim: int, index: Tensor) -> tuple[int, Tensor]:
    dim, index = axis(name, dim, x.ndim), checked_index(name, x, index)
    if index.ndim > 1:
        raise ValueError(f"{name}: the index must have one axis, got {index._array}")
    return dim, _at_least_1d(index)


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of x along dim that a 1-d index names: x[…,n,…], index[m] → y[…,m,…]."""
    dim, index = _slices("index_select", x, dim, index)
    if not x.ndim:
        return reshape(index_select(_at_least_1d(x), 0, index), shape=())
    return pick(x, spread(index, 1, x.shape, (dim,), dim), axes=(dim,), place=dim, wrap=False)


def put_slices(
    name: str, how: Callable, x: Tensor, dim: int, index: Tensor, source, into_x: bool = False
) -> Tensor:
    """x with the slices of source (or one number) put at x[…,index[i],…], by one of the put ops."""
    dim, index = _slices(name, x, dim, index)
    shape = x._array.shape or (1,)
    place = (*shape[:dim], index.shape[0], *shape[dim + 1 :])
    if not is_number(source):
        source = same_kind(name, x, source)
        if (source.shape or (1,)) != place and source.numel() != 1:
            raise ValueError(
                f"{name}: {source._array} must have shape {place}: x {x._array} with one slice "
                f"along axis {dim} for each of the indices {index._array}"
            )
        source = _without_ones(source, len(place))
    return _put(how, x, source, spread(index, 1, shape, (dim,), dim), (dim,), dim, into_x)


# --- an index into all elements, and masks --------------------------------------------------------


def take(x: Tensor, index: Tensor) -> Tensor:
    """The elements of x in reading order that the index names, negative ones from the end."""
    index = checked_index("take", x, index)
    flat = reshape(x, shape=(x.numel(),))
    return pick(flat, index, axes=(0,), place=0, wrap=True)


def put_flat(x: Tensor, index: Tensor, source: Tensor, accumulate: bool) -> Tensor:
    """x with source's elements where the index names x's in reading order."""
    index, source = checked_index("put", x, index), same_kind("put", x, source)
    if index.numel() != source.numel():
        raise ValueError(
            f"put: index {index._array} and source {source._array} must have as many elements"
        )
    flat = reshape(x, shape=(x.numel(),))
    key = normalize(..., flat.shape)
    how, source = put_add if accumulate else put, reshape(source, shape=index.shape)
    y = how(flat, source, index, key=key, axes=(0,), place=0, wrap=True)
    return reshape(y, shape=x.shape)


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None) -> Tensor:
    """np.take_along_axis: gather with broadcasting; in reading order if dim is None."""
    if dim is None:
        return take(x, reshape(indices, shape=(indices.numel(),)))
    indices, dim = checked_index("take_along_dim", x, indices), axis("take_along_dim", dim, x.ndim)
    if indices.ndim != x.ndim:
        raise ValueError(
            f"take_along_dim: x {x._array} and indices {indices._array} must have as many axes"
        )
    shape = x.shape
    to = [n if m == 1 else m for n, m in zip(indices.shape, shape, strict=True)]
    to[dim] = indices.shape[dim]
    if any(n not in (1, m) for n, m in zip(indices.shape, to, strict=True)):
        raise ValueError(
            f"take_along_dim: x {x._array} and indices {indices._array} do not broadcast "
            f"on the axes beside {dim}"
        )
    x = expand(x, shape=(*to[:dim], shape[dim], *to[dim + 1 :]))
    return pick(x, expand(indices, shape=tuple(to)), axes=(dim,), place=dim, wrap=True)


def masked_scatter(x: Tensor, mask: Tensor, source: Tensor, into_x: bool = False) -> Tensor:
    """x with the elements of source, in reading order, where the mask holds."""
    if mask.dtype is not dtypes.bool_:
        raise TypeError(f"masked_scatter: the mask must be a bool tensor, got {mask._array}")
    source = same_kind("masked_scatter", x, source)
    if not into_x:
        x = x.expand(broadcast_shapes(x.shape, mask.shape))
    places = nonzero(mask.expand(x.shape))
    count = places.shape[0]
    if source.numel() < count:
        raise ValueError(
            f"masked_scatter: the mask holds for {count} elements, source {source._array} "
            f"has {source.numel()}"
        )
    values = reshape(source, shape=(source.numel(),))[:count]
    at = {"axes": tuple(range(x.ndim)), "place": 0, "wrap": False, "once": True}
    if not x.ndim:
        return where(mask, values.sum(), x) if not into_x else x.copy_(where(mask, values.sum(), x))
    idx = places.T if x.ndim > 1 else reshape(places, shape=(count,))
    how = put.inplace if into_x else put
    return how(x, values, idx, key=normalize(..., x.shape), **at)
