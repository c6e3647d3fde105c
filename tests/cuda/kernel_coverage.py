"""Which lines of the CUDA sources have run: `python tests/cuda/kernel_coverage.py --minimum 90`.

Build the emulated device with `python build.py --emulate coverage` and run any tests on it; gcc's
counters gather beside the object files until that folder is removed. A line counts as run if it
ran in any instance of its template.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = "native/cuda/"


def line_counts(counters: list[Path]) -> dict[str, dict[int, int]]:
    """How often each line ran: {file: {line: count}} for the files of native/cuda."""
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    command = ["gcov", "--json-format", "--stdout", *map(str, counters)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for report in filter(None, done.stdout.splitlines()):
        for file in json.loads(report)["files"]:
            name = file["file"].removeprefix(f"{ROOT}/")
            if name.startswith(SOURCES) and "/emulate/" not in name:
                for line in file["lines"]:
                    counts[name][line["line_number"]] += line["count"]
    return counts


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
    parser.add_argument("--minimum", type=float, default=0, help="fail below this percentage")
    options = parser.parse_args()
    counters = sorted(ROOT.glob(f"build/objects/emulated-*coverage*/{SOURCES}*.gcda"))
    if not counters:
        print("nothing was run: python build.py --emulate coverage, then tests on that library")
        return 1
    counts = line_counts(counters)
    total = sum(map(len, counts.values()))
    run = sum(count > 0 for file in counts.values() for count in file.values())
    for name, file in sorted(counts.items()):
        missed = sorted(line for line, count in file.items() if not count)
        print(f"{100 - 100 * len(missed) / len(file):6.1f} %  {name}  {ranges(missed)}")
    print(f"{100 * run / total:6.1f} %  of {total} lines")
    return int(100 * run / total < options.minimum)


if __name__ == "__main__":
    sys.exit(main())
