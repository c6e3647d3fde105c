"""Rows of the case table: views that show memory otherwise, diagonals (see cases.py)."""

from __future__ import annotations

from source import Source
from table import EVERY, EXACT, case

from tinydl import ops, reference


def diagonal(s: Source):
    """Any two axes of a tensor, and an offset that may leave nothing."""
    shape = s.shape(least=2)
    axes = s.pick([(a, b) for a in range(len(shape)) for b in range(len(shape)) if a != b])
    return [s.numbers(shape)], {"key": ops.Diagonal(s.pick([0, 1, -1, 2, -5]), *axes)}


def diagonal_grad(s: Source):
    (x,), params = diagonal(s)
    return [s.numbers(reference.getitem(x, **params).shape)], {**params, "shape": x.shape}


def diagonal_assign(s: Source):
    (x,), params = diagonal(s)
    return [x, s.numbers(s.broadcast(reference.getitem(x, **params).shape))], params


def as_strided(s: Source):
    """A dense x, seen backwards, in windows that overlap, or with holes."""
    shape = s.shape(least=1, most=2, empty=False)
    n = shape[0] * (shape[1] if len(shape) > 1 else 1)
    views = [((n,), (1,), 0), ((n,), (-1,), n - 1), ((n, 2), (0, 0), n - 1)]
    views += [(((n + 1) // 2, 2), (1, n // 2), 0), ((0, 3), (5, 5), 0)]
    view = dict(zip(("shape", "strides", "offset"), s.pick(views), strict=True))
    dense = (shape, (shape[1:] and (shape[1], 1)) or (1,), 0)
    return [s.numbers(shape)], {**view, "own": dense}


case("getitem", diagonal, EVERY, EXACT, label="diagonal")
case("getitem_grad", diagonal_grad, EVERY, EXACT, label="diagonal")
case("assign", diagonal_assign, EVERY, EXACT, label="diagonal")
case(
    "as_strided",
    as_strided,
    EVERY,
    EXACT,
    run=lambda x, **params: ops.as_strided(x.contiguous(), **params),
)
