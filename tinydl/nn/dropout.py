"""Dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module


class Dropout(Module):
    """In training, each element is 0 with probability p, else x / (1 − p); otherwise y = x.

    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout (JMLR 2014).

    Args:
        p: the probability of 0, from 0 to 1.
        inplace: whether to write to x's own memory.

    Raises:
        ValueError: p outside [0, 1].

    Example:
        >>> import tinydl
        >>> dropout = tinydl.nn.Dropout(0.5)
        >>> dropout.eval()(tinydl.ones(3))
        tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        F.check_probability("Dropout", p)
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
