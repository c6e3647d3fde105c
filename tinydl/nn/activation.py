"""Activation functions as modules."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module


class ReLU(Module):
    """The rectifier y = max(x, 0), elementwise on any shape.

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.ReLU()(tinydl.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, inplace=self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """The hyperbolic tangent y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), elementwise on any shape.

    >>> import tinydl
    >>> tinydl.nn.Tanh()(tinydl.tensor([0.0, 1.0]))
    tensor([0.    , 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.tanh()


class Sigmoid(Module):
    """The logistic function y = 1 / (1 + e⁻ˣ), elementwise on any shape.

    >>> import tinydl
    >>> tinydl.nn.Sigmoid()(tinydl.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.sigmoid()
