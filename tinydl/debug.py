"""Where a NaN came from: the first op that made one, its inputs, and the line that called it."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import TYPE_CHECKING, Any

import numpy as np

from .array import Array
from .autograd.engine import running_node
from .graph import call_site, describe_site
from .nn.fused import fusion
from .op import OPS, Op
from .tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self


class nan:
    """Stops at the first op within the block whose result has a NaN or an infinity.

    Every op of this thread is checked, forward and backward, so all of it is slow; nothing need be
    changed elsewhere. An infinity that comes from an infinity is let through, as masks do.

    Args:
        inf: whether infinities count.

    Raises:
        FloatingPointError: names the op, the user's line, the forward's line if it happened in
            backward(), and the least and largest number of each input.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([1.0, -2.0])
        >>> try:
        ...     with tinydl.debug.nan():
        ...         y = (x.log() * 3).sum()
        ... except FloatingPointError as error:
        ...     print(str(error).splitlines()[0])
        log made NaN in the forward: 1 of 2 elements, the first at [1]
    """

    def __init__(self, inf: bool = True):
        self.inf = inf

    def __enter__(self) -> Self:
        self.thread, self.checking = get_ident(), False
        self.fusion = fusion(False)  # so that each layer's op is one that can be named
        self.fusion.__enter__()
        self.forwards = {op: op.forward for op in OPS.values()}
        for op, forward in self.forwards.items():
            op.forward = self._checked(op, forward)
        return self

    def __exit__(self, *exception: object) -> None:
        for op, forward in self.forwards.items():
            op.forward = forward
        self.fusion.__exit__(None, None, None)

    def _checked(self, op: Op, forward: Callable) -> Callable:
        def checked(*arrays: Array | None, **attrs: Any) -> Any:
            if self.checking or get_ident() != self.thread:
                return forward(*arrays, **attrs)
            before = [self._values(a) for a in arrays] if "into" in attrs else None
            result = forward(*arrays, **attrs)
            self._check(op, arrays, before, attrs, result)
            return result

        return checked

    def _values(self, a: Array | None) -> np.ndarray | None:
        """An array's numbers in float64; None of what has no NaN."""
        if a is None or not a.dtype.is_floating_point:
            return None
        self.checking = True
        try:
            return Tensor(a).double().cpu().numpy().copy()
        finally:
            self.checking = False

    def _check(self, op: Op, arrays: tuple, before: list | None, attrs: dict, result: Any) -> None:
        for y in result if isinstance(result, tuple) else (result,):
            values = self._values(y)
            if values is None or np.isfinite(values).all():
                continue
            inputs = before or [self._values(a) for a in arrays]
            given = [x for x in inputs if x is not None]
            numbers = [v for v in attrs.values() if isinstance(v, (int, float))]
            bad = np.isnan(values)
            if not bad.any():
                infinite = any(np.isinf(x).any() for x in [*given, *map(np.asarray, numbers)])
                if infinite or not self.inf:
                    continue
                bad = np.isinf(values)
            raise FloatingPointError(_told(op, arrays, inputs, bad, bool(np.isnan(values).any())))


def _told(op: Op, arrays: tuple, inputs: list, bad: np.ndarray, is_nan: bool) -> str:
    what, node = "NaN" if is_nan else "an infinity", running_node()
    names = [op.inputs[0]] * len(arrays) if op.variadic else op.inputs
    came = [
        name
        for name, x in zip(names, inputs, strict=False)
        if is_nan and x is not None and np.isnan(x).any()
    ]
    verb = f"has {what} because its {came[0]} has" if came else f"made {what}"
    where = f"the backward of {node.op.name}" if node else "the forward"
    at = ", ".join(map(str, np.argwhere(bad)[0]))
    lines = [
        f"{op.name.strip('_')} {verb} in {where}: {int(bad.sum())} of {bad.size} elements, "
        f"the first at [{at}]",
        f"  at {describe_site(call_site())}",
    ]
    if node:
        lines.append(f"  forward at {describe_site(node.site)}")
    for name, a, x in zip(names, arrays, inputs, strict=False):
        if x is not None and x.size:
            lines.append(f"  {name} {a}: {_range(x)}")
    if came:
        lines.append(
            "No op in this block made it: it was in the data, in a parameter, or came from "
            "outside of the block."
        )
    return "\n".join(lines)


def _range(x: np.ndarray) -> str:
    finite = x[np.isfinite(x)]
    shown = f"from {finite.min():.6g} to {finite.max():.6g}" if finite.size else "no finite number"
    rest = [
        f"{count} {word}"
        for count, word in ((int(np.isnan(x).sum()), "NaN"), (int(np.isinf(x).sum()), "infinite"))
        if count
    ]
    return ", ".join([shown, *rest])
