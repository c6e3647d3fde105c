"""Whole numbers: NumPy's functions under PyTorch's names."""

from __future__ import annotations

import numpy as np

floor, ceil, trunc, round = np.floor, np.ceil, np.trunc, np.round
floor_divide, remainder, fmod = np.floor_divide, np.remainder, np.fmod
gcd, left_shift, right_shift = np.gcd, np.left_shift, np.right_shift
copysign, nextafter = np.copysign, np.nextafter


def trunc_divide(x, y):
    """x / y without its fraction"""
    return (x - np.fmod(x, y)) // y if x.dtype.kind in "iu" else np.trunc(x / y)
