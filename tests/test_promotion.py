"""Which dtype an operation computes in: PyTorch's rules, whose results stand here as tables.

They were printed by PyTorch 2.13: the dtype of a + b for every pair of operands, each a tensor with
axes, a 0-d tensor or a Python number. Where PyTorch itself is installed it is asked again.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from devices import CPU_ONLY, EVERY_DEVICE

import tinydl
from tinydl import dtypes

pytestmark = EVERY_DEVICE

ORDER = ["f32", "f64", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool"]

TENSORS = """
f32    f32  f64  f32  f32  f32  f32  f32  f32  f32  f32
f64    f64  f64  f64  f64  f64  f64  f64  f64  f64  f64
f16    f32  f64  f16  f32  f16  f16  f16  f16  f16  f16
bf16   f32  f64  f32  bf16 bf16 bf16 bf16 bf16 bf16 bf16
i64    f32  f64  f16  bf16 i64  i64  i64  i64  i64  i64
i32    f32  f64  f16  bf16 i64  i32  i32  i32  i32  i32
i16    f32  f64  f16  bf16 i64  i32  i16  i16  i16  i16
i8     f32  f64  f16  bf16 i64  i32  i16  i8   i16  i8
u8     f32  f64  f16  bf16 i64  i32  i16  i16  u8   u8
bool   f32  f64  f16  bf16 i64  i32  i16  i8   u8   bool
"""

# rows: a tensor with axes; columns: a 0-d tensor
WITH_0D = """
f32    f32  f32  f32  f32  f32  f32  f32  f32  f32  f32
f64    f64  f64  f64  f64  f64  f64  f64  f64  f64  f64
f16    f16  f16  f16  f16  f16  f16  f16  f16  f16  f16
bf16   bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16 bf16
i64    f32  f64  f16  bf16 i64  i64  i64  i64  i64  i64
i32    f32  f64  f16  bf16 i32  i32  i32  i32  i32  i32
i16    f32  f64  f16  bf16 i16  i16  i16  i16  i16  i16
i8     f32  f64  f16  bf16 i8   i8   i8   i8   i8   i8
u8     f32  f64  f16  bf16 u8   u8   u8   u8   u8   u8
bool   f32  f64  f16  bf16 i64  i32  i16  i8   u8   bool
"""

# rows: a Python number; columns: a tensor, 0-d or not
WITH_NUMBERS = """
True   f32  f64  f16  bf16 i64  i32  i16  i8   u8   bool
2      f32  f64  f16  bf16 i64  i32  i16  i8   u8   i64
1.5    f32  f64  f16  bf16 f32  f32  f32  f32  f32  f32
"""

SHORT = {dtype.short: dtype for dtype in dtypes.ALL}
NUMBERS = {"True": True, "2": 2, "1.5": 1.5}
KINDS = {"tensor": (2, 3), "0-d": ()}


def read(table: str) -> dict:
    """(row, column) → dtype"""
    rows = [line.split() for line in table.strip().splitlines()]
    return {(a, b): SHORT[c] for a, *row in rows for b, c in zip(ORDER, row, strict=True)}


def ones(short: str, kind: str) -> tinydl.Tensor:
    return tinydl.ones(KINDS[kind], dtype=SHORT[short])


def expected(a: str, kind_a: str, b: str, kind_b: str):
    if kind_a == kind_b:
        return read(TENSORS)[a, b]
    return read(WITH_0D)[(a, b) if kind_a == "tensor" else (b, a)]


@pytest.mark.parametrize("kinds", list(itertools.product(KINDS, KINDS)), ids=" and ".join)
def test_tensors_meet(kinds):
    for a, b in itertools.product(ORDER, ORDER):
        x, y = ones(a, kinds[0]), ones(b, kinds[1])
        wanted = expected(a, kinds[0], b, kinds[1])
        pair = f"{a} {kinds[0]} and {b} {kinds[1]}"
        assert tinydl.result_type(x, y) is wanted, pair
        assert (x + y).dtype is wanted, pair
        assert (x * y).dtype is wanted, pair
        assert tinydl.maximum(x, y).dtype is wanted, pair
        quotient = wanted if wanted.is_floating_point else tinydl.float32
        assert (x / y).dtype is quotient, pair
        assert (x < y).dtype is tinydl.bool, pair
        assert tinydl.where(x == y, x, y).dtype is wanted, pair
        if kinds[0] == kinds[1]:
            assert tinydl.promote_types(SHORT[a], SHORT[b]) is wanted, pair


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_beside_tensors(kind):
    for (number, short), wanted in read(WITH_NUMBERS).items():
        x, value = ones(short, kind), NUMBERS[number]
        assert tinydl.result_type(x, value) is tinydl.result_type(value, x) is wanted
        for found in (x + value, value + x, x * value, tinydl.where(x == x, x, value)):
            assert found.dtype is wanted, (number, short)
        assert (x > value).dtype is tinydl.bool
        if wanted is not tinydl.bool:
            assert (x - value).dtype is (value - x).dtype is (x**value).dtype is wanted
    assert tinydl.result_type(1, 1.5) is tinydl.float32
    assert tinydl.result_type(True, 1) is tinydl.int64


def test_the_default_dtype_is_that_of_python_floats():
    tinydl.set_default_dtype(tinydl.float64)
    try:
        assert (tinydl.tensor([1, 2]) + 0.5).dtype is tinydl.float64
        assert (tinydl.tensor([1, 2]) / 2).dtype is tinydl.float64
        assert (tinydl.ones(2, dtype=tinydl.float16) + 0.5).dtype is tinydl.float16
    finally:
        tinydl.set_default_dtype(tinydl.float32)


def test_what_may_be_written_where():
    """Floats not to integers, integers not to bools; less room is no obstacle."""
    for source, target in itertools.product(dtypes.ALL, repeat=2):
        kind = [0 if d is tinydl.bool else 1 + d.is_floating_point for d in (source, target)]
        assert tinydl.can_cast(source, target) is (kind[0] <= kind[1])
        x, y = tinydl.ones(2, dtype=target), tinydl.ones(2, dtype=source)
        if tinydl.can_cast(source, target):
            x += y
            assert x.dtype is target and x.tolist() == (tinydl.ones(2, dtype=target) + y).tolist()
        else:
            with pytest.raises(TypeError, match=f"add_: the result is .*, x stays {target.short}"):
                x += y


def test_gradients_through_an_addition_in_another_dtype():
    x, y = tinydl.ones(2, requires_grad=True), tinydl.ones(2, dtype=tinydl.float64).requires_grad_()
    z = x * 1
    z += y * 3
    assert z.dtype is tinydl.float32
    z.sum().backward()
    assert x.grad.tolist() == [1, 1] and y.grad.tolist() == [3, 3]
    assert (x.grad.dtype, y.grad.dtype) == (tinydl.float32, tinydl.float64)


INTEGERS = [d for d in dtypes.ALL if not d.is_floating_point and d is not tinydl.bool]


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_to_powers(dtype):
    x = tinydl.tensor([0, 1, 2, 3], dtype=dtype)
    assert (x**3).tolist() == [0, 1, 8, 27] and (2**x).tolist() == [1, 2, 4, 8]
    assert (x**3).dtype is dtype
    assert (x**-0.5).dtype is tinydl.float32
    for fails in (lambda: x**-1, lambda: x.pow_(-2), lambda: tinydl.pow(x, -1)):
        with pytest.raises(ValueError, match="integers to negative integer powers are not allowed"):
            fails()
    if dtype.is_signed:
        y = tinydl.tensor([-1, 1, 2, -3, 0], dtype=dtype)
        exponent = tinydl.tensor([[-1], [-2]], dtype=dtype)
        assert (y**exponent).tolist() == [[-1, 1, 0, 0, 0], [1, 1, 0, 0, 0]]


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_products_of_integer_matrices(dtype):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 9, shape).astype(dtype.numpy) for shape in ((2, 3, 4), (4, 5)))
    x, y = tinydl.tensor(a), tinydl.tensor(b)
    for found, wanted in ((x @ y, a @ b), (x[0].mm(y), a[0] @ b), (x @ y[:, 1], a @ b[:, 1]),
                          (y.T @ x.mT, b.T @ a.swapaxes(1, 2)),
                          (x[0, 0].dot(y[:, 0]), a[0, 0] @ b[:, 0])):  # fmt: skip
        assert found.dtype is dtype
        np.testing.assert_array_equal(found.cpu().numpy(), wanted)
    assert (x @ tinydl.ones(4, 2, dtype=tinydl.float64)).dtype is tinydl.float64


@CPU_ONLY
def test_the_tables_are_pytorchs():
    torch = pytest.importorskip("torch")
    named = {short: getattr(torch, dtype.name) for short, dtype in SHORT.items()}
    for a, b in itertools.product(ORDER, ORDER):
        for kind_a, kind_b in itertools.product(KINDS, KINDS):
            x, y = (torch.ones(KINDS[k], dtype=named[s]) for k, s in ((kind_a, a), (kind_b, b)))
            assert (x + y).dtype is named[expected(a, kind_a, b, kind_b).short]
    for (number, short), wanted in read(WITH_NUMBERS).items():
        for shape in KINDS.values():
            x = torch.ones(shape, dtype=named[short])
            assert torch.result_type(x, NUMBERS[number]) is named[wanted.short]
