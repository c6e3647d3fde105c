"""Where data sets lie on the disk: which folders are looked in, and what to say when none has them.

An explicit folder is the only one looked in. Without one: $TINYDL_DATA, then the user's cache
folder. In each, the files may lie in the folder itself, in one named after the data set, or where
torchvision puts them. Nothing is ever downloaded.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class DataFile(NamedTuple):
    """One file of a data set, in the form in which its authors published it."""

    name: str
    size: int
    sha256: str


class Location(NamedTuple):
    """A data set's files that were found, and every folder that was looked in on the way."""

    paths: dict[str, Path] | None
    looked_in: list[str]


def cache_folder() -> Path:
    """Where the user's data sets lie: $XDG_CACHE_HOME/tinydl, as a rule ~/.cache/tinydl."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tinydl"


def search(
    root,
    folders: Sequence[str],
    files: Sequence[DataFile],
    wrong: Callable[[dict[str, Path]], str | None] = lambda paths: None,
) -> Location:
    """Looks for all of `files`, packed or unpacked, in the folders that may have them.

    wrong(paths) may say why files that have the right names are not the right ones.
    """
    looked_in = []
    for start, origin in _starts(root):
        if start is None or not start.is_dir():
            looked_in.append(origin if start is None else f"{start} ({origin}): no such folder")
            continue
        for folder in (start / name for name in ("", *folders)):
            found = {file.name: _present(folder, file.name) for file in files}
            lack = wrong(found) if all(found.values()) else _lack(folder, found)
            if lack is None:
                return Location(found, [*looked_in, f"{folder} ({origin})"])
            looked_in.append(f"{folder} ({origin}): {lack}")
    return Location(None, looked_in)


def missing(title: str, source: str, location: Location, files: Sequence[DataFile]) -> str:
    """The message for a data set that was not found: where it was looked for, how to get it."""
    lines = [f"{title} was not found. Looked in", *(f"  {place}" for place in location.looked_in)]
    lines.append(f"Put these files, from {source}, into one of them:")
    lines += [f"  {file.name:27} {file.size:>10,} bytes, SHA256 {file.sha256}" for file in files]
    return "\n".join(lines)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _starts(root) -> list[tuple[Path | None, str]]:
    if root is not None:
        return [(Path(root).expanduser(), "as asked for")]
    variable, name = os.environ.get("TINYDL_DATA"), "TINYDL_DATA"
    named = (Path(variable).expanduser(), name) if variable else (None, f"{name}: not set")
    return [named, (cache_folder(), "the user's cache")]


def _present(folder: Path, name: str) -> Path | None:
    for path in (folder / name, folder / name.removesuffix(".gz")):
        if path.is_file():
            return path
    return None


def _lack(folder: Path, found: dict[str, Path | None]) -> str:
    if not folder.is_dir():
        return "no such folder"
    absent = [name for name, path in found.items() if path is None]
    return "none of the files" if len(absent) == len(found) else f"{', '.join(absent)} missing"
