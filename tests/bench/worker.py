"""One variant in a process of its own: python worker.py VARIANT THREADS.

Reads a JSON request a line from standard input, answers with one a line:

    {"command": "check", "row": row}                → {"values": path of an .npz of its results}
    {"command": "time", "row": row, "seconds": s}   → {"seconds": per call, over calls that fill s}
    {"command": "repeat", "row": row, "times": n}   → {"peak": bytes the process has held at most}
    {"command": "facts"}                            → versions

What goes wrong is answered with {"error": one line}; what libraries print goes to standard error.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
from clock import per_call
from suite import ROWS
from variants import Bound


class Worker:
    def __init__(self, name: str, threads: int):
        self.bound = Bound(name, threads)
        self.current, self.run, self.result = None, None, None

    def prepare(self, row: str) -> None:
        if row != self.current:
            self.current = self.run = self.result = None
            gc.collect()
            others = ROWS[row].others
            make = others.get(self.bound.variant.package, ROWS[row].make)
            self.run, self.result = make(self.bound)
            self.current = row

    def check(self, row: str) -> dict:
        self.prepare(row)
        values = self.result()
        values = values if isinstance(values, list) else [values]
        handle, path = tempfile.mkstemp(suffix=".npz")
        os.close(handle)
        np.savez(path, *map(as_numpy, values))
        return {"values": path}

    def time(self, row: str, seconds: float) -> dict:
        self.prepare(row)
        return {"seconds": per_call(self.run, seconds)}

    def repeat(self, row: str, times: int) -> dict:
        self.prepare(row)
        for _ in range(times):
            self.run()
        return {"peak": peak_memory()}

    def facts(self) -> dict:
        L = self.bound.L
        facts = {"version": L.__version__}
        if L.__name__ == "tinydl":
            backend = L.device("cpu").backend
            facts["library"] = f"{backend.name}, {backend.compiler}"
        return facts


def peak_memory() -> int:
    """Bytes this process has held at most. Linux's getrusage would count who started it, too."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) << 10
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def as_numpy(value) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach()
        value = value.float() if value.dtype.itemsize == 2 else value  # NumPy has no bfloat16
    return np.asarray(value)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    print(json.dumps({"ready": True}), file=answers)
    for line in sys.stdin:
        request = json.loads(line)
        command = request.pop("command")
        try:
            answer = getattr(worker, command)(**request)
        except Exception as error:  # whatever it is, the other rows are still of interest
            last = traceback.format_exception_only(error)[-1].strip().splitlines()[0]
            answer = {"error": last}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main()
