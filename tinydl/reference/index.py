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


def _places(idx, ndim, *, axes, place):
    """For each axis of the indexed tensor where idx points to: its index, or its own place."""
    rows = idx if len(axes) > 1 else idx[None]
    ours = list(np.indices(rows[0].shape))
    del ours[place : place + len(ours) - (ndim - len(axes))]
    rows = iter(rows)
    ours = iter(ours)
    return tuple(next(rows) if axis in axes else next(ours) for axis in range(ndim))


def pick(x, idx, *, axes, place, wrap, once=False):
    """y[b…,r…] = x[i₀,…,r…]"""
    return x[_places(idx, x.ndim, axes=axes, place=place)]


def put_zeros(v, idx, *, shape, axes, place, wrap, once=False):
    """y[i₀,…,r…] += v[b…,r…], starting from zeros"""
    y = np.zeros(shape, v.dtype)
    np.add.at(y, _places(idx, y.ndim, axes=axes, place=place), v)
    return y


def _put(how, x, v, idx, *, key, axes, place, wrap, once=False):
    y = x.copy()
    part = _part(y, key)
    how(part, _places(idx, part.ndim, axes=axes, place=place), v)
    return y


def put(x, v, idx, **at):
    """x, then y[i₀,…,r…] = v[b…,r…]"""
    return _put(np.ndarray.__setitem__, x, v, idx, **at)


def put_add(x, v, idx, **at):
    """x, then y[i₀,…,r…] += v[b…,r…]"""
    return _put(np.add.at, x, v, idx, **at)


def put_prod(x, v, idx, **at):
    """x, then y[i₀,…,r…] *= v[b…,r…]"""
    return _put(np.multiply.at, x, v, idx, **at)


def put_amax(x, v, idx, **at):
    """x, then y[i₀,…,r…] = max(y[i₀,…,r…], v[b…,r…])"""
    return _put(np.maximum.at, x, v, idx, **at)


def put_amin(x, v, idx, **at):
    """x, then y[i₀,…,r…] = min(y[i₀,…,r…], v[b…,r…])"""
    return _put(np.minimum.at, x, v, idx, **at)


def nonzero(x):
    """The places of what is not 0"""
    return np.argwhere(x)
