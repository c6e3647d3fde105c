"""Functions of each element: of one array, and of two that meet in one dtype and broadcast."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import functions
from ..tensor import Tensor
from .info import together

Unary = Callable[[Tensor], Tensor]
Binary = Callable[[Tensor, Tensor], Tensor]


def _unary(name: str, ours: str = "") -> Unary:
    function = getattr(functions, ours or name)

    def of_one(x: Tensor, /) -> Tensor:
        return function(x)

    return _named(of_one, name, function)


def _rounding(name: str) -> Unary:
    """Integers are whole already, and stay integers."""
    function = getattr(functions, name)

    def of_one(x: Tensor, /) -> Tensor:
        return function(x) if x.dtype.is_floating_point else x.clone()

    return _named(of_one, name, function)


def _binary(name: str, ours: str = "") -> Binary:
    function = getattr(functions, ours or name)

    def of_two(x1: Tensor, x2: Tensor, /) -> Tensor:
        return function(*together(x1, x2))

    return _named(of_two, name, function)


def _named(function: Callable, name: str, original: Callable) -> Callable:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = (original.__doc__ or "").partition("\n\n")[0]
    return function


abs = _unary("abs")
acos = _unary("acos")
acosh = _unary("acosh")
asin = _unary("asin")
asinh = _unary("asinh")
atan = _unary("atan")
atanh = _unary("atanh")
bitwise_invert = _unary("bitwise_invert", "bitwise_not")
ceil = _rounding("ceil")
cos = _unary("cos")
cosh = _unary("cosh")
exp = _unary("exp")
expm1 = _unary("expm1")
floor = _rounding("floor")
isfinite = _unary("isfinite")
isinf = _unary("isinf")
isnan = _unary("isnan")
log = _unary("log")
log10 = _unary("log10")
log1p = _unary("log1p")
log2 = _unary("log2")
logical_not = _unary("logical_not")
negative = _unary("negative", "neg")
round = _rounding("round")
sign = _unary("sign")
signbit = _unary("signbit")
sin = _unary("sin")
sinh = _unary("sinh")
sqrt = _unary("sqrt")
square = _unary("square")
tan = _unary("tan")
tanh = _unary("tanh")
trunc = _rounding("trunc")

add = _binary("add")
atan2 = _binary("atan2")
bitwise_and = _binary("bitwise_and")
bitwise_left_shift = _binary("bitwise_left_shift")
bitwise_or = _binary("bitwise_or")
bitwise_right_shift = _binary("bitwise_right_shift")
bitwise_xor = _binary("bitwise_xor")
copysign = _binary("copysign")
divide = _binary("divide", "div")
equal = _binary("equal", "eq")
floor_divide = _binary("floor_divide")
greater = _binary("greater", "gt")
greater_equal = _binary("greater_equal", "ge")
hypot = _binary("hypot")
less = _binary("less", "lt")
less_equal = _binary("less_equal", "le")
logaddexp = _binary("logaddexp")
logical_and = _binary("logical_and")
logical_or = _binary("logical_or")
logical_xor = _binary("logical_xor")
maximum = _binary("maximum")
minimum = _binary("minimum")
multiply = _binary("multiply", "mul")
not_equal = _binary("not_equal", "ne")
pow = _binary("pow")
remainder = _binary("remainder")
subtract = _binary("subtract", "sub")


def clip(
    x: Tensor, /, min: float | Tensor | None = None, max: float | Tensor | None = None
) -> Tensor:
    """min(max(x, low), high) in x's dtype; a bound that is None does not bind."""
    if min is None and max is None:
        return x.clone()
    return functions.clamp(x, min, max).to(x.dtype)


def conj(x: Tensor, /) -> Tensor:
    """x, a copy: tensors are real."""
    return x.clone()


def positive(x: Tensor, /) -> Tensor:
    """+x, a copy."""
    return x.clone()


def real(x: Tensor, /) -> Tensor:
    """x, a copy: tensors are real."""
    return x.clone()


def imag(x: Tensor, /) -> Tensor:
    """Zeros: tensors are real."""
    return x.new_zeros(x.shape)


if not TYPE_CHECKING:  # type checkers take all there is; they cannot compute a list
    _NOT_OURS = (
        "TYPE_CHECKING", "annotations", "functions", "together", "Callable", "Tensor", "Unary",
        "Binary",
    )  # fmt: skip
    __all__ = [name for name in list(globals()) if name[0] != "_" and name not in _NOT_OURS]
