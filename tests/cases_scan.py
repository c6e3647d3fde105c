"""The case table's rows of scans and products."""

from __future__ import annotations

from inputs import along, fixed
from source import Source
from table import EVERY, EXACT, NUMBERS, REALS, SUMS, case

LARGE = (61, 4096)


def _line(values: str):
    def make(s: Source):
        shape = s.shape(least=1)
        return [getattr(s, values)(shape)], {"dim": s.size(0, len(shape) - 1)}

    return make


def _with_direction(make):
    def both(s: Source):
        arrays, params = make(s)
        return arrays, {**params, "reverse": s.flag()}

    return both


def _factors(s: Source):
    """Numbers near ±1: products of many neither vanish nor overflow."""
    (x,), params = along(1)(s)
    return [(1 + x / 64).astype(s.dtype) if s.dtype.kind == "f" else x], params


def _zeros(s: Source):
    (x,), params = _factors(s)
    x[s.rng.random(x.shape) < 0.2] = 0
    return [x], params


def _with_axes(make):
    def some(s: Source):
        (x,), _ = make(s)
        return [x], {"dim": s.axes(x.ndim), "keepdim": s.flag()}

    return some


def _decays(s: Source):
    (a, b), params = _with_direction(along(2))(s)
    return [a / 4, b], params


case(
    "cumsum",
    _with_direction(along(1)),
    EVERY,
    SUMS,
    bench={
        "rows": fixed(LARGE, dim=1, reverse=False),
        "columns": fixed(LARGE, dim=0, reverse=False),
    },
)
case("cumprod", _factors, EVERY, SUMS, bench={"rows": fixed(LARGE, values="ties", dim=1)})
case("prod", _with_axes(_factors), EVERY, SUMS)
case("prod", _with_axes(_zeros), REALS, SUMS, label="zeros")
case("cumprod", _zeros, REALS, SUMS, label="zeros")
for name in ("cummax", "cummin"):
    case(name, _line("distinct"), NUMBERS, EXACT, bench={"rows": fixed(LARGE, dim=1)})
    case(name, _line("ties"), EVERY, EXACT, label="ties", smooth=False)
case("logcumsumexp", along(1), REALS, SUMS)
case("recurrence", _decays, REALS, SUMS)
