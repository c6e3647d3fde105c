"""Whole numbers: rounding, division with a remainder, shifts, the bits of a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ops

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class RoundingMethods:
    """x.floor(), x // y, x % y, x << 1, …

    Args:
        other: a tensor, number, list or NumPy array whose shape broadcasts with self's.

    Returns:
        A tensor of self's (or the broadcast) shape and of the dtype in which the operands meet.
        Rounding leaves integers as they are; quotients and remainders of integers are integers.

    Raises:
        ValueError: shapes that do not broadcast, or tensors on different devices.
        ZeroDivisionError: integers divided by 0: it is a RuntimeError too, as in PyTorch.
        TypeError: bools; fractions where only integers have the operation.
    """

    __slots__ = ()

    def floor(self) -> Tensor:
        """The largest whole number ≤ self.

        >>> import tinydl
        >>> tinydl.tensor([1.7, -1.7]).floor()
        tensor([ 1., -2.])
        """
        return ops.floor(self)

    def ceil(self) -> Tensor:
        """The smallest whole number ≥ self.

        >>> import tinydl
        >>> tinydl.tensor([1.2, -1.7]).ceil()
        tensor([ 2., -1.])
        """
        return ops.ceil(self)

    def trunc(self) -> Tensor:
        """self without its fraction: towards 0.

        >>> import tinydl
        >>> tinydl.tensor([1.7, -1.7]).trunc()
        tensor([ 1., -1.])
        """
        return ops.trunc(self)

    def round(self, *, decimals: int = 0) -> Tensor:
        """The nearest whole number, of two the even one; or the nearest with so many decimals.

        Args:
            decimals: digits kept after the point; before it, if negative.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([0.5, 1.5, 2.25]).round()
            tensor([0., 2., 2.])
        """
        if not decimals or not self.is_floating_point():
            return ops.round(self)
        scale = 10.0 ** abs(decimals)
        if decimals > 0:
            return ops.round(self * scale) / scale
        return ops.round(self / scale) * scale

    def frac(self) -> Tensor:
        """The fraction, self − trunc(self), of self's sign.

        >>> import tinydl
        >>> tinydl.tensor([1.75, -1.75]).frac()
        tensor([ 0.75, -0.75])
        """
        return self - ops.trunc(self)

    def div(self, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
        """The quotient, self / other; integers become the default dtype, unless it is rounded.

        Args:
            rounding_mode: None, "floor" for ⌊self / other⌋ or "trunc" for the quotient without its
                fraction; integers then stay integers.

        Raises:
            ValueError: another rounding_mode.
            ZeroDivisionError: integers divided by 0 and rounded.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1, 2]).div(4)
            tensor([0.25, 0.5 ])
            >>> tinydl.tensor([7, -7]).div(2, rounding_mode='floor')
            tensor([ 3, -4])
        """
        if rounding_mode is None:
            return ops.div(self, other)
        if rounding_mode not in ("floor", "trunc"):
            raise ValueError(
                f"div: expected rounding_mode None, 'floor' or 'trunc', got {rounding_mode!r}"
            )
        return (ops.floor_divide if rounding_mode == "floor" else ops.trunc_divide)(self, other)

    def floor_divide(self, other: Operand) -> Tensor:
        """The quotient rounded down, ⌊self / other⌋, as Python's //.

        >>> import tinydl
        >>> tinydl.tensor([7, -7]).floor_divide(2)
        tensor([ 3, -4])
        """
        return ops.floor_divide(self, other)

    def remainder(self, other: Operand) -> Tensor:
        """What ⌊self / other⌋ leaves, of other's sign, as Python's %.

        >>> import tinydl
        >>> tinydl.tensor([7, -7]).remainder(3)
        tensor([1, 2])
        """
        return ops.remainder(self, other)

    def fmod(self, other: Operand) -> Tensor:
        """What trunc(self / other) leaves, of self's sign, as C's fmod.

        >>> import tinydl
        >>> tinydl.tensor([7, -7]).fmod(3)
        tensor([ 1, -1])
        """
        return ops.fmod(self, other)

    def gcd(self, other: Operand) -> Tensor:
        """The greatest common divisor of integers.

        >>> import tinydl
        >>> tinydl.tensor([12, 7]).gcd(tinydl.tensor([18, 5]))
        tensor([6, 1])
        """
        return ops.gcd(self, other)

    def lcm(self, other: Operand) -> Tensor:
        """The least common multiple of integers.

        >>> import tinydl
        >>> tinydl.tensor([4, 7]).lcm(tinydl.tensor([6, 0]))
        tensor([12,  0])
        """
        return ops.lcm(self, other)

    def bitwise_left_shift(self, other: Operand) -> Tensor:
        """self · 2^other of integers; bits that leave at the top are lost.

        >>> import tinydl
        >>> tinydl.tensor([1, 3]).bitwise_left_shift(2)
        tensor([ 4, 12])
        """
        return ops.left_shift(self, other)

    def bitwise_right_shift(self, other: Operand) -> Tensor:
        """⌊self / 2^other⌋ of integers.

        >>> import tinydl
        >>> tinydl.tensor([8, -8]).bitwise_right_shift(1)
        tensor([ 4, -4])
        """
        return ops.right_shift(self, other)

    def copysign(self, other: Operand) -> Tensor:
        """|self| with the sign of other, of −0 too.

        >>> import tinydl
        >>> tinydl.tensor([1.0, -2.0]).copysign(tinydl.tensor([-0.0, 3.0]))
        tensor([-1.,  2.])
        """
        return ops.copysign(self, other)

    def nextafter(self, other: Operand) -> Tensor:
        """The floating-point number next to self on the way to other.

        >>> import tinydl
        >>> tinydl.tensor([1.0]).nextafter(tinydl.tensor([2.0])) > 1
        tensor([ True])
        """
        return ops.nextafter(self, other)

    def ldexp(self, other: Operand) -> Tensor:
        """self · 2^other.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 3.0]).ldexp(tinydl.tensor([4, -1]))
        tensor([16. ,  1.5])
        """
        power = ops.exp2(other if ops.is_tensor(other) else ops.as_tensor_like(other, self))
        return self * power

    fix = trunc
    divide = div

    def true_divide(self, other: Operand) -> Tensor:
        """The quotient, self / other; integers become the default dtype first.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).true_divide(4)
        tensor([0.25, 0.5 ])
        """
        return ops.div(self, other)

    def __floordiv__(self, other: Operand) -> Tensor:
        return ops.floor_divide(self, other)

    def __rfloordiv__(self, other: Operand) -> Tensor:
        return ops.floor_divide(other, self)

    def __mod__(self, other: Operand) -> Tensor:
        return ops.remainder(self, other)

    def __rmod__(self, other: Operand) -> Tensor:
        return ops.remainder(other, self)

    def __divmod__(self, other: Operand) -> tuple[Tensor, Tensor]:
        return ops.floor_divide(self, other), ops.remainder(self, other)

    def __rdivmod__(self, other: Operand) -> tuple[Tensor, Tensor]:
        return ops.floor_divide(other, self), ops.remainder(other, self)

    def __lshift__(self, other: Operand) -> Tensor:
        return ops.left_shift(self, other)

    def __rlshift__(self, other: Operand) -> Tensor:
        return ops.left_shift(other, self)

    def __rshift__(self, other: Operand) -> Tensor:
        return ops.right_shift(self, other)

    def __rrshift__(self, other: Operand) -> Tensor:
        return ops.right_shift(other, self)

    def __floor__(self) -> Tensor:
        return ops.floor(self)

    def __ceil__(self) -> Tensor:
        return ops.ceil(self)

    def __trunc__(self) -> Tensor:
        return ops.trunc(self)
