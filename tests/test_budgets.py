"""What must stay small: files, lines, and what `import tinydl` brings with it.

Raising a budget is a decision made in a diff. The time of the import and the size of the wheel are
measured in test_build.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import python

import tinydl

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [
    ROOT / "build.py",
    *sorted(p for p in (ROOT / "tinydl").rglob("*.py") if p.parent.name != "lib"),
    *sorted(p for p in (ROOT / "native").rglob("*.*") if p.suffix != ".pyc"),
]
LINES = 400  # a longer file is asking to be two
COLUMNS = 100

HEAVY = ("scipy", "matplotlib", "PIL", "tqdm", "torch", "pandas", "hypothesis", "pytest")
LAZY = tuple(
    f"tinydl.{name}"
    for name in ["debug", "inspect", "memory", "reference", "train", "vision", "cli"]
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LINES
    wide = [i for i, line in enumerate(lines, start=1) if len(line) > COLUMNS]
    assert wide == [], "these lines are too long"


def test_importing_tinydl_imports_little():
    code = "import tinydl, sys; print(*sys.modules)"
    done = python("-c", code)
    modules = set(done.stdout.split())
    assert "tinydl" in modules, done.stderr
    assert [name for name in HEAVY if name in modules] == []
    assert [name for name in LAZY if name in modules] == []


def test_what_is_not_imported_is_still_there():
    code = "import tinydl; print(tinydl.inspect.explain, tinydl.vision, tinydl.train.fit)"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    with pytest.raises(AttributeError, match="module 'tinydl' has no attribute 'conv3d'"):
        _ = tinydl.conv3d


def test_the_reference_knows_nothing_of_the_library_it_judges():
    for path in (ROOT / "tinydl" / "reference").glob("*.py"):
        text = path.read_text()
        assert "import tinydl" not in text and "from .." not in text, path.name
