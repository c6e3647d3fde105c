"""Winograd's convolutions (native/cpu/winograd.inl): how exact they are, and what ∞ and NaN do.

Their errors are bounded by the largest numbers of a tile of 6×6 inputs, those of the plain sum by
the 3×3 that it adds. float64 is summed plainly, and is what is compared with.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import tinydl
from tinydl import backend, ops

ROUNDING = 2.0**-24
WORST, SPARSE = 32, 256  # roundings of the tile's sum: what conv2d_winograd.inl promises
PARAMS = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}

# images, channels, side, filters: filters first, tiles first, edges, and one image
SHAPES = [(4, 64, 32, 64), (8, 512, 4, 512), (3, 40, 15, 50), (1, 16, 33, 130)]

KINDS = {
    "normal": lambda rng, shape: rng.normal(0, 1, shape),
    "rectified": lambda rng, shape: np.maximum(rng.normal(0, 1, shape), 0),
    "far from 0": lambda rng, shape: rng.normal(10, 1, shape),
    "of one sign": lambda rng, shape: rng.uniform(0.5, 3, shape),
    "of many sizes": lambda rng, shape: rng.normal(0, 1, shape) * 10.0 ** rng.uniform(-4, 4, shape),
}


def draw(kind: str, shape: tuple) -> list[np.ndarray]:
    """x, w and gy."""
    n, c, side, k = shape
    rng = np.random.default_rng(3)
    shapes = [(n, c, side, side), (k, c, 3, 3), (n, k, side, side)]
    x, w, gy = (KINDS[kind](rng, shape).astype(np.float32) for shape in shapes)
    return [x, (w * (9 * c) ** -0.5).astype(np.float32), gy]


def forward(x, w, gy):
    return ops.conv.conv2d(x, w, None, **PARAMS)


def input_gradient(x, w, gy):
    return ops.conv.conv2d_input(gy, w, shape=x.shape, **PARAMS)


def weight_gradient(x, w, gy):
    return ops.conv.conv2d_weight(x, gy, shape=w.shape, **PARAMS)


FUNCTIONS = [forward, input_gradient, weight_gradient]


def call(function, arrays, dtype=np.float32, device="cpu") -> np.ndarray:
    return function(*(tinydl.tensor(a.astype(dtype), device=device) for a in arrays)).numpy()


def largest(x: np.ndarray, padding: int, side: int) -> np.ndarray:
    """The largest magnitude in each tile of side×side: [n, c, tiles down, tiles across]."""
    missing = -x.shape[-1] % 4 + padding
    x = np.pad(np.abs(x), ((0, 0), (0, 0), (padding, missing), (padding, missing)))
    return sliding_window_view(x, (side, side), axis=(2, 3))[:, :, ::4, ::4].max((4, 5))


def tile_sums(function, x, w, gy) -> np.ndarray:
    """What errors of each output are measured by."""
    if function is weight_gradient:
        sums = np.einsum("nkij,ncij->kc", 16 * largest(gy, 0, 4), largest(x, 1, 6), optimize=True)
        return sums[:, :, None, None]
    weights = np.abs(w).sum((2, 3))
    if function is input_gradient:
        x, weights = gy, weights.T
    sums = np.einsum("ncij,kc->nkij", largest(x, 1, 6), weights, optimize=True)
    side = x.shape[-1]
    return sums.repeat(4, 2).repeat(4, 3)[:, :, :side, :side]


@pytest.mark.parametrize("isa", backend.usable())
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_errors_are_bounded(shape, function, kind, isa):
    arrays = [x.astype(np.float64) for x in draw(kind, shape)]
    error = np.abs(call(function, arrays, device=f"cpu:{isa}") - call(function, arrays, np.float64))
    assert (error / tile_sums(function, *arrays)).max() <= WORST * ROUNDING


@pytest.mark.parametrize("isa", backend.usable())
@pytest.mark.parametrize("tap", [(0, 0), (1, 1), (2, 0)])
@pytest.mark.parametrize("function", [forward, input_gradient])
def test_errors_of_filters_of_one_tap(function, tap, isa):
    """Of which the plain sum has a single product: nothing levels the transforms' errors out."""
    rng = np.random.default_rng(136)
    x, gy = (rng.choice([-1, 1], (4, 32, 32, 32)) * (1 - 1e-5 * rng.random()) for _ in range(2))
    w = np.zeros((32, 32, 3, 3))
    w[np.arange(32), rng.permutation(32), tap[0], tap[1]] = rng.normal(0, 1, 32)
    arrays = [a.astype(np.float32).astype(np.float64) for a in (x, w, gy)]
    error = np.abs(call(function, arrays, device=f"cpu:{isa}") - call(function, arrays, np.float64))
    assert (error / tile_sums(function, *arrays)).max() <= SPARSE * ROUNDING


@pytest.mark.parametrize("isa", backend.usable())
@pytest.mark.parametrize("kind", ["normal", "rectified"])
@pytest.mark.parametrize("function", [forward, input_gradient])
@pytest.mark.parametrize("shape", SHAPES)
def test_errors_are_below_what_people_test_with(shape, function, kind, isa):
    """The tolerances that PyTorch's tests compare float32 with."""
    arrays = draw(kind, shape)
    actual = call(function, arrays, device=f"cpu:{isa}")
    np.testing.assert_allclose(actual, call(function, arrays, np.float64), rtol=1.3e-6, atol=1e-5)


@pytest.mark.parametrize("isa", backend.usable())
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 3e38])
@pytest.mark.parametrize("of", ["x", "w", "gy"])
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("k", [40, 140])  # filters first, tiles first
def test_what_is_not_finite_reaches_what_sees_it(k, function, of, value, isa):
    arrays = draw("normal", (4, 32, 15, k))
    arrays[["x", "w", "gy"].index(of)][1, 5, 2, 1] = value
    with np.errstate(all="ignore"):
        expected = call(function, arrays, np.float64).astype(np.float32)
    actual = call(function, arrays, device=f"cpu:{isa}")
    for what in (np.isnan, np.isposinf, np.isneginf):
        np.testing.assert_array_equal(what(actual), what(expected))
    if value != 3e38:  # whose tile has errors of its size
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)
