"""The machine, and what a library costs it as a whole: import, memory, disk."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

IMPORT = """
import time, numpy
start = time.perf_counter()
import {library}
print(time.perf_counter() - start)
"""
TRAIN = """
import resource, {library} as L, rows
L.set_num_threads(1)
step, _ = rows.ROWS["step-adam"](L)
for _ in range(20):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def describe() -> dict:
    """Processor and system, as results must name them."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        pass
    return {"processor": f"{name}, {os.cpu_count()} cores", "system": platform.platform()}


def _run(code: str) -> float:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(HERE)))
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, check=True)
    return float(done.stdout)


def import_times(library: str) -> float:
    """Seconds of `import library` after NumPy's import: the best of five."""
    return min(_run(IMPORT.format(library=library)) for _ in range(5))


def peak_memory(library: str) -> float:
    """Bytes of memory a process has held at most after 20 training steps."""
    return _run(TRAIN.format(library=library))


def installed_size(library: str) -> float:
    """Bytes of the library's own files."""
    if library == "tinydl":
        folders = (ROOT / "tinydl", ROOT / "native")
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        return sum(file.stat().st_size for file in files if file.suffix != ".pyc")
    files = importlib.metadata.files(library) or []
    return sum(file.size or 0 for file in files)
