"""Padding: more elements at both ends of the last axes, made of views and copies."""

from __future__ import annotations

from collections.abc import Sequence

from ..array import Array
from ..limits import check_holds
from ..tensor import Tensor
from .index import assign, getitem, getitem_grad, normalize
from .shape import cat, expand


def pad(x: Tensor, widths: Sequence[int], mode: str, value: float | None) -> Tensor:
    """nn.functional.pad: (before, after) of the last axis first, negative widths cut off."""
    array, widths = x._array, tuple(widths)
    if len(widths) % 2 or len(widths) > 2 * array.ndim:
        raise ValueError(
            f"pad: expected (before, after) for each of the last axes of {array}, got {widths}"
        )
    pairs = [(0, 0)] * (array.ndim - len(widths) // 2)
    pairs += [widths[i : i + 2] for i in range(len(widths) - 2, -2, -2)]
    for axis, ((before, after), n) in enumerate(zip(pairs, array.shape, strict=True)):
        if n + before + after < 0 or -before > n or -after > n:
            raise ValueError(f"pad: {(before, after)} cuts more than axis {axis} of {array} has")
    if mode == "constant":
        return _constant(x, pairs, 0 if value is None else value)
    if mode not in _ENDS:
        raise ValueError(
            f"pad: mode is 'constant', 'reflect', 'replicate' or 'circular', not {mode!r}"
        )
    if value is not None:
        raise ValueError(f"pad: mode {mode!r} takes no value, got {value}")
    if mode == "circular":  # what is cut off does not come in at the other end
        x = _cut(x, pairs)
        pairs = [(max(a, 0), max(b, 0)) for a, b in pairs]
    for axis, (before, after) in enumerate(pairs):
        n = x.shape[axis]
        room = {"reflect": n - 1, "replicate": n and before + after + 1, "circular": n}[mode]
        if max(before, after) > max(room, 0):
            raise ValueError(
                f"pad: {mode} padding {(before, after)} is too wide for axis {axis} of {array}, "
                f"which has {max(room, 0)} elements to repeat"
            )
        if before or after:
            ends = _ENDS[mode](n, max(before, 0), max(after, 0))
            first, last = (_end(x, axis, *end) for end in ends)
            whole = _along(x, axis, slice(max(-before, 0), n - max(-after, 0)))
            x = cat(*[part for part in (first, whole, last) if part is not None], dim=axis)
    return x


# Of n elements, where those before and after them come from: (slice, how many).
_ENDS = {
    "reflect": lambda n, a, b: (
        (slice(a, 0, -1), a),
        (slice(n - 2, n - 2 - b if n - 2 - b >= 0 else None, -1), b),
    ),
    "replicate": lambda n, a, b: ((slice(0, 1), a), (slice(n - 1, n), b)),
    "circular": lambda n, a, b: ((slice(n - a, n), a), (slice(0, b), b)),
}


def _along(x: Tensor, axis: int, part: slice) -> Tensor:
    return getitem(x, key=normalize((slice(None),) * axis + (part,), x.shape))


def _end(x: Tensor, axis: int, part: slice, size: int) -> Tensor | None:
    if not size:
        return None
    y = _along(x, axis, part)
    return expand(y, shape=(*x.shape[:axis], size, *x.shape[axis + 1 :]))


def _cut(x: Tensor, pairs: list) -> Tensor:
    """Without what negative widths take off."""
    own = zip(x.shape, pairs, strict=True)
    inside = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in own)
    return getitem(x, key=normalize(inside, x.shape))


def _constant(x: Tensor, pairs: list, value: float) -> Tensor:
    shape = tuple(n + a + b for n, (a, b) in zip(x.shape, pairs, strict=True))
    place = tuple(slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(shape, pairs, strict=True))
    part, key = _cut(x, pairs), normalize(place, shape)
    if value == 0:
        return getitem_grad(part, key=key, shape=shape)
    check_holds("pad", value, x.dtype)
    whole = Tensor(Array.full(shape, value, x.dtype, x._array.backend))
    return assign.inplace(whole, part, key=key)
