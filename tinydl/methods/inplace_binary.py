"""add_, mul_, remainder_, …: functions of two operands, in self's own memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import dtypes, ops
from .arithmetic import ArithmeticMethods
from .compare import CompareMethods
from .elementwise import ElementwiseMethods
from .functions import FunctionMethods
from .rounding import RoundingMethods

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class InplaceBinaryMethods:
    """x += y, x.mul_(y), x.lerp_(y, 0.5), …: what the form without _ computes, written to self.

    Args:
        other: a tensor, number, list or NumPy array that broadcasts to self.

    Returns:
        self, of the same shape and dtype as before.

    Raises:
        RuntimeError: self is a leaf that requires a gradient, or a view of one; use the form
            without _, or no_grad().
        ValueError: the result does not fit self's shape, or self is an expanded view.
        TypeError: the result does not fit self's dtype, such as a fraction into integers.

    Example:
        >>> import tinydl
        >>> tinydl.ones(2).add_(10, alpha=2)
        tensor([21., 21.])
    """

    __slots__ = ()

    def add_(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """self ← self + alpha · other."""
        return ops.add.inplace(self, other if alpha == 1 else alpha * other)

    def sub_(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """self ← self − alpha · other."""
        return ops.sub.inplace(self, other if alpha == 1 else alpha * other)

    def mul_(self, other: Operand) -> Tensor:
        """self ← self · other."""
        return ops.mul.inplace(self, other)

    def div_(self, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
        """self ← self / other, rounded down with "floor" and towards 0 with "trunc"."""
        if rounding_mode is None:
            return ops.div.inplace(self, other)
        return become(self, RoundingMethods.div, other, rounding_mode=rounding_mode)

    def true_divide_(self, other: Operand) -> Tensor:
        """self ← self / other."""
        return ops.div.inplace(self, other)

    def pow_(self, exponent: Operand) -> Tensor:
        """self ← self^exponent."""
        return ops.pow.inplace(self, exponent)

    def floor_divide_(self, other: Operand) -> Tensor:
        """self ← ⌊self / other⌋."""
        return ops.floor_divide.inplace(self, other)

    def remainder_(self, other: Operand) -> Tensor:
        """self ← self − other · ⌊self / other⌋."""
        return ops.remainder.inplace(self, other)

    def fmod_(self, other: Operand) -> Tensor:
        """self ← self − other · trunc(self / other)."""
        return ops.fmod.inplace(self, other)

    def gcd_(self, other: Operand) -> Tensor:
        """self ← the greatest common divisor."""
        return ops.gcd.inplace(self, other)

    def copysign_(self, other: Operand) -> Tensor:
        """self ← |self| with the sign of other."""
        return ops.copysign.inplace(self, other)

    def nextafter_(self, other: Operand) -> Tensor:
        """self ← the number next to self towards other."""
        return ops.nextafter.inplace(self, other)

    def atan2_(self, other: Operand) -> Tensor:
        """self ← the angle of the point (other, self)."""
        return ops.atan2.inplace(self, other)

    def hypot_(self, other: Operand) -> Tensor:
        """self ← √(self² + other²)."""
        return ops.hypot.inplace(self, other)

    def bitwise_and_(self, other: Operand) -> Tensor:
        """self ← self & other."""
        return ops.bitwise_and.inplace(self, other)

    def bitwise_or_(self, other: Operand) -> Tensor:
        """self ← self | other."""
        return ops.bitwise_or.inplace(self, other)

    def bitwise_xor_(self, other: Operand) -> Tensor:
        """self ← self ^ other."""
        return ops.bitwise_xor.inplace(self, other)

    def bitwise_left_shift_(self, other: Operand) -> Tensor:
        """self ← self · 2^other."""
        return ops.left_shift.inplace(self, other)

    def bitwise_right_shift_(self, other: Operand) -> Tensor:
        """self ← ⌊self / 2^other⌋."""
        return ops.right_shift.inplace(self, other)

    def bitwise_not_(self) -> Tensor:
        """self ← ~self."""
        return become(self, CompareMethods.bitwise_not)

    def lcm_(self, other: Operand) -> Tensor:
        """self ← the least common multiple."""
        return become(self, RoundingMethods.lcm, other)

    def ldexp_(self, other: Operand) -> Tensor:
        """self ← self · 2^other."""
        return become(self, RoundingMethods.ldexp, other)

    def xlogy_(self, other: Operand) -> Tensor:
        """self ← self · ln other, 0 where self is 0."""
        return ops.xlogy.inplace(self, other)

    def heaviside_(self, values: Operand) -> Tensor:
        """self ← 0 below 0, 1 above, values at 0."""
        return become(self, ElementwiseMethods.heaviside, values)

    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """self ← self + value · tensor1 · tensor2."""
        return become(self, ArithmeticMethods.addcmul, tensor1, tensor2, value=value)

    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """self ← self + value · tensor1 / tensor2."""
        return become(self, ArithmeticMethods.addcdiv, tensor1, tensor2, value=value)

    def lerp_(self, end: Tensor, weight: Operand) -> Tensor:
        """self ← self + weight · (end − self)."""
        return become(self, ArithmeticMethods.lerp, end, weight)

    def masked_fill_(self, mask: Tensor, value: Operand) -> Tensor:
        """self ← value where the mask holds."""
        return become(self, ElementwiseMethods.masked_fill, mask, value)

    def nan_to_num_(
        self, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
    ) -> Tensor:
        """self ← numbers for NaN, ∞ and −∞."""
        return become(self, ElementwiseMethods.nan_to_num, nan, posinf, neginf)

    def logit_(self, eps: float | None = None) -> Tensor:
        """self ← ln (self / (1 − self))."""
        return become(self, FunctionMethods.logit, eps)

    def round_(self, *, decimals: int = 0) -> Tensor:
        """self ← the nearest whole number."""
        return become(self, RoundingMethods.round, decimals=decimals)

    def frac_(self) -> Tensor:
        """self ← self − trunc(self)."""
        return become(self, RoundingMethods.frac)

    def sinc_(self) -> Tensor:
        """self ← sin (π self) / (π self)."""
        return become(self, FunctionMethods.sinc)

    def deg2rad_(self) -> Tensor:
        """self ← self · π / 180."""
        return become(self, FunctionMethods.deg2rad)

    def rad2deg_(self) -> Tensor:
        """self ← self · 180 / π."""
        return become(self, FunctionMethods.rad2deg)

    def digamma_(self) -> Tensor:
        """self ← Γ′(self) / Γ(self)."""
        return become(self, FunctionMethods.digamma)

    def float_power_(self, exponent: Operand) -> Tensor:
        """self ← self^exponent, of float64."""
        return become(self, ArithmeticMethods.float_power, exponent)

    def lt_(self, other: Operand) -> Tensor:
        """self ← whether self < other, as numbers."""
        return become(self, CompareMethods.lt, other)

    def le_(self, other: Operand) -> Tensor:
        """self ← whether self ≤ other."""
        return become(self, CompareMethods.le, other)

    def gt_(self, other: Operand) -> Tensor:
        """self ← whether self > other."""
        return become(self, CompareMethods.gt, other)

    def ge_(self, other: Operand) -> Tensor:
        """self ← whether self ≥ other."""
        return become(self, CompareMethods.ge, other)

    def eq_(self, other: Operand) -> Tensor:
        """self ← whether self = other."""
        return become(self, CompareMethods.eq, other)

    def ne_(self, other: Operand) -> Tensor:
        """self ← whether self ≠ other."""
        return become(self, CompareMethods.ne, other)

    def logical_and_(self, other: Operand) -> Tensor:
        """self ← whether both are not 0."""
        return become(self, CompareMethods.logical_and, other)

    def logical_or_(self, other: Operand) -> Tensor:
        """self ← whether one at least is not 0."""
        return become(self, CompareMethods.logical_or, other)

    def logical_xor_(self, other: Operand) -> Tensor:
        """self ← whether just one is not 0."""
        return become(self, CompareMethods.logical_xor, other)

    def logical_not_(self) -> Tensor:
        """self ← whether self is 0."""
        return become(self, CompareMethods.logical_not)

    def __iadd__(self, other: Operand) -> Tensor:
        return self.add_(other)

    def __isub__(self, other: Operand) -> Tensor:
        return self.sub_(other)

    def __imul__(self, other: Operand) -> Tensor:
        return self.mul_(other)

    def __itruediv__(self, other: Operand) -> Tensor:
        return self.div_(other)

    def __ifloordiv__(self, other: Operand) -> Tensor:
        return self.floor_divide_(other)

    def __imod__(self, other: Operand) -> Tensor:
        return self.remainder_(other)

    def __ipow__(self, other: Operand) -> Tensor:
        return self.pow_(other)

    def __iand__(self, other: Operand) -> Tensor:
        return self.bitwise_and_(other)

    def __ior__(self, other: Operand) -> Tensor:
        return self.bitwise_or_(other)

    def __ixor__(self, other: Operand) -> Tensor:
        return self.bitwise_xor_(other)

    def __ilshift__(self, other: Operand) -> Tensor:
        return self.bitwise_left_shift_(other)

    def __irshift__(self, other: Operand) -> Tensor:
        return self.bitwise_right_shift_(other)

    subtract_ = sub_
    multiply_ = mul_
    divide_ = div_
    arctan2_ = atan2_
    greater_ = gt_
    greater_equal_ = ge_
    less_ = lt_
    less_equal_ = le_
    not_equal_ = ne_


def become(x: Tensor, function: Callable, *arguments, **settings) -> Tensor:
    """x ← function(x, …), which has no kernel of its own that could write there."""
    name = function.__name__.lstrip("_") + "_"
    traced = [t for t in (x, *arguments) if ops.is_tensor(t) and t.requires_grad]
    old = x.clone() if traced and ops.mode.enabled else x  # what derivatives will read
    value = function(old, *[old if other is x else other for other in arguments], **settings)
    if not dtypes.can_cast(value.dtype, x.dtype):
        raise TypeError(f"{name}: the result is {value.dtype}, x stays {x._array}")
    if value.shape != x.shape:
        raise ValueError(f"{name}: the result {value._array} does not fit into {x._array}")
    return ops.replace(name, x, value)
