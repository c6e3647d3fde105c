"""The ways in which a tensor may lie in memory: what every op must read alike."""

from __future__ import annotations

import numpy as np

import tinydl
from tinydl import Tensor


def _contiguous(x: np.ndarray, device) -> Tensor:
    return tinydl.tensor(x, device=device)


def _transposed(x: np.ndarray, device) -> Tensor:
    """Axes in memory in reverse order."""
    return tinydl.tensor(x.T, device=device).T


def _sliced(x: np.ndarray, device) -> Tensor:
    """Every second element of each axis of something larger."""
    around = np.ones([2 * n + 3 for n in x.shape], x.dtype)
    every_second = tuple(slice(1, 1 + 2 * n, 2) for n in x.shape)
    around[every_second] = x
    return tinydl.tensor(around, device=device)[every_second]


def _reversed(x: np.ndarray, device) -> Tensor:
    """Negative strides."""
    backwards = (slice(None, None, -1),) * x.ndim
    return tinydl.tensor(x[backwards], device=device)[backwards]


def _first(x: np.ndarray) -> np.ndarray:
    """The last axis with several elements cut to its first one."""
    axis = max((i for i, n in enumerate(x.shape) if n > 1), default=None)
    return x if axis is None else x.take([0], axis)


def _expanded(x: np.ndarray, device) -> Tensor:
    """Stride 0 along one axis, where all elements are like the first."""
    return tinydl.tensor(_first(x), device=device).expand(x.shape)


LAYOUTS = {
    "contiguous": _contiguous,
    "transposed": _transposed,
    "sliced": _sliced,
    "reversed": _reversed,
    "expanded": _expanded,
}


def lay_out(x: np.ndarray | None, layout: str, device) -> tuple[np.ndarray | None, Tensor | None]:
    """The values x can have in that layout, and a tensor of them."""
    if x is None:
        return None, None
    values = np.broadcast_to(_first(x), x.shape) if layout == "expanded" else x
    return values, LAYOUTS[layout](x, device)
