"""Reductions over the axes of `dim`, a tuple."""

from __future__ import annotations

import numpy as np


def sum(x, *, dim, keepdim):
    """Σ x; integers and bools in int64"""
    dtype = x.dtype if x.dtype.kind == "f" else np.int64
    return np.sum(x, axis=dim, keepdims=keepdim, dtype=dtype)


def prod(x, *, dim, keepdim):
    """Π x; integers and bools in int64"""
    dtype = x.dtype if x.dtype.kind == "f" else np.int64
    return np.prod(x, axis=dim, keepdims=keepdim, dtype=dtype)


def amax(x, *, dim, keepdim):
    """max x; NaN if one is"""
    return np.max(x, axis=dim, keepdims=keepdim)


def amin(x, *, dim, keepdim):
    """min x; NaN if one is"""
    return np.min(x, axis=dim, keepdims=keepdim)


def _winner(arg, x, dim, keepdim):
    """np.argmax or np.argmin over several axes at once: they become one, in reading order."""
    kept = [axis for axis in range(x.ndim) if axis not in dim]
    reduced = int(np.prod([x.shape[axis] for axis in dim]))
    rows = np.transpose(x, (*kept, *dim)).reshape(*[x.shape[axis] for axis in kept], reduced)
    place = arg(rows, axis=-1)
    return np.expand_dims(place, dim) if keepdim else place


def argmax(x, *, dim, keepdim):
    """Where the maximum is: the first of equal ones, the first NaN"""
    return _winner(np.argmax, x, dim, keepdim)


def argmin(x, *, dim, keepdim):
    """Where the minimum is: the first of equal ones, the first NaN"""
    return _winner(np.argmin, x, dim, keepdim)


def max(x, *, dim, keepdim):
    """(value, place) of the maximum"""
    return amax(x, dim=dim, keepdim=keepdim), argmax(x, dim=dim, keepdim=keepdim)


def min(x, *, dim, keepdim):
    """(value, place) of the minimum"""
    return amin(x, dim=dim, keepdim=keepdim), argmin(x, dim=dim, keepdim=keepdim)
