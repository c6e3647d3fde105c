"""trace: which kernels some code calls, on what, for how long, and from which lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, get_ident
from time import perf_counter

from .. import dtypes
from ..backend import Backend, Functions, ffi, loaded
from ..graph import call_site, describe_site

_TENSOR = ffi.typeof("td_tensor *")
_LISTS = ffi.typeof("td_tensor *[]"), ffi.typeof("td_tensor **")
_MOVES = ("write", "read", "replay")  # traced, though they do not begin with a tensor

_lock = Lock()
_active: list[trace] = []


@dataclass
class Call:
    """One call of a kernel: its C function and library, its tensors, seconds, the user's line."""

    name: str
    backend: str
    tensors: list[str]
    seconds: float
    where: str

    def __repr__(self) -> str:
        return f"{1e6 * self.seconds:>10,.1f} µs  {self.name}({', '.join(self.tensors)})"


class trace:
    """Notes every call of a kernel that this thread makes inside the block, in order.

    Shown are the time, the C function and its tensors, outputs first, as native/tinydl.h has them;
    of a list of tensors its length. What is computed together is one call: a convolution with its
    ReLU in a Sequential, an optimizer's step, all of a recorded step (td_replay). On a GPU each
    call is waited for, so that its time is its own; a GPU first used inside the block is not seen.

    Attributes:
        calls: what was called, a list of Call.

    Raises:
        RuntimeError: from `with`, of a trace that is under way.

    Example:
        >>> import tinydl
        >>> x = tinydl.ones(2, 3)
        >>> with tinydl.inspect.trace() as found:
        ...     y = (x @ x.T).sum()
        >>> [(call.name, call.tensors) for call in found.calls]
        [('td_matmul', ['f32[2,2]', 'f32[2,3]', 'f32[3,2]']), ('td_sum', ['f32[1,1]', 'f32[2,2]'])]
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __enter__(self) -> trace:
        with _lock:
            if self in _active:
                raise RuntimeError("trace: this one is under way already; make another")
            for backend in () if _active else loaded:
                backend.fn = _Traced(backend)
            self._thread = get_ident()
            _active.append(self)
        return self

    def __exit__(self, *exception: object) -> None:
        with _lock:
            _active.remove(self)
            for backend in () if _active else loaded:
                if isinstance(backend.fn, _Traced):
                    backend.fn, traced = backend.fn.functions, backend.fn
                    traced.clear()  # or its functions would keep it

    def __repr__(self) -> str:
        total = sum(call.seconds for call in self.calls)
        lines, line = [], None
        for call in self.calls:
            lines += [call.where] * (call.where != line) + [repr(call)]
            line = call.where
        return "\n".join([*lines, f"{1e6 * total:>10,.1f} µs  in {len(self.calls)} calls"])


class _Traced(Functions):
    """A library's functions; kernels are timed for the traces of the thread that calls them."""

    def __init__(self, backend: Backend):
        super().__init__(backend.lib)
        self.backend, self.functions = backend, backend.fn

    def __missing__(self, name: str):
        function = self.functions[name]
        first = ffi.typeof(getattr(self.lib, f"td_{name}")).args[:1]
        if name in _MOVES or first == (_TENSOR,) or (first and first[0] in _LISTS):
            function = self._timed(name, function)
        self[name] = function
        return function

    def _timed(self, name: str, function: Callable) -> Callable:
        def timed(*arguments):
            traces = [one for one in _active if one._thread == get_ident()]
            start = perf_counter()
            status = function(*arguments)
            if traces and not status and not self.backend.is_cpu:
                status = self.functions["sync"]()
            seconds = perf_counter() - start
            for one in traces:
                tensors = [text for text in map(_written, arguments) if text]
                where = describe_site(call_site())
                one.calls.append(Call(f"td_{name}", self.backend.name, tensors, seconds, where))
            return status

        return timed


def _written(x: object) -> str:
    """A tensor's dtype and shape, a list's length, and nothing for other arguments."""
    kind = ffi.typeof(x) if isinstance(x, ffi.CData) and x else None
    if kind is _TENSOR:
        return f"{dtypes.ALL[x.dtype].short}[{','.join(map(str, x.shape[0 : x.ndim]))}]"
    if kind is not None and kind.kind == "array" and kind.item is _TENSOR:
        return f"{len(x)} tensors"
    return ""
