"""Red zones: devices on which every piece of memory lies between guard bytes.

A guarded device is the same library loaded once more with memory of its own kind. A fresh piece
and its surroundings are all POISON: floats that are NaN, integers that are −1. What was read
before it was written shows in the values; what was written outside shows in check().
"""

from __future__ import annotations

from functools import cache
from os.path import exists

from devices import HAS_CUDA

from tinydl import backend, storage
from tinydl.backend import ffi
from tinydl.device import _KNOWN, Device

GUARD, POISON = 256, 0xFF  # bytes on each side, a multiple of any alignment; and their value


class GuardedMemory(storage.FreeList):
    """Pieces that are used once, each with guard bytes around exactly the bytes asked for.

    A piece that is given back is kept until check(), since a GPU may still be at work on it.
    """

    def __init__(self, library: backend.Backend):
        super().__init__(library)
        self.pieces: dict[int, int] = {}  # address → bytes
        self.given: list[int] = []

    def take(self, nbytes: int, size: int):
        size = nbytes + 2 * GUARD
        whole = self._allocate(nbytes, size)
        self.stats.reserved -= size  # nothing is kept for reuse
        self._run("write", whole, bytes([POISON]) * size, size)
        pointer = ffi.cast("char *", whole) + GUARD
        self.pieces[int(ffi.cast("uintptr_t", pointer))] = nbytes
        return ffi.cast("void *", pointer)

    def give(self, pointer, size: int) -> None:
        self.given.append(int(ffi.cast("uintptr_t", pointer)))

    def check(self) -> None:
        """AssertionError if a guard byte of any piece, live or given back, was overwritten.

        What kernels have found wrong so far is raised instead.
        """
        self._run("sync")
        damage = [text for piece in self.pieces.items() for text in self._damage(*piece)]
        for address in self.given:
            del self.pieces[address]
            self._run("free", ffi.cast("void *", address - GUARD))
        self.given.clear()
        assert not damage, "; ".join(damage)

    def _damage(self, address: int, nbytes: int):
        for side, start in (("before", address - GUARD), ("after", address + nbytes)):
            zone = bytearray(GUARD)
            self._run("read", ffi.from_buffer(zone), ffi.cast("void *", start), GUARD)
            hit = [i for i, byte in enumerate(zone) if byte != POISON]
            if hit:
                at = GUARD - hit[-1] if side == "before" else hit[0]
                yield f"{at} bytes {side} a piece of {nbytes} bytes was written to"

    def _run(self, name: str, *arguments) -> None:
        self.backend.check(self.backend.fn[name](*arguments), name)


TWINS = ("avx512", "amx")  # rows with avx512bf16's objects, but for products of bf16


def libraries() -> dict[str, str]:
    """Every backend whose kernels are tested here: instruction sets, and CUDA if there is one."""
    found = {isa: backend.load(isa).path for isa in backend.usable()}
    if "avx512bf16" in found:
        found = {isa: path for isa, path in found.items() if isa not in TWINS}
    return {**found, "cuda": backend.cuda().path} if HAS_CUDA else found


def products() -> dict[str, str]:
    """Every backend whose products of bf16 are: twins too, and emulated tile units if built."""
    tiles = backend.file_of("cpu-amx-emu")
    found = {isa: backend.load(isa).path for isa in backend.usable()} | libraries()
    return {**found, "amx-emu": tiles} if exists(tiles) else found


@cache
def guarded(name: str) -> tuple[Device, GuardedMemory]:
    """The device of one library with guarded memory, and that memory."""
    library = backend.Backend(products()[name])
    library.name += "-guarded"
    memory = library.memory = GuardedMemory(library)
    found = Device("cpu" if library.is_cpu else "cuda", f"{name}-guarded")
    found.backend = library
    _KNOWN[str(found)] = found
    return found, memory
