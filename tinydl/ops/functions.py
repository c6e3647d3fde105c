"""Exponentials, logarithms, angles, hyperbolic functions, erf and gamma: of real numbers only.

Kernels are within 2 ulp over the whole range (tests/test_accuracy.py); erfc, erfinv and lgamma in
float64 on CUDA are what its library gives.
"""

from __future__ import annotations

from math import log as ln
from math import pi

from ..tensor import Tensor
from .elementwise import Real, binary, div, exp, log, sigmoid, square, unary, where

LN2, LN10 = ln(2), ln(10)

# --- exponentials and logarithms ------------------------------------------------------------------

exp2 = unary("exp2", "2ˣ")
exp2.vjp(x=lambda g, out: g * (out * LN2))

expm1 = unary("expm1", "eˣ − 1, accurate near 0")
expm1.vjp(x=lambda g, x: g * exp(x))  # out + 1 would be 0 below −17

log2 = unary("log2", "log₂ x")
log2.vjp(x=lambda g, x: g / (x * LN2))

log10 = unary("log10", "log₁₀ x")
log10.vjp(x=lambda g, x: g / (x * LN10))

log1p = unary("log1p", "ln (1 + x), accurate near 0")
log1p.vjp(x=lambda g, x: g / (x + 1))

logaddexp = binary("logaddexp", "ln (eˣ + eʸ) without overflow", Real)
logaddexp.vjp(
    x=lambda g, x, y: g * sigmoid(where(x == y, 0, x - y)),
    y=lambda g, x, y: g * sigmoid(where(x == y, 0, y - x)),
)

logaddexp2 = binary("logaddexp2", "log₂ (2ˣ + 2ʸ) without overflow", Real)
logaddexp2.vjp(
    x=lambda g, x, y: g * sigmoid(where(x == y, 0, x - y) * LN2),
    y=lambda g, x, y: g * sigmoid(where(x == y, 0, y - x) * LN2),
)

xlogy = binary("xlogy", "x · ln y, and 0 where x is 0 and y is not NaN", Real)
xlogy.vjp(
    x=lambda g, x, y: where((x == 0) & (y <= 0), 0, g * log(y)),
    y=lambda g, x, y: g * (x / y),
)

xlog1py = binary("xlog1py", "x · ln (1 + y), and 0 where x is 0 and y is not NaN", Real)
xlog1py.vjp(
    x=lambda g, x, y: where((x == 0) & (y <= -1), 0, g * log1p(y)),
    y=lambda g, x, y: g * (x / (y + 1)),
)

# --- roots ----------------------------------------------------------------------------------------

rsqrt = unary("rsqrt", "1 / √x")
rsqrt.vjp(x=lambda g, out: g * (out * square(out)) * -0.5)

reciprocal = unary("reciprocal", "1 / x")
reciprocal.vjp(x=lambda g, out: -g * square(out))

hypot = binary("hypot", "√(x² + y²) without overflow", Real)
hypot.vjp(x=lambda g, out, x: g * (x / out), y=lambda g, out, y: g * (y / out))

# --- trigonometric and hyperbolic -----------------------------------------------------------------

sin = unary("sin", "sin x")
sin.vjp(x=lambda g, x: g * cos(x))

cos = unary("cos", "cos x")
cos.vjp(x=lambda g, x: -g * sin(x))

tan = unary("tan", "tan x")
tan.vjp(x=lambda g, out: g * (1 + square(out)))

asin = unary("asin", "the angle in [−π/2, π/2] whose sine is x")
asin.vjp(x=lambda g, x: g * rsqrt((1 - x) * (1 + x)))

acos = unary("acos", "the angle in [0, π] whose cosine is x")
acos.vjp(x=lambda g, x: -g * rsqrt((1 - x) * (1 + x)))

atan = unary("atan", "the angle in [−π/2, π/2] whose tangent is x")
atan.vjp(x=lambda g, x: g / (1 + square(x)))

atan2 = binary("atan2", "the angle in [−π, π] of the point (y, x): x is its height", Real)
atan2.vjp(x=lambda g, x, y: g * _share(y, x), y=lambda g, x, y: -g * _share(x, y))


def _share(x: Tensor, y: Tensor) -> Tensor:
    """x / (x² + y²), but 0 at the origin, where no angle is nearer than another."""
    length = hypot(x, y)
    length = where(length == 0, 1, length)
    return x / length / length


sinh = unary("sinh", "(eˣ − e⁻ˣ) / 2")
sinh.vjp(x=lambda g, x: g * cosh(x))

cosh = unary("cosh", "(eˣ + e⁻ˣ) / 2")
cosh.vjp(x=lambda g, x: g * sinh(x))

asinh = unary("asinh", "ln (x + √(x² + 1))")
asinh.vjp(x=lambda g, x: g * rsqrt(square(x) + 1))

acosh = unary("acosh", "ln (x + √(x² − 1))")
acosh.vjp(x=lambda g, x: g * rsqrt((x - 1) * (x + 1)))

atanh = unary("atanh", "ln ((1 + x) / (1 − x)) / 2")
atanh.vjp(x=lambda g, x: g / ((1 - x) * (1 + x)))

# --- erf and gamma --------------------------------------------------------------------------------

erf = unary("erf", "2/√π ∫₀ˣ e^(−t²) dt")
erf.vjp(x=lambda g, x: g * (exp(-square(x)) * (2 / pi**0.5)))

erfc = unary("erfc", "1 − erf x, accurate where that is small")
erfc.vjp(x=lambda g, x: g * (exp(-square(x)) * (-2 / pi**0.5)))

erfinv = unary("erfinv", "the number whose erf is x")
erfinv.vjp(x=lambda g, out: g * (exp(square(out)) * (pi**0.5 / 2)))

lgamma = unary("lgamma", "ln |Γ(x)|")
lgamma.vjp(x=lambda g, x: g * digamma(x))


def digamma(x: Tensor) -> Tensor:
    """ψ(x) = Γ′(x) / Γ(x), by the asymptotic series where x is large.

    ψ(x) = ψ(x + 1) − 1/x leads there, and from below 0 ψ(x) = ψ(1 − x) − π / tan πx.
    """
    below = x < 0
    z = where(below, 1 - x, x)
    y = 1 / z  # of −0 too
    for k in range(1, 10):
        y = y + 1 / (z + k)
    z = z + 10
    w = 1 / square(z)
    series = 0
    for b in (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12):
        series = (series + b) * w
    y = log(z) - 0.5 / z - series - y
    whole = below & (x == x.floor())  # a pole; 0 is one of its own sign
    turn = where(below & ~whole, x - x.round(), 0.25)
    return where(whole, float("nan"), where(below, y - div(pi, tan(turn * pi)), y))
