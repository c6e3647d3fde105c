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

    def div(self, other: Operand) -> Tensor:
        """The quotient, self / other; integers become the default dtype first.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).div(4)
        tensor([0.25, 0.5 ])
        """
        return ops.div(self, other)

    def pow(self, exponent: Operand) -> Tensor:
        """The power, self^exponent; 2 and 0.5 have exact and faster kernels of their own.

        Raises:
            ValueError: integers to a negative power.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, 2.0, 3.0]).pow(2)
            tensor([1., 4., 9.])
        """
        known = isinstance(exponent, (int, float)) and exponent in (2, 0.5)
        if known and self.dtype is not dtypes.bool_:
            return ops.square(self) if exponent == 2 else ops.sqrt(self)
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
