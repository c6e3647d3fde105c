"""The cross entropy of class labels."""

from __future__ import annotations

import numpy as np


def cross_entropy(x, target, *, ignore_index):
    """(loss, lse): loss[n] = lse[n] − x[n,target[n]], lse[n] = ln Σ_c eˣ[n,c]; 0 where ignored"""
    ignored = target == ignore_index
    chosen = np.take_along_axis(x, np.where(ignored, 0, target)[:, None], axis=1)[:, 0]
    lse = np.logaddexp.reduce(x, axis=1)
    return np.where(ignored, 0, lse - chosen), lse


def cross_entropy_mean(x, target, *, ignore_index):
    """(mean, count, lse): mean = Σ_n loss[n] / count over the rows that are not ignored"""
    loss, lse = cross_entropy(x, target, ignore_index=ignore_index)
    count = np.sum(target != ignore_index, dtype=x.dtype)
    return loss.sum() / count, count, lse


def cross_entropy_grad(gy, x, lse, target, *, ignore_index):
    """gx[n,c] = gy[n] (e^(x[n,c] − lse[n]) − [c = target[n]]); 0 where ignored"""
    hit = target[:, None] == np.arange(x.shape[1])
    gx = gy[:, None] * (np.exp(x - lse[:, None]) - hit)
    return np.where((target == ignore_index)[:, None], 0, gx)
