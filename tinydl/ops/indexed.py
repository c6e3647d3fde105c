"""k axes of a tensor by k tensors of integers: reading, and writing in five ways.

Axes b… are those of the indices, axes r… those of the tensor that are not indexed. With attributes

    axes   the indexed ones of x, ascending
    place  where b… begin among the axes of the result (of the values that are written)
    wrap   whether negative indices count from the end; else they are out of range
    once   whether no place comes twice, so that their order does not matter

and idx[j,b…,r…] int64, with stride 0 along r… as a rule and without j where there is one index:

    pick        y[b…,r…] = x[i₀,…,i_{k−1},r…]     where i_j = idx[j,b…,r…]
    put_zeros   its adjoint: zeros, with v added at the places of the indices
    put…        x with v at those places: instead of what is there, added to it, …

Whatever meets at one place is put there in reading order of b…, on every device.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .. import dtypes
from ..array import Array
from ..backend import call, ffi
from ..op import Op, move_op, op
from ..tensor import Tensor, as_tensor_like
from .elementwise import cast, eq, where
from .index import as_value, check_fits, getitem, view

SET, ADD, MUL, MAX, MIN = range(5)  # td_put_how


@lru_cache(maxsize=1024)
def _attrs(axes: tuple, place: int, wrap: bool, once: bool, how: int = SET):
    return ffi.new("td_index_attrs *", (sum(1 << d for d in axes), place, wrap, once, how))


def shape_of(idx: Array | Tensor, axes: tuple) -> tuple:
    """The shape of what is picked or put."""
    return idx.shape[1:] if len(axes) > 1 else idx.shape


@move_op
def pick(x, idx, *, axes, place, wrap, once=False):
    """y[b…,r…] = x[i₀,…,i_{k−1},r…], i_j = idx[j,b…,r…].

    x of any dtype, idx int64 → y[b…,r…] of x's dtype.

    Raises:
        IndexError: an index outside its axis.
    """
    y = Array.empty(shape_of(idx, axes), x.dtype, x.backend)
    call("index", y, x, idx, _attrs(axes, place, wrap, once))
    return y


pick.vjp(x=lambda g, idx, x_shape, **at: put_zeros(g, idx, shape=x_shape, **at))


@op
def put_zeros(v, idx, *, shape, axes, place, wrap, once=False):
    """The adjoint of pick: y = 0, then y[i₀,…,i_{k−1},r…] += v[b…,r…], i_j = idx[j,b…,r…].

    v of any dtype, idx int64 → y of shape shape and v's dtype.
    """
    y = Array.full(shape, 0, v.dtype, v.backend)
    call("index_put", y, v, idx, _attrs(axes, place, wrap, once, ADD))
    return y


put_zeros.vjp(v=lambda g, idx, shape, **at: pick(g, idx, **at))


class _Put(Op):
    """x with v at the places of the indices, within the part x[key] (a normalized key)."""

    def __init__(self, name: str, how: int, doc: str):
        def forward(x, v, idx, *, key, axes, place, wrap, once=False, into=None):
            y = x.astype(x.dtype) if into is None else into
            part, shape = view(y, key), shape_of(idx, axes)
            check_fits(v, shape)
            attrs = _attrs(axes, place, wrap, once, how)
            call("index_put", part, v.expand(shape), idx, attrs)
            return y

        forward.__name__, forward.__doc__ = name, doc
        super().__init__(forward, moves=how == SET)

    def prepare(self, inputs: tuple) -> list:
        x, v, idx = super().prepare((inputs[0], as_value(*inputs[:2]), inputs[2]))
        return [x, cast(v, x.dtype), idx]


_SHAPES = "x of any dtype, v broadcasts to [b…,r…], idx int64 → y of x's shape and dtype."
put = _Put("put", SET, f"y = x, then y[i₀,…,i_k₋₁,r…] = v[b…,r…]: the last one stays.\n\n{_SHAPES}")
put_add = _Put("put_add", ADD, f"y = x, then y[i₀,…,i_k₋₁,r…] += v[b…,r…].\n\n{_SHAPES}")
put_prod = _Put("put_prod", MUL, f"y = x, then y[i₀,…,i_k₋₁,r…] *= v[b…,r…].\n\n{_SHAPES}")
put_amax = _Put(
    "put_amax", MAX, f"y = x, then y[…] = max(y[…], v[b…,r…]) at [i₀,…,i_k₋₁,r…].\n\n{_SHAPES}"
)
put_amin = _Put(
    "put_amin", MIN, f"y = x, then y[…] = min(y[…], v[b…,r…]) at [i₀,…,i_k₋₁,r…].\n\n{_SHAPES}"
)


def _read(x: Tensor, idx: Tensor, key, **at) -> Tensor:
    """What a put with the same attributes writes over."""
    return pick(getitem(x, key=key), idx, **at)


def _full(like: Tensor, value, dtype=None) -> Tensor:
    array = like._array
    return Tensor(Array.full(array.shape, value, dtype or array.dtype, array.backend))


# --- rules ----------------------------------------------------------------------------------------


def _put_rule(g, v_shape, idx, **at):
    """Only the last of those that were put at one place has a gradient."""
    read = _read(g, idx, **at)
    if not at["once"] and read._array.size > 1:
        order = np.arange(read._array.size).reshape(read.shape)
        order = as_tensor_like(order, g)
        last = put(_full(g, 0, dtypes.int64), order, idx, **at)
        read = where(eq(_read(last, idx, **at), order), read, 0.0)
    return read.sum_to_size(v_shape)


put.vjp(x=lambda g, idx, **at: put(g, 0.0, idx, **at), v=_put_rule)
put_add.vjp(
    x=lambda g: g,
    v=lambda g, v_shape, idx, **at: _read(g, idx, **at).sum_to_size(v_shape),
)


def _prod_rule(g, out, x, v, idx, **at):
    """out / v; where the only zero of a product is v, the product of the others."""
    spread = v.expand(shape_of(idx, at["axes"]))
    zero = eq(spread, 0)
    zeros = put_add(_full(g, 0, dtypes.int64), cast(zero, dtypes.int64), idx, **at)
    only = zero & eq(_read(zeros, idx, **at), 1)
    others = put_prod(x, where(only, 1.0, spread), idx, **at)
    quotient = _read(g * out, idx, **at) / where(zero, 1.0, spread)
    return where(only, _read(g * others, idx, **at), quotient).sum_to_size(v.shape)


put_prod.vjp(
    x=lambda g, v, idx, **at: g * put_prod(_full(g, 1), v, idx, **at),
    v=_prod_rule,
)


def _shares(g, out, x, v, idx, at):
    """g divided by how many reach the extreme value, and which of x and of v do."""
    of_x, of_v = eq(x, out), eq(v.expand(shape_of(idx, at["axes"])), _read(out, idx, **at))
    ties = put_add(cast(of_x, g.dtype), cast(of_v, g.dtype), idx, **at)
    return g / where(eq(ties, 0), 1.0, ties), of_x, of_v


def _extreme_x(g, out, x, v, idx, **at):
    share, of_x, _ = _shares(g, out, x, v, idx, at)
    return where(of_x, share, 0.0)


def _extreme_v(g, out, x, v, idx, **at):
    share, _, of_v = _shares(g, out, x, v, idx, at)
    return where(of_v, _read(share, idx, **at), 0.0).sum_to_size(v.shape)


put_amax.vjp(x=_extreme_x, v=_extreme_v)
put_amin.vjp(x=_extreme_x, v=_extreme_v)


# --- laying indices out ---------------------------------------------------------------------------


def spread(idx: Tensor, k: int, shape: tuple, axes: tuple, place: int) -> Tensor:
    """Indices [b…], or [k,b…] of several, as pick and put take them: repeated along r…."""
    rest = [n for d, n in enumerate(shape) if d not in axes]
    a, lead = idx._array, int(k > 1)
    sizes = (*a.shape[:lead], *rest[:place], *a.shape[lead:], *rest[place:])
    steps = (
        *a.strides[:lead], *[0] * place, *a.strides[lead:], *[0] * (len(rest) - place)
    )  # fmt: skip
    return Tensor(a.view(sizes, steps))


def nonzero(x: Tensor) -> Tensor:
    """The places of what is not 0 (NaN is not), in reading order: x[…] → int64 [count, axes].

    How many there are must be read: on a GPU that waits for it.
    """
    chunk = 4096
    mask = x._array if x.dtype is dtypes.bool_ else (x != 0)._array
    mask = mask.contiguous()
    starts = Array.empty((-(-mask.size // chunk) + 1,), dtypes.int64, mask.backend)
    call("nonzero_starts", starts, mask, chunk)
    count = int(starts.view((), (), starts.size - 1).numpy())
    places = Array.empty((mask.ndim, count), dtypes.int64, mask.backend).permute((1, 0))
    if count:
        call("nonzero", places, mask, starts, chunk)
    return Tensor(places)


# --- along one axis -------------------------------------------------------------------------------


def gather(x: Tensor, index: Tensor, *, dim: int) -> Tensor:
    """y[…,i,…] = x[…,index[…,i,…],…] along one axis: index int64, not above x's sizes elsewhere."""
    return pick(x, index, axes=(dim,), place=dim, wrap=False)


def scatter_zeros(x: Tensor, index: Tensor, *, shape: tuple, dim: int) -> Tensor:
    """The adjoint of gather: zeros of a shape, y[…,index[…,i,…],…] += x[…,i,…]."""
    return put_zeros(x, index, shape=shape, axes=(dim,), place=dim, wrap=False)
