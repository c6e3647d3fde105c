"""The same values in another shape, order or place."""

from __future__ import annotations

import numpy as np


def to_device(x, *, device, source):
    """A copy"""
    return x.copy()


def contiguous(x):
    """A copy"""
    return x.copy()


def _view(x, *, shape):
    """The elements in reading order"""
    return x.reshape(shape)


def permute(x, *, dims):
    """y's axis i is x's axis dims[i]."""
    return np.transpose(x, dims)


def expand(x, *, shape):
    """Axes of size 1, and new ones on the left, repeated"""
    return np.broadcast_to(x, shape)


def cat(*xs, dim):
    """One after the other along dim"""
    return np.concatenate(xs, axis=dim)


def as_strided(x, *, shape, strides, offset, own):
    """The memory of a dense x, element by element"""
    memory, at = x.ravel(), np.indices(shape)
    return memory[offset + np.tensordot(np.array(strides, int), at, 1)]
