"""Every wrapper of an instruction (twins.cu): what the GPU returns beside what its twin returns.

With a GPU the two are the device and the emulated device. Without one they are the emulated device
and itself with threads in the opposite order, which no result may depend on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from place import ROOT, find

from native.recipes import cuda, emulated, make  # on the path since place is imported

HERE = Path(__file__).resolve().parent
WORK = ROOT / "build" / "gpu-check" / "programs"
COUNT = 8192  # values of a wrapper, as twins.cuh says
SOURCES = {"twins": HERE / "twins.cu", "controls": HERE.parent / "cuda" / "controls.cu"}


# --- the two programs -----------------------------------------------------------------------------


def emulated_program(name: str) -> Path:
    return emulated.emulate([SOURCES[name]], WORK / f"{name}-emulated")


def nvcc_program(name: str) -> Path:
    """The program for the GPUs at hand, or without any for a common one: that it compiles."""
    nvcc, source = cuda.find_nvcc(), SOURCES[name]
    codes = cuda.flags_for(source, cuda.gpus() or ["sm_90"])
    target = WORK / name
    made = make.compile_file([nvcc], ["-c", *cuda.FLAGS, *codes], source, target.with_suffix(".o"))
    wheel = Path(nvcc).parents[1] / "lib"
    link = [nvcc, "-cudart=static", f"-L{wheel}", make.relative(made)]
    make.refresh(target, link, target.with_suffix(".link"), [made])
    return target


def values_of(program: Path, order: str = "fwd") -> Path:
    """Runs it; the file it wrote."""
    target = program.with_name(f"{program.name}-{order.replace(':', '-')}.values")
    environment = {**os.environ, "TD_EMU_ORDER": order}
    command = [str(program), str(target)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{program.name}: {(done.stdout + done.stderr).strip()}")
    return target


# --- comparing ------------------------------------------------------------------------------------


def read(path: Path) -> Iterator[tuple[str, str, int, np.ndarray]]:
    """(name, type, ulps allowed, values) of each wrapper."""
    with open(path, "rb") as file:
        while line := file.readline():
            name, kind, ulps = line.decode().split()
            yield name, kind, int(ulps), np.fromfile(file, kind, COUNT)


def distance(a: np.ndarray, b: np.ndarray, exact: bool) -> np.ndarray:
    """How many numbers of their type apart; all NaN are one. If exact, −0 is not 0."""
    if a.dtype.kind != "f":
        return (a != b).astype(float)
    bits = a.dtype.str.replace("f", "i")

    def place(x: np.ndarray) -> np.ndarray:  # on a line of all floats
        i = x.view(bits)
        return np.where(i < 0, np.iinfo(bits).min - i, i).astype(np.longdouble)

    apart = np.abs(place(a) - place(b))
    if exact:
        apart = np.where((apart == 0) & (a.view(bits) != b.view(bits)), 1, apart)
    lost = np.isnan(a) != np.isnan(b)
    return np.where(np.isnan(a) & np.isnan(b), 0, np.where(lost, np.inf, apart)).astype(float)


def compare(one: Path, other: Path) -> list[dict]:
    """A row for each wrapper: how far apart the two are at most, and where."""
    rows = []
    for (name, kind, ulps, a), (twin, *_, b) in zip(read(one), read(other), strict=True):
        assert name == twin
        apart = distance(a, b, ulps == 0)
        i = int(np.argmax(apart))
        rows.append(
            {
                "wrapper": name,
                "type": kind,
                "ulps": float(apart[i]),
                "allowed": ulps,
                "agrees": bool(apart[i] <= ulps),
                "at": f"input {i}: {a[i]!r} and {b[i]!r}",
            }
        )
    return rows


def main() -> int:
    target, real = Path(sys.argv[1]), find().real
    twin = values_of(emulated_program("twins"))
    compiled = ""
    if real:
        beside, other = "the GPU", values_of(nvcc_program("twins"))
        controls = nvcc_program("controls")
    else:
        beside, other = "threads in the opposite order", values_of(WORK / "twins-emulated", "rev")
        controls = emulated_program("controls")
        if cuda.find_nvccs():
            nvcc_program("twins"), nvcc_program("controls")
            compiled = "; nvcc compiles them"
    rows = compare(other, twin)
    wrong = [row for row in rows if not row["agrees"]]
    for row in wrong:
        print(f"{row['wrapper']} {row['type']}: {row['ulps']:g} ulp apart, {row['at']}")
    done = subprocess.run([str(controls)], capture_output=True, text=True, timeout=120)
    print(done.stdout + done.stderr, end="")
    target.write_text(json.dumps(rows, indent=1))
    words = f"{len(rows)} wrappers beside {beside}, {len(wrong)} differ{compiled}; control programs"
    print(words, "right" if done.returncode == 0 else "WRONG", flush=True)
    return int(bool(wrong) or done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
