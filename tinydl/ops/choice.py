"""Functions made of comparisons and where(): which numbers are NaN, and which of two is taken."""

from __future__ import annotations

from .. import dtypes
from ..tensor import Tensor, as_tensor_like
from .elementwise import cast, eq, ne, where


def truth(x, like: Tensor | None = None) -> Tensor:
    """y = (x ≠ 0): x[…] of any dtype, or what stands beside a tensor → y[…] bool."""
    return cast(x if like is None else as_tensor_like(x, like), dtypes.bool_)


def logical_not(x: Tensor) -> Tensor:
    """y = (x = 0): x[…] of any dtype → y[…] bool."""
    return eq(x, 0) if x._array.dtype is not dtypes.bool_ else eq(x, False)


def is_nan(x: Tensor) -> Tensor:
    """y = (x ≠ x): x[…] of any dtype → y[…] bool."""
    return ne(x, x)


def real(x: Tensor) -> Tensor:
    """x as it is, or as the default dtype if it has no infinity."""
    return x if x._array.dtype.is_floating_point else cast(x, dtypes.get_default_dtype())


def fmax(x, y) -> Tensor:
    """z = max(x, y), and the other where one is NaN: the gradient goes to the one taken."""
    x, y = _two(x, y)
    return where((x >= y) | is_nan(y), x, y)


def fmin(x, y) -> Tensor:
    """z = min(x, y), and the other where one is NaN: the gradient goes to the one taken."""
    x, y = _two(x, y)
    return where((x <= y) | is_nan(y), x, y)


def at_least(x, bound) -> Tensor:
    """z = max(x, bound), NaN if either is; of equal ones x has the gradient."""
    x, bound = _two(x, bound)
    return where((x < bound) | is_nan(bound), bound, x)


def at_most(x, bound) -> Tensor:
    """z = min(x, bound), NaN if either is; of equal ones x has the gradient."""
    x, bound = _two(x, bound)
    return where((x > bound) | is_nan(bound), bound, x)


def _two(x, y) -> list[Tensor]:
    """Two operands as Tensors."""
    like = x if isinstance(x, Tensor) else y
    return [as_tensor_like(x, like), as_tensor_like(y, like)]
