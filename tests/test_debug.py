"""What helps to find mistakes: NaN's origin, anomaly mode, live graphs, and warnings of what is
nearly always one. Each warning comes once and not where the same code is right."""

from __future__ import annotations

import gc
import warnings

import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl import autograd, growth, nn, optim
from tinydl.device import default
from tinydl.nn import functional as F
from tinydl.ops import check

pytestmark = EVERY_DEVICE


@pytest.fixture(autouse=True)
def told_nothing_yet():
    """Warnings that come once for each line come again for each device."""
    growth._sums.clear()
    check._warned.clear()


def lines(caught) -> str:
    return str(caught.value)


@pytest.fixture
def quiet():
    """No warning may come."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# --- NaN ------------------------------------------------------------------------------------------


def test_the_first_nan_of_a_forward():
    x = tinydl.tensor([1.0, -2.0, 4.0], requires_grad=True)
    with pytest.raises(FloatingPointError) as caught, tinydl.debug.nan():
        y = x * 2
        y = y.sqrt()
        y.sum().backward()
    text = lines(caught)
    assert text.startswith("sqrt made NaN in the forward: 1 of 3 elements, the first at [1]")
    assert f"{__file__}:" in text and "y = y.sqrt()" in text
    assert "x f32[3]: from -4 to 8" in text
    assert (x * -1).sqrt().isnan().any()  # and afterwards nobody looks


def test_the_first_nan_of_a_backward():
    x = tinydl.tensor([0.0, 4.0], requires_grad=True)
    with pytest.raises(FloatingPointError) as caught, tinydl.debug.nan(inf=False):
        y = x.sqrt()
        tinydl.where(x > 0, y, 0.0).sum().backward()
    text = lines(caught)
    assert "made NaN in the backward of sqrt: 1 of 2 elements, the first at [0]" in text
    assert "forward at" in text and "y = x.sqrt()" in text and ".sum().backward()" in text


def test_nan_in_what_was_given():
    x = tinydl.tensor([[1.0, float("nan")]])
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with pytest.raises(FloatingPointError) as caught, tinydl.debug.nan():
        net(x)
    assert lines(caught).startswith("linear has NaN because its x has")
    assert "x f32[1,2]: from 1 to 1, 1 NaN" in lines(caught) and "in the data" in lines(caught)


def test_infinities_and_masks():
    x = tinydl.tensor([0.0, 1.0])
    with tinydl.debug.nan(inf=False):
        x.log()
    with pytest.raises(FloatingPointError, match="log made an infinity"), tinydl.debug.nan():
        x.log()
    with tinydl.debug.nan():  # an infinity that was given is meant
        assert tinydl.where(x > 0, x, -float("inf")).softmax(0).tolist() == [0, 1]


def test_in_place_and_half_precision():
    x = tinydl.tensor([-1.0, 1.0])
    with pytest.raises(FloatingPointError) as caught, tinydl.debug.nan():
        x.div_(tinydl.zeros(2))
    assert "x f32[2]: from -1 to 1" in lines(caught)
    with pytest.raises(FloatingPointError, match="made an infinity"), tinydl.debug.nan():
        _ = tinydl.tensor([60000.0], dtype=tinydl.float16) * 2


def test_anomaly_mode_names_the_forward():
    x = tinydl.tensor([0.0, 1.0], requires_grad=True)
    y = x.sqrt()
    z = tinydl.where(x > 0, y, 0.0).sum()
    z.backward(retain_graph=True)  # nobody looks
    with autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        assert tinydl.is_anomaly_enabled()
        z.backward(retain_graph=True)
    text = lines(caught)
    assert "backward of sqrt returned NaN as the gradient of its input x, f32[2]" in text
    assert "y = x.sqrt()" in text and not tinydl.is_anomaly_enabled()
    with autograd.detect_anomaly(check_nan=False):
        z.backward()
    assert x.grad.isnan().any()


def test_anomaly_mode_adds_the_forward_to_other_errors():
    class Wrong(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise ZeroDivisionError("oh")

    y = Wrong.apply(tinydl.ones(1, requires_grad=True))
    with autograd.set_detect_anomaly(True), pytest.raises(ZeroDivisionError) as caught:
        y.backward()
    assert "oh\n  recorded at" in lines(caught) and "y = Wrong.apply" in lines(caught)


def test_safe_where_against_where():
    def gradient(f):
        x = tinydl.tensor([0.0, 4.0], dtype=tinydl.float64, requires_grad=True)
        f(x).sum().backward()
        return x.grad.tolist()

    root = lambda x: tinydl.safe_where(x > 0, tinydl.sqrt, x)  # noqa: E731
    assert gradient(root) == [0, 0.25]
    assert gradient(lambda x: tinydl.where(x > 0, x.sqrt(), 0.0))[0] != 0  # NaN: the trap
    assert gradient(lambda x: x[x > 0].sqrt()) == [0, 0.25]  # indexing has no other branch
    y = tinydl.safe_where(tinydl.tensor([True, False]), tinydl.log, tinydl.tensor([1.0, 0.0]), -1.0)
    assert y.tolist() == [0, -1]


# --- graphs that live too long --------------------------------------------------------------------


def test_a_value_carried_from_an_earlier_step():
    w = tinydl.ones(3, requires_grad=True)
    h = tinydl.zeros(3)
    with pytest.raises(RuntimeError) as caught:
        for _ in range(2):
            h = (h + w).tanh()
            loss = (h * w).sum()
            loss.backward()
    text = lines(caught)
    assert "backward through tanh a second time" in text
    assert "freed at" in text and "loss.backward()" in text
    assert "its output f32[3] was used by add at" in text and "h = (h + w).tanh()" in text
    assert "comes from an earlier step" in text and ".detach()" in text


def test_two_losses_that_share_a_trunk():
    w = tinydl.ones(3, requires_grad=True)
    trunk = w.tanh()
    first, second = trunk.sum(), (trunk * 2).sum()
    first.backward()
    with pytest.raises(RuntimeError, match=r"used by mul .*[\s\S]*add up the losses") as caught:
        second.backward()
    assert "earlier step" not in lines(caught)


def training(total):
    """60 steps whose losses are added up by total(so_far, loss)."""
    w, so_far = tinydl.ones(3, requires_grad=True), 0.0
    for _ in range(60):
        loss = (w * w).sum()
        loss.backward()
        so_far = total(so_far, loss)
    return so_far


def plus(so_far, loss):
    return so_far + loss


def plus_equals(so_far, loss):
    so_far += loss
    return so_far


@pytest.mark.parametrize("total", [plus, plus_equals])
def test_a_sum_of_losses_that_keeps_their_graphs(total):
    with pytest.warns(UserWarning, match=r"grows by a graph each time .*so_far.*loss\.item\(\)"):
        training(total)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        training(total)  # told once


def test_a_sum_of_losses_in_evaluation():
    w, total = tinydl.ones(3, requires_grad=True), 0.0
    with pytest.warns(UserWarning, match=r"no_grad\(\)"):
        for _ in range(1100):
            total += (w * w).sum()


def test_sums_that_are_right(quiet):
    training(lambda so_far, loss: so_far + loss.item())
    training(lambda so_far, loss: so_far + loss.detach())
    w = tinydl.ones(3, requires_grad=True)
    for _ in range(60):  # a loss of many terms, anew in each step
        loss = (w * w).sum()
        for _ in range(20):
            loss = loss + (w * w).sum()
        loss.backward()


def test_live_graphs_by_line():
    x = tinydl.ones(1000, requires_grad=True)
    gc.collect()
    y = x.exp().exp()
    report = tinydl.memory.report()
    (row,) = [line for line in report.splitlines() if "y = x.exp().exp()" in line]
    nbytes, *words = row.split()
    assert words[:3] == ["bytes", "2", "calls"] and row.endswith("(exp)")
    assert 8000 <= int(nbytes.replace(",", "")) < 9000
    y.sum().backward()
    (row,) = [line for line in tinydl.memory.report().splitlines() if "y = x.exp().exp()" in line]
    assert row.split()[0] == "0"
    del y
    assert "y = x.exp().exp()" not in tinydl.memory.report()


def test_memory_of_a_step_is_stable_over_a_thousand():
    tinydl.manual_seed(0)
    net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 4))
    optimizer = optim.Adam(net.parameters(), lr=1e-3)
    x, target = tinydl.randn(8, 16), tinydl.randint(0, 4, (8,))
    stats = default().backend.memory.stats

    def step():
        optimizer.zero_grad()
        F.cross_entropy(net(x), target).backward()
        optimizer.step()

    peaks = []
    gc.disable()
    try:
        for _ in range(4):
            step()
        for _ in range(10):
            stats.peak = stats.live
            for _ in range(100 if default().backend.is_cpu else 10):
                step()
            peaks.append((stats.live, stats.peak))
    finally:
        gc.enable()
    print(f"a step's peak: {peaks[0][1]:,} bytes, {peaks[0][0]:,} of them between steps")
    assert len(set(peaks)) == 1


# --- training loops -------------------------------------------------------------------------------


def loop(zero_grad, steps=2, **declared):
    p = tinydl.ones(2, requires_grad=True)
    optimizer = optim.SGD([p], lr=0.1)
    for _ in range(steps):
        zero_grad(optimizer)
        (p * p).sum().backward()
        optimizer.step(**declared)


def test_a_forgotten_zero_grad():
    with pytest.warns(UserWarning, match=r"SGD\.step: the gradient of f32\[2\] is a sum") as caught:
        loop(lambda optimizer: None, steps=5)
    assert len(caught) == 1 and "(p * p).sum().backward()" in str(caught[0].message)
    assert "accumulate=True" in str(caught[0].message)


def test_gradients_that_are_meant_to_add_up(quiet):
    loop(lambda optimizer: None, accumulate=True)
    loop(lambda optimizer: optimizer.zero_grad())
    loop(lambda optimizer: optimizer.zero_grad(set_to_none=False), steps=3)
    for fill in (
        lambda g: g.zero_(),
        lambda g: g.fill_(0),
        lambda g: g.copy_(0 * g),
        lambda g: g.__setitem__(..., 0),
    ):
        loop(lambda optimizer, fill=fill: _write_over(optimizer, fill), steps=3)


def _write_over(optimizer, fill) -> None:
    for p in optimizer.param_groups[0]["params"]:
        if p.grad is not None:
            fill(p.grad)


def test_float64_data_beside_float32_parameters():
    layer, x = nn.Linear(3, 2), tinydl.ones(4, 3, dtype=tinydl.float64)
    with pytest.warns(UserWarning, match=r"linear: x f64\[4,3\] is float64 and w f32\[2,3\]") as c:
        for _ in range(3):
            y = layer(x)
    assert len(c) == 1 and "y = layer(x)" in str(c[0].message) and ".float()" in str(c[0].message)
    assert y.dtype is tinydl.float64
    y.sum().backward()
    assert layer.weight.grad.dtype is tinydl.float32
    with pytest.warns(UserWarning, match=r"sub: y f64\[4,2\] is float64 and x f32"):
        F.mse_loss(layer(x.float()), tinydl.zeros(4, 2, dtype=tinydl.float64)).backward()
    image, filters = tinydl.ones(1, 1, 4, 4).double(), nn.Conv2d(1, 2, 3)
    with pytest.warns(UserWarning, match="conv2d: x f64"):
        assert nn.Sequential(filters, nn.ReLU())(image).dtype is tinydl.float64


def test_dtypes_that_are_meant_to_meet(quiet):
    w = tinydl.ones(3, requires_grad=True)
    w * tinydl.tensor(2.0, dtype=tinydl.float64)  # 0-d tensors are numbers
    w.detach() * tinydl.ones(3, dtype=tinydl.float64)
    w.double() * tinydl.ones(3, dtype=tinydl.float64)


def test_losses_do_not_broadcast_unless_told():
    column, row = tinydl.ones(3, 1), tinydl.zeros(3)
    with pytest.raises(ValueError, match=r"f32\[3,1\] and target f32\[3\].*broadcast=True"):
        F.mse_loss(column, row)
    assert F.mse_loss(column, row, reduction="none", broadcast=True).shape == (3, 3)


def test_softmax_before_cross_entropy_is_told_and_log_softmax_not(quiet):
    logits, target = tinydl.randn(2, 3, requires_grad=True), tinydl.tensor([0, 1])
    F.cross_entropy(logits.log_softmax(1), target)
    with pytest.raises(UserWarning, match="takes logits"):
        F.cross_entropy(logits.softmax(1), target)
