"""2-D convolution and its two gradients, as sums over windows.

Letters: input n c h w, filter k c r s, output n k p q, groups g.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .pool import max_pool2d


def _windows(x, window, stride, padding, dilation, groups):
    """windows[n,g,c,p,q,r,s] = padded x[n, g·c, p·stride + r·dilation, q·stride + s·dilation]"""
    edge = [(0, 0), (0, 0), *((p, p) for p in padding)]
    span = [d * (size - 1) + 1 for size, d in zip(window, dilation, strict=True)]
    all_places = sliding_window_view(np.pad(x, edge), span, axis=(2, 3))
    windows = all_places[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]
    n, c, *rest = windows.shape
    return windows.reshape(n, groups, c // groups, *rest)


def conv2d(x, w, b=None, *, stride, padding, dilation, groups):
    """y[n,k,p,q] = Σ_{c,r,s} x[n, c, p·stride − padding + r·dilation, …] w[k,c,r,s] + b[k]"""
    k, c, r, s = w.shape
    windows = _windows(x, (r, s), stride, padding, dilation, groups)
    filters = w.reshape(groups, k // groups, c, r, s)
    y = np.einsum("ngcpqrs,gkcrs->ngkpq", windows, filters)
    n, _, _, p, q = y.shape
    return y.reshape(n, k, p, q) + (0 if b is None else b[:, None, None])


def conv2d_relu(x, w, b=None, *, pool=None, **window):
    """y = max_pool2d(max(conv2d(x, w, b), 0))"""
    y = np.maximum(conv2d(x, w, b, **window), 0)
    return max_pool2d(y, **pool)[0] if pool else y


def conv2d_weight(x, gy, *, shape, stride, padding, dilation, groups):
    """gw[k,c,r,s] = Σ_{n,p,q} x[n, c, p·stride − padding + r·dilation, …] gy[n,k,p,q]"""
    n, k, p, q = gy.shape
    windows = _windows(x, shape[2:], stride, padding, dilation, groups)
    gy = gy.reshape(n, groups, k // groups, p, q)
    return np.einsum("ngcpqrs,ngkpq->gkcrs", windows, gy).reshape(shape)


def conv2d_input(gy, w, *, shape, stride, padding, dilation, groups):
    """gx[n, c, p·stride − padding + r·dilation, …] += gy[n,k,p,q] w[k,c,r,s], tap by tap"""
    n, c, h, width = shape
    k, _, r, s = w.shape
    p, q = gy.shape[2:]
    gy = gy.reshape(n, groups, k // groups, p, q)
    filters = w.reshape(groups, k // groups, c // groups, r, s)
    padded = np.zeros((n, c, h + 2 * padding[0], width + 2 * padding[1]), gy.dtype)
    for i in range(r):
        for j in range(s):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + p * stride[0], stride[0])
            columns = slice(left, left + q * stride[1], stride[1])
            tap = np.einsum("ngkpq,gkc->ngcpq", gy, filters[..., i, j])
            padded[:, :, rows, columns] += tap.reshape(n, c, p, q)
    return padded[:, :, padding[0] : padding[0] + h, padding[1] : padding[1] + width]
