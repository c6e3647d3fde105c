"""Autocast: products and convolutions of a block computed in bfloat16, where that is faster.

Inside `with tinydl.autocast("cpu"):` the ops whose work is sums of products take their float32
operands rounded to bfloat16 and sum in float32; softmax and losses take halves as float32;
everything else computes in the dtype it is given. Parameters stay float32 and so do their
gradients, because rounding is an op with a derivative like any other.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from . import capture, dtypes
from .device import default as default_device
from .dtypes import DType, bfloat16, float16, float32
from .graph import Node
from .graph import mode as recording
from .op import OPS, Op
from .tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["autocast", "get_autocast_dtype", "is_autocast_enabled"]

Function = TypeVar("Function", bound=Callable)
KINDS = ("cpu", "cuda")


class _Mode(threading.local):
    """Of this thread: what products are computed in on each kind of device, None for as given."""

    cpu: DType | None = None
    cuda: DType | None = None
    any = False  # whether either is not None
    cache: dict | None = None  # of rounded parameters, within a block

    def set(self, cpu: DType | None, cuda: DType | None, cache: dict | None) -> None:
        self.cpu, self.cuda, self.cache = cpu, cuda, cache
        self.any = cpu is not None or cuda is not None

    def get(self) -> tuple:
        return self.cpu, self.cuda, self.cache

    def dtypes(self) -> tuple:
        return self.cpu, self.cuda


mode = _Mode()


class autocast:
    """Computes products and convolutions in bfloat16 within a block or a function.

    `matmul`, `linear`, `conv2d` and what is made of them take float32 operands rounded to `dtype`
    and give `dtype`, with sums in float32; float64 stays as it is. `softmax` and losses give
    float32. Of other operands of two dtypes the wider decides, as everywhere. It is for forward
    passes; backward() computes each gradient in the dtype of its op, whether inside or outside.
    Parameters and their gradients stay float32.

    Args:
        device_type: "cpu" or "cuda": which tensors it is about.
        dtype: bfloat16 (default, on CUDA too) or float16.
        enabled: whether it does anything; False turns an outer block off.
        cache_enabled: whether a parameter that is used twice in the block is rounded once; on by
            default. One that was written to in between is rounded again.

    Raises:
        ValueError: another device type.
        TypeError: another dtype.

    Example:
        >>> import tinydl
        >>> x, w = tinydl.ones(2, 3), tinydl.ones(3, 2, requires_grad=True)
        >>> with tinydl.autocast("cpu"):
        ...     y = x @ w
        >>> y.dtype
        tinydl.bfloat16
        >>> y.sum().backward()
        >>> w.grad.dtype
        tinydl.float32
    """

    def __init__(
        self,
        device_type: str,
        dtype: DType | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ):
        self.device_type = _kind("autocast", device_type)
        self.dtype = bfloat16 if dtype is None else dtypes.checked(dtype)
        if self.dtype not in (bfloat16, float16):
            raise TypeError(f"autocast: expected bfloat16 or float16, got {self.dtype}")
        self.enabled, self.cache_enabled = enabled, cache_enabled is not False
        self._outer: list[tuple] = []

    def __enter__(self) -> Self:
        cpu, cuda, cache = outer = mode.get()
        self._outer.append(outer)
        dtype = self.dtype if self.enabled else None
        cpu, cuda = (dtype, cuda) if self.device_type == "cpu" else (cpu, dtype)
        if cache is None:
            cache = {}
        mode.set(cpu, cuda, cache if self.cache_enabled else None)
        return self

    def __exit__(self, *exception: object) -> None:
        mode.set(*self._outer.pop())

    def __call__(self, function: Function) -> Function:
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self:
                return function(*args, **kwargs)

        return wrapped


def as_given(function: Function) -> Function:
    """The function without autocast: gradients are computed in the dtypes of their ops."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        if not mode.any:
            return function(*args, **kwargs)
        outer = mode.get()
        mode.set(None, None, None)
        try:
            return function(*args, **kwargs)
        finally:
            mode.set(*outer)

    return wrapped


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Whether autocast is on in this thread, for a kind of device.

    Args:
        device_type: "cpu" or "cuda"; by default that of new tensors.

    Raises:
        ValueError: another device type.

    Example:
        >>> import tinydl
        >>> with tinydl.autocast("cpu"):
        ...     tinydl.is_autocast_enabled("cpu"), tinydl.is_autocast_enabled("cuda")
        (True, False)
    """
    kind = default_device().type if device_type is None else device_type
    return getattr(mode, _kind("is_autocast_enabled", kind)) is not None


def get_autocast_dtype(device_type: str) -> DType:
    """What autocast computes products in: bfloat16 unless a block around says float16.

    Args:
        device_type: "cpu" or "cuda".

    Raises:
        ValueError: another device type.

    Example:
        >>> import tinydl
        >>> tinydl.get_autocast_dtype("cpu")
        tinydl.bfloat16
    """
    return getattr(mode, _kind("get_autocast_dtype", device_type)) or bfloat16


def _kind(name: str, device_type: str) -> str:
    if device_type not in KINDS:
        raise ValueError(f"{name}: expected device_type 'cpu' or 'cuda', got {device_type!r:.60}")
    return device_type


# --- what it does to ops --------------------------------------------------------------------------


class Product(Op):
    """An op whose work is sums of products: autocast rounds its operands."""

    moves = True  # halves as they are

    def prepare(self, inputs: tuple) -> list:
        return Op.prepare(self, rounded(inputs) if mode.any else inputs)


class InFloat32(Op):
    """An op that loses too much in halves: under autocast it takes and gives float32."""

    def prepare(self, inputs: tuple) -> list:
        inputs = super().prepare(inputs)
        return in_float32(*inputs) if mode.any else inputs


def in_float32(*inputs: Tensor | None) -> list[Tensor | None]:
    """Operands of what autocast computes in float32: halves are widened, without it nothing is."""
    return [
        OPS["to_dtype"](x, dtype=float32, source=x._array.dtype)
        if x is not None and x._array.dtype.is_half and _dtype_for(x)
        else x
        for x in inputs
    ]


def rounded(inputs: tuple) -> list:
    """The operands of a product as autocast wants them."""
    return [_rounded(x) if isinstance(x, Tensor) else x for x in inputs]


def _dtype_for(x: Tensor) -> DType | None:
    return mode.cpu if x._array.storage.backend.is_cpu else mode.cuda


def _rounded(x: Tensor) -> Tensor:
    array, dtype = x._array, _dtype_for(x)
    if dtype is None or array.dtype is dtype or array.dtype not in (float32, float16, bfloat16):
        return x
    convert = OPS["to_dtype"]
    is_parameter = x.requires_grad and x._node is None
    if mode.cache is None or not is_parameter or capture.current is not None:
        return convert(x, dtype=dtype, source=array.dtype)
    # The numbers are kept, not the graph: each use gets a node of its own.
    key, state = (id(x), dtype), (array, array.storage.version)
    kept = mode.cache.get(key)
    if kept is None or kept[0] is not x or kept[1:3] != state:
        narrow = convert.forward(array, dtype=dtype, source=array.dtype)
        kept = mode.cache[key] = (x, *state, narrow)
    narrow = kept[3]
    if not recording.enabled:
        return Tensor(narrow)
    attrs = {"dtype": dtype, "source": array.dtype}
    return Tensor(narrow, Node.record(convert, [x], (True,), narrow, attrs))
