"""One library in a process of its own: python worker.py tinydl|torch THREADS.

Reads a JSON request a line from standard input, answers with one a line:

    {"check": row}                       → {"values": path of an .npz of what the row computes}
    {"time": row, "seconds": s}          → {"seconds": per call, over calls that fill s together}
    {"facts": …}                         → versions and the peak of this process's memory
"""

from __future__ import annotations

import gc
import importlib
import json
import platform
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
from clock import per_call
from rows import ROWS


class Worker:
    def __init__(self, name: str, threads: int):
        self.name, self.library = name, importlib.import_module(name)
        self.library.set_num_threads(threads)
        self.current, self.run, self.result = None, None, None

    def prepare(self, row: str) -> None:
        if row != self.current:
            self.run = self.result = None
            gc.collect()
            self.run, self.result = ROWS[row](self.library)
            self.current = row

    def check(self, row: str) -> dict:
        self.prepare(row)
        values = self.result()
        values = values if isinstance(values, list) else [values]
        path = Path(tempfile.mkstemp(suffix=".npz")[1])
        with self.library.no_grad():
            np.savez(path, *[np.asarray(v) for v in values])
        return {"values": str(path)}

    def time(self, row: str, seconds: float) -> dict:
        self.prepare(row)
        return {"seconds": per_call(self.run, seconds)}

    def facts(self) -> dict:
        facts = {"version": self.library.__version__, "python": platform.python_version()}
        facts["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        if self.name == "tinydl":
            backend = self.library.device("cpu").backend
            facts["library"] = f"{backend.name}, {backend.compiler}"
        return facts


def main() -> None:
    worker = Worker(sys.argv[1], int(sys.argv[2]))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        command = request.pop("command")
        print(json.dumps(getattr(worker, command)(**request)), flush=True)


if __name__ == "__main__":
    main()
