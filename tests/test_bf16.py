"""Products of bfloat16, and of float32 by way of them: on every unit, also emulated tiles."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from against_numpy import rounded_once
from guards import guarded, products
from processes import python

import tinydl
from tinydl import backend, precision
from tinydl.array import Array
from tinydl.ops import call
from tinydl.ops.matmul import _multiply

ROOT = Path(__file__).resolve().parents[1]
EACH_UNIT = pytest.mark.parametrize("unit", products())
EACH_CPU = pytest.mark.parametrize("unit", [name for name in products() if name != "cuda"])
TILES = pytest.mark.skipif("amx-emu" not in products(), reason="make emulated was not run")

# m, k, n: one of everything, none, tiles that stick out on each side, several blocks and tasks
SHAPES = [
    (1, 1, 1), (3, 0, 2), (2, 5, 3), (1, 70, 33), (40, 31, 1), (13, 32, 32), (12, 33, 48),
    (33, 64, 70), (5, 1100, 9), (70, 40, 65),
]  # fmt: skip


def halves(shape, seed: int = 0, scale: float = 1) -> np.ndarray:
    """Numbers that bfloat16 holds, as float32."""
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32) * np.float32(scale)
    return (x.view(np.uint32) & 0xFFFF0000).view(np.float32)


def laid_out(x: np.ndarray, device, layout: str) -> tinydl.Tensor:
    """x in bfloat16, with strides of a kind."""
    if layout == "transposed":
        y = tinydl.tensor(np.ascontiguousarray(x.swapaxes(-1, -2)), device=device)
        return y.bfloat16().mT
    if layout == "strided":
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), np.float32)
        wide[..., ::2] = x
        return tinydl.tensor(wide, device=device).bfloat16()[..., ::2]
    return tinydl.tensor(x, device=device).bfloat16()


def rounded(exact: np.ndarray) -> np.ndarray:
    """The nearest bfloat16, as float32."""
    return tinydl.tensor(exact, dtype=tinydl.float32).bfloat16().float().numpy()


def assert_product(y: tinydl.Tensor, a: np.ndarray, b: np.ndarray, bias=0) -> None:
    """y is a · b (+ bias), rounded once to bfloat16."""
    assert y.dtype is tinydl.bfloat16
    a, b = a.astype(np.float64), b.astype(np.float64)
    rounded_once(y, a @ b + bias, np.abs(a) @ np.abs(b) + np.abs(bias))


@EACH_UNIT
@pytest.mark.parametrize("m, k, n", SHAPES)
def test_shapes_and_strides(unit, m, k, n):
    device, memory = guarded(unit)
    a, b = halves((m, k)), halves((k, n), 1)
    layouts = ("contiguous", "transposed", "strided")
    for left, right in zip(layouts, (*layouts[1:], layouts[0]), strict=True):
        for x, y in ((left, left), (left, right)):
            z = laid_out(a, device, x) @ laid_out(b, device, y)
            memory.check()
            assert_product(z, a, b)


@EACH_UNIT
def test_batches(unit):
    device, memory = guarded(unit)
    a, b = halves((3, 1, 7, 40)), halves((2, 40, 5), 1)
    for layout in ("contiguous", "transposed", "strided"):
        y = laid_out(a, device, layout) @ laid_out(b, device, layout)
        memory.check()
        assert y.shape == (3, 2, 7, 5)
        assert_product(y, a, b)
    x, w = halves((4, 9, 40)), halves((6, 40), 1)
    y = tinydl.nn.functional.linear(*[tinydl.tensor(v, device=device).bfloat16() for v in (x, w)])
    assert_product(y, x, w.T)


@EACH_UNIT
def test_the_bias_is_added_before_rounding(unit):
    device, _ = guarded(unit)
    x, w, b = halves((9, 40)), halves((35, 40), 1), halves(35, 2)
    tensors = [tinydl.tensor(v, device=device).bfloat16() for v in (x, w, b)]
    assert_product(tinydl.nn.functional.linear(*tensors), x, w.T, b)
    # 256 + 1 + 1: with a sum rounded to bfloat16 in between it would be 256
    x, b = (tinydl.tensor(v, device=device).bfloat16() for v in ([[16.0, 1.0]], [1.0]))
    assert tinydl.nn.functional.linear(x, x, b).item() == 258


@EACH_CPU
def test_sums_in_float32_can_be_had(unit):
    device, memory = guarded(unit)
    a, b = halves((33, 70)), halves((70, 40), 1)
    x, y = (tinydl.tensor(v, device=device).bfloat16()._array for v in (a, b))
    z = Array.empty((33, 40), tinydl.float32, device.backend)
    call("matmul", z, x, y, None)
    memory.check()
    exact, size = a.astype(float) @ b, np.abs(a) @ np.abs(b)
    assert (np.abs(z.numpy() - exact) <= 1e-6 * size).all()


@EACH_UNIT
def test_rounding_is_to_nearest_even(unit):
    """Sums of small integers are exact, so every result is known."""
    device, _ = guarded(unit)
    rng = np.random.default_rng(0)
    a = rng.integers(-16, 17, (50, 64)).astype(np.float32)
    b = rng.integers(-16, 17, (64, 50)).astype(np.float32)
    x, y = (tinydl.tensor(v, device=device).bfloat16() for v in (a, b))
    np.testing.assert_array_equal((x @ y).float().cpu().numpy(), rounded(a @ b))


@EACH_UNIT
def test_what_is_not_finite_stays_in_its_row_or_column(unit):
    device, _ = guarded(unit)
    for number in (np.inf, -np.inf, np.nan):
        for at in ((0, 0), (20, 33), (39, 69)):
            a, b = np.abs(halves((40, 70))), np.abs(halves((70, 40), 1)) + 0.5
            a[at] = number
            x, y = (tinydl.tensor(v, device=device).bfloat16() for v in (a, b))
            z = (x @ y).float().cpu().numpy()
            row = np.arange(40) == at[0]
            np.testing.assert_array_equal(z[row], np.full((1, 40), number, np.float32))
            assert np.isfinite(z[~row]).all()
            z = (y.mT @ x.mT).float().cpu().numpy().T
            np.testing.assert_array_equal(z[row], np.full((1, 40), number, np.float32))
            assert np.isfinite(z[~row]).all()
    large = tinydl.full((1, 4), 3e38, device=device).bfloat16()
    assert (large @ large.mT).float().item() == np.inf


@EACH_CPU
def test_any_number_of_threads_gives_the_same_bits(unit):
    device, _ = guarded(unit)
    library = device.backend
    a, b = halves((70, 300)), halves((300, 130), 1)
    x, y = (tinydl.tensor(v, device=device) for v in (a, b))
    before = library.fn["threads"]()
    found = set()
    for n in (1, 2, 5):
        library.fn["set_threads"](n)
        z = Array.empty((70, 130), tinydl.float32, library)
        parts = [(call("matmul_split", z, x._array, y._array, None, k), z.numpy().tobytes())
                 for k in (1, 3)]  # fmt: skip
        found.add(
            (*[bits for _, bits in parts], (x.bfloat16() @ y.bfloat16())._array.raw().tobytes())
        )
    library.fn["set_threads"](before)
    assert len(found) == 1


@EACH_UNIT
def test_derivatives_are_products_of_halves(unit):
    device, _ = guarded(unit)
    a, b, g = halves((20, 40)), halves((40, 30), 1), halves((20, 30), 2)
    x, y = (tinydl.tensor(v, device=device).bfloat16().requires_grad_() for v in (a, b))
    (x @ y).backward(tinydl.tensor(g, device=device).bfloat16())
    assert_product(x.grad.cpu(), g, b.T)
    assert_product(y.grad.cpu(), a.T, g)
    w = tinydl.tensor(b.T.copy(), device=device).bfloat16().requires_grad_()
    x.grad = None
    tinydl.nn.functional.linear(x, w).backward(tinydl.tensor(g, device=device).bfloat16())
    assert_product(x.grad.cpu(), g, b.T)
    assert_product(w.grad.cpu(), g.T, a)


@EACH_UNIT
@pytest.mark.parametrize("dtype", [tinydl.bfloat16, tinydl.float16], ids=str)
def test_convolutions_of_halves(unit, dtype):
    """Computed in float32 and rounded once, the gradients too; the graph keeps halves."""
    device, memory = guarded(unit)
    make = lambda shape, seed: tinydl.tensor(halves(shape, seed), device=device).to(dtype)  # noqa: E731
    x, w, b, g = make((2, 3, 9, 8), 0), make((5, 3, 3, 3), 1), make(5, 2), make((2, 5, 7, 6), 3)
    got, wanted = [], []
    for wide, out in ((False, got), (True, wanted)):
        x1, w1, b1, g1 = (v.float() if wide else v.clone() for v in (x, w, b, g))
        for v in (x1, w1, b1):
            v.requires_grad_()
        y = tinydl.nn.functional.conv2d(x1, w1, b1)
        y.backward(g1)
        out += [y, x1.grad, w1.grad, b1.grad]
    memory.check()
    for narrow, wide in zip(got, wanted, strict=True):
        assert narrow.dtype is dtype
        np.testing.assert_array_equal(narrow.float().cpu().detach().numpy(),
                                      wide.to(dtype).float().cpu().detach().numpy())  # fmt: skip


# --- float32 by way of bfloat16 -------------------------------------------------------------------


def split(unit: str, a: np.ndarray, b: np.ndarray, parts: int) -> np.ndarray:
    device, memory = guarded(unit)
    x, y = (tinydl.tensor(v, device=device)._array for v in (a, b))
    z = Array.empty((*a.shape[:-1], b.shape[-1]), tinydl.float32, device.backend)
    call("matmul_split", z, x, y, None, parts)
    memory.check()
    return z.numpy()


def plain(unit: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    device, _ = guarded(unit)
    return (tinydl.tensor(a, device=device) @ tinydl.tensor(b, device=device)).cpu().numpy()


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape) + shape[0]).standard_normal(shape).astype(np.float32)


@EACH_UNIT
def test_split_products(unit):
    """One part: as precise as bfloat16; three: as float32; where that is slower, float32 itself."""
    for m, k, n in SHAPES:
        a, b = numbers(m, k), numbers(k, n)
        exact, size = a.astype(float) @ b, np.abs(a) @ np.abs(b) + 1e-30
        worst = [np.max(np.abs(split(unit, a, b, parts) - exact) / size) for parts in (1, 3)]
        assert worst[0] <= 2.0**-7 and worst[1] <= 1e-6
    fast = {"amx-emu": 3, "amx": 3, "avx512bf16": 1}.get(unit, 0)
    a, b = numbers(40, 70), numbers(70, 40)
    for parts in (1, 3):
        same = np.array_equal(split(unit, a, b, parts), plain(unit, a, b))
        assert same == (parts > fast)


@EACH_UNIT
def test_split_products_are_float32s_where_something_is_not_finite(unit):
    most = np.finfo(np.float32).max
    for number in (np.inf, -np.inf, np.nan, most, -most):
        a, b = numbers(40, 70), numbers(70, 40) * 1e-3
        a[20, 33] = number
        for parts in (1, 3):
            z, expected = split(unit, a, b, parts), plain(unit, a, b)
            np.testing.assert_array_equal(np.isnan(z), np.isnan(expected))
            np.testing.assert_array_equal(np.isinf(z), np.isinf(expected))


@TILES
@pytest.mark.parametrize("parts", [1, 3])
def test_tiles_are_those_that_intel_documents(parts):
    """Bit by bit what the simulation of the error study computes, subnormals included."""
    sys.path.insert(0, str(ROOT / "tests" / "bench"))
    import split as study

    multiply = study.by_tiles({1: 1, 3: 6}[parts])
    for name in ("normal", "sums that cancel", "exponents ±60", "small (10⁻³⁵) by large"):
        a, b = (x[:24, :160] if x.shape[0] == 24 else x[:160] for x in study.inputs(name))
        np.testing.assert_array_equal(split("amx-emu", a, b, parts), multiply(a, b), name)


def test_precision_is_a_setting():
    x, y = (tinydl.tensor(numbers(40, 70)), tinydl.tensor(numbers(70, 40)))
    expected = {"highest": (x @ y).numpy()}
    for name in ("high", "medium"):
        expected[name] = split(backend.best(), x.numpy(), y.numpy(), precision.PARTS[name])
    assert tinydl.get_float32_matmul_precision() == "highest"
    step = tinydl.compile(lambda x, y: x @ y)
    try:
        for name in ("highest", "high", "medium", "highest"):
            tinydl.set_float32_matmul_precision(name)
            assert tinydl.get_float32_matmul_precision() == name
            for result in (x @ y, tinydl.nn.functional.linear(x, y.mT), step(x, y), step(x, y)):
                np.testing.assert_array_equal(result.numpy(), expected[name])
    finally:
        tinydl.set_float32_matmul_precision("highest")
    with pytest.raises(ValueError, match="expected one of 'highest', 'high', 'medium'; got 'low'"):
        tinydl.set_float32_matmul_precision("low")


# --- who may run it -------------------------------------------------------------------------------


def compiled(tmp_path: Path, source: str, *flags: str) -> subprocess.CompletedProcess:
    """A program, compiled and run."""
    sys.path.insert(0, str(ROOT))
    from native.recipes import make

    (tmp_path / "program.c").write_text(source)
    includes = [f"-I{ROOT / 'native' / folder}" for folder in ("", "common", "cpu")]
    command = [*make.find_compiler(), "-std=c11", "-Wno-unused-function", *includes, *flags,
               str(tmp_path / "program.c"), "-o", str(tmp_path / "program"), "-lm"]  # fmt: skip
    subprocess.run(command, check=True)
    return subprocess.run([str(tmp_path / "program")], capture_output=True, text=True)


X86 = pytest.mark.skipif(os.uname().machine != "x86_64", reason="about x86")


@X86
@pytest.mark.parametrize(
    "vectors, tiles, status, expected",
    [
        (1, "1 << 22 | 1 << 24", 0, "1 "),
        (1, "1 << 22 | 1 << 24", -1, "0 the system does not let this process use the tile units"),
        (1, "1 << 24", 0, "0 the processor has no tile units"),
        (0, "1 << 22 | 1 << 24", 0, "0 the processor lacks its instructions"),
    ],
)
def test_tiles_take_a_processor_and_a_permission(tmp_path, vectors, tiles, status, expected):
    """isa.c on machines of all kinds: what it asks is answered here."""
    source = f"""
        #define _GNU_SOURCE
        #include <cpuid.h>
        #include <stdio.h>
        #include <unistd.h>
        #define __builtin_cpu_supports(name) {vectors}
        #define __get_cpuid_count(leaf, sub, a, b, c, d) (*(a) = *(b) = *(c) = 0, *(d) = {tiles}, 1)
        #define syscall(...) {status}
        #include "isa.c"
        #include "status.c"
        int main(void) {{ int yes = td_usable(); printf("%d %s", yes, yes ? "" : message); }}
    """
    done = compiled(tmp_path, source, "-DTD_NEEDS_AMX")
    assert done.stdout == expected, done.stderr


@TILES
def test_emulated_tiles_are_no_device():
    library = backend.Backend(products()["amx-emu"])
    assert not library.usable and library.refusal == "its tile units are emulated, for tests"
    assert "amx-emu" not in backend.installed()
    with pytest.raises(ValueError, match="this machine has cpu"):
        tinydl.device("cpu:amx-emu")
    done = python("-c", "import tinydl; tinydl.ones(1)", TINYDL_CPU="amx-emu")
    assert "TINYDL_CPU=amx-emu: this machine has" in done.stderr


SHAPED = "c.rows[0] = c.rows[1] = c.rows[2] = 16, c.bytes[0] = c.bytes[1] = c.bytes[2] = 64;"


@pytest.mark.parametrize(
    "misuse, complaint",
    [
        ("tile_zero(0);", "no configuration was loaded"),
        (f"{SHAPED} c.palette = 2; tile_loadconfig(&c);", "there are palettes 0 and 1"),
        (f"{SHAPED} c.reserved[3] = 1; tile_loadconfig(&c);", "reserved bytes must be 0"),
        (f"{SHAPED} c.rows[0] = 17; tile_loadconfig(&c);", "a tile has 16 rows of 64 bytes"),
        (f"{SHAPED} c.rows[0] = 0; tile_loadconfig(&c);", "a tile has rows and bytes, or neither"),
        (f"{SHAPED} tile_loadconfig(&c); tile_zero(5);", "this tile has no shape"),
        (f"{SHAPED} tile_loadconfig(&c); tile_dpbf16ps(0, 1, 1);", "a product takes three tiles"),
        (f"{SHAPED} c.rows[2] = 8; tile_loadconfig(&c); tile_dpbf16ps(0, 1, 2);",
         "a's columns are not b's rows"),
    ],
)  # fmt: skip
def test_emulated_tiles_refuse_misuse(tmp_path, misuse, complaint):
    source = f"""
        #include "emulate/tiles.h"
        int main(void) {{ td_tile_config c = {{.palette = 1}}; {misuse} return 0; }}
    """
    done = compiled(tmp_path, source)
    assert done.returncode != 0 and f"emulated tiles: {complaint}" in done.stderr


def test_products_of_other_dtypes_are_refused():
    x = tinydl.ones(2, 2)._array
    z = Array.empty((2, 2), tinydl.bfloat16, x.backend)
    with pytest.raises(TypeError, match="matmul: operands and result have different dtypes"):
        call("matmul", z, x, x, None)
    with pytest.raises(TypeError, match="matmul"):
        _multiply(Array.empty((2, 2), tinydl.float32, x.backend), x, x.astype(tinydl.float64))
