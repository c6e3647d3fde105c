"""graph(step): tinydl.compile on a GPU, where a recorded step is one piece of work.

Nothing is computed while the driver records; the first replay does that, and everything that the
step's Python code counted is put back before it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Backend, ffi
from ..recorded import Recorded, compile
from ..tensor import Tensor
from .gpu import library


class graph(compile):
    """A step that is recorded as one graph of the GPU's work and then replayed.

    tinydl.compile for a GPU; what is said there holds here. A replay is one launch, however many
    kernels the step has. It does not wait for the device, and other threads may go on queueing
    while it is recorded.

    Args:
        step: a function of tensors on the GPU.
        warmup: how many calls run as they are, at least 1.

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

    name = "graph"

    def __init__(self, step: Callable, warmup: int = 3):
        super().__init__(step, warmup)

    def _library(self, tensors: list[Tensor]) -> Backend:
        for i, x in enumerate(tensors):
            if x._array.storage.backend is not library():
                raise TypeError(f"graph: tensor {i} of the arguments, {x._array}, is not on cuda")
        super()._library(tensors)
        return library()


class Graph(Recorded):
    """A step as a graph of the CUDA driver's."""

    handle = None

    def begin(self) -> None:
        handle = ffi.new("void **")
        self.backend.check(self.backend.fn["graph_begin"](handle), "graph")
        self.handle = handle[0]

    def recorded(self) -> None:
        self.notes.count()
        self.notes.put_back()

    def end(self) -> None:
        self.backend.check(self.backend.fn["graph_end"](self.handle), "graph")

    def abandon(self) -> None:
        for x, grad in self.notes.leaves.items():
            x.grad = grad
        self._close()

    def run(self) -> None:
        self.backend.check(self.backend.fn["graph_replay"](self.handle), "graph")

    def _close(self) -> None:
        if self.handle is not None:
            self.backend.fn["graph_close"](self.handle)
            self.handle = None

    def __del__(self):
        self._close()
        super().__del__()
