"""Finding hidden waits: whatever makes the host wait for the GPU can be told, or forbidden.

The CUDA library counts its waits. In a mode other than "default" each call of it is watched, and
one that waited is reported with the line of the program that made it.
"""

from __future__ import annotations

import warnings

from ..backend import Functions
from ..graph import call_site, describe_site
from .gpu import library

_MODES = ("default", "warn", "error")
_ASKED_FOR = ("sync", "stream_sync", "event_sync")  # to wait is all they do


class _Watched(Functions):
    """The library's functions, each of which tells if it waited."""

    def __init__(self, lib, mode: str):
        super().__init__(lib)
        self.mode = mode

    def __missing__(self, name: str):
        if name in _ASKED_FOR:
            return super().__missing__(name)
        function, waits = getattr(self.lib, f"td_{name}"), self.lib.td_waits

        def watched(*arguments):
            before = waits()
            status = function(*arguments)
            if waits() != before:
                self.tell(name)
            return status

        self[name] = watched
        return watched

    def tell(self, name: str) -> None:
        message = f"{name} waited for the GPU, called at {describe_site(call_site())}"
        if self.mode == "error":
            raise RuntimeError(f"{message} (set_sync_debug_mode('error') is on)")
        warnings.warn(message, RuntimeWarning, stacklevel=4)


def set_sync_debug_mode(debug_mode: int | str) -> None:
    """Reports every wait for the GPU: as a warning, an error after the fact, or not at all.

    Args:
        debug_mode: "default" or 0, "warn" or 1, "error" or 2.

    Raises:
        RuntimeError: there is no CUDA device.
        ValueError: another mode.
    """
    mode = _MODES[debug_mode] if debug_mode in (0, 1, 2) else debug_mode
    if mode not in _MODES:
        raise ValueError(f"set_sync_debug_mode: expected one of {_MODES}, got {debug_mode!r}")
    found = library()
    found.fn = Functions(found.lib) if mode == "default" else _Watched(found.lib, mode)


def get_sync_debug_mode() -> int:
    """0, 1 or 2 for the modes default, warn and error.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return _MODES.index(getattr(library().fn, "mode", "default"))
