"""The machine, and what a library costs it as a whole: import and disk."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

IMPORT = """
import time, numpy
start = time.perf_counter()
import {library}
print(time.perf_counter() - start)
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


def busy_cores(seconds: float = 1) -> float:
    """How many cores others keep busy, while this process sleeps; 0 where that is not known."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    readings = []
    for wait in (seconds, 0):
        ticks = [int(word) for word in stat.read_text().split("\n", 1)[0].split()[1:9]]
        readings.append((sum(ticks), ticks[3] + ticks[4]))  # all; idle and waiting for a disk
        time.sleep(wait)
    (all_before, idle_before), (all_after, idle_after) = readings
    share = (idle_after - idle_before) / max(all_after - all_before, 1)
    return round((1 - share) * (os.cpu_count() or 1), 2)


def commit() -> str:
    """Which sources these are; + where files differ from the commit's; nothing without git."""
    words = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def import_seconds(library: str, times: int = 5) -> float:
    """Seconds of `import library` after NumPy's import: the best of a few."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words = [sys.executable, "-c", IMPORT.format(library=library)]
    env["PYTHONPATH"] = str(ROOT)
    runs = [subprocess.run(words, env=env, capture_output=True, check=True) for _ in range(times)]
    return min(float(run.stdout) for run in runs)


def installed_size(library: str) -> float:
    """Bytes of the library's own files, without the emulated devices that tests use."""
    if library == "tinydl":
        folders = (ROOT / "tinydl", ROOT / "native")
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        ours = (file for file in files if file.suffix != ".pyc" and "-emu" not in file.name)
        return sum(file.stat().st_size for file in ours)
    files = importlib.metadata.files(library) or []
    return sum(file.size or 0 for file in files)
