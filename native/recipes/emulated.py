"""native/cuda compiled for the CPU, against the emulated CUDA device of native/cuda/emulate.

The same .cu files that nvcc compiles (cuda.py), for machines without a GPU and for what only an
ordinary compiler has: sanitizers, line counts, a debugger.
"""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import make
from .cuda import kernel_sources
from .make import EXTENSION, LIBRARIES, ROOT, SANITIZE, compile_file, relative

FLAVOURS = {
    "fast": ["-O2"],
    "asan": [*SANITIZE, "-g1"],
    "tsan": ["-O1", "-g1", "-fsanitize=thread"],
    "coverage": ["-O1", "--coverage"],
}
FLAGS = [
    "-std=c++17",
    "-fPIC",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Wno-missing-field-initializers",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fwrapv",
    "-Inative/cuda/emulate/include",
    "-Inative",
    "-Inative/common",
    "-Inative/cuda",
]


def emulate(
    sources: list[Path],
    target: Path,
    flavour: str = "fast",
    command: str | None = None,
    strict: bool = False,
) -> Path:
    """Compiles .cu and .c files for this machine and links them with the emulated CUDA device.

    The target is a library if its name ends like one, else a program.
    """
    cc = make.find_compiler(command)
    cxx = make.find_cxx(cc)
    clang = "clang" in make.run([*cxx, "--version"])
    name = re.sub(r"\W+", "-", " ".join([Path(cc[0]).name, *cc[1:]]))
    kind = ["emulated", name, flavour, "strict" * strict]
    work = ROOT / "build" / "objects" / "-".join(filter(None, kind))
    runtime = sorted(ROOT.glob("native/cuda/emulate/*.cpp"))

    def compile_one(source: Path) -> Path:
        flags = ["-c", *FLAVOURS[flavour], *["-Werror"] * strict]
        if source in runtime and flavour == "tsan":
            flags.remove("-fsanitize=thread")  # native/cuda/emulate/sanitizers.h says why
        name = source.relative_to(ROOT) if source.is_relative_to(ROOT) else Path(source.name)
        target = (work / name).with_suffix(".o")
        if source.suffix == ".c":
            return compile_file(cc, [*make.FLAGS, *flags], source, target)
        # gcc would share the static variables of templates, __shared__ arrays, between libraries
        flags = [*FLAGS, *([] if clang else ["-fno-gnu-unique"]), *flags]
        flags += ["-ffp-contract=off"] * (source.name in make.UNFUSED)
        return compile_file(cxx, [*flags, "-x", "c++"], source, target)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, [*runtime, *sources]))
    flags = FLAVOURS[flavour] + ["-pthread"]
    if target.suffix == EXTENSION:
        flags += ["-shared", "-Wl,-Bsymbolic"]
        flags += ["-shared-libasan"] * (clang and flavour == "asan")
    link = [*cxx, *flags, *map(relative, objects), "-ldl", "-lm"]
    make.refresh(target, link, work / f"{target.stem}.cmd", objects)
    return target


def build_cuda_emulated(
    out: Path = LIBRARIES, flavour: str = "fast", command: str | None = None, strict: bool = False
) -> Path:
    """libtinydl-cuda-emu.so (-asan, -tsan, -coverage): the CUDA backend without a GPU."""
    suffix = "" if flavour == "fast" else f"-{flavour}"
    library = out / f"libtinydl-cuda-emu{suffix}{EXTENSION}"
    return emulate(kernel_sources(), library, flavour, command, strict)
