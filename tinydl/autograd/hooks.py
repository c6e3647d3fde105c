"""Hooks: functions that backward() calls with a gradient, which they may replace.

Those of a computed tensor hang on its node, so that they live as long as the graph; those of a leaf
on the tensor. A gradient is whole when hooks see it: everything that adds to it has.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..tensor import Tensor


class RemovableHandle:
    """What registering a hook returns: remove(), or the end of a `with` block, takes it away again.

    >>> import tinydl
    >>> x = tinydl.ones(2, requires_grad=True)
    >>> handle = x.register_hook(lambda g: 10 * g)
    >>> handle.remove()
    >>> x.sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """

    _ids = count()

    def __init__(self, hooks: dict):
        self.hooks, self.id = hooks, next(RemovableHandle._ids)

    def remove(self) -> None:
        """Takes the hook away; again does nothing."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def register(hooks: dict, hook: object) -> RemovableHandle:
    """Puts a hook among others, as the last one."""
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


class LeafHooks:
    """The hooks of a leaf: on the gradient that was found, and after it was added to .grad."""

    __slots__ = ("accumulated", "gradient")

    def __init__(self) -> None:
        self.gradient: dict[int, Callable] = {}
        self.accumulated: dict[int, Callable] = {}


def of_leaf(x: Tensor) -> LeafHooks:
    if x._hooks is None:
        x._hooks = LeafHooks()
    return x._hooks


def add_hook(x: Tensor, hook: Callable) -> RemovableHandle:
    """Calls hook on x's gradient whenever backward has found it."""
    _catch_up(x)
    if x._node is None:
        return register(of_leaf(x).gradient, hook)
    x._node.hooks = {} if x._node.hooks is None else x._node.hooks
    return register(x._node.hooks, (x._index, hook))


def retain(x: Tensor) -> None:
    """Makes backward fill x.grad though x is no leaf."""
    _catch_up(x)
    node = x._node
    if node.retained is None:
        node.retained = {}
    node.retained[x._index] = weakref.ref(x)  # the graph must not keep its outputs alive


def _catch_up(x: Tensor) -> None:
    from ..inplace import catch_up  # made of Tensors, whose methods call this module

    catch_up(x)


def hooked(hook: Callable, g: Tensor | None) -> Tensor | None:
    """The gradient after a hook, which may return another or None to leave it."""
    changed = None if g is None else hook(g)
    return g if changed is None else changed


def leaf_hooked(edge, g: Tensor) -> Tensor:
    """A leaf's whole gradient after its hooks; those of other tensors have run already."""
    if type(edge) is not tuple and edge._hooks:
        for hook in list(edge._hooks.gradient.values()):
            g = hooked(hook, g)
    return g
