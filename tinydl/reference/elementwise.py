"""Elementwise ops: NumPy's own functions under tinydl's names, and what NumPy lacks."""

from __future__ import annotations

import numpy as np

neg, abs, sign, square = np.negative, np.abs, np.sign, np.square
exp, log, sqrt, tanh = np.exp, np.log, np.sqrt, np.tanh
add, sub, mul, div, pow = np.add, np.subtract, np.multiply, np.true_divide, np.power
maximum, minimum = np.maximum, np.minimum
bitwise_and, bitwise_or, bitwise_xor = np.bitwise_and, np.bitwise_or, np.bitwise_xor
lt, le, gt, ge = np.less, np.less_equal, np.greater, np.greater_equal
eq, ne = np.equal, np.not_equal
where = np.where


def sigmoid(x):
    """1 / (1 + e⁻ˣ), as e to the power −ln(e⁰ + e⁻ˣ): no overflow."""
    return np.exp(-np.logaddexp(0, -x))


def relu(x):
    """max(x, 0)"""
    return np.maximum(x, x.dtype.type(0))


def clamp(x, *, min=None, max=None):
    """min(max(x, low), high)"""
    return np.clip(x, min, max)


def relu_grad(x, y):
    """The incoming gradient x where relu's output y is positive."""
    return np.where(y <= 0, 0, x)


def tanh_grad(x, y):
    """x · tanh′ by tanh's output y: x (1 − y²)"""
    return x * (1 - y * y)


def sigmoid_grad(x, y):
    """x · sigmoid′ by sigmoid's output y: x y (1 − y)"""
    return x * y * (1 - y)


def to_dtype(x, *, dtype, source=None):
    """Float → integer cuts the fraction off; anything → bool is "not 0"."""
    return x.astype(dtype.numpy)
