"""Tensors from data and numbers, with PyTorch's names and arguments.

What most of them take:
    sizes, size: the shape, as integers or one tuple of them.
    dtype: the type of the elements; the default dtype (float32 unless set) where it says nothing.
    device: where the tensor goes, such as "cpu"; the default device if None.
    requires_grad: whether operations on the tensor are recorded, for backward().
"""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from . import device as devices
from . import dlpack, dtypes
from .array import Array
from .device import DeviceLike
from .dtypes import DType
from .filled import (
    empty,
    empty_like,
    full,
    full_like,
    new,
    number,
    ones,
    ones_like,
    where,
    zeros,
    zeros_like,
)
from .limits import check_holds
from .tensor import Tensor

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_dlpack", "from_numpy",
    "full", "full_like", "linspace", "ones", "ones_like", "scalar_tensor", "tensor", "zeros",
    "zeros_like",
]  # fmt: skip


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
        ValueError: nested lists of different lengths, or NaN among integers.
        OverflowError: Python numbers that dtype, of integers, does not hold. What is in an array
            wraps, as in NumPy.

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
    python = not isinstance(data, (np.ndarray, np.generic))
    values = _numbers(data)
    if dtype is None and python and values.dtype == np.float64:
        dtype = dtypes.get_default_dtype()
    if dtype is None or values.dtype.kind == "c":
        target = dtypes.from_numpy_dtype(values.dtype)
    else:
        target = dtypes.checked(dtype)
    if python:
        check_holds("tensor", values, target)
    return new(Array.of(values, target, where(device).backend), requires_grad)


def _numbers(data) -> np.ndarray:
    """Nested lists, an array or a number as an array of numbers."""
    try:
        values = np.asarray(_plain(data))
    except ValueError as error:
        raise ValueError(f"tensor: nested lists must be of equal lengths: {error}") from None
    integers = values.dtype == object and all(isinstance(v, int) for v in values.flat)
    if integers or (values.dtype == np.uint64 and not isinstance(data, np.ndarray)):
        check_holds("tensor", values, dtypes.int64)  # Python's ints have no bounds
    if values.dtype.kind not in "biufc":
        raise TypeError(f"tensor: cannot make numbers of {type(data).__name__} data {data!r:.80}")
    return values


def _plain(data):
    """Lists may hold tensors: those become NumPy arrays."""
    if isinstance(data, (list, tuple)):
        return [_plain(item) for item in data]
    return data._array.numpy() if isinstance(data, Tensor) else data


def as_tensor(data: Any, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
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
    shared = isinstance(data, np.ndarray) and data.flags.behaved and data.dtype.isnative
    if shared and dtype is None:
        return from_numpy(data).to(device=where(device))
    return tensor(data, dtype=dtype, device=device)


def asarray(
    obj: Any,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """obj as a tensor, on its own memory if that is possible and copy is not True.

    Args:
        obj: a tensor, a NumPy array, anything with __dlpack__(), a number or nested lists of them.
        dtype: of the elements; obj's own if None.
        device: where the tensor goes; if None, where obj is.
        copy: whether memory may, must or must not be shared.
        requires_grad: whether operations on it are recorded, for backward().

    Raises:
        ValueError: copy is False, and only a copy will do.

    Example:
        >>> import tinydl
        >>> x = tinydl.zeros(2)
        >>> tinydl.asarray(x, copy=True).fill_(7)
        tensor([7., 7.])
        >>> x
        tensor([0., 0.])
    """
    foreign = hasattr(obj, "__dlpack__") and not isinstance(obj, (Tensor, np.ndarray))
    shared = from_dlpack(obj) if foreign else obj
    if not isinstance(shared, Tensor) and device is None and isinstance(obj, np.ndarray):
        device = "cpu"
    out = as_tensor(shared, dtype, device)
    same = isinstance(shared, Tensor) and out._array.storage is shared._array.storage
    if isinstance(obj, np.ndarray):
        same = out.device.type == "cpu" and out.data_ptr() == obj.ctypes.data
    if copy is False and not same:
        raise ValueError(f"asarray: {type(obj).__name__} cannot become {out._array} without a copy")
    if copy and same:
        out = out.clone()
    return out.detach().requires_grad_() if requires_grad else out


def scalar_tensor(
    s: float,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """A 0-d tensor of one number, of the default dtype unless dtype says otherwise.

    >>> import tinydl
    >>> tinydl.scalar_tensor(2)
    tensor(2.)
    """
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    return full((), s, dtype=dtype, device=device, requires_grad=requires_grad)


def from_numpy(array: np.ndarray) -> Tensor:
    """A CPU tensor on the memory of a NumPy array: a change of one is seen in the other.

    Args:
        array: of a dtype that tinydl has, of any shape and strides.

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


def arange(
    start: float | None = None,
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
        ValueError: step is 0, or there is no end.
        OverflowError: dtype does not hold them.

    Example:
        >>> import tinydl
        >>> tinydl.arange(1, 6, 2)
        tensor([1, 3, 5])
    """
    start, end = (0, start) if end is None else (start or 0, end)
    start, end, step = (number("arange", value) for value in (start, end, step))
    if step == 0:
        raise ValueError("arange: step must not be 0")
    if not all(math.isfinite(value) for value in (start, end, step)):
        raise ValueError(f"arange: there is no last number from {start} to {end} by {step}")
    values = np.arange(start, end, step)
    if dtype is None and values.dtype.kind == "f":
        dtype = dtypes.get_default_dtype()
    if dtype is not None:
        check_holds("arange", values[[0, -1]] if values.size else values, dtypes.checked(dtype))
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
    if index(steps) < 0:
        raise ValueError(f"linspace: steps must be ≥ 0, got {steps}")
    values = np.linspace(number("linspace", start), number("linspace", end), steps)
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
    if n < 0 or (m or 0) < 0:
        raise ValueError(f"eye: sizes must be ≥ 0, got {n} and {m}")
    return tensor(np.eye(n, m), dtype=dtype, device=device, requires_grad=requires_grad)
