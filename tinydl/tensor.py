"""Tensor: an Array with a place in a graph. What users hold; its methods are in methods/.

The graph's side of a Tensor is two fields: _node, the op call it came from (None for a leaf), and
_index, which of that call's outputs it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from . import autograd, dtypes, ops
from . import device as devices
from .array import Array, scalar
from .dtypes import DType
from .methods.arithmetic import ArithmeticMethods
from .methods.compare import CompareMethods
from .methods.convert import ConvertMethods
from .methods.display import text
from .methods.elementwise import ElementwiseMethods
from .methods.facts import FactMethods
from .methods.functions import FunctionMethods
from .methods.inplace import InplaceMethods
from .methods.inplace_binary import InplaceBinaryMethods
from .methods.inplace_unary import InplaceUnaryMethods
from .methods.parts import PartMethods
from .methods.product import ProductMethods
from .methods.rearrange import RearrangeMethods
from .methods.reduce import ReduceMethods
from .methods.rounding import RoundingMethods
from .methods.shape import ShapeMethods
from .methods.values import ValueMethods
from .methods.views import ViewMethods

if TYPE_CHECKING:
    from .graph import Node


class Tensor(
    FactMethods,
    ValueMethods,
    ArithmeticMethods,
    RoundingMethods,
    CompareMethods,
    ElementwiseMethods,
    FunctionMethods,
    ProductMethods,
    ReduceMethods,
    ShapeMethods,
    ViewMethods,
    RearrangeMethods,
    PartMethods,
    ConvertMethods,
    InplaceMethods,
    InplaceBinaryMethods,
    InplaceUnaryMethods,
):
    """n-dimensional numbers that remember how they were computed.

    Made by `tinydl.tensor(data)`, `tinydl.zeros(shape)`, … and by operations on other tensors.

    Attributes:
        requires_grad: whether operations on it are recorded, for backward() to go back through.
        grad: of a leaf that requires it, the sum of the gradients that backward() has found: a
            tensor of the same shape and dtype; None before the first.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4., 6.])
    """

    requires_grad: bool
    grad: Tensor | None

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
        if type(array) is not Array:  # Tensor([1, 2]), PyTorch's old spelling of float32 tensors
            array = _from_data(array)
        self._array, self._node, self._index = array, node, index
        self.requires_grad = requires_grad or node is not None
        self.grad = self._base = self._hooks = None

    # --- graph ------------------------------------------------------------------------------------

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not by a recorded operation.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> x.is_leaf, (2 * x).is_leaf
        (True, False)
        """
        return self._node is None

    @property
    def grad_fn(self) -> Node | None:
        """The recorded operation it came from, None for a leaf.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> (2 * x).grad_fn.op
        <op mul(x, y)>
        """
        return self._node

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

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Adds d(Σ self · gradient)/dx to x.grad of every leaf x that self was computed from.

        Args:
            gradient: of self's shape and dtype; a scalar needs none and starts with 1.
            retain_graph: whether to keep the graph for another backward; as create_graph if None.
            create_graph: whether the gradients can be differentiated again.
            inputs: the tensors whose .grad is wanted; all leaves if None.

        Raises:
            RuntimeError: nothing requires a gradient, self is no scalar and gradient is missing,
                the graph was freed by an earlier backward, or a value it needs was overwritten.
            ValueError: gradient has another shape than self.
            TypeError: gradient has another dtype than self.

        Example:
            >>> import tinydl
            >>> x = tinydl.tensor([1.0, 2.0], requires_grad=True)
            >>> (x**3).backward(tinydl.tensor([1.0, 10.0]))
            >>> x.grad
            tensor([  3., 120.])
        """
        autograd.backward((self,), (gradient,), retain_graph, create_graph, inputs)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Asks for gradients of this leaf, or no longer; returns self.

        Raises:
            RuntimeError: requires_grad is False and self is no leaf; use .detach().
            TypeError: self is not floating point.

        Example:
            >>> import tinydl
            >>> tinydl.ones(2).requires_grad_()
            tensor([1., 1.], requires_grad=True)
        """
        if not requires_grad and self._node is not None:
            raise RuntimeError(f"requires_grad_: {self._array} is no leaf; use .detach()")
        if requires_grad and not self._array.dtype.is_floating_point:
            raise TypeError(f"requires_grad_: {self._array} is not floating point")
        self.requires_grad = requires_grad
        return self

    def detach(self) -> Tensor:
        """The same memory outside the graph: no gradient flows back through it.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> (2 * x).detach()
        tensor([2., 2.])
        """
        out = Tensor(self._array)
        out._base = self._base or (self, self._node)
        return out

    def clone(self) -> Tensor:
        """A contiguous copy that gradients flow through.

        >>> import tinydl
        >>> x = tinydl.ones(2)
        >>> x.clone().zero_()
        tensor([0., 0.])
        >>> x
        tensor([1., 1.])
        """
        return ops.contiguous(self)

    def retain_grad(self) -> None:
        """Asks backward() to fill .grad of this tensor too, though it is no leaf.

        Raises:
            RuntimeError: self does not require a gradient.

        Example:
            >>> import tinydl
            >>> y = 2 * tinydl.ones(2, requires_grad=True)
            >>> y.retain_grad()
            >>> (y * y).sum().backward()
            >>> y.grad
            tensor([4., 4.])
        """
        if not self.requires_grad:
            raise RuntimeError(f"retain_grad: {self._array} does not require a gradient")
        if self._node is not None:
            autograd.retain(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> autograd.RemovableHandle:
        """Calls hook(gradient) in backward() as soon as self's gradient is known.

        Args:
            hook: returns what replaces the gradient, or None to leave it.

        Returns:
            A handle whose remove() takes the hook away again.

        Raises:
            RuntimeError: self does not require a gradient.

        Example:
            >>> import tinydl
            >>> x = tinydl.ones(2, requires_grad=True)
            >>> handle = x.register_hook(lambda g: 10 * g)
            >>> x.sum().backward()
            >>> x.grad
            tensor([10., 10.])
        """
        if not self.requires_grad:
            raise RuntimeError(f"register_hook: {self._array} does not require a gradient")
        return autograd.add_hook(self, hook)

    # --- printing ---------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return text(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

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


def is_tensor(obj: object) -> bool:
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
    if dtype is None and values.dtype == np.float64 and not isinstance(x, np.ndarray):
        dtype = dtypes.get_default_dtype()  # a list of Python floats
    return Tensor(Array.of(values, dtype or dtypes.from_numpy_dtype(values.dtype), backend))


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
