"""Checks that several ops share. Messages name the op, the operands and what was expected."""

from __future__ import annotations

from operator import index

from ..array import Array


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


def pair(op: str, name: str, value, least: int) -> tuple[int, int]:
    """A size for height and width: one int for both or a pair, each ≥ least."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(isinstance(v, int) and v >= least for v in both):
        raise ValueError(f"{op}: {name} must be one int or two, each ≥ {least}; got {value!r}")
    return both


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
