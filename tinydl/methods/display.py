"""How a tensor prints: as NumPy prints, short for large ones, with what NumPy does not know.

Of a large tensor only the edges that are shown leave its device.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from .. import dtypes, ops

if TYPE_CHECKING:
    from ..tensor import Tensor


class _Options(NamedTuple):
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": _Options(),
    "short": _Options(precision=2, edgeitems=2),
    "full": _Options(threshold=sys.maxsize),
}
_options = _PROFILES["default"]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Literal["default", "short", "full"] | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Sets how tensors print; what is None stays as it was, sci_mode becomes automatic again.

    Args:
        precision: digits after the point.
        threshold: tensors of more elements are shortened with …
        edgeitems: how many items are shown at each end of a shortened axis.
        linewidth: characters of a line.
        profile: all of the above at once; "full" never shortens.
        sci_mode: whether numbers are written with exponents; None: where they are large or small.

    Raises:
        ValueError: an unknown profile, or a negative number.

    Example:
        >>> import tinydl
        >>> tinydl.set_printoptions(precision=2, sci_mode=True)
        >>> tinydl.tensor([3.14159])
        tensor([3.14e+00])
        >>> tinydl.set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        names = ", ".join(_PROFILES)
        raise ValueError(f"set_printoptions: no profile is called {profile!r} (there are {names})")
    given = {
        "precision": precision, "threshold": threshold, "edgeitems": edgeitems,
        "linewidth": linewidth,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        if not value >= 0:
            raise ValueError(f"set_printoptions: expected {name} ≥ 0, got {value}")
    start = _options if profile is None else _PROFILES[profile]
    _options = start._replace(**given, sci_mode=sci_mode)


class DisplayMethods:
    """print(x), f"{x:.3f}", and a table in notebooks."""

    __slots__ = ()

    def __repr__(self) -> str:
        """`tensor([1., 2.], dtype=tinydl.float64, requires_grad=True)`; defaults are left out."""
        prefix = "tensor("
        parts = [_numbers(self, prefix)]
        if 0 in self.shape and self.shape != (0,):
            parts.append(f"size={self.shape}")
        if self.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_):
            parts.append(f"dtype={self.dtype}")
        return prefix + ", ".join([*parts, *_place(self)]) + ")"

    def __format__(self, spec: str) -> str:
        return str(self) if not spec and self.shape else format(self.item(), spec)

    def _repr_html_(self) -> str:
        """What notebooks show: a table for up to two axes, the text for more."""
        from html import escape  # slow to import, and only notebooks need it

        if self.ndim not in (1, 2) or 0 in self.shape:
            return f"<pre>{escape(repr(self))}</pre>"
        table = self if self.ndim == 2 else self[None]
        cells = _values(_edges(table)).astype(object)
        for axis, n in enumerate(table.shape):
            if n > cells.shape[axis]:
                cells.swapaxes(0, axis)[_options.edgeitems] = "…"
        texts = [[f"<td>{escape(_cell(cell))}</td>" for cell in row] for row in cells]
        rows = "".join(f"<tr>{''.join(row)}</tr>" for row in texts)
        shape = " × ".join(map(str, self.shape))
        facts = ", ".join([f"{shape} {self.dtype.name}", *_place(self)])
        return f"<table><caption>tensor, {escape(facts)}</caption>{rows}</table>"


def _place(x: Tensor) -> list[str]:
    """What NumPy does not know: the device and the place in a graph."""
    parts = []
    if x.device.type != "cpu":
        parts.append(f"device='{x.device}'")
    if x.grad_fn is not None:
        parts.append(f"grad_fn=<{x.grad_fn.op.name}>")
    elif x.requires_grad:
        parts.append("requires_grad=True")
    return parts


def _numbers(x: Tensor, prefix: str = "") -> str:
    """The elements as NumPy writes them."""
    many = x.numel() > _options.threshold
    formats = {"float_kind": f"{{:.{_options.precision}e}}".format} if _options.sci_mode else None
    return np.array2string(
        _values(_edges(x)),
        separator=", ",
        prefix=prefix,
        precision=_options.precision,
        max_line_width=_options.linewidth,
        threshold=0 if many else sys.maxsize,
        edgeitems=_options.edgeitems,
        suppress_small=_options.sci_mode is False,
        formatter=formats,
    )


def _edges(x: Tensor) -> Tensor:
    """The first and last items of each axis: one more than are shown, for NumPy to put … there."""
    x, shown = x.detach(), _options.edgeitems
    if x.numel() > _options.threshold:
        for axis, n in enumerate(x.shape):
            if n > 2 * shown + 1:
                first, last = x.narrow(axis, 0, shown + 1), x.narrow(axis, n - shown, shown)
                x = ops.cat(first, last, dim=axis)
    return x


def _values(x: Tensor) -> np.ndarray:
    array = x._array.astype(dtypes.float32) if x.dtype.is_half else x._array  # NumPy's 8.16e+03
    return array.numpy()


def _cell(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        style = "e" if _options.sci_mode else "f" if _options.sci_mode is False else "g"
        value = f"{value:.{_options.precision}{style}}"
    return str(value)
