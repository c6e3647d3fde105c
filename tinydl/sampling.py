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
from .filled import as_of, shape_of
from .limits import iinfo
from .ops.random import Generator, coins, fill_normal, fill_randint, fill_uniform
from .tensor import Tensor

__all__ = [
    "bernoulli", "multinomial", "normal", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm",
]  # fmt: skip


def rand(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform numbers u ~ U[0, 1), of a floating-point dtype.

    Raises:
        TypeError: dtype is not floating point.

    Example:
        >>> import tinydl
        >>> u = tinydl.rand(2, 3)
        >>> bool(((u >= 0) & (u < 1)).all())
        True
    """
    out = empty(shape_of("rand", sizes, size), dtype=dtype, device=device)
    fill_uniform(out._array, 0.0, 1.0, generator)
    return out.requires_grad_(requires_grad)


def randn(
    *sizes: int | Sequence[int],
    size: Sequence[int] | None = None,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Standard normal numbers z ~ N(0, 1), floating point, by Box and Muller (1958).

    Raises:
        TypeError: dtype is not floating point.

    Example:
        >>> import tinydl
        >>> tinydl.randn(2, 3, generator=tinydl.Generator().manual_seed(0)).shape
        (2, 3)
    """
    out = empty(shape_of("randn", sizes, size), dtype=dtype, device=device)
    fill_normal(out._array, 0.0, 1.0, generator)
    return out.requires_grad_(requires_grad)


def randint(
    low: int = 0,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
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
    elif high is None:
        low, high = 0, low
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"randint: the size is a tuple, such as (2, 3), got {size!r}")
    if high <= low:
        raise ValueError(f"randint: expected low < high, got {low} and {high}")
    out = empty(*size, dtype=dtype or dtypes.int64, device=device)
    if out.dtype.is_floating_point:
        whole = randint(low, high, size, generator=generator, device=device)
        return whole.to(out.dtype).requires_grad_(requires_grad)
    if out.dtype is not dtypes.bool_:  # which has no random kernel either
        held = iinfo(out.dtype)
        if low < held.min or high - 1 > held.max:
            raise ValueError(
                f"randint: {out.dtype.name} holds {held.min} to {held.max}, not {low} to {high - 1}"
            )
    fill_randint(out._array, low, high, generator)
    return out.requires_grad_(requires_grad)


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


def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """rand() of input's shape and, unless given, its dtype and device.

    >>> import tinydl
    >>> tinydl.rand_like(tinydl.ones(2, 3)).shape
    (2, 3)
    """
    like = as_of(input, dtype, device)
    return rand(*input.shape, generator=generator, requires_grad=requires_grad, **like)


def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """randn() of input's shape and, unless given, its dtype and device.

    >>> import tinydl
    >>> tinydl.randn_like(tinydl.ones(2, 3)).shape
    (2, 3)
    """
    like = as_of(input, dtype, device)
    return randn(*input.shape, generator=generator, requires_grad=requires_grad, **like)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """randint() of input's shape and, unless given, its dtype and device; randint_like(x, high)
    starts at 0.

    >>> import tinydl
    >>> tinydl.randint_like(tinydl.ones(2, 3), 5, 6)
    tensor([[5., 5., 5.],
            [5., 5., 5.]])
    """
    low, high = (0, low) if high is None else (low, high)
    like = as_of(input, dtype, device)
    out = randint(low, high, input.shape, generator=generator, **like)
    return out.requires_grad_(requires_grad)


def normal(
    mean: float | Tensor = 0.0,
    std: float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DType | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers z ~ N(mean, std²).

    Args:
        mean: a number, or a tensor that says it for each element.
        std: the same of the standard deviation; tensors broadcast.
        size: the shape where both are numbers.

    Raises:
        ValueError: std is negative, or two numbers have no size or tensors one.

    Example:
        >>> import tinydl
        >>> tinydl.normal(tinydl.tensor([1.0, 2.0]), 0.0)
        tensor([1., 2.])
    """
    given = [x.detach() for x in (mean, std) if isinstance(x, Tensor)]
    if bool(given) == (size is not None):
        raise ValueError("normal: two numbers need a size, tensors have one")
    if bool((std.detach() < 0).any()) if isinstance(std, Tensor) else not std >= 0:
        raise ValueError("normal: a standard deviation is ≥ 0")
    if not given:
        out = empty(*size, dtype=dtype, device=device)
        fill_normal(out._array, mean, std, generator)
    else:
        a, b = (x.detach() if isinstance(x, Tensor) else x for x in (mean, std))
        like = a * 0 + b * 0.0  # their shape and dtype
        out = a + b * randn_like(like, generator=generator, dtype=dtype, device=device)
    return out.requires_grad_(requires_grad)


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None
) -> Tensor:
    """1 with the probability that each element of input tells, else 0, in its shape and dtype.

    Args:
        p: the probability of all, instead of input's elements.

    Raises:
        ValueError: a probability outside 0 … 1. Of tensors on a GPU this is not looked at, since
            that would wait for it.

    Example:
        >>> import tinydl
        >>> tinydl.bernoulli(tinydl.tensor([0.0, 1.0]))
        tensor([0., 1.])
    """
    if p is None and not input.dtype.is_floating_point:
        raise TypeError(f"bernoulli: probabilities are floating point, got {input._array}")
    return coins(input, input if p is None else p, generator).to(input.dtype)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Places drawn with probabilities that are proportional to weights: input[…,c] → y[…,k] int64.

    Drawn on the CPU in float64: with replacement by the inverse of the cumulated weights, without
    by the k earliest of exponential arrivals at the rates of the weights (Efraimidis and Spirakis,
    2006).

    Args:
        input: one or several rows of weights ≥ 0, not all of a row 0; they need not sum to 1.
        num_samples: k.
        replacement: whether a place may be drawn again.

    Raises:
        ValueError: no weights like that, or fewer of them above 0 than are to be drawn without
            replacement.
        TypeError: input is not floating point.

    Example:
        >>> import tinydl
        >>> tinydl.multinomial(tinydl.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
        tensor([1, 1])
    """
    if not input.dtype.is_floating_point:
        raise TypeError(f"multinomial: weights are floating point, got {input._array}")
    if input.ndim not in (1, 2):
        raise ValueError(f"multinomial: expected one row of weights or several, got {input._array}")
    if num_samples < 1:
        raise ValueError(f"multinomial: expected num_samples ≥ 1, got {num_samples}")
    weights = np.atleast_2d(input.detach()._array.numpy().astype(np.float64))
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError("multinomial: weights are finite and ≥ 0")
    positive = (weights > 0).sum(1).min(initial=weights.shape[1])
    if positive < (1 if replacement else num_samples):
        raise ValueError(
            f"multinomial: {positive} weights of a row of {input._array} are above 0, "
            f"too few to draw {num_samples}{'' if replacement else ' without replacement'}"
        )
    drawn = num_samples if replacement else weights.shape[1]
    shape = (weights.shape[0], drawn)
    u = rand(*shape, generator=generator, dtype=dtypes.float64, device="cpu").numpy()
    if replacement:
        total = weights.cumsum(1)
        rows = zip(total, u * total[:, -1:], strict=True)
        places = np.stack([np.searchsorted(t, v, side="right") for t, v in rows])
        last = (weights > 0).cumsum(1).argmax(1)[:, None]  # where rounding reaches the end
        places = np.minimum(places, last)
    else:
        with np.errstate(divide="ignore"):
            arrivals = -np.log1p(-u) / weights
        places = arrivals.argsort(1, kind="stable")[:, :num_samples]
    return tensor(places.reshape(*input.shape[:-1], num_samples), device=input.device)
