"""tinydl.compile: what a step may not do, and what it may be given and return."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
import pytest
from devices import CPU_ONLY, EVERY_DEVICE, NEEDS_CUDA
from training import Training, batches

import tinydl
from tinydl.nn.functional import cross_entropy

pytestmark = EVERY_DEVICE


# --- what a step may not do -----------------------------------------------------------------------


def _reads(x):
    return (x * 2).sum().item()


def _writes(x):
    return x + tinydl.tensor([1.25, 2.5])


def _copies(x):
    other = "cpu" if x.is_cuda else "cpu:base"
    return x + x.to(other).to(x.device)


def _differentiable(x):
    return (x * tinydl.ones(2, requires_grad=True)).sum()


class _Counting(tinydl.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("n", tinydl.zeros(1))

    def forward(self, x):
        self.n = self.n + 1
        return x


def _takes_another_buffer(x):
    return _Counting().to(x.device)(x)


def _nests(x):
    inner = tinydl.compile(lambda x: x + 1, warmup=1)
    inner(x)
    return inner(x)


@pytest.mark.parametrize(
    "step", [_reads, _writes, _copies, _differentiable, _takes_another_buffer, _nests]
)
def test_a_step_that_cannot_be_recorded_is_an_error(step):
    graphed = tinydl.compile(step, warmup=1)
    x = tinydl.ones(2)
    graphed(x)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="recorded|differentiated"):
            graphed(x)
    assert (x + 1).tolist() == [2, 2], "the device goes on"


def test_other_threads_go_on_while_a_step_is_recorded():
    seen = []

    def aside():
        seen.append((tinydl.ones(3) + tinydl.rand(3)).sum().item())

    def step(x):
        thread = threading.Thread(target=aside)
        thread.start()
        thread.join()
        return x + 1

    graphed = tinydl.compile(step, warmup=1)
    for i in range(4):
        assert graphed(tinydl.full((2,), float(i))).tolist() == [i + 1] * 2
    assert len(seen) == 2 and all(3 <= s < 6 for s in seen)


class _Batch:
    def __init__(self):
        self.x = tinydl.ones(2)


def test_arguments():
    compiled = tinydl.compile(lambda *args: args[0])
    with pytest.raises(TypeError, match=r"f32\[2\], requires a gradient; pass x.detach\(\)"):
        compiled(tinydl.ones(2, requires_grad=True))
    with pytest.raises(TypeError, match="arguments are tensors, numbers or strings"):
        compiled(tinydl.ones(2), np.ones(2))
    held, batch = tinydl.compile(lambda batch: batch.x), _Batch()
    held(batch)
    with pytest.raises(TypeError, match="other tensors in a _Batch; pass x as arguments"):
        held(batch)
    with pytest.raises(ValueError, match="warmup must be at least 1"):
        tinydl.compile(lambda: None, warmup=0)


def test_arguments_by_name_and_in_named_tuples():
    class Batch(NamedTuple):
        x: tinydl.Tensor
        y: tinydl.Tensor

    compiled = tinydl.compile(lambda batch, scale=1: Batch(batch.x * scale, batch.y))
    for i in range(4):
        out = compiled(Batch(tinydl.full((1,), i), tinydl.ones(1)), scale=2)
        assert type(out) is Batch and out.x.item() == 2 * i and out.y.item() == 1


def test_arguments_that_the_step_writes_to():
    cache = tinydl.zeros(3)
    fill = tinydl.compile(lambda cache, x: cache[1:].add_(x))
    for i in range(1, 5):
        assert fill(cache, tinydl.ones(1)).tolist() == [i, i]
        assert cache.tolist() == [0, i, i]


@NEEDS_CUDA
@CPU_ONLY  # and beside it CUDA
def test_arguments_are_on_one_device():
    x, y = tinydl.ones(2), tinydl.ones(2, device="cuda")
    with pytest.raises(ValueError, match=r"tensor 1 of the arguments, f32\[2\], is on cuda"):
        tinydl.compile(lambda x, y: x)(x, y)
    with pytest.raises(TypeError, match=r"tensor 0 of the arguments, f32\[2\], is not on cuda"):
        tinydl.cuda.graph(lambda x: x)(x)
    compiled = tinydl.compile(lambda x: x + 1)
    for _ in range(4):  # each device has a recording of its own
        assert compiled(x).tolist() == compiled(y).tolist() == [2, 2]


@CPU_ONLY  # a graph of CUDA's runs no such code
def test_models_and_what_they_return():
    training = Training()
    x = batches(1)[0][0]
    with tinydl.no_grad():
        model = tinydl.compile(training.model.eval())
        expected = training.model(x).tolist()
        assert [model(x).tolist() for _ in range(3)] == [expected] * 3
    with pytest.raises(RuntimeError, match="returns f32.*call backward.. in the step, or run it"):
        for _ in range(2):
            model(x)


def test_an_error_in_a_replay_is_told():
    losses = tinydl.compile(lambda x, y: cross_entropy(x, y))
    x = tinydl.zeros(2, 3)
    for label in (1, 2, 0):
        assert losses(x, tinydl.tensor([0, label])).item() == pytest.approx(np.log(3), rel=1e-6)
    with pytest.raises(IndexError, match="cross_entropy: target 3 at row 1 is outside 0…2"):
        losses(x, tinydl.tensor([0, 3])).item()
    assert losses(x, tinydl.tensor([0, 2])).item() == pytest.approx(np.log(3), rel=1e-6)


def test_equal_numbers_of_other_types_are_other_steps():
    q = tinydl.arange(3)
    times = tinydl.compile(lambda x, n: x * n)
    for n in (1, 1, 1.0, 1.0, True, True):
        assert times(q, n).dtype is (q * n).dtype


def test_a_step_that_is_fused_is_not_replayed_where_fusion_is_off():
    net, x = tinydl.nn.Sequential(tinydl.nn.Linear(2, 2), tinydl.nn.ReLU()), tinydl.ones(1, 2)
    step = tinydl.compile(lambda x: net(x).detach())
    step(x), step(x)
    with tinydl.nn.fusion(False):
        step(x), step(x)
    assert len(step._recorded) == 2
