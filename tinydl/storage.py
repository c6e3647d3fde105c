"""Storage: a piece of a backend's memory, who may free it, and how often it was written.

Freed pieces go to a free list by size and are handed out again warm: fresh memory costs a page
fault every 4 KiB, a reused piece costs nothing. The list gives everything back when memory runs
out, and its excess when it grows past CACHE_LIMIT.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import lru_cache

from .backend import Backend, ffi

CACHE_LIMIT = 1 << 30  # bytes of free memory kept per backend


class FreeList:
    """Pieces of one backend's memory that nobody uses, by size."""

    def __init__(self, backend: Backend):
        self.backend = backend
        self.free: dict[int, list] = defaultdict(list)
        self.live = self.peak = self.cached = 0  # bytes

    def take(self, nbytes: int):
        """A piece of at least `nbytes`: (pointer, its true size)."""
        size = round_up(nbytes)
        try:
            pointer = self.free[size].pop()
            self.cached -= size
        except IndexError:
            pointer = self._allocate(size, nbytes)
        self.live += size
        if self.live > self.peak:
            self.peak = self.live
        return pointer, size

    def give(self, pointer, size: int) -> None:
        self.live -= size
        self.cached += size
        self.free[size].append(pointer)
        if self.cached > CACHE_LIMIT:
            self.empty()

    def empty(self) -> None:
        """Returns all free pieces to the system."""
        for size, pieces in self.free.items():
            while pieces:
                self.backend.fn["free"](pieces.pop())
                self.cached -= size

    def _allocate(self, size: int, nbytes: int):
        out = ffi.new("void **")
        status = size > sys.maxsize or self.backend.fn["alloc"](out, size)
        if status and size <= sys.maxsize:
            self.empty()  # perhaps that was all that stood in the way
            status = self.backend.fn["alloc"](out, size)
        if status:
            raise MemoryError(
                f"out of memory on {self.backend.name}: asked for {nbytes:,} bytes, "
                f"{self.live:,} bytes are in use by tensors"
            )
        return out[0]


@lru_cache(maxsize=4096)
def round_up(nbytes: int) -> int:
    """Size classes: multiples of 64 bytes, from 4 KiB on an eighth of a power of two apart."""
    step = 64 if nbytes <= 4096 else 1 << (nbytes.bit_length() - 4)
    return max(step, -(-nbytes // step) * step)


_free_lists: dict[Backend, FreeList] = {}


def free_list(backend: Backend) -> FreeList:
    """The free list of a backend."""
    found = _free_lists.get(backend)
    if found is None:
        found = _free_lists[backend] = FreeList(backend)
    return found


class Storage:
    """A block of memory. `owner` keeps foreign memory alive; None means it is from the free list.

    `version` counts writes and `written` tells the last one (op, where): autograd compares
    them to refuse a backward through values that are gone.
    """

    __slots__ = ("backend", "pointer", "nbytes", "owner", "version", "written", "__weakref__")

    def __init__(self, backend: Backend, nbytes: int, pointer=None, owner=None):
        self.backend, self.owner, self.version, self.written = backend, owner, 0, None
        if pointer is None:
            self.pointer, self.nbytes = free_list(backend).take(nbytes)
        else:
            self.pointer, self.nbytes = pointer, nbytes

    def __del__(self):
        # nbytes is missing if take() raised; the owner frees foreign memory
        if getattr(self, "nbytes", None) is not None and self.owner is None:
            _free_lists[self.backend].give(self.pointer, self.nbytes)


def memory_stats() -> dict[str, dict[str, int]]:
    """Bytes by backend: live (in tensors), peak (the most so far), cached (kept for reuse).

    >>> import tinydl
    >>> x = tinydl.zeros(1000)
    >>> sum(stats["live"] for stats in tinydl.memory_stats().values()) >= 4000
    True
    """
    return {
        backend.name: {"live": pool.live, "peak": pool.peak, "cached": pool.cached}
        for backend, pool in _free_lists.items()
    }


def memory_summary() -> str:
    """memory_stats() as a table to read, in bytes.

    >>> import tinydl
    >>> print(tinydl.memory_summary().splitlines()[0])
    backend                 live            peak          cached  (bytes)
    """
    rows = [f"{'backend':<12} {'live':>15} {'peak':>15} {'cached':>15}  (bytes)"]
    for name, stats in memory_stats().items():
        rows.append(f"{name:<12} {stats['live']:>15,} {stats['peak']:>15,} {stats['cached']:>15,}")
    return "\n".join(rows)


def empty_cache() -> None:
    """Returns the memory that is kept for reuse to the system.

    >>> import tinydl
    >>> tinydl.empty_cache()
    >>> sum(stats["cached"] for stats in tinydl.memory_stats().values())
    0
    """
    for pool in _free_lists.values():
        pool.empty()
