"""Whole numbers: rounding, quotients and remainders, neighbours, shifts.

Integers are divided without a trap: by zero it is an error here, and what has no place in the dtype
wraps around.
"""

from __future__ import annotations

from .. import dtypes
from ..tensor import Tensor, is_number
from .elementwise import Elementwise, Real, abs, binary, eq, unary, where


class Rounding(Elementwise):
    """An elementwise op that leaves integers as they are."""

    def __call__(self, x, **attrs):
        integers = not x._array.dtype.is_floating_point
        return Tensor(x._array.astype(x._array.dtype)) if integers else super().__call__(x, **attrs)

    def inplace(self, x, *others, **attrs):
        integers = not x._array.dtype.is_floating_point
        return x if integers else super().inplace(x, *others, **attrs)


class DivisionByZero(ZeroDivisionError, RuntimeError):
    """What Python and what PyTorch raise."""


class Division(Elementwise):
    """Division whose result is a whole number: integers are not divided by zero."""

    def prepare(self, inputs: tuple) -> list:
        divisor = inputs[1]
        x, y = inputs = super().prepare(inputs)
        integers = not x._array.dtype.is_floating_point and x._array.dtype is not dtypes.bool_
        # of a tensor this is read from its device
        if integers and (divisor == 0 if is_number(divisor) else bool(eq(y, 0).any())):
            raise DivisionByZero(
                f"{self.name}: integer division by zero of {x._array} by {y._array}; "
                "divide floating-point numbers, or use where()"
            )
        return inputs


# --- rounding -------------------------------------------------------------------------------------

ROUNDED = "float32 or float64; integers stay as they are"
floor = unary("floor", "the largest whole number ≤ x", Rounding, ROUNDED)
ceil = unary("ceil", "the smallest whole number ≥ x", Rounding, ROUNDED)
trunc = unary("trunc", "x without its fraction", Rounding, ROUNDED)
round = unary("round", "the nearest whole number, of two the even one", Rounding, ROUNDED)
for op in (floor, ceil, trunc, round):
    op.vjp(x=lambda g: g * 0)

# --- quotients and remainders ---------------------------------------------------------------------

floor_divide = binary("floor_divide", "⌊x / y⌋", Division)
trunc_divide = binary("trunc_divide", "x / y without its fraction", Division)
for op in (floor_divide, trunc_divide):
    op.vjp(x=lambda g: g * 0, y=lambda g: g * 0)

fmod = binary("fmod", "x − y · trunc(x / y), of x's sign", Division)
fmod.vjp(x=lambda g: g, y=lambda g, x, y: -g * trunc_divide(x, y))

remainder = binary("remainder", "x − y · ⌊x / y⌋, of y's sign", Division)
remainder.vjp(x=lambda g: g, y=lambda g, x, y: -g * floor_divide(x, y))

gcd = binary("gcd", "the greatest common divisor", takes="integers")


def lcm(x, y) -> Tensor:
    """The least common multiple |x / gcd(x, y) · y|; 0 where one is 0."""
    divisor = gcd(x, y)
    return abs(trunc_divide(x, where(divisor == 0, 1, divisor)) * y)


# --- bits and neighbours --------------------------------------------------------------------------

left_shift = binary("left_shift", "x · 2ʸ modulo 2^bits; 0 for y < 0", takes="integers")
right_shift = binary("right_shift", "⌊x / 2ʸ⌋; 0 or −1 for y < 0", takes="integers")

copysign = binary("copysign", "|x| with the sign of y, of −0 too", Real)
copysign.vjp(
    x=lambda g, out, x: where(x == 0, 0, g * (out / x)),
    y=lambda g: g * 0,
)

nextafter = binary("nextafter", "the number next to x towards y", Real)
nextafter.vjp(
    x=lambda g, x, y: where(x == y, 0, g),
    y=lambda g: g * 0,
)
