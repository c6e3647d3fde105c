"""Tensor: an Array with a place in a graph. What users hold; its methods are in methods/.

The graph's side of a Tensor is two fields: _node, the op call it came from (None for a leaf), and
_index, which of that call's outputs it is.
"""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from . import device as devices
from . import dtypes
from .array import Array, scalar
from .dtypes import DType
from .methods.arithmetic import ArithmeticMethods
from .methods.compare import CompareMethods
from .methods.convert import ConvertMethods
from .methods.display import DisplayMethods
from .methods.elementwise import ElementwiseMethods
from .methods.facts import FactMethods
from .methods.functions import FunctionMethods
from .methods.gradient import GradientMethods
from .methods.indexing import IndexMethods
from .methods.inplace import InplaceMethods
from .methods.inplace_binary import InplaceBinaryMethods
from .methods.inplace_unary import InplaceUnaryMethods
from .methods.interop import InteropMethods
from .methods.new import NewMethods
from .methods.order import OrderMethods
from .methods.parts import PartMethods
from .methods.product import ProductMethods
from .methods.random import RandomMethods
from .methods.rearrange import RearrangeMethods
from .methods.reduce import ReduceMethods
from .methods.rounding import RoundingMethods
from .methods.scan import ScanMethods
from .methods.sets import SetMethods
from .methods.shape import ShapeMethods
from .methods.statistics import StatisticMethods
from .methods.values import ValueMethods
from .methods.views import ViewMethods


class Tensor(
    FactMethods,
    GradientMethods,
    ValueMethods,
    ArithmeticMethods,
    RoundingMethods,
    CompareMethods,
    ElementwiseMethods,
    FunctionMethods,
    ProductMethods,
    ReduceMethods,
    StatisticMethods,
    ScanMethods,
    OrderMethods,
    SetMethods,
    ShapeMethods,
    ViewMethods,
    RearrangeMethods,
    PartMethods,
    IndexMethods,
    ConvertMethods,
    InteropMethods,
    DisplayMethods,
    InplaceMethods,
    InplaceBinaryMethods,
    InplaceUnaryMethods,
    NewMethods,
    RandomMethods,
):
    """n-dimensional numbers that remember how they were computed.

    Made by `tinydl.tensor(data)`, `tinydl.zeros(shape)`, … and by operations on other tensors.

    Attributes:
        requires_grad: whether operations on it are recorded, for backward() to go back through.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4., 6.])
    """

    requires_grad: bool

    __slots__ = (
        "__weakref__",
        "_array",
        "_base",
        "_grad",
        "_hooks",
        "_index",
        "_node",
        "requires_grad",
    )  # fmt: skip

    def __init__(self, array: Array, node=None, index: int = 0, requires_grad: bool = False):
        if type(array) is not Array:  # Tensor([1, 2]), PyTorch's old spelling of float32 tensors
            array = _from_data(array)
        self._array, self._node, self._index = array, node, index
        self.requires_grad = requires_grad or node is not None
        self._grad = self._base = self._hooks = None

    # --- the same memory elsewhere ----------------------------------------------------------------

    @property
    def data(self) -> Tensor:
        """The same memory outside the graph, as from detach(); it can be assigned.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> x.data = tinydl.zeros(2)
        >>> x
        tensor([0., 0.], requires_grad=True)
        """
        return self.detach()

    @data.setter
    def data(self, value: Tensor) -> None:
        self._array = value._array

    def detach(self) -> Tensor:
        """The same memory outside the graph: no gradient flows back through it.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> (2 * x).detach()
        tensor([2., 2.])
        """
        return Tensor(self._array)

    def detach_(self) -> Tensor:
        """Takes self itself out of the graph: it becomes a constant, in the same memory.

        Raises:
            RuntimeError: self is a view, whose base would stay in the graph; use detach().

        Example:
            >>> import tinydl
            >>> y = 2 * tinydl.ones(2, requires_grad=True)
            >>> y.detach_().requires_grad
            False
        """
        if self._base is not None and self.requires_grad:
            raise RuntimeError(f"detach_: {self._array} is a view; use detach()")
        self._node, self._index, self.requires_grad = None, 0, False
        return self

    # --- copying ----------------------------------------------------------------------------------

    def __copy__(self) -> Tensor:
        """The same memory, in the same place of the graph."""
        out = type(self)(self._array)
        out._node, out._index, out.requires_grad = self._node, self._index, self.requires_grad
        out._base = self._base or (self, self._node)
        return out

    def __deepcopy__(self, memo) -> Tensor:
        if self._node is not None:
            raise RuntimeError(f"deepcopy: {self._array} is no leaf; copy .detach() instead")
        out = type(self)(self._array.astype(self._array.dtype))
        out.requires_grad = self.requires_grad
        out.grad = None if self._grad is None else self._grad.detach().clone()
        memo[id(self)] = out
        return out

    def __reduce__(self):
        if self._node is not None:
            raise RuntimeError(f"pickle: {self._array} is no leaf; pickle .detach() instead")
        values = np.array(self._array.raw())
        return _rebuild, (type(self), values, self.dtype, self.requires_grad, self.device.type)


def _rebuild(
    kind: type, values: np.ndarray, dtype: DType, requires_grad: bool, device: str
) -> Tensor:
    out = kind(Array.from_numpy(values, devices.device(device).backend, dtype=dtype))
    out.requires_grad = requires_grad
    return out


def _from_data(data) -> Array:
    if isinstance(data, (int, float)):
        raise TypeError(f"Tensor({data}): tensor({data}) is a number, empty({data}) a size")
    from .creation import tensor  # creation.py is made of Tensors

    return tensor(data, dtype=dtypes.get_default_dtype())._array


# --- operands that are not tensors ----------------------------------------------------------------


def is_tensor(obj: object) -> TypeGuard[Tensor]:
    """Whether it is a Tensor.

    >>> import tinydl
    >>> tinydl.is_tensor(tinydl.ones(2)), tinydl.is_tensor(1.0)
    (True, False)
    """
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
    return Tensor(Array.of(values, dtype or _own_dtype(x, values), backend))


def _own_dtype(x, values: np.ndarray) -> DType:
    """The dtype of a list or NumPy array with these values, as in tensor(x)."""
    if values.dtype == np.float64 and not isinstance(x, np.ndarray):
        return dtypes.get_default_dtype()  # a list of Python floats
    return dtypes.from_numpy_dtype(values.dtype)


def common_dtype(operands) -> DType:
    """The dtype in which operands meet (see dtypes.promote)."""
    strong, zero_d, scalars = [], [], []
    for x in operands:
        if isinstance(x, Tensor):
            (strong if x._array.shape else zero_d).append(x._array.dtype)
        elif is_number(x):
            scalars.append(dtypes.of_scalar(x))
        else:
            strong.append(_own_dtype(x, np.asarray(x)))
    return dtypes.promote(strong, zero_d, scalars)


def result_type(tensor1: Tensor | float, tensor2: Tensor | float) -> DType:
    """The dtype in which an operation on these two would compute.

    Tensors with axes decide; 0-d tensors, then Python numbers, only count where they are of a
    higher kind: bool < integer < floating point.

    >>> import tinydl
    >>> x = tinydl.ones(2, dtype=tinydl.float16)
    >>> tinydl.result_type(x, tinydl.tensor(1.0, dtype=tinydl.float64))
    tinydl.float16
    >>> tinydl.result_type(tinydl.tensor([1, 2]), 1.0)
    tinydl.float32
    """
    return common_dtype((tensor1, tensor2))
