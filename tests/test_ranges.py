"""Sequences, grids, triangles and what is new in creation, against NumPy; data that is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from against_numpy import same
from devices import CPU_ONLY, EVERY_DEVICE

import tinydl
from tinydl.inspect import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

F64, I64 = tinydl.float64, tinydl.int64
RNG = np.random.default_rng(0)


def test_logspace_and_linspace():
    same(tinydl.logspace(0, 3, 4), [1, 10, 100, 1000])
    same(tinydl.logspace(-1, 1, 5, base=2, dtype=F64), np.logspace(-1, 1, 5, base=2))
    assert tinydl.linspace(0, 10, 5, dtype=I64).tolist() == [0, 2, 5, 7, 10]
    assert tinydl.linspace(tinydl.tensor(1.0), 2, 1).tolist() == [1]
    assert tinydl.logspace(0, 1, 0).shape == (0,)


def test_indices_of_triangles():
    for n, m, k in itertools.product((0, 1, 3), (0, 2, 4), (-2, 0, 1)):
        same(tinydl.tril_indices(n, m, k), np.stack(np.tril_indices(n, k, m)))
        same(tinydl.triu_indices(n, m, k), np.stack(np.triu_indices(n, k, m)))
    assert tinydl.tril_indices(2, 2, dtype=tinydl.int32).dtype is tinydl.int32


@pytest.mark.parametrize("dtype", tinydl.dtypes.ALL, ids=str)
def test_triangles(dtype):
    for shape, k in itertools.product(((3, 3), (2, 4, 3), (0, 2), (1, 5)), (-2, 0, 1, 9)):
        x = tinydl.ones(shape, dtype=dtype)
        a = np.ones(shape)
        for found, wanted in ((x.tril(k), np.tril(a, k)), (tinydl.triu(x, k), np.triu(a, k))):
            assert found.dtype is dtype
            same(found.double(), wanted)
        assert x.clone().tril_(k).equal(x.tril(k)) and x.clone().triu_(k).equal(x.triu(k))


def test_gradients_of_triangles_and_powers():
    x = tinydl.tensor(RNG.normal(size=(3, 4)), requires_grad=True)
    for f in (lambda x: x.tril(1) ** 2, lambda x: x.triu() ** 2):
        assert gradcheck(f, x) and gradgradcheck(f, x)
    v = tinydl.tensor([0.5, -1.5, 2.0], dtype=F64, requires_grad=True)
    for f in (
        lambda v: tinydl.vander(v),
        lambda v: tinydl.combinations(v, 2).prod(1),
        lambda v: tinydl.cartesian_prod(v, v)[:, 0] * tinydl.cartesian_prod(v, v)[:, 1],
        lambda v: tinydl.meshgrid(v, v)[0] * tinydl.meshgrid(v, v, indexing="xy")[0],
    ):
        assert gradcheck(f, v) and gradgradcheck(f, v)


def test_meshgrid():
    a, b, c = np.arange(2), np.arange(3) * 10, np.arange(4) * 100
    for arrays in ((a,), (a, b), (a, b, c)):
        for indexing in ("ij", "xy"):
            found = tinydl.meshgrid([tinydl.tensor(v) for v in arrays], indexing=indexing)
            wanted = np.meshgrid(*arrays, indexing=indexing)
            for x, w in zip(found, wanted, strict=True):
                same(x, w)
    x, y = tinydl.meshgrid(tinydl.tensor(5.0), tinydl.ones(2))
    assert x.shape == y.shape == (1, 2) and x.tolist() == [[5, 5]]


def test_products_and_choices():
    x, y, z = tinydl.tensor([1, 2]), tinydl.tensor([3, 4, 5]), tinydl.tensor([6])
    wanted = list(itertools.product([1, 2], [3, 4, 5], [6]))
    same(tinydl.cartesian_prod(x, y, z), wanted)
    assert tinydl.cartesian_prod(x) is x
    for r, again in itertools.product((0, 1, 2, 3), (False, True)):
        choose = itertools.combinations_with_replacement if again else itertools.combinations
        found = tinydl.combinations(y, r, with_replacement=again)
        assert found.tolist() == [list(c) for c in choose([3, 4, 5], r)]
        assert found.shape[1] == r
    for increasing, n in itertools.product((False, True), (None, 0, 5)):
        for v in ([1, 2, 3], [0.5, -1.0]):
            found = tinydl.vander(tinydl.tensor(v), n, increasing)
            same(found, np.vander(np.array(v), n, increasing))


def test_one_hot():
    one_hot = tinydl.nn.functional.one_hot
    x = tinydl.tensor([[0, 2], [1, 1]])
    same(one_hot(x), np.eye(3, dtype=int)[x.cpu().numpy()])
    assert one_hot(x, 5).shape == (2, 2, 5) and one_hot(x).dtype is I64
    assert one_hot(tinydl.tensor(1), 2).tolist() == [0, 1]
    assert one_hot(tinydl.zeros(0, dtype=I64), 3).shape == (0, 3)
    for wrong, error, message in (
        (lambda: one_hot(x.float()), TypeError, "classes are int64, got f32"),
        (lambda: one_hot(tinydl.zeros(0, dtype=I64)), ValueError, "give num_classes"),
        (lambda: one_hot(x, 0), ValueError, "0 classes for i64"),
    ):
        with pytest.raises(error, match=message):
            wrong()


@CPU_ONLY
def test_classes_that_are_none():
    for classes, n in (([0, 3], 3), ([-1], 3)):
        with pytest.raises(IndexError, match=rf"one_hot: .* is none of 3: .*{classes[-1]}"):
            tinydl.nn.functional.one_hot(tinydl.tensor(classes), n)


# --- new tensors ----------------------------------------------------------------------------------


def test_new_tensors_are_like_the_old():
    x = tinydl.ones(2, dtype=tinydl.float16)
    for y in (x.new_zeros(2, 3), x.new_ones((2, 3)), x.new_empty([2, 3]), x.new_full((2, 3), 7)):
        assert y.shape == (2, 3) and y.dtype is x.dtype and y.device == x.device
    assert x.new_full((1,), 7).tolist() == [7] and x.new_zeros(1, dtype=I64).tolist() == [0]
    y = x.new_tensor([1, 2.5], dtype=F64, requires_grad=True)
    assert y.tolist() == [1, 2.5] and y.dtype is F64 and y.requires_grad
    assert x.new_tensor(3).dtype is x.dtype
    s = tinydl.scalar_tensor(2)
    assert s.shape == () and s.dtype is tinydl.float32
    assert tinydl.scalar_tensor(True, dtype=tinydl.bool).item() is True


@CPU_ONLY
def test_asarray_shares_or_copies():
    a = np.arange(3.0)
    x = tinydl.asarray(a)
    x[0] = 7
    assert a[0] == 7
    assert tinydl.asarray(x) is x and tinydl.asarray(x, copy=False) is x
    y = tinydl.asarray(a, copy=True)
    y[1] = 9
    assert a[1] == 1 and tinydl.asarray(x, copy=True).data_ptr() != x.data_ptr()
    assert tinydl.asarray(a, dtype=tinydl.float32).dtype is tinydl.float32
    a.setflags(write=False)
    assert tinydl.asarray(a).tolist() == a.tolist()
    for obj, keywords in ((a, {}), ([1, 2], {}), (x, {"dtype": tinydl.float32})):
        with pytest.raises(ValueError, match="asarray: .* without a copy"):
            tinydl.asarray(obj, copy=False, **keywords)
    assert tinydl.asarray([1.0, 2.0], requires_grad=True).requires_grad


def test_asarray_elsewhere(device):
    assert str(tinydl.asarray([1, 2]).device) == device
    assert str(tinydl.asarray(np.ones(2), device=device).device) == device
    assert tinydl.asarray(tinydl.ones(2), dtype=I64).tolist() == [1, 1]


def test_to_and_type():
    x = tinydl.tensor([1.5, -2.0])
    assert x.to(tinydl.float32, False, True) is not x and x.to(tinydl.float32, True) is x
    assert x.to(x.device, I64, True).tolist() == [1, -2]
    assert x.to(tinydl.ones(1, dtype=F64)).dtype is F64
    assert x.to(dtype=F64, copy=True, non_blocking=True).dtype is F64
    assert x.type(F64).dtype is F64 and x.type("torch.LongTensor").tolist() == [1, -2]
    assert x.cpu().type() == "tinydl.FloatTensor" and x.byte().cpu().type() == "tinydl.ByteTensor"
    assert x.to(float).dtype is tinydl.zeros(1, dtype=float).dtype is F64  # Python's
    assert x.type(int).dtype is I64 and tinydl.tensor([0, 2], dtype=bool).tolist() == [False, True]
    for name in ("float", "double", "half", "bfloat16", "long", "int", "short", "char", "bool"):
        y = getattr(x, name)()
        assert y.dtype is getattr(tinydl, name, tinydl.int8) and getattr(y, name)() is y
    for wrong in (
        lambda: x.type("Float"),
        lambda: x.type(3.5),
        lambda: x.to(2.5),
        lambda: x.to(str),
    ):
        with pytest.raises(TypeError, match="no dtype is called|dtype: expected|to: expected"):
            wrong()


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda: tinydl.zeros(-1), ValueError, r"zeros: a tensor of shape \(-1,\)"),
        (lambda: tinydl.full((2, -3), 1), ValueError, "full: .* negative size"),
        (lambda: tinydl.empty(2.5), TypeError, "empty: a size is integers or one tuple"),
        (lambda: tinydl.ones("ab"), TypeError, "ones: a size is integers"),
        (lambda: tinydl.zeros(*[1] * 9), ValueError, "at most 8 axes"),
        (lambda: tinydl.zeros(2**40, 2**40), MemoryError, "out of memory"),
        (lambda: tinydl.zeros(2**40, 2**40, 2**40), MemoryError, "out of memory"),
        (lambda: tinydl.zeros(0, 2**32, 2**32), ValueError, r"less than 2\*\*63 elements"),
        (lambda: tinydl.ones(1).expand(2**32, 2**31), ValueError, r"63 elements; \(4294967296, "),
        (lambda: tinydl.ones(1).as_strided((2**63,), (0,)).sum(), ValueError, r"less than 2\*\*63"),
        (lambda: tinydl.full((2,), [1, 2]), TypeError, "full: expected a number"),
        (lambda: tinydl.eye(-1), ValueError, "eye: sizes must be ≥ 0"),
        (lambda: tinydl.linspace(0, 1, -1), ValueError, "linspace: steps must be ≥ 0"),
        (lambda: tinydl.arange(0, 5, 0), ValueError, "arange: step must not be 0"),
        (lambda: tinydl.arange(float("inf")), ValueError, "arange: there is no last number"),
        (lambda: tinydl.arange(300, dtype=tinydl.uint8), OverflowError, "299 does not fit into ui"),
        (lambda: tinydl.tril_indices(-1, 2), ValueError, "tril_indices: sizes must be ≥ 0"),
        (lambda: tinydl.ones(3).tril(), ValueError, r"tril: expected matrices, got f32\[3\]"),
        (lambda: tinydl.meshgrid(tinydl.ones(2, 2)), ValueError, "meshgrid: expected vectors"),
        (lambda: tinydl.meshgrid(), TypeError, "meshgrid: expected one tensor or more"),
        (lambda: tinydl.meshgrid(tinydl.ones(2), indexing="a"), ValueError, "'ij' or 'xy'"),
        (lambda: tinydl.vander(tinydl.ones(2, 2)), ValueError, "vander: expected a vector"),
        (lambda: tinydl.combinations(tinydl.ones(2, 2)), ValueError, "combinations: expected a v"),
        (lambda: tinydl.combinations(tinydl.ones(2), -1), ValueError, "r must be ≥ 0"),
        (lambda: tinydl.zeros(2, dtype=np.float32), TypeError, "dtype: expected one of"),
        (lambda: tinydl.promote_types(tinydl.int8, "int8"), TypeError, "dtype: expected one of"),
    ],
)  # fmt: skip
def test_wrong_arguments(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong()


@pytest.mark.parametrize(
    "data, error, message",
    [
        ([[1, 2], [3]], ValueError, "tensor: nested lists must be of equal lengths"),
        ([1, "a"], TypeError, "cannot make numbers of list data"),
        (["a"], TypeError, "cannot make numbers"),
        (None, TypeError, "cannot make numbers of NoneType"),
        ([None, 1], TypeError, "cannot make numbers"),
        ({1: 2}, TypeError, "cannot make numbers of dict"),
        ([2**63], OverflowError, "9223372036854775808 does not fit into int64"),
        ([-(2**70), 1], OverflowError, "does not fit into int64"),
        (1j, TypeError, "complex128 has no tinydl dtype"),
        (np.array(["a"]), TypeError, "cannot make numbers of ndarray"),
        (np.array([object()]), TypeError, "cannot make numbers of ndarray"),
        (np.array(["2020-01-01"], "M8[D]"), TypeError, "cannot make numbers of ndarray"),
        (np.zeros(2, [("a", "i4")]), TypeError, "cannot make numbers of ndarray"),
        (np.ones((1,) * 9), ValueError, "at most 8 axes"),
    ],
)
def test_data_that_is_refused(data, error, message):
    with pytest.raises(error, match=message):
        tinydl.tensor(data)
    if error is not OverflowError:
        with pytest.raises(error):
            tinydl.tensor(data, dtype=tinydl.float32)


@pytest.mark.parametrize("dtype", [tinydl.uint8, tinydl.int8, tinydl.int16, tinydl.int64], ids=str)
def test_integers_that_do_not_fit(dtype):
    bounds = tinydl.iinfo(dtype)
    for value in (bounds.max + 1, bounds.min - 1, float("inf"), 1e30):
        for wrong in (
            lambda v=value: tinydl.tensor([v], dtype=dtype),
            lambda v=value: tinydl.full((2,), v, dtype=dtype),
            lambda v=value: tinydl.zeros(2, dtype=dtype).fill_(v),
            lambda v=value: tinydl.zeros(2, dtype=dtype).__setitem__(0, v),
        ):
            with pytest.raises(OverflowError, match=f"does not fit into {dtype.name}, which holds"):
                wrong()
    for wrong in (
        lambda: tinydl.tensor([1, float("nan")], dtype=dtype),
        lambda: tinydl.full((2,), float("nan"), dtype=dtype),
        lambda: tinydl.zeros(2, dtype=dtype).fill_(float("nan")),
    ):
        with pytest.raises(ValueError, match=f"{dtype.name} has no NaN"):
            wrong()
    for value in (bounds.max, bounds.min):
        assert tinydl.full((1,), value, dtype=dtype).tolist() == [value]
        assert tinydl.tensor([value], dtype=dtype).tolist() == [value]
    assert tinydl.tensor([1.9, -0.9], dtype=dtype).tolist() == [1, 0]


def test_numbers_keep_their_digits():
    x = tinydl.zeros(2, dtype=F64)
    assert x.fill_(0.1).tolist() == [0.1, 0.1]
    x[0], x[1:] = 0.3, [0.7]
    assert x.tolist() == [0.3, 0.7]
    assert tinydl.full((), 1e300, dtype=tinydl.float16).item() == np.inf


def test_arrays_of_any_kind():
    a = np.arange(24, dtype=np.float32).reshape(4, 6)
    for kind in (a[::2, ::-1], a.T, np.asfortranarray(a), a.astype(">f4"), a[1:1]):
        same(tinydl.tensor(kind), kind)
    a.setflags(write=False)
    same(tinydl.as_tensor(a), a)
    same(tinydl.tensor(a), a)
    with pytest.raises(ValueError, match="read-only; tinydl.tensor"):
        tinydl.from_numpy(a)
    with pytest.raises(ValueError, match="native byte order"):
        tinydl.from_numpy(np.ones(2, ">f4"))
    with pytest.raises(ValueError, match="whole elements"):
        tinydl.from_numpy(np.zeros(3, [("a", "i1"), ("b", "f4")])["b"])
    odd = np.frombuffer(bytearray(13), np.float32, offset=1)
    with pytest.raises(ValueError, match="aligned"):
        tinydl.from_numpy(odd)
    for kind in (odd, np.ones(2, ">f4"), np.zeros(3, [("a", "i1"), ("b", "f4")])["b"]):
        x = tinydl.as_tensor(kind)
        same(x, kind)
        assert x.data_ptr() % x.element_size() == 0
    with pytest.raises(TypeError, match="uint64 has no tinydl dtype"):
        tinydl.from_numpy(np.ones(2, np.uint64))
    assert tinydl.tensor(np.array([300, -1]), dtype=tinydl.uint8).tolist() == [44, 255]
    cut = tinydl.tensor(np.array([np.nan, np.inf, -1.5]), dtype=I64)
    assert cut.tolist() == [0, 2**63 - 1, -1]
