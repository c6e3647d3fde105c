"""Methods that change a tensor in its own memory. Autograd refuses what would make it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import graph, ops

if TYPE_CHECKING:
    from ..ops.random import Generator
    from ..tensor import Tensor
    from . import Operand


class InplaceMethods:
    """x += y, x.zero_(), x[0] = 1, x.normal_(), …

    Args:
        other, value, source: a tensor, number, list or NumPy array that broadcasts to self.

    Returns:
        self, of the same shape and dtype as before.

    Raises:
        RuntimeError: self is a leaf that requires a gradient, or a view of one; use the form
            without _, or no_grad().
        ValueError: the result does not fit self's shape, or self is an expanded view.
        TypeError: the result does not fit self's dtype, such as a fraction into integers.
    """

    __slots__ = ()

    def add_(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """self ← self + alpha · other.

        >>> import tinydl
        >>> tinydl.ones(2).add_(10, alpha=2)
        tensor([21., 21.])
        """
        return ops.add.inplace(self, other if alpha == 1 else alpha * other)

    def sub_(self, other: Operand, *, alpha: float = 1) -> Tensor:
        """self ← self − alpha · other.

        >>> import tinydl
        >>> tinydl.ones(2).sub_(0.25)
        tensor([0.75, 0.75])
        """
        return ops.sub.inplace(self, other if alpha == 1 else alpha * other)

    def mul_(self, other: Operand) -> Tensor:
        """self ← self · other.

        >>> import tinydl
        >>> tinydl.ones(2).mul_(3)
        tensor([3., 3.])
        """
        return ops.mul.inplace(self, other)

    def div_(self, other: Operand) -> Tensor:
        """self ← self / other.

        >>> import tinydl
        >>> tinydl.ones(2).div_(4)
        tensor([0.25, 0.25])
        """
        return ops.div.inplace(self, other)

    def pow_(self, exponent: Operand) -> Tensor:
        """self ← self^exponent.

        >>> import tinydl
        >>> tinydl.tensor([2.0, 3.0]).pow_(3)
        tensor([ 8., 27.])
        """
        return ops.pow.inplace(self, exponent)

    def neg_(self) -> Tensor:
        """self ← −self.

        >>> import tinydl
        >>> tinydl.ones(2).neg_()
        tensor([-1., -1.])
        """
        return ops.neg.inplace(self)

    def exp_(self) -> Tensor:
        """self ← e^self.

        >>> import tinydl
        >>> tinydl.zeros(2).exp_()
        tensor([1., 1.])
        """
        return ops.exp.inplace(self)

    def sqrt_(self) -> Tensor:
        """self ← √self.

        >>> import tinydl
        >>> tinydl.tensor([4.0, 9.0]).sqrt_()
        tensor([2., 3.])
        """
        return ops.sqrt.inplace(self)

    def tanh_(self) -> Tensor:
        """self ← tanh self.

        >>> import tinydl
        >>> tinydl.zeros(2).tanh_()
        tensor([0., 0.])
        """
        return ops.tanh.inplace(self)

    def sigmoid_(self) -> Tensor:
        """self ← 1 / (1 + e^−self).

        >>> import tinydl
        >>> tinydl.zeros(2).sigmoid_()
        tensor([0.5, 0.5])
        """
        return ops.sigmoid.inplace(self)

    def relu_(self) -> Tensor:
        """self ← max(self, 0).

        >>> import tinydl
        >>> tinydl.tensor([-1.0, 2.0]).relu_()
        tensor([0., 2.])
        """
        return ops.relu.inplace(self)

    def clamp_(self, min: float | None = None, max: float | None = None) -> Tensor:
        """self ← min(max(self, low), high); a bound that is None does not bind.

        >>> import tinydl
        >>> tinydl.tensor([-2.0, 0.5, 2.0]).clamp_(0, 1)
        tensor([0. , 0.5, 1. ])
        """
        limits = [limit for limit in (min, max) if limit is not None]
        if not limits:
            raise ValueError("clamp_: give min, max or both")
        dtype = ops.common_dtype((self, *limits))
        if dtype is not self.dtype:
            raise TypeError(f"clamp_: the result is {dtype}, x stays {self._array}")
        return ops.clamp.inplace(self, min=min, max=max)

    def __iadd__(self, other: Operand) -> Tensor:
        return self.add_(other)

    def __isub__(self, other: Operand) -> Tensor:
        return self.sub_(other)

    def __imul__(self, other: Operand) -> Tensor:
        return self.mul_(other)

    def __itruediv__(self, other: Operand) -> Tensor:
        return self.div_(other)

    def __setitem__(self, key: Any, value: Operand) -> None:
        """self[key] ← value, broadcast and converted; key is ints, slices, None and ..., or a mask.

        >>> import tinydl
        >>> x = tinydl.zeros(2, 2)
        >>> x[:, 0] = 7
        >>> x
        tensor([[7., 0.],
                [7., 0.]])
        >>> x[x > 5] = 1
        >>> x
        tensor([[1., 0.],
                [1., 0.]])
        """
        ops.set_index(self, key, value)

    def fill_(self, value: float) -> Tensor:
        """Every element ← value.

        >>> import tinydl
        >>> tinydl.zeros(2).fill_(7)
        tensor([7., 7.])
        """
        self[...] = value
        return self

    def zero_(self) -> Tensor:
        """Every element ← 0.

        >>> import tinydl
        >>> tinydl.ones(2).zero_()
        tensor([0., 0.])
        """
        return self.fill_(0)

    def copy_(self, source: Operand) -> Tensor:
        """self ← source, broadcast and converted to self's dtype and device.

        >>> import tinydl
        >>> tinydl.zeros(2, dtype=tinydl.int64).copy_(tinydl.tensor([1.9, -1.9]))
        tensor([ 1, -1])
        """
        self[...] = source.to(self.device) if ops.is_tensor(source) else source
        return self

    def uniform_(
        self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """self ~ U[a, b): independent and uniform, from the generator or the default one.

        Raises:
            ValueError: a > b.

        Example:
            >>> import tinydl
            >>> x = tinydl.empty(100).uniform_(-1, 1)
            >>> bool((x >= -1).all() and (x < 1).all())
            True
        """
        if not a <= b:
            raise ValueError(f"uniform_: expected a ≤ b, got {a} and {b}")
        return self._draw("uniform_", ops.random.fill_uniform, a, b, generator)

    def normal_(
        self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """self ~ N(mean, std²): independent and normal, from the generator or the default one.

        Raises:
            ValueError: std < 0.

        Example:
            >>> import tinydl
            >>> tinydl.empty(2, 3).normal_(5, 0).mean()
            tensor(5.)
        """
        if not std >= 0:
            raise ValueError(f"normal_: expected std ≥ 0, got {std}")
        return self._draw("normal_", ops.random.fill_normal, mean, std, generator)

    def _draw(self, name, fill, a, b, generator):
        """Overwrites self with random numbers: nothing for autograd to follow."""
        if self.requires_grad and ops.mode.enabled:
            raise RuntimeError(f"{name}: {self._array} requires a gradient; use no_grad()")
        target = self._array.contiguous()
        fill(target, a, b, generator)
        if target is not self._array:
            ops.call("copy", self._array, target)
        graph.wrote(self._array, name)
        return self
