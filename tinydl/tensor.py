"""Tensor: an Array with a place in a graph. What users hold; its methods are in methods/.

The graph's side of a Tensor is two fields: _node, the op call it came from (None for a leaf), and
_index, which of that call's outputs it is.
"""

from __future__ import annotations

import numpy as np

from . import autograd, dtypes, graph, ops
from . import device as devices
from .array import Array, scalar
from .backend import ffi
from .dtypes import DType
from .methods.arithmetic import ArithmeticMethods
from .methods.compare import CompareMethods
from .methods.display import text
from .methods.elementwise import ElementwiseMethods
from .methods.inplace import InplaceMethods
from .methods.parts import PartMethods
from .methods.product import ProductMethods
from .methods.reduce import ReduceMethods
from .methods.shape import ShapeMethods


class Tensor(
    ArithmeticMethods,
    CompareMethods,
    ElementwiseMethods,
    ProductMethods,
    ReduceMethods,
    ShapeMethods,
    PartMethods,
    InplaceMethods,
):
    """n-dimensional numbers that remember how they were computed.

    Made by `tinydl.tensor(data)`, `tinydl.zeros(shape)`, … and by operations on other tensors.

    >>> import tinydl
    >>> x = tinydl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])
    """

    __slots__ = (
        "__weakref__",
        "_array",
        "_base",
        "_hooks",
        "_index",
        "_node",
        "grad",
        "requires_grad",
    )  # fmt: skip

    # NumPy leaves `array + tensor` to the tensor, so both orders give a tensor and record
    __array_ufunc__ = None

    def __init__(self, array: Array, node=None, index: int = 0, requires_grad: bool = False):
        self._array, self._node, self._index = array, node, index
        self.requires_grad = requires_grad or node is not None
        self.grad = self._base = self._hooks = None

    # --- facts ------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self._array.shape

    @property
    def dtype(self) -> DType:
        """Type of the elements."""
        return self._array.dtype

    @property
    def device(self) -> devices.Device:
        """Where the elements are."""
        return devices.of(self._array.storage.backend)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._array.shape)

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not by a recorded op."""
        return self._node is None

    @property
    def grad_fn(self):
        """The recorded op call it came from, None for a leaf."""
        return self._node

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph."""
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        self._array = value._array

    def dim(self) -> int:
        """Number of axes."""
        return len(self._array.shape)

    def size(self, dim: int | None = None):
        """The shape, or one axis' size."""
        return self._array.shape if dim is None else self._array.shape[dim]

    def numel(self) -> int:
        """Number of elements."""
        return self._array.size

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.dtype.itemsize

    def stride(self, dim: int | None = None):
        """Steps between neighbours along each axis, in elements."""
        return self._array.strides if dim is None else self._array.strides[dim]

    def is_contiguous(self) -> bool:
        """Whether the elements lie densely in reading order."""
        return self._array.is_contiguous

    def is_floating_point(self) -> bool:
        """Whether it holds float32 or float64."""
        return self._array.dtype.is_floating_point

    def data_ptr(self) -> int:
        """Address of the first element."""
        return int(ffi.cast("uintptr_t", self._array.pointer))

    def __len__(self) -> int:
        if not self._array.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __repr__(self) -> str:
        return text(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    # --- values -----------------------------------------------------------------------------------

    def numpy(self) -> np.ndarray:
        """A NumPy array of the same memory."""
        if self.requires_grad and graph.mode.enabled:
            raise RuntimeError(f"numpy: {self._array} requires a gradient; use .detach().numpy()")
        return self._array.numpy()

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        values = self.numpy()
        return np.array(values, dtype) if copy else np.asarray(values, dtype)

    def item(self):
        """The one element, as a Python number."""
        if self._array.size != 1:
            raise ValueError(f"item: {self._array} has {self._array.size} elements, not one")
        return self._array.numpy().item()

    def tolist(self):
        """The elements as nested lists of Python numbers."""
        return self._array.numpy().tolist()

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ValueError(
                f"the truth of {self._array} is ambiguous: use .any() or .all(), "
                "or `is not None` to test for presence"
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.dtype.is_floating_point:
            raise TypeError(f"{self._array} is no integer and cannot be an index")
        return int(self.item())

    def __iter__(self):
        return iter(self.unbind(0))

    def __contains__(self, value) -> bool:
        return bool((self == value).any())

    # --- elsewhere --------------------------------------------------------------------------------

    def to(self, *args, dtype=None, device=None, copy=False, non_blocking=False) -> Tensor:
        """As another dtype, on another device, or both: x.to(tinydl.float64), x.to("cpu")."""
        for argument in args:
            if isinstance(argument, DType):
                dtype = argument
            elif isinstance(argument, Tensor):
                dtype, device = argument.dtype, argument.device
            elif isinstance(argument, (str, devices.Device)):
                device = argument
        x = self if dtype is None else ops.cast(self, dtype)
        if device is not None:
            target = devices.device(device)
            if target.backend is not x._array.backend:
                x = ops.to_device(x, device=target, source=self.device)
        return x.clone() if copy and x is self else x

    def float(self) -> Tensor:
        """As float32."""
        return ops.cast(self, dtypes.float32)

    def double(self) -> Tensor:
        """As float64."""
        return ops.cast(self, dtypes.float64)

    def long(self) -> Tensor:
        """As int64; fractions are cut off."""
        return ops.cast(self, dtypes.int64)

    def int(self) -> Tensor:
        """As int32; fractions are cut off."""
        return ops.cast(self, dtypes.int32)

    def bool(self) -> Tensor:
        """As bool: whether each element is not 0."""
        return ops.cast(self, dtypes.bool_)

    def cpu(self) -> Tensor:
        """On the CPU."""
        return self.to("cpu")

    def type_as(self, other: Tensor) -> Tensor:
        """As other's dtype."""
        return ops.cast(self, other.dtype)

    # --- graph ------------------------------------------------------------------------------------

    def backward(self, gradient=None, retain_graph=None, create_graph=False, inputs=None) -> None:
        """Adds the gradient of self to .grad of every leaf it was computed from."""
        autograd.backward((self,), (gradient,), retain_graph, create_graph, inputs)

    def requires_grad_(self, requires_grad=True) -> Tensor:
        """Asks for gradients of this leaf, or no longer."""
        if not requires_grad and self._node is not None:
            raise RuntimeError(f"requires_grad_: {self._array} is no leaf; use .detach()")
        if requires_grad and not self._array.dtype.is_floating_point:
            raise TypeError(f"requires_grad_: {self._array} is not floating point")
        self.requires_grad = requires_grad
        return self

    def detach(self) -> Tensor:
        """The same memory outside the graph."""
        out = Tensor(self._array)
        out._base = self if self._base is None else self._base
        return out

    def clone(self) -> Tensor:
        """A copy that gradients flow through."""
        return ops.contiguous(self)

    def retain_grad(self) -> None:
        """Asks backward to fill .grad of this tensor too, though it is no leaf."""
        if not self.requires_grad:
            raise RuntimeError(f"retain_grad: {self._array} does not require a gradient")
        if self._node is not None:
            autograd.retain(self)

    def register_hook(self, hook):
        """Calls hook(gradient) when self's gradient is known; what it returns replaces it."""
        if not self.requires_grad:
            raise RuntimeError(f"register_hook: {self._array} does not require a gradient")
        return autograd.add_hook(self, hook)

    # --- copying ----------------------------------------------------------------------------------

    def __deepcopy__(self, memo) -> Tensor:
        if self._node is not None:
            raise RuntimeError(f"deepcopy: {self._array} is no leaf; copy .detach() instead")
        out = type(self)(self._array.astype(self._array.dtype))
        out.requires_grad = self.requires_grad
        out.grad = None if self.grad is None else self.grad.detach().clone()
        memo[id(self)] = out
        return out

    def __reduce__(self):
        if self._node is not None:
            raise RuntimeError(f"pickle: {self._array} is no leaf; pickle .detach() instead")
        return _rebuild, (type(self), np.array(self._array.numpy()), self.requires_grad)


def _rebuild(kind: type, values: np.ndarray, requires_grad: bool) -> Tensor:
    out = kind(Array.from_numpy(values, devices.default().backend))
    out.requires_grad = requires_grad
    return out


# --- operands that are not tensors ----------------------------------------------------------------


def is_tensor(obj) -> bool:
    """Whether it is a tensor."""
    return isinstance(obj, Tensor)


def is_number(x) -> bool:
    """Whether it is one Python or NumPy number."""
    return isinstance(x, (int, float, np.number, np.bool_))


def constant(value, like: Array) -> Array:
    """A Python number as a 0-d array beside another."""
    return scalar(value, like.dtype, like.storage.backend)


def as_tensor_like(x, like: Tensor, dtype: DType | None = None) -> Tensor:
    """A number, list or NumPy array as a Tensor on like's device; Tensors stay what they are."""
    if isinstance(x, Tensor):
        return x
    backend = like._array.storage.backend
    if is_number(x):
        return Tensor(scalar(x, dtype or dtypes.of_scalar(x), backend))
    values = np.asarray(x)
    if dtype is None and values.dtype == np.float64 and not isinstance(x, np.ndarray):
        dtype = dtypes.get_default_dtype()  # a list of Python floats
    return Tensor(
        Array.from_numpy(values if dtype is None else values.astype(dtype.numpy), backend)
    )


def common_dtype(operands) -> DType:
    """The dtype in which operands meet (see dtypes.promote)."""
    strong, zero_d, scalars = [], [], []
    for x in operands:
        if isinstance(x, Tensor):
            (strong if x._array.shape else zero_d).append(x._array.dtype)
        elif is_number(x):
            scalars.append(dtypes.of_scalar(x))
        else:
            strong.append(dtypes.from_numpy_dtype(np.asarray(x).dtype))
    return dtypes.promote(strong, zero_d, scalars)
