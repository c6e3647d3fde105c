"""Builds the native libraries, and the declarations Python needs to call them.

`python build.py` (what `make` runs) and pip (as hatchling's custom hook) both end in `build()`.
Every file of native/cpu is compiled once per row of ISAS into a library of its own; which of them
to load is decided at run time. How CUDA libraries are made, and what all recipes share, stands in
native/recipes. Nothing is downloaded; what is up to date is skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import shlex
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # `python build.py` needs no hatchling
    BuildHookInterface = object

sys.path.insert(0, str(Path(__file__).resolve().parent))  # pip runs this file from elsewhere

from native.recipes import cuda, emulated, make
from native.recipes.callers import write_callers
from native.recipes.make import (
    EXTENSION,
    FLAGS,
    LIBRARIES,
    ROOT,
    SANITIZE,
    UNFUSED,
    compile_file,
    find_compiler,
    relative,
)

# One row per instruction set: the flags every file but isa.c gets.
AVX512 = ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"]
ISAS = {
    "x86_64": {
        "base": [],
        "avx2": ["-mavx2", "-mfma"],
        "avx512": AVX512,
        "avx512bf16": [*AVX512, "-mavx512bf16"],
        "amx": [*AVX512, "-mamx-tile", "-mamx-bf16", "-DTD_TILES"],
    },
    "aarch64": {"neon": []},
}
# Rows that differ from another in products of bf16 alone have that row's objects but for OWN.
LIKE = {"avx512bf16": "avx512", "amx": "avx512"}
OWN = ("device.c", "isa.c", "matmul_bf16.c")
TILES = {"amx-emu": ["-DTD_TILES", "-DTD_EMULATE_TILES"]}  # for tests, on any machine
SAME_MACHINE = {"amd64": "x86_64", "arm64": "aarch64"}

NO_CFFI = "build.py needs cffi: `make` installs it for you, or do it yourself: pip install cffi"


def start_objects(
    pool, cc: list[str], isa: str, row: list[str], extra: list[str], work: Path, like: dict
) -> dict:
    """Submits native/common and native/cpu with one row's flags to the pool: futures by name.

    `like` has the futures of the row it is like, which are taken for all files but OWN.
    """
    needs = f"-DTD_NEEDS_{isa.upper().replace('-', '_')}"
    flags = ["-c", *FLAGS, *extra, f'-DTD_ISA_NAME="{isa}"', needs]
    write_callers((work / "declarations.i").read_text(), work / "callers.h")
    jobs = dict(like)
    for source in sorted([*ROOT.glob("native/common/*.c"), *ROOT.glob("native/cpu/*.c")]):
        if like and source.name not in OWN:
            continue
        own = ["-ffp-contract=off"] * (source.name in UNFUSED)
        if source.name != "isa.c":  # isa.c asks the machine what it can do, so it must run on all
            own = row + own
        own += [f"-I{relative(work)}"] * (source.name == "replay.c")
        target = work / isa / f"{source.stem}.o"
        jobs[source.name] = pool.submit(compile_file, cc, flags + own, source, target)
    return jobs


def knows(cc: list[str], isa: str, row: list[str], work: Path) -> bool:
    """Whether the compiler has the row's flags: older ones lack those of newer processors."""
    try:
        compile_file(cc, ["-E", "-Inative", *row], ROOT / "native/tinydl.h", work / isa / "knows.i")
    except SystemExit:
        return False
    return True


def link(cc: list[str], objects: list[Path], extra: list[str], library: Path, work: Path) -> Path:
    flags = ["-shared", "-pthread", *extra]
    if EXTENSION == ".so":
        # -Bsymbolic: libraries with the same names live in one process. nodelete: the threads of
        # the pool must not lose their code when Python closes the library on its way out.
        flags += ["-Wl,-Bsymbolic", "-Wl,-z,nodelete", "-Wl,-z,noexecstack"]
        flags += [] if extra else ["-s"]
    command = [*cc, *flags, *map(relative, objects), "-lm"]
    make.refresh(library, command, work / f"{library.stem}.cmd", objects)
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
    tiles: bool = False,
) -> list[Path]:
    """Builds every library the compiler can target; returns the files that stand in `out`.

    Without `out` that is tinydl/lib, where Python looks, or for another machine build/MACHINE.
    With `tiles` it is the library whose tile units are emulated instead, for tests.
    """
    cc = find_compiler(compiler)
    machine = make.run([*cc, "-dumpmachine"]).split("-")[0]
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
            rows, like = ISAS[machine], LIKE
            if tiles:
                plainest = next(iter(rows))
                rows, like = {plainest: rows[plainest], **TILES}, dict.fromkeys(TILES, plainest)
            jobs = {}
            for isa, row in rows.items():
                if not row or knows(cc, isa, row, work):
                    shared = jobs.get(like.get(isa), {})
                    jobs[isa] = start_objects(pool, cc, isa, row, extra, work, shared)
            for isa in TILES if tiles else jobs:
                library = out / f"libtinydl-cpu-{isa}{EXTENSION}"
                objects = [job.result() for job in jobs[isa].values()]
                made.append(link(cc, objects, extra, library, work))
                if verbose:
                    print(f"✓ cpu-{isa}", flush=True)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # the first error is told at once
            raise
    return made


def this_machine() -> str:
    return SAME_MACHINE.get(platform.machine().lower(), platform.machine().lower())


class NativeBuildHook(BuildHookInterface):
    """What pip runs: builds the libraries and marks the wheel py3-none-<this platform>."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        if self.target_name != "wheel":
            return
        made = build(LIBRARIES, verbose=False)
        library, news = cuda.build_cuda_if_wanted()
        self.app.display_info(news)
        made += [library] * bool(library)
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
    parser.add_argument(
        "--emulate", choices=emulated.FLAVOURS, help="the emulated CUDA device instead"
    )
    parser.add_argument(
        "--emulate-tiles", action="store_true", help="the CPU with emulated tile units instead"
    )
    parser.add_argument(
        "--cuda",
        choices=("dev", "release"),
        help="the CUDA library instead, by nvcc: for the GPUs at hand or for all",
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is well")
    options = parser.parse_args()
    out = options.out and options.out.resolve()
    say = (lambda news: None) if options.quiet else print
    if options.emulate or options.cuda:
        out = out or LIBRARIES
        if options.emulate:
            made = emulated.build_cuda_emulated(out, options.emulate, options.cc, options.strict)
        else:
            made = cuda.build_cuda(options.cuda, out, strict=options.strict)
        say(f"✓ {made.stem.removeprefix('libtinydl-')}")
        return
    say_it, tiles = not options.quiet, options.emulate_tiles
    build(out, options.cc, options.sanitize, options.strict, say_it, tiles)
    if not (options.out or options.cc or options.sanitize or options.strict or tiles):
        say(cuda.build_cuda_if_wanted()[1])


if __name__ == "__main__":
    main()
