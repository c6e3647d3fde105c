"""What the documents say is true: their code runs, their links and paths exist.

Blocks marked ```python in README.md and docs/ are executed, a page's blocks one after the other.
docs/adding_an_op.md is followed literally in a copy of the repository: blocks that name a file are
put into it, then the ops that they add must pass every test of the case table.
"""

from __future__ import annotations

import doctest
import importlib
import os
import pkgutil
import re
import shutil
from pathlib import Path

import pytest
from processes import python

import tinydl

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


# --- code -----------------------------------------------------------------------------------------


def script_of(page: Path) -> str:
    text, script = page.read_text(), ""
    for block in FENCE.finditer(text):
        if block["info"].strip() == "python":
            # blank lines: what goes wrong is reported at its line of the page
            line = text.count("\n", 0, block.start("code"))
            script += "\n" * (line - script.count("\n")) + block["code"]
    return script


SCRIPTS = {page.with_suffix(".py").name: script_of(page) for page in PAGES if script_of(page)}


@pytest.mark.parametrize("name", SCRIPTS)
def test_code_runs(name, tmp_path):
    path = tmp_path / name
    path.write_text(SCRIPTS[name])
    done = python(str(path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def modules() -> list[str]:
    found = pkgutil.walk_packages(tinydl.__path__, "tinydl.")
    return ["tinydl", *(m.name for m in found if not re.search(r"__main__|\.lib\b", m.name))]


@pytest.mark.parametrize("name", modules())
def test_docstrings(name):
    failed, _ = doctest.testmod(importlib.import_module(name))
    assert failed == 0


# --- names ----------------------------------------------------------------------------------------


@each_page
def test_links(page):
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text):
        target = (target[0] or target[1]).split("#")[0]
        if target and not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@each_page
def test_paths_and_make_targets(page):
    """`native/…`, `tinydl/…`, `tests/…`, `docs/…` and `make …` in prose are there."""
    text = page.read_text()
    new = {block["info"].split()[1] for block in FENCE.finditer(text) if " " in block["info"]}
    made = ("tinydl/lib/", "build/")
    for path in re.findall(r"`((?:native|tinydl|tests|docs|\.ci)/[\w./*-]*)`", FENCE.sub("", text)):
        there = any(ROOT.glob(path)) if "*" in path else (ROOT / path).exists()
        assert there or path in new or path.startswith(made), f"{page.name} names {path}"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in re.findall(r"(?:`|^)make((?: [a-z-]+)+)\b(?!=)", text, re.MULTILINE):
        assert set(words.split()) <= targets, f"{page.name} says make{words}"


# --- adding an op ---------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
@pytest.mark.skipif("TINYDL_LIB" in os.environ, reason="builds libraries of its own")
def test_adding_an_op(tmp_path):
    """The page, followed to the letter, on the plainest instruction set."""
    for folder in ("native", "tinydl", "tests"):
        ignore = shutil.ignore_patterns("__pycache__", "lib", "bench", "gpu", "neon")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    for name in ("build.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)

    page = (ROOT / "docs" / "adding_an_op.md").read_text()
    for block in FENCE.finditer(page):
        _, *place = block["info"].split(maxsplit=3)
        if not place:
            continue
        path = tmp_path / place[0]
        text, end = (path.read_text() if path.exists() else ""), ""
        if place[1:]:  # before the last …
            text, mark, end = text.rpartition(place[2])
            end = mark + end
        path.write_text(f"{text.rstrip()}\n\n{block['code']}\n{end}".lstrip())

    one = (
        "import build; m = build.this_machine(); build.ISAS[m] = dict([*build.ISAS[m].items()][:1])"
    )
    done = python("-c", f"{one}; build.build(strict=True)", cwd=tmp_path, PYTHONPATH="")
    assert done.returncode == 0, done.stderr
    which = "softsign or leaky_sum or every_op or every_kernel or every_differentiable"
    options = ("-p", "no:xdist", "-p", "no:cacheprovider", "-k", which, "tests")
    done = python("-m", "pytest", *options, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 12, done.stdout
