"""The only build logic: native libraries and the declarations Python needs to call them.

`python build.py` (what `make` runs) and pip (as hatchling's custom hook) both end in `build()`.
Every file of native/cpu is compiled once per row of ISAS into a library of its own; which of them
to load is decided at run time. Nothing is downloaded; what is up to date is skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `python build.py` needs no hatchling
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
LIBRARIES = ROOT / "tinydl" / "lib"
EXTENSION = ".dylib" if sys.platform == "darwin" else ".so"

# One row per instruction set: the flags every file but isa.c gets.
ISAS = {
    "x86_64": {
        "base": [],
        "avx2": ["-mavx2", "-mfma"],
        "avx512": ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"],
    },
    "aarch64": {"neon": []},
}
SAME_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}

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
FILE_FLAGS = {"random.c": ["-ffp-contract=off"]}
# A third of the compiler's time: checks multiply what -O3 would unroll.
SANITIZE = [
    "-O1",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=undefined",
    "-fno-omit-frame-pointer",
    "-g",
]

# native/cuda compiled for the CPU, against the emulated CUDA runtime: flags of each flavour.
EMULATED = {
    "fast": ["-O2"],
    "asan": [*SANITIZE, "-g1"],
    "tsan": ["-O1", "-g1", "-fsanitize=thread"],
    "coverage": ["-O1", "--coverage"],
}
EMULATION_FLAGS = [
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

NO_COMPILER = """tinydl is compiled where it is installed and needs a C compiler (gcc or clang).
  Debian, Ubuntu:  apt-get install gcc libc6-dev make
  Fedora:          dnf install gcc make
  macOS:           xcode-select --install
Or name one:       CC=/path/to/cc"""
NO_CFFI = "build.py needs cffi: `make` installs it for you, or do it yourself: pip install cffi"


# --- running a compiler ---------------------------------------------------------------------------


def find_compiler(command: str | None = None) -> list[str]:
    """The compiler asked for, else $CC, else the first of cc, gcc, clang on the PATH."""
    asked = shlex.split(command or os.environ.get("CC", ""))
    found = asked or next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), [])
    if not found or not shutil.which(found[0]):
        raise SystemExit(f"{found[0]}: not found\n\n{NO_COMPILER}" if found else NO_COMPILER)
    return found


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


# --- what is made ---------------------------------------------------------------------------------


def start_objects(pool, cc: list[str], isa: str, row: list[str], extra: list[str], work: Path):
    """Submits native/common and native/cpu with one row's flags to the pool: futures of objects."""
    flags = ["-c", *FLAGS, *extra, f'-DTD_ISA_NAME="{isa}"', f"-DTD_NEEDS_{isa.upper()}"]
    jobs = []
    for source in sorted([*ROOT.glob("native/common/*.c"), *ROOT.glob("native/cpu/*.c")]):
        own = FILE_FLAGS.get(source.name, [])
        if source.name != "isa.c":  # isa.c asks the machine what it can do, so it must run on all
            own = row + own
        target = work / isa / f"{source.stem}.o"
        jobs.append(pool.submit(compile_file, cc, flags + own, source, target))
    return jobs


def link(cc: list[str], objects: list[Path], extra: list[str], library: Path, work: Path) -> Path:
    flags = ["-shared", "-pthread", *extra]
    if EXTENSION == ".so":
        # -Bsymbolic: libraries with the same names live in one process. nodelete: the threads of
        # the pool must not lose their code when Python closes the library on its way out.
        flags += ["-Wl,-Bsymbolic", "-Wl,-z,nodelete", "-Wl,-z,noexecstack"]
        flags += [] if extra else ["-s"]
    command = [*cc, *flags, *map(relative, objects), "-lm"]
    refresh(library, command, work / f"{library.stem}.cmd", objects)
    return library


def build_declarations(cc: list[str], out: Path, work: Path) -> Path:
    """tinydl.h and teach.h, preprocessed, become the cffi module: headers are the only truth.

    teach.h's functions are in the CUDA library alone; cffi looks a function up when it is used.
    """
    module, header = out / "declarations.py", work / "declarations.i"
    source = ROOT / "native" / "cuda" / "teach.h"  # includes tinydl.h
    compile_file(cc, ["-E", "-P", "-DTD_CFFI", "-Inative"], source, header)
    if not module.exists() or module.stat().st_mtime_ns < header.stat().st_mtime_ns:
        try:
            from cffi import FFI
        except ImportError:
            raise SystemExit(NO_CFFI) from None
        ffi = FFI()
        ffi.cdef(header.read_text())
        ffi.set_source("declarations", None)
        fresh = module.with_suffix(".new")
        fresh.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stdout(io.StringIO()):
            ffi.emit_python_code(str(fresh))
        fresh.replace(module)
    return module


def build(
    out: Path | None = None,
    compiler: str | None = None,
    sanitize: bool = False,
    strict: bool = False,
    verbose: bool = True,
) -> list[Path]:
    """Builds every library the compiler can target; returns the files that stand in `out`.

    Without `out` that is tinydl/lib, where Python looks, or for another machine build/MACHINE.
    """
    cc = find_compiler(compiler)
    machine = run([*cc, "-dumpmachine"]).split("-")[0]
    machine = SAME_MACHINE.get(machine, machine)
    if machine not in ISAS:
        raise SystemExit(f"tinydl has no instruction set for {machine}; it has {', '.join(ISAS)}")
    if out is None:
        out = LIBRARIES if machine == this_machine() else ROOT / "build" / machine
    elif out == LIBRARIES and machine != this_machine():
        raise SystemExit(f"{shlex.join(cc)} builds for {machine}, this is {this_machine()}")

    extra = [*(SANITIZE if sanitize else []), *(["-Werror"] if strict else [])]
    kind = [Path(cc[0]).name, machine, "sanitize" * sanitize, "strict" * strict]
    work = ROOT / "build" / "objects" / "-".join(filter(None, kind))
    made = [build_declarations(cc, out, work)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            rows = ISAS[machine].items()
            jobs = {isa: start_objects(pool, cc, isa, row, extra, work) for isa, row in rows}
            for isa in jobs:
                library = out / f"libtinydl-cpu-{isa}{EXTENSION}"
                made.append(link(cc, [job.result() for job in jobs[isa]], extra, library, work))
                if verbose:
                    print(f"✓ cpu-{isa}", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the first error is told at once
            raise
    return made


def find_cxx(cc: list[str]) -> list[str]:
    """$CXX, else the C++ compiler that belongs to a C compiler: gcc-12 → g++-12."""
    if os.environ.get("CXX"):
        return shlex.split(os.environ["CXX"])
    names = {"cc": "c++", "gcc": "g++", "clang": "clang++"}
    pattern = r"(?<![^/-])(cc|gcc|clang)(-[\d.]+)?$"
    return [re.sub(pattern, lambda m: names[m[1]] + (m[2] or ""), word) for word in cc]


def emulate(
    sources: list[Path],
    target: Path,
    flavour: str = "fast",
    compiler: str | None = None,
    strict: bool = False,
) -> Path:
    """Compiles .cu and .c files for this machine and links them with the emulated CUDA device.

    The target is a library if its name ends like one, else a program.
    """
    cc = find_compiler(compiler)
    cxx = find_cxx(cc)
    clang = "clang" in run([*cxx, "--version"])
    name = re.sub(r"\W+", "-", " ".join([Path(cc[0]).name, *cc[1:]]))
    kind = ["emulated", name, flavour, "strict" * strict]
    work = ROOT / "build" / "objects" / "-".join(filter(None, kind))
    runtime = sorted(ROOT.glob("native/cuda/emulate/*.cpp"))

    def compile_one(source: Path) -> Path:
        flags = ["-c", *EMULATED[flavour], *["-Werror"] * strict]
        if source in runtime and flavour == "tsan":
            flags.remove("-fsanitize=thread")  # native/cuda/emulate/sanitizers.h says why
        name = source.relative_to(ROOT) if source.is_relative_to(ROOT) else Path(source.name)
        target = (work / name).with_suffix(".o")
        if source.suffix == ".c":
            return compile_file(cc, [*FLAGS, *flags], source, target)
        # gcc would share the static variables of templates, __shared__ arrays, between libraries
        flags = [*EMULATION_FLAGS, *([] if clang else ["-fno-gnu-unique"]), *flags]
        flags += FILE_FLAGS.get(source.with_suffix(".c").name, [])
        return compile_file(cxx, [*flags, "-x", "c++"], source, target)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, [*runtime, *sources]))
    flags = EMULATED[flavour] + ["-pthread"]
    if target.suffix == EXTENSION:
        flags += ["-shared", "-Wl,-Bsymbolic"]
        flags += ["-shared-libasan"] * (clang and flavour == "asan")
    command = [*cxx, *flags, *map(relative, objects), "-ldl", "-lm"]
    refresh(target, command, work / f"{target.stem}.cmd", objects)
    return target


def build_cuda_emulated(
    out: Path = LIBRARIES, flavour: str = "fast", compiler: str | None = None, strict: bool = False
) -> Path:
    """libtinydl-cuda-emu.so (-asan, -tsan, -coverage): the CUDA backend without a GPU."""
    sources = sorted([*ROOT.glob("native/cuda/*.cu"), *ROOT.glob("native/common/*.c")])
    suffix = "" if flavour == "fast" else f"-{flavour}"
    library = out / f"libtinydl-cuda-emu{suffix}{EXTENSION}"
    return emulate(sources, library, flavour, compiler, strict)


def this_machine() -> str:
    return SAME_MACHINE.get(platform.machine().lower(), platform.machine().lower())


class NativeBuildHook(BuildHookInterface):
    """What pip runs: builds the libraries and marks the wheel py3-none-<this platform>."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        if self.target_name != "wheel":
            return
        made = build(LIBRARIES, verbose=False)
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["artifacts"] += [path.relative_to(ROOT).as_posix() for path in made]
        if version == "standard":  # explain() shows the kernels; an editable install has them
            build_data["force_include"][str(ROOT / "native")] = "tinydl/lib/native"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="where the libraries go (tinydl/lib)")
    parser.add_argument("--cc", help="the compiler ($CC, else cc, gcc or clang)")
    parser.add_argument("--sanitize", action="store_true", help="with ASan and UBSan")
    parser.add_argument("--strict", action="store_true", help="warnings are errors")
    parser.add_argument("--emulate", choices=EMULATED, help="the emulated CUDA device instead")
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is well")
    options = parser.parse_args()
    out = options.out and options.out.resolve()
    if options.emulate:
        made = build_cuda_emulated(out or LIBRARIES, options.emulate, options.cc, options.strict)
        if not options.quiet:
            print(f"✓ {made.stem.removeprefix('libtinydl-')}")
        return
    build(out, options.cc, options.sanitize, options.strict, not options.quiet)


if __name__ == "__main__":
    main()
