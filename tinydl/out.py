"""What functions take that methods do not: input=, the name of their first operand, and out=.

    exp = with_out(Tensor.exp)
    exp(x, out=y)              # computes, then copies into y's memory; returns y

What out= saves is a name and an allocation that stays, not the copy: `x.exp_()` and compile() do.
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


class Function(Protocol[P, R]):
    """A function of a method's parameters, the first of which is called input."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *, input: Tensor, **kwargs: Any) -> R: ...


class WithOut(Protocol[P, R]):
    """A function of the same parameters, and of out= besides."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    def __call__(self, *args: Any, out: Tensor | Sequence[Tensor], **kwargs: Any) -> R: ...
    @overload
    def __call__(self, *, input: Tensor, **kwargs: Any) -> R: ...


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
    def __call__(self, input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
    @overload
    def __call__(self, input: Tensor, dim: Tensor, /, *, out: Tensor | None = None) -> Tensor: ...
    @overload
    def __call__(self, input: Tensor, *, other: Tensor, out: Tensor | None = None) -> Tensor: ...
    @overload
    def __call__(
        self, input: Tensor, dim: int, keepdim: bool = False, *, out: Pair = None
    ) -> ValuesAndIndices: ...
    @overload
    def __call__(
        self, input: Tensor, *, axis: int, keepdims: bool = False, out: Pair = None
    ) -> ValuesAndIndices: ...


def as_function(method: Callable[P, R]) -> Function[P, R]:
    """A method of Tensor as a function, whose first parameter is called input.

    Raises:
        TypeError: none of the arguments is a tensor.
    """

    @wraps(method)
    def function(*args, **kwargs):
        if not (args and isinstance(args[0], Tensor)):
            args = _operands(method.__name__, args, kwargs)
        return method(*args, **kwargs)

    return function


def _operands(name: str, args: tuple, kwargs: dict) -> tuple:
    """args where the first is no tensor: it is input=, or a number or array beside a tensor."""
    if not args and "input" in kwargs:
        args = (kwargs.pop("input"),)
    if args and not any(isinstance(x, Tensor) for x in (*args, *kwargs.values())):
        kind = type(args[0]).__name__
        raise TypeError(f"{name}: expected a tensor, got {kind}; tinydl.tensor() makes one of it")
    return args


def with_out(function: Callable[P, R]) -> WithOut[P, R]:
    """The function, which also takes out=: a tensor, or as many as it has results. Of a method, as
    by as_function().

    Raises:
        TypeError: out is no tensor, or of a dtype that does not hold the result's kind.
        ValueError: out has another shape than the result, or is on another device.
        RuntimeError: a gradient would be lost, because an operand or out requires one.
    """
    is_method = "." in function.__qualname__

    @wraps(function)
    def wrapper(*args, out=None, **kwargs):
        if is_method and not (args and isinstance(args[0], Tensor)):
            args = _operands(function.__name__, args, kwargs)
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
