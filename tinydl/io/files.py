"""What the file formats share: writing that is whole or nothing, and one error for bad files.

A file being written lives under a temporary name beside its target until its bytes are on the
disk; then it takes the target's name in one step. Whatever interrupts the writing (an exception,
a full disk, a power cut), the target is either the old file or the new one, never a mixture.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import BinaryIO


class FormatError(ValueError):
    """A file is not what it should be. Says which file, at which byte, and what was expected."""

    def __init__(self, file, problem: str, byte: int | None = None):
        place = "" if byte is None else f", byte {byte:,}"
        super().__init__(f"{file_name(file)}{place}: {problem}")


def file_name(file) -> str:
    """What to call a path or an open file in a message."""
    if isinstance(file, (str, os.PathLike)):
        return os.fspath(file)
    return str(getattr(file, "name", f"<{type(file).__name__}>"))


@contextlib.contextmanager
def reading(file) -> Iterator[BinaryIO]:
    """`file` itself when it is open already, else the file of that path."""
    if hasattr(file, "read"):
        yield file
    else:
        with open(file, "rb") as opened:
            yield opened


@contextlib.contextmanager
def writing(file) -> Iterator[BinaryIO]:
    """`file` itself when it is open already, else a file that takes that name once it is whole."""
    if hasattr(file, "write"):
        yield file
        return
    target = os.path.realpath(file)  # a symbolic link stays one: its target is replaced
    folder, name = os.path.split(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{file}: cannot be written, folder {folder} does not exist")
    fresh = os.path.join(folder, f".{name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        with open(fresh, "wb") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(fresh, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(fresh)
        raise
    _sync_folder(folder)


def write_text(file, text: str) -> None:
    """Replaces a text file, whole or not at all."""
    with writing(file) as opened:
        opened.write(text.encode())


def _sync_folder(folder: str) -> None:
    """Makes a rename survive a power cut, where the system lets a folder be opened for that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
