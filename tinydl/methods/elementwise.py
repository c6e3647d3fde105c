"""Functions of one element at a time: exp, sqrt, relu, clamp, where, …"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import ops
from ..limits import finfo

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class ElementwiseMethods:
    """x.exp(), x.relu(), x.clamp(0, 1), …

    Returns:
        A tensor of self's shape (or the broadcast shape, where there is a second operand) and
        dtype. exp, log, sqrt, tanh and sigmoid make integers and bools the default dtype first.
    """

    __slots__ = ()

    def square(self) -> Tensor:
        """The square, self².

        >>> import tinydl
        >>> tinydl.tensor([1, 2, 3]).square()
        tensor([1, 4, 9])
        """
        return ops.square(self)

    def exp(self) -> Tensor:
        """The exponential, e^self.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).exp()
        tensor([1.    , 2.7183])
        """
        return ops.exp(self)

    def log(self) -> Tensor:
        """The natural logarithm, ln self; −∞ at 0, NaN below.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 0.0]).log()
        tensor([  0., -inf])
        """
        return ops.log(self)

    def sqrt(self) -> Tensor:
        """The square root, √self; NaN below 0.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 4.0]).sqrt()
        tensor([1., 2.])
        """
        return ops.sqrt(self)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent, (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).

        >>> import tinydl
        >>> tinydl.tensor([0.0, 1.0]).tanh()
        tensor([0.    , 0.7616])
        """
        return ops.tanh(self)

    def sigmoid(self) -> Tensor:
        """The logistic function, 1 / (1 + e⁻ˣ).

        >>> import tinydl
        >>> tinydl.tensor([0.0, 2.0]).sigmoid()
        tensor([0.5   , 0.8808])
        """
        return ops.sigmoid(self)

    def relu(self) -> Tensor:
        """The rectifier, max(self, 0); its derivative at 0 is 0.

        >>> import tinydl
        >>> tinydl.tensor([-1.0, 2.0]).relu()
        tensor([0., 2.])
        """
        return ops.relu(self)

    def clamp(self, min: Operand | None = None, max: Operand | None = None) -> Tensor:
        """self limited to a range, min(max(self, low), high); the gradient is 1 in it, else 0.

        Args:
            min: the lower bound, a number or tensor; none if None.
            max: the upper bound alike; it wins where the bounds cross.

        Raises:
            ValueError: neither bound is given.
            OverflowError: bounds that integers of self's dtype do not hold.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([-2.0, 0.5, 2.0]).clamp(0, 1)
            tensor([0. , 0.5, 1. ])
        """
        if min is None and max is None:
            raise ValueError("clamp: give min, max or both")
        if ops.is_tensor(min) or ops.is_tensor(max):
            raised = self if min is None else ops.at_least(self, min)
            return raised if max is None else ops.at_most(raised, max)
        limits = [limit for limit in (min, max) if limit is not None]
        return ops.clamp(ops.cast(self, ops.common_dtype((self, *limits))), min=min, max=max)

    clip = clamp

    def clamp_min(self, min: Operand) -> Tensor:
        """self, or the bound where that is larger.

        >>> import tinydl
        >>> tinydl.tensor([-2.0, 3.0]).clamp_min(0)
        tensor([0., 3.])
        """
        return self.clamp(min=min)

    def clamp_max(self, max: Operand) -> Tensor:
        """self, or the bound where that is smaller.

        >>> import tinydl
        >>> tinydl.tensor([-2.0, 3.0]).clamp_max(0)
        tensor([-2.,  0.])
        """
        return self.clamp(max=max)

    def fmax(self, other: Operand) -> Tensor:
        """The larger of each pair; the other where one is NaN.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float('nan')]).fmax(tinydl.tensor([2.0, 3.0]))
        tensor([2., 3.])
        """
        return ops.fmax(self, other)

    def fmin(self, other: Operand) -> Tensor:
        """The smaller of each pair; the other where one is NaN.

        >>> import tinydl
        >>> tinydl.tensor([1.0, float('nan')]).fmin(tinydl.tensor([2.0, 3.0]))
        tensor([1., 3.])
        """
        return ops.fmin(self, other)

    def nan_to_num(
        self, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
    ) -> Tensor:
        """self with numbers for NaN, ∞ and −∞, which get no gradient.

        Args:
            nan: what NaN becomes.
            posinf: what ∞ becomes; None for the largest number there is.
            neginf: what −∞ becomes; None for the least.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1.0, float('nan'), float('inf')]).nan_to_num(posinf=9)
            tensor([1., 0., 9.])
        """
        if not self.is_floating_point():
            return self.clone()
        limits = finfo(self.dtype)
        y = ops.where(ops.is_nan(self), nan, self)
        y = ops.where(self == math.inf, limits.max if posinf is None else posinf, y)
        return ops.where(self == -math.inf, limits.min if neginf is None else neginf, y)

    def heaviside(self, values: Operand) -> Tensor:
        """0 below 0, 1 above, values at 0 and NaN for NaN; without a gradient.

        >>> import tinydl
        >>> tinydl.tensor([-1.0, 0.0, 2.0]).heaviside(tinydl.tensor([0.5]))
        tensor([0. , 0.5, 1. ])
        """
        x, at_zero = self.detach(), values.detach() if ops.is_tensor(values) else values
        return ops.where(x == 0, at_zero, ops.where(ops.is_nan(x), x, ops.cast(x > 0, x.dtype)))

    def maximum(self, other: Operand) -> Tensor:
        """The larger of each pair; NaN if either is. Equal ones share the gradient.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 4.0]).maximum(tinydl.tensor([2.0, 3.0]))
        tensor([2., 4.])
        """
        return ops.maximum(self, other)

    def minimum(self, other: Operand) -> Tensor:
        """The smaller of each pair; NaN if either is. Equal ones share the gradient.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 4.0]).minimum(tinydl.tensor([2.0, 3.0]))
        tensor([1., 3.])
        """
        return ops.minimum(self, other)

    def where(self, condition: Tensor, other: Operand) -> Tensor:
        """self where a bool condition holds, else other; all three broadcast.

        >>> import tinydl
        >>> x = tinydl.tensor([-1.0, 4.0])
        >>> x.where(x > 0, 0.0)
        tensor([0., 4.])
        """
        return ops.where(condition, self, other)

    def masked_fill(self, mask: Tensor, value: Operand) -> Tensor:
        """value, in self's dtype, where a bool mask holds, else self.

        >>> import tinydl
        >>> tinydl.ones(2).masked_fill(tinydl.tensor([True, False]), 9)
        tensor([9., 1.])
        """
        return ops.where(mask, ops.cast(ops.as_value(self, value), self.dtype), self)
