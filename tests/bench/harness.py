"""Processes that take turns: each variant in its own, checked against tinydl, then timed."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rows import Row
from suite import ROWS
from variants import VARIANTS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOLERANCE = 2e-4  # of the largest value: sums of thousands of products in float32, in other orders
HALVES = 2.0**-8  # … rounded to bfloat16
PATIENCE = 90  # seconds for one answer; torch.compile takes a while
FEWEST = 3  # rounds of a row, however long one takes
CALM = 0.025  # seconds until threads with nothing to do have gone to sleep (OpenMP takes 12 ms)
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Failed(Exception):
    """A variant has no answer; the message says why."""


class Process:
    """A worker process: method calls become requests."""

    def __init__(self, name: str, threads: int):
        self.name = name
        settings = dict.fromkeys(THREADS, str(threads)) | VARIANTS[name].settings
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py"), name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if name == "tinydl" else subprocess.DEVNULL,
            env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
            start_new_session=True,  # torch.compile starts more of them
            text=True,
        )
        self.ready = selectors.DefaultSelector()
        self.ready.register(self.process.stdout, selectors.EVENT_READ)
        self._answer()

    def ask(self, command: str, **request) -> dict:
        print(json.dumps({"command": command, **request}), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict:
        if not self.ready.select(PATIENCE):
            self.end()
            raise Failed(f"no answer within {PATIENCE} s")
        line = self.process.stdout.readline()
        if not line:
            self.end()
            raise Failed(f"its process ended with status {self.process.returncode}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Ends it and what it has started, and waits for it."""
        for _ in range(2):
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                break
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Field:
    """The processes of all variants for one number of threads, each started when it is needed."""

    def __init__(self, threads: int, lacking: dict[str, str]):
        self.threads, self.lacking = threads, lacking
        self.processes: dict[str, Process] = {}

    def __enter__(self) -> Field:
        return self

    def __exit__(self, *_) -> None:
        for process in self.processes.values():
            process.end()

    def get(self, name: str) -> Process:
        if name not in self.processes or not self.processes[name].alive:
            self.processes[name] = Process(name, self.threads)
        return self.processes[name]

    def race(self, row: Row, rounds: int, seconds: float, budget: float) -> dict:
        """Seconds per call in every round, a list for each variant that agrees with tinydl.

        Every other round goes in the opposite order. A row that has used up its budget has no more
        rounds than it needs for a median. Beside the times: who was not timed, and why.
        """
        found = {"row": row.name, "threads": self.threads, "seconds": {}, "without": {}}
        right = None
        for name in takes_part(row):
            with self._excused(name, found):
                if self.lacking[name]:
                    raise Failed(self.lacking[name])
                values = self._values(name, row)
                right = values if right is None else right
                allowed = HALVES if row.halves else TOLERANCE
                if (error := distance(values, right)) > allowed:
                    found["wrong"] = True
                    raise Failed(f"its result differs from tinydl's by {error:.1g} of the largest")
                found["seconds"][name] = []
        end = time.monotonic() + budget * len(found["seconds"])
        for i in range(rounds):
            for name in [*found["seconds"]][:: 1 if i % 2 else -1]:
                with self._excused(name, found):
                    spent = self.get(name).ask("time", row=row.name, seconds=seconds)["seconds"]
                    found["seconds"][name].append(float(f"{spent:.4g}"))
                time.sleep(CALM if self.threads > 1 else 0)  # else the next one lacks a core
            if i + 1 >= FEWEST and time.monotonic() > end:
                break
        return found

    @contextmanager
    def _excused(self, name: str, found: dict):
        """Whoever fails inside is out of this row; without tinydl there is none."""
        try:
            yield
        except Failed as why:
            if name == "tinydl":
                raise SystemExit(f"bench: {found['row']}: {why}") from None
            found["seconds"].pop(name, None)
            found["without"][name] = str(why)

    def _values(self, name: str, row: Row) -> list[np.ndarray]:
        path = self.get(name).ask("check", row=row.name)["values"]
        with np.load(path) as stored:
            values = [stored[key].astype(np.float64) for key in stored.files]
        os.unlink(path)
        return values


def takes_part(row: Row) -> list[str]:
    """Names of variants: tinydl, PyTorch, and who else is of interest for the row."""
    others = [name for name, variant in VARIANTS.items() if variant.package in row.others]
    return list(dict.fromkeys(["tinydl", "PyTorch", *row.beside, *others]))


def distance(values: list[np.ndarray], right: list[np.ndarray]) -> float:
    """The largest difference, relative to the largest value; infinite for NaN or other shapes."""
    if [v.shape for v in values] != [v.shape for v in right]:
        return np.inf
    pairs = zip(values, right, strict=True)
    worst = max(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30) for a, b in pairs)
    return np.inf if np.isnan(worst) else float(worst)


def peak_memory(name: str, row: str, steps: int) -> float:
    """Bytes that a process of its own, with one thread, has held at most after so many runs."""
    process = Process(name, 1)
    try:
        return process.ask("repeat", row=ROWS[row].name, times=steps)["peak"]
    finally:
        process.end()
