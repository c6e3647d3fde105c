"""The case table's rows of functions, rounding, division and activations."""

from __future__ import annotations

import numpy as np
from inputs import binary, fixed, unary
from source import Source
from table import EXACT, INTEGERS, NUMBERS, REALS, SUMS, ULPS, case

LARGE = (512, 4096)
ONE, TWO = {"": fixed(LARGE)}, {"": fixed(LARGE, LARGE)}


def inside(s: Source):
    """Numbers in (−0.9, 0.9)."""
    return [s.distinct(s.shape()) * s.dtype.type(0.45)], {}


def beyond(s: Source):
    """Numbers from 1.5."""
    return [s.positive(s.shape()) + s.dtype.type(1)], {}


def fractions(s: Source):
    """Numbers that are 0.4 above a whole one: no difference meets a step."""
    return [(np.round(s.numbers(s.shape())) + 0.4).astype(s.dtype)], {}


def divided(s: Source):
    """Quotients that are no whole numbers, or integers and divisors that are not 0."""
    real, signed = s.dtype.kind == "f", s.dtype.kind != "u"
    x = s.numbers(s.shape())
    y = s.integers(1, 3 if real else 8, x.shape) * (2 * s.integers(0, 2, x.shape) - 1) ** signed
    return [(np.round(x) + 0.4).astype(s.dtype) if real else x, y.astype(s.dtype)], {}


def shifted(s: Source):
    """Shifts by fewer and by more bits than there are."""
    shape = s.shape()
    return [s.numbers(shape), s.integers(0, 70, shape, s.dtype)], {}


for name in ("exp2", "expm1", "sin", "cos", "atan", "sinh", "cosh", "asinh", "erf", "erfc"):
    case(name, unary(), REALS, ULPS, bench=ONE if name in ("exp2", "expm1", "sin", "erf") else {})
for name in ("log2", "log10", "log1p", "rsqrt", "reciprocal"):
    case(name, unary("positive"), REALS, ULPS)
for name in ("tan", "asin", "acos", "atanh", "erfinv"):
    case(name, inside, REALS, ULPS)
case("acosh", beyond, REALS, ULPS)
case("lgamma", unary("positive"), REALS, SUMS)  # Python's is rough beside 1 and 2
for name in ("atan2", "hypot"):
    case(name, binary("distinct", "distinct"), REALS, ULPS)
for name in ("logaddexp", "logaddexp2"):
    case(name, binary(), REALS, SUMS)

for name in ("xlogy", "xlog1py"):
    case(name, binary("numbers", "positive"), REALS, SUMS)

for name in ("floor", "ceil", "trunc", "round"):
    case(name, fractions, REALS, EXACT)
for name in ("floor_divide", "trunc_divide", "remainder", "fmod"):
    case(name, divided, NUMBERS, EXACT)
for name in ("left_shift", "right_shift"):
    case(name, shifted, INTEGERS, EXACT)
case("gcd", binary(), INTEGERS, EXACT)
case("copysign", binary("distinct", "distinct"), REALS, EXACT)
case("nextafter", binary(), REALS, EXACT)

for name in ("softplus", "silu", "gelu", "gelu_tanh"):
    case(name, unary(), REALS, SUMS, bench=ONE)
for name in ("silu_grad", "gelu_grad", "gelu_tanh_grad"):
    case(name, binary(), REALS, SUMS, bench=TWO)
