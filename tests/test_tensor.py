"""Tensor's indices and shapes against NumPy, on what hypothesis draws.

Kernels are test_ops' business; this is about what Python adds. Values are in test_arithmetic.
"""

from __future__ import annotations

import numpy as np
import pytest
from against_numpy import FULL, QUICK, SHAPES, numbers, same
from devices import EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinydl

pytestmark = EVERY_DEVICE


# --- indexing -------------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.data())
def test_basic_indices_are_views(data):
    a = numbers(data.draw(SHAPES))
    key = data.draw(hnp.basic_indices(a.shape, allow_newaxis=True, max_dims=6))
    x = tinydl.tensor(a)
    part = x[key]
    same(part, a[key])
    if part.numel():
        part += 1
        view = a[key]
        a[key] = view + 1
        same(x, a)


@settings(max_examples=150)
@given(st.data())
def test_assignment(data):
    a = numbers(data.draw(SHAPES))
    key = data.draw(hnp.basic_indices(a.shape, allow_newaxis=True, max_dims=6))
    shape = a[key].shape
    kept = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    value = numbers(tuple(n if keep else 1 for n, keep in zip(shape, kept, strict=True)))
    x = tinydl.tensor(a)
    x[key] = value
    a[key] = value
    same(x, a)
    x[key] = 7
    a[key] = 7
    same(x, a)


@pytest.mark.parametrize(
    "key",
    [
        [2, 0, -1],
        np.array([[0, 1], [-2, 2]]),
        np.array([], dtype=np.int64),
        np.array([True, False, True]),
        np.array([False, False, False]),
        [True, False, True],
    ],
    ids=str,
)
def test_index_arrays_choose_along_the_first_axis(key):
    a = numbers((3, 4))
    same(tinydl.tensor(a)[key], a[key])
    if isinstance(key, np.ndarray):
        same(tinydl.tensor(a)[tinydl.tensor(key)], a[key])


def test_integer_tensors_are_indices_too():
    x = tinydl.arange(5)
    assert x[tinydl.tensor(2)].item() == 2 and x[np.int64(3)].item() == 3
    assert [10, 20, 30][tinydl.tensor(1)] == 20


@pytest.mark.parametrize(
    "key, message",
    [
        (3, "index: 3 is out of range for axis 0 of size 3"),
        ((0, -5), "index: -5 is out of range for axis 1 of size 4"),
        ((0, 0, 0), r"index: 3 indices for a tensor of 2 axes \(3, 4\)"),
        ((..., ...), r"index: an index holds at most one \.\.\."),
        (np.array([True, False]), r"index: the mask bool\[2\] does not fit f64\[3,4\]"),
        (np.array([0, 3]), "3"),
    ],
    ids=str,
)
def test_indices_out_of_range(key, message):
    """Told at once, or where a GPU noticed it at the latest when a value is read."""
    with pytest.raises(IndexError, match=message):
        tinydl.tensor(numbers((3, 4)))[key].tolist()


def test_float_indices_are_no_indices():
    with pytest.raises(TypeError, match=r"f32\[1\] must hold integers"):
        tinydl.ones(3)[tinydl.tensor([1.0])]
    with pytest.raises(TypeError):
        tinydl.ones(3)[1.0]


def test_assignment_that_does_not_fit_changes_nothing():
    x = tinydl.zeros(3, 4)
    with pytest.raises(ValueError, match=r"f32\[5\] does not broadcast.*f32\[4\]"):
        x[0] = tinydl.ones(5)
    assert not x.any()


def test_iteration_and_containment():
    x = tinydl.tensor([[1, 2], [3, 4]])
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    assert 3 in x and 7 not in x and len(x) == 2
    with pytest.raises(TypeError, match="0-d"):
        len(tinydl.tensor(1.0))


# --- shape ----------------------------------------------------------------------------------------


@QUICK
@given(st.data())
def test_shape_methods(data):
    a = numbers(data.draw(FULL))
    x, ndim = tinydl.tensor(a), a.ndim
    d, e = data.draw(st.integers(-ndim, ndim - 1)), data.draw(st.integers(-ndim, ndim - 1))
    new = data.draw(st.integers(-ndim - 1, ndim))
    order = data.draw(st.permutations(range(ndim)))
    same(x.transpose(d, e), np.swapaxes(a, d, e))
    same(x.permute(*order), a.transpose(order))
    same(x.movedim(d, e), np.moveaxis(a, d, e))
    same(x.unsqueeze(new), np.expand_dims(a, new))
    same(x.squeeze(), a.squeeze())
    same(x.T, a.T)
    same(x.flatten(), a.ravel())
    same(x.reshape(-1, 1), a.reshape(-1, 1))
    same(x.T.reshape(a.size), a.T.reshape(a.size))
    same(x.unflatten(d, (1, a.shape[d])).flatten(min(d % ndim, ndim - 1), d % ndim + 1), a)
    same(x.select(d, -1), a.take(-1, d))
    same(x.expand(2, *a.shape), np.broadcast_to(a, (2, *a.shape)))
    same(tinydl.stack([x, x], dim=new), np.stack([a, a], axis=new))
    same(tinydl.cat([x, x, x[:0]] if d % ndim == 0 else [x, x], dim=d), np.concatenate([a, a], d))
    parts = x.chunk(2, d)
    same(tinydl.cat(parts, dim=d), a)
    same(tinydl.stack(x.unbind(d), dim=d), a)
    pieces = x.split(3, d)
    assert [p.shape[d] for p in pieces] == [min(3, a.shape[d] - i) for i in range(0, a.shape[d], 3)]
    if a.shape[d] > 1:
        same(x.narrow(d, 1, a.shape[d] - 1), np.delete(a, 0, axis=d))


def test_reshape_is_a_view_where_strides_allow():
    x = tinydl.arange(24).reshape(2, 3, 4)
    assert x.reshape(6, 4).data_ptr() == x.data_ptr()
    assert x.transpose(0, 1).reshape(24).data_ptr() != x.data_ptr()
    assert x[:, :, ::2].reshape(2, 6).tolist() == x.cpu().numpy()[:, :, ::2].reshape(2, 6).tolist()
    assert x.view(4, -1).shape == (4, 6)


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: x.reshape(5), ValueError, r"f32\[2,3\] has 6 elements.*\(5,\)"),
        (lambda x: x.reshape(-1, -1), ValueError, "at most one of them is −1"),
        (lambda x: x.T.view(6), ValueError, r"f32\[3,2\] with strides \(1, 3\).*reshape\(\)"),
        (lambda x: x.permute(0, 0), ValueError, "must name each axis"),
        (lambda x: x.transpose(0, 2), IndexError, "dim 2 is out of range.*2 axes"),
        (lambda x: x.expand(4, 3), ValueError, r"f32\[2,3\] does not broadcast to \(4, 3\)"),
        (lambda x: x.sum(5), IndexError, "sum: dim 5 is out of range"),
        (lambda x: x.sum((0, 0)), ValueError, "names an axis twice"),
        (lambda x: x.narrow(1, 2, 2), IndexError, "2 to 4 is not within axis 1 of size 3"),
        (lambda x: x.split([1, 1], 1), ValueError, r"\[1, 1\] do not add up"),
        (lambda x: x.split(0), ValueError, "at least 1"),
        (lambda x: x.flatten(1, 0), ValueError, "comes after"),
        (lambda x: x[None].t(), ValueError, r"f32\[1,2,3\] has more than 2 axes"),
        (lambda x: tinydl.cat([x, x.T]), ValueError, r"tensors\[1\] is f32\[3,2\]"),
        (lambda x: tinydl.cat([]), ValueError, "nothing to join"),
        (lambda x: tinydl.cat([x.sum()]), ValueError, r"0-d.*stack\(\)"),
        (lambda x: tinydl.stack([x, x.T]), ValueError, "one shape"),
        (
            lambda x: x.mm(x[0]),
            ValueError,
            r"mm: expected two matrices, got f32\[2,3\] and f32\[3\]",
        ),
        (lambda x: x.dot(x), ValueError, "dot: expected two vectors"),
        (lambda x: x.bmm(x), ValueError, "bmm: expected stacks"),
    ],
)
def test_shapes_that_do_not_fit(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(tinydl.ones(2, 3))
