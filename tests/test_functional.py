"""autograd.functional: products with Jacobians and Hessians, against finite sums and PyTorch's
shapes."""

from __future__ import annotations

import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl import autograd
from tinydl.autograd.functional import hessian, hvp, jacobian, jvp, vhp, vjp
from tinydl.inspect import gradcheck

pytestmark = EVERY_DEVICE

X = [[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]]
Y = [0.2, 1.1, -0.4]


def points():
    return tinydl.tensor(X).double(), tinydl.tensor(Y).double()


def f(x, y):
    """Two outputs of two inputs: (x·y)[2] and x[2,3]."""
    return x.tanh() @ y, x * y.exp()


def energy(x, y):
    return (f(x, y)[0] ** 2).sum() + (f(x, y)[1] ** 2).sum()


def test_jacobian_has_a_block_for_each_pair():
    x, y = points()
    blocks = jacobian(f, (x, y))
    assert [[b.shape for b in row] for row in blocks] == [
        [(2, 2, 3), (2, 3)],
        [(2, 3, 2, 3), (2, 3, 3)],
    ]
    one = jacobian(lambda x: x.exp(), y)
    assert one.allclose(y.exp() * tinydl.eye(3).double(), rtol=1e-14)
    (row,) = jacobian(lambda x: (x.exp(),), y)
    assert row.equal(one)


def test_products_agree_with_the_jacobian():
    x, y = points()
    v = tinydl.randn(2).double(), tinydl.randn(2, 3).double()
    u = tinydl.randn(2, 3).double(), tinydl.randn(3).double()
    blocks = jacobian(f, (x, y))
    outputs, products = vjp(f, (x, y), v)
    assert all(a.equal(b) for a, b in zip(outputs, f(x, y), strict=True))
    for i, g in enumerate(products):
        expected = sum(
            tinydl.matmul(v[k].reshape(1, -1), blocks[k][i].reshape(v[k].numel(), -1))
            for k in range(2)
        ).reshape(g.shape)
        assert g.allclose(expected, rtol=1e-12)
    _, products = jvp(f, (x, y), u)
    for k, t in enumerate(products):
        expected = sum(
            tinydl.matmul(blocks[k][i].reshape(t.numel(), -1), u[i].reshape(-1)) for i in range(2)
        ).reshape(t.shape)
        assert t.allclose(expected, rtol=1e-12)


def test_hessian_and_its_products():
    x, y = points()
    blocks = hessian(energy, (x, y))
    assert blocks[0][1].shape == (2, 3, 3)
    assert blocks[0][1].reshape(6, 3).allclose(blocks[1][0].reshape(3, 6).T, rtol=1e-12)
    v = tinydl.randn(2, 3).double(), tinydl.randn(3).double()
    value, left = vhp(energy, (x, y), v)
    _, right = hvp(energy, (x, y), v)
    assert value.allclose(energy(x, y))
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        expected = sum(
            tinydl.matmul(v[k].reshape(1, -1), blocks[k][i].reshape(v[k].numel(), -1))
            for k in range(2)
        ).reshape(a.shape)
        assert a.allclose(expected, rtol=1e-10) and b.allclose(expected, rtol=1e-10)


def test_a_single_number_needs_no_vector():
    x = tinydl.tensor(3.0)
    assert [t.item() for t in vjp(lambda x: x**2, x)] == [9, 6]
    assert [t.item() for t in jvp(lambda x: x**2, x)] == [9, 6]
    assert [t.item() for t in hvp(lambda x: x**3, x)] == [27, 18]
    assert hessian(lambda x: x**3, x).item() == 18


@pytest.mark.parametrize("function", [vjp, jvp])
def test_create_graph_goes_on_in_the_callers_graph(function):
    x = tinydl.tensor([0.5, -1.0], dtype=tinydl.float64, requires_grad=True)
    v = tinydl.ones(2).double()
    gradcheck(lambda x: function(lambda z: z.tanh() * z, x, v, create_graph=True)[1], (x,))
    found = function(lambda z: z.tanh(), x, v)
    assert not any(t.requires_grad for t in found) and x.grad is None
    gradcheck(lambda x: jacobian(lambda z: z.tanh() * z, x, create_graph=True), (x,))
    gradcheck(lambda x: hessian(lambda z: z.tanh().sum(), x, create_graph=True), (x,))


def test_independence_is_zero_or_an_error():
    x, y = points()
    first = lambda x, y: x.sum()  # noqa: E731
    assert jacobian(first, (x, y))[1].tolist() == [0, 0, 0]
    assert hessian(lambda x: x.sum(), x).abs().sum().item() == 0
    assert jvp(lambda x: tinydl.ones(2), x, x)[1].tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="output 0 does not depend on input 1"):
        jacobian(first, (x, y), strict=True)
    with pytest.raises(RuntimeError, match="output 0 is independent of all inputs"):
        vjp(lambda x: tinydl.ones(()), x, strict=True)


def test_inputs_are_left_alone():
    x = tinydl.tensor([1.0, 2.0], requires_grad=True)
    with tinydl.no_grad():
        assert jacobian(lambda x: x**2, x).tolist() == [[2, 0], [0, 4]]
    assert x.grad is None and x.is_leaf


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: vjp(lambda x: 2.0, x), TypeError, "what func returned is a float"),
        (lambda x: vjp(lambda x: x, [1.0]), TypeError, r"inputs\[0\] is a float"),
        (lambda x: vjp(lambda x: x, x), ValueError, "v can be left out only where the output"),
        (lambda x: vjp(lambda x: x, x, tinydl.ones(3)), ValueError, r"v\[0\] is f32\[3\]"),
        (lambda x: vjp(lambda x: x, x, (x, x)), ValueError, "v has 2 tensors, the output 1"),
        (lambda x: hessian(lambda x: x, x), ValueError, r"one number, got f32\[2\]"),
        (lambda x: jacobian(lambda x: x, x, strategy="forward-mode"), ValueError, "reverse-mode"),
        (lambda x: autograd.grad(x.requires_grad_().sum(), x, is_grads_batched=True),
            NotImplementedError, "is_grads_batched=True"),
        (lambda x: autograd.grad(x.requires_grad_().sum(), []), ValueError, "inputs is empty"),
        (lambda x: autograd.backward(x.requires_grad_().sum(), inputs=[]), ValueError, "empty"),
        (lambda x: autograd.backward([x.requires_grad_().sum()], [None, None]), ValueError,
            "2 gradients for 1 outputs"),
    ],
)  # fmt: skip
def test_mistakes(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(tinydl.ones(2))
