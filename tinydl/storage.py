"""Storage: a piece of a backend's memory, who may free it, and how often it was written.

Freed pieces go to a free list by size and are handed out again warm: fresh memory costs a page
fault every 4 KiB (on a GPU a call that may wait for it), a reused piece costs nothing. The list
gives everything back when memory runs out, and on the CPU its excess past CACHE_LIMIT.

A GPU's work runs later than it is queued, in order within each stream, so a piece may be used again
only in the stream where it was used before: each stream and each recorded graph has a list of its
own (`lend`).
"""

from __future__ import annotations

import sys
from collections import defaultdict
from contextlib import contextmanager
from functools import lru_cache
from threading import get_ident

from .backend import Backend, ffi, loaded

CACHE_LIMIT = 1 << 30  # bytes of free memory kept per CPU library


class Statistics:
    """What all lists of a backend took from the system and handed out, and how they did."""

    __slots__ = ("live", "peak", "reserved", "allocations", "retries")  # three of them bytes

    def __init__(self):
        self.live = self.peak = self.reserved = self.allocations = self.retries = 0

    @property
    def cached(self) -> int:
        return self.reserved - self.live


class FreeList:
    """Pieces of one backend's memory that nobody uses, by size."""

    def __init__(self, backend: Backend, stats: Statistics | None = None):
        self.backend, self.stats = backend, stats or Statistics()
        self.free: dict[int, list] = defaultdict(list)
        self.limit = CACHE_LIMIT if backend.is_cpu else sys.maxsize

    def take(self, nbytes: int, size: int):
        """A piece for `nbytes` bytes, of which round_up makes `size`: its address."""
        pieces, stats = self.free[size], self.stats
        pointer = pieces.pop() if pieces else self._allocate(nbytes, size)
        live = stats.live = stats.live + size
        if live > stats.peak:
            stats.peak = live
        return pointer

    def give(self, pointer, size: int) -> None:
        stats = self.stats
        stats.live -= size
        self.free[size].append(pointer)
        if stats.reserved - stats.live > self.limit:
            self.empty()

    def empty(self) -> None:
        """Returns all free pieces to the system."""
        for size, pieces in self.free.items():
            while pieces:
                self.backend.fn["free"](pieces.pop())
                self.stats.reserved -= size

    def merge_into(self, other: FreeList) -> None:
        """Hands all pieces to another list of this backend, and what comes back from now on."""
        for size, pieces in self.free.items():
            other.free[size] += pieces
        self.free.clear()
        self.give = other.give

    def _allocate(self, nbytes: int, size: int):
        out, stats = ffi.new("void **"), self.stats
        status = size > sys.maxsize or self.backend.fn["alloc"](out, size)
        if status and size <= sys.maxsize:  # perhaps what is kept was all that stood in the way
            stats.retries += 1
            self.backend.memory.empty()
            self.empty()
            status = self.backend.fn["alloc"](out, size)
        if status:
            raise MemoryError(
                f"out of memory on {self.backend.name}: asked for {nbytes:,} bytes, "
                f"{stats.live:,} bytes are in use by tensors and {stats.cached:,} are kept for "
                "streams and graphs; use smaller batches, or let go of tensors that hold a graph "
                "(loss.item() instead of loss)"
            )
        stats.allocations += 1
        stats.reserved += size
        return out[0]


class Unrecorded(FreeList):
    """Another list's pieces, for what is made in inference mode: a storage's list is its mark."""

    def __init__(self, inner: FreeList):
        super().__init__(inner.backend, inner.stats)
        self.inner, self.free, self.limit = inner, inner.free, inner.limit

    def give(self, pointer, size: int) -> None:
        self.inner.give(pointer, size)


class Borrowed:
    """Memory of somebody else, who frees it when `owner` goes."""

    def __init__(self, owner):
        self.owner = owner

    def give(self, pointer, size: int) -> None:
        self.owner = None


@lru_cache(maxsize=4096)
def round_up(nbytes: int) -> int:
    """Size classes: multiples of 64 bytes, from 4 KiB on an eighth of a power of two apart."""
    step = 64 if nbytes <= 4096 else 1 << (nbytes.bit_length() - 4)
    return max(step, -(-nbytes // step) * step)


lent: dict[tuple, FreeList] = {}  # (backend, thread) → the list of its current stream or graph


def free_list(backend: Backend) -> FreeList:
    """Where this thread's memory comes from; where nothing is lent, `backend.memory`."""
    return lent.get((backend, get_ident())) or backend.memory


@contextmanager
def lend(memory: FreeList):
    """Inside, this thread's memory of that backend comes from `memory`."""
    key = memory.backend, get_ident()
    before = lent.get(key)
    lent[key] = memory
    try:
        yield
    finally:
        if before is None:
            del lent[key]
        else:
            lent[key] = before


class Storage:
    """A piece of memory, and the list it goes back to.

    `version` counts writes and `written` tells the last one (op, where): autograd compares
    them to refuse a backward through values that are gone.
    """

    __slots__ = ("backend", "memory", "nbytes", "pointer", "version", "written", "__weakref__")

    def __init__(self, backend: Backend, memory: FreeList | Borrowed, pointer, nbytes: int):
        self.backend, self.memory, self.pointer, self.nbytes = backend, memory, pointer, nbytes
        self.version, self.written = 0, None

    def __del__(self):
        self.memory.give(self.pointer, self.nbytes)


def _used() -> list[Backend]:
    """The backends of which memory was asked."""
    return [backend for backend in loaded if "memory" in backend.__dict__]


def memory_stats() -> dict[str, dict[str, int]]:
    """By backend, in bytes: live (in tensors), peak (the most so far), cached (kept for reuse).

    Beside them `allocations`, how often the system was asked for memory, and `retries`, how often
    it had none until everything cached was returned.

    >>> import tinydl
    >>> x = tinydl.zeros(1000)
    >>> sum(stats["live"] for stats in tinydl.memory_stats().values()) >= 4000
    True
    """
    names = ("live", "peak", "cached", "allocations", "retries")
    return {
        backend.name: {name: getattr(backend.memory.stats, name) for name in names}
        for backend in _used()
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
    """Returns the memory that is kept for reuse to the system; streams and recordings keep theirs.

    >>> import tinydl
    >>> x = tinydl.zeros(1000)
    >>> del x
    >>> before = tinydl.memory_stats()
    >>> tinydl.empty_cache()
    >>> after = tinydl.memory_stats()
    >>> any(after[name]["cached"] < before[name]["cached"] for name in after)
    True
    """
    for backend in _used():
        backend.memory.empty()
