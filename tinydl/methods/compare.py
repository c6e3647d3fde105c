"""Comparison and logic: bool tensors out of numbers, and bools of bools."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import ops

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class CompareMethods:
    """x < y, x == y, a & b, x.isnan(), …: none of them has a gradient.

    Args:
        other: a tensor, number, list or NumPy array whose shape broadcasts with self's; both
            are compared in the dtype in which they would add.

    Returns:
        A bool tensor of the broadcast shape; & | ^ ~ of integers work on their bits.

    Raises:
        ValueError: shapes that do not broadcast, or tensors on different devices.
        TypeError: & | ^ ~ of floating-point numbers.
    """

    __slots__ = ()

    def __lt__(self, other: Operand) -> Tensor:
        return ops.lt(self, other)

    def __le__(self, other: Operand) -> Tensor:
        return ops.le(self, other)

    def __gt__(self, other: Operand) -> Tensor:
        return ops.gt(self, other)

    def __ge__(self, other: Operand) -> Tensor:
        return ops.ge(self, other)

    def __eq__(self, other: Operand) -> Tensor:  # type: ignore[override]
        return False if other is None else ops.eq(self, other)

    def __ne__(self, other: Operand) -> Tensor:  # type: ignore[override]
        return True if other is None else ops.ne(self, other)

    __hash__ = object.__hash__

    def __and__(self, other: Operand) -> Tensor:
        return ops.bitwise_and(self, other)

    def __rand__(self, other: Operand) -> Tensor:
        return ops.bitwise_and(other, self)

    def __or__(self, other: Operand) -> Tensor:
        return ops.bitwise_or(self, other)

    def __ror__(self, other: Operand) -> Tensor:
        return ops.bitwise_or(other, self)

    def __xor__(self, other: Operand) -> Tensor:
        return ops.bitwise_xor(self, other)

    def __rxor__(self, other: Operand) -> Tensor:
        return ops.bitwise_xor(other, self)

    def __invert__(self) -> Tensor:
        return ops.bitwise_xor(self, True if self.dtype.short == "bool" else -1)

    def lt(self, other: Operand) -> Tensor:
        """Whether self < other.

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).lt(2)
        tensor([ True, False, False])
        """
        return ops.lt(self, other)

    def le(self, other: Operand) -> Tensor:
        """Whether self ≤ other.

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).le(2)
        tensor([ True,  True, False])
        """
        return ops.le(self, other)

    def gt(self, other: Operand) -> Tensor:
        """Whether self > other.

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).gt(2)
        tensor([False, False,  True])
        """
        return ops.gt(self, other)

    def ge(self, other: Operand) -> Tensor:
        """Whether self ≥ other.

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).ge(2)
        tensor([False,  True,  True])
        """
        return ops.ge(self, other)

    def eq(self, other: Operand) -> Tensor:
        """Whether self = other; NaN equals nothing.

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).eq(2)
        tensor([False,  True, False])
        """
        return ops.eq(self, other)

    def ne(self, other: Operand) -> Tensor:
        """Whether self ≠ other; NaN differs from everything.

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).ne(2)
        tensor([ True, False,  True])
        """
        return ops.ne(self, other)

    def logical_not(self) -> Tensor:
        """Whether self = 0.

        >>> import tinydl
        >>> tinydl.tensor([0, 1, 2]).logical_not()
        tensor([ True, False, False])
        """
        return ops.logical_not(self)

    def logical_and(self, other: Operand) -> Tensor:
        """Whether both are not 0.

        >>> import tinydl
        >>> tinydl.tensor([0, 1, 2]).logical_and(tinydl.tensor([1, 1, 0]))
        tensor([False,  True, False])
        """
        return ops.bitwise_and(ops.truth(self), ops.truth(other, self))

    def logical_or(self, other: Operand) -> Tensor:
        """Whether one at least is not 0.

        >>> import tinydl
        >>> tinydl.tensor([0, 0, 2]).logical_or(tinydl.tensor([0, 1, 0]))
        tensor([False,  True,  True])
        """
        return ops.bitwise_or(ops.truth(self), ops.truth(other, self))

    def logical_xor(self, other: Operand) -> Tensor:
        """Whether just one of the two is not 0.

        >>> import tinydl
        >>> tinydl.tensor([0, 1, 2]).logical_xor(tinydl.tensor([0, 0, 1]))
        tensor([False,  True, False])
        """
        return ops.ne(ops.truth(self), ops.truth(other, self))

    def bitwise_and(self, other: Operand) -> Tensor:
        """The bits both integers have, self & other.

        >>> import tinydl
        >>> tinydl.tensor([6, 3]).bitwise_and(2)
        tensor([2, 2])
        """
        return ops.bitwise_and(self, other)

    def bitwise_or(self, other: Operand) -> Tensor:
        """The bits one of the integers has at least, self | other.

        >>> import tinydl
        >>> tinydl.tensor([6, 3]).bitwise_or(1)
        tensor([7, 3])
        """
        return ops.bitwise_or(self, other)

    def bitwise_xor(self, other: Operand) -> Tensor:
        """The bits just one of the integers has, self ^ other.

        >>> import tinydl
        >>> tinydl.tensor([6, 3]).bitwise_xor(2)
        tensor([4, 1])
        """
        return ops.bitwise_xor(self, other)

    def bitwise_not(self) -> Tensor:
        """Every bit turned over, ~self; of bools, not.

        >>> import tinydl
        >>> tinydl.tensor([5, 0]).bitwise_not()
        tensor([-6, -1])
        """
        return ~self

    def isnan(self) -> Tensor:
        """Whether self is NaN, that is self ≠ self.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float("nan")]).isnan()
        tensor([False,  True])
        """
        return ops.is_nan(self)

    def isfinite(self) -> Tensor:
        """Whether |self| < ∞: neither NaN nor ±∞.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float("nan"), float("inf")]).isfinite()
        tensor([ True, False, False])
        """
        return ops.lt(ops.abs(ops.real(self)), math.inf)

    def isinf(self) -> Tensor:
        """Whether self is ∞ or −∞.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float('-inf')]).isinf()
        tensor([False,  True])
        """
        return ops.eq(ops.abs(ops.real(self)), math.inf)

    def isposinf(self) -> Tensor:
        """Whether self is ∞.

        >>> import tinydl
        >>> tinydl.tensor([float('inf'), float('-inf')]).isposinf()
        tensor([ True, False])
        """
        return ops.eq(ops.real(self), math.inf)

    def isneginf(self) -> Tensor:
        """Whether self is −∞.

        >>> import tinydl
        >>> tinydl.tensor([float('inf'), float('-inf')]).isneginf()
        tensor([False,  True])
        """
        return ops.eq(ops.real(self), -math.inf)

    def isreal(self) -> Tensor:
        """Whether self is a real number: all of tinydl's are.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).isreal()
        tensor([ True,  True])
        """
        return ops.eq(ops.is_nan(self), ops.is_nan(self))

    def signbit(self) -> Tensor:
        """Whether the sign is −, of −0 too.

        >>> import tinydl
        >>> tinydl.tensor([1.0, -0.0]).signbit()
        tensor([False,  True])
        """
        signed = ops.copysign(1.0, self) if self.dtype.is_floating_point else self
        return ops.lt(signed, 0)

    def isclose(
        self, other: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
    ) -> Tensor:
        """Whether |self − other| ≤ atol + rtol · |other|.

        Args:
            rtol: error allowed relative to other.
            atol: error allowed absolutely, in self's own unit.
            equal_nan: whether two NaN are close.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, 1.1]).isclose(tinydl.ones(2))
            tensor([ True, False])
        """
        x, y = self, ops.as_tensor_like(other, self)
        if not x.is_floating_point() and not y.is_floating_point():
            x, y = x.double(), y.double()  # where no difference wraps around
        error = (x - y).abs()
        close = (x == y) | ((error <= atol + rtol * y.abs()) & (error < math.inf))
        return close | (x.isnan() & y.isnan()) if equal_nan else close

    def allclose(
        self, other: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
    ) -> bool:
        """Whether isclose() holds for all elements.

        >>> import tinydl
        >>> (tinydl.ones(2) * 0.1 + 0.2).allclose(tinydl.tensor(0.3))
        True
        """
        return bool(self.isclose(other, rtol, atol, equal_nan).all())

    def equal(self, other: Tensor) -> bool:
        """Whether shapes and all elements are equal.

        >>> import tinydl
        >>> tinydl.ones(2).equal(tinydl.ones(2, 1))
        False
        """
        return self.shape == other.shape and bool((self == other).all())

    # --- PyTorch's other names --------------------------------------------------------------------

    greater = gt
    greater_equal = ge
    less = lt
    less_equal = le
    not_equal = ne
