"""Sorting along one axis, and binary search in what is sorted."""

from __future__ import annotations

from .. import dtypes
from ..array import Array
from ..backend import call
from ..op import op
from .indexed import scatter_zeros


@op
def sort(x, *, dim, descending, count=None):
    """(values, indices): the first `count` along dim in ascending order, or descending; None: all.

    x[…,n,…] of any dtype → values[…,count,…] of x's dtype and indices int64, the places in x that
    they come from. Equal elements stay in the order they had; NaN is above all.
    """
    if not x.shape:
        return x, Array.full((), 0, dtypes.int64, x.backend)
    rows = x.permute(_last(x.ndim, dim)).contiguous()
    shape = (*rows.shape[:-1], rows.shape[-1] if count is None else count)
    values = Array.empty(shape, x.dtype, x.backend)
    indices = Array.empty(shape, dtypes.int64, x.backend)
    call("sort", values, indices, rows, descending)
    back = _from_last(x.ndim, dim)
    return values.permute(back).contiguous(), indices.permute(back).contiguous()


def _sort_rule(g, rest, x_shape, dim):
    return scatter_zeros(g, rest[0], shape=x_shape, dim=dim) if x_shape else g


sort.vjp(x=_sort_rule)


@op
def searchsorted(x, ordered, *, right):
    """y = how many along ordered's last axis are < x, or ≤ x where right: where x would stand.

    x[…,m], ordered[n] or, beside x's rows, ordered[…,n], of one dtype → y[…,m] int64 in 0 … n. NaN
    is above all.
    """
    y = Array.empty(x.shape, dtypes.int64, x.backend)
    call("searchsorted", y, ordered.contiguous(), x.contiguous(), right)
    return y


def _last(ndim: int, dim: int) -> tuple:
    """The permutation that moves an axis behind the others."""
    return (*range(dim), *range(dim + 1, ndim), dim)


def _from_last(ndim: int, dim: int) -> tuple:
    """The one that moves it back."""
    return (*range(dim), ndim - 1, *range(dim, ndim - 1))
