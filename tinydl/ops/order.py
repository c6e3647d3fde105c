"""What follows from the order of elements along the last axis: medians, quantiles, the commonest.

All are made of sort, searchsorted and gather, so gradients go to the elements that were chosen.
Results keep the axis.
"""

from __future__ import annotations

from .. import dtypes
from ..tensor import Tensor
from .elementwise import cast, where
from .indexed import gather
from .reduce import argmax, sum
from .scan import along
from .sort import searchsorted, sort


def _pick(x: Tensor, places: Tensor) -> Tensor:
    """y[…,k] = x[…,places[…,k]]"""
    return gather(x, places, dim=x.ndim - 1)


def _numbers(x: Tensor) -> Tensor:
    """How many along the axis are not NaN."""
    return sum(x == x, dim=(x.ndim - 1,), keepdim=True)


def median(x: Tensor) -> tuple[Tensor, Tensor]:
    """(values, places): the lower one of two in the middle; the first NaN if there is one."""
    dim, n = x.ndim - 1, x.shape[-1]
    places = along(sort(x, dim=dim, descending=False, count=(n + 1) // 2)[1], dim, -1)
    if x.dtype.is_floating_point:
        first_nan = argmax(x, dim=(dim,), keepdim=True)
        places = where(_numbers(x) < n, first_nan, places)
    return _pick(x, places), places


def nanmedian(x: Tensor) -> tuple[Tensor, Tensor]:
    """median() of what is not NaN; NaN where all are."""
    if not x.dtype.is_floating_point:
        return median(x)
    order = sort(x, dim=x.ndim - 1, descending=False)[1]
    middle = (cast(_numbers(x), dtypes.float64) - 1) * 0.5
    places = _pick(order, cast(middle, dtypes.int64))
    return _pick(x, places), places


def quantile(x: Tensor, q: Tensor, interpolation: str, ignore_nan: bool) -> Tensor:
    """y[…,k]: of n elements in order the one at q[k] · (n − 1), or what lies between two."""
    n, numbers = x.shape[-1], _numbers(x)
    ordered = sort(x, dim=x.ndim - 1, descending=False)[0]
    last = cast(numbers, q.dtype) - 1
    at = cast(q * (last if ignore_nan else n - 1.0), dtypes.float64)
    if ignore_nan:
        at = where(numbers == 0, 0.0, at)
    else:
        at = where(numbers < n, n - 1.0, at)  # where NaN is, after all others
    low = cast(at, dtypes.int64)
    part = at - low
    high = low + (part > 0)
    if interpolation == "lower":
        return _pick(ordered, low)
    if interpolation == "higher":
        return _pick(ordered, high)
    if interpolation == "nearest":  # from the middle to the even one
        up = (part > 0.5) | ((part == 0.5) & ((low & 1) == 1))
        return _pick(ordered, where(up, high, low))
    if interpolation == "midpoint":
        part = where(part > 0, 0.5, 0.0)
    below, above = _pick(ordered, low), _pick(ordered, high)
    apart = where(below == above, 0.0, above - below)  # ∞ − ∞ is not meant
    return below + apart * cast(part, x.dtype)


def commonest(x: Tensor) -> tuple[Tensor, Tensor]:
    """(values, places): the commonest, of equally common ones the smallest; its last place."""
    dim = x.ndim - 1
    ordered, order = sort(x.detach(), dim=dim, descending=False)
    first = searchsorted(ordered, ordered, right=False)  # of the run that each is in
    behind = searchsorted(ordered, ordered, right=True)
    best = argmax(behind - first, dim=(dim,), keepdim=True)
    places = _pick(order, _pick(behind, best) - 1)
    return _pick(x, places), places
