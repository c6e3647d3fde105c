"""Module: parameters, buffers and submodules by name, and the call that runs forward()."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from .. import capture
from ..autograd.engine import zero_grads
from ..creation import zeros
from ..device import device as device_called
from ..dtypes import bfloat16, float16, float32, float64
from ..tensor import Tensor
from .hooks import HookMethods, call_with_hooks
from .parameter import Parameter
from .state import StateMethods
from .tree import TreeMethods

if TYPE_CHECKING:
    from typing_extensions import Self


class Module(TreeMethods, HookMethods, StateMethods):
    """Base class of layers and models: assign layers and Parameters in __init__, write forward().

    Attributes:
        training: whether layers such as Dropout behave as in training; see train() and eval().

    Example:
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

    def __init__(self) -> None:
        for name, value in (
            ("training", True),
            ("_parameters", {}),
            ("_buffers", {}),
            ("_modules", {}),
            ("_module_hooks", None),
            ("_transient", set()),  # buffers that state_dict leaves out
        ):
            object.__setattr__(self, name, value)

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass has its own.

        Raises:
            NotImplementedError: this one does not.
        """
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
        for kind, home in (*homes.items(), (Tensor, self._buffers)):
            if name in home:
                if not (value is None or (kind is Tensor and isinstance(value, Tensor))):
                    hint = "; write into it by copy_() under no_grad()" * isinstance(value, Tensor)
                    raise TypeError(
                        f"{type(self).__name__}.{name}: expected a {kind.__name__} or None, got a "
                        f"{type(value).__name__}{hint}"
                    )
                if capture.current is not None and value is not home[name]:
                    capture.current.refuse(
                        f"makes {type(self).__name__}.{name} another tensor (write to it in place)"
                    )
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

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for home in ("_parameters", "_buffers", "_modules"):
            if home in own and name in own[home]:
                return own[home][name]
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
        """Adds a parameter under a name; None keeps the name for "there is none".

        >>> import tinydl
        >>> net = tinydl.nn.Module()
        >>> net.register_parameter("w", tinydl.nn.Parameter(tinydl.zeros(2)))
        >>> net.w.shape
        (2,)
        """
        self._check_new(name, param, Parameter, self._parameters)
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is no parameter but belongs to the state, such as a running mean.

        Args:
            name: the attribute that it becomes.
            tensor: of any shape and dtype; None keeps the name for "there is none".
            persistent: whether state_dict() has it.

        Example:
            >>> import tinydl
            >>> net = tinydl.nn.Module()
            >>> net.register_buffer("mean", tinydl.zeros(2))
            >>> list(net.state_dict())
            ['mean']
        """
        self._check_new(name, tensor, Tensor, self._buffers)
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule under a name, as an assignment to that attribute does.

        >>> import tinydl
        >>> net = tinydl.nn.Module()
        >>> net.add_module("act", tinydl.nn.ReLU())
        >>> net.act
        ReLU()
        """
        self._check_new(name, module, Module, self._modules)
        self._modules[name] = module

    register_module = add_module

    def _check_new(self, name: str, value: object, kind: type, home: dict) -> None:
        """Refuses what state_dict() could not save, or the attribute `name` would not be."""
        if not (value is None or isinstance(value, kind)):
            got = f"a {type(value).__name__}"
            if isinstance(value, type):
                got = f"a class; {value.__name__}(…) makes one"
            elif isinstance(value, list):
                got = "a list; *layers gives them one by one"
            raise TypeError(
                f"{type(self).__name__}.{name}: expected a {kind.__name__} or None, got {got}"
            )
        if not name or "." in name:
            raise KeyError(f"{type(self).__name__}: {name!r} is no name; paths have the dots")
        if name not in home and hasattr(self, name):
            raise KeyError(f"{type(self).__name__}.{name} is there already, as something else")

    # --- calling ----------------------------------------------------------------------------------

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        if capture.current is not None:
            capture.current.modules.append((self, self.training))
        try:
            if not self._module_hooks:
                return self.forward(*inputs, **kwargs)
            return call_with_hooks(self, inputs, kwargs)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            _name_module(error, self)
            raise

    # --- changing ---------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Training behaviour (Dropout drops) for this module and all below it; returns self.

        >>> from tinydl import nn
        >>> nn.Dropout().train(False).training
        False
        """
        object.__setattr__(self, "training", mode)
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Inference behaviour (Dropout does nothing), train(False); returns self.

        >>> from tinydl import nn
        >>> nn.Dropout().eval().training
        False
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Asks for gradients of all parameters, or no longer; returns self.

        >>> from tinydl import nn
        >>> nn.Linear(3, 2).requires_grad_(False).weight.requires_grad
        False
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients of all parameters, or with set_to_none=False fills them with 0.

        >>> import tinydl
        >>> net = tinydl.nn.Linear(3, 2)
        >>> net(tinydl.ones(1, 3)).sum().backward()
        >>> net.zero_grad()
        >>> print(net.weight.grad)
        None
        """
        zero_grads(self.parameters(), set_to_none)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Parameters and buffers on another device or of another dtype, in place; returns self.

        Arguments and exceptions are those of Tensor.to. Dtypes are floating point and change
        floating-point tensors only.

        >>> import tinydl
        >>> tinydl.nn.Linear(3, 2).to(tinydl.float64).weight.dtype
        tinydl.float64
        """
        for tensor in [*self.parameters(), *self.buffers()]:
            goes = zeros((), dtype=float32, device=tensor.device).to(*args, **kwargs)
            if not goes.is_floating_point():
                raise TypeError(
                    f"{type(self).__name__}.to: parameters are floating point, got {goes.dtype}"
                )
            if tensor.is_floating_point():
                tensor.data = tensor.detach().to(*args, **kwargs)
                if tensor._grad is not None:
                    tensor.grad = tensor._grad.to(*args, **kwargs)
            else:
                tensor.data = tensor.to(goes.device)
        return self

    def float(self) -> Self:
        """Floating-point parameters and buffers as float32, in place; returns self.

        >>> from tinydl import nn
        >>> nn.Linear(3, 2).float().weight.dtype
        tinydl.float32
        """
        return self.to(float32)

    def double(self) -> Self:
        """Floating-point parameters and buffers as float64, in place; returns self.

        >>> from tinydl import nn
        >>> nn.Linear(3, 2).double().weight.dtype
        tinydl.float64
        """
        return self.to(float64)

    def half(self) -> Self:
        """Floating-point parameters and buffers as float16, in place; returns self.

        Layers compute in float32 then and round what they find; optimizers want float32.

        >>> from tinydl import nn
        >>> nn.Linear(3, 2).half().weight.dtype
        tinydl.float16
        """
        return self.to(float16)

    def bfloat16(self) -> Self:
        """Floating-point parameters and buffers as bfloat16, in place; returns self.

        Layers compute in float32 then and round what they find; optimizers want float32.

        >>> from tinydl import nn
        >>> nn.Linear(3, 2).bfloat16().weight.dtype
        tinydl.bfloat16
        """
        return self.to(bfloat16)

    def cpu(self) -> Self:
        """Parameters and buffers on the CPU, in place; returns self.

        >>> from tinydl import nn
        >>> nn.Linear(3, 2).cpu().weight.device
        device('cpu')
        """
        return self.to("cpu")

    def cuda(self, device: Any = None) -> Self:
        """Parameters and buffers on the GPU, in place; returns self. As Tensor.cuda."""
        return self.to(device_called("cuda" if device is None else device))

    # --- printing ---------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What a subclass shows between its parentheses.

        >>> from tinydl import nn
        >>> nn.Dropout(0.2).extra_repr()
        'p=0.2, inplace=False'
        """
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


def _name_module(error: Exception, module: Module) -> None:
    """Adds "in Net.features.0: Conv2d(3→8)" to an error that passes through nested modules."""
    if not (error.args and isinstance(error.args[0], str)):
        return
    message, path, culprit, inner = getattr(error, "_module", (error.args[0], "", module, module))
    for name, child in module._modules.items():
        if child is inner:
            path = f".{name}{path}"
    error._module = (message, path, culprit, module)
    where = f"{type(module).__name__}{path}: {_brief(culprit)}" if path else _brief(culprit)
    error.args = (f"{message}\n  in {where}", *error.args[1:])


def _brief(module: Module) -> str:
    """A module in a few words: Linear(3136→128), and of a whole network its class."""
    for what in ("features", "channels"):
        sizes = [getattr(module, f"{end}_{what}", None) for end in ("in", "out")]
        if None not in sizes:
            return f"{type(module).__name__}({sizes[0]}→{sizes[1]})"
    text = repr(module)
    return type(module).__name__ if "\n" in text else text
