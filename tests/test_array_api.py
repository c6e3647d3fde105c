"""tinydl.array_api against array-api-strict: names, signatures, creation, dtypes, errors.

What its functions compute is in test_array_api_values.
"""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest
from devices import EVERY_DEVICE
from standard import BITS, EVERY, REALS, back, brought, compare, found, strict

import tinydl
import tinydl.array_api as xp

pytestmark = EVERY_DEVICE

MISSING = {"uint16", "uint32", "uint64", "complex64", "complex128", "fft"}


def public(module) -> set:
    wanted = {name for name in module.__all__ if name[0] != "_" or name.startswith("__array")}
    ours = {
        "set_array_api_strict_flags",
        "get_array_api_strict_flags",
        "reset_array_api_strict_flags",
    }
    return wanted - ours - {"ArrayAPIStrictFlags", "Device", "Array"}


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
