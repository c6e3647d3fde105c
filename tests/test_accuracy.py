"""How far the functions are from the truth, which mpmath knows: `pytest -s` prints the table.

An error is told in units of the last place (ulp) of the exact value in the tensor's dtype, between
subnormals too. The arguments are spread over the whole range and gathered where it is hard: next to
zeros, poles and multiples of π/2, near the ends of the range and among subnormals. Each instruction
set rounds in places of its own, so each is asked.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from mpmath import mp

import tinydl
from tinydl import backend, ops

ISAS = backend.usable()
COUNT = 50  # of each kind of argument


def _spread(low: float, high: float):
    """Arguments of every size between two exponents of 10, of both signs."""
    return lambda rng: 10.0 ** rng.uniform(low, high, COUNT) * rng.choice([-1, 1], COUNT)


def _between(low: float, high: float):
    return lambda rng: rng.uniform(low, high, COUNT)


def _near(*centers: float):
    """Both sides of some numbers, from far to next to them."""

    def values(rng):
        off = 10.0 ** rng.uniform(-17, -1, COUNT) * rng.choice([-1, 1], COUNT)
        return rng.choice(centers, COUNT) * (1 + off) + (np.array(centers)[0] == 0) * off

    return values


def _multiples(rng):
    """Next to multiples of π/2, up to 2^40 of them."""
    return np.floor(2.0 ** rng.uniform(0, 40, COUNT)) * (np.pi / 2)


WIDE, UNIT = [_spread(-320, 308), _spread(-5, 3)], [_spread(-320, 0), _between(-1, 1), _near(1, -1)]
POSITIVE = [lambda rng: abs(_spread(-320, 308)(rng)), _between(0.5, 2), _near(1)]
UPWARDS = [lambda rng: abs(_spread(-8, 308)(rng)), _between(0, 30)]  # a sum of logarithms > 0
ANGLES = [_spread(-320, 308), _spread(-3, 7), _multiples, _between(-10, 10)]
# A published point that is extremely near a multiple of π/2, and the last before and first after
# the exact reduction of native/cpu/vtrig.h ends.
HARD = [6381956970095103 * 2.0**797, 2.0**20 - 1, 2.0**20, 2.0**20 + 1, 1e22, 5e-324, 0.0]
ENDS = [709.78, -745.1, 88.72, -103.9, 710.47, 128.0, 1024.0, -1074.0, -149.0, 26.5, 27.2, 10.05]

FUNCTIONS = {  # arguments, exact function, allowed ulp
    "exp": ([*WIDE, _between(-750, 712)], mp.exp),
    "exp2": ([*WIDE, _between(-1080, 1026)], lambda x: mp.mpf(2) ** x),
    "expm1": ([*WIDE, _between(-40, 712)], mp.expm1),
    "log": (POSITIVE, mp.log),
    "log2": (POSITIVE, lambda x: mp.log(x) / mp.ln2),
    "log10": (POSITIVE, lambda x: mp.log(x) / mp.ln10),
    "log1p": ([*POSITIVE, _between(-1, 1), _near(-1), _spread(-20, -1)], mp.log1p),
    "sqrt": (POSITIVE, mp.sqrt),
    "rsqrt": (POSITIVE, lambda x: 1 / mp.sqrt(x)),
    "reciprocal": (WIDE, lambda x: 1 / x),
    "sin": (ANGLES, mp.sin),
    "cos": (ANGLES, mp.cos),
    "tan": (ANGLES, mp.tan),
    "asin": (UNIT, mp.asin),
    "acos": (UNIT, mp.acos),
    "atan": (WIDE, mp.atan),
    "sinh": ([*WIDE, _between(-711, 711)], mp.sinh),
    "cosh": ([*WIDE, _between(-711, 711)], mp.cosh),
    "tanh": ([*WIDE, _between(-20, 20)], mp.tanh),
    "asinh": (WIDE, mp.asinh),
    "acosh": ([_between(1, 3), _near(1), lambda rng: abs(_spread(0, 308)(rng))], mp.acosh),
    "atanh": (UNIT, mp.atanh),
    "sigmoid": ([*WIDE, _between(-90, 90), _between(-720, 40)], lambda x: 1 / (1 + mp.exp(-x))),
    "erf": ([*WIDE, _between(-6, 6)], mp.erf),
    "erfc": ([*WIDE, _between(-6, 28)], mp.erfc),
    "erfinv": (UNIT, mp.erfinv),
    "lgamma": ([_between(0.001, 30), lambda rng: abs(_spread(-300, 300)(rng))], mp.loggamma),
    "softplus": ([*WIDE, _between(-90, 90)], lambda x: mp.log1p(mp.exp(x))),
    "silu": ([*WIDE, _between(-90, 90)], lambda x: x / (1 + mp.exp(-x))),
    "gelu": ([*WIDE, _between(-38, 6)], lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2),
    "gelu_tanh": (
        [*WIDE, _between(-6, 6)],
        lambda x: x / (1 + mp.exp(-mp.sqrt(8 / mp.pi) * (x + mp.mpf("0.044715") * x**3))),
    ),
}  # fmt: skip
TWO = {
    "atan2": (WIDE, mp.atan2),
    "hypot": (WIDE, lambda x, y: mp.sqrt(x * x + y * y)),
    "logaddexp": (UPWARDS, lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y)))),
    "logaddexp2": (UPWARDS, lambda x, y: max(x, y) + mp.log1p(mp.mpf(2) ** -abs(x - y)) / mp.ln2),
    "pow": ([lambda rng: abs(_spread(-4, 4)(rng))], lambda x, y: x**y),
}
ALLOWED = 2.0
# What is made of these, by the condition: how many times an argument's relative error it has, which
# is much only where it falls towards 0.
DERIVED = {
    "silu": lambda x: abs(np.minimum(x, 0)),
    "gelu": lambda x: np.square(np.minimum(x, 0)),
    "gelu_tanh": lambda x: abs(np.minimum(x, 0)) ** 3,
}


def _arguments(kinds: list, dtype: str, rng) -> np.ndarray:
    x = np.concatenate([*[kind(rng) for kind in kinds], HARD, ENDS])
    with np.errstate(all="ignore"):
        x = (x if kinds in (UPWARDS, POSITIVE) else np.concatenate([x, -x])).astype(dtype)
    return x[np.isfinite(x) & (x != 0)]


def _exact(function, *arguments):
    """The value, or None where there is no finite one."""
    try:
        y = function(*map(mp.mpf, arguments))
    except (ValueError, ZeroDivisionError, OverflowError, mpmath.libmp.NoConvergence):
        return None
    return None if isinstance(y, mp.mpc) or not mp.isfinite(y) else y


def _ulps(y: float, exact, dtype: str) -> float:
    kind = np.finfo(dtype)
    if abs(exact) >= mp.mpf(float(kind.max)) * (1 + mp.mpf(float(kind.eps)) / 4):
        return 0.0 if np.isinf(y) and (y > 0) == (exact > 0) else np.inf
    if not np.isfinite(y):
        return np.inf
    least = mp.mpf(float(kind.smallest_subnormal)) if dtype == "float32" else mp.mpf(2) ** -1074
    size = mp.mpf(2) ** (mp.floor(mp.log(abs(exact), 2)) - kind.nmant) if exact else least
    return float(abs(mp.mpf(float(y)) - exact) / max(size, least))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*FUNCTIONS, *TWO])
def test_ulps(name, dtype, record_property):
    kinds, function = FUNCTIONS.get(name) or TWO[name]
    rng = np.random.default_rng(0)
    arguments = [_arguments(kinds, dtype, rng) for _ in range(1 + (name in TWO))]
    if name in TWO:
        n = min(map(len, arguments))
        arguments = [rng.permutation(a)[:n] for a in arguments]
    with mp.workprec(1200 if name in ("sin", "cos", "tan") else 120):  # x modulo π
        exact = [_exact(function, *map(float, at)) for at in zip(*arguments, strict=True)]
    worst = []
    for isa in ISAS:
        device = f"cpu:{isa}"
        y = getattr(ops, name)(*[tinydl.tensor(a, device=device) for a in arguments]).numpy()
        ulps = [0 if e is None else _ulps(v, e, dtype) for v, e in zip(y, exact, strict=True)]
        if name in DERIVED:
            with np.errstate(over="ignore"):
                condition = DERIVED[name](*[a.astype(float) for a in arguments])
            ulps = np.array(ulps) / (2 * (1 + condition))
        assert not np.isnan(ulps).any()
        at = int(np.argmax(ulps))
        worst.append((ulps[at], isa, [float(a[at]) for a in arguments]))
    ulp, isa, at = max(worst)
    record_property("ulp", f"{name:<10} {dtype:<8} {isa:<7} {ulp:.2f} at {at}")
    assert ulp <= ALLOWED
