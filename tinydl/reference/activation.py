"""Activations, and their derivatives by the incoming gradient x and the input y."""

from __future__ import annotations

import numpy as np

from .elementwise import sigmoid
from .functions import erfc


def softplus(x):
    """ln (1 + eˣ)"""
    return np.logaddexp(0, x)


def silu(x):
    """x / (1 + e⁻ˣ)"""
    return x * sigmoid(x)


def gelu(x):
    """x · Φ(x)"""
    return x * erfc(-x / np.sqrt(2)) / 2


def gelu_tanh(x):
    """x (1 + tanh u) / 2, u = √(2/π) (x + 0.044715 x³)"""
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def silu_grad(x, y):
    """x · silu′(y)"""
    s = sigmoid(y)
    return x * (s + y * s * (1 - s))


def gelu_grad(x, y):
    """x (Φ(y) + y φ(y))"""
    return x * (erfc(-y / np.sqrt(2)) / 2 + y * np.exp(-y * y / 2) / np.sqrt(2 * np.pi))


def gelu_tanh_grad(x, y):
    """x · gelu_tanh′(y)"""
    c = np.sqrt(2 / np.pi)
    t = np.tanh(c * (y + 0.044715 * y**3))
    return x * ((1 + t) / 2 + y * (1 - t * t) / 2 * c * (1 + 3 * 0.044715 * y * y))
