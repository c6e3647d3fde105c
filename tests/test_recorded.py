"""tinydl.compile: a replayed step does, bit by bit, what the step does.

On CUDA the recording is a graph of the driver's; what only that does is in test_cuda_graphs.
"""

from __future__ import annotations

import gc

import numpy as np
import pytest
from devices import EVERY_DEVICE, live
from training import OPTIMIZERS, Training, batches

import tinydl
from tinydl import array
from tinydl.nn.functional import cross_entropy, dropout

pytestmark = EVERY_DEVICE


def assert_equal(one: list, other: list) -> None:
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a, b), (a, b)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_replayed_training_is_the_training(optimizer):
    """Dropout, the optimizer's step and a learning rate that falls go on from replay to replay."""

    def losses(graphed: bool) -> list:
        training = Training(optimizer)
        step = tinydl.compile(training.step) if graphed else training.step
        curve = []
        for i, batch in enumerate(batches(8)):
            training.optimizer.param_groups[0]["lr"] = 0.05 / (1 + i)
            curve.append(step(*batch))
        return [x.item() for x in curve] + training.state()

    assert_equal(losses(graphed=True), losses(graphed=False))


def test_other_shapes_and_values_are_recorded_anew():
    runs = []

    def step(x, scale=1, parts=()):
        runs.append(x.shape)
        return {"y": x * scale, "sums": [x.sum(), *(part + 1 for part in parts)]}

    graphed = tinydl.compile(step, warmup=1)
    small, large = tinydl.ones(2), tinydl.ones(3)
    for value in range(4):
        for x in (small, large):
            x.fill_(value)
            out = graphed(x, 3, (x,))
            assert out["y"].tolist() == [3 * value] * len(x)
            assert [s.tolist() for s in out["sums"]] == [value * len(x), [value + 1] * len(x)]
        assert graphed(small, 5)["y"].tolist() == [5 * value] * 2
    assert sorted(runs) == [(2,)] * 4 + [(3,)] * 2  # each once as it is, and once to record it
    with tinydl.no_grad():
        graphed(small, 5)
    assert len(runs) == 7, "without gradients it is another step"


def test_modes_frozen_and_moved_parameters_are_recorded_anew():
    training = Training("sgd")
    runs, model = [], training.model

    def step(x, y):
        runs.append(model.training)
        training.optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        training.optimizer.step()
        return loss

    compiled, (batch,) = tinydl.compile(step), batches(1)
    for _ in range(3):
        compiled(*batch)
    model.eval()
    for _ in range(2):
        compiled(*batch)
    assert runs == [True, True, False]
    model.train()
    compiled(*batch)
    assert len(runs) == 3, "the first recording fits again"
    frozen = model[0].weight.requires_grad_(False)
    before = frozen.tolist()
    for _ in range(2):
        compiled(*batch)
    assert len(runs) == 4 and frozen.tolist() == before
    frozen.requires_grad_(True)
    compiled(*batch)
    assert len(runs) == 4 and frozen.tolist() != before
    model[5].bias.data = model[5].bias.detach().clone()
    for _ in range(2):
        compiled(*batch)
    assert len(runs) == 5


def test_results_are_kept_when_the_graph_runs_again():
    double = tinydl.compile(lambda x: x * 2, warmup=1)
    results = [double(tinydl.full((2,), float(i))) for i in range(5)]
    assert [y.tolist() for y in results] == [[2.0 * i] * 2 for i in range(5)]


def test_memory_of_a_graph_is_its_own():
    """What is made between replays does not disturb it, nor do constants that are forgotten."""
    training = Training()
    step = tinydl.compile(training.step, warmup=1)
    for batch in batches(3):
        step(*batch)
    step(*batches(1)[0])
    array._scalar.cache_clear()
    gc.collect()
    junk = [tinydl.full((n,), float("nan")) for n in range(1, 300)]
    for batch in batches(4):
        step(*batch)
    assert not any(np.isnan(x).any() for x in training.state()[:4])
    assert all(np.isnan(x.sum().item()) for x in junk[::50])


def test_memory_returns_with_the_graph():
    training = Training()
    for batch in batches(2):
        training.step(*batch)
    training.optimizer.zero_grad()
    del batch
    before = live()
    step = tinydl.compile(training.step, warmup=1)
    for batch in batches(3):
        step(*batch)
    assert live() > before
    training.optimizer.zero_grad()
    del step, batch
    assert live() == before


def test_seeding_between_replays():
    noisy = tinydl.compile(lambda x: dropout(x, 0.5) + tinydl.rand(8), warmup=1)
    x = tinydl.ones(8)
    drawn = []
    for _ in range(4):
        tinydl.manual_seed(3)
        drawn.append(noisy(x).tolist() + noisy(x).tolist())
    assert drawn[0] == drawn[1] == drawn[2] == drawn[3]
    assert drawn[0][:8] != drawn[0][8:]
    own = tinydl.Generator().manual_seed(3)
    draw = tinydl.compile(lambda: tinydl.randn(4, generator=own), warmup=1)
    values = [draw().tolist() for _ in range(4)]
    own.manual_seed(3)
    again = [tinydl.randn(4, generator=own).tolist() for _ in range(4)]
    assert values == again


def test_loading_a_state_goes_on_from_there():
    def run(graphed: bool) -> list:
        training = Training()
        step = tinydl.compile(training.step, warmup=1) if graphed else training.step
        data = batches(6)
        for batch in data[:2]:
            step(*batch)
        saved = {
            "model": {k: v.clone() for k, v in training.model.state_dict().items()},
            "optimizer": training.optimizer.state_dict(),
        }
        saved["optimizer"]["state"] = {
            i: {k: v.clone() if isinstance(v, tinydl.Tensor) else v for k, v in state.items()}
            for i, state in saved["optimizer"]["state"].items()
        }
        for batch in data[2:4]:
            step(*batch)
        training.model.load_state_dict(saved["model"])
        training.optimizer.load_state_dict(saved["optimizer"])
        for batch in data[4:]:
            step(*batch)
        return training.state()

    assert_equal(run(graphed=True), run(graphed=False))


def _thaw(net, optimizer, saved):
    net[0].requires_grad_(True)


def _other_parameters(net, optimizer, saved):
    optimizer.add_param_group({"params": net[1].parameters()})


def _momentum(net, optimizer, saved):
    optimizer.param_groups[0]["momentum"] = 0.9


def _amsgrad(net, optimizer, saved):
    optimizer.param_groups[0]["amsgrad"] = True


def _from_the_start(net, optimizer, saved):
    optimizer.load_state_dict(saved)


SGD = tinydl.optim.SGD
ADAM = tinydl.optim.Adam


@pytest.mark.parametrize(
    ("kind", "options", "change"),
    [
        (SGD, {"momentum": 0.9}, _thaw),
        (SGD, {}, _momentum),
        (SGD, {"momentum": 0.9}, _from_the_start),
        (SGD, {"momentum": 0.9}, _other_parameters),
        (ADAM, {}, _thaw),
        (ADAM, {}, _amsgrad),
        (ADAM, {}, _from_the_start),
    ],
)
def test_an_optimizer_whose_state_is_another_is_recorded_anew(kind, options, change):
    def run(compiled: bool) -> list:
        tinydl.manual_seed(0)
        net = tinydl.nn.Sequential(tinydl.nn.Linear(3, 3), tinydl.nn.Linear(3, 2))
        net.to(tinydl.zeros(()).device)
        net[0].requires_grad_(change is not _thaw)
        trained = net[0] if change is _other_parameters else net
        optimizer = kind(trained.parameters(), lr=0.1, **options)
        saved = optimizer.state_dict()

        def step(x):
            optimizer.zero_grad()
            loss = net(x).square().sum()
            loss.backward()
            optimizer.step()
            return loss

        step = tinydl.compile(step) if compiled else step
        losses = []
        for i in range(9):
            if i == 4:
                change(net, optimizer, saved)
            losses.append(step(tinydl.ones(2, 3)).item())
        return losses

    assert run(compiled=True) == run(compiled=False)


def test_a_recorded_optimizer_wants_its_gradients_where_they_were():
    w = tinydl.ones(2, requires_grad=True)
    optimizer = tinydl.optim.SGD([w], lr=0.5)
    step = tinydl.compile(optimizer.step)
    for _ in range(4):
        optimizer.zero_grad(set_to_none=False)
        (w * 2).sum().backward()
        step()
    assert w.tolist() == [-3, -3]
    w.grad = tinydl.ones(2)
    with pytest.raises(RuntimeError, match="uses the gradient that .* is another tensor now"):
        step()


# --- gradients ------------------------------------------------------------------------------------


def test_gradients_are_there_after_a_replay():
    w = tinydl.ones(2, requires_grad=True)

    def step(x):
        (w * x).sum().backward()

    graphed = tinydl.compile(step, warmup=1)
    for i in range(4):
        w.grad = None
        graphed(tinydl.full((2,), float(i)))
        assert w.grad.tolist() == [i, i]


def test_gradients_that_add_up():
    w = tinydl.ones(2, requires_grad=True)

    def step(x):
        (w * x).sum().backward()

    graphed = tinydl.compile(step, warmup=1)
    x = tinydl.ones(2)
    for i in range(1, 5):
        graphed(x)
        assert w.grad.tolist() == [i, i]
    w.grad = None
    with pytest.raises(RuntimeError, match=r"uses the gradient that f32\[2\] had .*zero_grad"):
        graphed(x)


def test_a_replay_counts_as_a_write():
    w = tinydl.ones(2, requires_grad=True)

    def double():
        with tinydl.no_grad():
            w.mul_(2)

    graphed = tinydl.compile(double, warmup=1)
    graphed()
    graphed()
    y = (w * w).sum()
    graphed()
    with pytest.raises(RuntimeError, match="modified|changed|written"):
        y.backward()
