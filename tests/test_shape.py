"""Views, joining and rearranging against NumPy; views share memory; gradients of both orders."""

from __future__ import annotations

import numpy as np
import pytest
from against_numpy import FULL, QUICK, numbers, same
from devices import EVERY_DEVICE
from hypothesis import given
from hypothesis import strategies as st

import tinydl
from tinydl.autograd import gradcheck, gradgradcheck
from tinydl.nn import functional as F

pytestmark = EVERY_DEVICE


# --- views ----------------------------------------------------------------------------------------


@QUICK
@given(st.data())
def test_views(data):
    a = numbers(data.draw(FULL))
    x, ndim = tinydl.tensor(a), a.ndim
    d = data.draw(st.integers(-ndim, ndim - 1))
    sources = data.draw(st.permutations(range(ndim)))[: data.draw(st.integers(0, ndim))]
    targets = data.draw(st.permutations(range(ndim)))[: len(sources)]
    same(x.movedim(tuple(sources), tuple(targets)), np.moveaxis(a, sources, targets))
    same(x.reshape_as(x.ravel()), a.ravel())
    ones = tuple(i for i in range(ndim) if a.shape[i] == 1)
    same(x.squeeze(ones), a.squeeze(ones))
    assert x.squeeze(tuple(range(ndim))).shape == a.squeeze().shape
    n = a.shape[d]
    size, step = data.draw(st.integers(1, n)), data.draw(st.integers(1, 3))
    windows = np.lib.stride_tricks.sliding_window_view(a, size, d)
    same(x.unfold(d, size, step), windows[(slice(None),) * (d % ndim) + (slice(None, None, step),)])
    if ndim > 1:
        offset = data.draw(st.integers(-3, 3))
        d, e = data.draw(st.permutations(range(-ndim, 0)))[:2]
        same(x.diagonal(offset, d, e), np.diagonal(a, offset, d, e))


def test_views_share_memory():
    x = tinydl.zeros(2, 3)
    for i, view in enumerate(
        [
            x.as_strided((6,), (1,)),
            x.unfold(1, 2, 1),
            x.diagonal(1),
            x.swapdims(0, 1),
            x.moveaxis(0, 1),
            x.ravel(),
            x.tensor_split(2)[0],
            x.view(tinydl.int32),
        ]
    ):
        before = x._array.storage.version
        view[0].fill_(i + 1)
        assert x[0].max() != 0 and x._array.storage.version == before + 1
        x.zero_()


def test_the_same_bytes_as_another_dtype():
    x = tinydl.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert x.view(tinydl.int32).tolist() == np.float32([[1, 2], [3, 4]]).view(np.int32).tolist()
    assert x.view(tinydl.float64).shape == (2, 1) and x.view(tinydl.uint8).shape == (2, 8)
    assert x[1:].view(tinydl.float64).view(tinydl.float32).tolist() == [[3.0, 4.0]]
    with pytest.raises(ValueError, match=r"f32\[2,2\] with strides \(1, 2\) has no view as"):
        x.T.view(tinydl.float64)


def test_shapes_change_in_place():
    x = tinydl.arange(6).reshape(1, 2, 3)
    assert x.squeeze_().t_() is x and x.shape == (3, 2)
    assert x.unsqueeze_(-1).transpose_(0, -1).shape == (1, 2, 3)
    leaf = tinydl.ones(1, 2, requires_grad=True)
    y = leaf * 2
    y.squeeze_(0)
    (y * y).sum().backward()
    assert leaf.grad.tolist() == [[8, 8]]
    with pytest.raises(RuntimeError, match=r"t_: f32\[1,2\] is a leaf.*use t\(\)"):
        leaf.t_()


def test_pieces():
    a = numbers((7, 6, 4))
    x = tinydl.tensor(a)
    for cuts in (3, 9, [2, 5], [5, 2], [-2], tinydl.tensor([1, 4])):
        wanted = np.array_split(a, cuts if isinstance(cuts, (int, list)) else cuts.tolist(), 0)
        parts = x.tensor_split(cuts)
        assert len(parts) == len(wanted)
        for part, want in zip(parts, wanted, strict=True):
            same(part, want)
    for name, cuts in (("vsplit", 7), ("hsplit", 2), ("dsplit", [1, 2])):
        for part, want in zip(getattr(x, name)(cuts), getattr(np, name)(a, cuts), strict=True):
            same(part, want)
    assert [p.shape[1] for p in x.split_with_sizes([1, 5], 1)] == [1, 5]


def test_broadcasting():
    x, y = tinydl.ones(3, 1), tinydl.ones(2)
    assert [t.shape for t in tinydl.broadcast_tensors(x, y)] == [(3, 2), (3, 2)]
    assert tinydl.broadcast_shapes((2, 1), 3, ()) == (2, 3) and tinydl.broadcast_shapes() == ()


# --- joining and rearranging ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack"])
def test_stacks(name, shape):
    if name == "column_stack" and not shape:
        return  # NumPy's and PyTorch's results differ there
    a, b = numbers(shape), numbers(shape) + 1
    same(getattr(tinydl, name)([tinydl.tensor(a), tinydl.tensor(b)]), getattr(np, name)([a, b]))
    for least in (1, 2, 3):
        f, g = getattr(tinydl, f"atleast_{least}d"), getattr(np, f"atleast_{least}d")
        same(f(tinydl.tensor(a)), g(a))


def test_nothing_to_begin_with():
    x = tinydl.ones(2, 3)
    assert tinydl.cat([tinydl.tensor([]), x, x]).shape == (4, 3)
    assert tinydl.cat([tinydl.tensor([])] * 2).shape == (0,)


def test_blocks():
    a, b = numbers((2, 3)), numbers((4,))
    x = tinydl.block_diag(tinydl.tensor(a), tinydl.tensor(b), tinydl.tensor(5.0))
    want = np.zeros((4, 8))
    want[:2, :3], want[2, 3:7], want[3, 7] = a, b, 5
    same(x, want)


@QUICK
@given(st.data())
def test_rearranging(data):
    a = numbers(data.draw(FULL))
    x, ndim = tinydl.tensor(a), a.ndim
    d = data.draw(st.integers(-ndim, ndim - 1))
    shift, n = data.draw(st.integers(-7, 7)), data.draw(st.integers(0, 3))
    some = tuple(data.draw(st.sets(st.integers(0, ndim - 1))))
    same(x.roll(shift), np.roll(a, shift))
    same(x.roll(shift, d), np.roll(a, shift, d))
    if some:
        same(x.roll((shift,) * len(some), some), np.roll(a, (shift,) * len(some), some))
    same(x.flip(some), np.flip(a, some))
    same(x.repeat_interleave(n, d), np.repeat(a, n, d))
    counts = data.draw(st.lists(st.integers(0, 3), min_size=a.shape[d], max_size=a.shape[d]))
    same(x.repeat_interleave(tinydl.tensor(counts, dtype=tinydl.int64), d), np.repeat(a, counts, d))
    times = tuple(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=5)))
    same(x.tile(times), np.tile(a, times))
    if ndim > 1:
        e = data.draw(st.integers(0, ndim - 1).filter(lambda e: e != d % ndim))
        same(x.rot90(shift, (d, e)), np.rot90(a, shift, (d, e)))
        same(x.flipud(), np.flipud(a)), same(x.fliplr(), np.fliplr(a))


def test_copies_are_copies():
    x = tinydl.arange(3)
    for y in (
        x.repeat(1),
        x.tile(1),
        x.flip(0),
        x.roll(0),
        x.repeat_interleave(1),
    ):
        y.fill_(9)
    assert x.tolist() == [0, 1, 2]


@pytest.mark.parametrize("offset", [-2, 0, 1])
def test_diagonals(offset):
    a = numbers((3, 4))
    x = tinydl.tensor(a)
    same(x.diag(offset), np.diag(a, offset))
    same(x[0].diag(offset), np.diag(a[0], offset))
    same(x.diagflat(offset), np.diagflat(a, offset))
    same(x.diag_embed(offset), np.stack([np.diag(row, offset) for row in a]))
    same(x.diag_embed(offset, 0, -1), np.stack([np.diag(row, offset) for row in a], 1))


MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@pytest.mark.parametrize("mode", MODES)
def test_pad(mode):
    a = numbers((3, 4, 5))
    x = tinydl.tensor(a)
    for widths in ((2, 1), (1, 2, 0, 3), (0, 0, 2, 1, 1, 2), ()):
        pairs = [widths[i : i + 2] for i in range(len(widths) - 2, -2, -2)]
        want = np.pad(a, [(0, 0)] * (3 - len(pairs)) + [tuple(p) for p in pairs], MODES[mode])
        same(F.pad(x, widths, mode), want)
    same(F.pad(x, (-1, -2)), a[:, :, 1:-2])
    same(F.pad(x, (-1, 2), "circular"), np.pad(a[:, :, 1:], ((0, 0), (0, 0), (0, 2)), "wrap"))
    same(x.narrow(1, -3, 2), a[:, 1:3])
    same(
        F.pad(x, (2, -1), value=7),
        np.pad(a[:, :, :-1], ((0, 0), (0, 0), (2, 0)), constant_values=7),
    )


# --- gradients ------------------------------------------------------------------------------------

COUNTS = [2, 0, 1]
GRADIENTS = {
    "as_strided": lambda x: x.as_strided((2, 3), (3, 1), 1),
    "as_strided of an expanded tensor": lambda x: x[:1].expand(2, 4).as_strided((3,), (1,)),
    "as_strided of a view": lambda x: x.T[1:].as_strided((2, 2), (1, 2), 3),
    "unfold": lambda x: x.unfold(1, 3, 1),
    "diagonal": lambda x: x.diagonal(1, 1, 0),
    "diag": lambda x: x.diag(),
    "diag_embed": lambda x: x.diag_embed(1, 0, -1),
    "moveaxis": lambda x: x[None].moveaxis((0, 1), (1, 2)),
    "repeat": lambda x: x.repeat(2, 1, 3),
    "repeat_interleave": lambda x: x.repeat_interleave(tinydl.tensor(COUNTS), 0),
    "flip": lambda x: x.flip(0, 1),
    "roll": lambda x: x.roll((1, 2), (0, 1)),
    "rot90": lambda x: x.rot90(),
    "tensor_split": lambda x: x.tensor_split(3, 1)[1],
    "block_diag": lambda x: tinydl.block_diag(x, x[0]),
    "column_stack": lambda x: tinydl.column_stack([x, x[:, 0]]),
    "select_scatter": lambda x: x.select_scatter(x[1], 0, 0),
    "slice_scatter": lambda x: x.slice_scatter(x[:, :2] * x[:, 2:], 1, 0, 4, 2),
    "diagonal_scatter": lambda x: x.diagonal_scatter(x[:, 0], 1),
    "pad constant": lambda x: F.pad(x, (1, -1), value=2),
    "pad reflect": lambda x: F.pad(x, (3, 1), "reflect"),
    "pad replicate": lambda x: F.pad(x, (-1, 2, 1, 0), "replicate"),
    "pad circular": lambda x: F.pad(x, (1, 4), "circular"),
}  # fmt: skip


@pytest.mark.parametrize("f", GRADIENTS.values(), ids=GRADIENTS)
def test_gradients(f):
    x = tinydl.tensor(numbers((3, 4)), requires_grad=True)
    assert gradcheck(lambda x: f(x * x), x) and gradgradcheck(lambda x: f(x * x), x)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: x.as_strided((3,), (3,)), ValueError, "elements 0 to 6 of the memory of f32"),
        (lambda x: x[1:].as_strided((2,), (-4,)), ValueError, "elements -1 to 3"),
        (lambda x: x.as_strided((3,), (1, 1)), ValueError, "as many strides as sizes"),
        (lambda x: x.unfold(1, 4, 1), ValueError, r"size 4 and step 1 do not fit axis 1"),
        (lambda x: x.unfold(0, 1, 0), ValueError, "step ≥ 1"),
        (lambda x: x.diagonal(0, 1, -1), ValueError, r"dim1 1 and dim2 -1 are one axis"),
        (lambda x: x.diagonal(0, 0, 2), IndexError, "diagonal: dim 2"),
        (lambda x: x[None].diag(), ValueError, r"f32\[1,2,3\]; of stacks use diagonal"),
        (lambda x: x.movedim((0, 1), (0,)), ValueError, "2 axes do not go to 1 places"),
        (lambda x: x.movedim((0, 0), (0, 1)), ValueError, "names an axis twice"),
        (lambda x: x.tensor_split(0), ValueError, "at least 1 section"),
        (lambda x: x.hsplit(2), ValueError, r"axis 1 of f32\[2,3\] does not fall into 2 equal"),
        (lambda x: x.dsplit(1), ValueError, "at least 3 axes"),
        (lambda x: x.repeat(2), ValueError, r"\(2,\) must be a number ≥ 0 for each axis"),
        (lambda x: x.repeat(2, -1), ValueError, "≥ 0"),
        (lambda x: x.repeat_interleave(-1), ValueError, "≥ 0"),
        (lambda x: x.repeat_interleave([1, 2, 3], 0), ValueError, "2 integers, one for each"),
        (lambda x: x.repeat_interleave(2, 0, output_size=3), ValueError, "add up to 4"),
        (lambda x: x.flip(0, 0), ValueError, "flip.*twice"),
        (lambda x: x.roll((1, 2), 0), ValueError, "2 shifts for 1 dims"),
        (lambda x: x.rot90(1, (0,)), ValueError, "two dims"),
        (lambda x: x.select_scatter(x, 0, 0), ValueError, r"src f32\[2,3\].*part f32\[3\]"),
        (lambda x: tinydl.hstack([x, 3.0]), TypeError, r"tensors\[1\] is no tensor but float"),
        (lambda x: tinydl.block_diag(x, x[None]), ValueError, r"tensors\[1\] is f32\[1,2,3\]"),
        (lambda x: tinydl.broadcast_tensors(x, x.T), ValueError, "do not broadcast"),
        (lambda x: F.pad(x, (1,)), ValueError, r"\(before, after\)"),
        (lambda x: F.pad(x, (-2, -2)), ValueError, r"cuts more than axis 1 of f32\[2,3\]"),
        (lambda x: F.pad(x, (3, 0), "reflect"), ValueError, r"\(3, 0\) is too wide for axis 1"),
        (lambda x: F.pad(x, (0, 4), "circular"), ValueError, "has 3 elements to repeat"),
        (lambda x: F.pad(x, (1, 1), "mirror"), ValueError, "not 'mirror'"),
        (lambda x: F.pad(x, (1, 1), "reflect", 1), ValueError, "takes no value"),
    ],
)  # fmt: skip
def test_what_does_not_fit(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(tinydl.ones(2, 3))
