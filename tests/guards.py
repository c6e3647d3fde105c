"""Red zones: devices on which every piece of memory lies between guard bytes.

A guarded device is the same library loaded once more with memory of its own kind. A fresh piece
and its surroundings are all POISON: floats that are NaN, integers that are −1. What was read
before it was written shows in the values; what was written outside shows in check().
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

from tinydl import backend, storage
from tinydl.backend import ffi
from tinydl.device import _KNOWN, Device

GUARD, POISON = 256, 0xFF  # bytes on each side, a multiple of any alignment; and their value


class GuardedMemory(storage.FreeList):
    """Pieces that are used once, each with guard bytes around exactly the bytes asked for."""

    def __init__(self, library: backend.Backend):
        super().__init__(library)
        self.in_use: dict[int, int] = {}  # address → bytes
        self.damage: list[str] = []

    def take(self, nbytes: int):
        whole = self._allocate(nbytes + 2 * GUARD, nbytes)
        ffi.memmove(whole, bytes([POISON]) * (nbytes + 2 * GUARD), nbytes + 2 * GUARD)
        pointer = ffi.cast("char *", whole) + GUARD
        self.in_use[int(ffi.cast("uintptr_t", pointer))] = nbytes
        return ffi.cast("void *", pointer), nbytes

    def give(self, pointer, size: int) -> None:
        address = int(ffi.cast("uintptr_t", pointer))
        self._inspect(address)
        del self.in_use[address]
        self.backend.fn["free"](ffi.cast("char *", pointer) - GUARD)

    def _inspect(self, address: int) -> None:
        nbytes = self.in_use[address]
        before = ctypes.string_at(address - GUARD, GUARD)
        after = ctypes.string_at(address + nbytes, GUARD)
        for side, zone in (("before", before), ("after", after)):
            hit = [i for i, byte in enumerate(zone) if byte != POISON]
            if hit:
                at = GUARD - hit[-1] if side == "before" else hit[0]
                self.damage.append(f"{at} bytes {side} a piece of {nbytes} bytes was written to")

    def check(self) -> None:
        """AssertionError if a guard byte of any piece, live or given back, was overwritten."""
        for address in list(self.in_use):
            self._inspect(address)
        damage, self.damage = self.damage, []
        assert not damage, "; ".join(damage)


def libraries() -> dict[str, Path]:
    """Every backend whose kernels are tested here: instruction sets, and CUDA if it was built."""
    found = {isa: backend.load(isa).path for isa in backend.usable()}
    emulated = backend.FOLDER / f"libtinydl-cuda-emu{backend.EXTENSION}"
    return {**found, "cuda": emulated} if emulated.exists() else found


@cache
def guarded(name: str) -> tuple[Device, GuardedMemory]:
    """The device of one library with guarded memory, and that memory."""
    library = backend.Backend(libraries()[name])
    library.name += "-guarded"
    memory = storage._free_lists[library] = GuardedMemory(library)
    found = Device("cpu" if library.is_cpu else "cuda", f"{name}-guarded")
    found.backend = library
    _KNOWN[str(found)] = found
    return found, memory
