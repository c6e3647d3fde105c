"""Layers that only change the shape."""

from __future__ import annotations

from ..tensor import Tensor
from .module import Module


class Flatten(Module):
    """Axes start_dim to end_dim become one, x[n,c,h,w] → y[n,c·h·w] by default.

    >>> import tinydl
    >>> tinydl.nn.Flatten()(tinydl.zeros(8, 3, 4, 4)).shape
    (8, 48)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One axis becomes several, x[n,c·h·w] → y[n,c,h,w] for dim 1 and sizes (c, h, w).

    Args:
        dim: the axis.
        unflattened_size: what it becomes; one size may be −1.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Unflatten(1, (3, 4, 4))(tinydl.zeros(8, 48)).shape
        (8, 3, 4, 4)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]):
        super().__init__()
        self.dim, self.unflattened_size = dim, tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
