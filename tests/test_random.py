"""Random numbers: what is announced is what comes, the same on every device and every time."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from devices import CPU_ONLY, EVERY_DEVICE, HAS_CUDA

import tinydl
from tinydl import backend

pytestmark = EVERY_DEVICE

N = 40_000


def fresh(dtype=tinydl.float32, n=N) -> tinydl.Tensor:
    tinydl.manual_seed(3)
    return tinydl.empty(n, dtype=dtype)


def values(x: tinydl.Tensor) -> np.ndarray:
    return np.array(x.tolist())


def near(found: float, wanted: float, deviation: float, n: int = N) -> bool:
    """Within five standard errors of a mean."""
    return abs(found - wanted) <= 5 * deviation / math.sqrt(n)


# name → (call, cumulative distribution function)
CONTINUOUS = {
    "uniform_": (lambda x: x.uniform_(-1, 3), lambda v: (v + 1) / 4),
    "normal_": (
        lambda x: x.normal_(1, 2),
        lambda v: np.array([0.5 * math.erfc((1 - t) / math.sqrt(8)) for t in v]),
    ),
    "exponential_": (lambda x: x.exponential_(2), lambda v: 1 - np.exp(-2 * v)),
    "log_normal_": (
        lambda x: x.log_normal_(0.5, 0.5),
        lambda v: np.array([0.5 * math.erfc((0.5 - math.log(t)) / math.sqrt(0.5)) for t in v]),
    ),
    "cauchy_": (lambda x: x.cauchy_(1, 2), lambda v: 0.5 + np.arctan((v - 1) / 2) / np.pi),
}


@pytest.mark.parametrize("dtype", [tinydl.float32, tinydl.float64], ids=str)
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_distributions(name, dtype):
    """The largest distance to the distribution function (Kolmogorov and Smirnov), 1 in 10⁵."""
    call, distribution = CONTINUOUS[name]
    x = call(fresh(dtype))
    assert x.dtype is dtype
    ordered = np.sort(values(x))
    assert np.isfinite(ordered).all()
    exact = distribution(ordered)
    distance = np.abs(exact - (np.arange(N) + 0.5) / N).max()
    assert distance < 2.5 / math.sqrt(N)
    np.testing.assert_array_equal(values(call(fresh(dtype))), values(x))


@pytest.mark.parametrize("dtype", [tinydl.float32, tinydl.int64, tinydl.int8], ids=str)
def test_geometric(dtype):
    k = values(fresh(dtype).geometric_(0.3))
    for value in range(1, 6):
        p = 0.7 ** (value - 1) * 0.3
        assert near((k == value).mean(), p, math.sqrt(p * (1 - p)))
    assert k.min() == 1


@pytest.mark.parametrize("dtype", [tinydl.float32, tinydl.float16, tinydl.int32, tinydl.bool])
def test_bernoulli(dtype):
    assert near(values(fresh(dtype).bernoulli_(0.3)).mean(), 0.3, 0.5)
    p = tinydl.tensor([[0.1], [0.9]], dtype=tinydl.float64)
    x = fresh(dtype, 2 * N).reshape(2, N).bernoulli_(p)
    assert near(values(x[0]).mean(), 0.1, 0.3) and near(values(x[1]).mean(), 0.9, 0.3)
    assert not fresh(dtype).bernoulli_(0).any() and fresh(dtype).bernoulli_(1).all()
    assert tinydl.bernoulli(tinydl.ones(3), p=0.0).tolist() == [0, 0, 0]
    assert tinydl.bernoulli(tinydl.tensor([0.0, 1.0]).half()).tolist() == [0, 1]


@pytest.mark.parametrize("dtype", tinydl.dtypes.ALL, ids=str)
def test_random_integers(dtype):
    x = values(fresh(dtype, 2000).random_(0, 2))
    assert set(x.tolist()) == {0, 1} and abs(x.mean() - 0.5) < 0.06
    every = values(fresh(dtype, 2000).random_())
    most = 1 if dtype is tinydl.bool else 2 / tinydl.finfo(dtype).eps if dtype.is_floating_point \
        else tinydl.iinfo(dtype).max  # fmt: skip
    assert every.min() >= 0 and every.max() <= most and every.max() > 0.95 * most
    assert abs(every.mean() / most - 0.5) < 0.04
    if dtype.itemsize > 1:
        assert set(values(fresh(dtype, 500).random_(3)).tolist()) == {0, 1, 2}


def test_uniform_halves_end_before_the_end():
    for dtype in (tinydl.float16, tinydl.bfloat16):
        x = fresh(dtype).uniform_()
        assert float(x.max()) < 1 and float(x.min()) >= 0
        assert near(values(x).mean(), 0.5, 0.3)


def test_multinomial():
    weights = tinydl.tensor([[1.0, 0.0, 3.0, 6.0], [0.0, 5.0, 5.0, 0.0]])
    tinydl.manual_seed(0)
    x = values(tinydl.multinomial(weights, 20_000, replacement=True))
    for row, p in zip(x, ([0.1, 0, 0.3, 0.6], [0, 0.5, 0.5, 0]), strict=True):
        for k in range(4):
            assert near((row == k).mean(), p[k], math.sqrt(p[k] * (1 - p[k])), 20_000)
    pairs = values(tinydl.multinomial(weights[:1].expand(5000, 4), 2))
    assert pairs.shape == (5000, 2) and not (pairs == 1).any()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    assert near((pairs[:, 0] == 3).mean(), 0.6, 0.5, 5000)
    both = ((pairs == [3, 2]).all(1)).mean()  # 3 first, then 2 of what is left
    assert near(both, 0.6 * 0.3 / 0.4, 0.5, 5000)
    one = tinydl.multinomial(tinydl.tensor([0.0, 2.0]), 1)
    assert one.tolist() == [1] and one.dtype is tinydl.int64


def test_normal_of_tensors():
    mean, std = tinydl.tensor([0.0, 100.0]), tinydl.tensor([1.0, 0.0])
    tinydl.manual_seed(0)
    x = values(tinydl.normal(mean.expand(N, 2), std))
    assert near(x[:, 0].mean(), 0, 1) and near(x[:, 0].std(), 1, 1) and (x[:, 1] == 100).all()
    assert tinydl.normal(2.0, std).shape == (2,) and tinydl.normal(mean, 1.0).dtype is mean.dtype
    assert tinydl.normal(0.0, 1.0, (2, 3), dtype=tinydl.float64).dtype is tinydl.float64


def test_like():
    x = tinydl.ones(2, 3, dtype=tinydl.float64)
    for y in (tinydl.rand_like(x), tinydl.randn_like(x), tinydl.randint_like(x, 5, 9)):
        assert y.shape == x.shape and y.dtype is x.dtype and y.device == x.device
    assert tinydl.randint_like(x, 3, dtype=tinydl.int8).dtype is tinydl.int8
    assert tinydl.rand_like(x, dtype=tinydl.float32, requires_grad=True).requires_grad
    assert tinydl.randint(high=4, size=(2,)).shape == tinydl.randint(4, size=(2,)).shape == (2,)


DRAWS = {
    "exponential_": lambda x: x.exponential_(0.5),
    "cauchy_": lambda x: x.cauchy_(),
    "geometric_": lambda x: x.geometric_(0.1),
    "bernoulli_": lambda x: x.bernoulli_(0.2),
    "random_": lambda x: x.random_(1000),
    "uniform_": lambda x: x.uniform_(),
    "normal_": lambda x: x.normal_(),
}


@CPU_ONLY
@pytest.mark.parametrize("dtype", [tinydl.float32, tinydl.float64, tinydl.float16], ids=str)
@pytest.mark.parametrize("name", DRAWS)
def test_the_same_bits_on_every_device(name, dtype):
    devices = [f"cpu:{isa}" for isa in backend.usable()] + ["cuda"] * HAS_CUDA
    found = []
    for device in devices:
        tinydl.manual_seed(11)
        found.append(DRAWS[name](tinydl.empty(1003, dtype=dtype, device=device)).cpu().numpy())
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)


def test_views_and_versions():
    x = tinydl.zeros(4, 6)
    x[:, 1].exponential_()
    x[::2, 3].random_(1, 5)
    assert (x[:, 1] > 0).all() and (x[::2, 3] >= 1).all()
    assert not x[:, 0].any() and not x[1::2, 3].any()
    w = tinydl.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"geometric_: f32\[2\] requires a gradient"):
        w.geometric_(0.5)
    with tinydl.no_grad():
        assert w.geometric_(0.5).requires_grad


# --- generators -----------------------------------------------------------------------------------


def test_generators():
    g = tinydl.Generator().manual_seed(7)
    first, state = tinydl.rand(3, generator=g), g.get_state()
    second = tinydl.randn(4, generator=g)
    for other in (copy.deepcopy(g), pickle.loads(pickle.dumps(g)), tinydl.Generator()):
        assert tinydl.randn(4, generator=other.set_state(state)).equal(second)
    assert tinydl.rand(3, generator=g.manual_seed(7)).equal(first)
    assert g.initial_seed() == 7 and g.seed() == g.initial_seed() != 7
    assert str(g.device) == "cpu"


def test_fork_and_state():
    tinydl.manual_seed(1)
    state = tinydl.get_rng_state()
    with tinydl.random.fork_rng():
        inside = tinydl.rand(3)
        tinydl.manual_seed(99)
    assert tinydl.get_rng_state() == state and tinydl.rand(3).equal(inside)
    with tinydl.random.fork_rng(enabled=False):
        tinydl.rand(1)
    tinydl.set_rng_state(state)
    assert tinydl.rand(3).equal(inside)
    assert tinydl.random.initial_seed() == 1


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda: tinydl.empty(2).exponential_(0), "exponential_: expected lambd > 0, got 0"),
        (lambda: tinydl.empty(2).log_normal_(0, -1), "log_normal_: expected std > 0, got -1"),
        (lambda: tinydl.empty(2).cauchy_(0, 0), "cauchy_: expected sigma > 0"),
        (lambda: tinydl.empty(2).geometric_(1), "geometric_: expected 0 < p < 1, got 1"),
        (lambda: tinydl.empty(2).bernoulli_(1.5), "lies between 0 and 1"),
        (lambda: tinydl.empty(2).bernoulli_(float("nan")), "lies between 0 and 1"),
        (lambda: tinydl.bernoulli(tinydl.tensor([2.0], device="cpu")), "lies between 0 and 1"),
        (lambda: tinydl.empty(2).uniform_(2, 1), "uniform_: expected a ≤ b"),
        (lambda: tinydl.empty(2).uniform_(0, 1e39), "finite float32 .* got 0 and 1e.39"),
        (lambda: tinydl.empty(2, dtype=tinydl.float64).uniform_(-1e308, 1e308), "as is b − a"),
        (lambda: tinydl.empty(2).normal_(0, -1), "normal_: expected std ≥ 0"),
        (lambda: tinydl.empty(2).random_(5, 5), "random_: expected low < high, got 5 and 5"),
        (lambda: tinydl.normal(0.0, 1.0), "two numbers need a size"),
        (lambda: tinydl.normal(tinydl.ones(2), 1.0, (2,)), "tensors have one"),
        (lambda: tinydl.normal(0.0, -tinydl.ones(2)), "a standard deviation is ≥ 0"),
        (lambda: tinydl.multinomial(tinydl.tensor([-1.0, 2]), 1), "finite and ≥ 0"),
        (lambda: tinydl.multinomial(tinydl.zeros(2), 1), "0 weights .* are above 0"),
        (lambda: tinydl.multinomial(tinydl.ones(2), 3), "too few to draw 3 without replacement"),
        (lambda: tinydl.multinomial(tinydl.ones(2), 0), "num_samples ≥ 1"),
        (lambda: tinydl.multinomial(tinydl.ones(2, 2, 2), 1), "one row of weights or several"),
    ],
)
def test_no_such_distribution(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


def test_what_a_dtype_does_not_hold():
    with pytest.raises(OverflowError, match="random_: uint8 holds 0 to 255, not 0 to 299"):
        tinydl.empty(2, dtype=tinydl.uint8).random_(300)
    with pytest.raises(ValueError, match="randint: int8 holds -128 to 127, not 0 to 199"):
        tinydl.randint(200, (2,), dtype=tinydl.int8)
    with pytest.raises(TypeError, match="multinomial: weights are floating point"):
        tinydl.multinomial(tinydl.tensor([1, 2]), 1)
    with pytest.raises(TypeError, match="uniform"):
        tinydl.empty(2, dtype=tinydl.int64).uniform_()
