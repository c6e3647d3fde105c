"""Running a compiler, and not running it where nothing changed.

What all recipes of native libraries share: finding a compiler for C and C++, the flags that C gets
everywhere, and `refresh`, which is all of make that is needed here. `build.py` is who calls them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = ROOT / "tinydl" / "lib"
EXTENSION = ".dylib" if sys.platform == "darwin" else ".so"

FLAGS = [
    "-std=c11",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fwrapv",
    "-Inative",
    "-Inative/common",
    "-Inative/cpu",
]
# Random numbers are the same bits on every machine only if no product and sum are fused.
UNFUSED = ("random.c", "random.cu")
# A third of the compiler's time: checks multiply what -O3 would unroll.
SANITIZE = [
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",
    "-fno-omit-frame-pointer",
    "-g",
]

NO_COMPILER = """tinydl is compiled where it is installed and needs a C compiler (gcc or clang).
  Debian, Ubuntu:  apt-get install gcc libc6-dev make
  Fedora:          dnf install gcc make
  macOS:           xcode-select --install
Or name one:       CC=/path/to/cc"""


def find_compiler(command: str | None = None) -> list[str]:
    """The C compiler asked for, else $CC, else the first of cc, gcc, clang on the PATH."""
    asked = shlex.split(command or os.environ.get("CC", ""))
    found = asked or next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), [])
    if not found or not shutil.which(found[0]):
        raise SystemExit(f"{found[0]}: not found\n\n{NO_COMPILER}" if found else NO_COMPILER)
    return found


def find_cxx(cc: list[str]) -> list[str]:
    """$CXX, else the C++ compiler that belongs to a C compiler: gcc-12 → g++-12."""
    if os.environ.get("CXX"):
        return shlex.split(os.environ["CXX"])
    names = {"cc": "c++", "gcc": "g++", "clang": "clang++"}
    pattern = r"(?<![^/-])(cc|gcc|clang)(-[\d.]+)?$"
    return [re.sub(pattern, lambda m: names[m[1]] + (m[2] or ""), word) for word in cc]


def run(command: list[str]) -> str:
    """Runs a compiler in ROOT, where relative paths mean something; its own words are the error."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)}\n{done.stderr}")
    sys.stderr.write(done.stderr)  # warnings
    return done.stdout


def relative(path: Path) -> str:
    """A path as commands spell it: short, and the same wherever the source folder lies."""
    return os.path.relpath(path, ROOT) if path.is_relative_to(ROOT) else str(path)


def refresh(target: Path, command: list[str], recipe: Path, sources: list[Path] | None) -> None:
    """Makes `target` if it is missing, older than a source, or was made by another command.

    The command is kept in `recipe`. Without sources, they are what the compiler wrote into the
    .d file beside it. The new file is as old as the start of its making, so an edit meanwhile
    is not missed, and it is renamed into place: an interrupted build leaves no half of one, and
    a process that runs a library keeps its copy.
    """
    if target.exists() and recipe.exists() and recipe.read_text() == shlex.join(command):
        if sources is None:
            depends = recipe.with_suffix(".d").read_text().replace("\\\n", " ")
            sources = [ROOT / name for name in shlex.split(depends.split(": ", 1)[1])]
        made = target.stat().st_mtime_ns
        if all(source.exists() and source.stat().st_mtime_ns <= made for source in sources):
            return
    fresh = target.with_suffix(f".{os.getpid()}.new")  # two builds may run at once
    fresh.parent.mkdir(parents=True, exist_ok=True)
    started = time.time_ns()
    run([*command, "-o", relative(fresh)])
    os.utime(fresh, ns=(started, started))
    fresh.replace(target)
    recipe.write_text(shlex.join(command))


def compile_file(cc: list[str], flags: list[str], source: Path, target: Path) -> Path:
    """Compiles one file, or preprocesses it when the flags say so."""
    depends = ["-MMD", "-MF", relative(target.with_suffix(".d"))]
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [*cc, *flags, *depends, relative(source)]
    refresh(target, command, target.with_suffix(".cmd"), None)
    return target
