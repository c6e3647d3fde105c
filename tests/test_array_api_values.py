"""tinydl.array_api against array-api-strict: values, dtypes and shapes of every function."""

from __future__ import annotations

import numpy as np
import pytest
from devices import EVERY_DEVICE
from standard import BITS, EVERY, NUMBERS, REALS, SIGNED, back, brought, compare, found, strict

import tinydl.array_api as xp

pytestmark = EVERY_DEVICE


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
    "bitwise_invert": (*BITS, "bool"), "logical_not": ("bool",),
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
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], ("bool",)),
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


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_values(row):
    name, make, options, dtypes = row
    for dtype in dtypes:
        args = make(np.random.default_rng(7), dtype)
        ours, theirs = (
            found(module, name)(
                *(brought(module, a) for a in args),
                **{key: brought(module, value) for key, value in options.items()},
            )
            for module in (xp, strict)
        )
        assert getattr(ours, "_fields", None) == getattr(theirs, "_fields", None)
        compare(back(ours), back(theirs))


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
