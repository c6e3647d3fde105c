"""Basic indexing, by ints, slices, None and ...: parts of a tensor as views, writing to them."""

from __future__ import annotations

from operator import index as index_of
from typing import NamedTuple

import numpy as np

from ..array import Array
from ..backend import call
from ..limits import check_holds
from ..op import Op, move_op, view_op
from ..tensor import Tensor, as_tensor_like
from .elementwise import cast
from .shape import contiguous

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
        return index_of(k)
    except (TypeError, ValueError):
        pass
    got = getattr(k, "_array", k)
    raise TypeError(
        "index: expected ints, slices, None, ..., and lists, arrays or tensors of integers or "
        f"bools; got {got!r:.60}"
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


def check_fits(v: Array, shape: tuple) -> None:
    """ValueError unless v broadcasts to the shape of the place it is written to."""
    own = zip(v.shape[::-1], shape[::-1], strict=False)
    if v.ndim > len(shape) or any(have not in (1, want) for have, want in own):
        to = f"{v.dtype.short}[{','.join(map(str, shape))}]"
        raise ValueError(f"assignment: {v} does not broadcast to the place it goes to, {to}")


def as_value(x: Tensor, v) -> Tensor:
    """What is written to x: Python's numbers must be in the range of its dtype."""
    if isinstance(v, Tensor):
        return v
    if not isinstance(v, np.ndarray):
        check_holds("assignment", v, x._array.dtype)
    return as_tensor_like(v, x, x._array.dtype)


class _Assign(Op):
    moves = True

    def prepare(self, inputs: tuple) -> list:
        x, v = super().prepare((inputs[0], as_value(*inputs)))
        return [x, cast(v, x.dtype)]


@_Assign
def assign(x, v, *, key, into=None):
    """y = x with y[key] = v.

    x[…] of any dtype, v broadcasts to x[key] and takes x's dtype → y of x's shape and dtype.
    """
    y = x.astype(x.dtype) if into is None else into
    part = view(y, key)
    check_fits(v, part.shape)
    call("copy", part, v)
    return y


assign.vjp(
    x=lambda g, key: assign(g, 0.0, key=key),
    v=lambda g, v_shape, key: _part(g, key).sum_to_size(v_shape),
)
