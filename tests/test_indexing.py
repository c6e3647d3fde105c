"""Every kind of key x[…] against NumPy: reading, writing, gradients, and what is refused."""

from __future__ import annotations

import os

import numpy as np
import pytest
from against_numpy import numbers, same
from devices import EVERY_DEVICE, NEEDS_CUDA
from hypothesis import given, settings
from hypothesis import strategies as st
from leaves import leaf

import tinydl
from tinydl.autograd import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

MANY = settings(max_examples=int(os.environ.get("INDEX_EXAMPLES", "100")))


@st.composite
def keys(draw, shape: tuple) -> tuple:
    """Slices with any steps, ints, None, …, integer arrays that broadcast, masks of several axes
    and of none, in any order: as NumPy takes them, and with tensors and lists for some arrays."""
    common = draw(st.lists(st.integers(0, 3), max_size=2))
    masked = draw(st.booleans())
    count = draw(st.integers(0, 3))  # how many places masks hold at, so that they broadcast
    if masked:
        common = [count]
    theirs, ours, axis, dots = [], [], 0, False

    def bound(n):
        return st.none() | st.integers(-n - 2, n + 2)

    while axis < len(shape) or draw(st.integers(0, 3)) == 0:
        n = shape[axis] if axis < len(shape) else 0
        kinds = ["flag"] + ["none"] * (not any(k is None for k in ours))
        if axis < len(shape):
            kinds += ["slice", "slice", "int", "array", "array", "mask", "stop"]
            kinds += [] if dots else ["dots"]
        kind = draw(st.sampled_from(kinds))
        if kind == "stop":
            break
        if len(theirs) > 4:
            break
        part = mine = None
        if kind == "slice":
            step = draw(st.integers(-3, 3).filter(bool))
            part = mine = slice(draw(bound(n)), draw(bound(n)), step)
            axis += 1
        elif kind == "int":
            if n == 0:
                continue
            part = mine = draw(st.integers(-n, n - 1))
            if draw(st.booleans()):
                mine = draw(st.sampled_from([np.int32(part), tinydl.tensor(part), np.array(part)]))
            axis += 1
        elif kind == "dots":
            dots, part, mine = True, ..., ...
            axis += draw(st.integers(0, len(shape) - axis))
            if axis == len(shape):
                theirs.append(part)
                ours.append(mine)
                break
        elif kind == "array":
            sizes = [draw(st.sampled_from([1, m])) for m in common]
            sizes = sizes[draw(st.integers(0, len(sizes))) :] or sizes
            if n == 0:
                sizes = [0] if 0 in common or not common else None
            if sizes is None:
                continue
            dtype = draw(st.sampled_from(["int64", "int32", "int16", "int8", "uint8"]))
            low = 0 if dtype[0] == "u" else -n
            flat = draw(st.lists(st.integers(low, max(n - 1, low)), min_size=int(np.prod(sizes)),
                                 max_size=int(np.prod(sizes))))  # fmt: skip
            part = np.array(flat, dtype).reshape(sizes)
            mine = draw(
                st.sampled_from([part, tinydl.tensor(part), part.tolist() if part.size else part])
            )
            axis += 1
        elif kind == "mask":
            axes = draw(st.integers(1, min(3, len(shape) - axis)))
            sizes = shape[axis : axis + axes]
            size = int(np.prod(sizes))
            if (masked and size < count) or (dots and not size):
                continue  # NumPy takes a mask without elements for any axis
            holds = draw(st.permutations(range(size)))[: count if masked else 1]
            part = np.zeros(size, bool)
            part[holds] = True
            part = part.reshape(sizes)
            mine = draw(st.sampled_from([part, tinydl.tensor(part)]))
            axis += axes
        elif kind == "flag":
            part = mine = draw(st.booleans())
        theirs.append(part)
        ours.append(mine)
    if len(theirs) == 1 and draw(st.booleans()):
        return theirs[0], ours[0]
    return tuple(theirs), tuple(ours)


SMALL = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def numpy_part(a: np.ndarray, key):
    """a[key], or None where NumPy refuses it."""
    try:
        return a[key]
    except IndexError:
        return None


@MANY
@given(st.data())
def test_reading(data):
    a = numbers(data.draw(SMALL))
    theirs, ours = data.draw(keys(a.shape))
    want = numpy_part(a, theirs)
    x = tinydl.tensor(a)
    if want is None:
        with pytest.raises(IndexError):
            _ = x[ours]
            x._array.backend.check(x._array.backend.fn["sync"](), "sync")  # a GPU tells now
        return
    same(x[ours], want)


@MANY
@given(st.data())
def test_writing(data):
    a = numbers(data.draw(SMALL))
    theirs, ours = data.draw(keys(a.shape))
    want = numpy_part(a, theirs)
    if want is None:
        return
    shape = np.shape(want)
    start = data.draw(st.integers(0, len(shape)))
    sizes = [data.draw(st.sampled_from([1, n])) for n in shape[start:]]
    value = np.random.default_rng(3).normal(size=sizes)
    x = tinydl.tensor(a)
    x[ours] = data.draw(st.sampled_from([value, tinydl.tensor(value)]))
    a[theirs] = value
    same(x, a)
    x[ours] += 1
    a[theirs] += 1
    same(x, a)
    x[ours] = 7
    a[theirs] = 7
    same(x, a)


@settings(max_examples=MANY.max_examples // 4)
@given(st.data())
def test_gradients_of_reading_and_writing(data):
    a = numbers(data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)))
    theirs, ours = data.draw(keys(a.shape))
    want = numpy_part(a, theirs)
    if want is None or not np.size(want):
        return
    x = tinydl.tensor(a, requires_grad=True)
    v = tinydl.tensor(np.random.default_rng(3).normal(size=np.shape(want)), requires_grad=True)

    def read(x):
        return (x * x)[ours]

    def write(x, v):
        y = x * 2
        y[ours] = v * v
        return y * y

    def add(x, v):
        y = x * x
        y[ours] += v * v
        return y

    assert gradcheck(read, x) and gradcheck(write, (x, v)) and gradcheck(add, (x, v))


def test_second_derivatives_of_reading_and_writing():
    x, v = leaf(numbers((3, 4))), leaf(numbers((2, 4)))
    at = (tinydl.tensor([1, 1]), slice(None, None, -1))

    def read_and_write(x, v):
        y = x * x
        y[at] = (v * v)[:, [3, 0, 0, 2]] * y[[2, 0]]
        y[0, ::2] += v[0, 1]
        return y

    assert gradcheck(read_and_write, (x, v)) and gradgradcheck(read_and_write, (x, v))


def test_of_values_that_meet_the_last_one_stays():
    x, v = tinydl.zeros(2, dtype=tinydl.float64), leaf(numbers((3,)))
    x[[1, 1, 1]] = v
    assert x[1].item() == v[2].item() and x[0].item() == 0
    x.sum().backward()
    assert v.grad.tolist() == [0, 0, 1]
    places, values = np.arange(20_000) % 7, np.arange(20_000)
    y, want = tinydl.zeros(7, dtype=tinydl.int64), np.zeros(7, np.int64)
    y[places] = values  # also where a GPU's threads share the work
    want[places] = values
    same(y, want)


def test_source_and_target_may_be_the_same_memory():
    x = tinydl.arange(6)
    x[[1, 2, 3, 4, 5]] = x[:5]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
    x[x] = x[tinydl.tensor([5, 4, 3, 2, 1, 0])] * 10  # x is index and target
    assert x.tolist() == [30, 20, 10, 0, 0, 4]


def test_views_of_repeated_elements_are_not_written():
    x = tinydl.zeros(3).expand(2, 3)
    with pytest.raises(ValueError, match="expanded view"):
        x[[0, 1]] = 1.0
    with pytest.raises(ValueError, match="expanded view"):
        x.scatter_(0, tinydl.tensor([[0, 1, 0]]), 1.0)


def test_large_integers_stay_what_they_are():
    """A mask's places get the value, the others are not rounded on the way."""
    x = tinydl.tensor([2**62 + 1, 5])
    x[x == 5] = 1.9
    assert x.tolist() == [2**62 + 1, 1]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: x[[0, 1], [0, 1, 2]], IndexError, "index tensors do not fit together.*2 and 3"),
        (lambda x: x[[[0]], 0, 0], IndexError, r"3 indices for a tensor of 2 axes \(2, 3\)"),
        (lambda x: x[..., [0], ...], IndexError, r"at most one \.\.\."),
        (lambda x: x[:, x[0] > 0, 0], IndexError, "3 indices"),
        (lambda x: x[:, x[:, 0] > 0], IndexError, r"bool\[2\].*f32\[2,3\].*axes 1 to 1"),
        (lambda x: x[[0.5]], TypeError, r"float64 array \[0.5\] must hold integers or bools"),
        (lambda x: x[x], TypeError, r"f32\[2,3\] must hold integers or bools"),
        (lambda x: x[[0, 2]].sum().item(), IndexError, "index 2 at .1. is outside.*size 2"),
        (lambda x: x[:, [[0, -4]]].sum().item(), IndexError, "index -4 at .*axis 1 of size 3"),
        (lambda x: x[[0], [3]].sum().item(), IndexError, "index 3 at .0. is outside axis 1"),
        (lambda x: (x[[5], :0], x.tolist()), IndexError, "index 5 at .0. is outside axis 0"),
        (lambda x: put(x, [0, 9], 1.0), IndexError, "index_put: index 9 at .1. is outside axis 0"),
        (lambda x: put(x, [0, 1], tinydl.ones(2)), ValueError, r"f32\[2\] does not.*f32\[2,3\]"),
    ],
)  # fmt: skip
def test_what_does_not_fit(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(tinydl.ones(2, 3))


def put(x, key, value):
    x[key] = value
    return x.tolist()


@NEEDS_CUDA
def test_a_mask_waits_for_the_gpu_and_indices_do_not():
    x = tinydl.arange(6.0, device="cuda")
    mask, index = x > 2, tinydl.tensor([0, 5], device="cuda")
    waits = x._array.backend.fn["waits"]
    before = waits()
    x[index] = x[index] * 2
    x[mask] = 0.0
    assert waits() == before
    assert x[mask].shape == (3,) and waits() == before + 1
    with pytest.raises(RuntimeError, match="reads values"):
        step = tinydl.compile(lambda x: x[x > 2].sum())
        step(x), step(x)
