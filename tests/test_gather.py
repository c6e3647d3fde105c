"""Functions of indices and masks against NumPy: gather, scatter, take and their kind."""

from __future__ import annotations

import numpy as np
import pytest
from against_numpy import numbers, same
from devices import EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st
from leaves import leaf

import tinydl
from tinydl.autograd import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

REDUCE = {"sum": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def places(index, dim):
    at = list(np.indices(index.shape))
    at[dim] = index
    return tuple(at)


@settings(max_examples=30)
@given(st.data())
def test_scatter_and_gather(data):
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    sizes = [data.draw(st.integers(1, n)) for n in shape]
    sizes[dim] = data.draw(st.integers(0, 6))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    index = rng.integers(0, shape[dim], sizes)
    a, src = rng.normal(size=shape), rng.normal(size=[n + 1 for n in sizes])
    part = src[tuple(slice(n) for n in sizes)]
    x, t, s = tinydl.tensor(a), tinydl.tensor(index, dtype=tinydl.int32), tinydl.tensor(src)
    at = places(index, dim % len(shape))
    same(x.gather(dim, t), a[at])
    want = a.copy()
    want[at] = part
    same(x.scatter(dim, t, s), want)
    same(x.clone().scatter_(dim, t, s), want)
    want[at] = 7
    same(x.scatter(dim, t, 7), want)
    for name, ufunc in REDUCE.items():
        want = a.copy()
        ufunc.at(want, at, part)
        same(x.scatter_reduce(dim, t, s, name), want)
        alone = a.copy()
        alone[at] = {"sum": 0, "prod": 1, "amax": -np.inf, "amin": np.inf}[name]
        ufunc.at(alone, at, part)
        same(x.clone().scatter_reduce_(dim, t, s, name, include_self=False), alone)
    same(x.scatter_add(dim, t, s), np.add(a, x.scatter_add(dim, t, s).cpu().numpy() - a))
    for own in (False, True):
        total, count = a * own, np.full(shape, float(own))
        np.add.at(total, at, part), np.add.at(count, at, 1)
        want = np.where((count == own) & (not own), a, total / np.maximum(count, 1))
        want = np.where(count == own, a, want)
        same(x.scatter_reduce(dim, t, s, "mean", include_self=own), want)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_whole_slices(dim):
    a, index = numbers((3, 4, 2)), [1, 0, 1, 1]
    x, t = tinydl.tensor(a), tinydl.tensor(index)
    axis = dim % 3
    sizes = (*a.shape[:axis], 4, *a.shape[axis + 1 :])
    src = np.random.default_rng(1).normal(size=sizes)
    key = (slice(None),) * axis + (index,)
    same(x.index_select(dim, t), a.take(index, dim))
    want = a.copy()
    np.add.at(want, key, 2 * src)
    same(x.index_add(dim, t, tinydl.tensor(src), alpha=2), want)
    same(x.clone().index_add_(dim, t, tinydl.tensor(src), alpha=2), want)
    want = a.copy()
    want[key] = src
    same(x.index_copy(dim, t, tinydl.tensor(src)), want)
    same(x.clone().index_copy_(dim, t, tinydl.tensor(src)), want)
    want[key] = 7
    same(x.index_fill(dim, t, 7), want)
    same(x.clone().index_fill_(dim, t, tinydl.tensor(7.0).double()), want)
    for name in ("prod", "amax", "amin"):
        want = a.copy()
        REDUCE[name].at(want, key, src)
        same(x.index_reduce(dim, t, tinydl.tensor(src), name), want)
        same(x.clone().index_reduce_(dim, t, tinydl.tensor(src), name), want)


def test_elements_in_reading_order():
    a, index = numbers((3, 4)), np.array([[0, -1], [5, 0]])
    x, t = tinydl.tensor(a), tinydl.tensor(index)
    same(x.take(t), a.take(index))
    same(x.T.take(t), a.T.take(index))
    for accumulate in (False, True):
        want, src = a.ravel().copy(), np.arange(4.0).reshape(2, 2)
        if accumulate:
            np.add.at(want, index.ravel(), src.ravel())
        else:
            want[index.ravel()] = src.ravel()
        same(x.put(t, tinydl.tensor(src), accumulate), want.reshape(3, 4))
        same(x.clone().put_(t, tinydl.tensor(src), accumulate), want.reshape(3, 4))
    at = a.argsort(1)
    same(x.take_along_dim(tinydl.tensor(at), 1), np.take_along_axis(a, at, 1))
    same(x.take_along_dim(tinydl.tensor(at[:1] - 4), 1), np.take_along_axis(a, at[:1], 1))
    same(x.take_along_dim(tinydl.tensor([3, -1])), np.take_along_axis(a, np.array([3, -1]), None))


def test_masks():
    a = numbers((3, 4))
    x, mask = tinydl.tensor(a), a > 0
    t = tinydl.tensor(mask)
    same(x.masked_select(t), a[mask])
    same(x.masked_select(t[:1]), a[np.broadcast_to(mask[:1], a.shape)])
    src, want = np.arange(20.0), a.copy()
    want[mask] = src[: mask.sum()]
    same(x.masked_scatter(t, tinydl.tensor(src)), want)
    same(x.clone().masked_scatter_(t, tinydl.tensor(src)), want)
    same(t.nonzero(), np.argwhere(mask))
    same(x.argwhere(), np.argwhere(a))
    for ours, theirs in zip(t.nonzero(as_tuple=True), mask.nonzero(), strict=True):
        same(ours, theirs)
    holds = np.random.default_rng(0).integers(0, 2, 20_000).astype(bool)
    same(tinydl.tensor(holds).nonzero(), np.argwhere(holds))  # in chunks
    assert tinydl.tensor(3.0).nonzero().shape == (1, 0)
    assert tinydl.zeros(0, 2).nonzero().shape == (0, 2)
    nan = tinydl.tensor([float("nan"), 0.0, -0.0, 1e-45])
    assert nan.nonzero().flatten().tolist() == [0, 3]


GRADIENTS = {
    "gather": lambda x, v, i: x.gather(1, i) * v,
    "take": lambda x, v, i: x.take(i),
    "scatter": lambda x, v, i: x.scatter(1, i, v),
    "scatter a number": lambda x, v, i: x.scatter(0, i, 3) * v.sum(),
    "scatter multiply": lambda x, v, i: x.scatter(1, i, v, reduce="multiply"),
    "scatter_add": lambda x, v, i: x.scatter_add(1, i, v),
    "prod": lambda x, v, i: x.scatter_reduce(1, i, v, "prod"),
    "prod with zeros": lambda x, v, i: x.scatter_reduce(1, i, v - v[:, :1], "prod"),
    "amax": lambda x, v, i: x.scatter_reduce(1, i, v, "amax"),
    "amin alone": lambda x, v, i: x.scatter_reduce(1, i, v, "amin", include_self=False),
    "mean": lambda x, v, i: x.scatter_reduce(1, i, v, "mean"),
    "prod in place": lambda x, v, i: (x * x).scatter_reduce_(1, i, v, "prod", include_self=False),
    "index_add": lambda x, v, i: x.index_add(1, i[0], v, alpha=3),
    "index_copy": lambda x, v, i: (x * x).index_copy_(1, i[0], v),
    "index_fill": lambda x, v, i: x.index_fill(1, i[0], v[0, 0]),
    "index_put": lambda x, v, i: x.index_put((i[0],), v[0, 0], accumulate=True),
    "put": lambda x, v, i: x.put(i, v),
    "masked_scatter": lambda x, v, i: (x * x).masked_scatter_(x > 0, v),
    "masked_select": lambda x, v, i: x.masked_select(x > 0) * v.sum(),
}


@pytest.mark.parametrize("f", GRADIENTS.values(), ids=GRADIENTS)
def test_gradients(f):
    x, v = map(leaf, numbers((2, 2, 3)))
    i = tinydl.tensor([[0, 1, 1], [1, 0, 0]])

    def g(x, v):
        return f(x, v, i)

    assert gradcheck(g, (x, v)) and gradgradcheck(g, (x, v))


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: x.gather(0, [[-1]]).item(), IndexError, "index -1 at .0, 0. is outside axis 0"),
        (lambda x: x.gather(2, [[0]]), IndexError, "gather: dim 2"),
        (lambda x: x.scatter(0, [[0]], [[1]]), TypeError, r"f32\[2,3\].*i64\[1,1\].*\.to"),
        (lambda x: x.scatter(0, [[0, 1]], x[:, :1]), ValueError, "axis 1 .* has 2.*src only 1"),
        (lambda x: x.scatter(0, [[0]], x, reduce="max"), ValueError, "'add' or 'multiply'"),
        (lambda x: x.scatter_reduce(0, [[0]], x, "max"), ValueError, "sum, prod, mean, amax, amin"),
        (lambda x: x.index_add(0, [0], x), ValueError, r"must have shape \(1, 3\)"),
        (lambda x: x.index_select(0, [[0]]), ValueError, r"one axis, got i64\[1,1\]"),
        (lambda x: x.put([0], x), ValueError, "as many elements"),
        (lambda x: x.take([6]).item(), IndexError, "index 6 at .0. is outside axis 0 of size 6"),
        (lambda x: x.take_along_dim([0], 0), ValueError, "as many axes"),
        (lambda x: x.masked_scatter(x > 0, x[0]), ValueError, "holds for 6 elements"),
        (lambda x: x.masked_select(x), TypeError, "bool tensor"),
        (lambda x: tinydl.ones(2, requires_grad=True).index_fill_(0, [0], 1), RuntimeError, "leaf"),
    ],
)  # fmt: skip
def test_what_does_not_fit(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(tinydl.ones(2, 3))
