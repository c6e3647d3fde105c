"""What the check consists of: parts, each of commands with a time limit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from place import ROOT, Place, has, lacking
from sanitizers import why_not

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable

# The suite goes in groups, so that one that hangs takes no other along; what is in no group is the
# last one. Left out are the tests of the emulated device itself, of this check, of make bench.
SUITE = {
    "kernels": ("test_ops.py", "test_teach.py", "test_abi.py", "cuda/test_kernel_choice.py"),
    "derivatives": ("test_grads.py", "test_gradcheck.py", "test_autograd.py", "test_inplace.py"),
}
NOT_HERE = ("cuda/test_emulator.py", "gpu/test_gpu_check.py", "bench/test_bench.py")
WORKERS = min(8, os.cpu_count() or 1)  # each has a context on the GPU


@dataclass(frozen=True)
class Part:
    """commands(file) are run one after the other; `file` is where one may leave what it found."""

    name: str
    seconds: int  # it is ended after
    commands: Callable[[Path], list[list]]
    lacking: str = ""  # why it cannot be run here


# The suite would skip what needs a device that cannot be used.
USABLE = """
import tinydl
assert tinydl.ones(3, device="cuda").sum().item() == 3
found = tinydl.cuda.get_device_properties()
print(f"{found.name}: driver for CUDA {found.driver}, library made with {found.runtime}")
"""


def _build(place: Place) -> Callable:
    build = [PYTHON, "build.py", "--out", "tinydl/lib", "--quiet"]
    kind = ["--cuda", "dev"] if place.real else ["--emulate", "fast"]
    return lambda file: [build, [*build, *kind], [PYTHON, "-c", USABLE]]


def suite(tests: list[str] | None) -> list[Part]:
    """The parts of the test suite, or one part of the tests that were named."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    names = [path.relative_to(ROOT / "tests").as_posix() for path in files]
    grouped = {name for group in SUITE.values() for name in (*group, *NOT_HERE)}
    rest = [name for name in names if name not in grouped]
    groups = {name: [f"tests/{file}" for file in group] for name, group in SUITE.items()}
    groups = {"named": tests} if tests else {**groups, "framework": [f"tests/{n}" for n in rest]}
    without = lacking("pytest", "hypothesis")
    pytest = [PYTHON, "-m", "pytest", "-rfE", "-p", "no:cacheprovider"]
    pytest += ["-n", str(WORKERS)] if has("xdist") else []
    return [
        Part(f"suite-{name}", 240, lambda file, group=group: [[*pytest, *group]], without)
        for name, group in groups.items()
    ]


def parts(place: Place, tests: list[str] | None = None) -> list[Part]:
    """All parts, in the order in which they are run."""

    def script(name: str, *words: str) -> Callable:
        return lambda file: [[PYTHON, str(HERE / name), *words, str(file)]]

    races = {"gemm": 90, "conv": 120, "bandwidth": 90, "optimizer": 60, "training": 60}
    return [
        Part("build", 300, _build(place)),
        Part("twins", 120, script("twins.py")),
        *suite(tests),
        Part("sanitizer", 150, script("sanitizers.py"), why_not(place)),
        *(Part(name, seconds, script("race.py", name)) for name, seconds in races.items()),
    ]
