"""Modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, overload

from . import fused
from .module import Module

if TYPE_CHECKING:
    from typing_extensions import Self


class _Children(Module):
    """Submodules under the names "0", "1", …"""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index):
        if isinstance(index, slice):
            return self._of(list(self._modules.items())[index])
        return list(self)[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self._modules[list(self._modules)[index]] = module

    def append(self, module: Module) -> Self:
        """Adds a module at the end; returns self.

        >>> from tinydl import nn
        >>> len(nn.ModuleList([nn.ReLU()]).append(nn.Tanh()))
        2
        """
        names = map(str, count(len(self)))  # a part of a Sequential has names from its middle
        self.add_module(next(name for name in names if name not in self._modules), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Adds modules at the end; returns self.

        >>> from tinydl import nn
        >>> len(nn.ModuleList().extend([nn.ReLU(), nn.Tanh()]))
        2
        """
        for module in modules:
            self.append(module)
        return self


class Sequential(_Children):
    """Calls its modules one after the other, y = fₙ(… f₁(x)).

    Args:
        modules: modules, called "0", "1", … in parameters; or one dict that gives them names.

    Example:
        >>> from tinydl import nn
        >>> nn.Sequential(nn.Linear(4, 3), nn.ReLU())
        Sequential(
          (0): Linear(in_features=4, out_features=3, bias=True)
          (1): ReLU()
        )
    """

    def __init__(self, *modules: Module | dict[str, Module]):
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], dict):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            self.extend(modules)

    @staticmethod
    def _of(named: list) -> Sequential:
        return Sequential(dict(named))  # so that what was saved of the whole fits the part

    def forward(self, input: Any) -> Any:
        layers, at = [*self._modules.values()], 0
        while at < len(layers):
            then = fused.after(layers, at)
            input = fused.call(layers[at], then, input) if then else layers[at](input)
            at += 1 + len(then)
        return input


class ModuleList(_Children):
    """A list of modules that parameters() and state_dict() see; it has no forward() of its own.

    >>> from tinydl import nn
    >>> layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    """

    def __init__(self, modules: Iterable[Module] = ()):
        super().__init__()
        self.extend(modules)

    @staticmethod
    def _of(named: list) -> ModuleList:
        return ModuleList(module for _, module in named)
