"""Scans along the axis `dim`: element t of the output is made of elements 0 … t of the input."""

from __future__ import annotations

import numpy as np


def cumsum(x, *, dim, reverse):
    """y[t] = x[0] + … + x[t], or x[t] + … + x[n−1]"""
    x = np.flip(x, dim) if reverse else x
    y = np.cumsum(x, dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)
    return np.flip(y, dim) if reverse else y


def cumprod(x, *, dim):
    """y[t] = x[0] · … · x[t]"""
    return np.cumprod(x, dim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)


def _best(better, x, dim):
    """Step by step: the last of equal ones, the last NaN."""
    x = np.moveaxis(x, dim, 0)
    values, places = np.array(x), np.zeros(x.shape, np.int64)
    for t in range(1, len(x)):
        take = better(x[t], values[t - 1]) | np.isnan(x[t])
        values[t] = np.where(take, x[t], values[t - 1])
        places[t] = np.where(take, t, places[t - 1])
    return np.moveaxis(values, 0, dim), np.moveaxis(places, 0, dim)


def cummax(x, *, dim):
    """(value, place) of max x[0 … t]"""
    return _best(np.greater_equal, x, dim)


def cummin(x, *, dim):
    """(value, place) of min x[0 … t]"""
    return _best(np.less_equal, x, dim)


def logcumsumexp(x, *, dim):
    """y[t] = ln (eˣ⁰ + … + eˣᵗ)"""
    return np.logaddexp.accumulate(x, dim)


def recurrence(a, b, *, dim, reverse):
    """y[t] = a[t] y[t−1] + b[t]; reverse: y[t] = a[t+1] y[t+1] + b[t]"""
    a, b = np.moveaxis(a, dim, 0), np.moveaxis(b, dim, 0)
    y, n = np.array(b), len(b)
    for t in range(n - 2, -1, -1) if reverse else range(1, n):
        y[t] = a[t + 1] * y[t + 1] + b[t] if reverse else a[t] * y[t - 1] + b[t]
    return np.moveaxis(y, 0, dim)
