"""Tensors from data, numbers and chance, and what they become again: copies, arrays, text."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl

pytestmark = EVERY_DEVICE

F32, F64, I64, I32, U8, BOOL = (
    tinydl.float32, tinydl.float64, tinydl.int64, tinydl.int32, tinydl.uint8, tinydl.bool
)  # fmt: skip


# --- making ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data, dtype",
    [
        (1, I64), (1.0, F32), (True, BOOL), ([1, 2], I64), ([1, 2.5], F32), ([[True]], BOOL),
        (np.float64(1), F64), (np.ones(2), F64), (np.ones(2, np.float32), F32),
        (np.ones(2, np.uint8), U8), (np.ones(2, ">f8"), F64), ([np.float32(1)], F32), ([], F32),
    ],
    ids=str,
)  # fmt: skip
def test_tensor_infers_the_dtype(data, dtype):
    assert tinydl.tensor(data).dtype is dtype
    np.testing.assert_array_equal(tinydl.tensor(data).cpu().numpy(), np.asarray(data))


def test_tensor_copies():
    a = np.ones(2)
    x = tinydl.tensor(a)
    a[0] = 5
    y = tinydl.tensor(x)
    x[1] = 7
    assert x.tolist() == [1, 7] and y.tolist() == [1, 1]
    assert tinydl.as_tensor(x) is x and tinydl.as_tensor(a).device == x.device
    assert tinydl.tensor([x[0], x[1]]).tolist() == [1, 7]


@pytest.mark.parametrize(
    "data, error, message",
    [
        ("abc", TypeError, "cannot make numbers of str data 'abc'"),
        ([[1], [2, 3]], (TypeError, ValueError), "inhomogeneous|cannot make numbers"),
        ({"a": 1}, TypeError, "cannot make numbers of dict"),
        (np.ones(2, np.complex64), TypeError, "complex64 has no tinydl dtype.*float32"),
        (np.ones(2, np.uint16), TypeError, "uint16 has no tinydl dtype"),
        (np.ones((1,) * 9), ValueError, "at most 8 axes, the NumPy array has 9"),
    ],
    ids=str,
)
def test_data_that_is_no_tensor(data, error, message):
    with pytest.raises(error, match=message):
        tinydl.tensor(data)


def test_from_numpy_takes_what_it_can_share():
    a = np.arange(12.0).reshape(3, 4)
    assert tinydl.from_numpy(a[::2, ::-1]).tolist() == a[::2, ::-1].tolist()
    assert tinydl.from_numpy(a.T).tolist() == a.T.tolist()
    with pytest.raises(TypeError, match="expected a NumPy array, got list"):
        tinydl.from_numpy([1])
    with pytest.raises(ValueError, match=r"read-only.*tinydl\.tensor"):
        tinydl.from_numpy(np.broadcast_to(a, (2, 3, 4)))


def test_makers():
    assert tinydl.zeros(2, 3).shape == (2, 3) == tinydl.ones((2, 3)).shape
    assert tinydl.full((2,), 7).tolist() == [7, 7] and tinydl.full((2,), 7).dtype is I64
    assert tinydl.arange(3).tolist() == [0, 1, 2] and tinydl.arange(1, 2, 0.5).dtype is F32
    assert tinydl.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert tinydl.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert tinydl.eye(2, 3).tolist() == np.eye(2, 3).tolist()
    x = tinydl.ones(2, dtype=F64)
    for like in (tinydl.zeros_like, tinydl.ones_like, tinydl.empty_like):
        assert like(x).dtype is F64 and like(x).shape == (2,)
    assert tinydl.full_like(x, 3).tolist() == [3, 3]
    assert tinydl.zeros(2, requires_grad=True).requires_grad
    with pytest.raises(ValueError, match="negative size"):
        tinydl.zeros(2, -1)
    with pytest.raises(ValueError, match="step must not be 0"):
        tinydl.arange(1, 2, 0)


def test_default_dtype():
    try:
        tinydl.set_default_dtype(F64)
        assert tinydl.tensor(1.0).dtype is F64 and tinydl.zeros(1).dtype is F64
        assert tinydl.get_default_dtype() is F64
    finally:
        tinydl.set_default_dtype(F32)
    with pytest.raises(TypeError, match=r"expected float32 or float64, got tinydl\.int64"):
        tinydl.set_default_dtype(I64)


# --- chance ---------------------------------------------------------------------------------------


def test_random_numbers_are_as_announced():
    tinydl.manual_seed(0)
    n = 100_000
    u, z, k = tinydl.rand(n), tinydl.randn(n, dtype=F64), tinydl.randint(-3, 5, (n,))
    assert u.min().item() >= 0 and u.max().item() < 1 and abs(u.mean().item() - 0.5) < 0.005
    assert abs(z.mean().item()) < 0.02 and abs(z.std().item() - 1) < 0.01
    assert abs((z**4).mean().item() - 3) < 0.15
    assert sorted(set(k.tolist())) == list(range(-3, 5))
    p = tinydl.randperm(1000)
    assert sorted(p.tolist()) == list(range(1000)) and p.tolist() != list(range(1000))
    b = tinydl.bernoulli(tinydl.full((n,), 0.3))
    assert set(b.tolist()) == {0, 1}
    assert abs(b.mean().item() - 0.3) < 0.01


def test_seeds():
    tinydl.manual_seed(5)
    first = tinydl.randn(7)
    tinydl.manual_seed(5)
    assert tinydl.randn(7).equal(first) and not tinydl.randn(7).equal(first)
    own = tinydl.Generator().manual_seed(5)
    assert tinydl.randn(7, generator=own).equal(first)
    state = own.get_state()
    next_one = tinydl.rand(3, generator=own)
    assert tinydl.rand(3, generator=own.set_state(state)).equal(next_one)
    assert tinydl.Generator().manual_seed(-1).initial_seed() == 2**64 - 1
    assert tinydl.Generator().seed() != tinydl.Generator().seed()


def test_random_into_views():
    x = tinydl.zeros(4, 4)
    x[:, 1].uniform_(1, 2)
    assert (x[:, 1] >= 1).all() and not x[:, 0].any()


# --- elsewhere ------------------------------------------------------------------------------------


def test_conversions():
    x = tinydl.tensor([-1.5, 0.0, 2.7])
    assert x.long().tolist() == [-1, 0, 2] and x.bool().tolist() == [True, False, True]
    assert x.int().dtype is I32 and x.double().dtype is F64 and x.to(F64).dtype is F64
    assert x.to(F32) is x and x.to(x.device) is x and x.to(x.device, F64).dtype is F64
    assert x.to(F32, copy=True) is not x and x.type_as(tinydl.ones(1, dtype=F64)).dtype is F64
    assert tinydl.float32 == tinydl.tensor(1.0).dtype and repr(F32) == "tinydl.float32"


def test_numbers_out_of_tensors():
    x = tinydl.tensor([2.5])
    assert x.item() == 2.5 and float(x) == 2.5 and int(x) == 2 and bool(x) and f"{x:.1f}" == "2.5"
    assert type(tinydl.tensor(True).item()) is bool and type(tinydl.tensor(1).item()) is int
    with pytest.raises(ValueError, match=r"item: f32\[2\] has 2 elements"):
        tinydl.ones(2).item()
    with pytest.raises(ValueError, match=r"truth of f32\[2\] is ambiguous.*\.any\(\) or \.all\(\)"):
        bool(tinydl.ones(2))
    with pytest.raises(TypeError, match="not one integer"):
        range(3)[tinydl.tensor(1.0)]


def test_copies_stay_on_their_device(device):
    x = tinydl.tensor([1.0, 2.0])
    tinydl.set_default_device("cpu")
    copies = (
        tinydl.tensor(x),
        tinydl.zeros_like(x),
        copy.deepcopy(x),
        pickle.loads(pickle.dumps(x)),
    )
    assert [str(y.device) for y in copies] == [device] * 4
    assert str(tinydl.tensor(x, device="cpu").device) == "cpu"


def test_numpy_of_what_requires_a_gradient():
    x = tinydl.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"f32\[2\] requires a gradient; use \.detach\(\)"):
        x.numpy()
    assert x.detach().cpu().numpy().tolist() == [1, 1]
    assert np.asarray(x.detach().cpu()).dtype == np.float32


def test_copies():
    x = tinydl.tensor([[1.0, 2.0]], requires_grad=True)
    (x * 3).sum().backward()
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x.detach().requires_grad_()))):
        assert y.equal(x.detach()) and y.requires_grad and y.is_leaf and y is not x
        assert y.data_ptr() != x.data_ptr()
    assert copy.deepcopy(x).grad.tolist() == [[3, 3]]
    for make in (copy.deepcopy, pickle.dumps):
        with pytest.raises(RuntimeError, match=r"is no leaf.*\.detach\(\)"):
            make(x * 2)


@pytest.mark.parametrize(
    "x, text",
    [
        (lambda: tinydl.tensor([1.0, 2.5]), "tensor([1. , 2.5]{})"),
        (lambda: tinydl.tensor([1, 2]), "tensor([1, 2]{})"),
        (lambda: tinydl.tensor(3.0, requires_grad=True), "tensor(3.{}, requires_grad=True)"),
        (lambda: tinydl.tensor([1.0], dtype=F64), "tensor([1.], dtype=tinydl.float64{})"),
        (lambda: tinydl.ones(1, requires_grad=True) * 2, "tensor([2.]{}, grad_fn=<mul>)"),
        (lambda: tinydl.zeros(0, 3), "tensor([], size=(0, 3){})"),
        (lambda: tinydl.tensor([True]), "tensor([ True]{})"),
    ],
)
def test_printing(x, text, device):
    assert repr(x()) == text.format("" if device == "cpu" else f", device='{device}'")


def test_large_tensors_print_short():
    assert len(repr(tinydl.zeros(1000, 1000))) < 500
