"""Methods that change a tensor in its own memory. Autograd refuses what would make it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import graph, ops

if TYPE_CHECKING:
    from ..ops.random import Generator
    from ..tensor import Tensor
    from . import Operand


class InplaceMethods:
    """x[0] = 1, x.zero_(), x.copy_(y), x.normal_(), …

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
