"""Kernels that have no halves: they get float32 and what they find is rounded, without a trace."""

from __future__ import annotations

from ..array import Array
from ..backend import call
from ..dtypes import float32


def call_wide(name: str, y: Array, *operands) -> None:
    """call(), in float32 where y holds halves.

    An op that does this in its forward saves halves for its rules and not the float32 that
    Op.widened would make of them.
    """
    if not y.dtype.is_half:
        call(name, y, *operands)
        return
    wide = Array.empty(y.shape, float32, y.storage.backend)
    call(name, wide, *[_wide(x) for x in operands])
    call("copy", y, wide)


def _wide(x):
    return x.astype(float32) if isinstance(x, Array) and x.dtype.is_half else x
