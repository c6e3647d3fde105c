"""Module: parameters, buffers and submodules by name, and the call that runs forward()."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

from ..array import Array
from ..autograd import RemovableHandle
from ..creation import as_tensor
from ..dtypes import DType, float32, float64
from ..graph import no_grad
from ..tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a Module registers as its own when it becomes an attribute."""

    __slots__ = ()

    def __init__(self, data: Tensor | Array, requires_grad: bool = True):
        super().__init__(data if isinstance(data, Array) else data._array)
        self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class IncompatibleKeys(NamedTuple):
    """What load_state_dict(strict=False) left over."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base class of layers and models: assign layers and Parameters in __init__, write forward().

    >>> import tinydl
    >>> from tinydl import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(3, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> net = Net()
    >>> net(tinydl.zeros(5, 3)).shape
    (5, 2)
    >>> [name for name, _ in net.named_parameters()]
    ['fc.weight', 'fc.bias']
    """

    training: bool

    def __init__(self):
        for name, value in (
            ("training", True),
            ("_parameters", {}),
            ("_buffers", {}),
            ("_modules", {}),
            ("_forward_hooks", {}),
            ("_forward_pre_hooks", {}),
            ("_transient", set()),  # buffers that state_dict leaves out
        ):
            object.__setattr__(self, name, value)

    def forward(self, *inputs):
        """What the module computes; every subclass has its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward()")

    # --- attributes -------------------------------------------------------------------------------

    def __setattr__(self, name: str, value) -> None:
        if "_modules" not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__}.{name} is assigned before super().__init__() was called"
            )
        homes = {Parameter: self._parameters, Module: self._modules}
        for kind, home in homes.items():
            if isinstance(value, kind):
                for other in (self.__dict__, self._parameters, self._buffers, self._modules):
                    other.pop(name, None)
                home[name] = value
                return
        for home in (self._parameters, self._modules, self._buffers):
            if name in home:
                allowed = value is None or (home is self._buffers and isinstance(value, Tensor))
                if not allowed:
                    raise TypeError(f"{type(self).__name__}.{name} was {home[name]!r:.60}")
                home[name] = value
                return
        if isinstance(value, (list, tuple, dict)):
            self._warn_unregistered(name, value)
        object.__setattr__(self, name, value)

    def _warn_unregistered(self, name: str, value) -> None:
        items = value.values() if isinstance(value, dict) else value
        if any(isinstance(item, (Module, Parameter)) for item in items):
            warnings.warn(
                f"{type(self).__name__}.{name} is a {type(value).__name__} of modules or "
                "parameters, which parameters() and state_dict() cannot see; use nn.ModuleList "
                "or nn.Sequential",
                stacklevel=3,
            )

    def __getattr__(self, name: str):
        for home in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(home, {})
            if name in found:
                return found[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for home in (self._parameters, self._buffers, self._modules):
            if name in home:
                del home[name]
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._parameters, *self._buffers, *self._modules]

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter; None keeps the name for "there is none"."""
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is no parameter but belongs to the state, such as a running mean."""
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule under a name."""
        self._modules[name] = module

    register_module = add_module

    # --- calling ----------------------------------------------------------------------------------

    def __call__(self, *inputs, **kwargs):
        try:
            if not self._forward_hooks and not self._forward_pre_hooks:
                return self.forward(*inputs, **kwargs)
            return self._call_with_hooks(inputs, kwargs)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            _name_module(error, self)
            raise

    def _call_with_hooks(self, inputs: tuple, kwargs: dict):
        for hook in list(self._forward_pre_hooks.values()):
            changed = hook(self, inputs)
            if changed is not None:
                inputs = changed if isinstance(changed, tuple) else (changed,)
        result = self.forward(*inputs, **kwargs)
        for hook in list(self._forward_hooks.values()):
            changed = hook(self, inputs, result)
            result = result if changed is None else changed
        return result

    def register_forward_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(module, inputs, output) after forward; what it returns replaces the output."""
        return _add(self._forward_hooks, hook)

    def register_forward_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Calls hook(module, inputs) before forward; what it returns replaces the inputs."""
        return _add(self._forward_pre_hooks, hook)

    # --- walking ----------------------------------------------------------------------------------

    def named_modules(self, memo: set | None = None, prefix: str = "") -> Iterator:
        """(path, module) of this module and all below it, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator:
        """(name, module) of the direct submodules."""
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def children(self) -> Iterator[Module]:
        """The direct submodules."""
        return (module for _, module in self.named_children())

    def _named(self, home: str, prefix: str, recurse: bool) -> Iterator:
        seen = set()
        for path, module in self.named_modules() if recurse else [("", self)]:
            for name, tensor in getattr(module, home).items():
                if tensor is not None and tensor not in seen:
                    seen.add(tensor)
                    yield ".".join(part for part in (prefix, path, name) if part), tensor

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator:
        """(path, parameter), each parameter once."""
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """What an optimizer is given."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator:
        """(path, buffer), each buffer once."""
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Tensors that belong to the state but are not trained."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a path such as "features.0"."""
        module = self
        for name in filter(None, target.split(".")):
            if name not in module._modules:
                raise AttributeError(
                    f"{type(module).__name__} has no submodule {name!r} ({target})"
                )
            module = module._modules[name]
        return module

    # --- changing ---------------------------------------------------------------------------------

    def apply(self, fn: Callable[[Module], None]) -> Module:
        """Calls fn on all modules below and this one last."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Training behaviour (dropout drops) for this module and all below it."""
        for module in self.modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Module:
        """Inference behaviour: train(False)."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Asks for gradients of all parameters, or no longer."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad.zero_()

    def to(self, *args, **kwargs) -> Module:
        """Parameters and buffers on another device or of another dtype: to("cpu"), to(float64)."""
        for tensor in [*self.parameters(), *self.buffers()]:
            if tensor.is_floating_point() or not _names_dtype(args, kwargs):
                tensor.data = tensor.detach().to(*args, **kwargs)
                if tensor.grad is not None:
                    tensor.grad = tensor.grad.to(*args, **kwargs)
        return self

    def float(self) -> Module:
        """Floating-point parameters and buffers as float32."""
        return self.to(float32)

    def double(self) -> Module:
        """Floating-point parameters and buffers as float64."""
        return self.to(float64)

    def cpu(self) -> Module:
        """Parameters and buffers on the CPU."""
        return self.to("cpu")

    # --- state ------------------------------------------------------------------------------------

    def _state(self) -> Iterator:
        """(path, tensor) of parameters and persistent buffers; shared ones under every name."""
        for path, module in self.named_modules():
            for home in (module._parameters, module._buffers):
                for name, tensor in home.items():
                    if tensor is not None and not (
                        home is module._buffers and name in module._transient
                    ):
                        yield f"{path}.{name}" if path else name, tensor

    def state_dict(self) -> dict[str, Tensor]:
        """All parameters and persistent buffers by path; they share memory with the module."""
        return {path: tensor.detach() for path, tensor in self._state()}

    def load_state_dict(self, state_dict: dict, strict: bool = True) -> IncompatibleKeys:
        """Copies values in. Strict: keys must be the same; a difference is listed, nothing loaded.

        Raises:
            KeyError: with strict, when keys are missing or unexpected.
            ValueError: when shapes differ.
        """
        own = dict(self._state())
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        if strict and (missing or unexpected):
            raise RuntimeError(_key_diff(type(self).__name__, own, state_dict, missing, unexpected))
        values = {key: as_tensor(state_dict[key]) for key in own if key in state_dict}
        wrong = [
            f"  {key}: the module has {own[key]._array}, the state {value._array}"
            for key, value in values.items()
            if own[key].shape != value.shape
        ]
        if wrong:
            raise RuntimeError("load_state_dict: shapes differ\n" + "\n".join(wrong))
        with no_grad():
            for key, value in values.items():
                own[key].copy_(value.to(own[key].device))
        return IncompatibleKeys(missing, unexpected)

    # --- printing ---------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What a subclass shows between its parentheses."""
        return ""

    def __repr__(self) -> str:
        lines = [
            f"({name}): {module!r}".replace("\n", "\n  ") for name, module in self._modules.items()
        ]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        body = "\n  ".join([extra, *lines] if extra else lines)
        return f"{type(self).__name__}(\n  {body}\n)"


_hook_ids = count()


def _add(hooks: dict, hook: Callable) -> RemovableHandle:
    handle = RemovableHandle(hooks)
    hooks[handle.id] = hook
    return handle


def _names_dtype(args: tuple, kwargs: dict) -> bool:
    return "dtype" in kwargs or any(isinstance(a, (DType, Tensor)) for a in args)


def _key_diff(name: str, own, given, missing: list, unexpected: list) -> str:
    """Both lists with shapes, and what a renamed prefix would explain."""
    lines = [f"load_state_dict: the keys do not fit {name}"]
    lines += [f"  - missing    {key}  {own[key]._array}" for key in missing]
    lines += [f"  + unexpected {key}  {tuple(given[key].shape)}" for key in unexpected]
    for prefix in ("module.", "model.", "_orig_mod."):
        if unexpected and all(key.startswith(prefix) for key in unexpected):
            lines.append(f"all unexpected keys start with {prefix!r}: strip it from the keys")
    lines.append("strict=False loads what fits")
    return "\n".join(lines)


def _name_module(error: Exception, module: Module) -> None:
    """Adds "in features.0: Conv2d(…)" to an error that passes through nested modules."""
    if not (error.args and isinstance(error.args[0], str)):
        return
    message, path, culprit, inner = getattr(error, "_module", (error.args[0], "", module, module))
    for name, child in module._modules.items():
        if child is inner:
            path = f"{name}.{path}" if path else name
    error._module = (message, path, culprit, module)
    where = f"{path}: {culprit!r}" if path else repr(culprit)
    if "\n" in where:  # a whole network: its class is enough
        where = f"{path}: {type(culprit).__name__}" if path else type(culprit).__name__
    error.args = (f"{message}\n  in {where}", *error.args[1:])
