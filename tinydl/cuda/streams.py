"""Streams, in which work runs in order, and events, which mark places in them.

All work goes to one stream unless `with cuda.stream(s):` says otherwise; that is per thread. Memory
of tensors made in a stream is used again in it, so a tensor that another stream uses must be kept
until that stream is waited for, as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

from ..backend import NULL, ffi
from ..storage import FreeList, lend
from .gpu import call, library

_current: dict[int, Stream] = {}  # thread → the stream it is in


class Stream:
    """A queue of work for the GPU; the work of two streams may run at the same time.

    Attributes:
        cuda_stream: its address, as other libraries know it.

    Raises:
        RuntimeError: there is no CUDA device.
    """

    def __init__(self):
        handle = ffi.new("void **")
        call("stream_open", handle)
        self._handle = handle[0]
        self._memory = FreeList(library(), library().memory.stats)

    @property
    def cuda_stream(self) -> int:
        return int(ffi.cast("uintptr_t", self._handle))

    def __del__(self):
        if getattr(self, "_memory", None) is not None:
            call("stream_close", self._handle)
            self._memory.merge_into(library().memory)

    def synchronize(self) -> None:
        """Waits until its work is done.

        Raises:
            RuntimeError: a kernel failed.
        """
        call("stream_sync", self._handle)

    def query(self) -> bool:
        """Whether its work is done."""
        done = ffi.new("int *")
        call("stream_query", done, self._handle)
        return bool(done[0])

    def wait_stream(self, stream: Stream) -> None:
        """Lets what comes next here wait for what is queued there now. The caller goes on."""
        call("stream_wait", self._handle, stream._handle)

    def wait_event(self, event: Event) -> None:
        """Lets what comes next here wait for an event. The caller goes on."""
        event.wait(self)

    def record_event(self, event: Event | None = None) -> Event:
        """An event, this one or a new one, at the end of what is queued here now."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def __eq__(self, other) -> bool:
        return isinstance(other, Stream) and self._handle == other._handle

    def __hash__(self) -> int:
        return hash(self.cuda_stream)

    def __repr__(self) -> str:
        return f"<cuda.Stream {self.cuda_stream:#x}>"


class _DefaultStream(Stream):
    """The library's own."""

    def __init__(self):
        self._handle, self._memory = NULL, None
        with stream(self):
            self._handle = library().lib.td_stream_current()


@contextmanager
def stream(stream: Stream | None) -> Iterator[None]:
    """Inside, this thread's work goes to that stream; None changes nothing.

    It does not wait for what was queued elsewhere before: see Stream.wait_stream().

    Raises:
        RuntimeError: there is no CUDA device.
    """
    if stream is None:
        yield
        return
    thread = get_ident()
    before = _current.get(thread)
    memory = stream._memory or library().memory
    _use(thread, stream)
    try:
        with lend(memory):
            yield
    finally:
        _use(thread, before)


def _use(thread: int, stream: Stream | None) -> None:
    own = stream is None or stream._memory is None
    call("stream_use", NULL if own else stream._handle)
    if own:
        _current.pop(thread, None)
    else:
        _current[thread] = stream


def current_stream() -> Stream:
    """The stream that this thread's work goes to.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return _current.get(get_ident()) or default_stream()


def default_stream() -> Stream:
    """The stream that work goes to unless told otherwise.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    return _DefaultStream()


class Event:
    """A mark in a stream, to wait for and to measure time between.

    Args:
        enable_timing: whether elapsed_time() will be asked.
        blocking, interprocess: taken for PyTorch's sake; the second must be False.

    Raises:
        RuntimeError: there is no CUDA device.
    """

    def __init__(
        self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False
    ):
        if interprocess:
            raise NotImplementedError("Event: events are not shared between processes")
        handle = ffi.new("void **")
        call("event_open", handle, enable_timing)
        self._handle, self._timed = handle[0], enable_timing

    def __del__(self):
        if getattr(self, "_handle", NULL) != NULL:
            call("event_close", self._handle)

    def record(self, stream: Stream | None = None) -> None:
        """Marks the end of what is queued now, in the current stream if None."""
        call("event_record", self._handle, NULL if stream is None else stream._handle)

    def wait(self, stream: Stream | None = None) -> None:
        """Lets what comes next in the stream wait for the mark. The caller goes on."""
        call("event_wait", self._handle, NULL if stream is None else stream._handle)

    def synchronize(self) -> None:
        """Waits until the mark is passed."""
        call("event_sync", self._handle)

    def query(self) -> bool:
        """Whether the mark is passed."""
        done = ffi.new("int *")
        call("event_query", done, self._handle)
        return bool(done[0])

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this mark to another; both must have been passed.

        Raises:
            RuntimeError: an event without enable_timing=True, not recorded, or not passed yet.
        """
        if not (self._timed and end_event._timed):
            raise RuntimeError("elapsed_time: make both events with Event(enable_timing=True)")
        milliseconds = ffi.new("float *")
        call("event_elapsed", milliseconds, self._handle, end_event._handle)
        return milliseconds[0]
