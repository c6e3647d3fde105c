"""What the machine can do at best, measured by limits.c in the same run; rows held against it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from rows import Row

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from build import ISAS, this_machine  # noqa: E402
from native.recipes.make import FLAGS, find_compiler  # noqa: E402
from tinydl import backend  # noqa: E402


def measure(threads: int, seconds: float) -> dict:
    """The program's answers: of the best instruction set all, of the others the multiply-adds.

    {"flops": {isa: per second}, "memory": [{"bytes", "read", "write", "copy"}], "fresh": …}
    """
    cc, found = find_compiler(), {"flops": {}}
    for i, isa in enumerate(backend.usable()):
        program = ROOT / "build" / "bench" / f"limits-{isa}"
        program.parent.mkdir(parents=True, exist_ok=True)
        flags = [flag for flag in FLAGS if flag != "-fPIC"] + ISAS[this_machine()][isa]
        command = [*cc, *flags, "-pthread", str(HERE / "limits.c"), "-o", str(program)]
        subprocess.run(command, check=True)
        words = [str(threads), str(seconds), *["memory"] * (i == 0)]
        done = subprocess.run([program, *words], check=True, capture_output=True, text=True)
        answer = json.loads(done.stdout)
        found["flops"][isa] = answer.pop("flops")
        found.update(answer)
    return found


def bandwidth(limits: dict, size: float, kind: str) -> float:
    """Bytes a second of a working set of this size: read, write or copy."""
    sizes = np.log([entry["bytes"] for entry in limits["memory"]])
    rates = [entry[kind] for entry in limits["memory"]]
    return float(np.interp(np.log(max(size, 1)), sizes, rates))


def least_seconds(limits: dict | None, row: Row) -> float:
    """How long a row takes at best: its arithmetic, or its memory; 0 if that is not known."""
    if not limits:
        return 0.0
    arithmetic = row.flop / max(limits["flops"].values()) / (1 + row.halves)
    traffic = row.moved / bandwidth(limits, row.moved, "read" if row.reads else "copy")
    return max(arithmetic, traffic)


def rate(row: Row, seconds: float) -> str:
    """A row's work in a second; nothing if it has none to speak of."""
    if row.flop:
        return f"{row.flop / seconds / 1e9:.0f} GFLOP/s"
    return f"{row.moved / seconds / 1e9:.1f} GB/s" if row.moved else ""
