"""graph(step): a whole training step, recorded once, then started again as one piece of work.

What a small step costs is mostly the host's time to queue its hundred kernels. A replay queues one
thing. It does what the step would do: capture.py says how random numbers, optimizers' steps and
learning rates, gradients and versions go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import capture
from ..backend import ffi
from ..capture import Capture
from ..graph import is_grad_enabled, no_grad
from ..storage import FreeList, lend
from ..tensor import Tensor
from .gpu import library


class graph:
    """A step that is recorded as one graph of the GPU's work and then replayed.

    The first calls run the step as it is. The next one records it, and from then on a call copies
    the arguments to where the recorded ones were and replays: the same numbers as the step itself,
    at the cost of one launch. For arguments of other shapes or other values that are no tensors
    the same is done anew.

    What a step may not do: read values (.item(), printing, an `if` on a tensor), make tensors of
    Python's or NumPy's numbers, or depend on anything else that changes from call to call and is
    neither an argument, a tensor written in place, a draw of a generator, nor a number among an
    optimizer's options. Python code in it runs in the first calls and once more to be recorded.

    Args:
        step: a function of tensors on the GPU, in any nest of tuples, lists and dicts, that returns
            such a nest.
        warmup: how many calls run as they are, at least 1: the first makes optimizers' state.

    Returns:
        From a call: what the step returns, its tensors as copies without a history.

    Raises:
        RuntimeError: the step did what a recorded one cannot; the message says what. It has not
            run then, and generators and optimizers are as before the call.
        TypeError: an argument on the CPU, or one that requires a gradient.

    Example:
        step = tinydl.cuda.graph(train_step)
        for x, y in batches:
            loss = step(x.cuda(), y.cuda())
    """

    def __init__(self, step: Callable, warmup: int = 3):
        if warmup < 1:
            raise ValueError(f"graph: warmup must be at least 1, got {warmup}")
        self.step, self.warmup = step, warmup
        self._calls: dict[Any, int] = {}
        self._recorded: dict[Any, _Recorded] = {}

    def __call__(self, *args: Any) -> Any:
        tensors: list[Tensor] = []
        key = _flatten(args, tensors)
        for i, x in enumerate(tensors):
            if x._array.backend is not library():
                raise TypeError(f"graph: tensor {i} of the arguments, {x._array}, is not on cuda")
            if x.requires_grad:
                raise TypeError(
                    f"graph: tensor {i} of the arguments, {x._array}, requires a gradient; "
                    "pass x.detach(), or take it into the step as a parameter"
                )
        key = key, is_grad_enabled()
        try:
            recorded = self._recorded.get(key)
        except TypeError as error:
            raise TypeError(f"graph: arguments are tensors, numbers or strings: {error}") from None
        if recorded is None:
            self._calls[key] = count = self._calls.get(key, 0) + 1
            if count <= self.warmup:
                return self.step(*args)
            recorded = self._recorded[key] = _Recorded(self.step, args, tensors)
        return recorded.replay(tensors)


class _Recorded:
    """The graph of a step for arguments of one shape."""

    def __init__(self, step: Callable, args: tuple, tensors: list[Tensor]):
        self.library = library()
        self.inputs = [x.clone() for x in tensors]
        self.memory = FreeList(self.library, self.library.memory.stats)
        self.notes = Capture(self.memory)
        self.handle = self._open()
        try:
            self.output = self._record(step, _rebuild(_flatten(args, []), iter(self.inputs)))
        except BaseException:
            self.close()
            raise
        self.gradients = {x: x.grad for x in self.notes.leaves}

    def _open(self):
        if capture.current is not None:
            raise RuntimeError("graph: another step is being recorded; one at a time")
        handle = ffi.new("void **")
        self.library.check(self.library.fn["graph_begin"](handle), "graph")
        return handle[0]

    def _record(self, step: Callable, args: tuple):
        capture.current = self.notes
        try:
            with lend(self.memory):
                output = step(*args)
        except BaseException:
            for x, grad in self.notes.leaves.items():
                x.grad = grad
            raise
        finally:
            capture.current = None
            self.notes.put_back()
        self.library.check(self.library.fn["graph_end"](self.handle), "graph")
        return output

    def replay(self, tensors: list[Tensor]) -> Any:
        for x, before in self.notes.leaves.items():
            if before is not None and x.grad is not before:
                raise RuntimeError(
                    f"graph: the step adds to the gradient that {x._array} had when it was "
                    "recorded, and that is another tensor now; call optimizer.zero_grad() inside "
                    "the step, or zero_grad(set_to_none=False) outside"
                )
        with no_grad():
            for own, x in zip(self.inputs, tensors, strict=True):
                own.copy_(x)
            self.notes.advance()
            self.library.check(self.library.fn["graph_replay"](self.handle), "graph")
            for x, grad in self.gradients.items():
                x.grad = grad
            made: list[Tensor] = []
            key = _flatten(self.output, made)
            return _rebuild(key, iter([y.detach().clone() for y in made]))

    def close(self) -> None:
        if self.handle is not None:
            self.library.fn["graph_close"](self.handle)
            self.memory.merge_into(self.library.memory)
            self.handle = None

    def __del__(self):
        if getattr(self, "handle", None) is not None:
            self.close()


# --- nests of tensors -----------------------------------------------------------------------------

_NESTS = {"tuple": tuple, "list": list}


def _flatten(nest: Any, tensors: list[Tensor]) -> Any:
    """A nest without its tensors' values, to compare and rebuild it; the tensors go to the list."""
    if isinstance(nest, Tensor):
        tensors.append(nest)
        return "tensor", nest.shape, nest.dtype
    if isinstance(nest, (tuple, list)):
        kind = "list" if isinstance(nest, list) else "tuple"
        return kind, *(_flatten(item, tensors) for item in nest)
    if isinstance(nest, dict):
        return "dict", *((name, _flatten(item, tensors)) for name, item in nest.items())
    return "value", nest


def _rebuild(key: Any, tensors: Iterator[Tensor]) -> Any:
    """The nest again, with other tensors in their places."""
    kind, *parts = key
    if kind == "tensor":
        return next(tensors)
    if kind == "dict":
        return {name: _rebuild(part, tensors) for name, part in parts}
    if kind == "value":
        return parts[0]
    return _NESTS[kind](_rebuild(part, tensors) for part in parts)
