"""Dtypes: conversions between any two; halves, which are stored and computed with as float32."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest
from devices import EVERY_DEVICE
from guards import guarded, libraries

import tinydl
from tinydl import dtypes

HALVES = (tinydl.float16, tinydl.bfloat16)
EACH_LIBRARY = pytest.mark.parametrize("library", libraries())
EACH_HALF = pytest.mark.parametrize("half", HALVES, ids=str)
EVERY_HALF = np.arange(2**16, dtype=np.uint16)


# --- conversions ----------------------------------------------------------------------------------


def bf16_bits(x: np.ndarray) -> np.ndarray:
    """float32 → bfloat16 by exact arithmetic: the nearer of two neighbours, else the even one."""
    down = x.view(np.uint32) >> 16
    values = [(bits << 16).astype(np.uint32).view(np.float32).astype(np.longdouble)
              for bits in (down, down + 1)]  # fmt: skip
    low, high = (np.where(np.isinf(v), np.sign(v) * np.longdouble(2.0**128), v) for v in values)
    exact = x.astype(np.longdouble)
    below, above = np.abs(exact - low), np.abs(high - exact)
    up = (above < below) | ((above == below) & (down & 1 == 1))
    return np.where(np.isinf(x), down, down + up).astype(np.uint16)


def floats(dtype: str) -> np.ndarray:
    """Every half, what lies between neighbours, a hair off that, and bit patterns at random."""
    halves = [EVERY_HALF.view(np.float16), (EVERY_HALF.astype(np.uint32) << 16).view(np.float32)]
    parts = []
    for exact in halves:
        wide = exact[np.isfinite(exact)].astype(np.float64)
        middle = (wide + np.nextafter(exact[np.isfinite(exact)], np.float32(0)).astype(float)) / 2
        parts += [wide, middle, middle * (1 + 1e-7), middle * (1 - 1e-7), middle * (1 + 1e-15)]
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 100_000, dtype=np.uint64).astype(np.uint32)
    with np.errstate(all="ignore"):
        x = np.concatenate([*parts, bits.view(np.float32).astype(float), [1e300, -1e300, 1e-320]])
        return x.astype(dtype)


def on(library: str, x: np.ndarray, dtype) -> np.ndarray:
    """x converted there, as bytes."""
    device, memory = guarded(library)
    y = tinydl.tensor(x, device=device).to(dtype)._array.raw()
    memory.check()
    return y


@EACH_LIBRARY
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_halves_are_read_exactly(library):
    device, _ = guarded(library)
    for dtype in HALVES:
        meaning = EVERY_HALF.view(np.float16).astype(np.float32)
        if dtype is tinydl.bfloat16:
            meaning = (EVERY_HALF.astype(np.uint32) << 16).view(np.float32)
        stored = EVERY_HALF.view(dtype.stored)
        bits = tinydl.array.Array.from_numpy(stored, device.backend, dtype=dtype)
        for target in (tinydl.float32, tinydl.float64):
            y = bits.astype(target).numpy()
            np.testing.assert_array_equal(y, meaning.astype(target.numpy))
            assert (np.signbit(y) == np.signbit(meaning))[~np.isnan(meaning)].all()


@EACH_LIBRARY
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
def test_halves_are_rounded_once_to_the_nearest(library, dtype):
    x = floats(dtype)
    nan = np.isnan(x)
    got = on(library, x, tinydl.float16)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(
            got[~nan].view(np.uint16), x[~nan].astype(np.float16).view(np.uint16)
        )
    assert np.isnan(got[nan]).all()

    got = on(library, x, tinydl.bfloat16)
    with np.errstate(over="ignore"):
        single = x.astype(np.float32)  # to odd, so that it is not rounded twice
        inexact = single.astype(np.float64) != x
        past = np.abs(single.astype(np.float64)) > np.abs(x)
    odd = ((single.view(np.uint32) - past) | inexact).astype(np.uint32).view(np.float32)
    np.testing.assert_array_equal(got[~nan], bf16_bits(odd[~nan]))
    assert (got[nan] & 0x7FFF > 0x7F80).all()


def _eight_bits(v: int) -> int:
    """v rounded to its first eight binary digits, ties to even."""
    unit = 2 ** max(v.bit_length() - 8, 0)
    digits, rest = divmod(v, unit)
    return (digits + (2 * rest > unit or (2 * rest == unit and digits % 2))) * unit


@EACH_LIBRARY
def test_integers_become_halves(library):
    edges = [0, 1, 255, 256, 257, 258, 2049, 2051, 65504, 65519, 65520, 2**31 - 1]
    wide = [2**53 + 2**45, 2**53 + 2**45 + 1, 2**62 + 2**54, 2**62 + 2**54 + 1, 2**63 - 1]
    x = np.array([*edges, *wide, *[-v for v in edges + wide]])
    exact = x.astype(np.longdouble)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(on(library, x, tinydl.float16), exact.astype(np.float16))
    nearest = [_eight_bits(v) for v in map(abs, x.tolist())]
    got = (on(library, x, tinydl.bfloat16).astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(got, np.sign(x) * np.array(nearest, float))


@EACH_LIBRARY
@pytest.mark.parametrize("source, target", list(itertools.product(dtypes.ALL, repeat=2)), ids=str)
def test_any_dtype_becomes_any_other(source, target, library):
    """Numbers that all have, in rows, transposed and with steps; beyond its range a value that is
    the same on every machine."""
    device, memory = guarded(library)
    values = np.arange(6 * 70).reshape(6, 70) % (2 if tinydl.bool in (source, target) else 100)
    x = tinydl.tensor(values, device=device).to(source)
    for seen, wanted in ((x, values), (x.T, values.T), (x[::-1, ::3], values[::-1, ::3])):
        y = seen.to(target, copy=True)
        assert y.dtype is target
        np.testing.assert_array_equal(y._array.numpy(), wanted.astype(y._array.numpy().dtype))
    memory.check()


@EACH_LIBRARY
def test_floats_that_no_integer_is(library):
    x = np.array([np.nan, np.inf, -np.inf, 1e300, 300.9, -1.5])
    largest = 2**63 - 1
    assert on(library, x, tinydl.int64).tolist() == [0, largest, -largest - 1, largest, 300, -1]
    assert on(library, x, tinydl.int16).tolist() == [0, -1, 0, -1, 300, -1]
    assert on(library, x, tinydl.int8).tolist() == [0, -1, 0, -1, 44, -1]
    device, _ = guarded(library)
    half = tinydl.tensor(x, device=device).to(tinydl.bfloat16)
    assert half.to(tinydl.int64).tolist() == [0, largest, -largest - 1, largest, 300, -1]


# --- halves ---------------------------------------------------------------------------------------


@EVERY_DEVICE
@EACH_HALF
def test_arithmetic_of_halves_is_that_of_float32_rounded(half):
    x, y = tinydl.randn(5, 7).to(half), tinydl.randn(7).to(half)
    wide, narrow = x.float(), y.float()
    for found, wanted in (
        (x + y, wide + narrow),
        (2 / x, 2 / wide),
        (x.exp(), wide.exp()),
        (x @ y, wide @ narrow),
        (x.sum(0), wide.sum(0)),
        (x.softmax(1), wide.softmax(1)),
        (tinydl.where(x > 0, x, y), tinydl.where(wide > 0, wide, narrow)),
        (x.max(dim=1)[0], wide.max(dim=1)[0]),
        (tinydl.cat([x, x]), tinydl.cat([wide, wide])),
        (x[tinydl.tensor([4, 0])], wide[tinydl.tensor([4, 0])]),
    ):
        assert found.dtype is half
        assert found.equal(wanted.to(half))
    assert (x < y).dtype is tinydl.bool and (x < y).equal(wide < narrow)
    assert x.argmax(1).equal(wide.argmax(1))


@EVERY_DEVICE
@EACH_HALF
def test_gradients_of_halves_are_halves(half):
    x = tinydl.tensor([1.0, 2.0, 3.0], dtype=half, requires_grad=True)
    (x * x + x.float().sum()).sum().backward()
    assert x.grad.dtype is half and x.grad.tolist() == [5, 7, 9]
    x.sum().backward()
    assert x.grad.tolist() == [6, 8, 10]
    w = tinydl.tensor([0.5, 0.25, 4.0], requires_grad=True)
    y = w.to(half) * x
    (first,) = tinydl.autograd.grad(y.sum(), w, create_graph=True)
    assert first.dtype is tinydl.float32
    (second,) = tinydl.autograd.grad((first * first).sum(), x)
    assert second.tolist() == [2, 4, 6]


@EVERY_DEVICE
@EACH_HALF
def test_halves_in_place(half):
    x = tinydl.zeros(2, 3, dtype=half)
    view = x[0]
    x += 1.5
    view.mul_(tinydl.tensor([1, 2, 3]))
    assert x.tolist() == [[1.5, 3, 4.5], [1.5, 1.5, 1.5]] and x.dtype is half
    x[1] = tinydl.ones(3)
    assert x.fill_(7).tolist() == [[7, 7, 7]] * 2
    w = tinydl.ones(2, dtype=half, requires_grad=True)
    y = w * 2
    y.mul_(w)
    y.sum().backward()
    assert w.grad.tolist() == [4, 4]
    with pytest.raises(RuntimeError, match="mul_: .* is a leaf"):
        w.mul_(2)
    with pytest.raises(ValueError, match=r"\(2,\)|f16\[2\]"):
        tinydl.ones(2).half().add_(tinydl.ones(3, 2))


@EVERY_DEVICE
def test_halves_do_not_mix_where_dtypes_must_agree():
    x, w = tinydl.ones(2, 3).half(), tinydl.ones(4, 3)
    with pytest.raises(TypeError, match=r"linear: .* \(x f16\[2,3\], w f32\[4,3\]\)"):
        tinydl.nn.functional.linear(x, w)


@EVERY_DEVICE
@EACH_HALF
def test_halves_elsewhere(half):
    x = tinydl.tensor([[1.5, -2.0], [0.1, float("inf")]], dtype=half)
    for same in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x), tinydl.tensor(x), x.cpu().to(x)):
        assert same.dtype is half and same.equal(x)
    assert x[0].tolist() == [1.5, -2] and x[0, 1].item() == -2 and float(x[1, 1]) == np.inf
    assert repr(x[0].cpu()) == f"tensor([ 1.5, -2. ], dtype={half})"
    for draw in (tinydl.rand, tinydl.randn):
        y = draw(1000, dtype=half)
        assert y.dtype is half and len(set(y.tolist())) > 100


@EVERY_DEVICE
@EACH_HALF
def test_networks_of_halves(half):
    nn = tinydl.nn
    layers = (nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
    net = nn.Sequential(*layers)
    x, classes = tinydl.randn(2, 1, 8, 8).to(half), tinydl.tensor([0, 2])
    net.half() if half is tinydl.float16 else net.bfloat16()
    found = net(x)
    loss = nn.functional.cross_entropy(found, classes)
    loss.backward()
    assert found.dtype is loss.dtype is half
    assert {p.grad.dtype for p in net.parameters()} == {half}
    wanted = net.float()(x.float())
    assert (found.float() - wanted).abs().max() < 8 * tinydl.finfo(half).eps * wanted.abs().max()


def test_numpy_has_no_bfloat16():
    x = tinydl.ones(2, dtype=tinydl.bfloat16, device="cpu")
    with pytest.raises(TypeError, match=r"numpy: bf16\[2\]: NumPy has no bfloat16; use .float\(\)"):
        x.numpy()
    assert x.half().numpy().dtype == np.float16


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_limits(dtype):
    if dtype is tinydl.bool or dtype.is_floating_point:
        with pytest.raises(TypeError, match="iinfo: .* is no integer type"):
            tinydl.iinfo(dtype)
    else:
        found, wanted = tinydl.iinfo(dtype), np.iinfo(dtype.numpy)
        assert (found.min, found.max, found.bits) == (wanted.min, wanted.max, wanted.bits)
    if not dtype.is_floating_point:
        with pytest.raises(TypeError, match="finfo: .* is not floating point"):
            tinydl.finfo(dtype)
    elif dtype.numpy:
        found, wanted = tinydl.finfo(dtype), np.finfo(dtype.numpy)
        for name in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution"):
            assert getattr(found, name) == pytest.approx(float(getattr(wanted, name)), rel=2e-3)
    assert tinydl.finfo().dtype == "float32" and "max=127" in repr(tinydl.iinfo(tinydl.int8))
