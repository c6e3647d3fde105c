"""Pooling, one window at a time: x[n,c,h,w] → y[n,c,p,q]."""

from __future__ import annotations

import numpy as np

from .index import places


def _pool(size, window, stride, padding, dilation, ceil_mode):
    """Per output along one axis: the elements its window meets; and with padding, how many."""
    steps = (size + 2 * padding - dilation * (window - 1) - 1) / stride
    outputs = int(np.ceil(steps) if ceil_mode else np.floor(steps)) + 1
    if ceil_mode and (outputs - 1) * stride >= size + padding:
        outputs -= 1  # a window must start inside
    places = np.arange(outputs)[:, None] * stride - padding + np.arange(window) * dilation
    met = [row[(row >= 0) & (row < size)] for row in places]
    return met, [int((row < size + padding).sum()) for row in places]


def max_pool2d(x, *, window, stride, padding, dilation, ceil_mode):
    """(y, idx): the largest of each window and its place in the plane h·w, the first of equals"""
    n, c, h, w = x.shape
    rows, columns = (
        _pool(x.shape[2 + i], window[i], stride[i], padding[i], dilation[i], ceil_mode)[0]
        for i in (0, 1)
    )
    y = np.empty((n, c, len(rows), len(columns)), x.dtype)
    idx = np.empty(y.shape, np.int32)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            place = (row[:, None] * w + column).ravel()
            values = x.reshape(n, c, h * w)[:, :, place]
            idx[:, :, i, j] = place[values.argmax(-1)]
            y[:, :, i, j] = values.max(-1)
    return y, idx


def max_pool2d_scatter(gy, idx, *, shape):
    """gx = 0; gx[plane][idx] += gy[plane]"""
    n, c, h, w = shape
    p, q = idx.shape[2:]
    gx = np.zeros((n, c, h * w), gy.dtype)
    np.add.at(gx, places(idx.reshape(n, c, p * q), 2), gy.reshape(n, c, p * q))
    return gx.reshape(shape)


def max_pool2d_gather(x, idx):
    """y[plane] = x[plane][idx]"""
    n, c, h, w = x.shape
    p, q = idx.shape[2:]
    return x.reshape(n, c, h * w)[places(idx.reshape(n, c, p * q), 2)].reshape(idx.shape)


def _average(shape, window, stride, padding, ceil_mode, count_include_pad, divisor):
    """(i, j), the block of x that it averages, and what the sum is divided by."""
    (rows, tall), (columns, wide) = (
        _pool(shape[2 + i], window[i], stride[i], padding[i], 1, ceil_mode) for i in (0, 1)
    )
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            count = tall[i] * wide[j] if count_include_pad else len(row) * len(column)
            block = (slice(None), slice(None), row[:, None], column)
            yield (i, j), block, divisor or count


def avg_pool2d(x, *, window, stride, padding, ceil_mode, count_include_pad, divisor):
    """y = Σ window / its number of elements"""
    found = _average(x.shape, window, stride, padding, ceil_mode, count_include_pad, divisor)
    means = {at: x[block].sum((2, 3)) / count for at, block, count in found}
    p, q = (last + 1 for last in list(means)[-1])
    return np.stack(list(means.values()), axis=-1).reshape(*x.shape[:2], p, q)


def avg_pool2d_input(gy, *, shape, window, stride, padding, ceil_mode, count_include_pad, divisor):
    """gx[window] += gy / its number of elements"""
    gx = np.zeros(shape, gy.dtype)
    found = _average(shape, window, stride, padding, ceil_mode, count_include_pad, divisor)
    for (i, j), block, count in found:
        gx[block] += gy[:, :, i, j, None, None] / count
    return gx
