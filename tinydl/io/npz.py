"""npz: NumPy's own container. For handing tensors to people who have NumPy and nothing else."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

import tinydl

from .files import FormatError, reading, writing
from .safetensors import BFLOAT16, to_array

# What NumPy and zipfile make of damaged files: places before the start are OSError, members that
# say they are encrypted RuntimeError.
UNREADABLE = (ValueError, EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error)


def save_file(tensors: Mapping, filename) -> None:
    """Writes named tensors (or NumPy arrays) to a .npz file; whole or not at all."""
    arrays = {name: to_array(name, tensor) for name, tensor in tensors.items()}
    for name, array in arrays.items():
        if array.dtype == BFLOAT16:
            raise TypeError(
                f"save: {name!r} is bfloat16, which NumPy does not have; "
                "save it as .float(), or as safetensors"
            )
    with writing(filename) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load_file(filename) -> dict:
    """Reads every tensor of a .npz file. Pickled objects are refused, never loaded."""
    with reading(filename) as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                if not isinstance(archive, np.lib.npyio.NpzFile):
                    raise FormatError(filename, "one .npy array, not a .npz file")
                arrays = {name: archive[name] for name in archive.files}
        except FormatError:
            raise
        except UNREADABLE as error:
            raise FormatError(filename, f"not a readable .npz file: {error}") from error
    return {name: tinydl.from_numpy(array) for name, array in arrays.items()}
