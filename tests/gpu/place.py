"""Where the check runs: a GPU, or the emulated device; with PyTorch or without; which sources.

Results say all of it, and a part that is done is done for one such place and state of the sources.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "bench")]

from machine import describe  # noqa: E402

from native.recipes import cuda  # noqa: E402

PARTLY = 3  # the exit status of a part that did what time allowed, all of it well
SOURCES = ("build.py", "native", "tests", "tinydl")  # what results depend on
FACTS = (
    "name", "driver_version", "memory.total", "clocks.max.sm", "clocks.max.mem", "clocks.sm",
    "clocks.mem", "power.limit", "temperature.gpu", "compute_cap",
)  # fmt: skip


def ask(*command: str) -> str:
    """What a program prints; nothing where it is not there or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def has(package: str) -> bool:
    """Whether it is installed, and wanted: --without sets the variable."""
    unwanted = os.environ.get("GPU_CHECK_WITHOUT", "").split()
    return package not in unwanted and importlib.util.find_spec(package) is not None


def lacking(*packages: str) -> str:
    """Those that are not there, in words."""
    return ", ".join(f"no {name}" for name in packages if not has(name))


@dataclass(frozen=True)
class Place:
    """real: a GPU, not the emulated device. tiny: small shapes, and nothing is timed."""

    real: bool

    @property
    def tiny(self) -> bool:
        return not self.real

    @property
    def cuda(self) -> str:
        """TINYDL_CUDA for the processes of the parts."""
        return "real" if self.real else "emu"

    @cached_property
    def name(self) -> str:
        found = self.facts().get("name", "GPU") if self.real else "emulated"
        return re.sub(r"\W+", "-", found).strip("-").lower()

    def facts(self) -> dict:
        """What nvidia-smi says, clocks and temperature as they are now."""
        if not self.real:
            return {}
        told = ask("nvidia-smi", f"--query-gpu={','.join(FACTS)}", "--format=csv,noheader")
        values = told.splitlines()[0].split(", ") if told else []
        return dict(zip(FACTS, values, strict=False))

    def describe(self) -> dict:
        """All that results must name but the libraries', which their own processes tell."""
        nvccs = cuda.find_nvccs()
        return {
            "device": self.facts() or {"name": "the emulated device: nothing is timed"},
            **describe(),
            "python": platform.python_version(),
            "nvcc": cuda.version(nvccs[0]) if nvccs else "none",
            "commit": ask("git", "describe", "--always", "--dirty") or "none",
            "sources": self.sources,
        }

    @cached_property
    def sources(self) -> str:
        """A digest of the sources, so that a change makes all parts be run again."""
        digest = hashlib.sha256()
        for top in SOURCES:
            path = ROOT / top
            for file in [path] if path.is_file() else sorted(path.rglob("*")):
                hidden = {"__pycache__", "lib"} & set(file.relative_to(ROOT).parts[:-1])
                if file.is_file() and not hidden:
                    digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
        return digest.hexdigest()[:12]


def find() -> Place:
    """A GPU where there is one, unless TINYDL_CUDA=emu asks for the emulated device."""
    return Place(bool(cuda.gpus()) and os.environ.get("TINYDL_CUDA") != "emu")
