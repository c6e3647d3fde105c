"""Checks that several ops share. Messages name the op, the operands and what was expected."""

from __future__ import annotations

import warnings
from operator import index

from ..array import Array
from ..dtypes import float32, float64
from ..graph import call_site, describe_site


def same_dtype(op: str, **operands: Array | None) -> None:
    """Operands that are there must have one dtype."""
    given = {name: array for name, array in operands.items() if array is not None}
    if len({array.dtype for array in given.values()}) > 1:
        kinds = ", ".join(f"{name} {array}" for name, array in given.items())
        raise TypeError(f"{op}: operands have different dtypes ({kinds}); convert with .to(dtype)")


def real(op: str, **operands: Array | None) -> None:
    """Operands that are there must be floating point."""
    for name, array in operands.items():
        if array is not None and not array.dtype.is_floating_point:
            raise TypeError(f"{op}: {name} {array} must be floating point; convert with .float()")


_warned: set[tuple] = set()  # lines


def warn_double(op: str, names: tuple, operands) -> None:
    """Tells once for each line that float64 data make float32 parameters compute in float64."""
    given = [(n, x) for n, x in zip(names, operands, strict=False) if hasattr(x, "requires_grad")]
    data = [(n, x) for n, x in given if x.dtype is float64 and x.ndim and not x.requires_grad]
    trained = [(n, x) for n, x in given if x.dtype is float32 and x.requires_grad]
    if data and trained and (site := call_site()) not in _warned:
        _warned.add(site)
        (x_name, x), (w_name, w) = data[0], trained[0]
        warnings.warn(
            f"{op}: {x_name} {x._array} is float64 and {w_name} {w._array} float32, so this is "
            f"computed in float64, at half the speed, at {describe_site(site)}. Convert the data "
            "with .float(), or the model with .double().",
            stacklevel=2,
        )


def pair(op: str, name: str, value, least: int) -> tuple[int, int]:
    """A size for height and width: one int for both or a pair, each ≥ least."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    try:
        height, width = map(index, both)
    except (TypeError, ValueError):
        height = width = -1
    if not least <= min(height, width) <= max(height, width) < 2**31:
        raise ValueError(
            f"{op}: {name} must be one int or two, each ≥ {least} and < 2**31; got {value!r}"
        )
    return height, width


def axis(op: str, dim: int, ndim: int) -> int:
    """A dim that may be negative, as an axis ≥ 0."""
    bound = max(ndim, 1)
    try:
        dim = index(dim)
    except TypeError:
        raise TypeError(f"{op}: a dim is an int, got {dim!r:.60}") from None
    if not -bound <= dim < bound:
        raise IndexError(
            f"{op}: dim {dim} is out of range for a tensor of {ndim} axes "
            f"(expected {-bound} to {bound - 1})"
        )
    return dim % bound


def axes(op: str, dims, ndim: int) -> tuple:
    """A dim or several different ones, as axes ≥ 0 in the order given."""
    out = tuple(axis(op, d, ndim) for d in (dims if isinstance(dims, (tuple, list)) else (dims,)))
    if len(set(out)) < len(out):
        raise ValueError(f"{op}: dim {tuple(dims)} names an axis twice")
    return out
