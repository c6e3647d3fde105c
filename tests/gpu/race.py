"""One part of the benchmarks, in a process of its own: python tests/gpu/race.py gemm FILE.json

Every row is checked before it is timed. Then the libraries take turns, in every other round in the
opposite order. The file is written anew after each row: what is done is not lost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE.parent / "bench")]

import numpy as np  # noqa: E402
import place  # noqa: E402
import workloads  # noqa: E402
from clock import written  # noqa: E402
from contenders import Contender, contenders  # noqa: E402
from running import save  # noqa: E402

TOLERANCE = 2e-4  # of the largest value: TF32 is off by more
ROUNDS, RUNS = 5, 12  # runs of a round; 60 in all


def error(values: list[np.ndarray], right: list[np.ndarray]) -> float:
    """The largest difference, relative to the largest value; NaN if there is one anywhere."""
    pairs = list(zip(values, right, strict=True))
    if any(a.shape != b.shape for a, b in pairs):
        return np.inf
    return float(np.max([np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) for a, b in pairs]))


def rounds(runs: list[tuple[Contender, Callable]], cold: bool) -> dict[str, list[float]]:
    times = {contender.name: [] for contender, _ in runs}
    for i in range(ROUNDS + 1):
        for contender, run in runs[:: 1 if i % 2 else -1]:
            seconds = contender.times(run, RUNS, cold)
            if i:  # the first round warms up
                times[contender.name] += seconds
    return times


def one_row(row: workloads.Workload, libraries: list[Contender]) -> dict:
    found = {"row": row.name, "work": row.work, "unit": row.unit}
    found |= {"target": row.target, "of_copy": row.of_copy, "beside": row.beside}
    found |= {"agrees": False, "errors": {}, "seconds": {}}
    try:
        prepared = [contender.prepare(row.make) for contender in libraries]
    except Exception as problem:  # is this row's alone: the others are run all the same
        return {**found, "failed": f"{type(problem).__name__}: {problem}"}
    errors = [error(values, prepared[1][1]) for _, values in prepared]
    found["errors"] = {c.name: e for c, e in zip(libraries, errors, strict=True)}
    found["agrees"] = bool(errors[0] < TOLERANCE)
    runs = [(c, run) for c, (run, _) in zip(libraries, prepared, strict=True) if c.timed]
    if found["agrees"]:
        found["seconds"] = rounds(runs, row.cold)
    return found


def told(found: dict) -> str:
    if "failed" in found:
        return found["failed"]
    if not found["agrees"]:
        return f"WRONG: off by {found['errors']['tinydl']:.1g} of the largest value"
    times = [f"{name} {written(times)}" for name, times in found["seconds"].items()]
    return "   ".join(times) or f"agrees ({found['errors']['tinydl']:.0e})"


def pace(results: dict) -> str:
    """The mean of how many times as long PyTorch takes, in words."""
    times = [row["seconds"] for row in results["rows"]]
    both = [[np.median(t[name]) for name in ("PyTorch", "tinydl")] for t in times if "PyTorch" in t]
    if not both:
        return ""
    return f"; PyTorch takes {np.exp(np.mean([np.log(a / b) for a, b in both])):.2f} times as long"


def main() -> int:
    part, path = sys.argv[1], Path(sys.argv[2])
    here = place.find()
    libraries = contenders(here, part in workloads.USES_TF32)
    results = {"beside": libraries[1].name, "before": here.facts(), "rows": []}
    results["libraries"] = {contender.name: contender.facts() for contender in libraries}
    for row in workloads.rows(part, here.tiny):
        results["rows"].append(one_row(row, libraries))
        print(f"{row.name:<58}{told(results['rows'][-1])}", flush=True)
        for contender in libraries:
            contender.forget()
        results["after"] = here.facts()
        save(path, results)
    wrong = [row["row"] for row in results["rows"] if not row["agrees"]]
    print(
        f"{len(results['rows'])} rows, {len(wrong)} differ from {results['beside']}{pace(results)}"
    )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
