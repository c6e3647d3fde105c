"""exp_, sin_, floor_, …: functions of each element, in its own memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import ops
from .elementwise import ElementwiseMethods
from .inplace_binary import become

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class InplaceUnaryMethods:
    """x.exp_(), x.sin_(), x.clamp_(0, 1), …: what the form without _ computes, written to self.

    Returns:
        self, of the same shape and dtype as before.

    Raises:
        RuntimeError: self is a leaf that requires a gradient, or a view of one; use the form
            without _, or no_grad().
        ValueError: the result does not fit self's shape, or self is an expanded view.
        TypeError: the result does not fit self's dtype, such as a fraction into integers.

    Example:
        >>> import tinydl
        >>> tinydl.zeros(2).exp_()
        tensor([1., 1.])
    """

    __slots__ = ()

    def neg_(self) -> Tensor:
        """self ← −self."""
        return ops.neg.inplace(self)

    def abs_(self) -> Tensor:
        """self ← |self|."""
        return ops.abs.inplace(self)

    def sign_(self) -> Tensor:
        """self ← −1, 0 or 1."""
        return ops.sign.inplace(self)

    def square_(self) -> Tensor:
        """self ← self²."""
        return ops.square.inplace(self)

    def exp_(self) -> Tensor:
        """self ← e^self."""
        return ops.exp.inplace(self)

    def exp2_(self) -> Tensor:
        """self ← 2^self."""
        return ops.exp2.inplace(self)

    def expm1_(self) -> Tensor:
        """self ← e^self − 1."""
        return ops.expm1.inplace(self)

    def log_(self) -> Tensor:
        """self ← ln self."""
        return ops.log.inplace(self)

    def log2_(self) -> Tensor:
        """self ← log₂ self."""
        return ops.log2.inplace(self)

    def log10_(self) -> Tensor:
        """self ← log₁₀ self."""
        return ops.log10.inplace(self)

    def log1p_(self) -> Tensor:
        """self ← ln (1 + self)."""
        return ops.log1p.inplace(self)

    def sqrt_(self) -> Tensor:
        """self ← √self."""
        return ops.sqrt.inplace(self)

    def rsqrt_(self) -> Tensor:
        """self ← 1 / √self."""
        return ops.rsqrt.inplace(self)

    def reciprocal_(self) -> Tensor:
        """self ← 1 / self."""
        return ops.reciprocal.inplace(self)

    def sin_(self) -> Tensor:
        """self ← sin self."""
        return ops.sin.inplace(self)

    def cos_(self) -> Tensor:
        """self ← cos self."""
        return ops.cos.inplace(self)

    def tan_(self) -> Tensor:
        """self ← tan self."""
        return ops.tan.inplace(self)

    def asin_(self) -> Tensor:
        """self ← the angle whose sine is self."""
        return ops.asin.inplace(self)

    def acos_(self) -> Tensor:
        """self ← the angle whose cosine is self."""
        return ops.acos.inplace(self)

    def atan_(self) -> Tensor:
        """self ← the angle whose tangent is self."""
        return ops.atan.inplace(self)

    def sinh_(self) -> Tensor:
        """self ← (eˣ − e⁻ˣ) / 2."""
        return ops.sinh.inplace(self)

    def cosh_(self) -> Tensor:
        """self ← (eˣ + e⁻ˣ) / 2."""
        return ops.cosh.inplace(self)

    def tanh_(self) -> Tensor:
        """self ← tanh self."""
        return ops.tanh.inplace(self)

    def asinh_(self) -> Tensor:
        """self ← the inverse of sinh."""
        return ops.asinh.inplace(self)

    def acosh_(self) -> Tensor:
        """self ← the inverse of cosh."""
        return ops.acosh.inplace(self)

    def atanh_(self) -> Tensor:
        """self ← the inverse of tanh."""
        return ops.atanh.inplace(self)

    def erf_(self) -> Tensor:
        """self ← erf self."""
        return ops.erf.inplace(self)

    def erfc_(self) -> Tensor:
        """self ← 1 − erf self."""
        return ops.erfc.inplace(self)

    def erfinv_(self) -> Tensor:
        """self ← the inverse of erf."""
        return ops.erfinv.inplace(self)

    def lgamma_(self) -> Tensor:
        """self ← ln |Γ(self)|."""
        return ops.lgamma.inplace(self)

    def sigmoid_(self) -> Tensor:
        """self ← 1 / (1 + e^−self)."""
        return ops.sigmoid.inplace(self)

    def relu_(self) -> Tensor:
        """self ← max(self, 0)."""
        return ops.relu.inplace(self)

    def floor_(self) -> Tensor:
        """self ← the largest whole number ≤ self."""
        return ops.floor.inplace(self)

    def ceil_(self) -> Tensor:
        """self ← the smallest whole number ≥ self."""
        return ops.ceil.inplace(self)

    def trunc_(self) -> Tensor:
        """self ← self without its fraction."""
        return ops.trunc.inplace(self)

    def clamp_(self, min: Operand | None = None, max: Operand | None = None) -> Tensor:
        """self ← min(max(self, low), high); a bound that is None does not bind."""
        limits = [limit for limit in (min, max) if limit is not None]
        if not limits:
            raise ValueError("clamp_: give min, max or both")
        if any(map(ops.is_tensor, limits)):
            return become(self, ElementwiseMethods.clamp, min, max)
        dtype = ops.common_dtype((self, *limits))
        if dtype is not self.dtype:
            raise TypeError(f"clamp_: the result is {dtype}, x stays {self._array}")
        return ops.clamp.inplace(self, min=min, max=max)

    def clamp_min_(self, min: Operand) -> Tensor:
        """self ← max(self, low)."""
        return self.clamp_(min=min)

    def clamp_max_(self, max: Operand) -> Tensor:
        """self ← min(self, high)."""
        return self.clamp_(max=max)

    negative_ = neg_
    absolute_ = abs_
    sgn_ = sign_
    arcsin_ = asin_
    arccos_ = acos_
    arctan_ = atan_
    arcsinh_ = asinh_
    arccosh_ = acosh_
    arctanh_ = atanh_
    fix_ = trunc_
    clip_ = clamp_
