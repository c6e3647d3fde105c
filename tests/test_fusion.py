"""Layers that a Sequential computes together: the numbers, gradients and hooks of one by one."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest
from devices import EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st

import tinydl
from tinydl import nn
from tinydl.inspect import gradcheck, gradgradcheck
from tinydl.nn import fused

pytestmark = EVERY_DEVICE

SIZES = st.integers(1, 3)


def gradients(net, x, g) -> list:
    x = x.detach().requires_grad_()
    y = net(x)
    found = tinydl.autograd.grad(y, [x, *net.parameters()], g(y))
    return [y.detach().cpu().numpy(), *(t.cpu().numpy() for t in found)]


def both_ways(net, x, g, tolerance: float = 0) -> None:
    """Fused and not: the same bits, or with a tolerance the same but for rounding."""
    together = gradients(net, x, g)
    with nn.fusion(False):
        apart = gradients(net, x, g)
    for a, b in zip(together, apart, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@settings(max_examples=60)
@given(data=st.data())
def test_fused_layers_compute_the_same(data):
    """A task of few images may take the plain loops, which round otherwise than the others."""
    draw = data.draw
    groups, bias = draw(st.integers(1, 2)), draw(st.booleans())
    c, k, n = groups * draw(SIZES), groups * draw(st.sampled_from([1, 3, 9, 33])), draw(SIZES)
    conv = nn.Conv2d(
        c, k, draw(SIZES), draw(st.integers(1, 2)), draw(st.integers(0, 1)), 1, groups, bias
    )
    relu, pool = nn.ReLU(inplace=draw(st.booleans())), draw(st.integers(1, 3))
    pool = nn.MaxPool2d(
        pool,
        draw(st.integers(1, 3)),
        draw(st.integers(0, pool // 2)),
        ceil_mode=draw(st.booleans()),
    )
    net = nn.Sequential(conv, *draw(st.sampled_from([(relu,), (relu, pool), (pool, relu)])))
    tinydl.manual_seed(draw(st.integers(0, 9)))
    x = tinydl.randn(n, c, draw(st.integers(8, 17)), draw(st.integers(8, 33)))
    both_ways(net, x, lambda y: y * 2 + 1, tolerance=2e-5)


def test_many_images_of_many_channels():
    """More than one task, and planes that L2 does not hold."""
    net = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
    both_ways(net, tinydl.randn(19, 3, 34, 33), lambda y: y + 1)


def test_a_relu_after_linear():
    net = nn.Sequential(nn.Linear(7, 33), nn.ReLU(), nn.Linear(33, 5, bias=False), nn.ReLU())
    both_ways(net, tinydl.randn(2, 9, 7), lambda y: y + 1)
    assert kinds(net(tinydl.ones(2, 7))) == ["relu", "linear", "relu", "linear"]


def test_derivatives_of_both_orders():
    tinydl.manual_seed(0)
    x = tinydl.randn(2, 2, 5, 6, dtype=tinydl.float64, requires_grad=True)
    conv = nn.Conv2d(2, 3, 3, padding=1, dtype=tinydl.float64)
    for then in [nn.ReLU()], [nn.ReLU(), nn.MaxPool2d(2)], [nn.MaxPool2d(3, 2, 1), nn.ReLU()]:
        net = nn.Sequential(conv, *then)
        inputs = [x, *net.parameters()]
        assert gradcheck(lambda *_, net=net: net(x), inputs)
        assert gradgradcheck(lambda *_, net=net: net(x), inputs)
    net = nn.Sequential(nn.Linear(6, 4, dtype=tinydl.float64), nn.ReLU())
    assert gradcheck(lambda *_: net(x), [x, *net.parameters()])
    assert gradgradcheck(lambda *_: net(x), [x, *net.parameters()])


def kinds(y) -> list[str]:
    """The ops that y came through, last one first."""
    found, node = [], y._node
    while node is not None:
        found.append(node.op.name)
        node = next((edge[0] for edge in node.edges if type(edge) is tuple), None)
    return found


def test_what_the_graph_shows(device):
    net, x = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2)), tinydl.ones(1, 1, 8, 8)
    assert kinds(net(x)) == ["relu", "max_pool2d", "conv2d"]  # pooled first
    with nn.fusion(False):
        assert kinds(net(x)) == ["max_pool2d", "relu", "conv2d"]
    with tinydl.no_grad():
        assert net(x)._node is None


class Own(nn.ReLU):
    pass


@pytest.mark.parametrize(
    "then",
    [
        [Own(), nn.MaxPool2d(2)],
        [nn.Tanh(), nn.MaxPool2d(2)],
        [nn.MaxPool2d(2, return_indices=True)],
        [nn.MaxPool2d(2)],
        [],
    ],
    ids=str,
)
def test_others_are_called_by_themselves(then):
    layers = [nn.Conv2d(1, 2, 3), *then]
    assert fused.after(layers, 0) == ()
    assert fused.after([nn.Conv2d(1, 2, 3), nn.ReLU(), *then], 0)[0].__class__ is nn.ReLU


@pytest.mark.parametrize("at", range(3))
def test_hooks_see_their_layer(at):
    net, seen = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2)), []
    x = tinydl.randn(1, 1, 8, 8)
    expected = net(x)
    handle = net[at].register_forward_hook(lambda _, inputs, y: seen.append(y))
    assert (net(x) == expected).all()
    assert seen[0].shape == [(1, 2, 6, 6), (1, 2, 6, 6), (1, 2, 3, 3)][at]
    handle.remove()
    net(x)
    assert len(seen) == 1


def test_errors_name_the_layer():
    net = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (2, 8, 8)), nn.Conv2d(1, 2, 3), nn.ReLU())
    with pytest.raises(
        ValueError, match=r"(?s)1 input channels but x has 2.*Sequential\.2: Conv2d"
    ):
        net(tinydl.ones(1, 2, 8, 8))
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(9))
    with pytest.raises(ValueError, match=r"(?s)max_pool2d: a .* window does not.*\.2: MaxPool2d"):
        net(tinydl.ones(1, 1, 8, 8))


def test_a_forward_of_ones_own_is_called():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    net[1].forward = lambda x: x * 0 + 42
    assert (net(tinydl.ones(1, 1, 8, 8)) == 42).all()


def test_only_the_bias_learns():
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2))
    net[0].weight.requires_grad_(False)
    x = tinydl.randn(8, 8, 2, 2).permute(3, 2, 0, 1)
    net(x).sum().backward()
    grad = net[0].bias.grad.clone()
    with nn.fusion(False):
        net.zero_grad()
        net(x).sum().backward()
    assert (net[0].bias.grad == grad).all() and net[0].weight.grad is None


def test_fusion_is_turned_off_in_this_thread_alone():
    layers, seen = [nn.Linear(2, 2), nn.ReLU()], []
    with nn.fusion(False):
        thread = Thread(target=lambda: seen.append(len(fused.after(layers, 0))))
        thread.start()
        thread.join()
        assert len(fused.after(layers, 0)) == 0
    assert seen == [1]


def test_what_backward_needs_may_not_be_overwritten():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
    y = net(tinydl.ones(1, 1, 8, 8))
    with tinydl.no_grad():
        y.mul_(2)
    with pytest.raises(RuntimeError, match="overwritten since"):
        y.sum().backward()


def test_no_images():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2))
    assert net(tinydl.zeros(0, 1, 8, 8)).shape == (0, 2, 3, 3)


def test_a_recorded_step_is_fused_too():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
    x = tinydl.randn(4, 1, 8, 8)

    def step(x):
        net.zero_grad()
        y = net(x).sum()
        y.backward()
        return y

    expected = step(x).item(), net[0].weight.grad.cpu().numpy().copy()
    again = tinydl.compile(step)
    for _ in range(3):
        assert again(x).item() == expected[0]
        np.testing.assert_array_equal(net[0].weight.grad.cpu().numpy(), expected[1])
