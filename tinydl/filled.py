"""Tensors of one value, with PyTorch's names and arguments; see creation.py for what they take."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from . import device as devices
from . import dtypes
from .array import Array
from .device import DeviceLike
from .dtypes import DType
from .limits import check_holds
from .tensor import Tensor, is_number


def new(array: Array, requires_grad: bool) -> Tensor:
    """A leaf on an array."""
    out = Tensor(array)
    return out.requires_grad_() if requires_grad else out


def where(device) -> devices.Device:
    """The device, or the default one."""
    return devices.default() if device is None else devices.device(device)


def shape_of(op: str, sizes: tuple, size: Sequence[int] | None = None) -> tuple:
    """zeros(2, 3), zeros((2, 3)) and zeros(size=(2, 3)) mean the same."""
    if size is not None:
        sizes = (*sizes, size)
    if len(sizes) == 1 and not hasattr(sizes[0], "__index__"):
        sizes = sizes[0]
    try:
        shape = tuple([index(n) for n in sizes])
    except TypeError:
        raise TypeError(
            f"{op}: a size is integers or one tuple of them, got {sizes!r:.60}"
        ) from None
    if any(n < 0 for n in shape):
        raise ValueError(f"{op}: a tensor of shape {shape} would have a negative size")
    return shape


def number(op: str, value):
    """value, a number or a tensor of one, as a Python number."""
    if isinstance(value, Tensor):
        value = value.item()
    if not is_number(value):
        raise TypeError(f"{op}: expected a number, got {value!r:.60}")
    return value


def full(
    size: int | Sequence[int],
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value; without a dtype, that of the value: bool, int64 or the default dtype.

    Raises:
        OverflowError: dtype does not hold the value.
        ValueError: a negative size, or NaN in integers.

    Example:
        >>> import tinydl
        >>> tinydl.full((2, 2), 7)
        tensor([[7, 7],
                [7, 7]])
    """
    shape = shape_of("full", (size,))
    fill_value = number("full", fill_value)
    dtype = dtypes.of_scalar(fill_value) if dtype is None else dtypes.checked(dtype)
    check_holds("full", fill_value, dtype)
    return new(Array.full(shape, fill_value, dtype, where(device).backend), requires_grad)


def zeros(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
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
    return full(
        shape_of("zeros", sizes, size), 0, dtype=dtype, device=device, requires_grad=requires_grad
    )


def ones(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
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
    return full(
        shape_of("ones", sizes, size), 1, dtype=dtype, device=device, requires_grad=requires_grad
    )


def empty(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
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
    return new(
        Array.empty(shape_of("empty", sizes, size), dtype, where(device).backend), requires_grad
    )


def as_of(x: Tensor, dtype, device) -> dict:
    """The dtype and device asked for, or x's own."""
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
    like = as_of(input, dtype, device)
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
    return empty(input.shape, requires_grad=requires_grad, **as_of(input, dtype, device))
