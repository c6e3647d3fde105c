"""Softmax and its logarithm along an axis."""

from __future__ import annotations

import numpy as np


def log_softmax(x, *, dim):
    """x − ln Σ eˣ, with the maximum taken out of the sum first"""
    x = x - np.max(x, axis=dim, keepdims=True, initial=-np.inf)
    return x - np.log(np.sum(np.exp(x), axis=dim, keepdims=True))


def softmax(x, *, dim):
    """eˣ / Σ eˣ"""
    return np.exp(log_softmax(x, dim=dim))


def softmax_grad(gy, y, *, dim):
    """gx = y (gy − Σ gy y)"""
    return y * (gy - np.sum(gy * y, axis=dim, keepdims=True))


def log_softmax_grad(gy, y, *, dim):
    """gx = gy − eʸ Σ gy"""
    return gy - np.exp(y) * np.sum(gy, axis=dim, keepdims=True)
