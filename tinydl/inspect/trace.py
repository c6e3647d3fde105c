"""trace: which kernels some code calls, on what, for how long, and from which lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import get_ident
from time import perf_counter

from .. import dtypes
from ..backend import Backend, Functions, ffi, loaded
from ..graph import call_site, describe_site

_TENSOR = ffi.typeof("td_tensor *")
_NO_KERNELS = ("alloc", "free", "threads", "set_threads", "sync")


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

    Shown are the time, the C function and its tensors, outputs first, as native/tinydl.h has them.
    What is computed together, as a convolution with its ReLU in a Sequential, is one call. On a GPU
    each call is waited for, so that its time is its own.

    Attributes:
        calls: what was called, a list of Call.

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
        self._before = [(backend, backend.fn) for backend in loaded]
        for backend, functions in self._before:
            backend.fn = _Traced(backend, functions, self.calls)
        return self

    def __exit__(self, *exception: object) -> None:
        for backend, functions in self._before:
            backend.fn.clear()  # or its functions would keep it
            backend.fn = functions

    def __repr__(self) -> str:
        total = sum(call.seconds for call in self.calls)
        lines, line = [], None
        for call in self.calls:
            lines += [call.where] * (call.where != line) + [repr(call)]
            line = call.where
        return "\n".join([*lines, f"{1e6 * total:>10,.1f} µs  in {len(self.calls)} calls"])


class _Traced(Functions):
    """A library's functions, timed."""

    def __init__(self, backend: Backend, functions: Functions, calls: list[Call]):
        super().__init__(backend.lib)
        self.backend, self.functions, self.calls = backend, functions, calls
        self.thread = get_ident()

    def __missing__(self, name: str):
        function = self.functions[name]
        self[name] = function = function if name in _NO_KERNELS else self._timed(name, function)
        return function

    def _timed(self, name: str, function: Callable) -> Callable:
        def timed(*arguments):
            if get_ident() != self.thread:
                return function(*arguments)
            start = perf_counter()
            status = function(*arguments)
            if not status and not self.backend.is_cpu:
                status = self.functions["sync"]()
            seconds = perf_counter() - start
            tensors = [_written(x) for x in arguments if _is_tensor(x)]
            where = describe_site(call_site())
            self.calls.append(Call(f"td_{name}", self.backend.name, tensors, seconds, where))
            return status

        return timed


def _is_tensor(x: object) -> bool:
    return isinstance(x, ffi.CData) and ffi.typeof(x) is _TENSOR and bool(x)


def _written(x) -> str:
    return f"{dtypes.ALL[x.dtype].short}[{','.join(map(str, x.shape[0 : x.ndim]))}]"
