"""Sorting, medians, quantiles, sets and bins against NumPy; what they say to bad input."""

from __future__ import annotations

import numpy as np
import pytest
from against_numpy import FULL, numbers, same
from devices import EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st

import tinydl
from tinydl.autograd import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

FEW = settings(max_examples=15)
nan = float("nan")


def with_ties(data) -> tuple[np.ndarray, int]:
    a = np.round(numbers(data.draw(FULL)))
    return a, data.draw(st.integers(-a.ndim, a.ndim - 1))


# --- order ----------------------------------------------------------------------------------------


@FEW
@given(st.data())
def test_sorting(data):
    a, d = with_ties(data)
    x, n = tinydl.tensor(a), a.shape[d]
    same(x.sort(d).values, np.sort(a, d))
    same(x.argsort(d), np.argsort(a, d, kind="stable"))
    same(x.argsort(d, descending=True), np.argsort(-a, d, kind="stable"))
    same(x.msort(), np.sort(a, 0))
    k = data.draw(st.integers(1, n))
    values, places = x.topk(k, d)
    same(values, -np.take(np.sort(-a, d), range(k), d))
    same(x.gather(d, places), values.cpu().numpy())
    values, places = x.kthvalue(k, d, keepdim=True)
    same(values, np.take(np.sort(a, d), [k - 1], d))
    same(x.gather(d, places), values.cpu().numpy())


@FEW
@given(st.data())
def test_the_middle(data):
    a, d = with_ties(data)
    x, n = tinydl.tensor(a), a.shape[d]
    lower = np.take(np.sort(a, d), [(n - 1) // 2], d)
    values, places = x.median(d, keepdim=True)
    same(values, lower)
    same(x.gather(d, places), lower)
    same(x.median(), np.sort(a, None)[(a.size - 1) // 2])
    some = np.array([0.0, 0.3, 0.5, 1.0])
    for how in ("linear", "lower", "higher", "midpoint", "nearest"):
        y = x.quantile(tinydl.tensor(some), d, True, interpolation=how)
        same(y, np.quantile(a, some, d, method=how, keepdims=True))
    same(x.quantile(0.7), np.quantile(a, 0.7))
    common, place = x.mode(d)
    rows = np.moveaxis(a, d, -1)
    for at in np.ndindex(rows.shape[:-1]):
        different, counts = np.unique(rows[at], return_counts=True)
        assert common[at].item() == different[counts.argmax()]
        assert place[at].item() == np.flatnonzero(rows[at] == common[at].item())[-1]


def test_what_nan_does():
    x = tinydl.tensor([[3.0, nan, 1.0], [2.0, 5.0, 4.0]])
    same(x.sort(1).values, np.array([[1, 3, nan], [2, 4, 5]], np.float32))
    same(x.sort(1, descending=True).indices, np.array([[1, 0, 2], [1, 2, 0]]))
    same(x.topk(1, 1).values, np.array([[nan], [5]], np.float32))
    values, places = x.median(1)
    same(values, np.array([nan, 4], np.float32))
    same(places, np.array([1, 2]))
    same(x.nanmedian(1).values, np.array([1, 4], np.float32))
    same(x.quantile(0.5, 1), np.array([nan, 4], np.float32))
    same(x.nanquantile(0.5, 1), np.array([2, 4], np.float32))
    assert np.isnan(tinydl.tensor([nan, nan]).nanmedian().item())
    assert np.isnan(tinydl.tensor([nan, nan]).nanquantile(0.5).item())
    same(
        tinydl.searchsorted(tinydl.tensor([1.0, nan]), tinydl.tensor([2.0, nan])), np.array([1, 1])
    )
    assert tinydl.tensor([nan, 1.0, nan]).unique().shape == (3,)  # none equals another


def test_infinities_have_quantiles():
    x = tinydl.tensor([-np.inf, 1.0, np.inf, np.inf])
    assert x.quantile(1.0).item() == np.inf and x.quantile(0.9).item() == np.inf


def test_gradients_go_to_what_was_chosen():
    x = tinydl.tensor(np.random.default_rng(0).permutation(15).reshape(3, 5) / 3.0)
    x.requires_grad_()
    for f in (
        lambda x: x.sort(1, descending=True).values ** 2,
        lambda x: x.topk(2, 0).values ** 2,
        lambda x: x.kthvalue(2, 1).values ** 2,
        lambda x: x.median() ** 2,
        lambda x: x.nanmedian(0).values ** 2,
        lambda x: x.mode(1).values ** 2,
        lambda x: x.quantile(0.3, 1) ** 2,
        lambda x: x.nanquantile(tinydl.tensor([0.2, 0.5], dtype=x.dtype)) ** 2,
    ):
        assert gradcheck(f, (x,)) and gradgradcheck(f, (x,))


def test_one_number_is_a_row_of_one():
    for f in (
        lambda x: x.sort(0).values,
        lambda x: x.topk(1).values,
        lambda x: x.median(0).values,
        lambda x: x.mode().values,
        lambda x: x.max(0).values,
        lambda x: x.cummin(-1).values,
        lambda x: x.cumprod(0),
        lambda x: x.prod(),
    ):
        x = tinydl.tensor(3.0, requires_grad=True)
        y = f(x)
        y.backward()
        assert y.shape == () and y.item() == 3 and x.grad.item() == 1


# --- sets and bins --------------------------------------------------------------------------------


@FEW
@given(st.data())
def test_sets(data):
    a, d = with_ties(data)
    x = tinydl.tensor(a)
    for dim in (None, d):
        wanted = np.unique(a, return_inverse=True, return_counts=True, axis=dim)
        values, inverse, counts = x.unique(return_inverse=True, return_counts=True, dim=dim)
        same(values, wanted[0])
        same(inverse, wanted[1].reshape(inverse.shape))
        same(counts, wanted[2])
    values, inverse, counts = x.unique_consecutive(return_inverse=True, return_counts=True)
    flat = a.reshape(-1)
    fresh = np.append(True, flat[1:] != flat[:-1])
    same(values, flat[fresh])
    same(inverse, (np.cumsum(fresh) - 1).reshape(a.shape))
    same(counts, np.diff(np.append(np.flatnonzero(fresh), a.size)))
    others = np.array([0, 1, 5], a.dtype)
    same(tinydl.isin(x, tinydl.tensor(others)), np.isin(a, others))
    same(tinydl.isin(x, 1, invert=True), np.isin(a, 1, invert=True))


@FEW
@given(st.data())
def test_searching(data):
    a, _ = with_ties(data)
    x, edges = tinydl.tensor(a), np.array([-1, 0, 0, 2.5], a.dtype)
    for right in (False, True):
        wanted = np.searchsorted(edges, a, "right" if right else "left")
        same(tinydl.bucketize(x, tinydl.tensor(edges), right=right), wanted)
        found = tinydl.searchsorted(tinydl.tensor(edges), x, right=right, out_int32=True)
        same(found, wanted.astype(np.int32))
    turned = tinydl.tensor(edges[::-1].copy())
    found = tinydl.searchsorted(turned, x, side="right", sorter=turned.argsort())
    same(found, np.searchsorted(edges, a, "right"))


def test_bins():
    rng = np.random.default_rng(0)
    a, w = rng.normal(size=50).astype(np.float32), rng.random(50).astype(np.float32)
    x = tinydl.tensor(a)
    same(x.histc(7, -1, 2), np.histogram(a, 7, (-1, 2))[0].astype(np.float32))
    same(x.histc(5), np.histogram(a, 5)[0].astype(np.float32))
    edges = np.array([-2, -0.5, 0, 3], np.float32)
    hist, found = tinydl.histogram(x, tinydl.tensor(edges), weight=tinydl.tensor(w), density=True)
    same(hist, np.histogram(a, edges, weights=w, density=True)[0], rtol=1e-5)
    same(found, edges)
    ints = rng.integers(0, 6, 50)
    same(tinydl.tensor(ints).bincount(minlength=9), np.bincount(ints, minlength=9))
    weights = tinydl.tensor(w.astype(np.float64), requires_grad=True)
    same(tinydl.tensor(ints).bincount(weights), np.bincount(ints, w), rtol=1e-12)
    assert gradcheck(lambda w: tinydl.tensor(ints).bincount(w) ** 2, (weights,))
    assert tinydl.tensor([], dtype=tinydl.int64).bincount().shape == (0,)


def test_of_nothing():
    x = tinydl.zeros(0, 3)
    assert x.sort(0).values.shape == (0, 3) and x.topk(0, 0).values.shape == (0, 3)
    assert x.unique().shape == (0,) and x.median(1).values.shape == (0,)
    assert tinydl.isin(tinydl.ones(2), x).tolist() == [False, False]
    for choose in (lambda: x.median(0), lambda: x.median(), lambda: x.mode(0)):
        with pytest.raises(ValueError, match="no elements along dim 0 to choose from"):
            choose()
    with pytest.raises(ValueError, match=r"quantile: f32\[0,3\] has no elements"):
        x.quantile(0.5)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda x: x.sort(2), IndexError, "sort: dim 2 is out of range for a tensor of 2 axes"),
        (lambda x: x.topk(4, 1), IndexError, r"topk: k = 4 of f32\[2,3\], which has 3 elements"),
        (lambda x: x.topk(-1), IndexError, "topk: k = -1"),
        (lambda x: x.kthvalue(0), IndexError, r"k = 0 .* \(expected 1 to 3\)"),
        (lambda x: x.quantile(1.5), ValueError, "quantile: q is from 0 to 1"),
        (lambda x: x.quantile(0.5, interpolation="cubic"), ValueError, "linear, lower, higher"),
        (lambda x: x.long().quantile(0.5), TypeError, r"use \.float"),
        (lambda x: x.bincount(), TypeError, r"bincount: f32\[2,3\] must hold integers"),
        (lambda x: x.long().bincount(), ValueError, "bincount: expected one axis"),
        (lambda x: (x[0].long() - 2).bincount(), ValueError, r"bincount: -2 at \[0\] is negative"),
        (lambda x: x[0].long().bincount(x[0, :2]), ValueError, "bincount: weights"),
        (lambda x: x.histc(0), ValueError, "histc: bins must be at least 1"),
        (lambda x: x.histc(3, 2, 1), ValueError, "histc: expected finite min"),
        (lambda x: tinydl.histogram(x.long(), 3), TypeError, "histogram: i64"),
        (lambda x: tinydl.searchsorted(x, x[0]), ValueError, r"searchsorted: sorted_sequence"),
        (lambda x: tinydl.searchsorted(x[0], x, side="left", right=True), ValueError, "side"),
        (lambda x: tinydl.bucketize(x, x), ValueError, "bucketize: boundaries have one axis"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call(tinydl.zeros(2, 3))


def test_nothing_is_in_an_empty_set():
    x = tinydl.tensor([float("nan"), 1.0])
    assert tinydl.isin(x, tinydl.zeros(0)).tolist() == [False, False]
    assert tinydl.isin(x, tinydl.zeros(0), invert=True).tolist() == [True, True]
