"""Who takes part: tinydl, PyTorch in the ways people run it, and others where a row has them.

Each variant lives in a process of its own (worker.py), so that no setting of one reaches another.
The best of those PyTorch variants that a user runs as they are is what tinydl is measured against.
"tuned" is beside them: a malloc that keeps its memory saves PyTorch most of its page faults.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

KEEPS_MEMORY = ":".join(
    f"glibc.malloc.{name}"
    for name in ("mmap_max=0", "mmap_threshold=4294967296", "trim_threshold=4294967296")
)


@dataclass(frozen=True)
class Variant:
    """A package and how it is used.

    usual     counts among what people do, so it may be the best PyTorch
    layout    images and filters are n h w c in memory
    compiled  functions and models go through torch.compile
    updates   how the optimizer goes over its tensors: "" is the default, foreach, fused
    replayed  whole steps go through tinydl.compile
    settings  environment variables of the process
    """

    name: str
    package: str
    usual: bool = True
    layout: bool = False
    compiled: bool = False
    updates: str = ""
    replayed: bool = False
    settings: dict[str, str] = field(default_factory=dict)

    def lacking(self) -> str:
        """Why it cannot take part here; nothing if it can."""
        if importlib.util.find_spec(self.package) is None:
            return f"{self.package} is not installed"
        if self.compiled and not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++"))):
            return "torch.compile needs a C++ compiler"
        if self.settings and platform.libc_ver()[0] != "glibc":
            return "the C library is not glibc, so its malloc has no tunables"
        if self.replayed and not hasattr(importlib.import_module("tinydl"), "compile"):
            return "this tinydl has no compile()"
        return ""


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("tinydl", "tinydl"),
        Variant("replayed", "tinydl", replayed=True),
        Variant("PyTorch", "torch"),
        Variant("foreach", "torch", updates="foreach"),
        Variant("fused", "torch", updates="fused"),
        Variant("channels_last", "torch", layout=True, updates="fused"),
        Variant("compile", "torch", compiled=True, updates="fused"),
        Variant(
            "tuned",
            "torch",
            usual=False,
            layout=True,
            updates="fused",
            settings={"GLIBC_TUNABLES": KEEPS_MEMORY},
        ),
        Variant("NumPy", "numpy", usual=False),
        Variant("onnxruntime", "onnxruntime", usual=False),
    )
}

STEPS = ("replayed", "fused", "compile")  # who else takes part in whole training steps
IMAGES = ("channels_last",)  # … where there are images
TRAINING = (*STEPS, *IMAGES, "tuned")


class Bound:
    """A variant with its library loaded: what a row asks how it should set itself up."""

    def __init__(self, name: str, threads: int):
        self.variant, self.threads = VARIANTS[name], threads
        self.L = importlib.import_module(self.variant.package)
        if hasattr(self.L, "set_num_threads"):
            self.L.set_num_threads(threads)

    def arrange(self, value: Any) -> Any:
        """A tensor or model in the variant's layout."""
        of_images = getattr(value, "ndim", 4) == 4  # models have no ndim
        if self.variant.layout and of_images:
            return value.to(memory_format=self.L.channels_last)
        return value

    def compiled(self, f: Callable) -> Callable:
        """A function of tensors, or a model."""
        if not self.variant.compiled:
            return f
        # A recorded graph is gone through many times, with its buffers left as they are.
        importlib.import_module("torch._functorch.config").donated_buffer = False
        self.L._dynamo.reset()  # or the next row's shapes would look like a changing shape
        return self.L.compile(f, dynamic=False)

    def replayed(self, step: Callable) -> Callable:
        return self.L.compile(step) if self.variant.replayed else step

    def optimizer(self, name: str, **options: float) -> Callable:
        """A function that makes the optimizer for some parameters."""
        kind, how = getattr(self.L.optim, name), self.variant.updates
        return lambda parameters: kind(parameters, **options, **({how: True} if how else {}))
