"""Tensors from data and numbers, with PyTorch's names and arguments.

What most of them take:
    size: the shape, as integers or one tuple of them.
    dtype: the type of the elements; the default dtype (float32 unless set) where it says nothing.
    device: where the tensor goes, such as "cpu"; the default device if None.
    requires_grad: whether operations on the tensor are recorded, for backward().
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import device as devices
from . import dlpack, dtypes
from .array import Array
from .device import DeviceLike
from .dtypes import DType
from .tensor import Tensor


def _new(array: Array, requires_grad: bool) -> Tensor:
    out = Tensor(array)
    return out.requires_grad_() if requires_grad else out


def _where(device) -> devices.Device:
    return devices.default() if device is None else devices.device(device)


def _shape(size: tuple) -> tuple:
    """zeros(2, 3) and zeros((2, 3)) mean the same."""
    shape = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    if any(n < 0 for n in shape):
        raise ValueError(f"a tensor of shape {shape} would have a negative size")
    return shape


def tensor(
    data: Any, *, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool = False
) -> Tensor:
    """A tensor that copies data.

    Args:
        data: a number, nested lists of numbers, a NumPy array, a tensor, or another library's on
            the GPU.
        dtype: of the elements. If None, floats become the default dtype and ints int64; an array or
            tensor keeps its own.
        device: where the tensor goes. If None, a tensor's copy stays where that is, and all else
            goes to the default device.
        requires_grad: whether operations on it are recorded, for backward().

    Raises:
        TypeError: data that is no numbers, or a NumPy dtype that tinydl does not have.
        ValueError: nested lists of different lengths.

    Example:
        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
        >>> tinydl.tensor(1.5, dtype=tinydl.float64, requires_grad=True)
        tensor(1.5, dtype=tinydl.float64, requires_grad=True)
    """
    if isinstance(data, Tensor):
        device, dtype = data.device if device is None else device, dtype or data.dtype
        data = data._array.numpy()
    elif hasattr(data, "__cuda_array_interface__"):
        return as_tensor(data, dtype=dtype, device=device).clone().requires_grad_(requires_grad)
    values = np.asarray(_plain(data))
    if values.dtype == object or values.dtype.kind in "US":
        raise TypeError(f"tensor: cannot make numbers of {type(data).__name__} data {data!r:.80}")
    if (
        dtype is None
        and values.dtype == np.float64
        and not isinstance(data, (np.ndarray, np.generic))
    ):
        dtype = dtypes.get_default_dtype()
    target = dtypes.from_numpy_dtype(values.dtype) if dtype is None else dtypes.checked(dtype)
    backend = _where(device).backend
    return _new(Array.of(values, target, backend), requires_grad)


def _plain(data):
    """Lists may hold tensors: those become NumPy arrays."""
    if isinstance(data, (list, tuple)):
        return [_plain(item) for item in data]
    return data._array.numpy() if isinstance(data, Tensor) else data


def as_tensor(data: Any, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """data as a tensor, on its own memory where that is possible: tensor() that avoids copies.

    >>> import numpy
    >>> import tinydl
    >>> a = numpy.zeros(2)
    >>> tinydl.as_tensor(a).fill_(7)
    tensor([7., 7.], dtype=tinydl.float64)
    >>> a
    array([7., 7.])
    """
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    if hasattr(data, "__cuda_array_interface__"):
        array, read_only = dlpack.take_cuda_array(data)
        return Tensor(array).to(dtype=dtype, device=device, copy=read_only)
    if isinstance(data, np.ndarray) and dtype is None and data.flags.writeable:
        return from_numpy(data).to(device=_where(device))
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A CPU tensor on the memory of a NumPy array: a change of one is seen in the other.

    Args:
        array: of float32, float64, int64, int32, uint8 or bool, of any shape and strides.

    Raises:
        TypeError: no NumPy array, or one of another dtype.
        ValueError: a read-only array, or one in another byte order; tensor(array) copies those.

    Example:
        >>> import numpy
        >>> import tinydl
        >>> tinydl.from_numpy(numpy.arange(3))
        tensor([0, 1, 2])
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    if not array.flags.writeable:
        raise ValueError("from_numpy: the array is read-only; tinydl.tensor(array) copies it")
    return Tensor(Array.from_numpy(array, devices.device("cpu").backend, copy=False))


def from_dlpack(ext_tensor: Any, *, device: DeviceLike = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of another library's: a change of one is seen in the other.

    Args:
        ext_tensor: anything with __dlpack__(): a tensor of PyTorch, CuPy or JAX, a NumPy array.
        device: where the result goes; if None, where the other library has it.
        copy: whether to copy it; if None, only what is read-only or goes to another device.

    Raises:
        TypeError: it has no __dlpack__(), or a dtype that tinydl does not have.
        BufferError: it is on a device that tinydl does not know, or copy is False for what is
            read-only or goes to another device.
        ValueError: more axes than a tensor can have.

    Example:
        >>> import numpy
        >>> import tinydl
        >>> a = numpy.zeros(3, dtype=numpy.float32)
        >>> tinydl.from_dlpack(a).fill_(7)
        tensor([7., 7., 7.])
        >>> a
        array([7., 7., 7.], dtype=float32)
    """
    array, read_only = dlpack.take(ext_tensor)
    if read_only and copy is False:
        raise BufferError(f"from_dlpack: {array} is read-only; copy=True copies it")
    out = Tensor(array)
    moved = out if device is None else out.to(device)
    if moved is not out and copy is False:
        raise BufferError(f"from_dlpack: {array} goes from {out.device} to {moved.device}: a copy")
    return out.clone() if moved is out and (copy or read_only) else moved


def full(
    size: int | Sequence[int],
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value; without a dtype, that of the value: bool, int64 or the default dtype.

    >>> import tinydl
    >>> tinydl.full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    shape = (size,) if isinstance(size, int) else _shape((size,))
    dtype = dtypes.of_scalar(fill_value) if dtype is None else dtypes.checked(dtype)
    return _new(Array.full(shape, fill_value, dtype, _where(device).backend), requires_grad)


def zeros(
    *size: int | Sequence[int],
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros, of the default dtype unless dtype says otherwise.

    >>> import tinydl
    >>> tinydl.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    dtype = dtype or dtypes.get_default_dtype()
    return full(_shape(size), 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones(
    *size: int | Sequence[int],
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones, of the default dtype unless dtype says otherwise.

    >>> import tinydl
    >>> tinydl.ones(2, dtype=tinydl.int64)
    tensor([1, 1])
    """
    dtype = dtype or dtypes.get_default_dtype()
    return full(_shape(size), 1, dtype=dtype, device=device, requires_grad=requires_grad)


def empty(
    *size: int | Sequence[int],
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of whatever was in memory, to be overwritten.

    >>> import tinydl
    >>> tinydl.empty(2, 3).shape
    (2, 3)
    """
    dtype = dtypes.get_default_dtype() if dtype is None else dtypes.checked(dtype)
    return _new(Array.empty(_shape(size), dtype, _where(device).backend), requires_grad)


def _like(x: Tensor, dtype, device) -> dict:
    return {"dtype": dtype or x.dtype, "device": x.device if device is None else device}


def full_like(
    input: Tensor,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """One value, with input's shape and, unless given, its dtype and device.

    >>> import tinydl
    >>> tinydl.full_like(tinydl.zeros(2), 7)
    tensor([7., 7.])
    """
    like = _like(input, dtype, device)
    return full(input.shape, fill_value, requires_grad=requires_grad, **like)


def zeros_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Zeros, with input's shape and, unless given, its dtype and device.

    >>> import tinydl
    >>> tinydl.zeros_like(tinydl.tensor([1, 2]))
    tensor([0, 0])
    """
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones, with input's shape and, unless given, its dtype and device.

    >>> import tinydl
    >>> tinydl.ones_like(tinydl.tensor([1, 2]))
    tensor([1, 1])
    """
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def empty_like(
    input: Tensor,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Whatever was in memory, with input's shape and, unless given, its dtype and device.

    >>> import tinydl
    >>> tinydl.empty_like(tinydl.zeros(2, 3)).shape
    (2, 3)
    """
    return empty(input.shape, requires_grad=requires_grad, **_like(input, dtype, device))


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers start, start + step, … up to but without end; arange(n) counts from 0.

    One axis of ⌈(end − start) / step⌉ elements. Without a dtype they are int64 if all three
    arguments are ints, else of the default dtype.

    Raises:
        ValueError: step is 0.

    Example:
        >>> import tinydl
        >>> tinydl.arange(1, 6, 2)
        tensor([1, 3, 5])
    """
    start, end = (0, start) if end is None else (start, end)
    if step == 0:
        raise ValueError("arange: step must not be 0")
    values = np.arange(start, end, step)
    if dtype is None and values.dtype.kind == "f":
        dtype = dtypes.get_default_dtype()
    return tensor(values, dtype=dtype, device=device, requires_grad=requires_grad)


def linspace(
    start: float,
    end: float,
    steps: int,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """steps numbers start + i · (end − start) / (steps − 1), both ends included.

    >>> import tinydl
    >>> tinydl.linspace(0, 1, 5)
    tensor([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    values = np.linspace(start, end, steps)
    dtype = dtype or dtypes.get_default_dtype()
    return tensor(values, dtype=dtype, device=device, requires_grad=requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """The unit matrix y[i,j] = [i = j], n × n or n × m.

    >>> import tinydl
    >>> tinydl.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    dtype = dtype or dtypes.get_default_dtype()
    return tensor(np.eye(n, m), dtype=dtype, device=device, requires_grad=requires_grad)
