"""Ops that move values without changing them. Each is linear, with its adjoint here."""

from __future__ import annotations

from math import prod

from ..array import Array
from ..backend import call
from ..op import move_op, view_op
from ..tensor import Tensor


@view_op
def _view(x, *, shape):
    """The same memory in another shape of as many elements: x[…] of any dtype → y."""
    return x.reshape(shape)


_view.vjp(x=lambda g, x_shape: reshape(g, shape=x_shape))


@move_op
def contiguous(x):
    """y = x, densely in memory: x[…] of any dtype → y[…]."""
    return x.astype(x.dtype)


contiguous.vjp(x=lambda g: g)


def reshape(x: Tensor, *, shape: tuple) -> Tensor:
    """The elements in reading order in another shape: a view where strides allow it."""
    if x._array.shape == shape:
        return x
    if x._array.reshape(shape) is None:
        x = contiguous(x)
    return _view(x, shape=shape)


@view_op
def permute(x, *, dims):
    """y's axis i is x's axis dims[i]: x of any dtype → a view y."""
    return x.permute(dims)


permute.vjp(x=lambda g, dims: permute(g, dims=inverse(dims)))


def inverse(dims: tuple) -> tuple:
    """The permutation that undoes dims."""
    return tuple(sorted(range(len(dims)), key=dims.__getitem__))


@view_op
def expand(x, *, shape):
    """x broadcast to a shape: repeated axes have stride 0. x of any dtype → a view y."""
    return x.expand(shape)


expand.vjp(x=lambda g, x_shape: g.sum_to_size(x_shape))


@move_op
def cat(*xs, dim):
    """The tensors one after the other along an axis: x₀[…,n₀,…], x₁[…,n₁,…], … → y[…,n₀+n₁+…,…].

    All of one dtype, other axes equal (tinydl.cat sees to both).
    """
    shape = list(xs[0].shape)
    shape[dim] = sum(x.shape[dim] for x in xs)
    y, start = Array.empty(tuple(shape), xs[0].dtype, xs[0].backend), 0
    for x in xs:
        call("copy", y.view(x.shape, y.strides, start * y.strides[dim]), x)
        start += x.shape[dim]
    return y


def _cat_rule(g, position, xs_shape, dim):
    start = sum(shape[dim] for shape in xs_shape[:position])
    key = (slice(None),) * dim + (slice(start, start + xs_shape[position][dim]),)
    return g[key]


cat.vjp(xs=_cat_rule)


@move_op
def to_device(x, *, device, source):
    """x copied to another device: x[…] of any dtype on source → y[…] on device."""
    return x.to(device.backend)


to_device.vjp(x=lambda g, device, source: to_device(g, device=source, source=device))


def infer_shape(op: str, shape: tuple, size: int, what: object) -> tuple:
    """A shape for `size` elements, where one entry may be −1 for "whatever is left"."""
    known = prod(n for n in shape if n != -1)
    free = shape.count(-1)
    if free > 1 or any(n < -1 for n in shape):
        raise ValueError(f"{op}: {shape}: sizes are ≥ 0 and at most one of them is −1")
    fits = known and size % known == 0 if free else known == size
    if not fits:
        raise ValueError(f"{op}: {what} has {size} elements, which do not fill {shape}")
    return tuple(size // known if n == -1 else n for n in shape) if free else shape
