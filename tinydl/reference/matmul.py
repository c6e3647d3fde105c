"""Matrix products."""

from __future__ import annotations

import numpy as np


def _matmul(x, y):
    """z[…,m,n] = Σ_k x[…,m,k] y[…,k,n]"""
    return np.matmul(x, y)


def linear(x, w, b=None):
    """y[…,o] = Σ_i x[…,i] w[o,i] + b[o]"""
    return x @ w.T + (0 if b is None else b)
