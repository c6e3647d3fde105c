"""Sequences, grids and combinations, with PyTorch's names and arguments.

dtype, device and requires_grad are as in creation.py. What is made of tensors is differentiable.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from . import dtypes
from .creation import linspace, tensor
from .device import DeviceLike
from .dtypes import DType
from .joining import stack
from .tensor import Tensor

__all__ = [
    "cartesian_prod", "combinations", "logspace", "meshgrid", "tril_indices", "triu_indices",
    "vander",
]  # fmt: skip


def logspace(
    start: float,
    end: float,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """base to the powers start, …, end: steps numbers, both ends included.

    >>> import tinydl
    >>> tinydl.logspace(0, 3, 4)
    tensor([   1.,   10.,  100., 1000.])
    """
    exponents = linspace(start, end, steps, dtype=dtypes.float64, device="cpu")
    values = np.power(float(base), exponents.numpy())
    dtype = dtypes.get_default_dtype() if dtype is None else dtype
    return tensor(values, dtype=dtype, device=device, requires_grad=requires_grad)


def tril_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: DType = dtypes.int64,
    device: DeviceLike = None,
) -> Tensor:
    """Where a row × col matrix has its lower triangle: y[2, k], rows and columns in reading order.

    Args:
        offset: how many diagonals above the main one belong to it, or if negative are left out.

    Example:
        >>> import tinydl
        >>> tinydl.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    _sizes("tril_indices", row, col)
    return tensor(np.stack(np.tril_indices(row, offset, col)), dtype=dtype, device=device)


def triu_indices(
    row: int,
    col: int,
    offset: int = 0,
    *,
    dtype: DType = dtypes.int64,
    device: DeviceLike = None,
) -> Tensor:
    """Where a row × col matrix has its upper triangle: y[2, k], rows and columns in reading order.

    Args:
        offset: how many diagonals above the main one are left out, or if negative, below it belong.

    Example:
        >>> import tinydl
        >>> tinydl.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    _sizes("triu_indices", row, col)
    return tensor(np.stack(np.triu_indices(row, offset, col)), dtype=dtype, device=device)


def _sizes(op: str, *sizes: int) -> None:
    if any(n < 0 for n in sizes):
        raise ValueError(f"{op}: sizes must be ≥ 0, got {sizes}")


def meshgrid(
    *tensors: Tensor | Sequence[Tensor], indexing: str | None = None
) -> tuple[Tensor, ...]:
    """Coordinates of a grid: for x₀[n₀], x₁[n₁], … views yₖ[n₀, n₁, …] with yₖ[i₀, i₁, …] = xₖ[iₖ].

    Args:
        tensors: vectors, or numbers as 0-d tensors.
        indexing: "ij", which None means, or "xy", where the first two axes change places.

    Raises:
        ValueError: a tensor of more axes, or another indexing.

    Example:
        >>> import tinydl
        >>> x, y = tinydl.meshgrid(tinydl.tensor([1, 2]), tinydl.tensor([3, 4, 5]))
        >>> x
        tensor([[1, 1, 1],
                [2, 2, 2]])
        >>> y
        tensor([[3, 4, 5],
                [3, 4, 5]])
    """
    xs = _together("meshgrid", tensors)
    if indexing not in (None, "ij", "xy"):
        raise ValueError(f"meshgrid: indexing is 'ij' or 'xy', got {indexing!r}")
    shape = tuple(x.numel() for x in xs)
    views = (
        x.reshape(tuple(x.numel() if i == k else 1 for i in range(len(xs)))).expand(shape)
        for k, x in enumerate(xs)
    )
    swap = indexing == "xy" and len(xs) > 1
    return tuple(view.transpose(0, 1) if swap else view for view in views)


def _together(op: str, tensors: tuple) -> tuple:
    """f(x, y) and f([x, y]) mean the same: vectors or 0-d tensors of one dtype."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    if not tensors or not all(isinstance(x, Tensor) for x in tensors):
        raise TypeError(f"{op}: expected one tensor or more, got {tensors!r:.60}")
    if any(x.ndim > 1 for x in tensors) or len({x.dtype for x in tensors}) > 1:
        given = ", ".join(repr(x._array) for x in tensors)
        raise ValueError(f"{op}: expected vectors of one dtype, got {given}")
    return tensors


def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All combinations of one element from each vector: x₀[n₀], … → y[n₀ n₁ …, how many vectors].

    Of a single vector it is the vector.

    >>> import tinydl
    >>> tinydl.cartesian_prod(tinydl.tensor([1, 2]), tinydl.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    xs = _together("cartesian_prod", tensors)
    if len(xs) == 1:
        return xs[0]
    return stack([grid.reshape(-1) for grid in meshgrid(*xs)], dim=1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of r elements of a vector, in order: x[n] → y[how many, r].

    >>> import tinydl
    >>> tinydl.combinations(tinydl.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    if input.ndim != 1:
        raise ValueError(f"combinations: expected a vector, got {input._array}")
    if r < 0:
        raise ValueError(f"combinations: r must be ≥ 0, got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = list(choose(range(input.numel()), r))
    places = np.array(chosen, np.int64).reshape(len(chosen), r)
    index = tensor(places, device=input.device)
    return input.index_select(0, index.reshape(-1)).reshape(index.shape)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of a vector's elements as columns: x[n] → y[n, N], y[i, j] = x[i]^(N − 1 − j).

    Args:
        N: how many columns; n if None.
        increasing: whether the powers go up, y[i, j] = x[i]^j.

    Example:
        >>> import tinydl
        >>> tinydl.vander(tinydl.tensor([1, 2, 3]), increasing=True)
        tensor([[1, 1, 1],
                [1, 2, 4],
                [1, 3, 9]])
    """
    if x.ndim != 1:
        raise ValueError(f"vander: expected a vector, got {x._array}")
    N = x.numel() if N is None else N
    if N < 0:
        raise ValueError(f"vander: N must be ≥ 0, got {N}")
    powers = range(N) if increasing else range(N - 1, -1, -1)
    return x[:, None] ** tensor([*powers], dtype=x.dtype, device=x.device)
