"""Functions of elements that are made of others, their bends, integers, and the forms in place.

Activations are in test_activations.
"""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from against_numpy import same
from devices import EVERY_DEVICE
from leaves import leaf, slope

import tinydl
from tinydl import Tensor
from tinydl.inspect import gradcheck, gradgradcheck
from tinydl.methods.inplace_binary import InplaceBinaryMethods
from tinydl.methods.inplace_unary import InplaceUnaryMethods

pytestmark = EVERY_DEVICE

INF, NAN = math.inf, math.nan
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, -3.0, 20.5, INF, -INF, NAN]


# --- made of other functions ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, expected",
    {
        "frac": lambda x: x - np.trunc(x),
        "deg2rad": np.deg2rad,
        "rad2deg": np.rad2deg,
        "sinc": np.sinc,
        "logit": lambda x: np.log(x / (1 - x)),
        "nan_to_num": np.nan_to_num,
        "signbit": np.signbit,
        "isinf": np.isinf,
        "isposinf": np.isposinf,
        "isneginf": np.isneginf,
        "isreal": np.isreal,
        "isfinite": np.isfinite,
        "isnan": np.isnan,
        "sgn": np.sign,
    }.items(),
)
def test_one_operand(name, expected):
    x = np.array(SPECIAL)
    with np.errstate(all="ignore"):
        same(getattr(tinydl, name)(tinydl.tensor(x)), expected(x))


@pytest.mark.parametrize("name", ["fmax", "fmin", "heaviside", "float_power"])
def test_two_operands(name):
    x = np.array([0.0, 2.0, -1.5, NAN, 3.0, NAN])
    y = np.array([1.5, NAN, 2.0, 1.0, 3.0, NAN])
    same(getattr(tinydl, name)(tinydl.tensor(x), tinydl.tensor(y)), getattr(np, name)(x, y))


def test_products_with_a_logarithm():
    x, y = tinydl.tensor([0.0, 0.0, 2.0, 0.0]), tinydl.tensor([0.0, NAN, 3.0, -1.0])
    same(tinydl.xlogy(x, y), [0, NAN, 2 * math.log(3), 0])
    same(tinydl.xlog1py(x, y), [0, NAN, 2 * math.log(4), 0])


def test_rounding_to_decimals():
    x = tinydl.tensor([1.2345, -1.2355, 1250.0, 1350.0], dtype=tinydl.float64)
    same(x.round(decimals=2), [1.23, -1.24, 1250, 1350])
    same(x.round(decimals=-2), [0, 0, 1200, 1400])
    assert (
        x.round(decimals=0).tolist() == [1, -1, 1250, 1350]
        and tinydl.tensor([7]).round().item() == 7
    )


def test_interpolation_ends_where_it_should():
    a, b = tinydl.tensor([1.0, 0.1]), tinydl.tensor([3.0, 1e8])
    assert a.lerp(b, 0.0).equal(a) and a.lerp(b, 1.0).equal(b)
    same(a.lerp(b, tinydl.tensor([0.25, 1.0])), [1.5, 1e8])
    same(a.addcmul(a, b, value=2), [1 + 2 * 3, 0.1 + 2 * 0.1 * 1e8])
    same(a.addcdiv(b, a), [1 + 3, 0.1 + 1e9])


def test_digamma_is_the_derivative_of_lgamma():
    euler = 0.5772156649015329
    same(
        leaf(1, 2, 0.5, 100).digamma(),
        [-euler, 1 - euler, -euler - 2 * math.log(2), 4.600161852738087],
    )
    same(leaf(-0.5, -1.25).digamma(), [0.03648997397857652, 3.7141391202135278])
    assert leaf(0.0, -0.0, -3.0).digamma().tolist()[:2] == [-INF, INF]
    assert leaf(-3.0).digamma().isnan().item()


SMOOTH = {
    "frac": [0.3, -1.6],
    "deg2rad": [0.3],
    "sinc": [0.3, -1.6],
    "logit": [0.3, 0.8],
    "digamma": [0.3, 2.5, -0.6],
    "lgamma": [0.3, 2.5, -0.6],
    "xlogy": [0.3, 2.5],
    "xlog1py": [0.3, 2.5],
    "fmax": [0.3, 2.5],
    "ldexp": [0.3, 2.5],
    "float_power": [0.3, 2.5],
}


@pytest.mark.parametrize("name, values", SMOOTH.items())
def test_derivatives(name, values):
    function = getattr(Tensor, name)
    arguments = [leaf(*values)]
    if "other" in inspect.signature(function).parameters:
        arguments.append(leaf(*[v + 0.4 for v in values]))
    elif name == "float_power":
        arguments.append(leaf(*[1.5 for _ in values]))
    assert gradcheck(function, tuple(arguments))
    assert gradgradcheck(function, tuple(arguments))


# --- where functions bend: PyTorch's choices ------------------------------------------------------


def test_derivatives_at_bends():
    assert slope(lambda x: x.clamp(-1, 1), -1.0, 1.0) == [1, 1]
    assert slope(lambda x: x.maximum(x.detach()), 2.0) == [0.5]
    assert slope(lambda x: x.fmax(x.detach()), 2.0) == [1]
    assert slope(Tensor.sinc, 0.0) == [0] and slope(Tensor.frac, 2.0) == [1]
    assert slope(lambda x: x.copysign(-1.0), 0.0, 2.0) == [0, -1]
    assert slope(lambda x: x.nan_to_num(), NAN, INF, 1.0) == [0, 0, 1]


def test_what_is_not_chosen_leaves_no_nan():
    assert slope(lambda x: x.logaddexp(x.detach()), INF, -INF) == [0.5, 0.5]


# --- integers -------------------------------------------------------------------------------------

SIGNED = (tinydl.int64, tinydl.int32, tinydl.int16, tinydl.int8)


@pytest.mark.parametrize("dtype", SIGNED, ids=str)
def test_the_least_integer_wraps_around(dtype):
    least = tinydl.iinfo(dtype).min
    x = tinydl.tensor([least, least, 7, -7], dtype=dtype)
    y = tinydl.tensor([-1, 1, -1, 2], dtype=dtype)
    assert (x // y).tolist() == [least, least, -7, -4] and (x % y).tolist() == [0, 0, 0, 1]
    assert x.div(y, rounding_mode="trunc").tolist() == [least, least, -7, -3]
    assert x.fmod(y).tolist() == [0, 0, 0, -1]
    assert x.gcd(y).tolist() == [1, 1, 1, 1] and x.abs().tolist()[0] == least


@pytest.mark.parametrize("divide", ["floor_divide", "remainder", "fmod"])
def test_integers_are_not_divided_by_zero(divide):
    x, zeros = tinydl.tensor([1, 2]), tinydl.tensor([1, 0])
    for kind in (ZeroDivisionError, RuntimeError):
        with pytest.raises(kind, match=rf"{divide}: integer division by zero of i64\[2\].*where\("):
            getattr(x, divide)(0)
        with pytest.raises(kind, match="integer division by zero"):
            getattr(x, divide)(zeros)
        with pytest.raises(kind, match="integer division by zero"):
            getattr(x, divide + "_")(zeros)
    with np.errstate(all="ignore"):
        same(getattr(x.float(), divide)(0.0), getattr(np, divide)(np.array([1.0, 2.0]), 0.0))


def test_shifts_beyond_the_width():
    x = tinydl.tensor([1, -1, 5])
    assert (x << 64).tolist() == [0, 0, 0] and (x >> 64).tolist() == [0, -1, 0]
    assert (x << -1).tolist() == [0, 0, 0] and (x >> -1).tolist() == [0, -1, 0]
    u = tinydl.tensor([1, 255], dtype=tinydl.uint8)
    assert (u << 7).tolist() == [128, 128] and (u >> 8).tolist() == [0, 0]


def test_operators_and_their_reflections():
    x, i = tinydl.tensor([7.0, -7.0]), tinydl.tensor([7, -7])
    assert (x // 2).tolist() == [3, -4] and (i // 2).tolist() == [3, -4]
    assert (20 // i).tolist() == [2, -3] and (20 % i).tolist() == [6, -1]
    assert (x % 3).tolist() == [1, 2] and (i % -3).tolist() == [-2, -1]
    assert [t.tolist() for t in divmod(i, 4)] == [[1, -2], [3, 1]]
    assert [t.tolist() for t in divmod(20, i)] == [[2, -3], [6, -1]]
    assert (1 << tinydl.tensor([0, 3])).tolist() == [1, 8]
    assert (-8 >> tinydl.tensor([1, 70])).tolist() == [-4, -1]
    assert math.floor(x / 2).tolist() == [3, -4] and math.ceil(x / 2).tolist() == [4, -3]
    for name, expected in (
        ("__ifloordiv__", [3, -4]),
        ("__imod__", [1, 1]),
        ("__ipow__", [49, 49]),
    ):
        y = i.clone()
        assert getattr(y, name)(2) is y and y.tolist() == expected
    i <<= 1
    i |= 1
    i ^= 2
    i &= 0xFF
    i >>= 1
    assert i.tolist() == [6, 120]


def test_rounding_leaves_integers_as_they_are():
    x = tinydl.tensor([2**53 + 1, -3])
    for name in ("floor", "ceil", "trunc", "round"):
        y = getattr(x, name)()
        assert y.equal(x) and y is not x and getattr(x, name + "_")() is x
    assert x.isinf().tolist() == [False, False] and x.nan_to_num().equal(x)


# --- in place -------------------------------------------------------------------------------------

FORMS = sorted(
    name
    for family in (InplaceUnaryMethods, InplaceBinaryMethods)
    for name in vars(family)
    if name[0] != "_"
)
INTEGERS = ("gcd_", "lcm_")
PARAMETERS = {
    "tensor1": lambda: tinydl.tensor([2.0, 3.0]),
    "tensor2": lambda: tinydl.tensor([0.5, 4.0]),
    "end": lambda: tinydl.tensor([2.0, 3.0]),
    "weight": lambda: 0.25,
    "exponent": lambda: 2.0,
    "other": lambda: tinydl.tensor([2.0, 0.5]),
    "values": lambda: tinydl.tensor([2.0, 0.5]),
    "mask": lambda: tinydl.tensor([True, False]),
    "value": lambda: 9.0,
    "min": lambda: 0.4,
    "max": lambda: 0.4,
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_in_place(name):
    """The same numbers, in the same memory, noticed by the version counter and by gradients."""
    method = getattr(Tensor, name)
    parameters = inspect.signature(getattr(Tensor, name[:-1])).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.name != "self"]
    arguments = [PARAMETERS[n]() for n in needed] or ([0.4] if name.startswith("cl") else [])
    x = tinydl.tensor([0.25, 0.75])
    if name in INTEGERS or "bitwise" in name:
        x, arguments = tinydl.tensor([12, 7]), [tinydl.tensor([2, 3]) for _ in arguments]
    elif name == "acosh_" or name == "arccosh_":
        x = x + 1
    elif name == "float_power_":
        x = x.double()
    expected = getattr(x, name[:-1])(*arguments)
    y = x.clone()
    memory, version = y.data_ptr(), y._version
    assert method(y, *arguments) is y
    assert y.data_ptr() == memory and y.dtype is x.dtype and y._version > version
    assert y.tolist() == expected.to(x.dtype).tolist()
    gradients = [gradient_of(x, form, arguments) for form in (name[:-1], name)]
    assert gradients[0] == gradients[1] or gradients[0] is None


def gradient_of(x: Tensor, form: str, arguments: list) -> list | None:
    """The gradient of a method, or None where it has none."""
    if not x.is_floating_point():
        return None
    x = x.clone().requires_grad_()
    y = getattr(x * 1, form)(*arguments)
    if not y.requires_grad:
        return None
    y.sum().backward()
    return x.grad.tolist()


def test_forms_in_place_refuse_what_does_not_fit():
    x = tinydl.tensor([1, 2])
    with pytest.raises(TypeError, match=r"lerp_: the result is tinydl.float32, x stays i64\[2\]"):
        x.lerp_(tinydl.tensor([1, 2]), 0.3)
    with pytest.raises(TypeError, match=r"exp_: the result is tinydl.float32, x stays i64\[2\]"):
        x.exp_()
    with pytest.raises(ValueError, match=r"fmod_: the result .* does not fit into f32\[1\]"):
        tinydl.ones(1).fmod_(tinydl.ones(3))
    with pytest.raises(
        ValueError, match=r"addcmul_: the result f32\[3\] does not fit into f32\[1\]"
    ):
        tinydl.ones(1).addcmul_(tinydl.ones(3), tinydl.ones(3))
    with pytest.raises(RuntimeError, match="leaf that requires a gradient"):
        tinydl.ones(2, requires_grad=True).sin_()


# --- what is refused ------------------------------------------------------------------------------


def test_errors():
    x, bools = tinydl.ones(2), tinydl.tensor([True])
    with pytest.raises(ValueError, match=r"div: expected rounding_mode None, 'floor' or 'trunc'"):
        x.div(2, rounding_mode="up")
    with pytest.raises(TypeError, match=r"left_shift has no kernel for f32"):
        x << 1
    with pytest.raises(TypeError, match=r"gcd has no kernel for f32"):
        x.gcd(x)
    with pytest.raises(TypeError, match=r"floor_divide has no kernel for bool"):
        bools // bools
    with pytest.raises(TypeError, match=r"positive: bool\[1\] has no sign"):
        bools.positive()
    with pytest.raises(ValueError, match=r"atan2: f32\[2\] and f32\[3\]"):
        x.atan2(tinydl.ones(3))


def test_masked_fill_keeps_the_dtype():
    mask = tinydl.tensor([True, False])
    for x in (tinydl.tensor([False, False]), tinydl.tensor([1, 2]), tinydl.ones(2)):
        for value in (2, tinydl.tensor(3.0, dtype=tinydl.float64)):
            assert x.masked_fill(mask, value).dtype is x.dtype
