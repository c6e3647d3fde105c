"""x[key] as NumPy means it: slices, ints, None, ..., integer arrays and masks in any mix.

A key falls into a view of x, made of its slices and ints, and index tensors along some of the
view's axes. All index tensors broadcast; the axes they make come where the first of them stood, or
first of all where slices, None or ... separate them. An int among them counts as one of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import dtypes
from ..array import broadcast_shapes
from ..op import different_devices
from ..tensor import Tensor, as_tensor_like
from .elementwise import cast, where
from .index import as_value, assign, getitem, normalize, view
from .indexed import nonzero, pick, put, put_add, shape_of, spread
from .shape import cat, expand, permute, reshape

_PLAIN = (int, slice, type(None), type(...))
_ARRAYS = (list, tuple, range, np.ndarray, np.bool_, bool, Tensor)


class _Plan(NamedTuple):
    """The view's key, and which of its axes the indices in idx[b…] or idx[k,b…] choose from."""

    key: tuple
    idx: Tensor
    axes: tuple
    place: int
    once: bool

    def spread(self, shape: tuple) -> Tensor:
        return spread(self.idx, len(self.axes), shape, self.axes, self.place)

    @property
    def at(self) -> dict:
        return {"axes": self.axes, "place": self.place, "wrap": True, "once": self.once}


def _plan(x: Tensor, key) -> _Plan | tuple:
    """A key without index tensors as a normalized one, else its plan."""
    parts = key if type(key) is tuple else (key,)
    shape = x._array.shape
    if all(type(k) in _PLAIN for k in parts):
        return normalize(parts, shape)
    parts = [_index_tensor(k, x) if isinstance(k, _ARRAYS) else k for k in parts]
    flags = [k for k in parts if k is True or k is False]
    if not flags and not any(isinstance(k, Tensor) for k in parts):
        return normalize(tuple(parts), shape)
    used = sum(map(_consumes, parts))
    if used > len(shape):
        raise IndexError(f"index: {used} indices for a tensor of {len(shape)} axes {shape}")
    if sum(k is Ellipsis for k in parts) > 1:
        raise IndexError("index: an index holds at most one ...")
    if not any(k is Ellipsis for k in parts):
        parts.append(...)

    keys, found, axes, runs = [], [], [], []  # runs: before which free axis a run of indices begins
    axis = dim = free = 0  # axes of x, of the view, and of those the ones without indices
    running = False
    for k in parts:
        chooses = not (k is None or k is Ellipsis or isinstance(k, slice))
        if chooses and not running:
            runs.append(free)
        running = chooses
        columns = []
        if k is Ellipsis:
            keys += [slice(None)] * (len(shape) - used)
            axis, free = axis + len(shape) - used, free + len(shape) - used
        elif k is True or k is False:
            if flags:  # one new axis for all of them
                columns = [as_tensor_like(np.zeros(int(all(flags)), np.int64), x)]
                flags = keys.append(None)
        elif isinstance(k, Tensor):
            columns = [k]
            if _is_mask(k):
                places = _places(k, x, axis)
                columns = list(places.unbind(1))
            keys += [slice(None)] * len(columns)
            axis += len(columns)
        else:
            keys.append(k)
            axis, free = axis + (k is not None), free + (not chooses)
        dim = free + len(axes)
        axes += range(dim, dim + len(columns))
        found += columns
    place = runs[0] if len(runs) == 1 else 0
    tensors = [k for k in parts if isinstance(k, Tensor)]
    once = len(tensors) == 1 and _is_mask(tensors[0]) and len(found) == tensors[0].ndim
    idx = permute(places, dims=(1, 0)) if once and len(found) > 1 else _together(found)
    return _Plan(normalize(tuple(keys), shape), idx, tuple(axes), place, once)


def _index_tensor(k, like: Tensor):
    """A list, array or tensor as an int64 or bool tensor, or as an int where it is one."""
    if not isinstance(k, Tensor):
        values = np.asarray(k)
        if values.dtype.kind not in "iub" and not values.size:
            values = values.astype(np.int64)  # []
        if values.dtype.kind not in "iub":
            raise TypeError(f"index: {values.dtype} array {k!r:.60} must hold integers or bools")
        if values.ndim == 0:
            return values.item()
        return as_tensor_like(values.astype(np.int64 if values.dtype.kind != "b" else bool), like)
    if k.dtype.is_floating_point:
        raise TypeError(f"index: {k._array} must hold integers or bools; convert with .long()")
    if k._array.storage.backend is not like._array.storage.backend:
        raise different_devices("index", [("x", like), ("index", k)])
    if not k.ndim:
        return k.item()
    return k.detach() if _is_mask(k) else cast(k, dtypes.int64)


def _is_mask(k: Tensor) -> bool:
    return k._array.dtype is dtypes.bool_


def _consumes(k) -> int:
    """How many axes of x a part of the key speaks of."""
    if k is None or k is Ellipsis or k is True or k is False:
        return 0
    return k.ndim if isinstance(k, Tensor) and _is_mask(k) else 1


def _places(mask: Tensor, x: Tensor, axis: int) -> Tensor:
    """Where a mask holds that stands for x's axes from `axis` on."""
    if mask.shape != x.shape[axis : axis + mask.ndim]:
        raise IndexError(
            f"index: the mask {mask._array} does not fit {x._array}, of which it stands for axes "
            f"{axis} to {axis + mask.ndim - 1}"
        )
    return nonzero(mask)


def _together(found: list[Tensor]) -> Tensor:
    """Index tensors as one, idx[k,b…]; a single one as idx[b…]."""
    if len(found) == 1:
        return found[0]
    try:
        shape = broadcast_shapes(*[t.shape for t in found])
    except ValueError as error:
        raise IndexError(f"index: the index tensors do not fit together: {error}") from None
    rows = [reshape(expand(t, shape=shape), shape=(1, *shape)) for t in found]
    return cat(*rows, dim=0)


def index(x: Tensor, key) -> Tensor:
    """x[key]: a view for ints, slices, None and ...; a copy where there are index tensors."""
    plan = _plan(x, key)
    if type(plan) is tuple:
        return getitem(x, key=plan)
    part = getitem(x, key=plan.key)
    return pick(part, plan.spread(part.shape), **plan.at)


def set_index(x: Tensor, key, value, accumulate: bool = False) -> None:
    """x[key] = value in x's memory, or x[key] += value where an index may come again."""
    value = as_value(x, value)
    if type(key) is not tuple and value.numel() == 1 and not accumulate:
        mask = _index_tensor(key, x) if isinstance(key, _ARRAYS) else key
        if isinstance(mask, Tensor) and _is_mask(mask):
            return _fill(x, mask, value)
    plan = _plan(x, key)
    if type(plan) is tuple:
        if accumulate:
            value = getitem(x, key=plan) + cast(value, x.dtype)
        assign.inplace(x, _without_ones(value, view(x._array, plan).ndim), key=plan)
        return None
    idx = plan.spread(view(x._array, plan.key).shape)
    value = _without_ones(value, len(shape_of(idx, plan.axes)))
    (put_add if accumulate else put).inplace(x, value, idx, key=plan.key, **plan.at)
    return None


def _fill(x: Tensor, mask: Tensor, value: Tensor) -> None:
    """One value wherever a mask holds, without asking how many places that are."""
    if mask.shape != x.shape[: mask.ndim]:
        _places(mask, x, 0)  # says so
    mask = reshape(mask, shape=mask.shape + (1,) * (x.ndim - mask.ndim))
    value = cast(reshape(value, shape=()), x.dtype)
    assign.inplace(x, where(mask, value, x), key=normalize(..., x._array.shape))


def _without_ones(value: Tensor, ndim: int) -> Tensor:
    """value without the leading axes of size 1 that its place has no room for."""
    extra = value.ndim - ndim
    if extra > 0 and set(value.shape[:extra]) == {1}:
        value = reshape(value, shape=value.shape[extra:])
    return value
