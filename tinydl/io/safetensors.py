"""safetensors: named tensors in one file that any framework reads and that cannot execute code.

    u64 n | n bytes of JSON: {"name": {"dtype", "shape", "data_offsets"}, …, "__metadata__": {…}}
          | the tensors' bytes, little-endian, row-major, without gaps

Offsets count from the end of the header. Wide dtypes are laid out first, so that every tensor is
aligned to its own size. Reading trusts nothing: header, dtypes, shapes, offsets and the file's
size are checked before the first tensor is made. Dtypes that tinydl lacks are refused by name.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

import numpy as np

import tinydl

from ..array import Array
from ..tensor import Tensor
from .files import FormatError, reading, writing

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4",
    "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
}  # fmt: skip
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
BFLOAT16 = np.dtype("<u2")  # its bytes: NumPy has no such numbers, and tinydl no uint16
LARGEST_HEADER = 100_000_000  # the limit that the format itself sets


class Entry(NamedTuple):
    """Where one tensor lies; begin and end count from the start of the data."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]
    begin: int
    end: int


def save_file(tensors: Mapping, filename, metadata: Mapping[str, str] | None = None) -> None:
    """Writes named tensors (or NumPy arrays) to a file; whole or not at all."""
    arrays = {name: to_array(name, tensor) for name, tensor in tensors.items()}
    header, order = _layout(arrays, metadata)
    with writing(filename) as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        for name in order:
            file.write(arrays[name].data)


def load_file(filename, device: str = "cpu") -> dict:
    """Reads every tensor of a file, in the order of its header."""
    return load_with_metadata(filename, device)[0]


def save(tensors: Mapping, metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes that save_file would write."""
    file = io.BytesIO()
    save_file(tensors, file, metadata)
    return file.getvalue()


def load(data: bytes) -> dict:
    """The tensors in bytes that save returned."""
    return load_file(io.BytesIO(data))


def load_with_metadata(filename, device: str = "cpu") -> tuple[dict, dict[str, str]]:
    """Reads every tensor of a file, and the text stored beside them."""
    with reading(filename) as file:
        entries, metadata, start = _read_header(file)
        arrays = {entry.name: _read_tensor(file, entry, start) for entry in entries}
    tensors = {name: _tensor(array) for name, array in arrays.items()}
    if str(device) != "cpu":
        tensors = {name: tensor.to(device) for name, tensor in tensors.items()}
    return tensors, metadata


def read_metadata(filename) -> dict[str, str]:
    """The text stored beside the tensors; reads the header alone."""
    with reading(filename) as file:
        return _read_header(file)[1]


def to_array(name: str, tensor) -> np.ndarray:
    """A tensor's bytes as a contiguous little-endian array of a dtype that the format has."""
    given = isinstance(tensor, np.ndarray)
    array = tensor if given else tensor.detach().to("cpu")._array.raw()
    code = array.dtype.newbyteorder("<")
    if code not in NAMES or (given and code == BFLOAT16):
        known = ", ".join(str(np.dtype(c)) for c in NAMES if c != BFLOAT16)
        raise TypeError(f"save: {name!r} is {array.dtype}, arrays can be {known}")
    return np.asarray(array, dtype=code, order="C")


def _tensor(array: np.ndarray):
    """The tensor that to_array() made an array of."""
    if array.dtype != BFLOAT16:
        return tinydl.from_numpy(array)
    backend = tinydl.device("cpu").backend
    return Tensor(Array.from_numpy(array, backend, copy=False, dtype=tinydl.bfloat16))


# --- writing ------------------------------------------------------------------------------------


def _layout(arrays: dict[str, np.ndarray], metadata) -> tuple[bytes, list[str]]:
    """The header's bytes, and the names in the order in which their data follow."""
    order = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    begin, places = 0, {}
    for name in order:
        places[name] = [begin, begin + arrays[name].nbytes]
        begin += arrays[name].nbytes

    header: dict = {"__metadata__": dict(metadata)} if metadata else {}
    for name, array in arrays.items():
        if not isinstance(name, str) or name == "__metadata__":
            raise ValueError(f"save: {name!r} cannot be a tensor's name")
        header[name] = {
            "dtype": NAMES[array.dtype],
            "shape": array.shape,
            "data_offsets": places[name],
        }
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > LARGEST_HEADER:
        raise ValueError(f"save: the header would have {len(text):,} bytes, {LARGEST_HEADER:,} fit")
    return text, order


# --- reading ------------------------------------------------------------------------------------


def _read_header(file: BinaryIO) -> tuple[list[Entry], dict[str, str], int]:
    """The checked entries, the metadata, and the byte at which the data begin."""
    origin = file.tell()
    size = file.seek(0, os.SEEK_END) - origin
    file.seek(origin)
    if size < 8:
        raise FormatError(file, f"{size} bytes are too few for a safetensors file", size)
    length = int.from_bytes(file.read(8), "little")
    if length > min(size - 8, LARGEST_HEADER):
        raise FormatError(
            file,
            f"the header should have {length:,} bytes but {size - 8:,} follow: "
            "the file is cut short, or is no safetensors file",
            0,
        )
    header = _parse(file, file.read(length))
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise FormatError(file, "__metadata__ should map text to text", 8)
    entries = [_check_entry(file, name, value) for name, value in header.items()]
    _check_places(file, entries, start=8 + length, size=size)
    return entries, metadata, origin + 8 + length


def _parse(file, text: bytes) -> dict:
    """The header's JSON, with no name twice."""

    def unique(pairs):
        table = dict(pairs)
        if len(table) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise FormatError(file, f"the header has {twice!r} twice", 8)
        return table

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except UnicodeDecodeError as error:
        raise FormatError(file, "the header is not UTF-8 text", 8 + error.start) from None
    except json.JSONDecodeError as error:
        byte = 8 + len(error.doc[: error.pos].encode())
        raise FormatError(file, f"the header is not JSON: {error.msg}", byte) from None
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, 10,000 brackets
        if isinstance(error, FormatError):
            raise
        raise FormatError(file, f"the header is no sensible JSON: {error}", 8) from None
    if not isinstance(header, dict):
        raise FormatError(file, "the header is not a JSON object", 8)
    return header


def _check_entry(file, name: str, value) -> Entry:
    """One tensor's entry, its dtype known and its bytes as many as its shape needs."""
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise FormatError(file, f"{name!r} should have dtype, shape and data_offsets", 8)
    code, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(code, str) or code not in DTYPES:
        raise FormatError(file, f"{name!r} is {code}; tinydl reads {', '.join(DTYPES)}", 8)
    if not _are_sizes(shape):
        raise FormatError(file, f"{name!r} has the shape {shape}, not a list of sizes", 8)
    if not _are_sizes(offsets) or len(offsets) != 2:
        raise FormatError(file, f"{name!r} has data_offsets {offsets}, not [begin, end]", 8)
    dtype, (begin, end) = np.dtype(DTYPES[code]), offsets
    need = math.prod(shape) * dtype.itemsize
    if end - begin != need:
        raise FormatError(
            file, f"{name!r}: {code}{shape} needs {need:,} bytes, data_offsets are {offsets}", 8
        )
    return Entry(name, dtype, tuple(shape), begin, end)


def _are_sizes(values) -> bool:
    return isinstance(values, list) and all(type(v) is int and v >= 0 for v in values)


def _check_places(file, entries: list[Entry], start: int, size: int) -> None:
    """The tensors must cover the data exactly: no gap, no overlap, nothing missing or left over."""
    reached = 0
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != reached:
            what = "overlaps what is before it" if entry.begin < reached else "leaves a gap"
            raise FormatError(file, f"{entry.name!r} {what}", start + min(entry.begin, reached))
        reached = entry.end
    if start + reached != size:
        raise FormatError(
            file,
            f"the file should have {start + reached:,} bytes and has {size:,}: "
            + ("it is cut short" if size < start + reached else "something follows the tensors"),
            min(size, start + reached),
        )


def _read_tensor(file: BinaryIO, entry: Entry, start: int) -> np.ndarray:
    """One tensor's values, read straight into an array of their own."""
    try:
        array = np.empty(entry.shape, entry.dtype)
    except ValueError as error:
        raise FormatError(file, f"{entry.name!r} {list(entry.shape)}: {error}", 8) from None
    file.seek(start + entry.begin)
    if array.nbytes and file.readinto(array.reshape(-1).view(np.uint8)) != array.nbytes:
        raise FormatError(file, f"{entry.name!r} ends early", start + entry.begin)
    if entry.dtype == bool and array.size:
        wrong = array.view(np.uint8).reshape(-1) > 1
        if wrong.any():
            place = start + entry.begin + int(wrong.argmax())
            raise FormatError(file, f"{entry.name!r} is BOOL, where a byte is 0 or 1", place)
    return array
