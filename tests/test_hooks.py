"""Hooks of tensors and modules, modes of recording, and what a gradient may be."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from devices import EVERY_DEVICE
from leaves import leaf

import tinydl
from tinydl import autograd, nn

pytestmark = EVERY_DEVICE

ones = tinydl.ones


# --- tensors --------------------------------------------------------------------------------------


def test_a_hook_sees_and_replaces_a_gradient():
    seen, x = [], leaf(2.0)
    y = x * x
    y.register_hook(lambda g: seen.append(g.item()))
    y.register_hook(lambda g: g * 10)
    (3 * y).backward()
    assert seen == [3.0] and x.grad.item() == 3 * 10 * 4


def test_a_hook_on_a_leaf_sees_the_whole_gradient_once():
    seen, x = [], leaf(2.0)
    x.register_hook(lambda g: seen.append(g.item()))
    (x * x + x).backward()
    assert seen == [5.0]


def test_a_leaf_hook_also_runs_for_grad():
    x = leaf(2.0)
    x.register_hook(lambda g: g * 10)
    (g,) = autograd.grad(x * x, x)
    assert g.item() == 40


def test_a_removed_hook_is_gone():
    seen, x = [], leaf(2.0)
    handle = x.register_hook(seen.append)
    handle.remove()
    handle.remove()
    (x * x).backward()
    assert seen == []


def test_hooks_need_a_gradient_to_wait_for():
    with pytest.raises(RuntimeError, match=r"f32\[\] does not require a gradient"):
        tinydl.tensor(1.0).register_hook(print)


def test_retain_grad():
    x = leaf(2.0)
    y = x * x
    y.retain_grad()
    (y * 3).backward()
    assert y.grad.item() == 3 and x.grad.item() == 12
    x.retain_grad()  # a leaf has it anyway


def test_post_accumulate_hooks_see_the_gradient_that_is_there():
    seen, x = [], ones(2, requires_grad=True)
    with x.register_post_accumulate_grad_hook(lambda x: seen.append(x.grad.tolist())):
        (3 * x).sum().backward()
        (4 * x).sum().backward()
    (5 * x).sum().backward()
    assert seen == [[3, 3], [7, 7]]


def test_a_step_inside_backward():
    """What post-accumulate hooks are for: no gradient outlives its step."""
    model = nn.Linear(3, 2)
    before = [p.detach().clone() for p in model.parameters()]
    for p in model.parameters():
        optimizer = tinydl.optim.SGD([p], lr=1.0)

        def step(p, optimizer=optimizer):
            optimizer.step()
            optimizer.zero_grad()

        p.register_post_accumulate_grad_hook(step)
    model(ones(1, 3)).sum().backward()
    for p, was in zip(model.parameters(), before, strict=True):
        assert p.grad is None and p.detach().equal(was - 1)


def test_post_accumulate_hooks_are_for_leaves():
    with pytest.raises(RuntimeError, match="no leaf that requires a gradient"):
        (2 * ones(2, requires_grad=True)).register_post_accumulate_grad_hook(print)
    with pytest.raises(RuntimeError, match="no leaf that requires a gradient"):
        ones(2).register_post_accumulate_grad_hook(print)


@pytest.mark.parametrize(
    "grad, error, message",
    [
        (lambda x: 1.0, TypeError, "a Tensor or None, got float"),
        (lambda x: x, ValueError, "the tensor itself"),
        (lambda x: ones(3), ValueError, r"\.grad of f32\[2\] must have its shape, got f32\[3\]"),
        (lambda x: ones(2).double(), TypeError, r"must have its dtype, got f64\[2\]"),
    ],
)
def test_what_a_gradient_may_be(grad, error, message):
    x = ones(2, requires_grad=True)
    with pytest.raises(error, match=message):
        x.grad = grad(x)
    x.grad = ones(2)
    del x.grad
    assert x.grad is None


def test_grad_of_what_is_no_leaf():
    y = 2 * ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match=r"\.grad of f32\[2\] is read, which is no leaf"):
        assert y.grad is None
    y.retain_grad()
    assert y.retains_grad and y.grad is None


# --- modules --------------------------------------------------------------------------------------


class Scale(nn.Module):
    def forward(self, x, by=1.0):
        if by == 0:
            raise ValueError("by nothing")
        return x * by


def test_forward_hooks_with_keyword_arguments():
    net, seen = Scale(), []
    net.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {"by": 2 * kwargs["by"]}), with_kwargs=True
    )
    net.register_forward_hook(
        lambda module, args, kwargs, y: seen.append((len(args), kwargs, y.tolist())),
        with_kwargs=True,
    )
    assert net(ones(1), by=3.0).tolist() == [6]
    assert seen == [(1, {"by": 6.0}, [6.0])]
    net.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(TypeError, match=r"returns None or \(args, kwargs\)"):
        net(ones(1), by=3.0)


def test_hooks_run_in_order_and_prepended_ones_first():
    net, order = Scale(), []
    net.register_forward_hook(lambda *_: order.append("a"))
    net.register_forward_hook(lambda *_: order.append("b"))
    handle = net.register_forward_hook(lambda *_: order.append("first"), prepend=True)
    net(ones(1))
    handle.remove()
    net(ones(1))
    assert order == ["first", "a", "b", "a", "b"]


def test_hooks_that_are_always_called():
    net, seen = Scale(), []
    net.register_forward_hook(lambda module, inputs, y: seen.append(y), always_call=True)
    net.register_forward_hook(lambda *_: seen.append("not this"))
    with pytest.raises(ValueError, match="by nothing"):
        net(ones(1), by=0)
    assert seen == [None]


def test_full_backward_hooks_see_and_replace_gradients():
    net, seen = nn.Linear(2, 2, bias=False), []
    net.weight.data = 3 * tinydl.eye(2)
    net.register_full_backward_pre_hook(lambda module, out: (10 * out[0],))

    def hook(module, into, out):
        seen.append((into[0].tolist(), out[0].tolist()))
        return (-into[0],)

    handle = net.register_full_backward_hook(hook)
    x = ones(1, 2, requires_grad=True)
    net(x).sum().backward()
    assert seen == [([[30, 30]], [[10, 10]])]
    assert x.grad.tolist() == [[-30, -30]] and net.weight.grad.tolist() == [[10, 10]] * 2
    handle.remove()
    x.grad = None
    net(x).sum().backward()
    assert len(seen) == 1 and x.grad.tolist() == [[30, 30]]


def test_backward_hooks_where_no_input_wants_a_gradient():
    net, seen = nn.Linear(2, 1), []
    net.register_full_backward_hook(lambda module, into, out: seen.append((into, out[0].tolist())))
    net(ones(3, 2)).sum().backward()
    assert seen == [((None,), [[1], [1], [1]])]


def test_backward_hooks_of_several_inputs_and_outputs():
    class Both(nn.Module):
        def forward(self, x, k, y):
            return x * k, y

    net, seen = Both(), []
    net.register_full_backward_hook(lambda module, into, out: seen.append((into, out)))
    x, y = (ones(1, requires_grad=True) for _ in range(2))
    a, b = net(x, 2.0, y)
    (a + 5 * b).sum().backward()
    ((gx, gk, gy), (ga, gb)) = seen[0]
    assert [gx.item(), gk, gy.item(), ga.item(), gb.item()] == [2, None, 5, 1, 5]
    net.register_full_backward_hook(lambda module, into, out: (into[0],))
    with pytest.raises(RuntimeError, match="returned 1 gradients, expected 3"):
        net(x, 2.0, y)[0].backward()


def test_backward_hooks_make_no_cycles():
    net = nn.ReLU()
    net.register_full_backward_hook(lambda module, into, out: None)
    gc.disable()
    try:
        y = net(ones(2, requires_grad=True))
        node = weakref.ref(y._array.storage)
        y.sum().backward()
        del y
        assert node() is None
    finally:
        gc.enable()


def test_hooked_layers_of_a_sequential_are_called_alone():
    net, seen = nn.Sequential(nn.Linear(2, 2), nn.ReLU()), []
    with net[0].register_forward_hook(lambda *_: seen.append(1)):
        net(ones(1, 2))
    net(ones(1, 2))
    assert seen == [1]


# --- what is saved --------------------------------------------------------------------------------


class Cube(tinydl.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x * x
        ctx.save_for_backward(x, y)
        return y * x

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * (2 * y + x * x)


def function_of_many_ops(x, w):
    y = (x @ w).tanh() * Cube.apply(x).tanh()
    y = (y * 1).exp_() * y
    return tinydl.cat([y, y.tanh()]).max(0)[0].sum()


def test_saved_tensors_are_packed_and_unpacked():
    x, w = (tinydl.randn(3, 3, dtype=tinydl.float64, requires_grad=True) for _ in range(2))
    kept = []

    def pack(x):
        kept.append(x.cpu().numpy().copy())
        return len(kept) - 1, x.device

    def unpack(packed):
        return tinydl.tensor(kept[packed[0]], device=packed[1])

    def second(f):
        grads = tinydl.autograd.grad(f(x, w), (x, w), create_graph=True)
        return [*grads, *tinydl.autograd.grad(sum(g.square().sum() for g in grads), (x, w))]

    plain = second(function_of_many_ops)
    with tinydl.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = function_of_many_ops(x, w)
    with tinydl.autograd.graph.save_on_cpu():
        z = function_of_many_ops(x, w)
    assert len(kept) >= 6
    for made in (y, z):
        found = second(lambda x, w, made=made: made)
        assert all(a.allclose(b, rtol=1e-12) for a, b in zip(plain, found, strict=True))


def test_unpacking_something_else_is_an_error():
    x = ones(2, requires_grad=True)
    with tinydl.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x.double()):
        y = x.exp().sum()
    with pytest.raises(TypeError, match=r"unpack_hook returned f64\[2\] on .*expected .*float32"):
        y.backward()


# --- modes ----------------------------------------------------------------------------------------


def test_decorators_with_and_without_parentheses():
    x = ones(2, requires_grad=True)

    @tinydl.no_grad
    def bare(x):
        return x * 2

    @tinydl.set_grad_enabled(False)
    def called(x):
        return x * 2

    @tinydl.inference_mode
    def inferred(x):
        return x * 2

    @tinydl.no_grad()
    def steps(x):
        for k in range(2):
            yield (x * k).requires_grad, (yield)

    assert not (bare(x).requires_grad or called(x).requires_grad or inferred(x).requires_grad)
    assert inferred(x).is_inference() and (x * 2).requires_grad
    generator = steps(x)
    next(generator)
    assert (x * 2).requires_grad and generator.send("sent") == (False, "sent")


class Keeping(tinydl.autograd.Function):
    @staticmethod
    def forward(ctx, w, y):
        ctx.save_for_backward(y)
        return w * y


def test_inference_mode():
    w = ones(2, requires_grad=True)
    with tinydl.inference_mode():
        y, view = w * 2, w[0]
        assert not y.requires_grad and tinydl.is_inference_mode_enabled()
        with tinydl.inference_mode(False):
            z = w * 2
            assert z.requires_grad and not z.is_inference()
        threads = []
        worker = threading.Thread(target=lambda: threads.append(ones(2).is_inference()))
        worker.start()
        worker.join()
    assert y.is_inference() and not view.is_inference() and threads == [False]
    with pytest.raises(RuntimeError, match=r"mul: its y was made in inference_mode.*clone\(\)"):
        _ = w * y
    with pytest.raises(RuntimeError, match=r"made in inference_mode; clone\(\) it first"):
        y.requires_grad_()
    assert (w + y).requires_grad  # nothing of y is kept
    with pytest.raises(RuntimeError, match="Keeping: its saved tensor 0 was made in inference"):
        Keeping.apply(w, y)
    (w * y.clone()).sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_numbers_used_first_in_inference_mode_are_ordinary():
    x = ones(2, requires_grad=True)
    with tinydl.inference_mode():
        _ = x * 1234.5
    (x * 1234.5).sum().backward()
    assert x.grad.tolist() == [1234.5, 1234.5]


def test_requires_grad_errors():
    x = ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"is no leaf; use \.detach\(\)"):
        (x * 2).requires_grad_(False)
    with pytest.raises(TypeError, match="not floating point"):
        tinydl.arange(3).requires_grad_()
    assert x._version == 0 and x.detach().add_(1)._version == 1
