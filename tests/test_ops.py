"""Values: every case against the reference, on every instruction set, dtype and layout.

All memory is guarded (guards.py): a byte written outside an output, or read before it was written,
fails the test that did it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import inputs
import numpy as np
import pytest
from cases import CASES
from devices import DEVICES
from guards import GUARD, guarded, libraries
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels import for_cpus_alone, for_gpus_alone
from layouts import LAYOUTS, lay_out
from source import Source
from table import EXACT, REALS, SMALL, ULPS, Case

import tinydl
from tinydl import backend
from tinydl.op import OPS

ISAS = backend.usable()
LIBRARIES = tuple(libraries())
EACH = pytest.mark.parametrize(
    "case, dtype", [pytest.param(c, d, id=f"{c}-{d}") for c in CASES for d in c.dtypes]
)
EACH_REAL = pytest.mark.parametrize(
    "case, dtype",
    [pytest.param(c, d, id=f"{c}-{d}") for c in CASES for d in c.dtypes if d in REALS],
)


def assert_near(actual: np.ndarray, expected: np.ndarray, tolerance: int) -> None:
    """Equal, or within so many units of the last place (of the largest value for sums)."""
    assert actual.shape == expected.shape, f"shape {actual.shape}, expected {expected.shape}"
    if expected.ndim == 0:  # of 0-d arrays NumPy 1 makes what it makes of Python numbers
        expected = expected.astype(actual.dtype)
    if tolerance == EXACT or actual.dtype.kind != "f":
        assert actual.dtype == expected.dtype or tolerance != EXACT
        np.testing.assert_array_equal(actual, expected)
        return
    kind = np.finfo(actual.dtype)
    with np.errstate(all="ignore"):
        rounded = expected.astype(actual.dtype)
        size = np.abs(expected)
        if tolerance != ULPS:
            size = np.max(size, initial=1, where=np.isfinite(size))
        error = np.abs(actual - expected)
        near = error <= tolerance * kind.eps * size + 2 * kind.smallest_subnormal
    good = near | (actual == rounded) | (np.isnan(actual) & np.isnan(expected))
    if not good.all():
        at = tuple(np.argwhere(~good)[0])
        raise AssertionError(
            f"{(~good).sum()} of {good.size} elements differ; at {at} "
            f"{actual[at]!r}, expected {expected[at]!r}"
        )


def check(case: Case, arrays: list, params: dict, layouts: list) -> None:
    """The case on all instruction sets: values, red zones, inputs left alone."""
    expected = None
    for name in LIBRARIES:
        device, memory = guarded(name)
        pairs = [lay_out(x, layout, device) for x, layout in zip(arrays, layouts, strict=True)]
        values, tensors = [list(side) for side in zip(*pairs, strict=True)]
        if expected is None:
            expected = case.expected(values, params)
        results = case.run(*tensors, **params)
        results = results if isinstance(results, tuple) else (results,)
        memory.check()
        assert len(results) == len(expected)
        for result, wanted in zip(results, expected, strict=True):
            try:
                assert_near(result._array.numpy(), wanted, case.tolerance)
            except AssertionError as error:
                raise AssertionError(f"{case} on {name}: {error}") from None
        for x, tensor in zip(values, tensors, strict=True):
            if x is not None:
                np.testing.assert_array_equal(
                    tensor._array.numpy(), x, f"{case} wrote to its input"
                )


# --- the table ------------------------------------------------------------------------------------


EACH_LAYOUT = pytest.mark.parametrize(
    "case, dtype, layout",
    [
        pytest.param(c, d, layout, id=f"{c}-{d}-{layout}")
        for c in CASES
        for d in c.dtypes
        for layout in LAYOUTS
        if d not in SMALL or layout == "contiguous"
    ],
)


@EACH
@settings(max_examples=10)
@given(data=st.data())
def test_values(case, dtype, data):
    arrays, params = case.inputs(Source.drawn(data.draw, dtype))
    layouts = [data.draw(st.sampled_from(list(LAYOUTS))) for _ in arrays]
    check(case, arrays, params, layouts)


@EACH_LAYOUT
def test_layouts(case, dtype, layout):
    for seed in range(2):
        arrays, params = case.inputs(Source.seeded(dtype, seed))
        check(case, arrays, params, [layout] * len(arrays))


@EACH_REAL
def test_nan_in_is_nan_out(case, dtype):
    """One NaN in each operand in turn: the output has NaN just where the reference has."""
    for seed in range(3):
        arrays, params = case.inputs(Source.seeded(dtype, seed))
        if case.name == "to_dtype" and params["dtype"] in (tinydl.int64, tinydl.uint8):
            continue  # a NaN among integers is any number
        rng = np.random.default_rng(seed)
        # whether NaN weights meet the zeros of a padding is not said
        operands = arrays[:1] if case.name.startswith("conv2d") else arrays
        for x in operands:
            if x is not None and x.dtype.kind == "f" and x.size:
                at = rng.integers(x.size)
                kept, x.flat[at] = x.flat[at], np.nan
                check(case, arrays, params, ["contiguous"] * len(arrays))
                x.flat[at] = kept


# One for each way to compute a convolution: images, channels, side, filters, window, groups.
CONVOLUTIONS = {
    "depthwise": (2, 8, 9, 8, 3, 8),
    "depthwise-wide": (2, 2, 19, 2, 5, 2),
    "few": (2, 4, 19, 4, 3, 1),
    "one-channel": (2, 1, 19, 34, 3, 1),
    "some": (2, 16, 9, 16, 3, 2),
    "many": (2, 24, 9, 34, 3, 1),
    "1×1": (2, 34, 9, 17, 1, 1),
    "1×1-wide": (2, 17, 13, 17, 1, 1),
}


@pytest.mark.parametrize("dtype", REALS)
@pytest.mark.parametrize("stride, padding", [(1, 0), (1, 1), (2, 0), (2, 1)])
@pytest.mark.parametrize("shape", CONVOLUTIONS)
@pytest.mark.parametrize("name", ["conv2d", "conv2d_input", "conv2d_weight"])
def test_what_is_not_finite_stays_in_its_windows(name, shape, stride, padding, dtype):
    """One ∞ or NaN in an operand is in each sum that holds it and in no other, with its sign.

    Whether a weight or gradient that is not finite meets the zeros of a padding is not said.
    """
    case = next(c for c in CASES if c.name == name)
    *sizes, groups = CONVOLUTIONS[shape]
    forward = inputs.conv(*sizes, stride=stride, padding=padding, groups=groups)
    make = forward if name == "conv2d" else getattr(inputs, name)(forward)
    arrays, params = make(Source.seeded(dtype))
    rng = np.random.default_rng(0)
    for x in arrays[:2]:
        exact = x is arrays[0] or (padding == 0 and name != "conv2d_input")
        ends = rng.integers(1, x.size // x.shape[-1], 3) * x.shape[-1] - 1  # of rows
        for number, at in zip((np.inf, np.nan) * 3, (0, *ends, x.size // 2, -1), strict=True):
            kept, x.flat[at] = x.flat[at], 1e30
            (large,) = case.expected(arrays, params)
            x.flat[at] = number
            holds = np.abs(large) > 1e20
            for library in LIBRARIES:
                device, memory = guarded(library)
                tensors = [a if a is None else tinydl.tensor(a, device=device) for a in arrays]
                y = case.run(*tensors, **params)._array.numpy()
                memory.check()
                np.testing.assert_array_equal(y[holds], np.copysign(number, large)[holds], library)
                assert np.isfinite(y[~holds]).all() if exact else not np.isinf(y[~holds]).any()
            x.flat[at] = kept


BENCHES = [(c, label) for c in CASES for label in c.bench]


@pytest.mark.parametrize("case, label", BENCHES, ids=[f"{c}-{n}".strip("-") for c, n in BENCHES])
def test_realistic_sizes(case, label):
    """Sizes at which kernels block, pack and use threads."""
    arrays, params = case.bench[label](Source.seeded("float32"))
    check(case, arrays, params, ["contiguous"] * len(arrays))


# --- numbers that are special ---------------------------------------------------------------------


def specials(dtype: str) -> np.ndarray:
    """NaN, infinities, zeros of both signs, subnormals, the smallest, the largest, ones."""
    kind = np.finfo(dtype)
    tiny, most, least = kind.tiny, kind.max, kind.smallest_subnormal
    values = [0, least, tiny / 3, tiny, kind.eps, 0.5, 1, 1 + kind.eps, 2, 3, 88.7, 709.7, most]
    both = [*values, np.inf, *[-v for v in values], -np.inf, np.nan]
    return np.array(both, dtype)


ONE_OPERAND = (
    "neg", "abs", "sign", "square", "exp", "log", "sqrt", "tanh", "sigmoid", "relu",
    "exp2", "expm1", "log2", "log10", "log1p", "rsqrt", "reciprocal", "sin", "cos", "tan", "asin",
    "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh", "erf", "erfc", "floor", "ceil",
    "trunc", "round", "softplus", "silu",
)  # fmt: skip
TWO_OPERANDS = (
    "add", "sub", "mul", "div", "maximum", "minimum", "pow", "fmod", "remainder", "floor_divide",
    "trunc_divide", "atan2", "hypot", "copysign", "nextafter", "logaddexp", "logaddexp2", "xlogy",
)  # fmt: skip
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")
UNSIGNED_ZERO = ("maximum", "minimum", "relu", "remainder")  # which zero of two is not said


@pytest.mark.parametrize("dtype", REALS)
@pytest.mark.parametrize("name", ONE_OPERAND + TWO_OPERANDS + COMPARISONS)
def test_special_numbers(name, dtype):
    case = next(c for c in CASES if c.name == name and dtype in c.dtypes)
    x = specials(dtype)
    arrays = [x] if name in ONE_OPERAND else [np.repeat(x, x.size), np.tile(x, x.size)]
    check(case, arrays, {}, ["contiguous"] * len(arrays))
    (expected,) = case.expected(arrays, {})
    if expected.dtype.kind == "f" and name not in UNSIGNED_ZERO:
        for library in LIBRARIES:
            device, _ = guarded(library)
            y = case.run(*[tinydl.tensor(a, device=device) for a in arrays])._array.numpy()
            zero = (y == 0) & (expected == 0)
            assert (np.signbit(y) == np.signbit(expected))[zero].all(), f"{library}: sign of zero"


# --- the table is complete ------------------------------------------------------------------------


def test_every_op_has_a_case():
    assert sorted(set(OPS) - {c.name for c in CASES}) == []


HOST = {  # of tinydl.h, what is no kernel
    "abi", "name", "compiler", "usable", "last_error", "threads", "set_threads", "sync",
    "alloc", "free", "write", "read", "function", "replay",
}  # fmt: skip


@pytest.mark.parametrize("device", DEVICES)
def test_every_kernel_is_reached(device):
    """A process that runs each case once looks up every td_ function that is a kernel."""
    code = (
        "import tinydl, cases\n"
        "from source import Source\n"
        f"tinydl.set_default_device({device!r})\n"
        "for c in cases.CASES:\n"
        "    for dtype in c.dtypes:\n"
        "        for seed in range(6):\n"
        "            arrays, params = c.inputs(Source.seeded(dtype, seed))\n"
        "            c.run(*[None if x is None else tinydl.tensor(x) for x in arrays], **params)\n"
        f"print(*tinydl.device({device!r}).backend.fn)\n"
    )
    tests = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}"},
    )
    assert done.returncode == 0, done.stderr
    declared = {name.removeprefix("td_") for name in dir(backend.load(ISAS[0]).lib)}
    elsewhere = for_gpus_alone() | (for_cpus_alone() if device == "cuda" else set())
    others = {name.removeprefix("td_") for name in elsewhere}
    kernels = {name for name in declared if name[0].islower()} - HOST - others
    assert sorted(kernels - set(done.stdout.split())) == []


# --- the guards themselves ------------------------------------------------------------------------


def test_guards_notice():
    device, memory = guarded(ISAS[0])
    x = tinydl.zeros(3, device=device)
    bytes_of = backend.ffi.cast("char *", x._array.pointer)
    bytes_of[12] = b"x"
    with pytest.raises(AssertionError, match="0 bytes after a piece of 12 bytes"):
        memory.check()
    bytes_of[12] = b"\xff"
    bytes_of[-GUARD] = b"x"
    with pytest.raises(AssertionError, match=f"{GUARD} bytes before a piece of 12 bytes"):
        memory.check()
    bytes_of[-GUARD] = b"\xff"
    memory.check()
    assert np.isnan(tinydl.empty(5, device=device).numpy()).all()
