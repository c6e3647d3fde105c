"""out=: functions that can write their result to a tensor that is there.

    exp = with_out(Tensor.exp)
    exp(x, out=y)              # computes, then copies into y's memory; returns y

What it saves is a name and an allocation that stays, not the copy: `x.exp_()` and compile() do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from . import graph
from .dtypes import can_cast
from .methods.reduce import ValuesAndIndices
from .tensor import Tensor

Pair: TypeAlias = tuple[Tensor, Tensor] | None
P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class WithOut(Protocol[P, R]):
    """A function of the same parameters, and of out= besides."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: Any, out: Tensor | Sequence[Tensor], **kwargs: Any) -> R: ...


class Choosing(Protocol):
    """where: one of two, or of the condition alone the places where it holds."""

    @overload
    def __call__(self, condition: Tensor) -> tuple[Tensor, ...]: ...
    @overload
    def __call__(
        self,
        condition: Tensor,
        input: Tensor | float,
        other: Tensor | float,
        *,
        out: Tensor | None = None,
    ) -> Tensor: ...


class Selecting(Protocol):
    """max, min, median: of all elements, or along an axis with the indices."""

    @overload
    def __call__(self, input: Tensor, /, *, out: Tensor | None = None) -> Tensor: ...
    @overload
    def __call__(self, input: Tensor, dim: Tensor, /, *, out: Tensor | None = None) -> Tensor: ...
    @overload
    def __call__(
        self, input: Tensor, /, dim: int, keepdim: bool = False, *, out: Pair = None
    ) -> ValuesAndIndices: ...
    @overload
    def __call__(
        self, input: Tensor, /, *, axis: int, keepdims: bool = False, out: Pair = None
    ) -> ValuesAndIndices: ...


def with_out(function: Callable[P, R]) -> WithOut[P, R]:
    """The function, which also takes out=: a tensor, or as many as it has results.

    Raises:
        TypeError: out is no tensor, or of a dtype that does not hold the result's kind.
        ValueError: out has another shape than the result, or is on another device.
        RuntimeError: a gradient would be lost, because an operand or out requires one.
    """

    @wraps(function)
    def wrapper(*args, out=None, **kwargs):
        result = function(*args, **kwargs)
        if out is None:
            return result
        if isinstance(result, Tensor):
            return _write(function.__name__, result, out)
        if not isinstance(out, (tuple, list)) or len(out) != len(result):
            raise TypeError(
                f"{function.__name__}: out= takes {len(result)} tensors, one per result"
            )
        written = [_write(function.__name__, r, o) for r, o in zip(result, out, strict=True)]
        return type(result)(*written) if hasattr(result, "_fields") else tuple(written)

    wrapper.takes_out = True
    return wrapper


def _write(name: str, result: Tensor, out: Tensor) -> Tensor:
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}: out= takes a tensor, got {type(out).__name__}")
    if graph.mode.enabled and (result.requires_grad or out.requires_grad):
        which = "out" if out.requires_grad else "an operand"
        raise RuntimeError(
            f"{name}: {which} requires a gradient, which out= would lose; "
            "use the result, or no_grad()"
        )
    if not can_cast(result.dtype, out.dtype):
        raise TypeError(f"{name}: the result is {result._array}, out is {out._array}")
    if out.shape != result.shape:
        raise ValueError(
            f"{name}: the result is {result._array}, out is {out._array}; out is not resized, "
            f"give it the shape {result.shape}"
        )
    if out.device != result.device:
        raise ValueError(f"{name}: the result is on {result.device}, out on {out.device}")
    return out.copy_(result)
