"""Methods that change a tensor in its own memory. Autograd refuses what would make it wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import ops

if TYPE_CHECKING:
    from ..tensor import Tensor
    from . import Operand


class InplaceMethods:
    """x[0] = 1, x.zero_(), x.copy_(y), …

    Args:
        other, value, src: a tensor, number, list or NumPy array that broadcasts to self.

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
        """self[key] ← value, broadcast and converted; key is what self[key] takes.

        Of several values for one element the last stays. Gradients flow back to value and to what
        stays of self.

        Raises:
            ValueError: value does not broadcast to self[key], or self is an expanded view.
            IndexError: as self[key].

        Example:
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
            >>> x[[0, 1], [1, 1]] = tinydl.tensor([2.0, 3.0])
            >>> x
            tensor([[1., 2.],
                    [1., 3.]])
        """
        ops.set_index(self, key, value)

    def fill_(self, value: float) -> Tensor:
        """Every element ← value.

        >>> import tinydl
        >>> tinydl.zeros(2).fill_(7)
        tensor([7., 7.])
        """
        return ops.replace("fill_", self, value)

    def zero_(self) -> Tensor:
        """Every element ← 0.

        >>> import tinydl
        >>> tinydl.ones(2).zero_()
        tensor([0., 0.])
        """
        return ops.replace("zero_", self, 0)

    def copy_(self, src: Operand, non_blocking: bool = False) -> Tensor:
        """self ← src, broadcast and converted to self's dtype and device.

        Copies to the GPU are queued anyway, so non_blocking changes nothing.

        >>> import tinydl
        >>> tinydl.zeros(2, dtype=tinydl.int64).copy_(tinydl.tensor([1.9, -1.9]))
        tensor([ 1, -1])
        """
        src = src.to(self.device) if ops.is_tensor(src) else src
        return ops.replace("copy_", self, src)
