"""make bench OPS=1: every op of the case table on every instruction set of this machine.

The rows are those of tests/cases.py that have realistic inputs, the numbers float32. All that is
said of one row is measured before the next, round by round, each instruction set in turn.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from clock import per_call, written

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import cases  # noqa: E402

import tinydl  # noqa: E402
from tinydl import backend  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench OPS=1", description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="rows whose names contain one of these")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.02, help="of one round of one row")
    options = parser.parse_args()
    tinydl.set_num_threads(options.threads)

    isas = backend.usable()[::-1]  # plainest first
    tables = [dict(cases.benchmarks(f"cpu:{isa}")) for isa in isas]
    print(f"{'float32':<26}{''.join(f'{isa:>18}' for isa in isas)}{'gain':>8}")
    for name in tables[0]:
        if options.only and not any(part in name for part in options.only):
            continue
        times = [[] for _ in isas]
        for _ in range(options.rounds):
            for table, results in zip(tables, times, strict=True):
                results.append(per_call(table[name], options.seconds))
        gain = np.median(times[0]) / np.median(times[-1])
        print(f"{name:<26}{''.join(f'{written(t):>18}' for t in times)}{gain:>8.1f}", flush=True)


if __name__ == "__main__":
    main()
