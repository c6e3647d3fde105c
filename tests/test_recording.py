"""What is recorded and when: no_grad, set_grad_enabled, threads, integers, detach."""

import threading

import pytest
from devices import EVERY_DEVICE
from leaves import leaf

import tinydl
from tinydl.op import OPS

pytestmark = EVERY_DEVICE


def test_only_what_needs_a_gradient_is_recorded():
    x, c = leaf(1.0, 2.0), tinydl.tensor([3.0, 4.0])
    assert (c * c).grad_fn is None and not (c * c).requires_grad
    y = x * c
    assert y.requires_grad and not y.is_leaf and y.grad_fn.op is OPS["mul"]
    assert x.is_leaf and x.grad_fn is None
    assert not (x > 1).requires_grad


@pytest.mark.parametrize("off", [tinydl.no_grad, lambda: tinydl.set_grad_enabled(False)])
def test_no_grad(off):
    x = leaf(1.0)
    with off():
        assert not tinydl.is_grad_enabled()
        assert not (x * 2).requires_grad
        with tinydl.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert tinydl.is_grad_enabled() and (x * 2).requires_grad


def test_no_grad_ends_with_an_exception():
    with pytest.raises(KeyError), tinydl.no_grad():
        raise KeyError
    assert tinydl.is_grad_enabled()


def test_no_grad_as_a_decorator():
    @tinydl.no_grad()
    def double(x):
        """Twice x."""
        return x * 2

    assert not double(leaf(1.0)).requires_grad
    assert double.__name__ == "double" and double.__doc__ == "Twice x."


def test_recording_is_a_matter_of_each_thread():
    seen = []
    with tinydl.no_grad():
        thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_integers_do_not_require_gradients():
    with pytest.raises(TypeError, match=r"requires_grad_: i64\[1\] is not floating point"):
        tinydl.tensor([1], requires_grad=True)
    assert not leaf(1.5, 2.5).long().requires_grad


def test_detach_shares_memory_but_no_graph():
    x = leaf(1.0, 2.0)
    y = (x * 2).detach()
    assert not y.requires_grad and y.is_leaf
    d = x.detach()
    with tinydl.no_grad():
        d[0] = 5.0
    assert x.tolist() == [5.0, 2.0]


def test_set_grad_enabled_as_a_statement():
    x = tinydl.ones(1, requires_grad=True)
    try:
        tinydl.set_grad_enabled(False)
        assert not (x * 2).requires_grad
    finally:
        tinydl.set_grad_enabled(True)
    assert (x * 2).requires_grad

    @tinydl.set_grad_enabled(False)
    def double(x):
        return x * 2

    assert tinydl.is_grad_enabled()  # the function is meant, not the code around it
    assert not double(x).requires_grad


def test_detach_in_place():
    x = tinydl.ones(2, requires_grad=True)
    y = x * 2
    (y * 3).sum().backward()
    assert y.detach_() is y and y.is_leaf and not y.requires_grad
    assert x.grad.tolist() == [6, 6]
    with pytest.raises(RuntimeError, match=r"detach_: f32\[\] is a view"):
        (x * 2)[0].detach_()
