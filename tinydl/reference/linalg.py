"""Linear algebra: LAPACK's, as NumPy has it."""

from __future__ import annotations

import numpy as np


def inv(x):
    """x⁻¹"""
    return np.linalg.inv(x)


def solve(a, b):
    """the y with a y = b"""
    return np.linalg.solve(a, b)


def det(x):
    """|x|"""
    return np.linalg.det(x)


def cofactors(x):
    """y[i,j] = (−1)^(i+j) times the determinant of x without row i and column j"""
    n = x.shape[-1]
    y = np.empty_like(x)
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(x, i, -2), j, -1)
            y[..., i, j] = (-1) ** (i + j) * np.linalg.det(minor)
    return y


def logabsdet(x):
    """(ln |det x|, its sign)"""
    return np.linalg.slogdet(x)[::-1]


def pinv(x, rtol):
    """V diag(1/s) Uᵀ, where s counts"""
    return np.linalg.pinv(x, rtol)


def cholesky(x):
    """the lower triangular L with L Lᵀ = x"""
    return np.linalg.cholesky(x)


def qr(x, complete):
    """Q, R with Q R = x"""
    return tuple(np.linalg.qr(x, "complete" if complete else "reduced"))


def eigh(x):
    """λ, Q with Q diag(λ) Qᵀ = x"""
    return tuple(np.linalg.eigh(x))


def svd(x, full):
    """U, S, Vᵀ with U diag(S) Vᵀ = x"""
    return tuple(np.linalg.svd(x, full))
