"""Reductions over any set of axes. `dim` is a sorted tuple of axes ≥ 0; see normalize_dims."""

from __future__ import annotations

import math
from functools import lru_cache

from .. import dtypes
from ..array import Array, contiguous_strides
from ..backend import call, call_arrays
from ..op import op
from ..tensor import Tensor
from .check import axis
from .indexed import scatter_zeros
from .scan import backwards, products_before
from .shape import expand, inverse, permute, reshape


def normalize_dims(name: str, dim, ndim: int) -> tuple:
    """dim=None, a number or a tuple of them, negative ones too, as a sorted tuple."""
    if dim is None:
        return _all_dims(ndim)
    dims = [axis(name, d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    if len(set(dims)) < len(dims):
        raise ValueError(f"{name}: dim {tuple(dim)} names an axis twice")
    return tuple(sorted(dims)) if ndim else ()


@lru_cache(maxsize=4096)
def _all_dims(ndim: int) -> tuple:
    return tuple(range(ndim))


@lru_cache(maxsize=4096)
def _kept(shape: tuple, dim: tuple) -> tuple:
    """A shape with size 1 on the reduced axes: what kernels are given."""
    return tuple([1 if i in dim else n for i, n in enumerate(shape)])


@lru_cache(maxsize=4096)
def _dropped(shape: tuple, dim: tuple) -> tuple:
    """A shape without the reduced axes."""
    return tuple([n for i, n in enumerate(shape) if i not in dim])


def _drop(y: Array, dim: tuple, keepdim: bool) -> Array:
    """A kernel's dense result without the axes of size 1, unless they are to be kept."""
    if keepdim or not dim:
        return y
    shape = _dropped(y.shape, dim)
    return y.view(shape, contiguous_strides(shape)[0])


def _not_empty(name: str, x: Array, dim: tuple) -> None:
    if any(x.shape[i] == 0 for i in dim):
        raise ValueError(f"{name}: {x} has no elements along dim {dim} to choose from")


def _restore(g: Tensor, shape: tuple, dim: tuple, keepdim: bool) -> Tensor:
    """g with its reduced axes back, as size 1."""
    return g if keepdim or not dim else reshape(g, shape=_kept(shape, dim))


@op
def sum(x, *, dim, keepdim):
    """y = Σ x over the axes of dim.

    x[…] of any dtype → y without those axes (with size 1 if keepdim), of x's dtype; integers and
    bools add up in int64. Partial sums of fixed size, so the same bits for any number of threads.
    """
    dtype = x.dtype if x.dtype.is_floating_point else dtypes.int64
    y = Array.empty(_kept(x.shape, dim), dtype, x.storage.backend)
    call_arrays("sum", y, x)
    return _drop(y, dim, keepdim)


def _sum_rule(g, x_shape, dim, keepdim):
    if g._array.shape:  # one number broadcasts as it is
        g = _restore(g, x_shape, dim, keepdim)
    return expand(g, shape=x_shape)


sum.vjp(x=_sum_rule)


@op
def prod(x, *, dim, keepdim):
    """y = Π x over the axes of dim.

    x[…] of any dtype → y without those axes (with size 1 if keepdim), of x's dtype; integers and
    bools multiply in int64. 1 of nothing.
    """
    dtype = x.dtype if x.dtype.is_floating_point else dtypes.int64
    y = Array.empty(_kept(x.shape, dim), dtype, x.storage.backend)
    call_arrays("prod", y, x)
    return _drop(y, dim, keepdim)


def _prod_rule(g, x, x_shape, dim, keepdim):
    """gx = g · (what stands before x) · (what stands behind): right also where x is 0."""
    order = (*[i for i in range(len(x_shape)) if i not in dim], *dim)
    kept = tuple([x_shape[i] for i in order[: len(order) - len(dim)]])
    rows = reshape(permute(x, dims=order), shape=(*kept, math.prod(x_shape[i] for i in dim)))
    last = len(kept)
    others = products_before(rows, last) * backwards(
        products_before(backwards(rows, last), last), last
    )
    others = reshape(others, shape=tuple([x_shape[i] for i in order]))
    return _restore(g, x_shape, dim, keepdim) * permute(others, dims=inverse(order))


prod.vjp(x=_prod_rule)


@lru_cache(maxsize=4096)
def _broadcast_dims(to: tuple, shape: tuple) -> tuple[tuple, bool]:
    """The axes of `to` along which `shape` is repeated, and whether some of them are its own."""
    new = len(to) - len(shape)
    repeated = [new + i for i, n in enumerate(shape) if n == 1 and to[new + i] != 1]
    return (*range(new), *repeated), bool(repeated)


def sum_to(x: Tensor, shape: tuple) -> Tensor:
    """The adjoint of broadcasting from `shape`: sums the axes that were repeated."""
    dim, keepdim = _broadcast_dims(x._array.shape, shape)
    if not dim:
        return x
    y = sum(x, dim=dim, keepdim=keepdim)
    return reshape(y, shape=shape) if keepdim else y


def _select(name: str, x: Array, dim: tuple, keepdim: bool, values: bool, indices: bool) -> list:
    """Values and places of the largest ("max") or smallest ("min") elements, as asked for."""
    _not_empty(name, x, dim)
    shape = _kept(x.shape, dim)
    y = Array.empty(shape, x.dtype, x.storage.backend) if values else None
    place = Array.empty(shape, dtypes.int64, x.storage.backend) if indices else None
    call(name, y, place, x)
    return [_drop(a, dim, keepdim) for a in (y, place) if a is not None]


@op
def max(x, *, dim, keepdim):
    """(values, indices) of the maximum along one axis; the first of equal ones, NaN above all.

    x[…,n,…] of any dtype → values[…] of x's dtype, indices[…] int64 in 0 … n − 1; the axis stays,
    with size 1, if keepdim.

    Raises:
        ValueError: no elements along the axis.
    """
    return tuple(_select("max", x, dim, keepdim, True, True))


@op
def min(x, *, dim, keepdim):
    """(values, indices) of the minimum along one axis; the first of equal ones, NaN below all.

    x[…,n,…] of any dtype → values[…] of x's dtype, indices[…] int64 in 0 … n − 1; the axis stays,
    with size 1, if keepdim.

    Raises:
        ValueError: no elements along the axis.
    """
    return tuple(_select("min", x, dim, keepdim, True, True))


def _max_rule(g, rest, x_shape, dim, keepdim):
    if not x_shape:
        return g
    place = _restore(rest[0], x_shape, dim, keepdim)
    return scatter_zeros(_restore(g, x_shape, dim, keepdim), place, shape=x_shape, dim=dim[0])


max.vjp(x=_max_rule)
min.vjp(x=_max_rule)


@op
def amax(x, *, dim, keepdim):
    """y = max x over the axes of dim; equal ones share the gradient. NaN if there is one.

    x[…] of any dtype → y without those axes (with size 1 if keepdim), of x's dtype.

    Raises:
        ValueError: no elements along dim.
    """
    return _select("max", x, dim, keepdim, True, False)[0]


@op
def amin(x, *, dim, keepdim):
    """y = min x over the axes of dim; equal ones share the gradient. NaN if there is one.

    x[…] of any dtype → y without those axes (with size 1 if keepdim), of x's dtype.

    Raises:
        ValueError: no elements along dim.
    """
    return _select("min", x, dim, keepdim, True, False)[0]


def _amax_rule(g, out, x, x_shape, dim, keepdim):
    best = (x == _restore(out, x_shape, dim, keepdim)).to(g.dtype)
    share = best / sum(best, dim=dim, keepdim=True)
    return share * _restore(g, x_shape, dim, keepdim)


amax.vjp(x=_amax_rule)
amin.vjp(x=_amax_rule)


@op
def argmax(x, *, dim, keepdim):
    """The place of the maximum along dim, the first of equal ones; over all axes in reading order.

    x[…] of any dtype → y without those axes (with size 1 if keepdim), int64.

    Raises:
        ValueError: no elements along dim.
    """
    return _select("max", x, dim, keepdim, False, True)[0]


@op
def argmin(x, *, dim, keepdim):
    """The place of the minimum along dim, the first of equal ones; over all axes in reading order.

    x[…] of any dtype → y without those axes (with size 1 if keepdim), int64.

    Raises:
        ValueError: no elements along dim.
    """
    return _select("min", x, dim, keepdim, False, True)[0]
