"""Which lines of the CUDA sources have run, and which kernels never: `make coverage`.

Build the emulated device with `python build.py --emulate coverage` and run any tests on it; gcc's
counters gather beside the object files, from any number of processes, until that folder is removed.
A line counts as run if it ran in any instance of its template, a kernel is one instance.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from machine_code import plain_names

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "native/cuda/"


def counts(counters: list[Path]) -> tuple[dict[str, dict[int, int]], dict[str, int]]:
    """How often each line ran, {file: {line: count}} of native/cuda, and each function by name."""
    lines: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    functions: dict[str, int] = defaultdict(int)
    command = ["gcov", "--json-format", "--stdout", *map(str, counters)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for report in filter(None, done.stdout.splitlines()):
        for file in json.loads(report)["files"]:
            name = file["file"].removeprefix(f"{ROOT}/")
            if name.startswith(SOURCES) and "/emulate/" not in name:
                for line in file["lines"]:
                    lines[name][line["line_number"]] += line["count"]
                for function in file["functions"]:
                    functions[function["name"]] += function["execution_count"]
    names = plain_names(list(functions))
    return lines, {names[mangled]: count for mangled, count in functions.items()}


def kernels(library: Path) -> list[str]:
    """Every kernel that the library has."""
    loaded = ctypes.CDLL(str(library))
    loaded.td_emu_kernel_name.restype = ctypes.c_char_p
    return [loaded.td_emu_kernel_name(i).decode() for i in range(loaded.td_emu_kernels())]


def ranges(lines: list[int]) -> str:
    """[3, 4, 5, 9] → "3–5 9"."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and runs[-1][1] == line - 1:
            runs[-1][1] = line
        else:
            runs.append([line, line])
    return " ".join(f"{a}" if a == b else f"{a}–{b}" for a, b in runs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("emulated", type=Path, help="libtinydl-cuda-emu-coverage.so, as it was run")
    parser.add_argument("--minimum", type=float, default=0, help="fail below this percentage")
    options = parser.parse_args()
    counters = sorted(ROOT.glob(f"build/objects/emulated-*coverage*/{SOURCES}*.gcda"))
    if not counters:
        print("nothing was run: python build.py --emulate coverage, then tests on that library")
        return 1
    lines, functions = counts(counters)
    total = sum(map(len, lines.values()))
    run = sum(count > 0 for file in lines.values() for count in file.values())
    for name, file in sorted(lines.items()):
        missed = sorted(line for line, count in file.items() if not count)
        print(f"{100 - 100 * len(missed) / len(file):6.1f} %  {name}  {ranges(missed)}")
    print(f"{100 * run / total:6.1f} %  of {total} lines")
    every = kernels(options.emulated)
    never = [kernel for kernel in every if not functions.get(kernel)]
    print(f"{len(every) - len(never)} of {len(every)} kernels were launched")
    print(*(f"never: {kernel}" for kernel in never), sep="\n")
    return int(100 * run / total < options.minimum or bool(never))


if __name__ == "__main__":
    sys.exit(main())
