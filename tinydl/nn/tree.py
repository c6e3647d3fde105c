"""A module and those below it: walking over modules, parameters and buffers by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..tensor import Tensor
    from .module import Module
    from .parameter import Parameter


class TreeMethods:
    """net.parameters(), net.named_modules(), net.apply(fn), …

    Paths are names joined by dots, such as "features.0.weight". What is shared comes once.

    Args:
        prefix: what every path starts with.
        recurse: whether modules below count too.
    """

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """(path, module) of this module, whose path is prefix, and all below it.

        A module that is in several places comes once, or with remove_duplicate=False in each.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> [path for path, _ in net.named_modules()]
        ['', '0', '1']
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> len(list(net.modules()))
        3
        """
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """(name, module) of the modules directly below.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> [name for name, _ in net.named_children()]
        ['0', '1']
        """
        return ((name, module) for name, module in self._modules.items() if module is not None)

    def children(self) -> Iterator[Module]:
        """The modules directly below.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> list(net.children())
        [Linear(in_features=3, out_features=2, bias=True), ReLU()]
        """
        return (module for _, module in self.named_children())

    def _named(self, home: str, prefix: str, recurse: bool) -> Iterator:
        seen = set()
        for path, module in self.named_modules() if recurse else [("", self)]:
            for name, tensor in getattr(module, home).items():
                if tensor is not None and tensor not in seen:
                    seen.add(tensor)
                    yield ".".join(part for part in (prefix, path, name) if part), tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter) of all parameters.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> [(path, p.shape) for path, p in net.named_parameters()]
        [('0.weight', (2, 3)), ('0.bias', (2,))]
        """
        return self._named("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters: what an optimizer is given.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> sum(p.numel() for p in net.parameters())
        8
        """
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer) of all buffers: tensors of the state that are not trained.

        >>> import tinydl
        >>> net = tinydl.nn.Module()
        >>> net.register_buffer("mean", tinydl.zeros(2))
        >>> list(net.named_buffers())
        [('mean', tensor([0., 0.]))]
        """
        return self._named("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers: tensors of the state that are not trained.

        >>> import tinydl
        >>> net = tinydl.nn.Module()
        >>> net.register_buffer("mean", tinydl.zeros(2))
        >>> list(net.buffers())
        [tensor([0., 0.])]
        """
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a path, such as "features.0"; "" is this one.

        Raises:
            AttributeError: there is none.

        Example:
            >>> from tinydl import nn
            >>> nn.Sequential(nn.Linear(3, 2), nn.ReLU()).get_submodule("1")
            ReLU()
        """
        module = self
        for name in filter(None, target.split(".")):
            if name not in module._modules:
                raise AttributeError(
                    f"{type(module).__name__} has no submodule {name!r} ({target})"
                )
            module = module._modules[name]
        return module

    def apply(self, fn: Callable[[Module], object]) -> Self:
        """Calls fn(module) for all modules below and this one last; returns self.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> net = net.apply(lambda module: print(type(module).__name__))
        Linear
        ReLU
        Sequential
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self
