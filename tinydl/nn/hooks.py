"""Hooks of modules: functions called before and after forward(), and when gradients go through.

Gradients are seen at two gates, ops that change nothing: the inputs go in through one, the outputs
come out through the other, and backward passes both the other way.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..autograd import Function, RemovableHandle
from ..autograd.hooks import register
from ..tensor import Tensor

if TYPE_CHECKING:
    from .module import Module


class Hooks:
    """The hooks of one module, by when they are called."""

    def __init__(self) -> None:
        self.before: dict[int, tuple] = {}  # handle → (hook, with_kwargs)
        self.after: dict[int, tuple] = {}  # handle → (hook, with_kwargs, always_call)
        self.going_back: dict[int, Callable] = {}  # before the gradient goes in at the outputs
        self.gone_back: dict[int, Callable] = {}  # after it came out at the inputs

    def __bool__(self) -> bool:
        return bool(self.before or self.after or self.going_back or self.gone_back)


def call_with_hooks(module: Module, inputs: tuple, kwargs: dict) -> Any:
    """module.forward(*inputs, **kwargs) with all that was hooked onto it."""
    hooks: Hooks = module._module_hooks
    done: set[int] = set()  # the forward hooks that ran
    result = None
    try:
        for hook, with_kwargs in list(hooks.before.values()):
            changed = hook(module, inputs, kwargs) if with_kwargs else hook(module, inputs)
            if changed is not None and with_kwargs:
                inputs, kwargs = _pair(module, changed)
            elif changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        gate = _Gate(module, inputs) if hooks.going_back or hooks.gone_back else None
        result = module.forward(*(gate.enter(inputs) if gate else inputs), **kwargs)
        for handle, (hook, with_kwargs, _) in list(hooks.after.items()):
            done.add(handle)
            told = (inputs, kwargs) if with_kwargs else (inputs,)
            changed = hook(module, *told, result)
            result = result if changed is None else changed
        return gate.leave(result) if gate else result
    except Exception:
        for handle, (hook, with_kwargs, always) in list(hooks.after.items()):
            if always and handle not in done:
                told = (inputs, kwargs) if with_kwargs else (inputs,)
                try:
                    hook(module, *told, result)
                except Exception as error:
                    warnings.warn(f"a forward hook failed after an error: {error!r}", stacklevel=2)
        raise


def _pair(module: Module, changed: Any) -> tuple[tuple, dict]:
    if isinstance(changed, tuple) and len(changed) == 2 and isinstance(changed[1], dict):
        return changed
    raise TypeError(
        f"{type(module).__name__}: a forward_pre_hook with_kwargs returns None or (args, kwargs), "
        f"got {type(changed).__name__}"
    )


class _Through(Function):
    """y = x; backward shows the gradients to a function, which may change them."""

    @staticmethod
    def forward(ctx: Any, seen: Callable[[tuple], tuple], *xs: Any) -> tuple:
        ctx.seen = seen
        ctx.set_materialize_grads(False)
        return xs

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple:
        return None, *ctx.seen(grads)


class _Gate:
    """The two gates of one call of a module with backward hooks. Keeps no tensor of the call, whose
    graph keeps it."""

    def __init__(self, module: Module, inputs: tuple):
        self.module, self.count, self.out = module, len(inputs), None
        self.open = any(isinstance(x, Tensor) and x.requires_grad for x in inputs)

    def enter(self, inputs: tuple) -> tuple:
        """The module's inputs, behind the gate, if any of them wants a gradient."""
        return _Through.apply(self._came_out, *inputs) if self.open else inputs

    def leave(self, result: Any) -> Any:
        """The module's outputs, behind the gate."""
        if isinstance(result, Tensor):
            return _Through.apply(self._went_in, result)[0]
        if isinstance(result, (tuple, list)) and any(isinstance(y, Tensor) for y in result):
            return type(result)(_Through.apply(self._went_in, *result))
        warnings.warn(
            f"{type(self.module).__name__}: its backward hooks are not called, since it returns a "
            f"{type(result).__name__}; expected a Tensor or a tuple of them",
            stacklevel=2,
        )
        return result

    def _went_in(self, grads: tuple) -> tuple:
        for hook in list(self.module._module_hooks.going_back.values()):
            grads = _changed(self.module, "backward_pre", hook(self.module, grads), grads)
        if self.open:
            self.out = grads
        else:  # no input wants a gradient: this is all there is to see
            self._hooked((None,) * self.count, grads)
        return grads

    def _came_out(self, grads: tuple) -> tuple:
        out, self.out = self.out, None
        return self._hooked(grads, out)

    def _hooked(self, into: tuple, out: tuple | None) -> tuple:
        for hook in list(self.module._module_hooks.gone_back.values()):
            into = _changed(self.module, "backward", hook(self.module, into, out), into)
        return into


def _changed(module: Module, kind: str, changed: Any, grads: tuple) -> tuple:
    """What a hook made of gradients, or those themselves."""
    if changed is None:
        return grads
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != len(grads):
        raise RuntimeError(
            f"{type(module).__name__}: a full_{kind}_hook returned {len(changed)} gradients, "
            f"expected {len(grads)}"
        )
    return changed


class HookMethods:
    """net.register_forward_hook(hook), … : each returns a handle whose remove() ends it.

    Args:
        prepend: whether it is called before the hooks that are there, not after.
        with_kwargs: whether it is given the keyword arguments, too, after the positional ones.
    """

    def _add(self, kind: str, hook: Any, prepend: bool) -> RemovableHandle:
        if self._module_hooks is None:
            object.__setattr__(self, "_module_hooks", Hooks())
        hooks: dict = getattr(self._module_hooks, kind)
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        handle = register(hooks, hook)
        hooks.update(others)
        return handle

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, inputs) before forward(); what it returns replaces the inputs.

        With with_kwargs it is hook(module, args, kwargs), which returns None or both.

        >>> import tinydl
        >>> net = tinydl.nn.ReLU()
        >>> handle = net.register_forward_pre_hook(lambda module, inputs: -inputs[0])
        >>> net(tinydl.tensor([-1.0, 2.0]))
        tensor([1., 0.])
        """
        return self._add("before", (hook, with_kwargs), prepend)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """Calls hook(module, inputs, output) after forward(); what it returns replaces the output.

        With with_kwargs it is hook(module, args, kwargs, output); with always_call it is called
        also when forward() raises, with None as the output.

        >>> import tinydl
        >>> net = tinydl.nn.ReLU()
        >>> handle = net.register_forward_hook(lambda module, inputs, output: print(output.shape))
        >>> y = net(tinydl.zeros(2, 3))
        (2, 3)
        """
        return self._add("after", (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable[[Module, tuple], Any], prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, grad_output) when the gradients of the outputs are known.

        They are a tuple; what the hook returns replaces it.

        >>> import tinydl
        >>> net, x = tinydl.nn.ReLU(), tinydl.ones(2, requires_grad=True)
        >>> handle = net.register_full_backward_pre_hook(lambda module, out: (10 * out[0],))
        >>> net(x).sum().backward()
        >>> x.grad
        tensor([10., 10.])
        """
        return self._add("going_back", hook, prepend)

    def register_full_backward_hook(
        self, hook: Callable[[Module, tuple, tuple], Any], prepend: bool = False
    ) -> RemovableHandle:
        """Calls hook(module, grad_input, grad_output) when the gradients of the inputs are known.

        Both are tuples, with None where there is no gradient; what the hook returns replaces
        grad_input. Only positional inputs count.

        >>> import tinydl
        >>> net, x = tinydl.nn.ReLU(), tinydl.tensor([-1.0, 1.0], requires_grad=True)
        >>> handle = net.register_full_backward_hook(lambda module, into, out: print(into, out))
        >>> net(x).sum().backward()
        (tensor([0., 1.]),) (tensor([1., 1.]),)
        """
        return self._add("gone_back", hook, prepend)
