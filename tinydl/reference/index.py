"""Parts of a tensor. A normalized key has per axis an int, None or (start, step, count)."""

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


def getitem(x, *, key):
    """x[key]"""
    return x[_numpy_key(key)]


def getitem_grad(gy, *, key, shape):
    """Zeros, with gy at [key]"""
    gx = np.zeros(shape, gy.dtype)
    gx[_numpy_key(key)] = gy
    return gx


def assign(x, v, *, key):
    """x with v at [key]"""
    y = x.copy()
    y[_numpy_key(key)] = v
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
