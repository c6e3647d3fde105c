"""The numbered CUDA kernels: all versions compute what NumPy does, and are there to be read.

Values are tested between guard bytes, on a GPU or else on the emulated device. Sums of small
integers are exact in whatever order they are taken, so most results are compared bit by bit.
"""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import partial
from itertools import product

import cases
import numpy as np
import pytest
from devices import HAS_CUDA, NEEDS_CUDA
from guards import guarded, libraries
from source import Source

import tinydl
from tinydl import backend, reference
from tinydl.array import Array
from tinydl.backend import ffi
from tinydl.inspect import compare_versions, explain, versions
from tinydl.inspect.sources import definitions, native_folder
from tinydl.inspect.versions import TAUGHT, Comparison, Row, Version, _median
from tinydl.op import OPS
from tinydl.ops.rounding import Division

EMULATED = HAS_CUDA and backend.cuda().name == "cuda-emu"
NEEDS_EMULATED = pytest.mark.skipif(not EMULATED, reason="counts what the emulated device launched")
VERSIONS = [version for op in TAUGHT for version in versions(op)]
WINDOW = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}

each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda v: f"{v.op}-{v.number}")
each_dtype = pytest.mark.parametrize("dtype", ["float32", "float64"])


@pytest.fixture
def gpu():
    device, memory = guarded("cuda")
    yield device
    memory.check()


# --- values ---------------------------------------------------------------------------------------

# Shapes of operands: single numbers, nothing, less than a warp, a tile or a pack of 16 bytes, just
# past the end of one, several blocks, several rounds of a grid; and conv2d's windows.
CASES = {
    "add": [((1,), (1,)), ((0,), (0,)), ((5, 7), (5, 7)), ((8193,), (8193,)), ((16384,),) * 2],
    "sum": [((1,),), ((0,),), ((),), ((7, 11),), ((257,),), ((65539,),), ((262149,),)],
    "softmax": [((1, 1),), ((0, 4),), ((5,),), ((300, 5),), ((4, 3, 33),), ((2, 1030),)],
    "matmul": [
        ((1, 1), (1, 1)),
        ((3, 0), (0, 5)),
        ((0, 3), (3, 5)),
        ((17, 5), (5, 3)),
        ((64, 16), (16, 64)),
        ((65, 70), (70, 130)),
        ((3, 200), (200, 1)),
    ],
    "conv2d": [
        ((1, 1, 1, 1), (1, 1, 1, 1), {}),
        ((2, 3, 9, 8), (5, 3, 3, 2), {"padding": (1, 2)}),
        ((1, 4, 20, 21), (66, 4, 3, 3), {"stride": (1, 2)}),
        ((3, 4, 9, 9), (6, 2, 3, 3), {"groups": 2, "dilation": (2, 1), "padding": (2, 0)}),
        ((2, 3, 7, 7), (3, 1, 3, 3), {"groups": 3, "stride": (2, 2), "padding": (1, 1)}),
    ],
}
REFERENCE = {
    "add": np.add,
    "sum": np.sum,
    "softmax": lambda x: reference.softmax(x.astype(float), dim=-1).astype(x.dtype),
    "matmul": np.matmul,
    "conv2d": lambda x, w, **window: reference.conv2d(x, w, **{**WINDOW, **window}),
}


@NEEDS_CUDA
@each_dtype
@each_version
def test_values(version, dtype, gpu):
    rng = np.random.default_rng(0)
    for *shapes, window in _cases(version.op):
        operands = [rng.integers(-4, 5, shape).astype(dtype) for shape in shapes]
        expected = REFERENCE[version.op](*operands, **window)
        y = version(*[_placed(x, gpu) for x in operands], **window)
        assert (y.shape, y.dtype.numpy) == (expected.shape, expected.dtype)
        if version.op == "softmax":
            tolerance = 64 * np.finfo(dtype).eps
            np.testing.assert_allclose(y.cpu().numpy(), expected, rtol=tolerance, atol=0)
        else:
            np.testing.assert_array_equal(y.cpu().numpy(), expected, err_msg=f"{shapes}")


def _placed(x: np.ndarray, gpu) -> tinydl.Tensor:
    """x, with sevens behind it: they show in a result where too much was read, and among the guard
    bytes where too much was written. (Those are NaN, and a copy of one changes nothing.)"""
    longer = np.append(x, [7] * 64).astype(x.dtype)
    return tinydl.tensor(longer, device=gpu)[: x.size].view(*x.shape)


def _cases(op):
    """The cases with their window, which is empty for all but conv2d."""
    return [case if isinstance(case[-1], dict) else (*case, {}) for case in CASES[op]]


@NEEDS_CUDA
@each_version
def test_operands_of_any_strides(version):
    *shapes, window = _cases(version.op)[-1]
    rng = np.random.default_rng(0)
    operands = [rng.integers(-4, 5, shape).astype("float32") for shape in shapes]
    straight = version(*[tinydl.tensor(x, device="cuda") for x in operands], **window)
    turned = [tinydl.tensor(x.T.copy(), device="cuda") for x in operands]
    y = version(*[x.permute(*reversed(range(x.ndim))) for x in turned], **window)
    assert y.tolist() == straight.tolist()


@NEEDS_CUDA
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_softmax_of_infinities_and_nan_is_the_librarys(number):
    inf, nan = float("inf"), float("nan")
    x = [[-inf, 0.0, 1.0], [-inf, -inf, -inf], [inf, 0.0, 1.0], [nan, 0.0, 1.0], [800.0, -800.0, 0]]
    x = tinydl.tensor(x, device="cuda")
    y = versions("softmax")[number - 1](x)
    np.testing.assert_allclose(y.cpu().numpy(), x.softmax(-1).cpu().numpy(), rtol=1e-6)


# --- kernels that run -----------------------------------------------------------------------------


def launches() -> dict[str, int]:
    """How often each kernel of the emulated device was launched so far."""
    library = ctypes.CDLL(str(libraries()["cuda"]))
    library.td_emu_kernel_name.restype = ctypes.c_char_p
    library.td_emu_kernel_launches.restype = ctypes.c_int64
    names = [library.td_emu_kernel_name(i).decode() for i in range(library.td_emu_kernels())]
    return {name: library.td_emu_kernel_launches(i) for i, name in enumerate(names)}


@NEEDS_EMULATED
def test_every_kernel_is_launched():
    """No kernel of these files is there to be read only."""
    gpu, before = guarded("cuda")[0], launches()
    for dtype in (tinydl.float32, tinydl.float64):
        for version in VERSIONS:
            *shapes, window = _cases(version.op)[-1]
            operands = [tinydl.ones(*shape, dtype=dtype, device=gpu) for shape in shapes]
            version(*operands, **window).cpu()  # which waits
    launched = [name for name, count in launches().items() if count > before[name]]
    for path in native_folder().glob("cuda/teach_*.cu*"):
        for kernel in filter(lambda found: found.is_kernel, definitions(path)):
            for T in ("float", "double"):
                assert any(name.startswith(f"{kernel.name}<{T}") for name in launched), kernel.where


@NEEDS_EMULATED
def test_explain_shows_what_is_launched():
    """For each row of the case table: the kernels that its op launches are among those shown."""
    gpu = guarded("cuda")[0]
    for case in cases.CASES:
        if case.op is None or case.run is not case.op:
            continue
        names = [case.name]
        if case.name == "sort":
            names.append("contiguous")  # its axis is brought to the end, and back
        if isinstance(case.op, Division):
            names.append("max")  # integers are searched for zeros first
        shown = "".join(source for name in names for _, source in explain(name, "cuda").kernels)
        for dtype, seed in product(case.dtypes, range(3)):
            arrays, params = case.inputs(Source.seeded(dtype, seed))
            inputs = [None if x is None else tinydl.tensor(x, device=gpu) for x in arrays]
            before = launches()
            case.run(*inputs, **params)
            gpu.backend.check(gpu.backend.fn["sync"](), "sync")
            launched = {name.split("<")[0] for name, n in launches().items() if n > before[name]}
            assert [name for name in launched if f" {name}(" not in shown] == [], case


@NEEDS_EMULATED
def test_explain_knows_every_kernel():
    """But those of the optimizers and of nonzero, which are no ops."""
    shown = "".join(source for op in OPS for _, source in explain(op, "cuda").kernels)
    shown += "".join(version.source for version in VERSIONS)
    missing = {name.split("<")[0] for name in launches()}
    missing = {name for name in missing if f" {name}(" not in shown}
    no_ops = [*native_folder().glob("cuda/optim*.cu*"), native_folder() / "cuda/nonzero.cu"]
    files = map(definitions, no_ops)
    assert missing == {found.name for file in files for found in file if found.is_kernel}


# --- errors ---------------------------------------------------------------------------------------


@NEEDS_CUDA
@pytest.mark.parametrize("number", [0, 99, -1])
@pytest.mark.parametrize("op", TAUGHT)
def test_a_version_that_is_not_there(op, number):
    *shapes, window = _cases(op)[-1]
    operands = [tinydl.zeros(*shape, device="cuda") for shape in shapes]
    last = len(versions(op))
    with pytest.raises(ValueError, match=f"teach_{op} has versions 1 to {last}, not {number}"):
        replace(versions(op)[0], number=number)(*operands, **window)


UNFIT = {
    "add": r"teach_add: y, a and b must be of one shape .*f32\[2\]",
    "matmul": r"teach_matmul: expected y\[m,n\], a\[m,k\] and b\[k,n\] .*f32\[2,1\]",
    "conv2d": r"conv2d: weight has 0 input channels but x has 3 .*f32\[3,0,3,3\]",
}


@NEEDS_CUDA
@each_version
def test_operands_that_do_not_fit(version):
    *shapes, window = _cases(version.op)[-1]
    operands = [tinydl.zeros(*shape, device="cuda") for shape in shapes]
    for function in (version, partial(compare_versions, version.op)):
        with pytest.raises(TypeError, match="no kernel for i64"):
            function(*[x.long() for x in operands], **window)
    with pytest.raises(TypeError, match="positional argument"):
        version(*operands, operands[0], **window)
    with pytest.raises(TypeError, match="unexpected keyword argument 'axis'"):
        version(*operands, axis=0)
    if len(operands) == 2:
        with pytest.raises(TypeError, match="operands of f32 and f64"):
            version(operands[0], operands[1].double(), **window)
        with pytest.raises(ValueError, match=UNFIT[version.op]):
            version(operands[0], operands[1][:, :0] if version.op == "conv2d" else operands[1][:2])


@NEEDS_CUDA
def test_packs_of_16_bytes_must_be_aligned():
    x = tinydl.zeros(9, device="cuda")
    with pytest.raises(ValueError, match="teach_add 3: .* multiples of 16 bytes"):
        versions("add")[2](x[1:], x[1:])


def _shaped(*shape, dtype="float32", turned=False) -> Array:
    x = tinydl.zeros(*shape, dtype=getattr(tinydl, dtype), device="cuda")._array
    return x.permute((1, 0)) if turned else x


# What only a caller of the C function can get wrong: (op, y, operands, what it says).
UNSAFE = [
    ("add", (3,), [(4,), (4,)], "one shape"),
    ("add", (4,), [(4,), (3,)], "one shape"),
    ("sum", (2,), [(4,)], "one number"),
    ("softmax", (2, 3), [(2, 4)], "y its shape"),
    ("softmax", (), [()], "must have rows"),
    ("matmul", (2, 3), [(2, 4), (5, 3)], "expected y"),
    ("matmul", (2, 2), [(2, 4), (4, 3)], "expected y"),
    ("matmul", (2,), [(2, 4), (4,)], "expected y"),
    ("conv2d", (1, 2, 3, 3), [(1, 2, 3, 3), (2, 1, 1, 1)], "expected y"),
    ("conv2d", (2, 2, 3, 3), [(1, 2, 3, 3), (2, 2, 1, 1)], "expected y"),
    ("conv2d", (1, 3, 3, 3), [(1, 2, 3, 3), (2, 2, 1, 1)], "expected y"),
    ("conv2d", (2, 3, 3), [(2, 3, 3), (2, 1, 1)], "expected y"),
]


def _call(op: str, number: int, y: Array, operands: list[Array], **window) -> None:
    attrs = [ffi.new("td_conv2d_attrs *", {**WINDOW, **window})] if op == "conv2d" else []
    backend.call(f"teach_{op}", y, *operands, *attrs, number)


@NEEDS_CUDA
@pytest.mark.parametrize("op, y, operands, words", UNSAFE)
def test_c_callers_get_errors_instead_of_crashes(op, y, operands, words):
    for version in versions(op):
        with pytest.raises(ValueError, match=words):
            _call(op, version.number, _shaped(*y), [_shaped(*shape) for shape in operands])


@NEEDS_CUDA
@pytest.mark.parametrize("window", [{"groups": 0}, {"stride": (0, 1)}, {"dilation": (1, 0)}])
def test_windows_that_stand_still(window):
    plane = (1, 1, 3, 3)
    with pytest.raises(ValueError, match="positive strides, dilations and groups"):
        _call("conv2d", 1, _shaped(*plane), [_shaped(*plane), _shaped(1, 1, 1, 1)], **window)


@NEEDS_CUDA
def test_strided_operands_and_an_output_of_another_dtype():
    with pytest.raises(ValueError, match="must be contiguous"):
        _call("add", 2, _shaped(3, 2), [_shaped(2, 3, turned=True), _shaped(3, 2)])
    with pytest.raises(TypeError, match="operands of f64 and f32"):
        _call("sum", 1, _shaped(dtype="float64"), [_shaped(3)])


@NEEDS_CUDA
def test_operands_on_the_cpu():
    x = tinydl.zeros(3)
    with pytest.raises(ValueError, match=r"run on cuda.* \(f32\[3\] on cpu.*\.to\('cuda'\)"):
        versions("sum")[0](x)


def test_without_a_gpu():
    """It says how to go on without one. Reading needs none."""
    code = (
        "import tinydl; from tinydl.inspect import compare_versions, explain, versions;"
        "print(versions('sum')[0].source, explain('sum'));"
        "compare_versions('sum', tinydl.zeros(3))"
    )
    environment = {**os.environ, "TINYDL_CUDA": "/no/such/library"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "sum_1" in done.stdout and "sum_3" in done.stdout
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("RuntimeError: sum: its versions run on a GPU (no CUDA device")
    assert "TINYDL_CUDA=emu" in last


# --- comparing ------------------------------------------------------------------------------------


@NEEDS_CUDA
@each_dtype
@pytest.mark.parametrize("op", TAUGHT)
def test_compare(op, dtype):
    *shapes, window = _cases(op)[-1]
    tinydl.manual_seed(0)
    operands = [tinydl.randn(*shape).to(getattr(tinydl, dtype)).to("cuda") for shape in shapes]
    found = compare_versions(op, *operands, **window)
    assert found.agree and [row.version for row in found.rows] == versions(op)
    assert all(row.error < (1e-5 if dtype == "float32" else 1e-13) for row in found.rows)
    title, head, *lines = repr(found).splitlines()
    assert (
        title == f"{op} of {', '.join(repr(x._array) for x in operands)} on " + backend.cuda().name
    )
    for row, line in zip(found.rows, lines, strict=False):
        assert line.startswith(f"{row.version.number}  {row.version.idea}  ")
    if EMULATED:
        assert head.split() == ["idea", "error"] and found.rows[0].seconds is None
        assert lines[-1] == "emulated: times mean nothing"
    else:
        assert all(row.seconds > 0 for row in found.rows)


@NEEDS_CUDA
def test_compare_tells_which_version_is_wrong(monkeypatch):
    class Forgetful(Version):
        def _prepare(self, operands, windows):
            y, _ = super()._prepare(operands, windows)
            return Array.full(y.shape, 0, y.dtype, y.backend), lambda: None

    real = versions("sum")
    broken = [real[0], Forgetful("sum", 2, "forgets all", ""), real[-1]]
    monkeypatch.setitem(compare_versions.__globals__, "versions", lambda op: broken)
    found = compare_versions("sum", tinydl.ones(100, device="cuda"))
    assert [row.agrees for row in found.rows] == [True, False, True] and not found.agree
    assert re.search(r"\n2  WRONG: forgets all +1.0e\+00\n", repr(found))
    assert [row.error for row in found.rows] == [0, 1, 0]


def test_the_table_of_times():
    first, second = versions("add")[:2]
    rows = [Row(first, 6e-8, True, 2.5e-3), Row(second, 6e-8, True, 3e-6)]
    text = repr(Comparison("add of …", rows, 6_000_000, "GB/s"))
    assert text == (
        "add of …\n"
        "   idea                                                       error     time   GB/s\n"
        "1  a stretch of 32 neighbours for each thread, as on a CPU  6.0e-08  2.50 ms      2\n"
        "2  neighbours for neighbouring threads                      6.0e-08   3.0 µs  2,000"
    )


@NEEDS_CUDA
def test_a_median_waits_for_what_it_times():
    calls = []
    x = tinydl.ones(3, device="cuda")
    assert 0 < _median(lambda: calls.append(x + x), backend.cuda()) < 0.1
    assert len(calls) > 5


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", TAUGHT)
def test_versions_are_listed_and_explained(op):
    found = versions(op)
    header = (native_folder() / "cuda" / "teach.h").read_text()
    assert f"td_teach_{op}(" in header and header.count("td_teach_") == len(TAUGHT)
    assert [version.number for version in found] == list(range(1, len(found) + 1))
    assert found[-1].idea.startswith("the library's: ")
    assert f"td_{op}(" in found[-1].source
    text = repr(explain(op))
    places = [text.index(str(version)) for version in found]
    assert places == sorted(places)
    for version in found:
        assert version.source in text
        assert f"case {version.number}:" in version.source
        assert ("__global__" in version.source) == (version is not found[-1])
    for version in found[:-1]:
        assert f"/* {version.number}. " in version.source or version.source.count("__global__") == 1
    assert explain(op, "cuda").versions == found
    assert explain(op, "cpu").versions == [] and explain("exp").versions == []


def test_versions_of_what_has_none():
    with pytest.raises(KeyError, match="'exp' has none; these have: add, sum, softmax, matmul"):
        versions("exp")
