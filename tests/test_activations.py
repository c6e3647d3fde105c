"""Activations: values, derivatives, also where they bend, and the layers made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from against_numpy import same
from devices import EVERY_DEVICE
from leaves import leaf, slope

import tinydl
import tinydl.nn.functional as F
from tinydl.inspect import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

ACTIVATIONS = {
    "threshold": {"threshold": 0.1, "value": 2.0}, "prelu": {"weight": 0.25}, "glu": {},
    "relu6": {}, "hardtanh": {}, "hardsigmoid": {}, "hardswish": {}, "leaky_relu": {}, "elu": {},
    "selu": {}, "celu": {}, "silu": {}, "mish": {}, "gelu": {}, "softplus": {}, "logsigmoid": {},
    "softsign": {}, "tanhshrink": {}, "softshrink": {}, "hardshrink": {},
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_of_activations(name):
    x = leaf(-4.2, -1.3, -0.2, 0.4, 1.7, 6.3)
    settings = dict(ACTIVATIONS[name])
    if "weight" in settings:
        arguments = (x, leaf([settings.pop("weight")]))
    else:
        arguments = (x,)
    function = getattr(F, name)
    assert gradcheck(lambda *a: function(*a, **settings), arguments)
    assert gradgradcheck(lambda *a: function(*a, **settings), arguments)


def test_values_of_activations():
    x = np.array([-4.0, -1.0, 0.0, 0.3, 2.0, 7.0])
    t = tinydl.tensor(x)
    same(F.relu6(t), np.clip(x, 0, 6))
    same(F.hardtanh(t, -2, 3), np.clip(x, -2, 3))
    same(F.hardsigmoid(t), np.clip(x + 3, 0, 6) / 6)
    same(F.hardswish(t), x * np.clip(x + 3, 0, 6) / 6)
    same(F.leaky_relu(t, 0.2), np.where(x > 0, x, 0.2 * x))
    same(F.elu(t, 2), np.where(x > 0, x, 2 * np.expm1(x)))
    same(F.celu(t, 2), np.where(x > 0, x, 2 * np.expm1(x / 2)))
    same(F.selu(t), 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)))
    same(F.mish(t), x * np.tanh(np.logaddexp(0, x)))
    same(F.softplus(t, beta=2), np.logaddexp(0, 2 * x) / 2)
    same(F.softplus(t, threshold=1), np.where(x > 1, x, np.logaddexp(0, x)))
    same(F.logsigmoid(t), -np.logaddexp(0, -x))
    same(F.softsign(t), x / (1 + abs(x)))
    same(F.tanhshrink(t), x - np.tanh(x))
    same(F.softshrink(t), np.sign(x) * np.maximum(abs(x) - 0.5, 0))
    same(F.hardshrink(t), np.where(abs(x) > 0.5, x, 0))
    same(F.glu(t), x[:3] / (1 + np.exp(-x[3:])))


def test_derivatives_at_bends():
    """PyTorch's choices."""
    assert slope(F.relu6, 0.0, 6.0) == [0, 0]
    assert slope(F.hardtanh, -1.0, 1.0) == [0, 0]
    assert slope(F.hardsigmoid, -3.0, 3.0) == [0, 0]
    assert slope(F.leaky_relu, 0.0) == [0.01] and slope(F.elu, 0.0) == [1]
    assert slope(lambda x: F.elu(x, 2.0), 0.0) == [2] and slope(F.celu, 0.0) == [1]
    assert slope(F.softshrink, 0.5, -0.5) == [0, 0] == slope(F.hardshrink, 0.5, -0.5)
    assert slope(lambda x: F.threshold(x, 1, 0), 1.0) == [0]


@pytest.mark.parametrize("function", [F.elu, F.celu, F.selu, F.hardswish, F.softplus])
def test_what_is_not_chosen_leaves_no_nan(function):
    assert not any(map(math.isnan, slope(function, 1e4, 1e300)))


@pytest.mark.parametrize(
    "name, arguments",
    {
        "ReLU6": {}, "Threshold": {"threshold": 0.5, "value": 3.0}, "Hardsigmoid": {},
        "Hardtanh": {"min_val": -2.0}, "Hardswish": {}, "Hardshrink": {"lambd": 1.0},
        "Softshrink": {}, "LeakyReLU": {"negative_slope": 0.5}, "ELU": {"alpha": 2.0}, "SELU": {},
        "CELU": {}, "SiLU": {}, "Mish": {}, "GELU": {"approximate": "tanh"}, "GLU": {"dim": 0},
        "LogSigmoid": {}, "Softplus": {"beta": 2.0}, "Softsign": {}, "Tanhshrink": {},
    }.items(),
)  # fmt: skip
def test_modules_are_the_functions(name, arguments):
    layer = getattr(tinydl.nn, name)(**arguments)
    function = getattr(
        F, {"LeakyReLU": "leaky_relu", "LogSigmoid": "logsigmoid"}.get(name, name.lower())
    )
    x = tinydl.tensor([-1.0, 0.25, 2.0, 5.0])
    assert layer(x).equal(function(x, **arguments))
    assert all(f"{key}={value!r}" in repr(layer) for key, value in arguments.items())
    if hasattr(layer, "inplace"):
        y = x.clone()
        assert function(y, **arguments, inplace=True) is y and y.equal(layer(x))


def test_an_infinite_slope_leaves_positive_numbers_alone():
    x = tinydl.tensor([1.0, -1.0], requires_grad=True)
    F.prelu(x, tinydl.tensor([float("inf")])).sum().backward()
    assert x.grad.tolist() == [1, float("inf")]


def test_prelu_learns_a_slope_for_each_channel():
    layer = tinydl.nn.PReLU(2)
    x = tinydl.tensor([[[-1.0, 2.0], [-4.0, -4.0]]])
    layer(x).sum().backward()
    assert layer(x).tolist() == [[[-0.25, 2.0], [-1.0, -1.0]]]
    assert layer.weight.grad.tolist() == [-1.0, -8.0] and "num_parameters=2" in repr(layer)


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: F.gelu(tinydl.ones(2), approximate="sin"), "gelu: .* 'none' or 'tanh', got 'sin'"),
        (lambda: F.glu(tinydl.ones(3)), r"glu: expected an even size along axis 0, got f32\[3\]"),
        (lambda: F.prelu(tinydl.ones(2, 3), tinydl.ones(2)), r"f32\[2\] for f32\[2,3\]"),
        (lambda: F.softshrink(tinydl.ones(2), -1), "softshrink: expected lambd ≥ 0, got -1"),
    ],
)  # fmt: skip
def test_errors(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
