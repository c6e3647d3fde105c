"""Function: ops made by hand, with PyTorch's meaning; each mistake in one has its message."""

from __future__ import annotations

import gc

import pytest
from devices import EVERY_DEVICE
from leaves import leaf

import tinydl
from tinydl import autograd
from tinydl.autograd import Function
from tinydl.autograd.function import once_differentiable
from tinydl.inspect import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE


class Scaled(Function):
    """x·y and x + k, of which y and k may be numbers."""

    @staticmethod
    def forward(ctx, x, y, k=1.0):
        ctx.save_for_backward(x, y if isinstance(y, tinydl.Tensor) else None)
        ctx.y = y
        return x * y, x + k

    @staticmethod
    def backward(ctx, g_product, g_sum):
        x, y = ctx.saved_tensors
        y = ctx.y if y is None else y
        gy = (g_product * x) if ctx.needs_input_grad[1] else None
        return g_product * y + g_sum, gy, *([None] if len(ctx.needs_input_grad) == 3 else [])


class Exp(Function):
    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


# --- values and derivatives -----------------------------------------------------------------------


def test_several_outputs_and_arguments_that_are_no_tensors():
    x, y = leaf(2.0, 3.0), leaf(5.0, 7.0)
    product, total = Scaled.apply(x, y, 10.0)
    assert total.tolist() == [12.0, 13.0] and product.grad_fn is total.grad_fn
    (product + 2 * total).sum().backward()
    assert x.grad.tolist() == [7.0, 9.0] and y.grad.tolist() == [2.0, 3.0]
    (g,) = autograd.grad(Scaled.apply(x, 4.0)[0].sum(), x)  # the other output counts zero
    assert g.tolist() == [4.0, 4.0]


@pytest.mark.parametrize(
    "f, inputs",
    [
        (lambda x, y: Scaled.apply(x, y), [leaf(2.0, -1.0), leaf(0.5, 3.0)]),
        (lambda x: Exp.apply(x), [leaf(0.3, -1.0)]),
        (lambda x: Exp.apply(Exp.apply(x) * x), [leaf(0.3, -1.0)]),
    ],
)
def test_derivatives_of_both_orders(f, inputs):
    inputs = [x.detach().to(tinydl.ones(1).device).requires_grad_() for x in inputs]
    gradcheck(f, inputs)
    gradgradcheck(f, inputs)


def test_only_what_is_asked_for_gets_a_gradient():
    x, y = leaf(2.0), leaf(3.0)
    Scaled.apply(x, y)[0].backward(inputs=[x])
    assert x.grad.item() == 3 and y.grad is None
    assert autograd.grad(Scaled.apply(x, y)[0], y)[0].item() == 2 and x.grad.item() == 3


def test_unrecorded_calls_keep_nothing():
    x = leaf(1.0)
    with tinydl.no_grad():
        assert Exp.apply(x).grad_fn is None
    assert Exp.apply(x.detach()).grad_fn is None


def test_what_grad_fn_shows():
    x = leaf(1.0)
    y = Exp.apply(2 * x)
    assert y.grad_fn.name() == "ExpBackward"
    assert y.grad_fn.saved_tensors[0].grad_fn is y.grad_fn
    ((mul, at),) = y.grad_fn.next_functions
    assert mul.name() == "MulBackward0" and at == 0
    ((constant, _), (to_leaf, _)) = mul.next_functions
    assert {constant, to_leaf.variable, to_leaf.name()} == {None, x, "AccumulateGrad"}


def test_gradients_fit_what_they_are_of():
    class Wide(Function):
        @staticmethod
        def forward(ctx, x):
            return x + tinydl.zeros(3, 2)

        @staticmethod
        def backward(ctx, g):
            return g.double()

    x = tinydl.ones(2, requires_grad=True)
    Wide.apply(x).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0] and x.grad.dtype is tinydl.float32


def test_gradients_may_stay_none():
    seen = []

    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, *grads):
            seen.append([g is None for g in grads])
            return grads[1]

    Both.apply(leaf(1.0))[1].backward()
    assert seen == [[True, False]]


def test_outputs_without_a_gradient():
    class Sorted(Function):
        @staticmethod
        def forward(ctx, x):
            rounded, places = x * 1, x.argmax()
            ctx.mark_non_differentiable(rounded)
            return x * 2, rounded, places, "word"

        @staticmethod
        def backward(ctx, g, *others):
            assert others[0].tolist() == [0.0, 0.0] and others[2] is None
            return g * 2

    x = leaf(1.0, 3.0)
    y, rounded, places, word = Sorted.apply(x)
    assert (rounded.requires_grad, places.requires_grad, word) == (False, False, "word")
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_in_place():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x

        @staticmethod
        def backward(ctx, g):
            return 2 * g

    x = leaf(3.0)
    middle = x * 5
    y = Double.apply(middle)
    assert y is middle and y.item() == 30
    y.backward()
    assert x.grad.item() == 10
    with pytest.raises(RuntimeError, match=r"Double: f64\[\] is a leaf that requires a gradient"):
        Double.apply(leaf(1.0))

    x = leaf(3.0, 4.0)
    whole = x * 1
    assert Double.apply(whole[:1]).item() == 6  # a view: what it is a view of changed, too
    whole.square().sum().backward()
    assert whole.tolist() == [6, 4] and x.grad.tolist() == [24, 8]
    with pytest.raises(RuntimeError, match=r"Double: f64\[1\] is a view of f64\[2\], a leaf that"):
        Double.apply(x[:1])


def test_an_input_returned_as_it_is():
    class Reverse(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return -g

    x = leaf(3.0)
    y = Reverse.apply(x)
    assert y is not x and y.data_ptr() == x.data_ptr()
    y.backward()
    assert x.grad.item() == -1 and x.is_leaf


def test_memory_returns_without_the_cycle_collector():
    def live():
        return sum(stats["live"] for stats in tinydl.memory_stats().values())

    def work():
        x = tinydl.ones(1000, requires_grad=True)
        y = Exp.apply(x)
        autograd.grad(y.sum(), x, create_graph=True)

    gc.disable()
    try:
        work()
        before = live()
        work()
        assert live() == before
    finally:
        gc.enable()


# --- mistakes -------------------------------------------------------------------------------------


def returning(*grads):
    """A function of two arguments whose backward returns that."""

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x, k):
            return x * k

        @staticmethod
        def backward(ctx, g):
            return grads

    return lambda x: Wrong.apply(x, 2.0).sum().backward()


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: returning(x)(x), RuntimeError, "Wrong: backward returned 1 gradients.*had 2"),
        (lambda x: returning(x, None, x)(x), RuntimeError, "returned 3 gradients"),
        (lambda x: returning(x, x)(x), RuntimeError, "argument 1, which is no tensor"),
        (lambda x: returning(1.0, None)(x), TypeError, "gradient 0 of backward is a float"),
        (lambda x: returning(tinydl.ones(3).double(), None)(x), ValueError,
            r"gradient 0 of backward is f64\[3\], but the argument has shape \(2,\)"),
        (lambda x: Exp()(x), TypeError, r"use Exp\.apply"),
        (lambda x: Function.apply(x), NotImplementedError, "needs a static method forward"),
    ],
)  # fmt: skip
def test_mistakes(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(leaf(1.0, 2.0))


def test_too_many_trailing_nones_are_forgiven():
    x = leaf(1.0, 2.0)
    returning(x.detach(), None, None, None)(x)
    assert x.grad.tolist() == [1.0, 2.0]


def test_only_tensors_are_saved():
    class Saving(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x, 2.0)
            return x * 2

    with pytest.raises(TypeError, match=r"save_for_backward: argument 1 is a float.*ctx\.name"):
        Saving.apply(leaf(1.0))


def test_saved_tensors_are_watched_for_writes():
    x = leaf(1.0) * 1
    y = Exp.apply(x)
    with tinydl.no_grad():
        y += 1
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    message = str(caught.value)
    assert "backward of Exp needs its saved tensor 0, which add_ has overwritten" in message
    assert "y = Exp.apply(x)" in message and "y += 1" in message


def test_a_second_backward():
    y = Exp.apply(leaf(1.0))
    y.backward()
    with pytest.raises(RuntimeError, match="backward through Exp a second time"):
        y.backward()
    with pytest.raises(RuntimeError, match="backward through Exp a second time"):
        _ = y.grad_fn.saved_tensors


def test_once_differentiable():
    class Once(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            assert not tinydl.is_grad_enabled()
            return 2 * x * g

    x = leaf(3.0)
    (g,) = autograd.grad(Once.apply(x), x, create_graph=True)
    assert g.item() == 6
    with pytest.raises(RuntimeError, match="Once: .* marked once_differentiable"):
        g.backward()
