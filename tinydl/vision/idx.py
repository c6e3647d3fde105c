"""idx, the format of MNIST's files: a big-endian header, then the numbers; mostly gzipped.

    00 00 | dtype, 1 byte | ndim, 1 byte | ndim × u32 sizes | the array, row-major

A damaged file is refused with its name, the byte, and what should have been there.
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np

from ..io.files import FormatError

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
PIECE = 1 << 16


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The array of an idx file, gzipped or not, which must have `ndim` axes."""
    content, name = unpack(path)
    if content[:2] != b"\0\0" or len(content) < 4 or content[2] not in DTYPES:
        start = content[:4].hex(" ") or "nothing"
        raise FormatError(name, f"starts with {start}; an idx file starts with 00 00 08 0{ndim}", 0)
    if content[3] != ndim:
        raise FormatError(name, f"the array has {content[3]} axes, {ndim} are expected", 3)
    dtype, start = np.dtype(DTYPES[content[2]]), 4 + 4 * ndim
    if len(content) < start:
        raise FormatError(name, f"ends within the {ndim} sizes of the array", len(content))
    shape = np.frombuffer(content, ">u4", ndim, offset=4).tolist()
    end = start + math.prod(shape) * dtype.itemsize
    if len(content) != end:
        raise FormatError(
            name,
            f"an array {dtype.name}{shape} needs {end:,} bytes with its header, "
            f"the file has {len(content):,}",
            min(len(content), end),
        )
    array = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return array.astype(dtype.newbyteorder("="))  # a copy, so that it can be written to


def unpack(path: Path) -> tuple[bytes, str]:
    """A file's bytes, unpacked if they are gzipped, and what to call them in a message."""
    raw = path.read_bytes()
    if raw[:2] != b"\x1f\x8b":
        return raw, str(path)
    stream, pieces = zlib.decompressobj(wbits=31), []
    for at in range(0, len(raw), PIECE):
        try:
            pieces.append(stream.decompress(raw[at : at + PIECE]))
        except zlib.error as error:
            problem = f"the gzip stream is damaged within the {PIECE:,} bytes from here ({error})"
            raise FormatError(path, problem, at) from None
    if not stream.eof:
        raise FormatError(path, "the gzip stream breaks off: the file is cut short", len(raw))
    if stream.unused_data:
        behind = len(raw) - len(stream.unused_data)
        raise FormatError(path, "something follows the gzip stream", behind)
    return b"".join(pieces), f"{path} (unpacked)"
