"""Tensor's reductions, products and operators against NumPy, and the dtypes that they give.

Kernels are test_ops' business; this is about what Python adds: axes, broadcasting, dtypes.
"""

from __future__ import annotations

import operator

import numpy as np
import pytest
from against_numpy import FULL, QUICK, SHAPES, numbers, same
from devices import EVERY_DEVICE
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinydl
from tinydl import Tensor

pytestmark = EVERY_DEVICE


# --- reductions -----------------------------------------------------------------------------------


@QUICK
@given(st.data())
def test_reductions(data):
    a = numbers(data.draw(SHAPES))
    x = tinydl.tensor(a)
    axes = data.draw(st.none() | hnp.valid_tuple_axes(a.ndim))
    keep = data.draw(st.booleans())
    axes = None if axes == () else axes
    same(x.sum(axes, keep), a.sum(axes, keepdims=keep))
    same((x > 0).any(axes, keep), (a > 0).any(axes, keepdims=keep))
    same((x > 0).all(axes, keep), (a > 0).all(axes, keepdims=keep))
    with np.errstate(all="ignore"):
        count = a.size // max(a.sum(axes).size, 1)
        if count:
            same(x.mean(axes, keep), a.mean(axes, keepdims=keep))
            same(x.var(axes, 0, keep), a.var(axes, keepdims=keep))
            same(x.amax(axes, keep), a.max(axes, keepdims=keep))
            same(x.amin(axes, keep), a.min(axes, keepdims=keep))
        if count > 1:
            same(x.std(axes, keepdim=keep), a.std(axes, ddof=1, keepdims=keep))


@QUICK
@given(st.data())
def test_extremes_and_their_places(data):
    a = np.round(numbers(data.draw(FULL)))
    x, d = tinydl.tensor(a), data.draw(st.integers(-a.ndim, a.ndim - 1))
    for name in ("max", "min"):
        values, places = getattr(x, name)(d)
        same(values, getattr(a, name)(d))
        same(places, getattr(a, f"arg{name}")(d))
        same(getattr(x, f"arg{name}")(), getattr(a, f"arg{name}")())
        same(getattr(x, name)(), getattr(a, name)())
        same(getattr(x, name)(tinydl.tensor(-a)), getattr(np, f"{name}imum")(a, -a))


def test_numpys_spellings():
    x, a = tinydl.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3)
    same(x.sum(axis=1, keepdims=True), a.sum(axis=1, keepdims=True))
    same(x.softmax(0), np.exp(a) / np.exp(a).sum(0), rtol=1e-6)


def test_reductions_of_nothing():
    x = tinydl.zeros(0, 3)
    assert x.sum().item() == 0 and x.sum(0).tolist() == [0, 0, 0]
    assert np.isnan(x.mean().item())
    assert x.any().item() is False and x.all().item() is True
    assert x.amax(1).shape == (0,)
    for reduce in (x.amax, x.amin, x.argmax, x.argmin, lambda: x.max(0)):
        with pytest.raises(ValueError, match=r"f32\[0,3\] has no elements along dim"):
            reduce()


def test_sums_of_integers_are_int64():
    for dtype in (tinydl.bool, tinydl.uint8, tinydl.int32):
        total = tinydl.ones(300, dtype=dtype).sum()
        assert total.dtype is tinydl.int64 and total.item() == 300


@pytest.mark.parametrize("name", ["sum", "prod", "nansum", "cumsum", "cumprod"])
@pytest.mark.parametrize("dtype", [tinydl.int32, tinydl.uint8, tinydl.bool, tinydl.float64])
def test_sums_have_the_dtype_that_is_asked_for(name, dtype):
    x = tinydl.tensor([1.5, 2.0])
    assert getattr(x, name)(dim=0, dtype=dtype).dtype is dtype


def test_mean_of_integers_says_what_to_do():
    with pytest.raises(TypeError, match=r"mean: i64\[2\] is not floating point.*\.float\(\)\.mean"):
        tinydl.tensor([1, 2]).mean()


# --- products -------------------------------------------------------------------------------------


@QUICK
@given(
    hnp.mutually_broadcastable_shapes(signature="(m?,n),(n,p?)->(m?,p?)", max_dims=2, max_side=3)
)
def test_matmul(shapes):
    a, b = (numbers(shape) for shape in shapes.input_shapes)
    same(tinydl.tensor(a) @ tinydl.tensor(b), a @ b)
    same(tinydl.tensor(a) @ b, a @ b)
    same(a @ tinydl.tensor(b), a @ b)


def test_matmul_shapes_that_do_not_fit():
    x, y = tinydl.ones(2, 3), tinydl.ones(4, 5)
    with pytest.raises(ValueError, match=r"x f32\[2,3\] has 3 columns but y f32\[4,5\] has 4 rows"):
        x @ y
    with pytest.raises(ValueError, match=r"at least one axis \(x f32\[\], y f32\[4,5\]\); use \*"):
        x.sum() @ y
    with pytest.raises(ValueError, match=r"matmul: x f32\[2,3,4\] and y f32\[3,4,5\]: the batch"):
        tinydl.ones(2, 3, 4) @ tinydl.ones(3, 4, 5)


# --- arithmetic and dtypes ------------------------------------------------------------------------

F32, F64, I64, I32, U8, BOOL = (
    tinydl.float32, tinydl.float64, tinydl.int64, tinydl.int32, tinydl.uint8, tinydl.bool
)  # fmt: skip


@pytest.mark.parametrize(
    "left, right, result",
    [
        (F32, F64, F64), (F32, I64, F32), (F64, I32, F64), (I32, I64, I64), (U8, I32, I32),
        (BOOL, U8, U8), (BOOL, F32, F32), (I64, I64, I64), (U8, I64, I64),
    ],
)  # fmt: skip
def test_tensors_meet_in_the_larger_dtype(left, right, result):
    x, y = tinydl.ones(2, dtype=left), tinydl.ones(2, dtype=right)
    assert (x + y).dtype is result and (y + x).dtype is result
    assert tinydl.cat([x, y]).dtype is result


@pytest.mark.parametrize(
    "dtype, number, result",
    [
        (F32, 1.5, F32), (F32, 1, F32), (F64, 1.5, F64), (I64, 2, I64), (I32, 2, I32), (U8, 2, U8),
        (I64, 1.5, F32), (BOOL, 2, I64), (BOOL, 1.5, F32), (BOOL, True, BOOL), (F32, True, F32),
        (F32, np.float64(1.5), F32), (I32, np.int64(1), I32),
    ],
)  # fmt: skip
def test_numbers_adapt_to_tensors(dtype, number, result):
    x = tinydl.ones(2, dtype=dtype)
    assert (x * number).dtype is result and (number * x).dtype is result


def test_0d_tensors_only_raise_the_category():
    assert (tinydl.ones(2) + tinydl.tensor(1.0, dtype=F64)).dtype is F32
    assert (tinydl.ones(2, dtype=I32) + tinydl.tensor(1)).dtype is I32
    assert (tinydl.ones(2, dtype=I32) + tinydl.tensor(1.5)).dtype is F32
    assert (tinydl.tensor(1.0) + tinydl.tensor(1.0, dtype=F64)).dtype is F64


def test_division_of_integers_is_real():
    y = tinydl.tensor([1, 2]) / tinydl.tensor([2, 2])
    assert y.dtype is F32 and y.tolist() == [0.5, 1.0]
    assert tinydl.tensor([0, 1]).exp().dtype is F32


def test_functions_of_small_integers_are_computed_in_floating_point():
    x, zero_d = tinydl.tensor([100, 4], dtype=tinydl.int8), tinydl.tensor(200, dtype=tinydl.uint8)
    assert (x / 200).tolist() == (x / zero_d).tolist() == [0.5, np.float32(0.02)]
    assert (400 / x).tolist() == [4, 100]
    pixels = tinydl.tensor([255, 3], dtype=tinydl.uint8)
    assert (pixels / -1).tolist() == pixels.copysign(-1).tolist() == [-255, -3]
    assert tinydl.nn.functional.hardswish(pixels).tolist() == [255, 3]
    assert pixels.logit().isnan().all() and tinydl.tensor([True]).logit().item() == np.inf


def test_lists_beside_tensors_are_what_tensor_makes_of_them():
    assert (tinydl.ones(2) * [1.5, 2.0]).dtype is F32
    assert (tinydl.ones(2, dtype=I32) * [1.5, 2.0]).dtype is F32
    assert (tinydl.ones(2) * np.array([1.5, 2.0])).dtype is F64


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "lt", "eq", "ge"])
def test_operators_with_numbers_and_arrays_in_both_orders(name):
    method, reverse = f"__{name}__", f"__r{name}__"
    a = np.array([0.5, 1.0, 2.0])
    x = tinydl.tensor(a, requires_grad=True)
    for other in (2.0, np.array([1.5, 1.0, 3.0])):
        forward = getattr(x, method)(other)
        same(forward, getattr(a, method)(other))
        if hasattr(x, reverse):
            backward = getattr(operator, name)(other, x)
            assert isinstance(backward, Tensor) and backward.requires_grad
            same(backward, getattr(operator, name)(other, a))


@QUICK
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=0))
def test_broadcasting(shapes):
    a, b = (numbers(shape) for shape in shapes.input_shapes)
    same(tinydl.tensor(a) - tinydl.tensor(b), a - b)
    same(
        tinydl.where(tinydl.tensor(a > 0), tinydl.tensor(a), tinydl.tensor(b)),
        np.where(a > 0, a, b),
    )


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match=r"add: f32\[2,3\] and f32\[4\]: .* axis -1 .* 3 and 4"):
        tinydl.ones(2, 3) + tinydl.ones(4)


def test_logic():
    x, y = tinydl.tensor([True, True, False]), tinydl.tensor([True, False, False])
    assert (x & y).tolist() == [True, False, False] == x.logical_and(y).tolist()
    assert (x | y).tolist() == [True, True, False] == x.logical_or(y).tolist()
    assert (x ^ y).tolist() == [False, True, False] and (~x).tolist() == [False, False, True]
    i = tinydl.tensor([6, 3])
    assert (i & 2).tolist() == [2, 2] and (i | 1).tolist() == [7, 3]


def test_inverting_integers_flips_their_bits():
    assert (~tinydl.tensor([5, 0])).tolist() == [-6, -1]
    assert (~tinydl.tensor([5, 0], dtype=U8)).tolist() == [250, 255]
    with pytest.raises(TypeError, match=r"bitwise_xor has no kernel for f32.*f32\[1\]"):
        ~tinydl.tensor([1.0])


def test_arithmetic_of_bools():
    x, y = tinydl.tensor([True, False]), tinydl.tensor([True, True])
    assert (x * y).tolist() == [True, False] and (x + y).tolist() == [True, True]
    with pytest.raises(TypeError, match=r"sub has no kernel for bool.*\.to\(dtype\).*bool\[2\]"):
        x - y


def test_closeness():
    x = tinydl.tensor([1.0, float("nan"), float("inf")], dtype=F64)
    assert x.isnan().tolist() == [False, True, False]
    assert x.isfinite().tolist() == [True, False, False]
    assert x.isclose(x).tolist() == [True, False, True]
    assert x.allclose(x, equal_nan=True) and not x.allclose(x)
    assert tinydl.ones(2).equal(tinydl.ones(2)) and not tinydl.ones(2).equal(tinydl.ones(3))
    assert (tinydl.ones(2) == None) is False and tinydl.ones(2) is not None  # noqa: E711


def test_clamp():
    x = tinydl.tensor([-2.0, 0.5, 3.0])
    assert x.clamp(-1, 1).tolist() == [-1, 0.5, 1] and x.clamp(max=0).tolist() == [-2, 0, 0]
    assert x.clamp(tinydl.zeros(3), tinydl.tensor([1.0, 0.25, 9.0])).tolist() == [0, 0.25, 3]
    assert tinydl.tensor([1, 5]).clamp(min=2).tolist() == [2, 5]
    with pytest.raises(ValueError, match="clamp: give min, max or both"):
        x.clamp()


def test_bounds_and_choices_that_integers_do_not_hold():
    x = tinydl.tensor([1, 200], dtype=tinydl.uint8)
    for wrong in (
        lambda: x.clamp(max=300),
        lambda: x.clamp_(-1, 9),
        lambda: tinydl.where(x > 9, x, 300),
        lambda: tinydl.nn.functional.pad(x, (1, 1), value=300),
    ):
        with pytest.raises(OverflowError, match="does not fit into uint8, which holds 0 to 255"):
            wrong()
    assert x.tolist() == [1, 200] and x.clamp(2, 100).tolist() == [2, 100]


def test_powers_of_integers():
    x = tinydl.tensor([2, 3])
    assert (x**3).tolist() == [8, 27] and (x**3).dtype is I64
    assert (x**0.5).dtype is (x**2.0).dtype is F32 and (x**2).dtype is I64
    with pytest.raises(ValueError, match=r"i64\[2\] to the power -1.*\.float\(\)"):
        x**-1


def test_max_along_an_axis_has_names():
    x = tinydl.tensor([[1.0, 5.0], [7.0, 2.0]])
    assert x.max(1).values.tolist() == [5, 7]
    assert x.min(0).indices.tolist() == [0, 1]
    with pytest.raises(TypeError, match="amax takes several"):
        x.max((0, 1))
