"""Sorting along the axis `dim`, and searching in what is sorted."""

from __future__ import annotations

import numpy as np


def sort(x, *, dim, descending, count):
    """(values, places): the first `count` in order, equal ones as they were, NaN above all"""
    rank = np.unique(x, return_inverse=True)[1].reshape(x.shape)  # counts NaN as the largest
    order = np.argsort(-rank if descending else rank, dim, kind="stable")
    order = np.take(order, range(x.shape[dim] if count is None else count), dim)
    return np.take_along_axis(x, order, dim), order


def searchsorted(x, ordered, *, right):
    """How many along ordered's last axis are < x, or ≤ x"""
    ordered, out = np.sort(ordered, -1), np.zeros(x.shape, np.int64)
    for row in np.ndindex(x.shape[:-1]):
        among = ordered if ordered.ndim == 1 else ordered[row]
        out[row] = np.searchsorted(among, x[row], "right" if right else "left")
    return out
