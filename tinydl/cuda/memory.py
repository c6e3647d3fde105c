"""How the GPU's memory is used: what tensors hold, what is kept for reuse."""

from __future__ import annotations

from .. import storage
from ..storage import FreeList
from .gpu import library, mem_get_info


def _memory() -> FreeList:
    return library().memory


def memory_allocated() -> int:
    """Bytes in tensors now.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return _memory().stats.live


def max_memory_allocated() -> int:
    """The most bytes in tensors at any time since the start or reset_peak_memory_stats().

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return _memory().stats.peak


def memory_reserved() -> int:
    """Bytes taken from the GPU: those in tensors, and those kept for reuse.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return _memory().stats.reserved


def reset_peak_memory_stats() -> None:
    """Makes max_memory_allocated() start over from what is in tensors now.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    stats = _memory().stats
    stats.peak = stats.live


def memory_stats() -> dict[str, int]:
    """Everything that is counted: live, peak and cached bytes, allocations and retries.

    An allocation is a piece asked of CUDA because no kept one fitted, a retry one that succeeded or
    failed only after everything kept was returned.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return storage.memory_stats()[library().name]


def memory_summary() -> str:
    """memory_stats() and mem_get_info() as a table to read.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    stats = memory_stats()
    unused, total = mem_get_info()
    rows = [
        ("in tensors", stats["live"], "bytes"),
        ("at most so far", stats["peak"], "bytes"),
        ("kept for reuse", stats["cached"], "bytes: empty_cache() returns them"),
        ("unused on the GPU", unused, f"bytes of {total:,}, all programs counted"),
        ("asked of CUDA", stats["allocations"], "times"),
        ("out of memory", stats["retries"], "times, before what was kept was returned"),
    ]
    return "\n".join(f"{what:<18} {value:>18,} {unit}" for what, value, unit in rows)


def empty_cache() -> None:
    """Returns the memory that is kept for reuse to the GPU, for other programs.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    _memory().empty()
