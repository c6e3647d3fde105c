"""gradcheck finds wrong rules, says where, and does not cry wolf."""

from __future__ import annotations

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl.inspect import GradcheckError, gradcheck, gradgradcheck
from tinydl.op import OPS, op

pytestmark = EVERY_DEVICE


@pytest.fixture
def wrong_square():
    """An op whose rule is wrong in one place: where x is the largest."""

    @op
    def wrong_square(x):
        """y = x²"""
        return OPS["square"].forward(x)

    wrong_square.vjp(x=lambda g, x: g * tinydl.where(x == x.amax(), 3 * x, 2 * x))
    yield wrong_square
    del OPS["wrong_square"]


def inputs(*shape: int) -> tinydl.Tensor:
    values = np.random.default_rng(0).uniform(0.5, 2, shape)
    return tinydl.tensor(values, requires_grad=True)


def test_right_derivatives_pass():
    x, w = inputs(2, 3), inputs(3, 4)
    for fast in (False, True):
        assert gradcheck(lambda x, w: (x @ w).tanh(), (x, w), fast_mode=fast)
        assert gradgradcheck(lambda x, w: (x @ w).tanh(), (x, w), fast_mode=fast)
    assert gradcheck(lambda x: x.max(0), x)  # a named tuple, with places that are integers
    assert gradcheck(lambda x: [x.exp(), x.log()], [x])
    assert gradgradcheck(lambda x: x.exp(), x, grad_outputs=inputs(2, 3))
    assert gradcheck(lambda x, n: x**n, (x, 3))  # what is no tensor is passed on


def test_functions_whose_gradient_is_constant_or_nothing():
    x = inputs(3)
    assert gradgradcheck(lambda x: 2 * x, x)
    assert gradcheck(lambda x: x.sign(), x)
    assert gradcheck(lambda x: x.detach() * 0, x)
    assert gradcheck(lambda x: x.reshape(3, 1).expand(3, 0), x)


def test_a_wrong_rule_is_found_and_the_worst_element_named(wrong_square):
    x = inputs(2, 3)
    at = np.unravel_index(np.argmax(x.detach().cpu().numpy()), (2, 3))
    with pytest.raises(GradcheckError) as caught:
        gradcheck(wrong_square, x)
    message = str(caught.value)
    assert "the derivative of" in message and "wrong" in message
    assert f"worst element: inputs[0][{at[0]}, {at[1]}] of f64[2,3]" in message
    assert "analytic" in message and "numeric" in message and "relative error  0.33" in message
    assert "1 of 6 elements of inputs[0] differ" in message and "kink" not in message
    assert gradcheck(wrong_square, x, raise_exception=False) is False
    assert gradcheck(wrong_square, x, raise_exception=False, fast_mode=True) is False


def test_a_wrong_second_derivative_is_found(wrong_square):
    """d(x·stop(x))/dx is a wrong first derivative of x², here of a first derivative."""

    def f(x):
        return x**3 + 3 * x.detach() ** 2 * x - 3 * (x.detach() ** 3)

    with pytest.raises(GradcheckError, match=r"gradgradcheck: the derivative of the gradient of f"):
        gradgradcheck(f, inputs(3))


def test_kinks_are_suspected():
    x = tinydl.tensor([-1.0, 0.0, 1.0], dtype=tinydl.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"inputs\[0\]\[1\].*\n(.*\n)*.*suspected kink"):
        gradcheck(lambda x: x.relu(), x)


def test_which_of_several_inputs():
    x, y = inputs(2), inputs(2)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda x, y: x * y.detach() * y, (x, y))
    assert "worst element: inputs[1]" in str(caught.value)
    assert "0 of 2 elements of inputs[0] differ" in str(caught.value)


def test_single_precision_is_refused():
    x = tinydl.ones(2, requires_grad=True)
    with pytest.raises(TypeError, match=r"inputs\[0\] is f32\[2\].*float64.*\.double\(\)"):
        gradcheck(lambda x: x * x, x)
    with pytest.raises(TypeError, match=r"output 0 is f32\[2\]"):
        gradcheck(lambda x: x.float(), inputs(2))


def test_nothing_to_check():
    with pytest.raises(ValueError, match="none of the inputs requires a gradient"):
        gradcheck(lambda x: x, tinydl.ones(2, dtype=tinydl.float64))


def test_random_functions_are_noticed():
    with pytest.raises(GradcheckError, match=r"changes from call to call.*eval\(\)"):
        gradcheck(lambda x: tinydl.nn.functional.dropout(x, 0.5), inputs(50))


def test_nan_is_no_agreement():
    x = tinydl.tensor([-1.0, 1.0], dtype=tinydl.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match="NaN"):
        gradcheck(lambda x: x.sqrt(), x)


def test_inputs_are_left_alone():
    x = inputs(3)
    before = x.detach().clone()
    gradcheck(lambda x: x * x, x)
    assert x.equal(before) and x.grad is None


def test_pytorchs_place_for_it():
    assert tinydl.autograd.gradcheck is gradcheck
    assert tinydl.autograd.gradgradcheck is gradgradcheck
