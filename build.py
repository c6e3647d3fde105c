"""The only build logic: native libraries and the declarations Python needs to call them.

`python build.py` (what `make` runs) and pip (as hatchling's custom hook) both end in `build()`.
Every file of native/cpu is compiled once per row of ISAS into a library of its own; which of them
to load is decided at run time. Nothing is downloaded; what is up to date is skipped.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `python build.py` needs no hatchling
    BuildHookInterface = object

ROOT = Path(__file__).resolve().parent
NATIVE = ROOT / "native"
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
ISAS["amd64"], ISAS["arm64"] = ISAS["x86_64"], ISAS["aarch64"]

FLAGS = [
    "-std=c11",
    "-O3",
    "-fPIC",
    "-fvisibility=hidden",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fwrapv",
]
# Random numbers are the same bits on every machine only if no product and sum are fused.
FILE_FLAGS = {"random.c": ["-ffp-contract=off"]}
SANITIZE = "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -g"

NO_COMPILER = """tinydl is compiled where it is installed and needs a C compiler (gcc or clang).
  Debian, Ubuntu:  apt-get install gcc libc6-dev make
  Fedora:          dnf install gcc make
  macOS:           xcode-select --install
Or name one:       CC=/path/to/cc"""


def find_compiler() -> list[str]:
    """The compiler command: $CC, else the first of cc, gcc, clang on the PATH."""
    command = shlex.split(os.environ.get("CC", ""))
    if not command:
        command = next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), [])
    if not command or not shutil.which(command[0]):
        raise SystemExit(f"{command[0]}: not found\n{NO_COMPILER}" if command else NO_COMPILER)
    return command


def run(command: list[str]) -> str:
    """Runs a compiler command; its own words are the error message."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)}\n{done.stderr}")
    return done.stdout


def out_of_date(target: Path, command: list[str]) -> bool:
    """Whether a file is missing, older than anything it was made from, or made by another command.

    The compiler lists the sources in TARGET.d; the command is kept in TARGET.cmd.
    """
    depends, recipe = target.with_suffix(".d"), target.with_suffix(".cmd")
    if not (target.exists() and depends.exists() and recipe.exists()):
        return True
    if recipe.read_text() != shlex.join(command):
        return True
    sources = depends.read_text().replace("\\\n", " ").split(":", 1)[1].split()
    made = target.stat().st_mtime_ns
    return any(not os.path.exists(s) or os.stat(s).st_mtime_ns > made for s in sources)


def compile_object(cc: list[str], source: Path, flags: list[str], target: Path) -> None:
    command = [*cc, *flags, "-MMD", "-MF", str(target.with_suffix(".d"))]
    command += ["-c", str(source), "-o", str(target)]
    if out_of_date(target, command):
        target.parent.mkdir(parents=True, exist_ok=True)
        run(command)
        target.with_suffix(".cmd").write_text(shlex.join(command))


def build_library(cc, isa, isa_flags, out: Path, work: Path, extra: list[str], pool) -> Path:
    """Compiles native/common and native/cpu with one row's flags and links them."""
    include = [f"-I{NATIVE / folder}" for folder in ("", "common", "cpu")]
    jobs = []
    for source in sorted([*NATIVE.glob("common/*.c"), *NATIVE.glob("cpu/*.c")]):
        flags = [*FLAGS, *extra, *include, f'-DTD_ISA_NAME="{isa}"', f"-DTD_NEEDS_{isa.upper()}"]
        if source.name != "isa.c":  # the file that asks the machine what it can do
            flags += isa_flags
        flags += FILE_FLAGS.get(source.name, [])
        target = work / isa / f"{source.stem}.o"
        jobs.append((target, pool.submit(compile_object, cc, source, flags, target)))
    for _, job in jobs:
        job.result()

    library = out / f"libtinydl-cpu-{isa}{EXTENSION}"
    objects = [target for target, _ in jobs]
    newest = max(target.stat().st_mtime_ns for target in objects)
    if not library.exists() or library.stat().st_mtime_ns < newest:
        out.mkdir(parents=True, exist_ok=True)
        link = ["-shared", "-pthread", "-lm", *extra]
        if EXTENSION == ".so":
            link += ["-Wl,-Bsymbolic", "-Wl,-z,noexecstack", *([] if extra else ["-s"])]
        fresh = library.with_suffix(".new")  # renamed into place: a running process keeps its copy
        run([*cc, *map(str, objects), "-o", str(fresh), *link])
        fresh.replace(library)
    return library


def build_declarations(cc: list[str], out: Path) -> Path:
    """tinydl.h, preprocessed, becomes the cffi module: the header is the only truth."""
    from cffi import FFI

    module = out / "declarations.py"
    ffi = FFI()
    ffi.cdef(run([*cc, "-E", "-P", "-DTD_CFFI", f"-I{NATIVE}", str(NATIVE / "tinydl.h")]))
    ffi.set_source("declarations", None)
    out.mkdir(parents=True, exist_ok=True)
    ffi.emit_python_code(str(module))
    return module


def build(out: Path = LIBRARIES, sanitize: bool = False, verbose: bool = True) -> list[Path]:
    """Builds every library this compiler can target into `out`; returns what stands there."""
    cc = find_compiler()
    machine = run([*cc, "-dumpmachine"]).split("-")[0]
    if machine not in ISAS:
        raise SystemExit(f"tinydl has no instruction-set row for {machine} (has {sorted(ISAS)})")
    work = ROOT / "build" / (f"{machine}-sanitize" if sanitize else machine)
    extra = SANITIZE.split() if sanitize else []
    made = [build_declarations(cc, out)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for isa, flags in ISAS[machine].items():
            made.append(build_library(cc, isa, flags, out, work, extra, pool))
            if verbose:
                print(f"✓ cpu-{isa}", flush=True)
    return made


class NativeBuildHook(BuildHookInterface):
    """What pip runs: builds the libraries and marks the wheel py3-none-<this platform>."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        if self.target_name != "wheel":
            return
        made = build(verbose=False)
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
        build_data["artifacts"] += [str(path.relative_to(ROOT)) for path in made]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=LIBRARIES, help="where the libraries go")
    parser.add_argument("--sanitize", action="store_true", help="with ASan and UBSan")
    options = parser.parse_args()
    build(options.out.resolve(), options.sanitize)
