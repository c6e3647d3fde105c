"""Running a part of the check: its commands, told line by line, ended when their time is over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

from parts import Part
from place import PARTLY, ROOT, Place

WORDS = {0: "passed", PARTLY: "partly"}  # of an exit status; of all others "FAILED"


def one_part(part: Part, place: Place, folder: Path, end: float) -> dict:
    """What came of it: verdict, the last line it printed, seconds, what it found."""
    print(f"\n=== {part.name}", flush=True)
    outcome = {"part": part.name, "when": now(), "seconds": 0.0, "found": None}
    if part.lacking:
        return {**outcome, "verdict": "skipped", "words": part.lacking}
    started, found = time.monotonic(), folder / f"{part.name}.found.json"
    found.unlink(missing_ok=True)
    verdict, words = "passed", ""
    for command in part.commands(found):
        left = min(part.seconds, end - started) - (time.monotonic() - started)
        if left < 1:
            verdict, words = "not done", "no time was left: run it again"
            break
        status, words = run(command, place, folder / f"{part.name}.log", left)
        verdict = WORDS.get(status, "FAILED")
        if status is None:
            verdict, words = "cut off", f"after {time.monotonic() - started:.0f} s: {words}"
        if verdict != "passed":
            break
    seconds = time.monotonic() - started
    return {
        **outcome, "verdict": verdict, "words": words, "seconds": seconds, "found": read(found)
    }  # fmt: skip


def run(command: list, place: Place, log: Path, seconds: float) -> tuple[int | None, str]:
    """(exit status, its last line), and None if it had to be ended. Lines are told as they come."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    own = {"TINYDL_CUDA": place.cuda, "PYTHONUNBUFFERED": "1", "PYTHONPATH": path}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    ended: list[bool] = []

    def stop() -> None:
        ended.append(True)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with all that it started

    timer = threading.Timer(seconds, stop)
    timer.start()
    last = ""
    try:
        with open(log, "a") as out:
            for line in process.stdout:
                print(line, end="", file=out, flush=True)
                print(f"  {line}", end="", flush=True)
                last = line.strip() or last
        status = process.wait()
    except BaseException:
        stop()
        raise
    finally:
        timer.cancel()
    return (None if ended else status), last.strip("= ")


# --- what is kept ---------------------------------------------------------------------------------


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def read(path: Path):
    return json.loads(path.read_text()) if path.exists() else None


def save(path: Path, found) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    fresh.replace(path)
