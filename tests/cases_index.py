"""Rows of the case table: k axes of a tensor by k index tensors, and the places of a mask."""

from __future__ import annotations

import numpy as np
from source import Source
from table import EVERY, EXACT, MOVED, NUMBERS, SUMS, case

from tinydl import ops, reference


def indices(s: Source):
    """A shape and idx for some of its axes, attributes: index tensors for whole slices, which come
    anywhere, or an index of the result's shape for one axis, as gather's."""
    shape = s.shape(least=1, empty=False)
    ndim = len(shape)
    if s.flag():  # as gather
        dim = s.size(0, ndim - 1)
        to = tuple(s.size(0, 6) if i == dim else s.size(1, n) for i, n in enumerate(shape))
        at = {"axes": (dim,), "place": dim, "wrap": False}
        return shape, s.integers(0, shape[dim], to), at
    axes = tuple(sorted({s.size(0, ndim - 1) for _ in range(s.size(1, 3))}))
    chosen = s.pick([(3,), (), (2, 2), (0,), (7,), (1, 5)])
    rest = [n for axis, n in enumerate(shape) if axis not in axes]
    place = s.size(0, len(rest))
    wrap = s.flag()
    rows = [s.integers(-shape[axis] if wrap else 0, shape[axis], chosen) for axis in axes]
    once = len(axes) == 1 and s.flag()
    if once:  # no place comes twice: of one that stays so in every layout; masks have more
        places = s.rng.permutation(shape[axes[0]])[: s.size(0, 1)]
        chosen, rows = places.shape, [places - shape[axes[0]] * wrap]
    inner = (1,) * place, (1,) * (len(rest) - place)
    rows = [row.reshape(inner[0] + row.shape + inner[1]) for row in rows]
    to = (*rest[:place], *chosen, *rest[place:])
    idx = np.stack([np.broadcast_to(row, to) for row in rows])
    at = {"axes": axes, "place": place, "wrap": wrap, "once": once}
    return shape, idx if len(axes) > 1 else idx[0], at


def _to(idx: np.ndarray, at: dict) -> tuple:
    return idx.shape[1:] if len(at["axes"]) > 1 else idx.shape


def pick(s: Source):
    shape, idx, at = indices(s)
    return [s.numbers(shape), idx], at


def put_zeros(s: Source):
    shape, idx, at = indices(s)
    return [s.numbers(_to(idx, at)), idx], {**at, "shape": shape}


def put(values: str):
    """x, v that broadcasts to what is written, and indices among which some come again."""

    def inputs(s: Source):
        shape, idx, at = indices(s)
        to, size = _to(idx, at), int(np.prod(shape))
        both = getattr(s, values)((size + int(np.prod(to)),))
        x, v = both[:size].reshape(shape), both[size:].reshape(to)
        if v.size and s.flag():
            v = v[(slice(0, 1),) * v.ndim]
        return [x, v, idx], {**at, "key": tuple((0, 1, n) for n in shape)}

    return inputs


def within(s: Source):
    """Indices into a part x[key]."""
    (x, v, idx), params = put("numbers")(s)
    around = np.zeros((*(2 * n for n in x.shape), 3), s.dtype)
    key = (*((0, 2, n) for n in x.shape), 1)
    around[reference.index._numpy_key(key)] = x
    return [around, v, idx], {**params, "key": key}


def mask(s: Source):
    return [s.mask(s.shape())], {}


case("pick", pick, MOVED, EXACT)
case("put_zeros", put_zeros, NUMBERS, SUMS)
case("put", put("numbers"), MOVED, EXACT)
case("put", within, EVERY, EXACT, label="within")
case("put_add", put("numbers"), NUMBERS, SUMS)
case("put_prod", put("positive"), NUMBERS, SUMS)
for name in ("put_amax", "put_amin"):
    case(name, put("distinct"), NUMBERS, EXACT)
    case(name, put("ties"), EVERY, EXACT, label="ties", smooth=False)
case("nonzero", mask, ("bool",), EXACT, run=lambda x: ops.nonzero(x))
