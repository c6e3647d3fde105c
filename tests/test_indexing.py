"""Every kind of key and index against NumPy: reading, writing, gradients, and what is refused."""

from __future__ import annotations

import os

import numpy as np
import pytest
from against_numpy import numbers, same
from devices import EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st

import tinydl
from tinydl.autograd import gradcheck

pytestmark = EVERY_DEVICE

MANY = settings(max_examples=int(os.environ.get("INDEX_EXAMPLES", "100")))

# --- keys -----------------------------------------------------------------------------------------


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
            _ = x[ours].tolist()
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

    assert gradcheck(read, x) and gradcheck(write, (x, v))
    if all(isinstance(k, np.ndarray | bool) for k in theirs if isinstance(theirs, tuple)):
        assert gradcheck(add, (x, v))
