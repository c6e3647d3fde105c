"""torch.autograd.graph: what becomes of the values that the graph keeps for backward."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

from ..array import Array
from ..grad_mode import watchers
from ..graph import Node
from ..tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Node", "save_on_cpu", "saved_tensors_hooks"]


class saved_tensors_hooks:
    """Within the block, backward gets unpack_hook(pack_hook(x)) for every value x that is saved.

    What pack_hook returns is kept instead of the tensor: a copy elsewhere, or the name of a file.
    Leaves that require a gradient are kept as they are, since they are in memory anyway. A value is
    unpacked when backward first needs it; writes to the original are no longer noticed.

    Args:
        pack_hook: of a tensor, when an op saves it.
        unpack_hook: of what pack_hook returned; a tensor of the same shape and dtype.

    Raises:
        TypeError: from backward(), if unpack_hook returns another kind of tensor or none.

    Example:
        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> saved = []
        >>> with tinydl.autograd.graph.saved_tensors_hooks(
        ...     lambda x: saved.append(x) or len(saved) - 1, lambda number: saved[number]
        ... ):
        ...     y = x.exp().sum()
        >>> len(saved)
        1
        >>> y.backward()
        >>> x.grad.equal(saved[0])
        True
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> Self:
        self.thread = get_ident()
        watchers.append(self._pack)
        return self

    def __exit__(self, *exception: object) -> None:
        watchers.remove(self._pack)

    def _pack(self, node: Node) -> None:
        if get_ident() == self.thread and type(node.saved) is dict and node.versions:
            node.saved = _Packed(self, node.saved)
            node.versions = []


class _Packed:
    """Stands where a node's saved values were: what the hooks made of them."""

    def __init__(self, hooks: saved_tensors_hooks, saved: dict):
        self.hooks = hooks
        self.saved = {name: self._pack(x) for name, x in saved.items()}

    def _pack(self, x: Any) -> Any:
        if type(x) is Array:
            return _Value(self.hooks, Tensor(x), None)
        if isinstance(x, Tensor) and not (x.is_leaf and x.requires_grad):
            return _Value(self.hooks, x.detach(), x)
        return tuple(map(self._pack, x)) if type(x) is tuple else x

    def restore(self, node: Node, outputs: list, grads: list) -> None:
        node.saved = {name: _unpacked(x) for name, x in self.saved.items()}


class _Value:
    """One packed value, and the place in the graph that it had."""

    def __init__(self, hooks: saved_tensors_hooks, x: Tensor, was: Tensor | None):
        self.unpack_hook, self.facts = hooks.unpack_hook, (x.shape, x.dtype, x.device)
        self.place = None if was is None else (was._node, was._index)
        self.packed = hooks.pack_hook(x)

    def unpacked(self) -> Tensor | Array:
        x = self.unpack_hook(self.packed)
        if not isinstance(x, Tensor) or (x.shape, x.dtype, x.device) != self.facts:
            shape, dtype, device = self.facts
            got = f"{x._array} on {x.device}" if isinstance(x, Tensor) else type(x).__name__
            raise TypeError(
                f"saved_tensors_hooks: unpack_hook returned {got}, expected a tensor of shape "
                f"{shape}, {dtype}, on {device}"
            )
        return x._array if self.place is None else Tensor(x._array, *self.place)


def _unpacked(x: Any) -> Any:
    if type(x) is _Value:
        return x.unpacked()
    return tuple(map(_unpacked, x)) if type(x) is tuple else x


class save_on_cpu(saved_tensors_hooks):
    """Within the block, what is saved for backward waits in the CPU's memory, not the GPU's.

    Args:
        pin_memory: taken for PyTorch's sake; copies go through pinned memory anyway.

    Example:
        >>> import tinydl
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> with tinydl.autograd.graph.save_on_cpu():
        ...     y = x.exp().sum()
        >>> y.backward()
        >>> x.grad.shape
        (2,)
    """

    def __init__(self, pin_memory: bool = False):
        super().__init__(lambda x: (x.device, x.cpu()), lambda packed: packed[1].to(packed[0]))
