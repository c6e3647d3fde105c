"""Who takes part in a race: tinydl, PyTorch in the same arithmetic, PyTorch as it comes.

All live in one process and share the GPU. A run is timed between two events of its own library. A
cold one finds its operands in memory, since before it something larger than the cache is written.
"""

from __future__ import annotations

import gc
import importlib
import warnings
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
from place import Place, has

CACHE = 256 << 20  # bytes to write so that nothing else is left in any cache


class Contender:
    """A library on a device, in one mode of arithmetic. Only those on a GPU are timed."""

    def __init__(self, name: str, library: str, device: str, mode: str, timed: bool = True):
        self.name, self.device, self.mode, self.timed = name, device, mode, timed
        self.L = importlib.import_module(library)
        self.usual = None if library == "torch" else "cpu"  # where its new tensors are
        self.other = None  # what is written to empty the cache

    @contextmanager
    def at_home(self):
        """Inside, new tensors of the library are on the device.

        Not around what is timed: PyTorch then looks at every call of a function.
        """
        self.L.set_default_device(self.device)
        try:
            yield self.L
        finally:
            self.L.set_default_device(self.usual)

    def _set_mode(self) -> None:
        if self.L.__name__ == "torch":
            backends, exact = self.L.backends, self.mode == "fp32"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # newer versions spell it otherwise too
                backends.cuda.matmul.allow_tf32 = False
                backends.cudnn.allow_tf32 = not exact
            backends.cudnn.benchmark = exact  # the fastest of cuDNN's kernels for each shape

    def prepare(self, make: Callable) -> tuple[Callable, list[np.ndarray]]:
        """A row set up: what is to be timed, and the numbers it computes."""
        self._set_mode()
        with self.at_home() as L:
            run, result = make(L)
            values = result()
            values = values if isinstance(values, list) else [values]
            with L.no_grad():
                return run, [np.asarray(v.cpu() if hasattr(v, "cpu") else v) for v in values]

    def times(self, run: Callable, count: int, cold: bool) -> list[float]:
        """Seconds of so many runs."""
        L = self.L
        self._set_mode()
        if cold and self.other is None:
            self.other = L.zeros(CACHE // 4, device=self.device)
        events = [[L.cuda.Event(enable_timing=True) for _ in range(2)] for _ in range(count)]
        gc.disable()
        for start, stop in events:
            if cold:
                self.other.zero_()
            start.record()
            run()
            stop.record()
        gc.enable()
        L.cuda.synchronize()
        return [start.elapsed_time(stop) / 1e3 for start, stop in events]

    def forget(self) -> None:
        """Gives the memory of what is no longer used back to the GPU."""
        if self.timed:
            gc.collect()
            self.L.cuda.empty_cache()

    def facts(self) -> dict:
        found = {"version": self.L.__version__, "device": self.device, "mode": self.mode}
        if self.L.__name__ == "tinydl":
            backend = self.L.device(self.device).backend
            found["library"] = f"{backend.name}, {backend.compiler}"
            if self.device == "cuda":
                gpu = self.L.cuda.get_device_properties()
                found["capability"] = f"{gpu.major}.{gpu.minor}"
                found["multiprocessors"] = gpu.multi_processor_count
                found["driver"], found["cuda"] = f"for CUDA {gpu.driver}", gpu.runtime
        elif self.timed:
            found["cuda"], found["cudnn"] = self.L.version.cuda, self.L.backends.cudnn.version()
        return found


def contenders(place: Place, tf32: bool) -> list[Contender]:
    """tinydl first. The second is who it must agree with."""
    first = Contender("tinydl", "tinydl", "cuda", "fp32", timed=place.real)
    if not has("torch"):
        return [first, Contender("tinydl on the CPU", "tinydl", "cpu", "fp32", timed=False)]
    if not (place.real and importlib.import_module("torch").cuda.is_available()):
        return [first, Contender("PyTorch on the CPU", "torch", "cpu", "fp32", timed=False)]
    found = [first, Contender("PyTorch", "torch", "cuda", "fp32")]
    return found + [Contender("PyTorch as it comes", "torch", "cuda", "TF32")] * tf32


# --- a step as a graph ----------------------------------------------------------------------------


def graphed(L, step: Callable) -> Callable:
    """On a GPU the step recorded at its fourth call and replayed from then on, by L's own means."""
    if not on_gpu(L):
        return step
    return L.cuda.graph(step) if L.__name__ == "tinydl" else TorchGraph(L, step)


def on_gpu(L) -> bool:
    """Whether new tensors are on a GPU."""
    return L.empty(0).device.type == "cuda"


class TorchGraph:
    """What tinydl.cuda.graph does, with PyTorch's parts for it."""

    def __init__(self, torch, step: Callable, warmup: int = 3):
        self.torch, self.step, self.warmup = torch, step, warmup
        self.graph = self.output = None

    def __call__(self):
        cuda = self.torch.cuda
        if self.warmup:
            self.warmup -= 1
            beside = cuda.Stream()  # PyTorch does not record what the main stream has begun
            beside.wait_stream(cuda.current_stream())
            with cuda.stream(beside):
                output = self.step()
            cuda.current_stream().wait_stream(beside)
            return output
        if self.graph is None:
            self.graph = cuda.CUDAGraph()
            with cuda.graph(self.graph):
                self.output = self.step()
        self.graph.replay()
        return self.output
