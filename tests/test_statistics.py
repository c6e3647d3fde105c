"""Running sums, differences, spread and norms against NumPy; how near sums are; bad input."""

from __future__ import annotations

import numpy as np
import pytest
from against_numpy import FULL, numbers, same
from devices import CPU_ONLY, EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st

import tinydl
from tinydl.autograd import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

FEW = settings(max_examples=15)
trapezoid = np.trapezoid if hasattr(np, "trapezoid") else np.trapz
nan, inf = float("nan"), float("inf")


def line(data) -> tuple[np.ndarray, int]:
    a = numbers(data.draw(FULL))
    return a, data.draw(st.integers(-a.ndim, a.ndim - 1))


# --- scans ----------------------------------------------------------------------------------------


@FEW
@given(st.data())
def test_scans(data):
    a, d = line(data)
    x = tinydl.tensor(a)
    same(x.cumsum(d), np.cumsum(a, d))
    same(x.cumprod(axis=d), np.cumprod(a, d))
    same(x.cummax(d).values, np.maximum.accumulate(a, d))
    same(x.cummin(d).values, np.minimum.accumulate(a, d))
    same(x.gather(d, x.cummin(d).indices), np.minimum.accumulate(a, d))
    same(x.logcumsumexp(d), np.logaddexp.accumulate(a, d))
    same(x.diff(dim=d), np.diff(a, axis=d))
    same(x.diff(2, d, prepend=x), np.diff(a, 2, d, prepend=a))
    same(tinydl.trapezoid(x, dx=0.5, dim=d), trapezoid(a, dx=0.5, axis=d))
    at = np.linspace(0, 3, a.shape[d]) ** 2
    same(tinydl.trapezoid(x.double(), tinydl.tensor(at), dim=d), trapezoid(a, at, axis=d))
    running = tinydl.cumulative_trapezoid(x, dim=d)
    same(running, np.cumsum(np.diff(np.cumsum(a, d) - a / 2, axis=d), d))


def test_dtypes_of_scans():
    x = tinydl.tensor([200, 100], dtype=tinydl.uint8)
    assert x.cumsum(0).tolist() == [200, 300] and x.cumsum(0).dtype is tinydl.int64
    assert x.cumsum(0, dtype=tinydl.float32).dtype is tinydl.float32
    assert x.bool().cumprod(0).dtype is x.prod().dtype is tinydl.int64
    assert x.cummax(0).values.dtype is tinydl.uint8
    assert (x > 150).diff().tolist() == [True]
    assert tinydl.tensor(3.0).cumsum(0).item() == 3


def test_infinities_in_scans():
    x = tinydl.tensor([1.0, inf, 2.0, -inf, 1.0])
    same(x.cumsum(0), np.array([1, inf, inf, nan, nan], np.float32))
    same(x.logcumsumexp(0), np.array([1, inf, inf, inf, inf], np.float32))
    x = tinydl.tensor([-inf, -inf, 0.0], requires_grad=True)
    x.logcumsumexp(0)[2].backward()
    assert x.grad.tolist() == [0, 0, 1]


@CPU_ONLY  # a million steps are slow on the emulated device
def test_long_sums_keep_their_digits():
    """Each running sum is as near as a single rounding leaves it, and so is the mean."""
    a = np.random.default_rng(0).random(1_000_000)
    for dtype, least in (("float32", 1e-7), ("float64", 3e-16)):
        x = a.astype(dtype)
        exact = np.cumsum(x.astype(np.longdouble))
        error = np.abs(tinydl.tensor(x).cumsum(0).cpu().numpy() - exact) / exact
        assert error.max() < least
    constant = tinydl.full((1_000_000,), 0.1)
    assert abs(constant.mean().item() / np.float32(0.1) - 1) < 1e-6


@pytest.mark.parametrize("zeros", [(), (1,), (1, 3)])
def test_products_have_derivatives_where_factors_are_zero(zeros):
    a = np.random.default_rng(0).normal(size=(2, 5))
    a[:, zeros] = 0
    x = tinydl.tensor(a, requires_grad=True)
    for f in (lambda x: x.prod(1), lambda x: x.prod(), lambda x: x.cumprod(1), lambda x: x.prod(0)):
        assert gradcheck(f, (x,)) and gradgradcheck(f, (x,))
    (g,) = tinydl.autograd.grad(x.prod(1).sum(), x)
    others = [[np.delete(row, i).prod() for i in range(5)] for row in a]
    np.testing.assert_allclose(g.cpu().numpy(), others, rtol=1e-12)


# --- statistics -----------------------------------------------------------------------------------


@FEW
@given(st.data())
def test_statistics(data):
    a, d = line(data)
    x = tinydl.tensor(a)
    same(x.prod(d), a.prod(d))
    same(x.count_nonzero(d), np.count_nonzero(a, d))
    same(x.logsumexp(d, True), np.logaddexp.reduce(a, d, keepdims=True))
    for p in (1, 2, 3, 0, inf, -inf):
        rows = np.moveaxis(a, d, -1).reshape(-1, a.shape[d]).astype(np.float64)
        wanted = np.array([np.linalg.norm(row, p) for row in rows])
        same(x.norm(p, d).reshape(-1), wanted)
    same(x.norm(), np.linalg.norm(a.reshape(-1)), rtol=1e-5)
    low, high = x.aminmax(dim=d)
    same(low, a.min(d))
    same(high, a.max(d))
    holes = np.where(a > 1, nan, a).astype(a.dtype)
    same(tinydl.tensor(holes).nansum(d), np.nansum(holes, d))
    same(x.var(d, False), a.var(d))
    std, mean = tinydl.std_mean(x, d, correction=0)
    same(std, a.std(d))
    same(mean, a.mean(d))


def test_spellings_of_variance():
    x = tinydl.tensor([[1.0, 2.0, 4.0], [3.0, 3.0, 9.0]])
    a = x.cpu().numpy()
    same(x.var(False), a.var(), rtol=1e-6)
    same(x.var(1, True), a.var(1, ddof=1), rtol=1e-6)
    same(x.var(1, unbiased=False, keepdim=True), a.var(1, keepdims=True), rtol=1e-6)
    same(x.std(correction=2), a.std(ddof=2), rtol=1e-6)
    same(tinydl.var_mean(x, False)[0], a.var(), rtol=1e-6)
    assert np.isnan(tinydl.tensor([1.0]).var().item())
    far = tinydl.tensor([1e8, 1e8 + 1, 1e8 + 2], dtype=tinydl.float64)
    assert far.var().item() == 1


def test_nan_is_left_out():
    x = tinydl.tensor([[1.0, nan], [nan, nan]])
    assert x.nansum(1).tolist() == [1, 0] and x.nanmean(1)[0].item() == 1
    assert np.isnan(x.nanmean(1)[1].item())
    assert x.count_nonzero().item() == 4


def test_derivatives_where_there_is_no_spread():
    x = tinydl.full((3,), 2.0, requires_grad=True)
    (x.std() + (x - 2).norm() + (x - 2).norm(3)).backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_derivatives():
    x = tinydl.tensor(np.random.default_rng(0).normal(size=(3, 4)) + 0.1, requires_grad=True)
    at = x.detach().cumsum(1)
    for f in (
        lambda x: x.logsumexp((0, 1)),
        lambda x: x.norm(3, 1),
        lambda x: x.norm("fro"),
        lambda x: x.norm(inf, 0),
        lambda x: x.std(1, correction=0),
        lambda x: x.var(0),
        lambda x: x.nanmean(1) ** 2,
        lambda x: x.diff(2, 0) ** 2,
        lambda x: tinydl.cumulative_trapezoid(x, at) ** 2,
        lambda x: x.softmax(1, dtype=tinydl.float64),
    ):
        assert gradcheck(f, (x,)) and gradgradcheck(f, (x,))


def test_logsumexp_of_infinities():
    x = tinydl.tensor([[-inf, -inf], [inf, 0.0], [1000.0, 1000.0]])
    wanted = np.array([-inf, inf, 1000 + np.log(2)], np.float32)
    same(x.logsumexp(1), wanted, rtol=1e-6)
    assert tinydl.zeros(0).logsumexp(0).item() == -inf
    assert tinydl.tensor([3, 3]).logsumexp(0).item() == pytest.approx(3 + np.log(2))


def test_softmax_converts_first():
    x = tinydl.tensor([1, 2])
    assert x.softmax(0, dtype=tinydl.float32).dtype is tinydl.float32
    half = tinydl.tensor([1.0, 2.0]).half()
    assert tinydl.nn.functional.log_softmax(half, 0, dtype=tinydl.float64).dtype is tinydl.float64


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda x: x.cumsum(2), IndexError, "cumsum: dim 2 is out of range"),
        (lambda x: x.cumprod(), TypeError, r"cumprod: along which axis of f32\[2,3\]"),
        (lambda x: x.long().logcumsumexp(0), TypeError, "logcumsumexp"),
        (lambda x: x.diff(-1), ValueError, "diff: n must be at least 0"),
        (lambda x: x[0, 0].diff(), ValueError, "diff: .* has no axis"),
        (lambda x: x.norm("nuclear"), ValueError, 'a number, "fro"'),
        (lambda x: x.long().norm(), TypeError, r"norm: i64\[2,3\] is not floating point"),
        (lambda x: x.long().var(), TypeError, "var: "),
        (lambda x: x.prod(5), IndexError, "prod: dim 5"),
        (lambda x: tinydl.trapezoid(x, x, dx=1.0), TypeError, "x or dx, not both"),
        (lambda x: tinydl.trapezoid(x, x[0, :2]), ValueError, "trapezoid: x .* does not fit"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call(tinydl.zeros(2, 3))
