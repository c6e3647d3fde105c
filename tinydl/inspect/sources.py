"""The native sources as explain() reads them: definitions, and which of them uses which.

No compiler is asked. The files are in one style (make format), so a definition begins at the start
of a line and its name stands before the first parenthesis; who uses whom is told by names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_NO_CODE = re.compile(
    r"/\*.*?\*/"  # comments
    r"|//[^\n]*"
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"  # strings
    r"|^#(?:\\\n|[^\n])*",  # directives, with the lines they go on in
    re.DOTALL | re.MULTILINE,
)
_STRUCT = re.compile(r"\bstruct\s+(?:alignas\(.*?\)\s+)?(\w+)\s*(?::|$)", re.DOTALL)
_FUNCTION = re.compile(r"\b(\w+)\s*\(")


@dataclass(frozen=True)
class Definition:
    """A function or a struct of a source file."""

    name: str
    path: Path
    line: int
    text: str  # with the comment above it
    code: str  # without any comment, and without what `template <…>` takes

    @property
    def where(self) -> str:
        """Its place, such as native/cuda/softmax.cu:73."""
        return location(self.path, self.line)

    @property
    def is_struct(self) -> bool:
        return _STRUCT.search(self.code.partition("{")[0].strip()) is not None

    @property
    def is_kernel(self) -> bool:
        return "__global__" in self.code

    @property
    def is_device_code(self) -> bool:
        """Whether it runs on the GPU, and is not only shaped like what runs there."""
        return re.search(r"__global__|__device__|TD_EVERYWHERE", self.code) is not None


def native_folder() -> Path | None:
    """native/ of the source tree, or its copy in an installed package."""
    folders = (_PACKAGE.parent / "native", _PACKAGE / "lib" / "native")
    return next((folder for folder in folders if (folder / "tinydl.h").exists()), None)


def location(path: Path, line: int) -> str:
    return f"native/{path.relative_to(native_folder())}:{line}"


def matches(path: Path, pattern: str) -> Iterator[tuple[str, str]]:
    """(file:line, text) of what a pattern finds in a file."""
    text = path.read_text()
    for match in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        yield location(path, text.count("\n", 0, match.start()) + 1), match.group()


def definitions(path: Path) -> Iterator[Definition]:
    """The functions and structs of a file, in its order."""
    text = path.read_text()
    code = _NO_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
    start = depth = 0
    for mark in re.finditer(r"[{};]", code):
        depth += {"{": 1, "}": -1, ";": 0}[mark.group()]
        if depth or mark.group() == "{":
            continue
        body, end = code[start : mark.end()], mark.end()
        begin = start + len(body) - len(body.lstrip())
        start, name = end, _name(body)
        if name is None:
            continue
        if code[end : end + 1] == ";":  # a struct's
            end += 1
        above = text[:begin]
        if above.endswith("*/\n"):
            begin = above.rindex("/*")
        line = text.count("\n", 0, begin) + 1
        yield Definition(name, path, line, text[begin:end], body)


def _name(code: str) -> str | None:
    """What a piece of code defines; None if that is neither a function nor a struct."""
    head, brace, _ = code.partition("{")
    if not brace:
        return None
    head = re.sub(r"__launch_bounds__\(.*?\)", "", head.strip(), flags=re.DOTALL)
    found = _STRUCT.search(head) or _FUNCTION.search(head)
    return found and found.group(1)


class Unit:
    """What one .cu file sees: its own definitions and those of the headers it includes."""

    def __init__(self, path: Path):
        self.files = _with_includes(path)
        self.named: dict[str, list[Definition]] = {}
        for file in self.files:
            for definition in definitions(file):
                self.named.setdefault(definition.name, []).append(definition)

    def uses(self, code: str) -> list[Definition]:
        """All that some code uses, directly or not, in the order in which it is met."""
        found: dict[Definition, None] = {}
        self._follow(code, found)
        return list(found)

    def _follow(self, code: str, found: dict[Definition, None]) -> None:
        for name, call in re.findall(r"\b([a-zA-Z_]\w*)([<(]?)", code):
            for definition in self.named.get(name, ()):
                # a function's name alone is a variable's; but kernels are passed on by name
                meant = call or definition.is_struct or definition.is_kernel
                if meant and definition not in found:
                    found[definition] = None
                    self._follow(definition.code, found)


def _with_includes(path: Path) -> list[Path]:
    """A file and what it includes of native/, directly or not."""
    folder, files = native_folder(), [path]
    for file in files:  # grows meanwhile
        for name in re.findall(r'^#include "(.+)"', file.read_text(), re.MULTILINE):
            places = (folder / "cuda" / name, folder / "common" / name, folder / name)
            header = next((place for place in places if place.exists()), None)
            if header is not None and header not in files:
                files.append(header)
    return files
