"""Exponentials, logarithms, angles, erf and gamma: functions of real numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import ops

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class FunctionMethods:
    """x.expm1(), x.sin(), x.atan2(y), x.erf(), …

    Within 2 units in the last place over the whole range.

    Args:
        other: a tensor, number, list or NumPy array whose shape broadcasts with self's.

    Returns:
        A tensor of self's shape (or the broadcast shape, where there is a second operand) and
        dtype; integers and bools become the default dtype first.

    Raises:
        ValueError: shapes that do not broadcast, or tensors on different devices.
    """

    __slots__ = ()

    def exp2(self) -> Tensor:
        """Two to the power self, 2^self.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 3.0, -1.0]).exp2()
        tensor([1. , 8. , 0.5])
        """
        return ops.exp2(self)

    def expm1(self) -> Tensor:
        """e^self − 1, accurate where self is near 0.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1e-10]).expm1()
        tensor([0.e+00, 1.e-10])
        """
        return ops.expm1(self)

    def log2(self) -> Tensor:
        """The logarithm to base 2; −∞ at 0, NaN below.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 8.0]).log2()
        tensor([0., 3.])
        """
        return ops.log2(self)

    def log10(self) -> Tensor:
        """The logarithm to base 10; −∞ at 0, NaN below.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 100.0]).log10()
        tensor([0., 2.])
        """
        return ops.log10(self)

    def log1p(self) -> Tensor:
        """ln (1 + self), accurate where self is near 0; −∞ at −1, NaN below.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1e-10]).log1p()
        tensor([0.e+00, 1.e-10])
        """
        return ops.log1p(self)

    def logaddexp(self, other: Operand) -> Tensor:
        """ln (e^self + e^other) without overflow: adding what is known by its logarithm.

        >>> import tinydl
        >>> tinydl.tensor([-1000.0, 0.0]).logaddexp(tinydl.tensor([-1000.0, 0.0]))
        tensor([-9.9931e+02,  6.9315e-01])
        """
        return ops.logaddexp(self, other)

    def logaddexp2(self, other: Operand) -> Tensor:
        """log₂ (2^self + 2^other) without overflow.

        >>> import tinydl
        >>> tinydl.tensor([1000.0, 0.0]).logaddexp2(tinydl.tensor([1000.0, 1.0]))
        tensor([1001.   ,    1.585])
        """
        return ops.logaddexp2(self, other)

    def xlogy(self, other: Operand) -> Tensor:
        """self · ln other, but 0 where self is 0 and other is a number.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 2.0]).xlogy(tinydl.tensor([0.0, 1.0]))
        tensor([0., 0.])
        """
        return ops.xlogy(self, other)

    def xlog1py(self, other: Operand) -> Tensor:
        """self · ln (1 + other), but 0 where self is 0 and other is a number.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 2.0]).xlog1py(tinydl.tensor([-1.0, 0.0]))
        tensor([0., 0.])
        """
        return ops.xlog1py(self, other)

    def logit(self, eps: float | None = None) -> Tensor:
        """ln (self / (1 − self)), what sigmoid() undoes; NaN outside [0, 1].

        Args:
            eps: self is limited to [eps, 1 − eps] first; None for no limit.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([0.5, 0.9]).logit()
            tensor([0.    , 2.1972])
        """
        x = self if eps is None else self.clamp(eps, 1 - eps)
        return ops.log(x) - ops.log1p(-1.0 * x)  # −x of integers could wrap

    def rsqrt(self) -> Tensor:
        """One over the square root, 1 / √self.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 4.0]).rsqrt()
        tensor([1. , 0.5])
        """
        return ops.rsqrt(self)

    def reciprocal(self) -> Tensor:
        """One over self, 1 / self.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 4.0]).reciprocal()
        tensor([1.  , 0.25])
        """
        return ops.reciprocal(self)

    def hypot(self, other: Operand) -> Tensor:
        """√(self² + other²), the length of a vector, without overflow.

        >>> import tinydl
        >>> tinydl.tensor([3.0]).hypot(tinydl.tensor([4.0]))
        tensor([5.])
        """
        return ops.hypot(self, other)

    def sin(self) -> Tensor:
        """The sine; self is in radians.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.5707963]).sin()
        tensor([0., 1.])
        """
        return ops.sin(self)

    def cos(self) -> Tensor:
        """The cosine; self is in radians.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 3.1415927]).cos()
        tensor([ 1., -1.])
        """
        return ops.cos(self)

    def tan(self) -> Tensor:
        """The tangent; self is in radians.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 0.7853982]).tan()
        tensor([0., 1.])
        """
        return ops.tan(self)

    def asin(self) -> Tensor:
        """The angle in [−π/2, π/2] whose sine is self; NaN outside [−1, 1].

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).asin()
        tensor([0.    , 1.5708])
        """
        return ops.asin(self)

    def acos(self) -> Tensor:
        """The angle in [0, π] whose cosine is self; NaN outside [−1, 1].

        >>> import tinydl
        >>> tinydl.tensor([1.0, 0.0]).acos()
        tensor([0.    , 1.5708])
        """
        return ops.acos(self)

    def atan(self) -> Tensor:
        """The angle in [−π/2, π/2] whose tangent is self.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).atan()
        tensor([0.    , 0.7854])
        """
        return ops.atan(self)

    def atan2(self, other: Operand) -> Tensor:
        """The angle in [−π, π] of the point (other, self): self is its height.

        >>> import tinydl
        >>> tinydl.tensor([1.0, -1.0]).atan2(tinydl.tensor([1.0, -1.0]))
        tensor([ 0.7854, -2.3562])
        """
        return ops.atan2(self, other)

    def sinh(self) -> Tensor:
        """The hyperbolic sine, (eˣ − e⁻ˣ) / 2.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).sinh()
        tensor([0.    , 1.1752])
        """
        return ops.sinh(self)

    def cosh(self) -> Tensor:
        """The hyperbolic cosine, (eˣ + e⁻ˣ) / 2.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).cosh()
        tensor([1.    , 1.5431])
        """
        return ops.cosh(self)

    def asinh(self) -> Tensor:
        """The inverse of sinh, ln (x + √(x² + 1)).

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).asinh()
        tensor([0.    , 0.8814])
        """
        return ops.asinh(self)

    def acosh(self) -> Tensor:
        """The inverse of cosh, ln (x + √(x² − 1)); NaN below 1.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).acosh()
        tensor([0.   , 1.317])
        """
        return ops.acosh(self)

    def atanh(self) -> Tensor:
        """The inverse of tanh, ln ((1 + x) / (1 − x)) / 2; NaN outside [−1, 1].

        >>> import tinydl
        >>> tinydl.tensor([0.0, 0.5]).atanh()
        tensor([0.    , 0.5493])
        """
        return ops.atanh(self)

    def deg2rad(self) -> Tensor:
        """Degrees as radians, self · π / 180.

        >>> import tinydl
        >>> tinydl.tensor([180.0]).deg2rad()
        tensor([3.1416])
        """
        return ops.mul(self, math.pi / 180)

    def rad2deg(self) -> Tensor:
        """Radians as degrees, self · 180 / π.

        >>> import tinydl
        >>> tinydl.tensor([3.1415927]).rad2deg()
        tensor([180.])
        """
        return ops.mul(self, 180 / math.pi)

    def sinc(self) -> Tensor:
        """sin (π self) / (π self), and 1 at 0.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 0.5, 1.0]).sinc()
        tensor([ 1.0000e+00,  6.3662e-01, -2.7828e-08])
        """
        x = ops.mul(self, math.pi)
        zero = x == 0
        safe = ops.where(zero, 1, x)
        return ops.where(zero, 1, ops.sin(safe) / safe)

    def erf(self) -> Tensor:
        """The error function, 2/√π ∫₀ˣ e^(−t²) dt.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).erf()
        tensor([0.    , 0.8427])
        """
        return ops.erf(self)

    def erfc(self) -> Tensor:
        """1 − erf self, accurate where that is small.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 5.0]).erfc()
        tensor([1.0000e+00, 1.5375e-12])
        """
        return ops.erfc(self)

    def erfinv(self) -> Tensor:
        """The number whose erf is self; ±∞ at ±1, NaN beyond.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 0.5]).erfinv()
        tensor([0.    , 0.4769])
        """
        return ops.erfinv(self)

    def lgamma(self) -> Tensor:
        """The logarithm of |Γ(self)|; its derivative is digamma().

        >>> import tinydl
        >>> tinydl.tensor([1.0, 5.0]).lgamma()
        tensor([0.    , 3.1781])
        """
        return ops.lgamma(self)

    def digamma(self) -> Tensor:
        """The derivative of ln Γ, ψ(self) = Γ′(self) / Γ(self).

        >>> import tinydl
        >>> tinydl.tensor([1.0, 2.0]).digamma()
        tensor([-0.5772,  0.4228])
        """
        return ops.digamma(self if self.is_floating_point() else self / 1)

    # --- PyTorch's other names --------------------------------------------------------------------

    arcsin = asin
    arccos = acos
    arctan = atan
    arctan2 = atan2
    arcsinh = asinh
    arccosh = acosh
    arctanh = atanh
