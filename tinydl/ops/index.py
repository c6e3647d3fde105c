"""Reading and writing parts of a tensor: basic indexing as views, gather and scatter by index."""

from __future__ import annotations

from operator import index as index_of
from typing import NamedTuple

import numpy as np

from .. import dtypes
from ..array import Array
from ..backend import call
from ..limits import check_holds
from ..op import Op, move_op, op, view_op
from ..tensor import Tensor, as_tensor_like, is_number
from .elementwise import cast, where
from .shape import contiguous, reshape

# A normalized key has one entry per axis of x: an int, or (start, step, count) for a slice.
# None among them makes a new axis of size 1. A Diagonal and a Region are keys as well.


class Diagonal(NamedTuple):
    """The key of x's diagonal x[…,i,…,i + offset,…], which becomes the last axis."""

    offset: int
    dim1: int
    dim2: int


class Region(NamedTuple):
    """The key of any view of dense memory: of its elements in reading order."""

    shape: tuple
    strides: tuple
    offset: int


def normalize(key, shape: tuple) -> tuple:
    """x[key] for ints, slices, None and Ellipsis, as a normalized key."""
    key = key if isinstance(key, tuple) else (key,)
    used = sum(k is not None and k is not Ellipsis for k in key)
    if used > len(shape):
        raise IndexError(f"index: {used} indices for a tensor of {len(shape)} axes {shape}")
    if sum(k is Ellipsis for k in key) > 1:
        raise IndexError("index: an index holds at most one ...")
    # not `in` or index(): those would compare tensors with ==
    at = next((i for i, k in enumerate(key) if k is Ellipsis), len(key))
    key = key[:at] + (slice(None),) * (len(shape) - used) + key[at + 1 :]
    out, axis = [], 0
    for k in key:
        if k is None:
            out.append(None)
            continue
        n = shape[axis]
        if isinstance(k, slice):
            start, stop, step = k.indices(n)
            out.append((start, step, len(range(start, stop, step))))
        else:
            k = _integer(k)
            if not -n <= k < n:
                raise IndexError(f"index: {k} is out of range for axis {axis} of size {n}")
            out.append(k % n)
        axis += 1
    return tuple(out)


def _integer(k) -> int:
    """An int, a NumPy integer or a 0-d tensor of an integer dtype, as an int."""
    try:
        if not isinstance(k, (bool, np.bool_)):
            return index_of(k)
    except (TypeError, ValueError):
        pass
    got = getattr(k, "_array", k)
    raise TypeError(
        "index: expected ints, slices, None and ..., or a mask, or one list or tensor of integers "
        f"alone for the first axis; got {got!r:.60}"
    )


def view(x: Array, key: tuple) -> Array:
    """The part of x a normalized key names, as a view."""
    if type(key) is Diagonal:
        return _diagonal(x, *key)
    if type(key) is Region:
        return x.view(*key)
    shape, strides, offset, axis = [], [], 0, 0
    for k in key:
        if k is None:
            shape.append(1)
            strides.append(0)
            continue
        stride = x.strides[axis]
        axis += 1
        if isinstance(k, int):
            offset += k * stride
            continue
        start, step, count = k
        offset += start * stride if count else 0
        shape.append(count)
        strides.append(step * stride)
    return x.view(tuple(shape), tuple(strides), offset)


def _diagonal(x: Array, offset: int, dim1: int, dim2: int) -> Array:
    down, across = max(-offset, 0), max(offset, 0)
    n = max(min(x.shape[dim1] - down, x.shape[dim2] - across), 0)
    rest = [i for i in range(x.ndim) if i not in (dim1, dim2)]
    step = x.strides[dim1] + x.strides[dim2]
    first = (down * x.strides[dim1] + across * x.strides[dim2]) if n else 0
    shape, strides = [x.shape[i] for i in rest], [x.strides[i] for i in rest]
    return x.view((*shape, n), (*strides, step), first)


@view_op
def getitem(x, *, key):
    """y = x[key] for a normalized key: a view.

    x[…] of any dtype → y with an axis for each slice and None of the key.
    """
    return view(x, key)


getitem.vjp(x=lambda g, x_shape, key: getitem_grad(g, key=key, shape=x_shape))


@move_op
def getitem_grad(gy, *, key, shape):
    """The adjoint of getitem: zeros of a shape, with gy at [key].

    gy of x[key]'s shape → gx of shape shape, same dtype.
    """
    gx = Array.full(shape, 0, gy.dtype, gy.backend)
    call("copy", view(gx, key), gy)
    return gx


getitem_grad.vjp(gy=lambda g, key: _part(g, key))


def _part(x: Tensor, key) -> Tensor:
    """x[key]; the strides of a Region count on dense memory."""
    return getitem(contiguous(x) if type(key) is Region else x, key=key)


class _Assign(Op):
    moves = True

    def prepare(self, inputs: tuple) -> list:
        x, v = inputs
        if not isinstance(v, Tensor):
            if not isinstance(v, np.ndarray):  # Python's numbers do not wrap unsaid
                check_holds("assignment", v, x._array.dtype)
            return [x, as_tensor_like(v, x, x._array.dtype)]
        x, v = super().prepare(inputs)
        return [x, cast(v, x.dtype)]


@_Assign
def assign(x, v, *, key, into=None):
    """y = x with y[key] = v.

    x[…] of any dtype, v broadcasts to x[key] and takes x's dtype → y of x's shape and dtype.
    """
    y = x.astype(x.dtype) if into is None else into
    part = view(y, key)
    if v.ndim > part.ndim or any(
        have not in (1, want) for have, want in zip(v.shape[::-1], part.shape[::-1], strict=False)
    ):
        raise ValueError(f"assignment: {v} does not broadcast to the place it goes to, {part}")
    call("copy", part, v)
    return y


assign.vjp(
    x=lambda g, key: assign(g, 0.0, key=key),
    v=lambda g, v_shape, key: _part(g, key).sum_to_size(v_shape),
)


@move_op
def gather(x, index, *, dim):
    """y[…,i,…] = x[…,index[…,i,…],…] along one axis.

    x[…,n,…] of any dtype, index[…,m,…] int64 in 0 … n − 1 → y of index's shape and x's dtype.

    Raises:
        IndexError: an index outside 0 … n − 1.
        TypeError: an index that is not int64.
    """
    y = Array.empty(index.shape, x.dtype, x.backend)
    call("gather", y, x, index, dim)
    return y


gather.vjp(x=lambda g, index, x_shape, dim: scatter_zeros(g, index, shape=x_shape, dim=dim))


@op
def scatter_zeros(x, index, *, shape, dim):
    """The adjoint of gather: zeros of a shape, with x added at the places of the index.

    y[…,index[…,i,…],…] = Σ x[…,i,…]. x and index of one shape → y of shape shape, x's dtype.
    """
    y = Array.full(shape, 0, x.dtype, x.backend)
    call("scatter_add", y, x, index, dim)
    return y


scatter_zeros.vjp(x=lambda g, index, dim: gather(g, index, dim=dim))


def index_select(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices of x along dim that a 1-d index names: x[…,n,…], index[m] int64 → y[…,m,…]."""
    if index.ndim != 1:
        raise ValueError(f"index_select: the index must have one axis, got {index._array}")
    shape = x.shape[:dim] + index.shape + x.shape[dim + 1 :]
    along = (1,) * dim + index.shape + (1,) * (len(x.shape) - dim - 1)
    return gather(x, index.reshape(along).expand(shape), dim=dim)


def index(x: Tensor, key) -> Tensor:
    """x[key]: a view for ints, slices, None and ...; a copy for indices or a mask."""
    chosen = _mask(x, key)
    if chosen is not None:  # its axes become one, from which places are chosen
        x = reshape(x, shape=(chosen.numel(), *x.shape[chosen.ndim :]))
        chosen = as_tensor_like(np.flatnonzero(chosen._array.numpy()), x)
        return index_select(x, 0, chosen)
    if isinstance(key, (list, np.ndarray, Tensor)):
        chosen = as_tensor_like(key, x)
        if chosen.ndim == 1:
            return index_select(x, 0, wrapped(chosen, x.shape[0]))
        if chosen.ndim:
            flat = index_select(x, 0, wrapped(chosen.reshape(-1), x.shape[0]))
            return flat.reshape(*chosen.shape, *x.shape[1:])
    return getitem(x, key=normalize(key, x._array.shape))


def _mask(x: Tensor, key) -> Tensor | None:
    """The key as a bool tensor over x's first axes, None if it is no mask."""
    if not isinstance(key, (list, np.ndarray, Tensor)):
        return None
    mask = as_tensor_like(key, x)
    if mask.dtype is not dtypes.bool_:
        return None
    if not mask.ndim or mask.shape != x.shape[: mask.ndim]:
        raise IndexError(f"index: the mask {mask._array} does not fit {x._array}")
    return mask


def set_index(x: Tensor, key, value) -> None:
    """x[key] = value: a part of x, or what a mask chooses."""
    mask = _mask(x, key)
    if mask is None:
        assign.inplace(x, value, key=normalize(key, x._array.shape))
        return
    if not is_number(value) and as_tensor_like(value, x).numel() != 1:
        raise ValueError(
            f"index: a mask takes one value for all that it chooses, not {value!r:.60}; "
            "for more use where(mask, values, x)"
        )
    mask = reshape(mask, shape=mask.shape + (1,) * (x.ndim - mask.ndim))
    assign.inplace(x, where(mask, value, x), key=normalize(..., x._array.shape))


def wrapped(index: Tensor, size: int) -> Tensor:
    """Indices as int64, negative ones counted from the end."""
    if index.dtype.is_floating_point:
        raise TypeError(f"index: {index._array} must hold integers")
    index = cast(index, dtypes.int64)
    return where(index < 0, index + size, index)
