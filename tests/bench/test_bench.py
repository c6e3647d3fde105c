"""make bench runs to its end, checks what it times, and its page says what its results say.

No figure is judged here: on a machine that runs tests they mean nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

import harness  # noqa: E402
import limits  # noqa: E402
import notes  # noqa: E402
import page  # noqa: E402
import results  # noqa: E402
from rows import Row  # noqa: E402
from suite import GROUPS, ROWS  # noqa: E402
from variants import VARIANTS  # noqa: E402

plain = pytest.mark.skipif("TINYDL_LIB" in os.environ, reason="not about these libraries")


def bench(*words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(HERE), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


# --- the whole ------------------------------------------------------------------------------------


@plain
@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler for wakeup.c")
def test_the_pool_is_timed(tmp_path):
    root, program = Path(__file__).resolve().parents[2], tmp_path / "wakeup"
    sources = ("tests/bench/wakeup.c", "native/cpu/parallel.c", "native/common/status.c")
    flags = ("-O1", "-Wall", "-Werror", *(f"-Inative{part}" for part in ("", "/common", "/cpu")))
    subprocess.run(["cc", *flags, *sources, "-pthread", "-o", program], cwd=root, check=True)
    told = subprocess.run([program, "2"], capture_output=True, text=True, check=True).stdout
    assert told.count("after the last region") == 5 and told.count("two pieces of") == 6


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler for limits.c")
def test_every_row(tmp_path):
    """All rows by tinydl and by those who are quick to start, checked against each other."""
    path = tmp_path / "found.json"
    done = bench("--quick", "--save", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(path.read_text())
    assert [entry["row"] for entry in found["rows"]] == [*ROWS]
    for entry in found["rows"]:
        assert len(entry["seconds"]["tinydl"]) == 1 and entry["seconds"]["tinydl"][0] > 0
        timed, without = set(entry["seconds"]), set(entry["without"])
        assert timed | without == set(harness.takes_part(ROWS[entry["row"]]))
        if VARIANTS["PyTorch"].lacking():
            assert "PyTorch" in without
        else:
            assert "PyTorch" in timed
    assert "NumPy" in found["rows"][[*ROWS].index("mlp-32")]["seconds"]
    assert found["limits"]["1"]["flops"] and len(found["limits"]["1"]["memory"]) > 3
    assert all(entry["values"]["tinydl"] > 0 for entry in found["whole"].values())
    assert "sgemm-256-ab" in done.stdout and "GFLOP/s" in done.stdout


@plain
@pytest.mark.skipif(bool(VARIANTS["PyTorch"].lacking()), reason="no PyTorch")
def test_every_way_to_run_pytorch(tmp_path):
    """Two rows in which all of them take part; whoever cannot be run here says why."""
    path = tmp_path / "found.json"
    quick = ("--threads", "1", "--rounds", "1", "--seconds", "0.001", "--save", str(path))
    done = bench("lenet", "max-pool-forward", *quick)
    assert done.returncode == 0, done.stdout + done.stderr
    for entry in json.loads(path.read_text())["rows"]:
        assert {"tinydl", "PyTorch", "channels_last"} <= set(entry["seconds"])
        assert all(VARIANTS[name].lacking() == why for name, why in entry["without"].items())


def test_no_such_row():
    done = bench("no-such-row")
    assert done.returncode and "no row has no-such-row in its name" in done.stderr


def test_a_part_is_not_written():
    assert "--write keeps whole runs" in bench("conv", "--write").stderr


# --- its parts ------------------------------------------------------------------------------------


def test_names_are_told_once():
    assert sum(map(len, GROUPS.values())) == len(ROWS)
    assert all(variant in VARIANTS for row in ROWS.values() for variant in row.beside)
    unknown = [key for key in notes.NOTES if not any(name.startswith(key) for name in ROWS)]
    assert not unknown


def test_distance():
    a = [np.array([1.0, 2.0])]
    assert harness.distance(a, a) == 0
    assert harness.distance([np.array([1.0, 2.5])], a) == 0.25
    assert harness.distance([np.array([1.0, np.nan])], a) == np.inf
    assert harness.distance([np.array([1.0])], a) == np.inf


class Answers:
    """A field whose processes have been heard before: what they compute, and how long it takes."""

    def __init__(self, values: dict[str, float], seconds: dict[str, float], folder: Path):
        self.values, self.seconds, self.folder = values, seconds, folder

    def __call__(self, name: str, threads: int):
        return Answer(self, name)


class Answer:
    alive = True

    def __init__(self, answers: Answers, name: str):
        self.answers, self.name = answers, name

    def ask(self, command: str, **_) -> dict:
        if command == "time":
            if self.name not in self.answers.seconds:
                raise harness.Failed("it is gone")
            return {"seconds": self.answers.seconds[self.name]}
        path = self.answers.folder / f"{self.name}.npz"
        np.savez(path, self.answers.values[self.name])
        return {"values": str(path)}

    def end(self) -> None:
        pass


@pytest.fixture
def row() -> Row:
    return Row("row", "a row", None, flop=1e9, beside=("fused", "tuned"))


def test_who_differs_is_not_timed(row, tmp_path, monkeypatch):
    values = {"tinydl": 1.0, "PyTorch": 1.0, "fused": 1.1, "tuned": 1.0}
    seconds = dict.fromkeys(values, 1e-3)
    monkeypatch.setattr(harness, "Process", Answers(values, seconds, tmp_path))
    with harness.Field(1, dict.fromkeys(VARIANTS, "") | {"tuned": "not today"}) as field:
        found = field.race(row, rounds=4, seconds=0, budget=10)
    assert found["wrong"] and [*found["seconds"]] == ["tinydl", "PyTorch"]
    assert len(found["seconds"]["tinydl"]) == 4
    assert found["without"]["tuned"] == "not today"
    assert "differs from tinydl's by 0.1" in found["without"]["fused"]


def test_who_fails_is_left_out(row, tmp_path, monkeypatch):
    """In the middle of a row, too; but nothing is told of a row that tinydl cannot run."""
    values = dict.fromkeys(("tinydl", "PyTorch", "fused", "tuned"), 1.0)
    seconds = dict.fromkeys(("tinydl", "PyTorch", "tuned"), 1e-3)
    monkeypatch.setattr(harness, "Process", Answers(values, seconds, tmp_path))
    with harness.Field(1, dict.fromkeys(VARIANTS, "")) as field:
        found = field.race(row, rounds=2, seconds=0, budget=10)
        assert [*found["seconds"]] == ["tinydl", "PyTorch", "tuned"]
        assert found["without"] == {"fused": "it is gone"} and "wrong" not in found
        del seconds["tinydl"]
        with pytest.raises(SystemExit, match="bench: row: it is gone"):
            field.race(row, rounds=2, seconds=0, budget=10)


def test_ratios(row):
    seconds = {"tinydl": [1e-2, 2e-2, 3e-2], "PyTorch": [4e-2, 6e-2, 9e-2]}
    seconds |= {"fused": [3e-2, 4e-2, 5e-2], "tuned": [1e-2, 1e-2, 1e-2]}
    known = {"flops": {"avx2": 1e11}, "memory": [{"bytes": 1, "read": 1e9, "copy": 1e9}]}
    line = results.Line(row, seconds, {}, known)
    assert line.best == "fused"  # tuned is faster, and nobody runs it so
    assert line.ratio("fused")[0] == 2 and line.reached() and line.aim == "1"
    assert line.ratio("PyTorch") == (3, 0.25)
    assert line.of_limit("tinydl") == 0.5  # 10 ms at 100 GFLOP/s
    assert line.others() == "PyTorch 3.00, tuned 0.50"
    alone = results.Line(row, {"tinydl": [1.0]}, {}, None)
    assert alone.best == "" and not alone.reached() and alone.of_limit("tinydl") == 0


def test_bandwidth_of_a_size_between():
    memory = [{"bytes": 1 << 10, "read": 30.0}, {"bytes": 1 << 20, "read": 10.0}]
    assert limits.bandwidth({"memory": memory}, 1 << 15, "read") == pytest.approx(20)
    assert limits.bandwidth({"memory": memory}, 1 << 30, "read") == 10


# --- the page -------------------------------------------------------------------------------------


def test_the_page_is_made_of_its_results():
    """docs/performance.md is what the generator makes of the file that it names, and the notes."""
    text = page.PAGE.read_text()
    (name,) = re.findall(r"`(benchmarks/cpu/[\w.-]+)`", text)
    found = results.load(ROOT / name)
    assert text == page.page(found, ROOT / name, picture=page.PICTURE.exists())


def test_a_picture(tmp_path):
    plot = pytest.importorskip("plot", exc_type=ImportError)
    rounds = {"tinydl": [1.0], "PyTorch": [2.0]}
    rows = [{"row": name, "threads": 1, "seconds": rounds} for name in ("lenet", "adam")]
    plot.ratios({"rows": rows}, tmp_path / "ratios.png")
    assert (tmp_path / "ratios.png").read_bytes().startswith(b"\x89PNG")
