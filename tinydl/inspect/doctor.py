"""doctor: what tinydl found on this machine, which library it took and why, what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import sys

import numpy as np

import tinydl

from .. import backend

EXTRAS = {"train": ("tqdm", "matplotlib", "PIL"), "bench": ("torch",)}


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
    verdict = "usable" if found.usable else "the processor lacks its instructions"
    return f"{verdict}, built by {found.compiler}"


def _why() -> str:
    if os.environ.get("TINYDL_CPU"):
        return "TINYDL_CPU asks for it"
    return f"the first usable of {', '.join(backend.installed())}"


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
