"""doctor: what tinydl found on this machine, which library it took and why, what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys

import numpy as np

import tinydl

from .. import backend
from ..cuda import get_device_properties

DRIVER = "580"  # the first that runs what CUDA 13 compiles
EXTRAS = {"train": ("tqdm", "matplotlib", "PIL"), "bench": ("torch", "onnxruntime", "onnx")}


def report() -> list[tuple[str, str]]:
    """(what, what was found) in the order in which one would ask.

    >>> from tinydl.inspect.doctor import report
    >>> dict(report())["tinydl"].startswith("0.")
    True
    """
    library = tinydl.device("cpu").backend
    rows = [
        ("tinydl", f"{tinydl.__version__}, header version {backend.ABI}, in {backend.FOLDER}"),
        ("Python", f"{platform.python_version()}, {sys.executable}"),
        ("NumPy, cffi", f"{np.__version__}, {importlib.metadata.version('cffi')}"),
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
    ]
    rows += [(f"cpu:{isa}", _library(isa)) for isa in backend.BEST_FIRST]
    rows += [("cpu", f"is {library.name}: {_why()}"), ("threads", str(tinydl.get_num_threads()))]
    rows += [("GPU", _gpu()), ("cuda", _cuda())]
    rows += _data()
    for extra, packages in EXTRAS.items():
        lack = [name for name in packages if importlib.util.find_spec(name) is None]
        advice = f"without {', '.join(lack)}: pip install 'tinydl-core[{extra}]'"
        rows.append((f"[{extra}]", advice if lack else "installed"))
    return rows


def _library(isa: str) -> str:
    if isa not in backend.installed():
        return "not built for this machine"
    found = backend.load(isa)
    verdict = found.refusal or "usable"
    return f"{verdict}, built by {found.compiler}"


def _why() -> str:
    if os.environ.get("TINYDL_CPU"):
        return "TINYDL_CPU asks for it"
    return f"the first usable of {', '.join(backend.installed())}"


def _gpu() -> str:
    query = ["nvidia-smi", "--query-gpu=name,compute_cap,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return "none: NVIDIA's driver is not installed here (no nvidia-smi)"
    if done.returncode or not done.stdout.strip():
        words = (done.stdout + done.stderr).strip() or f"exit status {done.returncode}"
        return f"none: nvidia-smi says {words.splitlines()[0]}"
    found = [line.split(", ") for line in done.stdout.splitlines()]
    return "; ".join(
        f"{name}, compute capability {capability}, driver {driver}"
        for name, capability, driver in found
    )


def _cuda() -> str:
    """Whether device="cuda" works, and if not, why and what to do next."""
    try:
        library = backend.cuda()
    except ImportError as error:  # of another version: it says what to do
        return str(error)
    except RuntimeError as error:
        reason = str(error)
        if "built without" in reason:
            advice = "`make cuda` in the source folder builds it"
        elif "driver" in reason:
            advice = f"it takes a GPU and NVIDIA's driver {DRIVER} or newer"
        else:
            advice = "does TINYDL_CUDA or CUDA_VISIBLE_DEVICES hide one?"
        return f"{reason}; {advice}"
    gpu = get_device_properties()
    return (
        f"is {library.name} on {gpu.name}: compute capability {gpu.major}.{gpu.minor}, "
        f"{gpu.total_memory / 2**30:.1f} GiB, driver for CUDA {gpu.driver}; "
        f"built by {library.compiler}"
    )


def _data() -> list[tuple[str, str]]:
    from ..vision.datasets import MNIST, FashionMNIST

    rows = [("digits", "in the package")]
    for kind in (MNIST, FashionMNIST):
        location = kind.locate()
        where = location.looked_in
        found = where[-1] if location.paths else "not found: " + "; ".join(where)
        rows.append((kind.title, found))
    return rows


def main() -> None:
    """Prints the report: `python -m tinydl doctor`."""
    rows = report()
    width = max(len(name) for name, _ in rows)
    for name, found in rows:
        print(f"{name:<{width}}  {found}")
