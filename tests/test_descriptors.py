"""Descriptors that do not fit, handed straight to the C functions: every library says the same.

Each case of the table is run once and its calls into the library are noted. Then every call is
made again with one tensor at a time replaced by one of another shape or dtype. Whether that is an
error, and which, no library may decide for itself; and red zones stay as they are.
"""

from __future__ import annotations

import numpy as np
import pytest
from cases import CASES
from guards import guarded, libraries
from kernels import for_cpus_alone
from source import Source

import tinydl
from tinydl import dtypes
from tinydl.array import MAX_NDIM, Array
from tinydl.backend import ffi

TENSOR, LIST = ffi.typeof("td_tensor *"), ffi.typeof("td_tensor *[]")
OK = ffi.integer_const("TD_OK")


class Recorder(dict):
    """A library's functions, and the calls that were made to them."""

    def __init__(self, functions: dict):
        self.functions, self.calls = functions, []

    def __missing__(self, name: str):
        def function(*arguments):
            self.calls.append((name, arguments))
            return self.functions[name](*arguments)

        return function


def tensor_of(argument):
    """The descriptor that an argument is or, as lists of one do, holds; None if it is neither."""
    kind = ffi.typeof(argument) if isinstance(argument, ffi.CData) else None
    if kind is TENSOR and argument:
        return argument
    return argument[0] if kind is LIST else None


def misfits(x) -> list[tuple]:
    """(shape, dtype) of what is no tensor like x."""
    shape = tuple(x.shape[0 : x.ndim])
    shapes = [(2, *shape), shape[1:], (int(np.prod(shape)),)]
    for axis, n in enumerate(shape):
        shapes += [(*shape[:axis], m, *shape[axis + 1 :]) for m in (n + 1, n - 1, 0)]
    fit = [s for s in shapes if s != shape and len(s) <= MAX_NDIM and min(s, default=0) >= 0]
    dtype = dtypes.ALL[x.dtype]
    other = dtypes.float64 if dtype is dtypes.float32 else dtypes.float32
    return [(shape, other), *[(s, dtype) for s in fit]]


def answers(case, seed: int, name: str) -> dict:
    """What one library answers to each call with one misfit: its status by what was given."""
    device, memory = guarded(name)
    library = device.backend
    arrays, params = case.inputs(Source.seeded(case.dtypes[0], seed))
    tensors = [None if x is None else tinydl.tensor(x, device=device) for x in arrays]
    library.fn = recorder = Recorder(library.fn)
    try:
        case.run(*tensors, **params)
    finally:
        library.fn = recorder.functions
    found = {}
    for function, arguments in recorder.calls:
        for i, argument in enumerate(arguments):
            x = tensor_of(argument)
            for shape, dtype in () if x is None else misfits(x):
                wrong = Array.full(shape, 1, dtype, library)
                given = wrong.descriptor if argument is x else ffi.new(LIST, [wrong.descriptor])
                status = library.fn[function](*arguments[:i], given, *arguments[i + 1 :])
                found[function, i, shape, dtype] = status or library.fn["sync"]()
    memory.check()
    return found


@pytest.mark.parametrize("case", [c for c in CASES if c.dtypes], ids=str)
def test_every_library_says_the_same(case):
    first, *others = libraries()
    for seed in range(3):
        expected = answers(case, seed, first)
        called = {f"td_{function}" for function, *_ in expected}
        for name in others:
            if name == "cuda" and called & for_cpus_alone():
                continue  # it makes other calls
            got = answers(case, seed, name)
            assert got == expected, f"{name} does not say what {first} says"


def test_what_does_not_fit_is_refused():
    """The calls above are not all harmless: many of them are errors."""
    by_name = {str(c): c for c in CASES}
    for name in ("add", "_matmul", "conv2d", "softmax", "cross_entropy", "max_pool2d", "adam"):
        found = answers(by_name[name], 0, next(iter(libraries())))
        assert sum(status != OK for status in found.values()) > len(found) / 3, name


HUGE = [("stride", 2**63 - 1, 1), ("padding", 2**63 - 1, 3), ("dilation", 2**62, 9)]


@pytest.mark.parametrize("name", libraries())
@pytest.mark.parametrize("attr, value, outputs", HUGE)
def test_windows_too_large_to_count_with(name, attr, value, outputs):
    """As many outputs as there are modulo 2^64 are refused all the same."""
    device, memory = guarded(name)
    library = device.backend
    conv, pool = ffi.new("td_conv2d_attrs *"), ffi.new("td_pool2d_attrs *")
    conv.groups, pool.window = 1, (5, 5)
    for attrs in (conv, pool):
        attrs.stride = attrs.dilation = (1, 1)
        setattr(attrs, attr, (value, value))
    x = Array.full((1, 1, 9, 9), 1, dtypes.float32, library)
    w = Array.full((1, 1, 5, 5), 1, dtypes.float32, library)
    y = Array.full((1, 1, outputs, outputs), 1, dtypes.float32, library)
    idx = Array.full(y.shape, 0, dtypes.int32, library)
    x, w, y, idx = (array.descriptor for array in (x, w, y, idx))
    for function, arguments in (
        ("conv2d", (y, x, w, ffi.NULL, conv)),
        ("conv2d_input", (x, y, w, conv)),
        ("conv2d_weight", (w, x, y, conv)),
        ("max_pool2d", (y, idx, x, pool)),
        ("avg_pool2d", (y, x, pool)),
        ("avg_pool2d_input", (x, y, pool)),
    ):
        with pytest.raises(ValueError, match="fit together"):
            library.check(library.fn[function](*arguments), function)
    memory.check()


@pytest.mark.parametrize("name", libraries())
@pytest.mark.parametrize("how", [-1, 5, 2**31 - 1])
def test_a_way_to_put_that_is_none(name, how):
    library = guarded(name)[0].backend
    y, v = (Array.full((3,), 0, dtypes.float32, library) for _ in range(2))
    idx, attrs = Array.full((3,), 0, dtypes.int64, library), ffi.new("td_index_attrs *")
    attrs.axes, attrs.how = 1, how
    status = library.fn["index_put"](y.descriptor, v.descriptor, idx.descriptor, attrs)
    with pytest.raises(ValueError, match=f"no td_put_how is {how}"):
        library.check(status, "index_put")
