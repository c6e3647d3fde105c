"""Tensors as sets of their elements, or of their slices: which are equal, how often each is there.

All are made of sort, cumsum and nonzero. How many there are decides the result's shape: that one
number is read from the device.
"""

from __future__ import annotations

from math import inf

from .. import dtypes
from ..array import Array
from ..tensor import Tensor
from .indexed import gather, nonzero
from .reduce import sum
from .scan import along, cumsum
from .shape import cat, expand, reshape
from .sort import sort


def _counting(n: int, like: Tensor) -> Tensor:
    """1, 2, …, n on like's device."""
    one = Tensor(Array.full((1,), 1, dtypes.int64, like._array.backend))
    return cumsum(expand(one, shape=(n,)), dim=0)


def runs(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Of rows[n, m] in runs of equal ones: (first[k], number[n], count[k]), where each run begins,
    which run a row is in, and how long each is."""
    n = rows.shape[0]
    one = Tensor(Array.full((min(n, 1),), 1, dtypes.bool_, rows._array.backend))
    fresh = along(rows, 0, 1) != along(rows, 0, 0, -1)
    fresh = cat(one, sum(fresh, dim=(1,), keepdim=False) > 0, dim=0)
    first = nonzero(fresh).squeeze(1)
    end = Tensor(Array.full((min(n, 1),), n, dtypes.int64, rows._array.backend))
    count = cat(along(first, 0, 1), end, dim=0) - first
    return first, cumsum(fresh, dim=0) - 1, count


def lexicographic_order(rows: Tensor) -> Tensor:
    """The order of rows[n, m] by their first element, then their second, …: sorted by the last
    column first, stably."""
    n, m = rows.shape
    order = _counting(n, rows) - 1
    for column in range(m - 1, -1, -1):
        keys = gather(reshape(along(rows, 1, column, column + 1), shape=(n,)), order, dim=0)
        order = gather(order, sort(keys, dim=0, descending=False)[1], dim=0)
    return order


def bin_range(name: str, x: Tensor, bins: int, low: float, high: float) -> tuple[float, float]:
    """Where the first bin begins and the last one ends: x's own range if both are 0."""
    if bins < 1:
        raise ValueError(f"{name}: bins must be at least 1, got {bins}")
    if low == high == 0 and x.numel():
        low, high = x.min().item(), x.max().item()
    if low == high:
        low, high = low - 1, high + 1
    if not -inf < low < high < inf:
        raise ValueError(f"{name}: expected finite min ≤ max, got {low} and {high}")
    return low, high
