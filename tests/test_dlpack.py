"""Memory shared with other libraries: DLPack on every device, __cuda_array_interface__ on GPUs."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from devices import EVERY_DEVICE, NEEDS_CUDA

import tinydl
from tinydl import dlpack, dtypes


class Other:
    """Another library's tensor, as far as the protocols go."""

    def __init__(self, x: tinydl.Tensor, version: bool = True):
        self.x, self.version = x, version
        if hasattr(x, "__cuda_array_interface__"):
            self.__cuda_array_interface__ = x.__cuda_array_interface__

    def __dlpack_device__(self):
        return self.x.__dlpack_device__()

    def __dlpack__(self, **options):
        if not self.version and "max_version" in options:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        return self.x.__dlpack__(**options)


@EVERY_DEVICE
@pytest.mark.parametrize("version", [True, False])
@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_a_tensor_goes_round(dtype, version, device):
    x = tinydl.arange(12).reshape(3, 4).to(dtype)
    for view in (x, x.T, x[1:, ::2], x[0], x[1, 1], x[:0], x[:, :1].expand(3, 5)):
        y = tinydl.from_dlpack(Other(view, version))
        assert y.dtype is dtype and y.device == view.device and y.shape == view.shape
        assert y.tolist() == view.tolist()
        assert y.data_ptr() == view.data_ptr() or y.numel() == 0
    y = tinydl.from_dlpack(Other(x, version))
    y.zero_()
    assert x.tolist() == [[0] * 4] * 3, "it is the same memory"
    assert tinydl.from_dlpack(x, copy=True).data_ptr() != x.data_ptr()


@EVERY_DEVICE
def test_memory_stays_as_long_as_anybody_uses_it():
    gc.collect()
    before = len(dlpack._given)
    x = tinydl.ones(1000)
    y = tinydl.from_dlpack(Other(x))
    del x
    assert len(dlpack._given) == before + 1
    others = [tinydl.zeros(1000) for _ in range(3)]
    assert y.tolist() == [1] * 1000
    del y, others
    assert len(dlpack._given) == before
    capsule = tinydl.ones(3).__dlpack__(stream=-1)
    assert len(dlpack._given) == before + 1
    del capsule  # nobody took it
    dlpack._withdraw()
    assert len(dlpack._given) == before and not dlpack._offered


def test_the_consumers_error_is_the_one_that_is_told():
    before = len(dlpack._given)
    with pytest.raises((RuntimeError, BufferError), match="dtype"):  # NumPy has no bfloat16
        np.from_dlpack(tinydl.ones(2, dtype=tinydl.bfloat16))
    dlpack._withdraw()
    assert len(dlpack._given) == before


def test_with_numpy():
    a = np.arange(6.0).reshape(2, 3)[:, ::-1]
    x = tinydl.from_dlpack(a)
    x += 1
    assert a.tolist() == x.tolist() == [[3, 2, 1], [6, 5, 4]]
    b = np.from_dlpack(x)
    assert b.tolist() == a.tolist() and np.shares_memory(a, b)
    del a, x
    assert b.sum() == 21


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.1.0", reason="NumPy says no more")
def test_what_is_read_only_is_copied():
    a = np.ones(3)
    a.flags.writeable = False
    x = tinydl.from_dlpack(a)
    x.zero_()
    assert a.tolist() == [1, 1, 1]
    with pytest.raises(BufferError, match=r"f64\[3\] is read-only; copy=True copies it"):
        tinydl.from_dlpack(a, copy=False)


@EVERY_DEVICE
def test_versions_and_copies_are_told(device):
    def given(x: tinydl.Tensor, **options):
        capsule = x.__dlpack__(**options)
        kind = next(
            k
            for k in (dlpack._Versioned, dlpack._Managed)
            if k.name.decode() in repr(capsule).split('"')[1].split()
        )
        return kind.from_address(dlpack._pointer(id(capsule), kind.name)), capsule

    x = tinydl.ones(3)
    assert not hasattr(given(x)[0], "major") and not hasattr(
        given(x, max_version=(0, 8))[0], "major"
    )
    shared, keep = given(x, max_version=(1, 3))
    assert (shared.major, shared.flags) == (1, 0) and shared.tensor.data == x.data_ptr()
    copied, keep = given(x, max_version=(1, 0), copy=True)
    assert copied.flags == 2 and copied.tensor.data != x.data_ptr()
    host, keep = given(x, max_version=(1, 0), dl_device=(1, 0))
    assert (host.tensor.device_type, host.flags) == (1, 0 if device == "cpu" else 2)
    del keep
    if device == "cuda":
        with pytest.raises(BufferError, match=r"on device \(1, 0\) takes a copy"):
            x.__dlpack__(dl_device=(1, 0), copy=False)
        assert str(tinydl.from_dlpack(x, device="cpu").device) == "cpu"
        with pytest.raises(BufferError, match="goes from cuda to cpu: a copy"):
            tinydl.from_dlpack(x, device="cpu", copy=False)


def test_a_later_major_version_is_refused():
    class Later(Other):
        def __dlpack__(self, **options):
            capsule = super().__dlpack__(**options)
            address = dlpack._pointer(id(capsule), b"dltensor_versioned")
            dlpack._Versioned.from_address(address).major = 2
            return capsule

    with pytest.raises(BufferError, match="DLPack 2, tinydl knows versions up to 1"):
        tinydl.from_dlpack(Later(tinydl.ones(2)))


@pytest.mark.parametrize("exchange", ["from_dlpack", "to_dlpack"])
def test_with_pytorch(exchange):
    torch = pytest.importorskip("torch")
    t = torch.arange(4.0)
    x = tinydl.from_dlpack(t)
    if exchange == "to_dlpack":
        x, t = tinydl.arange(4.0), None
        t = torch.from_dlpack(x)
    x *= 2
    assert t.tolist() == x.tolist() == [0, 2, 4, 6]


def test_what_cannot_be_shared():
    with pytest.raises(BufferError, match=r"f32\[2\] requires a gradient; use .detach\(\)"):
        tinydl.from_dlpack(tinydl.ones(2, requires_grad=True))
    with pytest.raises(TypeError, match="a list has no __dlpack__"):
        tinydl.from_dlpack([1, 2])
    with pytest.raises(TypeError, match="no dtype of code 5 with 64 bits"):
        tinydl.from_dlpack(np.zeros(2, np.complex64))
    with pytest.raises(ValueError, match="at most 8 axes, the array has 9"):
        tinydl.from_dlpack(np.zeros((1,) * 9))
    with pytest.raises(BufferError, match=r"is on device \(1, 0\), asked for \(2, 0\)"):
        tinydl.ones(2).__dlpack__(dl_device=(2, 0))
    misplaced = np.frombuffer(bytes(9), np.uint8)[1:].view(np.float64)
    with pytest.raises(BufferError, match="is no address of a float64|read-only"):
        tinydl.from_dlpack(misplaced, copy=False)

    class Elsewhere(Other):
        def __dlpack_device__(self):
            return 10, 3

    with pytest.raises(BufferError, match="no device of kind 10, number 3"):
        tinydl.from_dlpack(Elsewhere(tinydl.ones(2)))

    class Empty(Other):
        def __dlpack__(self, **_):
            return None

    with pytest.raises(TypeError, match="gave no capsule"):
        tinydl.from_dlpack(Empty(tinydl.ones(2)))


# --- __cuda_array_interface__ ---------------------------------------------------------------------


def test_the_cpu_has_no_cuda_array_interface():
    assert not hasattr(tinydl.ones(2), "__cuda_array_interface__")


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=str)
def test_every_dtype_goes_to_pytorch_and_back(dtype):
    torch = pytest.importorskip("torch")
    x = tinydl.tensor([[0, 1], [1, 0]], dtype=dtype)
    theirs = torch.from_dlpack(x)
    assert theirs.dtype is getattr(torch, dtype.name) and theirs.tolist() == x.tolist()
    back = tinydl.from_dlpack(theirs)
    assert back.dtype is dtype and back.data_ptr() == x.data_ptr()


@NEEDS_CUDA
def test_cuda_array_interface_has_no_bfloat16():
    with pytest.raises(AttributeError, match="NumPy has no bfloat16; use DLPack"):
        _ = tinydl.ones(2, dtype=tinydl.bfloat16, device="cuda").__cuda_array_interface__


@NEEDS_CUDA
@pytest.mark.parametrize("dtype", [d for d in dtypes.ALL if d.numpy], ids=str)
def test_cuda_array_interface(dtype):
    x = tinydl.arange(12, device="cuda").reshape(3, 4).to(dtype)
    for view in (x, x.T, x[1:, ::2], x[1, 1]):
        described = view.__cuda_array_interface__
        assert described["version"] == 3 and described["shape"] == view.shape
        assert described["data"] == (view.data_ptr(), False)
        y = tinydl.as_tensor(Other(view))
        assert y.data_ptr() == view.data_ptr() and y.tolist() == view.tolist()
        assert y.dtype is dtype and str(y.device) == "cuda"
    copied = tinydl.tensor(Other(x))
    tinydl.as_tensor(Other(x)).zero_()
    assert x.sum().item() == 0 and copied.tolist() != x.tolist()


@NEEDS_CUDA
def test_cuda_arrays_of_another_stream_are_waited_for():
    stream = tinydl.cuda.Stream()
    with tinydl.cuda.stream(stream):
        x = tinydl.ones(4, device="cuda") * 5
        other = Other(x)
    assert other.__cuda_array_interface__["stream"] == stream.cuda_stream
    assert tinydl.as_tensor(other).tolist() == [5] * 4
    with tinydl.cuda.stream(stream):
        y = x + 1
    assert tinydl.from_dlpack(Other(y)).shape == (4,)  # y's stream is not told, only ours waits


@NEEDS_CUDA
def test_cuda_arrays_that_do_not_fit():
    x = tinydl.ones(4, device="cuda")

    def described(**changes):
        other = Other(x)
        other.__cuda_array_interface__ = {**x.__cuda_array_interface__, **changes}
        return other

    address = x.data_ptr()
    frozen = tinydl.as_tensor(described(data=(address, True)))
    assert frozen.data_ptr() != address and frozen.tolist() == [1] * 4
    assert tinydl.as_tensor(described(strides=None)).tolist() == [1] * 4
    with pytest.raises(BufferError, match="no whole elements of float32"):
        tinydl.as_tensor(described(strides=(6,)))
    with pytest.raises(BufferError, match="no address of a float32"):
        tinydl.as_tensor(described(data=(address + 2, False)))
    with pytest.raises(TypeError, match="complex64 has no tinydl dtype"):
        tinydl.as_tensor(described(typestr="<c8"))
    with pytest.raises(BufferError, match="requires a gradient"):
        _ = tinydl.ones(2, device="cuda", requires_grad=True).__cuda_array_interface__
