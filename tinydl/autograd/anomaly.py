"""Anomaly mode: NaN in a backward is an error that names the op and the line of the forward."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..graph import describe_site

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..graph import Node


class _Mode(threading.local):
    enabled = False
    check_nan = True


_mode = _Mode()


class set_detect_anomaly:
    """Turns anomaly mode on or off in this thread: from here on, or in a `with` block.

    Args:
        mode: whether backward() checks what each rule returns.
        check_nan: whether NaN is an error; the line of the forward is told in any case.

    Example:
        >>> import tinydl
        >>> with tinydl.autograd.set_detect_anomaly(False):
        ...     tinydl.is_anomaly_enabled()
        False
    """

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = _mode.enabled, _mode.check_nan
        _mode.enabled, _mode.check_nan = mode, check_nan

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        _mode.enabled, _mode.check_nan = self.before


class detect_anomaly(set_detect_anomaly):
    """Within the block, backward() finds the first op whose rule returns NaN.

    Lines of the forward are always kept, so nothing need be recorded inside the block: it is enough
    that backward() runs there. tinydl.debug.nan() looks for NaN in forwards, too.

    Args:
        check_nan: whether NaN is an error; if not, only other errors of rules get the line.

    Raises:
        RuntimeError: from backward(), at the first NaN: the op, the input that the gradient is of,
            and the line of the forward.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([0.0], requires_grad=True)
        >>> try:
        ...     with tinydl.autograd.detect_anomaly():
        ...         (x / x).sum().backward()
        ... except RuntimeError as error:
        ...     print(str(error).splitlines()[0])
        backward of div returned NaN as the gradient of its input y, f32[1].
    """

    def __init__(self, check_nan: bool = True):
        super().__init__(True, check_nan)


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on in this thread.

    >>> import tinydl
    >>> tinydl.is_anomaly_enabled()
    False
    """
    return _mode.enabled


def watching() -> Callable | None:
    """What runs a node's rules in anomaly mode, None outside of it."""
    return _watched if _mode.enabled else None


def _watched(node: Node, grads: list, wanted) -> list:
    """node.backward(), with the forward's line in its errors, of which NaN is one."""
    try:
        results = node.backward(grads, wanted)
    except Exception as error:
        if error.args and isinstance(error.args[0], str) and "recorded at" not in error.args[0]:
            where = f"\n  recorded at {describe_site(node.site)}"
            error.args = (error.args[0] + where, *error.args[1:])
        raise
    for position, g in enumerate(results):
        if _mode.check_nan and g is not None and bool(g.detach().isnan().any()):
            raise RuntimeError(
                f"backward of {node.op.name} returned NaN as the gradient of its "
                f"{node.input_name(position)}, {g._array}.\n"
                f"  recorded at {describe_site(node.site)}"
            )
    return results
