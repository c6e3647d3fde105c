"""Tensor's methods as functions: tinydl.exp(x) is x.exp(), as in PyTorch.

>>> import tinydl
>>> tinydl.sum(tinydl.tensor([[1, 2], [3, 4]]), dim=0)
tensor([4, 6])
"""

# ruff: noqa: F403
from typing import TYPE_CHECKING

from . import elementwise, whole
from .elementwise import *
from .whole import *

if not TYPE_CHECKING:  # type checkers take all there is; they cannot compute a list
    _NOT_OURS = ("Selecting", "Tensor", "with_out")
    __all__ = [
        name
        for module in (elementwise, whole)
        for name in vars(module)
        if name[0] != "_" and name not in _NOT_OURS
    ]
