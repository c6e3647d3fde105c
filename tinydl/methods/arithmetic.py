"""Arithmetic: + − · / and powers, as operators and as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import dtypes, ops

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class ArithmeticMethods:
    """x + y, x / y, x.pow(2), …: operators and their methods.

    Args:
        other: a tensor, number, list or NumPy array whose shape broadcasts with self's.

    Returns:
        A tensor of the broadcast shape, in the dtype that promote_types() finds; 0-d tensors and
        Python numbers beside tensors with axes only change the kind (bool < integer < float).

    Raises:
        ValueError: shapes that do not broadcast, or tensors on different devices.
        TypeError: bools, which only add (as |) and multiply (as &); count with .int().
    """

    __slots__ = ()

    def __add__(self, other: Operand) -> Tensor:
        return ops.add(self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return ops.add(other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return ops.sub(self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return ops.sub(other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return ops.mul(self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return ops.mul(other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return ops.div(self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        return ops.div(other, self)

    def __pow__(self, other: Operand) -> Tensor:
        return self.pow(other)

    def __rpow__(self, other: Operand) -> Tensor:
        return ops.pow(other, self)

    def __neg__(self) -> Tensor:
        return ops.neg(self)

    def __pos__(self) -> Tensor:
        if self.dtype is dtypes.bool_:
            raise TypeError(f"positive: {self._array} has no sign; use .int()")
        return self

    def __abs__(self) -> Tensor:
        return ops.abs(self)

    def add(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """The sum, self + alpha · other.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).add(10, alpha=2)
        tensor([21., 22.])
        """
        return ops.add(self, other if alpha == 1 else alpha * other)

    def sub(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """The difference, self − alpha · other.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).sub(tinydl.tensor([0.5, 1.0]))
        tensor([0.5, 1. ])
        """
        return ops.sub(self, other if alpha == 1 else alpha * other)

    def mul(self, other: Operand) -> Tensor:
        """The product, self · other.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).mul(1.5)
        tensor([1.5, 3. ])
        """
        return ops.mul(self, other)

    def pow(self, exponent: Operand) -> Tensor:
        """The power, self^exponent; 2 and 0.5 have exact and faster kernels of their own.

        Raises:
            ValueError: integers to a negative power.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, 2.0, 3.0]).pow(2)
            tensor([1., 4., 9.])
        """
        known = isinstance(exponent, (int, float)) and self.dtype is not dtypes.bool_
        if known and exponent == 0.5:
            return ops.sqrt(self)
        if known and exponent == 2 and (self.dtype.is_floating_point or type(exponent) is int):
            return ops.square(self)
        return ops.pow(self, exponent)

    def neg(self) -> Tensor:
        """The negative, −self.

        >>> import tinydl
        >>> tinydl.tensor([1.0, -2.0]).neg()
        tensor([-1.,  2.])
        """
        return ops.neg(self)

    def abs(self) -> Tensor:
        """The absolute value, |self|; its derivative is sign(self), so 0 at 0.

        >>> import tinydl
        >>> tinydl.tensor([1.0, -2.0]).abs()
        tensor([1., 2.])
        """
        return ops.abs(self)

    def sign(self) -> Tensor:
        """−1, 0 or 1 as self is negative, 0 or positive; NaN for NaN.

        >>> import tinydl
        >>> tinydl.tensor([3.0, 0.0, -2.0]).sign()
        tensor([ 1.,  0., -1.])
        """
        return ops.sign(self)

    def float_power(self, exponent: Operand) -> Tensor:
        """The power in float64, whatever the operands' dtypes are.

        >>> import tinydl
        >>> tinydl.tensor([2, 3]).float_power(-1)
        tensor([0.5   , 0.3333], dtype=tinydl.float64)
        """
        base = ops.cast(self, dtypes.float64)
        if ops.is_tensor(exponent):
            exponent = ops.cast(exponent, dtypes.float64)
        return base.pow(exponent)

    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """self + value · tensor1 · tensor2.

        >>> import tinydl
        >>> tinydl.tensor([1.0]).addcmul(tinydl.tensor([2.0]), tinydl.tensor([3.0]), value=0.5)
        tensor([4.])
        """
        return self + (tensor1 * tensor2 if value == 1 else value * (tensor1 * tensor2))

    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """self + value · tensor1 / tensor2.

        >>> import tinydl
        >>> tinydl.tensor([1.0]).addcdiv(tinydl.tensor([2.0]), tinydl.tensor([4.0]))
        tensor([1.5])
        """
        return self + (
            ops.div(tensor1, tensor2) if value == 1 else value * ops.div(tensor1, tensor2)
        )

    def lerp(self, end: Tensor, weight: Operand) -> Tensor:
        """self + weight · (end − self), and end itself where the weight is 1.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 10.0]).lerp(tinydl.tensor([10.0, 20.0]), 0.25)
        tensor([ 2.5, 12.5])
        """
        way = end - self
        if not ops.is_tensor(weight):
            return self + way * weight if weight < 0.5 else end - way * (1 - weight)
        return ops.where(weight < 0.5, self + way * weight, end - way * (1 - weight))

    def rsub(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """other − alpha · self.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).rsub(10)
        tensor([9., 8.])
        """
        return ops.sub(other, self if alpha == 1 else alpha * self)

    def sgn(self) -> Tensor:
        """sign(): what it is called where numbers may be complex.

        >>> import tinydl
        >>> tinydl.tensor([3.0, 0.0, -2.0]).sgn()
        tensor([ 1.,  0., -1.])
        """
        return ops.sign(self)

    def positive(self) -> Tensor:
        """self, as +self.

        >>> import tinydl
        >>> tinydl.tensor([1.0, -2.0]).positive()
        tensor([ 1., -2.])
        """
        return +self

    subtract = sub
    multiply = mul
    negative = neg
    absolute = abs  # noqa: A003
