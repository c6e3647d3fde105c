"""Functions of real numbers: NumPy's and Python's own, and what both lack."""

from __future__ import annotations

import math

import numpy as np

exp2, expm1, log2, log10, log1p = np.exp2, np.expm1, np.log2, np.log10, np.log1p
logaddexp, logaddexp2, hypot = np.logaddexp, np.logaddexp2, np.hypot
sin, cos, tan, atan2 = np.sin, np.cos, np.tan, np.arctan2
asin, acos, atan = np.arcsin, np.arccos, np.arctan
sinh, cosh, asinh, acosh, atanh = np.sinh, np.cosh, np.arcsinh, np.arccosh, np.arctanh
erf, erfc, lgamma = (np.vectorize(f, otypes=[float]) for f in (math.erf, math.erfc, math.lgamma))


def rsqrt(x):
    """1 / √x"""
    return 1 / np.sqrt(x)


def reciprocal(x):
    """1 / x"""
    return 1 / x


def erfinv(x):
    """y with erf y = x, by Newton's steps from 0."""
    y = np.zeros_like(x)
    for _ in range(50):
        y = y - (erf(y) - x) * np.sqrt(np.pi) / 2 * np.exp(y * y)
    return y


def xlogy(x, y):
    """x · ln y, and 0 where x is 0 and y is a number"""
    return np.where((x == 0) & (y == y), 0, x * np.log(y))


def xlog1py(x, y):
    """x · ln (1 + y), and 0 where x is 0 and y is a number"""
    return np.where((x == 0) & (y == y), 0, x * np.log1p(y))
