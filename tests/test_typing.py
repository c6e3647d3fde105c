"""The types in the public API: mypy finds nothing wrong with programs that are right, and finds
what is wrong with those in which that is written down (tests/typing, README.md and docs).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import SCRIPTS

import tinydl

pytest.importorskip("mypy")

ROOT = Path(__file__).resolve().parents[1]
STRICT = (
    "--check-untyped-defs", "--warn-unused-ignores", "--strict-equality", "--pretty",
    "--no-error-summary", "--disable-error-code=import-untyped",
)  # fmt: skip


def test_programs_and_examples(tmp_path):
    code = ROOT / "tests" / "typing" / "user_code.py"
    (tmp_path / code.name).write_text(code.read_text())
    for name, text in SCRIPTS.items():
        # first, in place of a blank line: .grad may be None, which examples need not ask about
        (tmp_path / f"page_{name}").write_text(
            text.replace("\n", '# mypy: disable-error-code="union-attr, var-annotated"\n', 1)
        )
    files = sorted(path.name for path in tmp_path.glob("*.py"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *STRICT, "--cache-dir", str(tmp_path / "cache"), *files],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_editors_find_the_names():
    """Completion reads what is written in the class and the module, not what __getattr__ makes."""
    assert (Path(tinydl.__file__).parent / "py.typed").exists()
    for name in ("exp", "sum", "reshape", "backward", "numpy", "add_", "grad", "shape"):
        assert name in dir(tinydl.Tensor)
    for name in ("exp", "cat", "zeros", "nn", "linalg", "float32", "no_grad"):
        assert name in dir(tinydl)
