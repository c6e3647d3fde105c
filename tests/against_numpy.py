"""What tests of Tensor's methods against NumPy share: numbers, shapes to draw, and a comparison."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis.extra import numpy as hnp

from tinydl import Tensor

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
FULL = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
QUICK = settings(max_examples=40)


def numbers(shape: tuple) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def same(actual: Tensor, expected, rtol: float = 1e-12) -> None:
    expected = np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual.detach().cpu().numpy(), expected, rtol=rtol, atol=rtol)
