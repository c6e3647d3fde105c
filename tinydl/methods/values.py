"""A tensor's values outside tinydl: NumPy arrays and Python numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import graph, ops

if TYPE_CHECKING:
    from ..tensor import Tensor


class ValueMethods:
    """x.numpy(), x.item(), float(x), for row in x, …"""

    __slots__ = ()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """A NumPy array on the same memory: a change of one is seen in the other.

        Args:
            force: whatever self is, as by .detach().cpu().numpy().

        Raises:
            RuntimeError: self requires a gradient, which NumPy would lose; use .detach().numpy().
            TypeError: self is not on the CPU; use .cpu().numpy(). Or it is bfloat16, which NumPy
                does not have; use .float().numpy().

        Example:
            >>> import tinydl
            >>> tinydl.arange(3).numpy()
            array([0, 1, 2])
        """
        if force:
            return self.detach().cpu().numpy()
        if self.requires_grad and graph.mode.enabled:
            raise RuntimeError(f"numpy: {self._array} requires a gradient; use .detach().numpy()")
        if not self._array.backend.is_cpu:
            raise TypeError(f"numpy: {self._array} is on {self.device}; use .cpu().numpy()")
        if self._array.dtype.numpy is None:
            raise TypeError(
                f"numpy: {self._array}: NumPy has no {self._array.dtype.name}; use .float().numpy()"
            )
        return self._array.numpy()

    def item(self) -> Any:
        """The one element as a Python float, int or bool.

        Raises:
            ValueError: self does not have exactly one element.

        Example:
            >>> import tinydl
            >>> tinydl.ones(3).sum().item()
            3.0
        """
        if self._array.size != 1:
            raise ValueError(
                f"item: {self._array} has {self._array.size} elements, not one; tolist() has all"
            )
        return self._array.numpy().item()

    def is_nonzero(self) -> bool:
        """Whether the one element is not 0, as bool(self).

        Raises:
            ValueError: self does not have exactly one element.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([0.0]).is_nonzero()
            False
        """
        return bool(self)

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; one number if self has no axes.

        >>> import tinydl
        >>> tinydl.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return self._array.numpy().tolist()

    def __bool__(self) -> bool:
        if self._array.size != 1:
            few = "more than one value" if self._array.size else "no values"
            raise ValueError(
                f"bool: the truth of {self._array} is ambiguous, a tensor with {few}: use .any() "
                "or .all(), or `is not None` to test for presence"
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._array.dtype.is_floating_point or self._array.size != 1:
            raise TypeError(f"{self._array} is not one integer, so it cannot be an index")
        return int(self.item())

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __reversed__(self) -> Iterator[Tensor]:
        """The rows from the last to the first: for row in reversed(x)."""
        if not self._array.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0)[::-1])

    def __contains__(self, value: object) -> bool:
        """Whether an element equals value, or any of value's where that is a tensor."""
        if not (ops.is_tensor(value) or ops.is_number(value)):
            raise TypeError(
                f"in: {self._array} holds numbers and is asked for a {type(value).__name__}"
            )
        return bool((self == value).any())
