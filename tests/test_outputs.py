"""Ops with several outputs: the first ones have gradients, the rest are constants."""

from __future__ import annotations

import pytest
from devices import EVERY_DEVICE
from leaves import leaf

import tinydl
from tinydl import autograd
from tinydl.array import Array
from tinydl.op import OPS, op
from tinydl.ops import call

pytestmark = EVERY_DEVICE


def test_outputs_after_the_first_are_constants():
    """No rule knows their gradients, so none may be asked of them."""
    x = tinydl.ones(2, 3, requires_grad=True)
    loss, lse = tinydl.ops.cross_entropy(x, tinydl.tensor([0, 1]), ignore_index=-100)
    assert loss.requires_grad and not lse.requires_grad
    with pytest.raises(RuntimeError, match="does not require a gradient"):
        lse.sum().backward()


@pytest.fixture
def powers():
    """x → x², x³ and, without a gradient, x; asked: which gradients each call of its rule had."""

    @op(outputs=2)
    def powers(x):
        second, third = (Array.empty(x.shape, x.dtype, x.backend) for _ in range(2))
        call("square", second, x)
        call("mul", third, second, x)
        return second, third, x.astype(x.dtype)

    def rule(g, out, rest):
        powers.asked.append([part is not None for part in g])
        slopes = 2 * rest[0], 3 * out[0]
        return sum(part * y for part, y in zip(g, slopes, strict=True) if part is not None)

    powers.vjp(x=rule)
    powers.asked = []
    yield powers
    del OPS["powers"]


def test_several_outputs_with_gradients(powers):
    x = leaf(2.0, 3.0)
    second, third, same = powers(x)
    assert second.requires_grad and third.requires_grad and not same.requires_grad
    assert second.grad_fn is third.grad_fn
    (second + 10 * third).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [2 * 2 + 10 * 3 * 4, 2 * 3 + 10 * 3 * 9]
    assert autograd.grad(third.sum(), x)[0].tolist() == [12, 27]
    assert powers.asked == [[True, True], [False, True]]


def test_several_outputs_to_second_order(powers):
    x = leaf(2.0, 3.0)
    second, third, _ = powers(x)
    (g,) = autograd.grad(second.sum() + third.sum(), x, create_graph=True)
    assert autograd.grad(g.sum(), x)[0].tolist() == [6 * 2.0, 6 * 3.0]  # rest is a constant here
    assert powers.asked == [[True, True], [True, False]]


def test_hooks_and_retained_gradients_are_of_one_output(powers):
    seen, x = [], leaf(2.0)
    second, third, _ = powers(x)
    third.register_hook(lambda g: seen.append(g.item()))
    second.retain_grad()
    (5 * second + 7 * third).backward()
    assert seen == [7.0] and second.grad.item() == 5 and not third.retains_grad


def test_each_of_several_outputs_is_watched_for_writes(powers):
    x = leaf(2.0)
    second, third, _ = powers(x)
    second += 1
    with pytest.raises(RuntimeError, match=r"powers needs its output, which add_ has overwritten"):
        third.backward()
