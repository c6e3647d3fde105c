"""Every kernel under all tools of compute-sanitizer: python tests/gpu/sanitizers.py FILE

Without a GPU AddressSanitizer's build of the emulated device stands in, where `make asan` left
one. What a tool prints is kept beside FILE.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from place import PARTLY, ROOT, Place, ask, cuda, find, lacking  # noqa: E402

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
SECONDS = 75  # for the kernels under one tool; what is slower to start or stop than that is killed
ERRORS = 9  # the exit status when a tool found something
ASAN = ROOT / "build" / "flavours" / "libtinydl-cuda-emu-asan.so"
KERNELS = (sys.executable, str(HERE / "kernels_once.py"), str(SECONDS))


def why_not(place: Place) -> str:
    """Why nothing can be run here, if so."""
    if without := lacking("pytest", "hypothesis"):  # the kernels' operands come from the tests
        return without
    if place.real:
        return "" if cuda.find_tools("compute-sanitizer") else "no compute-sanitizer"
    sources = [path for path in (ROOT / "native").rglob("*.*") if path.suffix != ".pyc"]
    newest = max(path.stat().st_mtime for path in sources)
    fresh = ASAN.exists() and ASAN.stat().st_mtime >= newest
    return "" if fresh else "no compute-sanitizer, nor AddressSanitizer's build of these sources"


def commands(place: Place) -> dict[str, tuple[list, dict]]:
    """(command, environment) of each tool."""
    if not place.real:
        libraries = [ask("gcc", f"-print-file-name={name}.so") for name in ("libasan", "libstdc++")]
        options = "detect_leaks=0:allocator_may_return_null=1"
        environment = {"LD_PRELOAD": " ".join(libraries), "ASAN_OPTIONS": options}
        return {"AddressSanitizer": ([*KERNELS], {**environment, "TINYDL_CUDA": str(ASAN)})}
    program = cuda.find_tools("compute-sanitizer")[0]
    words = ["--error-exitcode", str(ERRORS), "--print-limit", "20", *KERNELS]
    return {tool: ([program, "--tool", tool, *words], {}) for tool in TOOLS}


def run(command: list, environment: dict, log: Path) -> tuple[int, str]:
    """(exit status, what it came to)."""
    with open(log, "w") as out:
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **environment},
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=1.5 * SECONDS,
            )
        except subprocess.TimeoutExpired:
            return 1, f"did not end in {1.5 * SECONDS:.0f} s"
    told = log.read_text(errors="replace").splitlines()
    came_to = next((line for line in reversed(told) if " calls" in line), "did not end well")
    if done.returncode not in (0, PARTLY):
        reports = [i for i, line in enumerate(told) if line.startswith("====") or "ERROR" in line]
        print(*told[max(0, reports[0] - 3) :][:40] if reports else told[-20:], sep="\n", flush=True)
        came_to = f"FAILED ({done.returncode}), {came_to}"
    return done.returncode, came_to


def main() -> int:
    target = Path(sys.argv[1])
    found = commands(find())
    with ThreadPoolExecutor(len(found)) as pool:
        jobs = {
            tool: pool.submit(run, command, environment, target.with_suffix(f".{tool}.log"))
            for tool, (command, environment) in found.items()
        }
    results = {tool: job.result() for tool, job in jobs.items()}
    words = "; ".join(f"{tool}: {came_to}" for tool, (_, came_to) in results.items())
    print(words)
    target.write_text(json.dumps({tool: came_to for tool, (_, came_to) in results.items()}))
    statuses = {status for status, _ in results.values()}
    return 1 if statuses - {0, PARTLY} else max(statuses)


if __name__ == "__main__":
    sys.exit(main())
