"""make gpu-check works before the day there is a GPU: all of it runs on the emulated device.

What only a GPU has, times, is tested with the emulated device's own, which mean nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from devices import NEEDS_CUDA

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

import contenders  # noqa: E402
import place  # noqa: E402
import race  # noqa: E402
import running  # noqa: E402
import tables  # noqa: E402
import twins  # noqa: E402
import workloads  # noqa: E402
from parts import NOT_HERE, SUITE, Part, parts  # noqa: E402

EMULATED = place.Place(real=False)


def check(*words: str, state: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(HERE), "--state", str(state), "--without", "torch", *words],
        env={**os.environ, "TINYDL_CUDA": "emu"},
        capture_output=True,
        text=True,
        timeout=300,
    )


# --- the whole ------------------------------------------------------------------------------------


@NEEDS_CUDA
@pytest.mark.skipif(not shutil.which("g++"), reason="no g++ to compile kernels with")
def test_all_parts_on_the_emulated_device(tmp_path):
    done = check("--tests", "tests/test_recording.py", state=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    *_, summary = done.stdout.rpartition("\n\n")
    verdicts = dict(line.split()[:2] for line in summary.strip().splitlines())
    assert [*verdicts] == [part.name for part in parts(EMULATED, ["named"])]
    assert {verdicts.pop("sanitizer"), *verdicts.values()} <= {"passed", "skipped"}
    assert set(verdicts.values()) == {"passed"}

    (results,) = tmp_path.glob("*/emulated-*-*-*.json")
    found = {outcome["part"]: outcome for outcome in json.loads(results.read_text())["parts"]}
    assert len(found["twins"]["found"]) > 200
    rows = [row for part in workloads.PARTS for row in found[part]["found"]["rows"]]
    assert len(rows) > 40 and all(row["agrees"] and not row["seconds"] for row in rows)
    page = results.with_suffix(".md").read_text()
    assert "nothing is timed" in page and "PyTorch is not installed" in page

    again = check("--only", "gemm", state=tmp_path)  # goes on where it was: does nothing
    assert again.returncode == 0 and "===" not in again.stdout
    again = check("--only", "gemm", "--again", state=tmp_path)
    assert again.returncode == 0 and "=== gemm" in again.stdout


def test_a_part_that_is_not_there(tmp_path):
    done = check("--only", "gem", state=tmp_path)
    assert done.returncode and "there is no part gem; there are build, twins, suite-" in done.stderr


def test_every_test_is_in_one_group_of_the_suite():
    files = [word for part in parts(EMULATED) if part.name.startswith("suite-")
             for word in part.commands(Path())[0] if word.endswith(".py")]  # fmt: skip
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    assert len(files) == len(set(files)) and len(SUITE) == 2
    assert there - set(files) == {f"tests/{name}" for name in NOT_HERE}


def _run(tmp_path, *commands: str, seconds: float = 60, left: float = 60) -> dict:
    """A part made of Python programs, run by the check's own loop."""
    made = [[sys.executable, "-c", code] for code in commands]
    part = Part("part", seconds, lambda file: [[*command, str(file)] for command in made])
    return running.one_part(part, EMULATED, tmp_path, time.monotonic() + left)


def test_a_part_that_hangs_keeps_what_it_found(tmp_path):
    code = "import sys, time; open(sys.argv[1], 'w').write('[1]'); print('so far'); time.sleep(60)"
    outcome = _run(tmp_path, code, seconds=2)
    assert (outcome["verdict"], outcome["found"]) == ("cut off", [1])
    assert re.fullmatch("after 2 s: so far", outcome["words"])


@pytest.mark.parametrize(
    "codes, left, verdict",
    [
        (["print('x')"], 60, "passed"),
        (["raise SystemExit(3)"], 60, "partly"),
        (["1 / 0", "print('x')"], 60, "FAILED"),
        (["print('x')"], 0, "not done"),
    ],
)
def test_verdicts(tmp_path, codes, left, verdict):
    assert _run(tmp_path, *codes, left=left)["verdict"] == verdict


@NEEDS_CUDA
@pytest.mark.parametrize("seconds, status, words", [(60, 0, r"all \d+ calls"), (0, 3, "0 of .*")])
def test_every_kernel_once(seconds, status, words):
    command = [sys.executable, str(HERE / "kernels_once.py"), str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert re.fullmatch(words, done.stdout.strip())
    assert ("max_pool2d float64\n" in done.stderr) == (status == 0)


# --- twins ----------------------------------------------------------------------------------------

# What waits or orders, and returns nothing that could be compared; and what starts a kernel.
NO_VALUE = {"__syncthreads", "__syncwarp", "__threadfence", "__threadfence_block",
            "__threadfence_system", "td_launch", "td_blocks"}  # fmt: skip


def test_every_wrapper_has_a_line():
    """All functions of the emulated headers, launch.cuh and math.cuh that kernels may call."""
    cuda = ROOT / "native" / "cuda"
    names = set()
    for header in ("device_functions.h", "math_functions.h"):
        text = (cuda / "emulate" / "include" / header).read_text()
        names |= set(
            re.findall(
                r"\b((?:__(?!builtin|atomic|asm)[a-z]\w+|atomic[A-Z]\w+|rsqrtf?))(?=\()", text
            )
        )
        names |= set(re.findall(r"TD_EMU_(?:LOAD|STORE|ATOMIC|REDUCE)\((\w+)", text))
    for header in ("launch.cuh", "math.cuh"):
        text = (cuda / header).read_text()
        names |= set(re.findall(r"\b(td_\w+)(?=\([^;]*\)\n?\s*\{)", text))
        names |= set(re.findall(r"^struct (td_\w+) \{\n\s+template", text, re.MULTILINE))
    names -= {"__attribute__", "name", *NO_VALUE}
    assert len(names) > 80 and {"atomicCAS", "td_shuffle_xor", "td_larger", "__ldcs"} <= names
    lines = (HERE / "twins.cuh").read_text()
    assert sorted(name for name in names if not re.search(rf"\b{name}\b", lines)) == []


def test_distance():
    a = np.array([1, 0, np.nan, np.inf, -1, np.nan], "float32")
    b = np.array([1, -0.0, np.nan, 3.4028235e38, np.nextafter(np.float32(-1), np.float32(0)), 1])
    b = b.astype("float32")
    assert twins.distance(a, b, exact=False).tolist() == [0, 0, 0, 1, 1, np.inf]
    assert twins.distance(a, b, exact=True).tolist() == [0, 1, 0, 1, 1, np.inf]
    words = np.array([1, 2], "uint32")
    assert twins.distance(words, words[::-1].copy(), exact=True).tolist() == [1, 1]


def test_compare_tells_what_differs(tmp_path):
    values = np.linspace(1, 2, twins.COUNT).astype("float32")
    other = values.copy()
    other[17] += np.float32(1)
    for name, x in (("one", values), ("other", other)):
        (tmp_path / name).write_bytes(b"td_exp_of f4 3\n" + x.tobytes())
    (row,) = twins.compare(tmp_path / "one", tmp_path / "other")
    assert row["wrapper"] == "td_exp_of" and not row["agrees"] and row["at"].startswith("input 17:")
    (row,) = twins.compare(tmp_path / "one", tmp_path / "one")
    assert row["agrees"] and row["ulps"] == 0


# --- races ----------------------------------------------------------------------------------------


@NEEDS_CUDA
@pytest.mark.parametrize("part", workloads.PARTS)
def test_rows_run_on_pytorch(part):
    """On the CPU: a slip of the pen must not wait for the day there is a GPU."""
    pytest.importorskip("torch")
    pair = contenders.contenders(EMULATED, tf32=True)
    assert [contender.name for contender in pair] == ["tinydl", "PyTorch on the CPU"]
    for row in workloads.rows(part, tiny=True):
        found = race.one_row(row, pair)
        assert found["agrees"], found


@NEEDS_CUDA
@pytest.mark.parametrize("part", workloads.PARTS)
def test_times_and_their_table(part, monkeypatch):
    monkeypatch.setattr(contenders, "CACHE", 1 << 12)
    monkeypatch.setattr(race, "RUNS", 2)
    alone = contenders.Contender("tinydl", "tinydl", "cuda", "fp32")
    cpu = contenders.Contender("tinydl on the CPU", "tinydl", "cpu", "fp32", timed=False)
    rows = [race.one_row(row, [alone, cpu]) for row in workloads.rows(part, tiny=True)[:2]]
    assert all(len(row["seconds"]["tinydl"]) == race.ROUNDS * 2 for row in rows)
    assert all(seconds > 0 for row in rows for seconds in row["seconds"]["tinydl"])
    text = "\n".join(tables.race({"rows": rows, "libraries": {"tinydl": alone.facts()}}))
    assert text.count("\n| ") == 2 and "PyTorch" not in text


def test_a_row_that_is_wrong_or_fails():
    a = np.array([1, 2], "float32")
    assert race.error([a, a], [a, a]) == 0 and race.error([a], [a[:1]]) == np.inf
    assert np.isnan(race.error([a, a * np.nan, a], [a, a, a]))

    def library(values, name: str = "tinydl") -> SimpleNamespace:
        return SimpleNamespace(name=name, timed=False, prepare=lambda f: (None, [f(values)]))

    row = workloads.Workload("row", lambda values: values * 2)
    found = race.one_row(row, [library(a), library(a + 1, "PyTorch")])
    assert not found["agrees"] and race.told(found).startswith("WRONG: off by 0.3 of")
    assert race.one_row(row, [library(a), library(a)])["agrees"]
    found = race.one_row(row, [library(None), library(a)])
    assert not found["agrees"] and race.told(found).startswith("TypeError: unsupported")
    assert tables.cell(found, "tinydl") == "FAILED"


class _Torch:
    """PyTorch's way to record a graph, as far as TorchGraph goes; told is what was asked of it."""

    def __init__(self):
        self.cuda, self.told = self, []
        self.Stream = lambda: SimpleNamespace(wait_stream=lambda other: None)
        self.current_stream = self.Stream
        self.CUDAGraph = lambda: SimpleNamespace(replay=lambda: self.told.append("replay"))

    def stream(self, stream):
        return nullcontext(self.told.append("beside"))

    def graph(self, graph):
        return nullcontext(self.told.append("record"))


def test_pytorch_records_a_step_once():
    torch, steps = _Torch(), []
    graph = contenders.TorchGraph(torch, lambda: steps.append(0) or len(steps))
    assert [graph() for _ in range(6)] == [1, 2, 3, 4, 4, 4]
    assert torch.told == ["beside"] * 3 + ["record"] + ["replay"] * 3


def _row(name: str, tinydl: float, torch: float, **more) -> dict:
    seconds = {"tinydl": [tinydl] * 3, "PyTorch": [torch] * 3}
    plain = {"work": 1, "unit": "GB/s", "target": 1, "of_copy": 0, "beside": "", "agrees": True}
    return {"row": name, **plain, "seconds": seconds, **more}


def test_the_table_beside_pytorch():
    rows = [
        _row("copy", 1e-3, 5e-4, target=0, of_copy=0.92),
        _row("step", 1e-3, 2e-3, unit="", target=1.5),
        _row("graph", 5e-4, 1e-3, unit="", target=5, beside="step"),
        _row("lost", 0, 0, agrees=False, seconds={}),
    ]
    lines = tables.race({"rows": rows, "libraries": {"tinydl": {}, "PyTorch": {}}})
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:6]]
    assert [row[3:] for row in cells] == [
        ["0.50", "", "1,000 GB/s", "50 %, 92 % missed"],
        ["2.00", "1.5", "1,000", "50 %"],
        ["4.00", "5, missed", "2,000", "100 %"],
        ["", "", "", ""],
    ]
    assert cells[3][1] == "WRONG"
    assert race.pace({"rows": rows[:1]}) == "; PyTorch takes 0.50 times as long"
