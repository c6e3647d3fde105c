"""The engine: backward and grad with PyTorch's meaning, at no needless cost, deep graphs.

Values of derivatives are test_grads' business, memory test_memory's, writing in place
test_inplace's.
"""

from __future__ import annotations

import numpy as np
import pytest
from devices import EVERY_DEVICE
from leaves import leaf

import tinydl
from tinydl import autograd, ops

pytestmark = EVERY_DEVICE


# --- backward -------------------------------------------------------------------------------------


def test_gradients_accumulate_in_leaves():
    x = leaf(3.0)
    (x * x).backward()
    assert x.grad.item() == 6
    (x * x).backward()
    assert x.grad.item() == 12
    x.grad = None
    (2 * x).backward()
    assert x.grad.item() == 2


def test_a_value_used_twice_gets_both_gradients():
    x = leaf(2.0)
    y = x * x
    (y + y * x).backward()
    assert x.grad.item() == 2 * 2 + 3 * 4


def test_diamonds_visit_each_node_once():
    calls = []
    x = leaf(1.0)
    y = x
    for _ in range(30):  # 2³⁰ paths
        y = y + y
    y.register_hook(lambda g: calls.append(1))
    y.backward()
    assert x.grad.item() == 2**30 and len(calls) == 1


def test_backward_with_a_gradient():
    x = leaf(1.0, 2.0)
    (x * 3).backward(tinydl.tensor([1.0, 10.0], dtype=tinydl.float64))
    assert x.grad.tolist() == [3.0, 30.0]
    (x * 3).backward([1.0, 0.0])
    assert x.grad.tolist() == [6.0, 30.0]


def test_the_gradient_passed_in_stays_the_callers():
    x, g = leaf(1.0, 2.0), tinydl.ones(2, dtype=tinydl.float64)
    (x + 0).backward(g)
    x.grad += 1
    assert g.tolist() == [1.0, 1.0] and x.grad.tolist() == [2.0, 2.0]


def test_two_leaves_do_not_share_a_gradient():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).sum().backward()
    x.grad += 1
    assert y.grad.tolist() == [1.0, 1.0]


def test_backward_of_a_leaf():
    x = leaf(3.0)
    x.backward()
    assert x.grad.item() == 1


def test_backward_with_inputs_fills_only_those():
    x, y = leaf(2.0), leaf(3.0)
    middle = x * y
    (middle * middle).backward(inputs=[x])
    assert x.grad.item() == 2 * 6 * 3 and y.grad is None


def test_backward_of_several_tensors():
    x = leaf(2.0)
    autograd.backward([x * 2, x * x])
    assert x.grad.item() == 2 + 4


def test_backward_needs_a_scalar():
    with pytest.raises(RuntimeError, match=r"f64\[2\].*y\.sum\(\)\.backward\(\)"):
        (leaf(1.0, 2.0) * 2).backward()


def test_backward_needs_something_to_go_back_to():
    with pytest.raises(RuntimeError, match=r"f32\[\] does not require a gradient.*requires_grad="):
        tinydl.tensor(1.0).backward()


@pytest.mark.parametrize(
    "g, error, message",
    [
        (
            lambda: tinydl.ones(3, dtype=tinydl.float64),
            ValueError,
            r"f64\[3\] but the output is f64\[2\]",
        ),
        (lambda: tinydl.ones(2), TypeError, r"f32\[2\] but the output is f64\[2\].*\.to\(dtype\)"),
    ],
)
def test_backward_with_a_gradient_that_does_not_fit(g, error, message):
    with pytest.raises(error, match=message):
        (leaf(1.0, 2.0) * 2).backward(g())


def test_a_second_backward_says_what_to_do():
    x = leaf(2.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    message = str(caught.value)
    assert "backward through mul a second time" in message
    assert f"{__file__}:" in message and "y = x * x" in message
    assert ".detach()" in message and "retain_graph=True" in message


def test_retain_graph():
    x = leaf(2.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_integer_outputs_have_no_gradient():
    values, places = leaf(1.0, 3.0, 2.0).max(0)
    assert values.requires_grad and not places.requires_grad


# --- grad -----------------------------------------------------------------------------------------


def test_grad_returns_and_leaves_grad_alone():
    x, y = leaf(2.0), leaf(3.0)
    gx, gy = autograd.grad(x * x * y, (x, y))
    assert (gx.item(), gy.item()) == (12, 4) and x.grad is None and y.grad is None


def test_grad_by_a_value_inside_the_graph():
    x = leaf(2.0)
    middle = x * x
    (g,) = autograd.grad(middle * middle, middle)
    assert g.item() == 8


def test_grad_of_what_was_not_used():
    x, unused = leaf(2.0), leaf(1.0)
    with pytest.raises(RuntimeError, match=r"inputs\[1\], f64\[\].*allow_unused=True"):
        autograd.grad(x * x, (x, unused))
    gx, g = autograd.grad(x * x, (x, unused), allow_unused=True)
    assert gx.item() == 4 and g is None
    g = autograd.grad(x * x, unused, materialize_grads=True)[0]
    assert g.item() == 0


def test_grad_by_what_needs_none():
    with pytest.raises(RuntimeError, match=r"inputs\[0\], f32\[\], does not require a gradient"):
        autograd.grad(leaf(1.0) * 2, tinydl.tensor(1.0))


def test_third_order():
    x = leaf(2.0)
    (first,) = autograd.grad(x**4, x, create_graph=True)
    (second,) = autograd.grad(first, x, create_graph=True)
    (third,) = autograd.grad(second, x, create_graph=True)
    (fourth,) = autograd.grad(third, x)
    assert [g.item() for g in (first, second, third, fourth)] == pytest.approx([32, 48, 48, 24])


def test_third_order_through_a_network():
    """By a direction, against finite differences of the second derivative."""
    rng = np.random.default_rng(0)
    weight = tinydl.tensor(rng.normal(size=(2, 1, 3, 3)))
    x0, u = rng.normal(size=(1, 1, 5, 5)), rng.normal(size=(1, 1, 5, 5))
    window = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}

    def along(step: float, order: int) -> float:
        t = leaf(step)
        x = tinydl.tensor(x0) + t * tinydl.tensor(u)
        y = ops.conv2d(x, weight, **window).tanh()
        y = ops.cross_entropy(y.flatten(1), tinydl.tensor([3]), ignore_index=-100)[0].sum()
        for _ in range(order):
            (y,) = autograd.grad(y, t, create_graph=True)
        return y.item()

    numeric = (along(1e-5, 2) - along(-1e-5, 2)) / 2e-5
    assert along(0.0, 3) == pytest.approx(numeric, rel=1e-6, abs=1e-8)


def test_backward_with_create_graph():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (g,) = autograd.grad(x.grad, x)
    assert g.item() == pytest.approx(18)


def test_without_create_graph_gradients_are_constants():
    x = leaf(3.0)
    (g,) = autograd.grad(x**3, x)
    assert not g.requires_grad


def test_a_gradient_can_be_differentiated_by_what_came_in():
    """The derivative of a vector-Jacobian product by the vector is the Jacobian."""
    x, v = leaf(2.0, 3.0), leaf(1.0, 1.0)
    (g,) = autograd.grad(x * x, x, v, create_graph=True)
    (by_v,) = autograd.grad(g.sum(), v)
    assert by_v.tolist() == [4.0, 6.0]


# --- only what is asked for -----------------------------------------------------------------------


@pytest.fixture
def kernel_calls(monkeypatch, device):
    """Names of the kernels called since."""
    calls = []
    functions = tinydl.device(device).backend.fn

    def counting(name, function):
        return lambda *operands: calls.append(name) or function(*operands)

    for name in ("conv2d", "conv2d_input", "conv2d_weight", "matmul"):
        monkeypatch.setitem(functions, name, counting(name, functions[name]))
    return calls


def test_the_first_layers_input_gradient_is_never_computed(kernel_calls):
    net = tinydl.nn.Sequential(
        tinydl.nn.Conv2d(1, 2, 3),
        tinydl.nn.ReLU(),
        tinydl.nn.Conv2d(2, 2, 3),
        tinydl.nn.Flatten(),
        tinydl.nn.Linear(8, 2),
    )
    loss = net(tinydl.randn(1, 1, 6, 6)).sum()
    kernel_calls.clear()
    loss.backward()
    assert sorted(kernel_calls) == ["conv2d_input", "conv2d_weight", "conv2d_weight"] + 2 * [
        "matmul"
    ]


def test_frozen_parameters_cost_nothing(kernel_calls):
    x = tinydl.randn(2, 3, requires_grad=True)
    w = tinydl.randn(4, 3)
    y = ops.linear(x, w)
    kernel_calls.clear()
    y.sum().backward()
    assert kernel_calls == ["matmul"]


def test_grad_visits_only_the_way_to_its_inputs(kernel_calls):
    x, w = tinydl.randn(2, 3, requires_grad=True), tinydl.randn(4, 3, requires_grad=True)
    hidden = x.tanh()
    y = ops.linear(hidden, w)
    kernel_calls.clear()
    autograd.grad(y.sum(), hidden)
    assert kernel_calls == ["matmul"]


# --- size -----------------------------------------------------------------------------------------


def test_graphs_of_a_hundred_thousand_nodes():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 0
    y.backward()
    assert x.grad.item() == 1
    del y  # freeing is no recursion either


def test_freeing_a_deep_graph_that_never_went_backward():
    y = leaf(1.0)
    for _ in range(30_000):
        y = y * 1.0
    del y


def test_deep_graphs_to_second_order():
    x = leaf(1.0)
    y = x
    for _ in range(3_000):
        y = y * x
    (g,) = autograd.grad(y, x, create_graph=True)
    (h,) = autograd.grad(g, x)
    assert g.item() == 3001 and h.item() == 3001 * 3000
