"""Tensors among other libraries' objects and in Python's own protocols.

DLPack has test_dlpack; NumPy's data on its way in has test_creation.
"""

from __future__ import annotations

import copy
import operator
import pickle
import sys

import numpy as np
import pytest
from against_numpy import same
from devices import CPU_ONLY, EVERY_DEVICE

import tinydl
from tinydl import Tensor

pytestmark = EVERY_DEVICE

# --- NumPy's operators and functions --------------------------------------------------------------

OPERATORS = {
    name: getattr(operator, name)
    for name in (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul",
        "lt", "le", "eq", "ne", "gt", "ge",
    )
    if hasattr(Tensor, f"__{name}__")
}  # fmt: skip
BITWISE = [operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift]


@pytest.mark.parametrize("name", OPERATORS)
def test_arrays_and_numpys_numbers_on_the_left(name):
    apply = OPERATORS[name]
    b = np.array([[0.5, 1.5], [2.0, 3.0]])
    x = tinydl.tensor(b, requires_grad=True)
    lefts = [np.array([[1.0, 1.5], [2.5, 7.0]])]
    if name != "matmul":
        lefts += [np.array([2.0, 3.0]), np.float64(2.5), np.array(2.5), np.float32(1.5)]
    for left in lefts:
        out = apply(left, x)
        assert type(out) is Tensor and out.device == x.device
        same(out, apply(left, b))
        assert out.requires_grad == out.dtype.is_floating_point
        assert out.dtype is (tinydl.float64 if out.requires_grad else tinydl.bool)
        y = apply(left, x.detach().float())  # numbers of NumPy's are as weak as Python's
        strong = isinstance(left, np.ndarray) and left.ndim
        if y.dtype is not tinydl.bool and name != "matmul":
            assert y.dtype is (tinydl.float64 if strong else tinydl.float32)


@pytest.mark.parametrize("apply", BITWISE, ids=lambda f: f.__name__)
def test_integers_and_bits_on_the_left(apply):
    a, b = np.array([12, 7, 1]), np.array([1, 2, 3])
    out = apply(a, tinydl.tensor(b))
    assert type(out) is Tensor and out.tolist() == apply(a, b).tolist()
    assert apply(np.int64(9), tinydl.tensor(b)).tolist() == apply(9, b).tolist()


def test_gradients_flow_through_operators_with_arrays_on_the_left():
    a, x = np.array([1.0, 2.0]), tinydl.tensor([3.0, 4.0], dtype=tinydl.float64, requires_grad=True)
    (a * x + np.float64(2) * x + a / x + a @ x).sum().backward()
    same(x.grad, a + 2 - a / np.array([9.0, 16.0]) + 2 * a)


def test_numpys_functions_of_tensors_are_tinydls():
    a = np.array([0.25, 0.5])
    x = tinydl.tensor(a, requires_grad=True)
    for ufunc in (np.exp, np.negative, np.absolute, np.tanh, np.sqrt, np.isnan):
        out = ufunc(x)
        assert type(out) is Tensor
        same(out, ufunc(a))
    np.exp(x).sum().backward()
    same(x.grad, np.exp(a))
    assert np.maximum(a, x).requires_grad and np.greater(x, 0.3).tolist() == [False, True]


def test_numpys_functions_that_tinydl_does_not_have():
    x = tinydl.ones(2)
    with pytest.raises(TypeError, match=r"np.cbrt: tinydl has no function for it; .*\.numpy\(\)"):
        np.cbrt(x)
    with pytest.raises(TypeError, match=r"np.add.reduce: tinydl has no function"):
        np.add.reduce(x)
    with pytest.raises(TypeError, match=r"np.exp: NumPy's where= .* use tinydl.exp\(\)"):
        np.exp(x, where=np.array([True, False]))
    with pytest.raises(TypeError, match=r"np.exp: NumPy's out= .* use tinydl.exp\(\)"):
        np.exp(np.ones(2), out=x)


@CPU_ONLY
def test_arrays_are_changed_in_place_where_no_gradient_is_lost():
    a = kept = np.ones(2)
    a += tinydl.tensor([1.0, 2.0])
    assert a is kept and a.tolist() == [2, 3]
    with pytest.raises(RuntimeError, match=r"requires a gradient; use \.detach\(\)\.numpy\(\)"):
        a *= tinydl.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="requires a gradient"):
        np.concatenate([a, tinydl.ones(2, requires_grad=True)])
    with pytest.raises(RuntimeError, match="requires a gradient"):
        np.asarray(tinydl.ones(2, requires_grad=True))
    assert a.tolist() == [2, 3]


@CPU_ONLY
def test_arrays_of_tensors():
    x = tinydl.arange(6).reshape(2, 3).T
    a = np.asarray(x)
    assert np.shares_memory(a, x.numpy()) and a.strides == (8, 24)
    assert np.asarray(x, np.float32).dtype == np.float32
    assert not np.shares_memory(np.array(x), a)
    with pytest.raises(ValueError, match=r"i64\[3,2\] as float32 takes a copy"):
        x.__array__(np.float32, copy=False)
    assert x.__array__(copy=False).base is not None
    np.testing.assert_array_equal(np.concatenate([x, x]), np.concatenate([a, a]))


@CPU_ONLY
@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes in Python have no __buffer__ yet")
def test_buffers():
    x = tinydl.arange(4, dtype=tinydl.int32)
    view = memoryview(x)
    view[0] = 7
    assert x.tolist() == [7, 1, 2, 3] and bytes(x) == x.numpy().tobytes()


def test_buffers_of_any_python():
    x = tinydl.arange(3).cpu()
    assert memoryview(x.numpy()).tolist() == [0, 1, 2] == x.__buffer__(0).tolist()


# --- copies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: tinydl.arange(6).reshape(2, 3).T,
        lambda: tinydl.arange(6.0)[1::2],
        lambda: tinydl.ones(3).expand(2, 3),
        lambda: tinydl.tensor(True),
        lambda: tinydl.zeros(0, 3, dtype=tinydl.uint8),
        lambda: tinydl.ones(2, requires_grad=True),
        lambda: tinydl.nn.Parameter(tinydl.ones(2)),
        lambda: tinydl.nn.Parameter(tinydl.ones(2), requires_grad=False),
    ],
)
def test_copies_are_equal_and_apart(make):
    x = make()
    for y in (copy.deepcopy(x), *(pickle.loads(pickle.dumps(x, n)) for n in range(2, 6))):
        assert type(y) is type(x) and y.dtype is x.dtype and y.device == x.device
        assert y.shape == x.shape and y.tolist() == x.tolist()
        assert y.requires_grad == x.requires_grad and y.is_leaf
        assert not x.numel() or y.data_ptr() != x.data_ptr()


def test_shallow_copies_share_memory():
    x = tinydl.nn.Parameter(tinydl.ones(2))
    y = copy.copy(x)
    assert type(y) is type(x) and y is not x and y.data_ptr() == x.data_ptr()
    z = copy.copy(2 * x)
    z.sum().backward()
    assert x.grad.tolist() == [2, 2] and y.grad is None


def test_dtypes_and_devices_are_copied_by_name(device):
    for thing in (tinydl.float32, tinydl.bool, tinydl.device(device)):
        assert copy.deepcopy(thing) == thing == pickle.loads(pickle.dumps(thing))
    assert copy.deepcopy(tinydl.float32) is tinydl.float32


def test_pickles_name_nothing_but_numpys_arrays_and_tinydl():
    """Reading one cannot run code of a class's __setstate__; load() reads none at all."""
    found = set()

    class Watching(pickle.Unpickler):
        def find_class(self, module, name):
            found.add(module.split(".")[0])
            return super().find_class(module, name)

    import io

    Watching(io.BytesIO(pickle.dumps(tinydl.nn.Parameter(tinydl.ones(2))))).load()
    assert found <= {"tinydl", "numpy"}
    assert not hasattr(Tensor, "__setstate__")


# --- Python's protocols ---------------------------------------------------------------------------


def test_numbers():
    x = tinydl.tensor(2.5)
    assert (float(x), int(x), complex(x), bool(x)) == (2.5, 2, 2.5 + 0j, True)
    assert f"{x}" == "2.5" and f"{x:.2f}" == "2.50" and f"{x:>6}" == "   2.5"
    assert f"{tinydl.tensor([1, 2])}" == str(tinydl.tensor([1, 2]))
    with pytest.raises(ValueError, match=r"f32\[2\] has 2 elements"):
        f"{tinydl.ones(2):.2f}"
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        int(tinydl.tensor(float("nan")))
    for wrong, many in ((tinydl.ones(2), "more than one value"), (tinydl.ones(0), "no values")):
        with pytest.raises(ValueError, match=f"truth of .* is ambiguous, a tensor with {many}"):
            bool(wrong)
    for convert in (float, int, complex, operator.index):
        with pytest.raises((ValueError, TypeError), match=r"f32\[2\]"):
            convert(tinydl.ones(2))
    with pytest.raises(TypeError, match=r"i64\[2\] is not one integer"):
        operator.index(tinydl.tensor([1, 2]))


def test_sequences():
    x = tinydl.tensor([[1, 2], [3, 4]], dtype=tinydl.float32, requires_grad=True)
    (first, second), rows = x, list(reversed(x))
    assert first.requires_grad and second.tolist() == [3, 4]
    assert [row.tolist() for row in rows] == [[3, 4], [1, 2]]
    assert len(x) == 2 and 3.0 in x and tinydl.tensor(4.0) in x and np.float32(5) not in x
    point = tinydl.tensor(1.0)
    for wrong in (iter, reversed, len):
        with pytest.raises(TypeError, match="0-d tensor"):
            wrong(point)
    for wrong in (None, "1", [1.0]):
        with pytest.raises(TypeError, match=rf"in: f32\[2,2\].* a {type(wrong).__name__}"):
            wrong in x  # noqa: B015


def test_hash_is_identity_and_names_are_listed():
    x, y = tinydl.ones(2), tinydl.ones(2)
    assert len({x, y, x}) == 2 and {x: 1}[x] == 1
    assert {"sum", "shape", "grad", "backward"} <= set(dir(x))


# --- printing -------------------------------------------------------------------------------------


@pytest.fixture
def options():
    yield tinydl.set_printoptions
    tinydl.set_printoptions(profile="default")


@pytest.mark.parametrize("shape", [(2000,), (7, 400), (8, 200), (3, 7, 90), (1001, 1), (1, 1001)])
def test_large_tensors_print_as_in_numpy(shape):
    a = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    expected = np.array2string(
        a, separator=", ", prefix="tensor(", precision=4, threshold=1000, max_line_width=80
    )
    assert repr(tinydl.tensor(a)).startswith(f"tensor({expected}")


def test_only_the_edges_of_large_tensors_are_brought_to_the_host(device):
    x = tinydl.zeros(2000, 2000)
    seen = []
    numpy = tinydl.array.Array.numpy
    try:
        tinydl.array.Array.numpy = lambda self: seen.append(self.size) or numpy(self)
        assert len(repr(x)) < 500 and len(x._repr_html_()) < 1000
    finally:
        tinydl.array.Array.numpy = numpy
    assert seen == [49, 49]


def test_print_options(options):
    x = tinydl.tensor([3.14159, 1000.0])
    options(precision=2)
    assert repr(x).startswith("tensor([   3.14, 1000.  ]")
    options(sci_mode=True)
    assert repr(x).startswith("tensor([3.14e+00, 1.00e+03]")
    options(profile="default", sci_mode=False)
    assert "e" not in repr(tinydl.tensor([1e-9, 1.0])).split("]")[0].removeprefix("tensor")
    options(profile="full")
    assert "..." not in repr(tinydl.zeros(2000))
    options(profile="short")
    assert repr(tinydl.arange(2000)).startswith("tensor([   0,    1, ..., 1998, 1999]")
    options(threshold=2, edgeitems=1)
    assert repr(tinydl.arange(5)).startswith("tensor([0, ..., 4]")
    with pytest.raises(ValueError, match=r"no profile is called 'tiny' .*default, short, full"):
        options(profile="tiny")
    with pytest.raises(ValueError, match="expected precision ≥ 0, got -1"):
        options(precision=-1)


def test_html():
    small = tinydl.tensor([[1.0, 2.5]], requires_grad=True)._repr_html_()
    assert "<td>1</td><td>2.5</td>" in small and "1 × 2 float32" in small
    assert "requires_grad=True" in small
    large = tinydl.zeros(100, 100)._repr_html_()
    assert large.count("<tr>") == 7 and "…" in large and large.count("<td>") == 49
    assert tinydl.zeros(2, 2, 2)._repr_html_().startswith("<pre>tensor([[[0.")
    assert "grad_fn=&lt;mul&gt;" in (2 * tinydl.ones(1, 1, 1, requires_grad=True))._repr_html_()
