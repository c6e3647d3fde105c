"""make bench: tinydl beside PyTorch on the CPU, each in a process of its own, in turns.

Every row of suite.py is checked first: all who take part must compute the same numbers. Then the
processes take turns, so that whatever else the machine does falls on all. Told are the medians, how
many times as long the best PyTorch takes, and how near to the machine's limits tinydl comes.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import page
import results
from clock import written
from harness import Failed, Field, peak_memory
from limits import measure, rate
from machine import busy_cores, commit, describe, import_seconds, installed_size
from results import BUSY, Line
from rows import Row
from suite import ROWS
from variants import VARIANTS

ROOT = Path(__file__).resolve().parents[2]
HISTORY = ROOT / "benchmarks" / "cpu"
MEMORY_OF, MEMORY_STEPS = "mnist-adam", 20


def main() -> int:
    options = parse()
    if options.page:
        print(*page.write(options.page), sep="\n")
        return 0
    rows = choose(options.only)
    start = time.monotonic()
    lacking = {
        name: variant.lacking() or "left out" * (name in options.without)
        for name, variant in VARIANTS.items()
    }
    found = {"when": "", "commit": commit(), "machine": describe(), "busy": busy_cores()}
    found |= {"library": "", "versions": {"Python": platform.python_version()}}
    found |= {"limits": {}, "whole": {}, "rows": []}
    print(f"{found['machine']['processor']}, {found['machine']['system']}")
    if found["busy"] > BUSY:
        print(f"!! other programs keep {found['busy']:.1f} cores busy: the figures will show it")
    for name, why in lacking.items():
        if why and why != "left out":
            print(f"without {name}: {why}")
    for threads in options.threads:
        limits = found["limits"][str(threads)] = measure(threads, 5 * options.seconds)
        heading(threads, limits)
        with Field(threads, lacking) as field:
            for row in rows:
                entry = field.race(row, options.rounds, options.seconds, options.budget)
                found["rows"].append(entry)
                tell(Line(row, entry["seconds"], entry["without"], limits))
            remember_versions(found, field)
    if not options.only:
        found["whole"] = whole(lacking, 1 if options.quick else 5)
    found["when"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
    print(f"\n{(time.monotonic() - start) / 60:.1f} minutes")
    keep(found, options)
    wrong = [f"{entry['row']} ({entry['threads']})" for entry in found["rows"] if "wrong" in entry]
    if wrong:
        print(f"!! results that differ, and were not timed: {', '.join(wrong)}")
    return int(bool(wrong))


def parse() -> argparse.Namespace:
    usual = sorted({1, min(2, os.cpu_count() or 1)})
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="rows whose names contain one of these")
    parser.add_argument("--threads", type=int, nargs="+", default=usual)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.04, help="of one round of one row")
    parser.add_argument("--budget", type=float, default=2, help="seconds for a row and variant")
    parser.add_argument("--without", nargs="+", default=[], help=f"of {', '.join(VARIANTS)}")
    parser.add_argument("--no-torch", action="store_true", help="none of PyTorch's variants")
    parser.add_argument("--quick", action="store_true", help="does it run? no figure counts")
    parser.add_argument("--save", type=Path, default=ROOT / "build" / "bench.json")
    parser.add_argument("--write", action="store_true", help="into benchmarks/cpu, and the page")
    parser.add_argument("--name", help="of the machine, for --write")
    parser.add_argument("--page", type=Path, help="only make the page again, from these results")
    options = parser.parse_args()
    if options.write and (options.only or options.quick):
        parser.error("--write keeps whole runs: no rows may be chosen, and not --quick")
    torch = [name for name, variant in VARIANTS.items() if variant.package == "torch"]
    options.without += torch if options.no_torch else []
    if options.quick:
        options.threads, options.rounds, options.seconds = [1], 1, 1e-3
        options.without += [name for name in torch if name != "PyTorch"]
    return options


def choose(only: list[str]) -> list[Row]:
    rows = [row for name, row in ROWS.items() if not only or any(part in name for part in only)]
    if not rows:
        raise SystemExit(f"bench: no row has {' or '.join(only)} in its name: {', '.join(ROWS)}")
    return rows


def remember_versions(found: dict, field: Field) -> None:
    for name, process in field.processes.items():
        if process.alive:
            facts = process.ask("facts")
            found["versions"] |= {VARIANTS[name].package: facts["version"]}
            found["library"] = facts.get("library", found["library"])


# --- what is shown --------------------------------------------------------------------------------


def heading(threads: int, limits: dict) -> None:
    isa, flops = next(iter(limits["flops"].items()))
    print(f"\n{page.plural(threads)}: at most {flops / 1e9:.0f} GFLOP/s ({isa})")
    print(f"{'':<33}{'tinydl':>14}{'best PyTorch':>28}{'ratio':>7}{'aim':>18}{'of the limit':>17}")


def tell(line: Line) -> None:
    row, best = line.row, line.best
    theirs = f"{written(line.seconds[best])} {best:<13}" if best else ""
    ratio = f"{line.ratio(best)[0]:.2f}" if best else ""
    share = line.of_limit("tinydl")
    work = f"{rate(row, line.median('tinydl'))} {f'{share:.0%}' if share else '':>4}"
    aim = f"{line.aim} {'✓' if line.reached() else ' '}"
    text = f"{row.name:<33}{written(line.seconds['tinydl']):>14}{theirs:>28}{ratio:>7}{aim:>18}"
    print(f"{text}{work:>17}  {line.others()}", flush=True)


def whole(lacking: dict[str, str], times: int) -> dict:
    """What the library costs as a whole: starting it, its memory, its place on the disk."""
    names = {"tinydl": "tinydl"} | ({} if lacking["PyTorch"] else {"torch": "PyTorch"})
    starts = {name: 1e3 * import_seconds(package, times) for package, name in names.items()}
    sizes = {name: installed_size(package) / 1e6 for package, name in names.items()}
    peaks = {}
    for name in ("tinydl", "replayed", "PyTorch", "channels_last", "tuned"):
        if not lacking[name]:
            try:
                peaks[name] = peak_memory(name, MEMORY_OF, MEMORY_STEPS) / 1e6
            except Failed as why:
                print(f"no memory of {name}: {why}")
    found = {
        "import, beyond NumPy's": {"unit": "ms", "values": starts},
        "installed, without dependencies": {"unit": "MB", "values": sizes},
        f"peak memory of {MEMORY_STEPS} steps of {MEMORY_OF}": {"unit": "MB", "values": peaks},
    }
    print()
    for what, entry in found.items():
        cells = (f"{name} {value:.3g} {entry['unit']}" for name, value in entry["values"].items())
        print(f"{what:<40}{', '.join(cells)}")
    return found


def keep(found: dict, options: argparse.Namespace) -> None:
    """The results as a file; with --write one that stays, and the page made of it."""
    path = options.save
    if options.write:
        slug = re.sub(r"\W+", "-", options.name or found["machine"]["processor"]).strip("-").lower()
        path = HISTORY / f"{slug}-{found['when'][:10]}.json"
    results.save(found, path)
    print(path, *(page.write(path) if options.write else []), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
