"""What tests against NumPy share: numbers, shapes to draw, and how near results have to be."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis.extra import numpy as hnp

from tinydl import Tensor, finfo, float32

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
FULL = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
QUICK = settings(max_examples=40)


def numbers(shape: tuple) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def same(actual: Tensor, expected, rtol: float | None = None) -> None:
    """One shape, and one value at each place but for a few roundings of the dtype."""
    expected = np.asarray(expected)
    rtol = rtol or (1e-6 if actual.dtype is float32 else 1e-12)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual.detach().cpu().numpy(), expected, rtol=rtol, atol=rtol)


def rounded_once(actual: Tensor, exact: np.ndarray, size: np.ndarray) -> None:
    """Sums of products taken about as precisely as in float32, and then rounded to actual's dtype.

    size is the sum of the products' sizes: what one rounding of such a sum is measured by.
    """
    assert actual.shape == exact.shape
    error = np.abs(actual.detach().double().cpu().numpy() - exact)
    half_a_place = finfo(actual.dtype).eps / 2 * np.abs(exact)
    assert (error <= half_a_place + 1e-6 * size + 1e-38).all()
