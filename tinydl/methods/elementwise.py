"""Arithmetic, comparison and elementwise functions."""

from __future__ import annotations

from .. import ops


class ElementwiseMethods:
    """x + y, x.exp(), x.clamp(0, 1), …"""

    __slots__ = ()

    def __add__(self, other):
        return ops.add(self, other)

    def __radd__(self, other):
        return ops.add(other, self)

    def __sub__(self, other):
        return ops.sub(self, other)

    def __rsub__(self, other):
        return ops.sub(other, self)

    def __mul__(self, other):
        return ops.mul(self, other)

    def __rmul__(self, other):
        return ops.mul(other, self)

    def __truediv__(self, other):
        return ops.div(self, other)

    def __rtruediv__(self, other):
        return ops.div(other, self)

    def __pow__(self, other):
        return self.pow(other)

    def __rpow__(self, other):
        return ops.pow(other, self)

    def __matmul__(self, other):
        return ops.matmul(self, ops.as_tensor_like(other, self))

    def __rmatmul__(self, other):
        return ops.matmul(ops.as_tensor_like(other, self), self)

    def __neg__(self):
        return ops.neg(self)

    def __pos__(self):
        return self

    def __abs__(self):
        return ops.abs(self)

    def __invert__(self):
        return ops.logical_not(self)

    def __and__(self, other):
        return ops.bitwise_and(self, other)

    def __rand__(self, other):
        return ops.bitwise_and(other, self)

    def __or__(self, other):
        return ops.bitwise_or(self, other)

    def __ror__(self, other):
        return ops.bitwise_or(other, self)

    def __xor__(self, other):
        return ops.bitwise_xor(self, other)

    def __rxor__(self, other):
        return ops.bitwise_xor(other, self)

    def __lt__(self, other):
        return ops.lt(self, other)

    def __le__(self, other):
        return ops.le(self, other)

    def __gt__(self, other):
        return ops.gt(self, other)

    def __ge__(self, other):
        return ops.ge(self, other)

    def __eq__(self, other):
        return False if other is None else ops.eq(self, other)

    def __ne__(self, other):
        return True if other is None else ops.ne(self, other)

    __hash__ = object.__hash__

    def add(self, other, *, alpha=1):
        """self + alpha · other"""
        return ops.add(self, other if alpha == 1 else alpha * other)

    def sub(self, other, *, alpha=1):
        """self − alpha · other"""
        return ops.sub(self, other if alpha == 1 else alpha * other)

    def mul(self, other):
        """self · other"""
        return ops.mul(self, other)

    def div(self, other):
        """self / other"""
        return ops.div(self, other)

    def pow(self, exponent):
        """self to a power; squares and square roots take their own, exact and faster, kernels."""
        if isinstance(exponent, (int, float)) and exponent in (2, 0.5):
            return ops.square(self) if exponent == 2 else ops.sqrt(self)
        if isinstance(exponent, int) and exponent < 0 and not self.dtype.is_floating_point:
            raise ValueError(
                f"pow: {self._array} to the power {exponent} is no integer; use .float()"
            )
        return ops.pow(self, exponent)

    def neg(self):
        """−self"""
        return ops.neg(self)

    def abs(self):
        """|self|"""
        return ops.abs(self)

    def sign(self):
        """−1, 0 or 1"""
        return ops.sign(self)

    def square(self):
        """self²"""
        return ops.square(self)

    def exp(self):
        """e to the power self"""
        return ops.exp(self)

    def log(self):
        """The natural logarithm."""
        return ops.log(self)

    def sqrt(self):
        """√self"""
        return ops.sqrt(self)

    def tanh(self):
        """The hyperbolic tangent."""
        return ops.tanh(self)

    def sigmoid(self):
        """1 / (1 + e^−self)"""
        return ops.sigmoid(self)

    def relu(self):
        """max(self, 0)"""
        return ops.relu(self)

    def clamp(self, min=None, max=None):
        """self limited to [min, max]; the gradient passes inside, bounds included."""
        if min is None and max is None:
            raise ValueError("clamp: give min, max or both")
        if ops.is_tensor(min) or ops.is_tensor(max):
            raised = self if min is None else ops.maximum(self, min)
            return raised if max is None else ops.minimum(raised, max)
        return ops.clamp(self, min=min, max=max)

    clip = clamp

    def maximum(self, other):
        """The larger of each pair; NaN if either is."""
        return ops.maximum(self, other)

    def minimum(self, other):
        """The smaller of each pair; NaN if either is."""
        return ops.minimum(self, other)

    def where(self, condition, other):
        """self where the condition holds, else other."""
        return ops.where(condition, self, other)

    def masked_fill(self, mask, value):
        """value where the mask holds, else self."""
        return ops.where(mask, value, self)

    def lt(self, other):
        return ops.lt(self, other)

    def le(self, other):
        return ops.le(self, other)

    def gt(self, other):
        return ops.gt(self, other)

    def ge(self, other):
        return ops.ge(self, other)

    def eq(self, other):
        return ops.eq(self, other)

    def ne(self, other):
        return ops.ne(self, other)

    def logical_not(self):
        """self == 0"""
        return ops.logical_not(self)

    def logical_and(self, other):
        """Both are not 0."""
        return ops.bitwise_and(self.bool(), other.bool())

    def logical_or(self, other):
        """One at least is not 0."""
        return ops.bitwise_or(self.bool(), other.bool())

    def isnan(self):
        """self is not a number."""
        return ops.ne(self, self)

    def isfinite(self):
        """self is neither NaN nor ±∞."""
        return ops.lt(ops.abs(self), float("inf"))

    def isclose(self, other, rtol=1e-5, atol=1e-8, equal_nan=False):
        """|self − other| ≤ atol + rtol |other|"""
        close = (self == other) | ((self - other).abs() <= atol + rtol * abs(other))
        return close | (self.isnan() & other.isnan()) if equal_nan else close

    def allclose(self, other, rtol=1e-5, atol=1e-8, equal_nan=False) -> bool:
        """Whether all elements are close."""
        return bool(self.isclose(other, rtol, atol, equal_nan).all())

    def equal(self, other) -> bool:
        """Whether shapes and all elements are equal."""
        return self.shape == other.shape and bool((self == other).all())
