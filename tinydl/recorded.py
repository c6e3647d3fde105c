"""compile(step): a whole step, recorded once and then replayed without Python's part of it.

What a small step costs is mostly Python: finding kernels, making tensors, building the graph of
derivatives. A replay calls the kernels alone, in the same order on the same memory, so it computes
the same bits. capture.py notes what else a step does: random numbers, optimizers' steps and
learning rates, gradients and versions go on as if it had run. On a GPU the same is a graph of its
driver's (cuda/graphs.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any

from . import amp, capture, precision
from .autograd.freed import Freed
from .backend import Backend, Functions, call_arrays, ffi
from .capture import Capture
from .device import default as default_device
from .graph import is_grad_enabled, wrote
from .ops.fused import mode as fusion
from .storage import FreeList, lend
from .tensor import Tensor, is_tensor


class compile:
    """A step that is recorded and then replayed: the same numbers for less time.

    The first calls run the step as it is, a further one records it, and from then on a call copies
    the arguments to where the recorded ones were and repeats the kernels. It is recorded anew for
    arguments of other shapes, for other values that are no tensors, and when modules it calls go
    from train() to eval(), parameters were frozen or moved, or optimizers got other parameters or
    state.

    What a step may not do: read values (.item(), printing, an `if` on a tensor), make tensors of
    Python's or NumPy's numbers, work on two devices, or depend on anything else that changes from
    call to call and is neither an argument, a tensor written in place, a draw of a generator, nor a
    number among an optimizer's options. Its Python code runs in the first calls only, and so do
    hooks.

    Args:
        step: a function of tensors, in any nest of tuples, lists and dicts, that returns such a
            nest: a whole training step, or a model under no_grad().
        warmup: how many calls run as they are, at least 1: the first makes optimizers' state.

    Returns:
        From a call: what the step returns, its tensors as copies without a history.

    Raises:
        RuntimeError: the step did what cannot be replayed; the message says what.
        TypeError: an argument that requires a gradient, or an object that holds tensors.
        ValueError: arguments on two devices.

    Example:
        >>> import tinydl
        >>> w = tinydl.ones(3, requires_grad=True)
        >>> optimizer = tinydl.optim.SGD([w], lr=0.5)
        >>> @tinydl.compile
        ... def step(x):
        ...     optimizer.zero_grad()
        ...     loss = (w * x).sum()
        ...     loss.backward()
        ...     optimizer.step()
        ...     return loss
        >>> [step(tinydl.ones(3)).item() for _ in range(4)]
        [3.0, 1.5, 0.0, -1.5]
    """

    name = "compile"  # in errors

    def __init__(self, step: Callable, warmup: int = 1):
        if warmup < 1:
            raise ValueError(f"{self.name}: warmup must be at least 1, got {warmup}")
        self.step, self.warmup = step, warmup
        self._calls: dict[Any, int] = {}
        self._recorded: dict[Any, list[Recorded]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given, tensors = (args, kwargs), []
        nest = flatten(given, tensors)
        library = self._library(tensors)
        key = library, is_grad_enabled(), fusion.enabled, amp.mode.dtypes(), precision.parts, nest
        try:
            recordings = self._recorded.setdefault(key, [])
        except TypeError as error:
            message = f"{self.name}: arguments are tensors, numbers or strings: {error}"
            raise TypeError(message) from None
        for recorded in recordings:
            if recorded.still_fits():
                return recorded.replay(tensors)
        self._calls[key] = count = self._calls.get(key, 0) + 1
        if count <= self.warmup:
            return self.step(*args, **kwargs)
        _refuse_objects(self.name, nest)
        kind = _of_calls if library.is_cpu else _of_a_graph
        recorded = kind()(self, given, tensors, library)
        recordings.append(recorded)
        return recorded.result(tensors) if library.is_cpu else recorded.replay(tensors)

    def _library(self, tensors: list[Tensor]) -> Backend:
        """Where the step works."""
        library = tensors[0]._array.storage.backend if tensors else default_device().backend
        for i, x in enumerate(tensors):
            if x._array.storage.backend is not library:
                raise ValueError(
                    f"{self.name}: tensor {i} of the arguments, {x._array}, is on {x.device}, the "
                    f"first on {tensors[0].device}; move one with .to(device)"
                )
            if x.requires_grad:
                raise TypeError(
                    f"{self.name}: tensor {i} of the arguments, {x._array}, requires a gradient; "
                    "pass x.detach(), or take it into the step as a parameter"
                )
        return library


def _of_calls() -> type[Recorded]:
    return Calls


def _of_a_graph() -> type[Recorded]:
    from .cuda.graphs import Graph

    return Graph


class Recorded:
    """A step for arguments of one shape: where they go, what is repeated, what comes out.

    A subclass says how a library's work is recorded (begin, end, abandon) and repeated (run).
    """

    def __init__(self, compiled: compile, given: tuple, tensors: list[Tensor], library: Backend):
        self.name, self.backend = compiled.name, library
        self.inputs = [x.detach().clone() for x in tensors]
        self.memory = FreeList(library, library.memory.stats)
        self.notes = Capture(self.memory, self.name)
        if capture.current is not None:
            raise RuntimeError(f"{self.name}: another step is being recorded; one at a time")
        self.begin()
        try:
            self.output = self._record(compiled.step, *rebuild(flatten(given, []), self.inputs))
            self.end()
        except BaseException:
            self.abandon()
            raise
        self.changed = [x._array.storage in self.notes.written for x in self.inputs]
        self.gradients = {x: x.grad for x in self.notes.leaves}
        parameters = {*self.notes.leaves}
        for module, _ in self.notes.modules:
            parameters.update(p for p in module._parameters.values() if p is not None)
        self.parameters = [(x, x._array, x.requires_grad) for x in parameters]

    def _record(self, step: Callable, args: tuple, kwargs: dict):
        capture.current = self.notes
        try:
            with lend(self.memory):
                output = step(*args, **kwargs)
        finally:
            capture.current = None
            self.recorded()
        results: list[Tensor] = []
        flatten(output, results)
        for y in results:
            if y._node is not None and not isinstance(y._node.saved, Freed):
                raise RuntimeError(
                    f"{self.name}: the step returns {y._array}, which could be differentiated; "
                    "call backward() in the step, or run it under no_grad()"
                )
        return output

    def still_fits(self) -> bool:
        """Whether modules train or not as they did, and parameters and optimizers' state are what
        and where they were."""
        return (
            all(module.training is flag for module, flag in self.notes.modules)
            and all(x._array is array and x.requires_grad is f for x, array, f in self.parameters)
            and all(optimizer._layout() == found for optimizer, found in self.notes.optimizers)
        )

    def replay(self, tensors: list[Tensor]) -> Any:
        for x, before in self.notes.leaves.items():
            if before is not None and x.grad is not before:
                raise RuntimeError(
                    f"{self.name}: the step uses the gradient that {x._array} had when it was "
                    "recorded, and that is another tensor now; call optimizer.zero_grad() inside "
                    "the step, or zero_grad(set_to_none=False) outside"
                )
        for own, x in zip(self.inputs, tensors, strict=True):
            call_arrays("copy", own._array, x._array)
        self.notes.advance()
        self.run()
        for x, grad in self.gradients.items():
            x.grad = grad
        return self.result(tensors)

    def result(self, tensors: list[Tensor]) -> Any:
        """Copies of what the step returned, since the next replay writes over it; what it wrote
        into its arguments is written there."""
        for own, x, changed in zip(self.inputs, tensors, self.changed, strict=True):
            if changed:
                call_arrays("copy", x._array, own._array)
                wrote(x._array, self.name)
        made: list[Tensor] = []
        key = flatten(self.output, made)
        return rebuild(key, [Tensor(y._array.astype(y._array.dtype)) for y in made])

    def __del__(self):
        if getattr(self, "memory", None) is not None:
            self.memory.merge_into(self.backend.memory)

    # --- what a subclass says ---------------------------------------------------------------------

    def begin(self) -> None: ...

    def recorded(self) -> None:
        """The step's Python code has run."""

    def end(self) -> None: ...

    def abandon(self) -> None:
        """An error came before the end."""

    def run(self) -> None: ...


class Calls(Recorded):
    """A step on the CPU: a list of calls of C functions, which is also run while it is recorded.

    C repeats them in one go (native/cpu/replay.c).
    """

    def begin(self) -> None:
        self.names: list[str] = []
        self.arguments: list[tuple] = []  # which must stay alive
        self.functions = self.backend.fn
        self.backend.fn = _Recording(self.backend.lib, self)

    def recorded(self) -> None:
        self.backend.fn.clear()  # or its functions would keep it, and it this
        self.backend.fn = self.functions
        self.notes.count()

    def end(self) -> None:
        self.list = ffi.new("td_call[]", len(self.names))
        self.failed = ffi.new("int64_t *")
        for call, name, arguments in zip(self.list, self.names, self.arguments, strict=True):
            call.function = self.backend.lib.td_function(name.encode())
            kinds = ffi.typeof(getattr(self.backend.lib, f"td_{name}")).args
            for slot, kind, argument in zip(call.argument, kinds, arguments):  # noqa: B905
                if kind.kind == "pointer":
                    slot.pointer = ffi.cast("void *", argument)
                elif kind.cname == "double":
                    slot.real = argument
                else:
                    slot.integer = argument

    def run(self) -> None:
        status = self.backend.fn["replay"](self.list, len(self.names), self.failed)
        if status:
            self.backend.check(status, self.names[self.failed[0]])


class _Recording(Functions):
    """The library's functions; kernels note how they are called by this thread."""

    def __init__(self, lib, notes: Calls):
        super().__init__(lib)
        self.notes, self.thread = notes, get_ident()

    def __missing__(self, name: str):
        function = self.notes.functions[name]
        if name == "write" or self.lib.td_function(name.encode()) >= 0:
            function = self._noting(name, function)
        self[name] = function
        return function

    def _noting(self, name: str, function: Callable) -> Callable:
        def noting(*arguments):
            if get_ident() != self.thread:
                return function(*arguments)
            if name == "write":
                capture.current.refuse("makes a tensor of Python's or NumPy's numbers")
            status = function(*arguments)
            self.notes.names.append(name)
            self.notes.arguments.append(arguments)
            return status

        return noting


# --- nests of tensors -----------------------------------------------------------------------------


def flatten(nest: Any, tensors: list[Tensor]) -> Any:
    """A nest without its tensors' values, to compare and rebuild it; the tensors go to the list."""
    if isinstance(nest, Tensor):
        tensors.append(nest)
        return "tensor", nest.shape, nest.dtype
    if isinstance(nest, (tuple, list)):
        return type(nest), *(flatten(item, tensors) for item in nest)
    if isinstance(nest, dict):
        return "dict", *((name, flatten(item, tensors)) for name, item in nest.items())
    return "value", type(nest), nest  # True, 1 and 1.0 are equal but not the same


def rebuild(key: Any, tensors: list[Tensor]) -> Any:
    """The nest again, with other tensors in their places."""
    return _rebuild(key, iter(tensors))


def _rebuild(key: Any, tensors: Iterator[Tensor]) -> Any:
    kind, *parts = key
    if kind == "tensor":
        return next(tensors)
    if kind == "dict":
        return {name: _rebuild(part, tensors) for name, part in parts}
    if kind == "value":
        return parts[1]
    make = getattr(kind, "_make", kind)  # of a named tuple
    return make(_rebuild(part, tensors) for part in parts)


def _refuse_objects(name: str, key: Any) -> None:
    """TypeError: an object with tensors in it, which may be others in the next call."""
    kind, *parts = key
    if kind == "value" and not callable(parts[1]):
        held = [what for what, x in getattr(parts[1], "__dict__", {}).items() if is_tensor(x)]
        if held:
            raise TypeError(
                f"{name}: a replay would not see other tensors in a {parts[0].__name__}; pass "
                f"{', '.join(held)} as arguments, or in tuples, lists and dicts"
            )
    for part in parts if kind not in ("tensor", "value") else ():
        _refuse_objects(name, part[1] if kind == "dict" else part)
