"""make bench: tinydl beside PyTorch on the CPU, each in a process of its own, in turns.

Every row is checked first: both libraries must compute the same numbers. Then the processes take
turns, so that whatever else the machine does falls on both. Told are the median of the rounds,
half the distance between their quartiles, and how many times as long PyTorch takes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
from clock import written
from machine import describe, import_times, installed_size, peak_memory
from rows import ROWS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOLERANCE = 2e-4  # of the largest value: sums of thousands of products in float32, in other orders


class Process:
    """A worker process: method calls become requests."""

    def __init__(self, library: str, threads: int):
        self.library = library
        one = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), library, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **one, "PYTHONPATH": str(ROOT)},
            text=True,
        )
        self.answer()

    def ask(self, command: str, **request) -> dict:
        print(json.dumps({"command": command, **request}), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the process of {self.library} ended; its error is above")
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    options = parse()
    names = [n for n in ROWS if not options.only or any(o in n for o in options.only)]
    if not names:
        raise SystemExit(f"bench: no row has {' or '.join(options.only)} in its name: {[*ROWS]}")
    libraries = ["tinydl"]
    if options.torch and importlib.util.find_spec("torch"):
        libraries.append("torch")
    elif options.torch:
        print("PyTorch is not installed (pip install torch), so there is nothing beside tinydl.\n")

    found = {"machine": describe(), "rows": [], "whole": {}}
    print(f"{found['machine']['processor']}, {found['machine']['system']}")
    for threads in options.threads:
        processes = [Process(library, threads) for library in libraries]
        facts = {p.library: p.ask("facts") for p in processes}
        found["versions"] = {name: fact["version"] for name, fact in facts.items()}
        found["library"] = facts["tinydl"]["library"]
        if threads == options.threads[0]:
            print(", ".join(f"{n} {v}" for n, v in found["versions"].items()), end="")
            print(f" ({found['library']}), Python {facts['tinydl']['python']}")
        heading(threads, libraries)
        for name in names:
            check(processes, name)
            times = rounds(processes, name, options)
            found["rows"].append({"row": name, "threads": threads, **times})
            print_row(name, times, libraries)
        for process in processes:
            process.close()
    if not options.only:
        found["whole"] = whole(libraries)
    save(found, options.save)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="rows whose names contain one of these")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.05, help="of one round of one row")
    parser.add_argument("--no-torch", dest="torch", action="store_false")
    parser.add_argument("--save", type=Path, default=ROOT / "build" / "bench.json")
    return parser.parse_args()


def check(processes: list[Process], name: str) -> None:
    """All libraries must agree before their speed is of interest."""
    values = []
    for process in processes:
        path = process.ask("check", row=name)["values"]
        with np.load(path) as stored:
            values.append([stored[key] for key in stored.files])
        os.unlink(path)
    for other in values[1:]:
        for a, b in zip(values[0], other, strict=True):
            error = np.abs(a - b).max() / max(np.abs(b).max(), 1e-30)
            if not error < TOLERANCE:
                raise SystemExit(f"bench: {name}: results differ by {error:.1g} of the largest")


def rounds(processes: list[Process], name: str, options) -> dict:
    """Seconds per call, a list for each library; every other round in the opposite order."""
    times = {process.library: [] for process in processes}
    for i in range(options.rounds + 1):
        for process in processes[:: 1 if i % 2 else -1]:
            seconds = process.ask("time", row=name, seconds=options.seconds)["seconds"]
            if i:  # the first round warms up
                times[process.library].append(seconds)
    return times


# --- what is shown --------------------------------------------------------------------------------


def heading(threads: int, libraries: list[str]) -> None:
    title = f"{threads} thread{'s' * (threads > 1)}"
    columns = "".join(f"{name:>16}" for name in libraries)
    print(f"\n{title:<60}{columns}{'ratio' if len(libraries) > 1 else '':>8}")


def print_row(name: str, times: dict, libraries: list[str]) -> None:
    text = f"{name:<16}{ROWS[name].__doc__}"
    ratio = ""
    if len(libraries) > 1:
        ratio = f"{np.median(times['torch']) / np.median(times['tinydl']):.2f}"
    print(
        f"{text:<60}{''.join(f'{written(times[n]):>16}' for n in libraries)}{ratio:>8}", flush=True
    )


def whole(libraries: list[str]) -> dict:
    """What the library costs as a whole: starting it, its memory, its place on the disk."""
    print(f"\n{'the library as a whole':<60}{''.join(f'{name:>16}' for name in libraries)}")
    measured = {
        "import, beyond NumPy's": (import_times, "{:.0f} ms", 1e3),
        "peak memory of 20 training steps": (peak_memory, "{:.0f} MB", 1e-6),
        "installed, without dependencies": (installed_size, "{:.1f} MB", 1e-6),
    }
    out = {}
    for what, (measure, form, factor) in measured.items():
        out[what] = {library: measure(library) for library in libraries}
        cells = "".join(f"{form.format(out[what][n] * factor):>16}" for n in libraries)
        print(f"{what:<60}{cells}", flush=True)
    return out


def save(found: dict, path: Path) -> None:
    found["when"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(f"\n{path}")


if __name__ == "__main__":
    main()
