"""Checkpoints: the same gradients with less memory, at the price of computing twice."""

from __future__ import annotations

import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl import autograd, nn
from tinydl.device import default
from tinydl.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

pytestmark = EVERY_DEVICE


def net(depth=4, width=8):
    tinydl.manual_seed(0)
    layers = []
    for _ in range(depth):
        layers += [nn.Linear(width, width), nn.Tanh()]
    return nn.Sequential(*layers).double()


def gradients(model, run, x):
    model.zero_grad()
    run(x).square().sum().backward()
    return [p.grad.clone() for p in model.parameters()]


def test_gradients_are_those_without():
    model, x = net(), tinydl.randn(3, 8, dtype=tinydl.float64)
    plain = gradients(model, model, x)
    parts = gradients(model, lambda x: checkpoint(model, x), x)
    sequence = gradients(model, lambda x: checkpoint_sequential(model, 3, x), x)
    assert all(a.equal(b) and a.equal(c) for a, b, c in zip(plain, parts, sequence, strict=True))


def test_grad_by_inputs_and_by_parameters_inside():
    model, x = net(), tinydl.randn(3, 8, dtype=tinydl.float64, requires_grad=True)
    by = [x, *model.parameters()]
    plain = autograd.grad(model(x).sum(), by)
    parts = autograd.grad(checkpoint(model, x, use_reentrant=False).sum(), by)
    assert all(a.equal(b) for a, b in zip(plain, parts, strict=True))


def test_second_derivatives_go_through():
    x = tinydl.tensor([0.3, -1.0], dtype=tinydl.float64, requires_grad=True)

    def f(x):
        return (x.exp() * x).tanh() * x

    def second(y):
        (g,) = autograd.grad(y.sum(), x, create_graph=True)
        return autograd.grad(g.square().sum(), x)[0]

    assert second(checkpoint(f, x * 2)).equal(second(f(x * 2)))


def test_nested_checkpoints():
    model, x = net(6), tinydl.randn(3, 8, dtype=tinydl.float64)
    inner = lambda x: checkpoint(model[4:8], x)  # noqa: E731
    outer = lambda x: checkpoint(lambda x: model[8:](inner(model[:4](x))), x)  # noqa: E731
    plain, nested = gradients(model, model, x), gradients(model, outer, x)
    assert all(a.equal(b) for a, b in zip(plain, nested, strict=True))


def test_random_numbers_are_the_same_both_times():
    x = tinydl.ones(1000, requires_grad=True)
    y = checkpoint(lambda x: nn.functional.dropout(x) * 3, x)
    state = tinydl.default_generator.get_state()
    y.sum().backward()
    assert x.grad.equal(y.detach()) and tinydl.default_generator.get_state() == state


def test_keyword_arguments_tuples_and_numbers():
    x = tinydl.ones(2, requires_grad=True)
    a, (b, word) = checkpoint(lambda x, *, k: (x.exp() * k, (x * k, "word")), x, k=2.0)
    (a + b).sum().backward()
    assert word == "word" and x.grad.allclose(2 * x.detach().exp() + 2)


def test_autocast_is_the_same_both_times():
    layer, x = nn.Linear(4, 4), tinydl.randn(2, 4, requires_grad=True)
    with tinydl.autocast(x.device.type):
        y = checkpoint(lambda x: layer(layer(x)), x)
        plain = autograd.grad(layer(layer(x)).sum(), [x, layer.weight])
    found = autograd.grad(y.sum(), [x, layer.weight])
    assert y.dtype is tinydl.bfloat16
    assert all(a.equal(b) for a, b in zip(plain, found, strict=True))


def test_retain_graph_and_a_second_backward():
    x = tinydl.ones(2, requires_grad=True)
    calls = []
    y = checkpoint(lambda x: calls.append(1) or x.exp().square(), x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert len(calls) == 2
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_custom_functions_inside():
    class Exp(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[1]

    x = tinydl.ones(2, dtype=tinydl.float64, requires_grad=True)
    (g,) = autograd.grad(checkpoint(lambda x: Exp.apply(x * 2), x).sum(), x, create_graph=True)
    (h,) = autograd.grad(g.sum(), x)
    assert g.allclose(2 * (2 * x).exp()) and h.allclose(4 * (2 * x).exp())


def test_memory_is_lower_and_returns():
    def live():
        return tinydl.memory_stats()[default().backend.name]["live"]

    x = tinydl.ones(10_000, requires_grad=True)

    def deep(x):
        for _ in range(10):
            x = x.tanh()
        return x

    start = live()
    plain = deep(x)
    kept = live() - start
    del plain
    y = checkpoint(deep, x)
    assert kept >= 10 * 40_000 and live() - start <= 45_000
    y.sum().backward()
    del y
    x.grad = None
    assert live() == start


def test_nothing_happens_without_recording():
    x, calls = tinydl.ones(2, requires_grad=True), []
    with tinydl.no_grad():
        assert not checkpoint(lambda x: calls.append(1) or x * 2, x).requires_grad
    assert calls == [1]


def test_something_else_the_second_time():
    calls = []

    def fickle(x):
        calls.append(1)
        return x.exp() if len(calls) == 1 else x.tanh()

    y = checkpoint(fickle, tinydl.ones(2, requires_grad=True))
    with pytest.raises(CheckpointError, match=r"fickle .*call 0 was exp and is tanh"):
        y.sum().backward()


def test_what_it_uses_was_modified_in_between():
    w = tinydl.ones(2, requires_grad=True)
    y = checkpoint(lambda x: x * w, tinydl.ones(2))
    with tinydl.no_grad():
        w += 1
    with pytest.raises(CheckpointError, match=r"f32\[2\].*modified by add_[\s\S]*w \+= 1"):
        y.sum().backward()


def test_segments_that_cannot_be():
    with pytest.raises(ValueError, match="5 segments of 4 functions"):
        checkpoint_sequential([abs] * 4, 5, tinydl.ones(1))
