"""A tensor's place in the graph: gradients, hooks, and ways out of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .. import autograd, ops
from ..autograd import hooks
from ..grad_mode import is_inference_mode_enabled
from ..storage import Unrecorded

if TYPE_CHECKING:
    from ..graph import Node
    from ..tensor import Tensor


class GradientMethods:
    """x.backward(), x.grad, x.detach(), x.register_hook(hook), …"""

    __slots__ = ()

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not by a recorded operation.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> x.is_leaf, (2 * x).is_leaf
        (True, False)
        """
        return self._node is None

    @property
    def grad_fn(self) -> Node | None:
        """The recorded operation it came from, None for a leaf.

        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> (2 * x).grad_fn.op
        <op mul(x, y)>
        """
        return self._node

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Adds d(Σ self · gradient)/dx to x.grad of every leaf x that self was computed from.

        Args:
            gradient: of self's shape and dtype; a scalar needs none and starts with 1.
            retain_graph: whether to keep the graph for another backward; as create_graph if None.
            create_graph: whether the gradients can be differentiated again.
            inputs: the tensors whose .grad is wanted; all leaves if None.

        Raises:
            RuntimeError: nothing requires a gradient, self is no scalar and gradient is missing,
                the graph was freed by an earlier backward, or a value it needs was overwritten.
            ValueError: gradient has another shape than self.
            TypeError: gradient has another dtype than self.

        Example:
            >>> import tinydl
            >>> x = tinydl.tensor([1.0, 2.0], requires_grad=True)
            >>> (x**3).backward(tinydl.tensor([1.0, 10.0]))
            >>> x.grad
            tensor([  3., 120.])
        """
        autograd.backward((self,), (gradient,), retain_graph, create_graph, inputs)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Asks for gradients of this leaf, or no longer; returns self.

        Raises:
            RuntimeError: requires_grad is False and self is no leaf (use .detach()), or self was
                made in inference mode (use .clone()).
            TypeError: self is not floating point.

        Example:
            >>> import tinydl
            >>> tinydl.ones(2).requires_grad_()
            tensor([1., 1.], requires_grad=True)
        """
        if not requires_grad and self._node is not None:
            raise RuntimeError(f"requires_grad_: {self._array} is no leaf; use .detach()")
        if requires_grad and not self._array.dtype.is_floating_point:
            raise TypeError(f"requires_grad_: {self._array} is not floating point; use .float()")
        if requires_grad and self.is_inference() and not is_inference_mode_enabled():
            raise RuntimeError(
                f"requires_grad_: {self._array} was made in inference_mode; clone() it first"
            )
        self.requires_grad = requires_grad
        return self

    def clone(self) -> Tensor:
        """A contiguous copy that gradients flow through.

        >>> import tinydl
        >>> x = tinydl.ones(2)
        >>> x.clone().zero_()
        tensor([0., 0.])
        >>> x
        tensor([1., 1.])
        """
        return ops.contiguous(self)

    def is_inference(self) -> bool:
        """Whether it was made in inference_mode(), so that no graph can keep it.

        >>> import tinydl
        >>> with tinydl.inference_mode():
        ...     tinydl.ones(2).is_inference()
        True
        """
        return isinstance(self._array.storage.memory, Unrecorded)

    @property
    def _version(self) -> int:
        """How often its memory was written, by it or by views of it.

        >>> import tinydl
        >>> tinydl.ones(2).add_(1)._version
        1
        """
        return self._array.storage.version

    # --- gradients --------------------------------------------------------------------------------

    @property
    def grad(self) -> Tensor | None:
        """The sum of the gradients that backward() has found, None before the first.

        It is kept for leaves, and for those that asked by retain_grad(). What is assigned must have
        self's shape, dtype and device.

        Raises:
            TypeError: assigned is what is no tensor, or of another dtype.
            ValueError: … of another shape, or on another device.

        Example:
            >>> import tinydl
            >>> x = tinydl.tensor([1.0, 2.0], requires_grad=True)
            >>> (x * x).sum().backward()
            >>> x.grad
            tensor([2., 4.])
        """
        if self._grad is None and self._node is not None and not self.retains_grad:
            warnings.warn(
                f".grad of {self._array} is read, which is no leaf, so backward() does not fill "
                "it: call retain_grad() before, or read the .grad of what it was computed from",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            _check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def retain_grad(self) -> None:
        """Asks backward() to fill .grad of this tensor too, though it is no leaf.

        Raises:
            RuntimeError: self does not require a gradient.

        Example:
            >>> import tinydl
            >>> y = 2 * tinydl.ones(2, requires_grad=True)
            >>> y.retain_grad()
            >>> (y * y).sum().backward()
            >>> y.grad
            tensor([4., 4.])
        """
        if not self.requires_grad:
            raise RuntimeError(f"retain_grad: {self._array} does not require a gradient")
        if self._node is not None:
            hooks.retain(self)

    @property
    def retains_grad(self) -> bool:
        """Whether backward() fills .grad though this is no leaf.

        >>> import tinydl
        >>> tinydl.ones(2, requires_grad=True).retains_grad
        False
        """
        node = self._node
        return node is not None and self._index in (node.retained or ())

    # --- hooks ------------------------------------------------------------------------------------

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> hooks.RemovableHandle:
        """Calls hook(gradient) in backward() as soon as self's gradient is known.

        Args:
            hook: returns what replaces the gradient, or None to leave it.

        Returns:
            A handle whose remove() takes the hook away again.

        Raises:
            RuntimeError: self does not require a gradient.

        Example:
            >>> import tinydl
            >>> x = tinydl.ones(2, requires_grad=True)
            >>> handle = x.register_hook(lambda g: 10 * g)
            >>> x.sum().backward()
            >>> x.grad
            tensor([10., 10.])
        """
        if not self.requires_grad:
            raise RuntimeError(f"register_hook: {self._array} does not require a gradient")
        return hooks.add_hook(self, hook)

    def register_post_accumulate_grad_hook(
        self, hook: Callable[[Tensor], None]
    ) -> hooks.RemovableHandle:
        """Calls hook(self) in backward() each time that self.grad was added to: a step at once.

        Returns:
            A handle whose remove() takes the hook away again.

        Raises:
            RuntimeError: self is no leaf that requires a gradient.

        Example:
            >>> import tinydl
            >>> x = tinydl.ones(2, requires_grad=True)
            >>> handle = x.register_post_accumulate_grad_hook(lambda x: print(x.grad))
            >>> (3 * x).sum().backward()
            tensor([3., 3.])
        """
        if self._node is not None or not self.requires_grad:
            raise RuntimeError(
                f"register_post_accumulate_grad_hook: {self._array} is no leaf that requires a "
                "gradient, so nothing is accumulated in its .grad; use register_hook()"
            )
        return hooks.register(hooks.of_leaf(self).accumulated, hook)


def _check_grad(x: Tensor, grad: Tensor) -> None:
    """What is assigned to x.grad fits x."""
    if not isinstance(grad, GradientMethods):
        raise TypeError(f".grad of {x._array} is a Tensor or None, got {type(grad).__name__}")
    if grad is x:
        raise ValueError(f".grad of {x._array} cannot be the tensor itself")
    if grad.shape != x.shape:
        raise ValueError(f".grad of {x._array} must have its shape, got {grad._array}")
    if grad.dtype is not x.dtype:
        raise TypeError(f".grad of {x._array} must have its dtype, got {grad._array}")
    if grad.device != x.device:
        raise ValueError(
            f".grad of {x._array} on {x.device} cannot be {grad._array} on {grad.device}; "
            "move it with .to(device)"
        )
