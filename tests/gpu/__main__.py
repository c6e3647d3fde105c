"""make gpu-check: all that can only be known on a GPU, in one command of a few minutes.

It builds, compares every instruction wrapper with its emulated twin, runs the test suite and
compute-sanitizer on the device, and times tinydl beside PyTorch. Each part leaves its own file as
it ends, so a check that was cut off goes on where it was; docs/gpu.md says how to read the results.
Without a GPU all of it runs on the emulated device, with small shapes, and nothing is timed.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from parts import Part, parts
from place import ROOT, Place, find
from running import WORDS, now, one_part, read, save
from tables import page, summary

GOOD = ("passed", "partly", "skipped")


def main() -> int:
    options = parse()
    os.environ["GPU_CHECK_WITHOUT"] = " ".join(options.without)
    # a shell's background jobs ignore interrupts, and so would what they start: tests of interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    place = find()
    done_before = options.state / f"{place.name}-{place.sources}"
    done_before.mkdir(parents=True, exist_ok=True)
    every = parts(place, options.tests)
    chosen = choose(every, options.only)
    print(f"{place.name}, sources {place.sources}: {', '.join(part.name for part in chosen)}")

    end = time.monotonic() + 60 * options.minutes
    outcomes = []
    for part in chosen:
        outcome = read(done_before / f"{part.name}.json")
        if options.again or not outcome or outcome["verdict"] not in WORDS.values():
            outcome = one_part(part, place, done_before, end)
            save(done_before / f"{part.name}.json", outcome)
        outcomes.append(outcome)
        if part.name == "build" and outcome["verdict"] == "FAILED":
            break
    known = [read(done_before / f"{part.name}.json") for part in every]
    results = {"when": now(), "place": place.describe(), "parts": list(filter(None, known))}
    write(results, options.out or (ROOT / "benchmarks/gpu" if place.real else done_before), place)
    print("\n" + "\n".join(summary(outcomes)))
    return int(any(outcome["verdict"] not in GOOD for outcome in outcomes))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make gpu-check", description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="parts, by commas: suite,gemm")
    parser.add_argument("--again", action="store_true", help="also what has been done before")
    parser.add_argument("--minutes", type=float, default=9, help="start no part after so many")
    parser.add_argument("--tests", nargs="+", help="the suite is these files alone")
    parser.add_argument("--without", nargs="+", default=[], help="as if not installed: torch")
    parser.add_argument("--out", type=Path, help="where results go (benchmarks/gpu)")
    parser.add_argument("--state", type=Path, default=ROOT / "build" / "gpu-check")
    return parser.parse_args()


def choose(every: list[Part], only: str) -> list[Part]:
    """The parts that are named, or whose names begin so: suite is suite-kernels and the others."""
    words = [word for word in only.split(",") if word]
    for word in words:
        if not any(f"{part.name}-".startswith(f"{word}-") for part in every):
            names = ", ".join(part.name for part in every)
            raise SystemExit(f"gpu-check: there is no part {word}; there are {names}")
    return [p for p in every if not words or any(f"{p.name}-".startswith(f"{w}-") for w in words)]


def write(results: dict, folder: Path, place: Place) -> None:
    """The files to keep: everything as JSON, and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{place.name}-{results['when'][:10]}.json"
    save(path, results)
    path.with_suffix(".md").write_text(page(results))
    print(f"\n{path}\n{path.with_suffix('.md')}")


if __name__ == "__main__":
    sys.exit(main())
