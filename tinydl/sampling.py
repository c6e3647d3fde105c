"""Tensors of random numbers, with PyTorch's names and arguments.

size, dtype, device and requires_grad are as in creation.py. The numbers come from a generator, or
if none is given from the default one, which `tinydl.manual_seed(seed)` seeds: see ops/random.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import dtypes
from .creation import empty, tensor
from .device import DeviceLike
from .dtypes import DType
from .limits import iinfo
from .ops.random import Generator, fill_normal, fill_randint, fill_uniform
from .tensor import Tensor


def rand(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform numbers u ~ U[0, 1), of float32 or float64.

    Raises:
        TypeError: dtype is not floating point.

    Example:
        >>> import tinydl
        >>> u = tinydl.rand(2, 3)
        >>> bool(((u >= 0) & (u < 1)).all())
        True
    """
    out = empty(*size, dtype=dtype, device=device)
    fill_uniform(out._array, 0.0, 1.0, generator)
    return out.requires_grad_(requires_grad)


def randn(
    *size: int | Sequence[int],
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal numbers z ~ N(0, 1), of float32 or float64, by Box and Muller (1958).

    Raises:
        TypeError: dtype is not floating point.

    Example:
        >>> import tinydl
        >>> tinydl.randn(2, 3, generator=tinydl.Generator().manual_seed(0)).shape
        (2, 3)
    """
    out = empty(*size, dtype=dtype, device=device)
    fill_normal(out._array, 0.0, 1.0, generator)
    return out.requires_grad_(requires_grad)


def randint(
    low: int,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """Uniform integers i ~ U{low, …, high − 1}, int64 unless dtype says otherwise.

    randint(high, size) starts at 0.

    Raises:
        ValueError: low is not below high, or dtype does not hold all of them.
        TypeError: size is missing or no tuple, or dtype is bool.

    Example:
        >>> import tinydl
        >>> dice = tinydl.randint(1, 7, (100,))
        >>> bool(((dice >= 1) & (dice <= 6)).all())
        True
    """
    if size is None:
        low, high, size = 0, low, high
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"randint: the size is a tuple, such as (2, 3), got {size!r}")
    if high <= low:
        raise ValueError(f"randint: expected low < high, got {low} and {high}")
    out = empty(*size, dtype=dtype or dtypes.int64, device=device)
    if out.dtype.is_floating_point:
        return randint(low, high, size, generator=generator, device=device).to(out.dtype)
    if out.dtype is not dtypes.bool_:  # which has no random kernel either
        held = iinfo(out.dtype)
        if low < held.min or high - 1 > held.max:
            raise ValueError(
                f"randint: {out.dtype.name} holds {held.min} to {held.max}, not {low} to {high - 1}"
            )
    fill_randint(out._array, low, high, generator)
    return out


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
) -> Tensor:
    """The numbers 0 to n − 1 in random order, int64 unless dtype says otherwise.

    >>> import tinydl
    >>> sorted(tinydl.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    keys = randint(-(2**63), 2**63 - 1, (n,), generator=generator)
    order = np.argsort(keys._array.numpy(), kind="stable")
    return tensor(order, dtype=dtype or dtypes.int64, device=device)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability p that each element of input tells, else 0, in its shape and dtype.

    >>> import tinydl
    >>> tinydl.bernoulli(tinydl.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    u = rand(input.shape, generator=generator, dtype=input.dtype, device=input.device)
    return (u < input.detach()).to(input.dtype)
