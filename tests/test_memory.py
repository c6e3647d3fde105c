"""Memory comes back at once, without the cycle collector, and every piece is counted."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from devices import CPU_ONLY, EVERY_DEVICE, live

import tinydl
from tinydl import nn, optim
from tinydl.storage import round_up

pytestmark = EVERY_DEVICE


@pytest.fixture(autouse=True)
def without_the_cycle_collector(device):
    tinydl.ones(1)  # the first tensor of a device makes its statistics
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def grows(work) -> int:
    """Bytes that are live after a second run of some work and were not before it.

    The first run makes what is made once, such as the constants of formulas.
    """
    work()
    before = live()
    work()
    return live() - before


def small_net() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(64, 10),
    )


# --- graphs ---------------------------------------------------------------------------------------


def test_a_graph_goes_with_its_last_tensor():
    x = tinydl.ones(4, requires_grad=True)
    y = (x.exp() * x).tanh().sum()
    nodes = [weakref.ref(y.grad_fn.edges[0][0].saved["out"].storage), weakref.ref(y)]
    del y
    assert [node() for node in nodes] == [None, None]


def test_backward_frees_what_it_no_longer_needs():
    x = tinydl.ones(1000, requires_grad=True)
    x.sum().backward()
    before = live()
    y = x.exp().tanh().sigmoid().sum()
    held = live()
    y.backward()
    assert held - before >= 3 * 4000
    assert live() - before == round_up(4)  # y, though its graph is still there


def test_hooks_retained_gradients_and_double_backward_make_no_cycles():
    def work():
        x = tinydl.ones(100, dtype=tinydl.float64, requires_grad=True)
        y = x**3
        y.retain_grad()
        y.register_hook(lambda g: g * 2)
        (g,) = tinydl.autograd.grad(y.sum(), x, create_graph=True)
        g.sum().backward()

    assert grows(work) == 0


def test_create_graph_through_backward_is_freed_with_the_gradient():
    def work():
        x = tinydl.ones(100, requires_grad=True)
        (x * x).sum().backward(create_graph=True)
        x.grad = None  # x.grad → graph → x is a cycle only the user can make

    assert grows(work) == 0


def test_inplace_makes_no_cycles():
    def work():
        x = tinydl.ones(100, requires_grad=True)
        y = x * 1
        y *= y
        y[3] = 0.0
        y.exp_()
        y.sum().backward()

    assert grows(work) == 0


def test_an_error_in_backward_keeps_nothing():
    def work():
        x = tinydl.ones(100, requires_grad=True)
        a = x * 1
        y = (a * a).sum()
        a += 1
        with pytest.raises(RuntimeError):
            y.backward()

    assert grows(work) == 0


# --- training -------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", [optim.SGD, optim.Adam])
def test_live_bytes_return_after_a_training_step(optimizer):
    def train():
        model, loss_fn = small_net(), nn.CrossEntropyLoss()
        steps = optimizer(model.parameters(), lr=0.01)
        x, target = tinydl.randn(8, 1, 8, 8), tinydl.randint(0, 10, (8,))

        def step():
            steps.zero_grad()
            loss_fn(model(x), target).backward()
            steps.step()

        assert grows(step) == 0

    assert grows(train) == 0


def test_a_training_step_allocates_nothing_new(device):
    """From the second step on, every piece comes from the free list."""
    model, loss_fn = small_net(), nn.CrossEntropyLoss()
    x, target = tinydl.randn(8, 1, 8, 8), tinydl.randint(0, 10, (8,))
    backend = tinydl.device(device).backend

    def step():
        model.zero_grad()
        loss_fn(model(x), target).backward()

    step()
    step()
    calls, allocate = [], backend.fn["alloc"]
    backend.fn["alloc"] = lambda *arguments: calls.append(1) or allocate(*arguments)
    try:
        step()
    finally:
        backend.fn["alloc"] = allocate
    assert calls == []


def test_evaluation_keeps_no_graph():
    model = small_net().eval()
    x = tinydl.randn(8, 1, 8, 8)
    with tinydl.no_grad():
        model(x)
        before = live()
        y = model(x)
    assert live() - before == round_up(8 * 10 * 4) and y.grad_fn is None


# --- pieces ---------------------------------------------------------------------------------------


def test_views_keep_memory_alive_and_only_they():
    before = live()
    x = tinydl.zeros(1000)
    view = x[10:20]
    del x
    assert live() - before == round_up(4000)
    assert view.tolist() == [0.0] * 10
    del view
    assert live() == before


@CPU_ONLY  # only its memory is shared with NumPy
def test_numpy_views_keep_memory_alive():
    a = tinydl.arange(1000.0).numpy()
    tinydl.zeros(1000)
    gc.collect()
    np.testing.assert_array_equal(a, np.arange(1000, dtype=np.float32))


@CPU_ONLY
def test_from_numpy_shares_and_keeps_the_array():
    a = np.arange(4.0)
    x = tinydl.from_numpy(a)
    a[0] = 7
    assert x[0].item() == 7
    x += 1
    assert a.tolist() == [8, 2, 3, 4]
    del a
    assert x.tolist() == [8, 2, 3, 4]


def test_pieces_are_used_again():
    x = tinydl.empty(123)
    address = x.data_ptr()
    del x
    y = tinydl.empty(125)  # the same size class
    assert y.data_ptr() == address


def test_pieces_are_aligned_for_every_vector():
    kept = [tinydl.empty(n) for n in (0, 1, 3, 100, 5000)]
    assert all(x.data_ptr() % 64 == 0 for x in kept)


def test_size_classes_waste_at_most_an_eighth():
    sizes = [*range(0, 5000, 7), *(int(1.1**k) for k in range(80, 250))]
    for nbytes in sizes:
        assert nbytes <= round_up(nbytes) <= max(nbytes * 9 / 8 + 1, nbytes + 64)


def test_empty_cache_and_statistics(device):
    name = tinydl.device(device).backend.name
    x = tinydl.zeros(100_000)
    peak = tinydl.memory_stats()[name]["peak"]
    assert peak >= tinydl.memory_stats()[name]["live"] >= x.numel() * 4
    del x
    assert tinydl.memory_stats()[name]["cached"] >= 400_000
    tinydl.empty_cache()
    assert tinydl.memory_stats()[name]["cached"] == 0
    assert name in tinydl.memory_summary() and "peak" in tinydl.memory_summary()


def test_out_of_memory_says_how_much_was_asked_for(device):
    kept = tinydl.ones(1000)
    with pytest.raises(MemoryError) as caught:
        tinydl.empty(10**9, 10**9)
    message, name = str(caught.value), tinydl.device(device).backend.name
    assert f"out of memory on {name}: asked for 4,000,000,000,000,000,000 bytes" in message
    assert live() >= kept.numel() * 4 and f"{live():,} bytes are in use" in message
    assert f"{tinydl.memory_stats()[name]['cached']:,} are kept" in message
    assert tinydl.ones(2).sum().item() == 2  # life goes on


def test_when_memory_is_out_the_cache_is_emptied_first(monkeypatch, device):
    backend = tinydl.device(device).backend
    tinydl.zeros(1000)  # something to give back
    allocate, calls = backend.fn["alloc"], []

    def scarce(out, size):
        calls.append(size)
        return 4 if len(calls) == 1 else allocate(out, size)

    monkeypatch.setitem(backend.fn, "alloc", scarce)
    x = tinydl.zeros(777_777)
    assert len(calls) == 2 and calls[0] == calls[1] and x.numel() == 777_777
