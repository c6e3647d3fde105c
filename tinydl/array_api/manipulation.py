"""The same elements in other shapes, orders and numbers."""

from __future__ import annotations

from collections.abc import Sequence

from .. import joining
from ..tensor import Tensor
from .info import together

Axes = int | tuple[int, ...]


def broadcast_arrays(*arrays: Tensor) -> list[Tensor]:
    """The arrays as views of the shape to which they all broadcast."""
    return list(joining.broadcast_tensors(*arrays))


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """x as a view of a larger shape."""
    return x.broadcast_to(shape)


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """One after the other along an axis; flattened first if it is None."""
    joined = together(*arrays)
    return joining.cat([x.flatten() for x in joined] if axis is None else joined, axis or 0)


def expand_dims(x: Tensor, /, *, axis: int = 0) -> Tensor:
    """x with a new axis of size 1."""
    return x.unsqueeze(axis)


def flip(x: Tensor, /, *, axis: Axes | None = None) -> Tensor:
    """Last to first along axes, all if None."""
    axes = tuple(range(x.ndim)) if axis is None else axis
    return x.flip(axes) if axes != () else x.clone()


def moveaxis(x: Tensor, source: Axes, destination: Axes, /) -> Tensor:
    """x with axes elsewhere; the others stay in order."""
    return x.movedim(source, destination)


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """x with its axes in another order."""
    return x.permute(*axes)


def repeat(x: Tensor, repeats: int | Tensor, /, *, axis: int | None = None) -> Tensor:
    """Each element as often as repeats says, along an axis or of the flattened array."""
    return x.repeat_interleave(repeats, axis)


def reshape(x: Tensor, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """The elements in another shape; copied always, never, or (None) where it takes one.

    Raises:
        ValueError: copy is False and it takes a copy.
    """
    if copy is False:
        return x.view(*shape)
    out = x.reshape(*shape)
    return out.clone() if copy and out.data_ptr() == x.data_ptr() else out


def roll(x: Tensor, /, shift: Axes, *, axis: Axes | None = None) -> Tensor:
    """Elements moved along axes, those that fall off come in again; flattened if axis is None."""
    if isinstance(shift, int) and isinstance(axis, tuple):
        shift = (shift,) * len(axis)
    return x.roll(shift, axis)


def squeeze(x: Tensor, /, axis: Axes) -> Tensor:
    """x without axes of size 1.

    Raises:
        ValueError: one of them has another size.
    """
    for a in axis if isinstance(axis, tuple) else (axis,):
        if x.shape[a] != 1:
            raise ValueError(f"squeeze: axis {a} of {x._array} has size {x.shape[a]}, not 1")
    return x.squeeze(axis)


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """Arrays of one shape side by side along a new axis."""
    return joining.stack(together(*arrays), axis)


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """x again and again along each axis."""
    return x.tile(repetitions)


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The parts of x along an axis, which they no longer have."""
    return x.unbind(axis)
