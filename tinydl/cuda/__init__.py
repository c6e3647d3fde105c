"""tinydl.cuda: the GPU beside its tensors. Names and meanings are those of torch.cuda.

A tensor goes there with `x.to("cuda")` and every op follows it; this is what is left to ask: which
device it is, how its memory is used, when its work is done, and recording a whole step as a graph.
Nothing here waits for the device unless its name says so.
"""

from .gpu import (
    current_device,
    device_count,
    get_device_capability,
    get_device_name,
    get_device_properties,
    is_available,
    manual_seed,
    manual_seed_all,
    mem_get_info,
    set_device,
    synchronize,
)
from .graphs import graph
from .memory import (
    empty_cache,
    max_memory_allocated,
    memory_allocated,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_peak_memory_stats,
)
from .streams import Event, Stream, current_stream, default_stream, stream
from .waits import get_sync_debug_mode, set_sync_debug_mode

__all__ = [
    "is_available", "device_count", "current_device", "set_device", "get_device_properties",
    "get_device_name", "get_device_capability", "mem_get_info", "synchronize", "manual_seed",
    "manual_seed_all",
    "memory_allocated", "max_memory_allocated", "memory_reserved", "memory_stats",
    "memory_summary", "reset_peak_memory_stats", "empty_cache",
    "Stream", "Event", "stream", "current_stream", "default_stream",
    "graph", "get_sync_debug_mode", "set_sync_debug_mode",
]  # fmt: skip
