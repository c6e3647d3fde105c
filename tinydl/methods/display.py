"""How a tensor prints: as NumPy prints, short for large ones, with what NumPy does not know."""

from __future__ import annotations

import numpy as np

from .. import dtypes


def text(x) -> str:
    """`tensor([1., 2.], dtype=tinydl.float64, requires_grad=True)`; defaults are left out."""
    prefix = "tensor("
    array = x._array.astype(dtypes.float32) if x.dtype.is_half else x._array  # NumPy's 8.16e+03
    values = np.array2string(
        array.numpy(), separator=", ", prefix=prefix, precision=4, threshold=1000
    )
    parts = [values]
    if 0 in x.shape and x.shape != (0,):
        parts.append(f"size={x.shape}")
    if x.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_):
        parts.append(f"dtype={x.dtype}")
    if x.device.type != "cpu":
        parts.append(f"device='{x.device}'")
    if x.grad_fn is not None:
        parts.append(f"grad_fn=<{x.grad_fn.op.name}>")
    elif x.requires_grad:
        parts.append("requires_grad=True")
    return prefix + ", ".join(parts) + ")"
