"""Results do not depend on the number of threads; the pool survives fork and many callers.

What is about the CPU's pool runs there alone; what is about callers, on every device.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from functools import cache

import numpy as np
import pytest
from cases import CASES
from source import Source

import tinydl
from tinydl import backend, nn

BENCHES = [(c, label) for c in CASES for label in c.bench]
ISAS = backend.usable()


@pytest.fixture(autouse=True)
def threads_as_before():
    before = {isa: backend.load(isa).fn["threads"]() for isa in ISAS}
    yield
    for isa, n in before.items():
        backend.load(isa).fn["set_threads"](n)


def bits(result) -> list[bytes]:
    results = result if isinstance(result, tuple) else (result,)
    return [np.ascontiguousarray(y.detach().cpu().numpy()).tobytes() for y in results]


@cache
def arrays_of(case_id: int, label: str):
    return CASES[case_id].bench[label](Source.seeded("float32"))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("case, label", BENCHES, ids=[f"{c}-{n}".strip("-") for c, n in BENCHES])
def test_any_number_of_threads_gives_the_same_bits(case, label, isa):
    arrays, params = arrays_of(CASES.index(case), label)
    tensors = [None if x is None else tinydl.tensor(x, device=f"cpu:{isa}") for x in arrays]
    set_threads = backend.load(isa).fn["set_threads"]
    set_threads(1)
    expected = bits(case.run(*tensors, **params))
    for n in (2, 3, 7):
        set_threads(n)
        assert bits(case.run(*tensors, **params)) == expected, f"{n} threads differ from one"


def train(threads: int) -> bytes:
    """The parameters after a few steps of a small network, as bytes."""
    tinydl.set_num_threads(threads)
    tinydl.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(8 * 14 * 14, 10),
    )
    optimizer = tinydl.optim.Adam(model.parameters(), lr=0.01)
    x, target = tinydl.randn(32, 1, 28, 28), tinydl.randint(0, 10, (32,))
    for _ in range(3):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(model(x), target).backward()
        optimizer.step()
    return b"".join(p.detach().cpu().numpy().tobytes() for p in model.parameters())


def test_training_gives_the_same_bits(device):
    assert train(1) == train(2) == train(5)


# --- fork -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_after_the_pool_was_used_can_use_it():
    """And its parent goes on using it: three times, nested."""
    tinydl.set_num_threads(3)
    x = tinydl.randn(300, 300)
    expected = bits(x @ x)
    for _ in range(3):
        child = os.fork()
        if child == 0:  # the child answers by its exit status, and never hangs
            signal.alarm(20)
            try:
                same = bits(x @ x) == expected
                grandchild = os.fork()
                if grandchild == 0:
                    os._exit(0 if bits(x @ x) == expected else 1)
                same = same and os.waitpid(grandchild, 0)[1] == 0 and bits(x @ x) == expected
                os._exit(0 if same else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        assert bits(x @ x) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_fork_while_other_threads_are_inside_the_pool():
    script = """
        import os, signal, threading
        import tinydl
        tinydl.set_num_threads(2)
        x = tinydl.randn(200, 200)
        stop = threading.Event()
        def work():
            while not stop.is_set():
                x @ x
        threads = [threading.Thread(target=work) for _ in range(2)]
        for t in threads: t.start()
        for _ in range(10):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                x @ x
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for t in threads: t.join()
        print("done")
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.strip() == "done", done.stderr


# --- many callers ---------------------------------------------------------------------------------


def test_calls_from_several_python_threads_at_once(device):
    tinydl.set_num_threads(2)
    inputs = [tinydl.randn(64, 8 * (i + 1), requires_grad=True) for i in range(6)]
    weights = [tinydl.randn(32, 8 * (i + 1)) for i in range(6)]

    def work(i: int) -> list[bytes]:
        y = nn.functional.linear(inputs[i], weights[i]).tanh().softmax(1)
        return bits(tinydl.autograd.grad((y * y).sum(), inputs[i]))

    expected = [work(i) for i in range(6)]
    wrong = []

    def many(i: int) -> None:
        for _ in range(30):
            if work(i) != expected[i]:
                wrong.append(i)

    threads = [threading.Thread(target=many, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_errors_belong_to_the_thread_that_made_them():
    x = tinydl.randn(4, 3)
    caught = {}

    def fail(label: int) -> None:
        target = tinydl.full((4,), label)
        for _ in range(50):
            try:
                nn.functional.cross_entropy(x, target)
            except IndexError as error:
                caught.setdefault(label, set()).add(f"target {label}" in str(error))

    threads = [threading.Thread(target=fail, args=(label,)) for label in (7, 8, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caught == {7: {True}, 8: {True}, 9: {True}}


def test_the_number_of_threads_is_checked():
    with pytest.raises(ValueError, match="set_threads: expected 1 to 1024, got 0"):
        tinydl.set_num_threads(0)
    for n in (96, 3):  # 96 is what os.cpu_count() says of many servers
        tinydl.set_num_threads(n)
        assert tinydl.get_num_threads() == n
