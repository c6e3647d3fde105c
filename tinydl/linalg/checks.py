"""What the functions of linalg ask of their matrices."""

from __future__ import annotations

import numpy as np

from ..array import Array, broadcast_shapes
from ..limits import finfo
from ..tensor import Tensor


def matrices(name: str, A: Tensor, least: int = 2) -> Tensor:
    """A, which must be a matrix or a batch of them, of real numbers."""
    if A.ndim < least:
        raise ValueError(f"linalg.{name}: expected matrices […,m,n], got {A._array}")
    if not A.dtype.is_floating_point:
        raise TypeError(f"linalg.{name}: {A._array} is not floating point; use .float()")
    return A


def square(name: str, A: Tensor) -> Tensor:
    """A, which must be a square matrix or a batch of them."""
    if matrices(name, A).shape[-1] != A.shape[-2]:
        raise ValueError(f"linalg.{name}: expected square matrices […,n,n], got {A._array}")
    return A


def batched(name: str, A: Tensor, B: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the leading axes that they broadcast to."""
    try:
        batch = broadcast_shapes(A.shape[:-2], B.shape[:-2])
    except ValueError as error:
        raise ValueError(f"linalg.{name}: A {A._array}, B {B._array}: {error}") from None
    return A.expand((*batch, *A.shape[-2:])), B.expand((*batch, *B.shape[-2:]))


def eye(A: Tensor) -> Tensor:
    """The unit matrix [n, n] beside A[…,m,n]."""
    values = np.eye(A.shape[-1], dtype=A.dtype.numpy)
    return Tensor(Array.from_numpy(values, A._array.backend))


def precision(A: Tensor) -> float:
    """Below which part of the largest a singular value is an error of rounding."""
    return float(max(A.shape[-2:]) * finfo(A.dtype).eps)
