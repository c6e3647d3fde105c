"""New arrays."""

from __future__ import annotations

from typing import Any

import tinydl

from .. import creation, dtypes
from ..creation import from_dlpack as _from_dlpack
from ..device import DeviceLike
from ..dtypes import DType
from ..tensor import Tensor

Shape = int | tuple[int, ...]


def arange(
    start: float,
    /,
    stop: float | None = None,
    step: float = 1,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """start, start + step, … up to but without stop; arange(n) counts from 0."""
    return creation.arange(start, stop, step, dtype=dtype, device=device)


def asarray(
    obj: Any,
    /,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    copy: bool | None = None,
) -> Tensor:
    """Numbers, nested sequences of them, a buffer or another library's array as an array.

    Args:
        copy: always, never, or (None) only where it takes one.

    Raises:
        ValueError: copy is False and it takes a copy.
    """
    if copy is not False:
        make = creation.tensor if copy else creation.as_tensor
        return make(obj, dtype=dtype, device=device)
    out = obj if isinstance(obj, Tensor) else _shared(obj)
    same = out.to(dtype=dtype, device=device)
    if same is not out:
        raise ValueError(f"asarray: {out._array} as {dtype} on {device} takes a copy")
    return out


def _shared(obj: Any) -> Tensor:
    if hasattr(obj, "__dlpack__"):
        return _from_dlpack(obj, copy=False)
    raise ValueError(f"asarray: a {type(obj).__name__} has no memory to share; it takes a copy")


def empty(shape: Shape, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """Whatever was in memory."""
    return creation.empty(shape, dtype=dtype, device=device)


def empty_like(x: Tensor, /, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """Whatever was in memory, in x's shape."""
    return creation.empty_like(x, dtype=dtype, device=device)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: DType | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """1 on diagonal k, which is above the main one for k > 0; 0 elsewhere."""
    n_cols = n_rows if n_cols is None else n_cols
    if n_rows < 0 or n_cols < 0:
        raise ValueError(f"eye: sizes must be ≥ 0, got {n_rows} and {n_cols}")
    rows = creation.arange(n_rows, device=device)[:, None]
    ones = creation.arange(n_cols, device=device) == rows + k
    return ones.to(dtype or dtypes.get_default_dtype())


def from_dlpack(x: Any, /, *, device: DeviceLike = None, copy: bool | None = None) -> Tensor:
    """An array on the memory of another library's."""
    return _from_dlpack(x, device=device, copy=copy)


def full(
    shape: Shape,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """One value everywhere."""
    return creation.full(shape, fill_value, dtype=dtype, device=device)


def full_like(
    x: Tensor,
    /,
    fill_value: float,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """One value everywhere, in x's shape."""
    return creation.full_like(x, fill_value, dtype=dtype, device=device)


def linspace(
    start: float,
    stop: float,
    /,
    num: int,
    *,
    dtype: DType | None = None,
    device: DeviceLike = None,
    endpoint: bool = True,
) -> Tensor:
    """num numbers from start to stop at equal distances; without the last if not endpoint."""
    out = creation.linspace(start, stop, num if endpoint else num + 1, dtype=dtype, device=device)
    return out if endpoint else out[:num]


def meshgrid(*arrays: Tensor, indexing: str = "xy") -> list[Tensor]:
    """Of vectors, their coordinates on the grid of all combinations."""
    return list(tinydl.meshgrid(*arrays, indexing=indexing)) if arrays else []


def ones(shape: Shape, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """Ones."""
    return creation.ones(shape, dtype=dtype, device=device)


def ones_like(x: Tensor, /, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """Ones in x's shape."""
    return creation.ones_like(x, dtype=dtype, device=device)


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The lower triangles of matrices, diagonal k included; 0 above."""
    return x.tril(k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The upper triangles of matrices, diagonal k included; 0 below."""
    return x.triu(k)


def zeros(shape: Shape, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """Zeros."""
    return creation.zeros(shape, dtype=dtype, device=device)


def zeros_like(x: Tensor, /, *, dtype: DType | None = None, device: DeviceLike = None) -> Tensor:
    """Zeros in x's shape."""
    return creation.zeros_like(x, dtype=dtype, device=device)
