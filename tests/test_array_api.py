"""tinydl.array_api against array-api-strict: names, signatures, values, dtypes, shapes, errors."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl
import tinydl.array_api as xp

strict = pytest.importorskip("array_api_strict")
strict.set_array_api_strict_flags(api_version="2023.12")

pytestmark = EVERY_DEVICE

MISSING = {"uint16", "uint32", "uint64", "complex64", "complex128", "fft"}
REALS, SIGNED = ("float32", "float64"), ("int8", "int16", "int32", "int64")
NUMBERS = (*REALS, *SIGNED, "uint8")
BITS = (*SIGNED, "uint8")
EVERY = (*NUMBERS, "bool")
OWN = ("bool",)


def public(module) -> set:
    wanted = {name for name in module.__all__ if name[0] != "_" or name.startswith("__array")}
    ours = {
        "set_array_api_strict_flags",
        "get_array_api_strict_flags",
        "reset_array_api_strict_flags",
    }
    return wanted - ours - {"ArrayAPIStrictFlags", "Device", "Array"}


def found(module, name: str):
    for part in name.split("."):
        module = getattr(module, part)
    return module


NAMES = sorted(public(strict)) + sorted(f"linalg.{name}" for name in public(strict.linalg))
# what later versions of the standard added; expand_dims they changed
LATER = {
    "broadcast_shapes",
    "cumulative_prod",
    "isin",
    "take_along_axis",
    "count_nonzero",
    "diff",
    "nextafter",
    "reciprocal",
}
FUNCTIONS = [
    name for name in NAMES
    if name not in LATER | MISSING | {"expand_dims"} and inspect.isfunction(found(strict, name))
]  # fmt: skip


# --- names ----------------------------------------------------------------------------------------


def test_every_name_of_the_standard_is_there():
    lacking = {name for name in public(strict) if not hasattr(xp, name)}
    assert lacking - LATER == MISSING
    assert [name for name in public(strict.linalg) if not hasattr(xp.linalg, name)] == []
    assert tinydl.ones(1).__array_namespace__() is xp
    assert (xp.pi, xp.e, xp.inf, xp.newaxis) == (math.pi, math.e, math.inf, None)
    with pytest.raises(ValueError, match=r"2030.12 is not there, 2023.12 is"):
        tinydl.ones(1).__array_namespace__(api_version="2030.12")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures(name):
    def arguments(module):
        given = inspect.signature(found(module, name)).parameters.values()
        return [(p.name.lstrip("_"), p.kind, p.default is p.empty) for p in given]

    assert arguments(xp) == arguments(strict)


def test_what_the_namespace_has():
    info = xp.__array_namespace_info__()
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True}
    assert set(info.dtypes()) == set(EVERY)
    assert info.dtypes(kind=("integral", "bool")).keys() == {*BITS, "bool"}
    assert info.dtypes(kind="complex floating") == {}
    assert info.default_dtypes() == {
        "real floating": xp.float32, "integral": xp.int64, "indexing": xp.int64,
    }  # fmt: skip
    assert (
        tinydl.ones(1).device == info.default_device() and info.default_device() in info.devices()
    )
    with pytest.raises(ValueError, match="no kind 'real' of dtypes"):
        info.dtypes(kind="real")


# --- values ---------------------------------------------------------------------------------------


def numbers(rng, dtype: str, shape: tuple, kind: str = "any") -> np.ndarray:
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype in REALS:
        low, high = {"any": (-3, 3), "unit": (-1, 1), "positive": (0.1, 4), "above1": (1, 4)}[kind]
        return rng.uniform(low, high, shape).astype(dtype)
    return rng.integers(0 if dtype == "uint8" or kind == "positive" else -4, 7, shape).astype(dtype)


UNARY = {
    "abs": NUMBERS, "ceil": NUMBERS, "floor": NUMBERS, "trunc": NUMBERS, "round": NUMBERS,
    "sign": NUMBERS, "square": NUMBERS, "positive": NUMBERS, "negative": (*REALS, *SIGNED),
    "isfinite": NUMBERS, "isinf": NUMBERS, "isnan": NUMBERS, "signbit": REALS,
    "bitwise_invert": (*BITS, "bool"), "logical_not": OWN,
    **dict.fromkeys(
        ["asinh", "atan", "cos", "cosh", "exp", "expm1", "sin", "sinh", "tan", "tanh"], REALS
    ),
}  # fmt: skip
LIMITED = {
    "acos": "unit", "asin": "unit", "atanh": "unit", "acosh": "above1", "log": "positive",
    "log10": "positive", "log1p": "positive", "log2": "positive", "sqrt": "positive",
}  # fmt: skip
BINARY = {
    **dict.fromkeys(("add", "subtract", "multiply", "maximum", "minimum"), NUMBERS),
    **dict.fromkeys(["less", "less_equal", "greater", "greater_equal"], NUMBERS),
    **dict.fromkeys(("equal", "not_equal"), EVERY),
    **dict.fromkeys(["atan2", "copysign", "divide", "hypot", "logaddexp"], REALS),
    **dict.fromkeys(["bitwise_and", "bitwise_or", "bitwise_xor"], (*BITS, "bool")),
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], OWN),
}


def one(kind="any", shape=(3, 4)):
    return lambda rng, dtype: (numbers(rng, dtype, shape, kind),)


def two(first=(3, 4), second=(4,), *kinds):
    kinds = kinds or ("any", "any")
    return lambda rng, dtype: (
        numbers(rng, dtype, first, kinds[0]), numbers(rng, dtype, second, kinds[1])
    )  # fmt: skip


def matrix(kind: str, shape=(2, 3, 3)):
    def make(rng, dtype):
        a = rng.normal(size=shape)
        if kind == "symmetric":
            a = a + a.swapaxes(-1, -2)
        if kind == "positive":
            a = a @ a.swapaxes(-1, -2) + np.eye(shape[-1])
        return (a.astype(dtype),)

    return make


# name, arguments, keywords, dtypes
ROWS = [
    *[(name, one(), {}, dtypes) for name, dtypes in UNARY.items()],
    *[(name, one(kind), {}, REALS) for name, kind in LIMITED.items()],
    *[(name, two(), {}, dtypes) for name, dtypes in BINARY.items()],
    ("pow", two((3, 4), (4,), "positive", "any"), {}, REALS),
    ("pow", two((3, 4), (4,), "any", "positive"), {}, ("int64",)),
    *[
        (name, two((3, 4), (4,), "any", "above1"), {}, REALS)
        for name in ("remainder", "floor_divide")
    ],
    *[
        (name, lambda rng, dtype: (numbers(rng, dtype, (9,)), np.full(9, 3, dtype)), {}, BITS)
        for name in ("remainder", "floor_divide", "bitwise_left_shift", "bitwise_right_shift")
    ],
    ("clip", one(), {"min": -1, "max": 2}, (*REALS, *SIGNED)),
    ("clip", one(), {"max": 1.5}, REALS),
    ("clip", lambda rng, dtype: (*one()(rng, dtype), np.full(4, 1, dtype)), {}, NUMBERS),
    *[
        (name, one(shape=(2, 3, 4)), {"axis": axis, "keepdims": keep}, dtypes)
        for name, dtypes in {
            "max": NUMBERS, "min": NUMBERS, "mean": REALS, "sum": (*REALS, *SIGNED),
            "prod": (*REALS, *SIGNED), "any": EVERY, "all": EVERY,
        }.items()
        for axis, keep in ((None, False), (1, True), ((0, 2), False), (-1, False))
    ],
    *[
        (name, one(shape=(3, 4)), {"axis": axis, "correction": c}, REALS)
        for name in ("var", "std")
        for axis, c in ((None, 0.0), (1, 1), ((0, 1), 0.5))
    ],
    ("sum", one(), {"axis": 0, "dtype": "float64"}, ("int32", "float32")),
    ("prod", one(), {"axis": 0, "dtype": "int64"}, ("int8",)),
    ("cumulative_sum", one(), {"axis": 1}, (*REALS, *SIGNED)),
    ("cumulative_sum", one(), {"axis": 0, "include_initial": True}, REALS),
    ("cumulative_sum", one(shape=(5,)), {}, REALS),
    *[
        (name, one(shape=(3, 5)), {"axis": axis, "keepdims": keep}, NUMBERS)
        for name in ("argmax", "argmin")
        for axis, keep in ((None, False), (None, True), (1, True), (0, False))
    ],
    *[
        (name, one(shape=(3, 5)), {"axis": axis, "descending": down}, NUMBERS)
        for name in ("sort", "argsort")
        for axis, down in ((-1, False), (0, True))
    ],
    ("nonzero", one(), {}, EVERY),
    ("searchsorted", lambda rng, dtype: (np.sort(numbers(rng, dtype, (7,))),
                                         numbers(rng, dtype, (5,))), {"side": "right"}, NUMBERS),
    ("where", lambda rng, dtype: (rng.random((3, 1)) < 0.5, *two()(rng, dtype)), {}, EVERY),
    ("take", lambda rng, dtype: (*one()(rng, dtype), np.array([2, 0, 2])), {"axis": 1}, EVERY),
    *[(f"unique_{what}", one(), {}, BITS) for what in ("all", "counts", "inverse", "values")],
    ("concat", lambda rng, dtype: (list(two((2, 4), (3, 4))(rng, dtype)),), {}, EVERY),
    ("concat", lambda rng, dtype: (list(two()(rng, dtype)),), {"axis": None}, EVERY),
    ("stack", lambda rng, dtype: (list(two((2, 4), (2, 4))(rng, dtype)),), {"axis": -1}, EVERY),
    ("expand_dims", one(), {"axis": 1}, REALS),
    ("flip", one(), {}, EVERY),
    ("flip", one(), {"axis": -1}, EVERY),
    ("moveaxis", lambda rng, dtype: (*one(shape=(2, 3, 4))(rng, dtype), 0, -1), {}, REALS),
    ("permute_dims", lambda rng, dtype: (*one(shape=(2, 3, 4))(rng, dtype), (2, 0, 1)), {}, REALS),
    ("repeat", lambda rng, dtype: (*one()(rng, dtype), 3), {}, REALS),
    ("repeat", lambda rng, dtype: (*one()(rng, dtype), np.array([1, 0, 2])), {"axis": 0}, REALS),
    ("reshape", lambda rng, dtype: (*one()(rng, dtype), (2, -1)), {}, EVERY),
    ("reshape", lambda rng, dtype: (*one()(rng, dtype), (12,)), {"copy": True}, EVERY),
    ("roll", lambda rng, dtype: (*one()(rng, dtype), 5), {}, EVERY),
    ("roll", lambda rng, dtype: (*one()(rng, dtype), (1, -2)), {"axis": (0, 1)}, EVERY),
    ("roll", lambda rng, dtype: (*one()(rng, dtype), 1), {"axis": (0, 1)}, EVERY),
    ("squeeze", lambda rng, dtype: (*one(shape=(1, 3, 1))(rng, dtype), (0, 2)), {}, EVERY),
    ("tile", lambda rng, dtype: (*one()(rng, dtype), (2, 1, 2)), {}, EVERY),
    ("unstack", one(), {"axis": 1}, EVERY),
    ("broadcast_to", lambda rng, dtype: (*one()(rng, dtype), (2, 3, 4)), {}, EVERY),
    ("broadcast_arrays", two(), {}, EVERY),
    ("tril", one(shape=(2, 3, 4)), {"k": 1}, EVERY),
    ("triu", one(shape=(3, 4)), {"k": -1}, EVERY),
    ("meshgrid", two((3,), (2,)), {}, NUMBERS),
    ("meshgrid", two((3,), (2,)), {"indexing": "ij"}, NUMBERS),
    ("full_like", lambda rng, dtype: (*one()(rng, dtype), 3), {}, NUMBERS),
    ("zeros_like", one(), {}, EVERY),
    ("ones_like", one(), {"dtype": "int8"}, EVERY),
    ("astype", lambda rng, dtype: (*one()(rng, dtype), "int16"), {}, SIGNED),
    ("matmul", two((2, 3, 4), (4, 5)), {}, (*REALS, "int64", "int32")),
    ("vecdot", two((3, 4), (4,)), {}, (*REALS, "int64")),
    ("tensordot", two((3, 4), (4, 3)), {"axes": ((0, 1), (1, 0))}, (*REALS, "int64")),
    ("tensordot", two((3, 4), (4, 3)), {"axes": 1}, REALS),
    ("matrix_transpose", one(shape=(2, 3, 4)), {}, EVERY),
    ("linalg.cross", two((4, 3), (4, 3)), {}, REALS),
    ("linalg.outer", two((3,), (4,)), {}, REALS),
    ("linalg.matrix_power", lambda rng, dtype: (*matrix("any")(rng, dtype), -2), {}, REALS),
    ("linalg.diagonal", one(shape=(2, 3, 4)), {"offset": 1}, NUMBERS),
    ("linalg.trace", one(shape=(2, 3, 4)), {"offset": -1}, (*REALS, *SIGNED)),
    ("linalg.cholesky", matrix("positive"), {}, REALS),
    ("linalg.cholesky", matrix("positive"), {"upper": True}, REALS),
    *[
        (f"linalg.{name}", matrix("any"), {}, REALS)
        for name in ("det", "inv", "pinv", "slogdet", "svdvals", "matrix_norm", "matrix_rank")
    ],
    ("linalg.eigvalsh", matrix("symmetric"), {}, REALS),
    *[
        ("linalg.solve", lambda rng, dtype, b=b: (*matrix("any")(rng, dtype),
                                                  numbers(rng, dtype, b)), {}, REALS)
        for b in ((3,), (3, 2), (2, 3, 1))
    ],
    *[
        ("linalg.matrix_norm", matrix("any", (2, 3, 4)), {"ord": ord, "keepdims": True}, REALS)
        for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf)
    ],
    *[
        ("linalg.vector_norm", one(shape=(2, 3, 4)), {"ord": ord, "axis": axis}, REALS)
        for ord, axis in ((2, None), (1, 1), (np.inf, (0, 2)), (0, 1), (3, -1))
    ],
]  # fmt: skip


def brought(module, value):
    """NumPy's arrays and names of dtypes as the module's."""
    if isinstance(value, np.ndarray):
        return module.asarray(value)
    if isinstance(value, list):
        return [brought(module, item) for item in value]
    return getattr(module, value) if isinstance(value, str) and value in EVERY else value


def back(value):
    """Arrays of either module as NumPy's."""
    if isinstance(value, (tuple, list)):
        return [back(item) for item in value]
    return value.cpu().numpy() if isinstance(value, tinydl.Tensor) else np.asarray(value)


def compare(actual, expected) -> None:
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            compare(a, e)
        return
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    tolerance = 2e-5 if expected.dtype == np.float32 else 1e-10
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_values(row):
    name, make, options, dtypes = row
    for dtype in dtypes:
        args = make(np.random.default_rng(7), dtype)
        results = []
        for module in (xp, strict):
            given = {key: brought(module, value) for key, value in options.items()}
            out = found(module, name)(*(brought(module, a) for a in args), **given)
            results.append(back(out))
            if hasattr(out, "_fields"):
                results[-1].append(np.array(out._fields))
        if results[1] is not None and isinstance(results[1], list) and hasattr(out, "_fields"):
            assert results[0].pop().tolist() == results[1].pop().tolist()
        compare(*results)


def test_factors():
    a = np.random.default_rng(0).normal(size=(2, 4, 3))
    x = xp.asarray(a)
    for full in (True, False):
        u, s, vh = xp.linalg.svd(x, full_matrices=full)
        np.testing.assert_allclose(back(u[..., :3] * s[:, None, :] @ vh), a, atol=1e-12)
        assert u.shape == (2, 4, 4 if full else 3)
    q, r = xp.linalg.qr(x, mode="complete")
    np.testing.assert_allclose(back(q @ r), a, atol=1e-12)
    symmetric = x @ xp.matrix_transpose(x)
    values, vectors = found(xp, "linalg.eigh")(symmetric)
    np.testing.assert_allclose(
        back(vectors * values[:, None, :] @ xp.matrix_transpose(vectors)),
        back(symmetric),
        atol=1e-12,
    )


CREATED = [
    ("arange", (5,), {"dtype": "int16"}), ("arange", (1, 9, 3), {}), ("arange", (3, 0, -1), {}),
    ("eye", (3,), {"dtype": "float64"}), ("eye", (2, 4), {"k": 1, "dtype": "int8"}),
    ("eye", (4, 2), {"k": -2, "dtype": "bool"}), ("full", ((2, 3), 7), {}),
    ("full", (2, True), {}), ("linspace", (0, 1, 5), {"dtype": "float64"}),
    ("linspace", (-2.0, 3.0, 4), {"endpoint": False, "dtype": "float32"}),
    ("ones", ((2, 0),), {"dtype": "uint8"}), ("zeros", (3,), {"dtype": "int32"}),
    ("asarray", ([[1, 2], [3, 4]],), {}), ("asarray", (True,), {}),
    ("asarray", ([1.5, 2],), {"dtype": "float64"}),
]  # fmt: skip


@pytest.mark.parametrize("name, args, options", CREATED)
def test_creation(name, args, options):
    made = [
        getattr(module, name)(*args, **{k: brought(module, v) for k, v in options.items()})
        for module in (xp, strict)
    ]
    compare(*map(back, made))


def test_asarray_and_copies(device):
    a = np.arange(3.0)
    if device == "cpu":
        shared = xp.asarray(a, copy=False)
        shared[0] = 7
        assert a[0] == 7 and xp.asarray(a).data_ptr() == shared.data_ptr()
    x = xp.asarray([1.0, 2.0])
    assert xp.asarray(x) is x and xp.asarray(x, copy=False) is x
    assert xp.asarray(x, copy=True).data_ptr() != x.data_ptr()
    assert xp.empty((2, 3)).shape == (2, 3) == xp.empty_like(xp.ones((2, 3))).shape
    for wrong in (
        lambda: xp.asarray(x, dtype=xp.int8, copy=False),
        lambda: xp.asarray([1], copy=False),
    ):
        with pytest.raises(ValueError, match="takes a copy"):
            wrong()
    same = xp.astype(x, xp.float32, copy=False)
    assert same is x and xp.astype(x, xp.float32) is not x
    assert xp.from_dlpack(x).data_ptr() == x.data_ptr() and x.to_device("cpu").device.type == "cpu"


# --- dtypes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", EVERY)
def test_promotion(left):
    for right in EVERY:
        a, b = brought(xp, left), brought(xp, right)
        try:
            expected = strict.result_type(brought(strict, left), brought(strict, right))
        except TypeError:  # of different kinds: the standard leaves it open
            continue
        assert xp.result_type(a, b) is brought(xp, str(expected).split(".")[-1])
        assert xp.can_cast(a, b) == strict.can_cast(brought(strict, left), brought(strict, right))
        # functions promote also what has no axes
        if left != "bool":
            assert xp.add(xp.ones((2,), dtype=a), xp.ones((), dtype=b)).dtype is xp.result_type(
                a, b
            )


def test_kinds_and_limits():
    kinds = ("bool", "signed integer", "unsigned integer", "integral", "real floating", "numeric")
    for dtype in EVERY:
        for kind in kinds:
            ours = xp.isdtype(brought(xp, dtype), kind)
            assert ours == strict.isdtype(brought(strict, dtype), kind), (dtype, kind)
    for dtype in REALS:
        ours, theirs = xp.finfo(brought(xp, dtype)), strict.finfo(brought(strict, dtype))
        for fact in ("bits", "eps", "max", "min", "smallest_normal"):
            assert getattr(ours, fact) == getattr(theirs, fact)
    for dtype in BITS:
        ours, theirs = xp.iinfo(brought(xp, dtype)), strict.iinfo(brought(strict, dtype))
        assert (ours.bits, ours.min, ours.max) == (theirs.bits, theirs.min, theirs.max)


# --- gradients and bad input ----------------------------------------------------------------------


def test_functions_of_the_standard_are_differentiable():
    x = tinydl.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=tinydl.float64, requires_grad=True)

    def program(x):
        xp = x.__array_namespace__()
        x = (x + xp.matrix_transpose(x)) / 2
        y = xp.linalg.cholesky(x) + xp.permute_dims(x, (1, 0)) * xp.asarray(2.0, dtype=xp.float32)
        return xp.sum(xp.exp(xp.negative(xp.square(y)))) + xp.linalg.vector_norm(xp.sort(y))

    assert tinydl.autograd.gradcheck(program, (x,))


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x: xp.cumulative_sum(x), ValueError, "has 2 axes: name one with axis="),
        (lambda x: xp.take(x, xp.asarray([0])), ValueError, "has 2 axes: name one with axis="),
        (lambda x: xp.squeeze(x, 0), ValueError, r"axis 0 of f32\[2,3\] has size 2, not 1"),
        (lambda x: xp.nonzero(xp.sum(x)), ValueError, "expected at least one axis"),
        (lambda x: xp.matrix_transpose(x[0]), ValueError, r"f32\[3\] has fewer than 2 axes"),
        (lambda x: xp.vecdot(x, x, axis=0), ValueError, "does not count from the end"),
        (lambda x: xp.result_type(), ValueError, "expected arrays or dtypes, got none"),
        (lambda x: xp.sum(x, axis=5), IndexError, "dim 5 is out of range"),
        (lambda x: xp.exp(x=x), TypeError, "positional-only"),
        (lambda x: xp.sum(x, 0), TypeError, "positional"),
        (lambda x: xp.add(x, xp.ones((5,))), ValueError, "add: "),
        (lambda x: x.to_device("cpu", stream=1), ValueError, r"tinydl.cuda.stream\(\)"),
        (lambda x: xp.reshape(x.T, (6,), copy=False), ValueError, r"reshape\(\)"),
    ],
)
def test_bad_input(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(xp.ones((2, 3)))
