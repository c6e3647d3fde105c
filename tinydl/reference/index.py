"""Parts of a tensor. A normalized key has per axis an int, None or (start, step, count), or it is
(offset, dim1, dim2) of a diagonal."""

from __future__ import annotations

import numpy as np


def _numpy_key(key):
    """Per axis: an int, None, or (start, step, count) as the slice that it was."""
    out = []
    for part in key:
        if isinstance(part, tuple):
            start, step, count = part
            stop = start + step * count
            part = slice(start, None if stop < 0 else stop, step) if count else slice(0, 0)
        out.append(part)
    return tuple(out)


def _part(x, key):
    """x[key] as a view"""
    if hasattr(key, "offset"):
        part = np.diagonal(x, *key)
        part.flags.writeable = x.flags.writeable  # NumPy's is read-only
        return part
    return x[(*_numpy_key(key), ...)]  # a view, also of a single element


def getitem(x, *, key):
    """x[key]"""
    return _part(x, key)


def getitem_grad(gy, *, key, shape):
    """Zeros, with gy at [key]"""
    gx = np.zeros(shape, gy.dtype)
    _part(gx, key)[...] = gy
    return gx


def assign(x, v, *, key):
    """x with v at [key]"""
    y = x.copy()
    _part(y, key)[...] = v
    return y


def places(index, dim):
    """For every element of the index where it points to: its own place, but index along dim."""
    at = list(np.indices(index.shape))
    at[dim] = index
    return tuple(at)


def gather(x, index, *, dim):
    """y[…,i,…] = x[…,index[…,i,…],…]"""
    return x[places(index, dim)]


def scatter_zeros(x, index, *, shape, dim):
    """y[…,index[…,i,…],…] += x[…,i,…], starting from zeros"""
    y = np.zeros(shape, x.dtype)
    np.add.at(y, places(index, dim), x)
    return y
