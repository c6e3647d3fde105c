"""Devices: "cpu" is the best library for this machine, "cpu:avx2" a certain one, "cuda" a GPU."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TypeAlias

from . import backend, dtypes


class Device:
    """Where a tensor lives. Made by `tinydl.device("cpu")`.

    Attributes:
        type: "cpu" or "cuda".
        index: the instruction set asked for, such as "avx2"; None for the best one.
    """

    def __init__(self, type: str, index: str | None = None):
        self.type, self.index = type, index

    @property
    def is_open(self) -> bool:
        """Whether its library is loaded. Looking at `backend` loads it: on a GPU, opens the GPU."""
        return "backend" in self.__dict__

    @cached_property
    def backend(self) -> backend.Backend:
        if self.type == "cuda":
            return backend.cuda()
        return backend.load(self.index or backend.best())

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return f"device({str(self)!r})"

    def __eq__(self, other) -> bool:
        return isinstance(other, Device) and self.backend is other.backend

    def __hash__(self) -> int:
        return hash(self.backend)

    def __reduce__(self):
        return device, (str(self),)


DeviceLike: TypeAlias = Device | str | None  # None: where new tensors go


def device(name: str | int | Device) -> Device:
    """The device of that name.

    Args:
        name: "cpu", the best library for this machine, or one of its instruction sets, such as
            "cpu:avx2" or "cpu:base"; "cuda", "cuda:0" or 0 for the GPU; a Device is returned as it
            is.

    Raises:
        ValueError: this machine has no such device; the message lists those it has.

    Example:
        >>> import tinydl
        >>> tinydl.device("cpu")
        device('cpu')
    """
    if isinstance(name, Device):
        return name
    wanted = f"cuda:{name}" if isinstance(name, int) else name
    known = _KNOWN.get(wanted) or _all().get(wanted)
    if known is None:
        here = [n for n in sorted(_all()) if not n.startswith("cuda") or backend.has_cuda()]
        is_dtype = any(name == dtype.name for dtype in dtypes.ALL)
        hint = f"; the dtype is tinydl.{name}" if is_dtype else ""
        raise ValueError(f"device({name!r}): this machine has {', '.join(here)}{hint}")
    return known


def of(library: backend.Backend) -> Device:
    """The device whose arrays a library computes."""
    if _KNOWN["cpu"].backend is library:
        return _KNOWN["cpu"]
    return next(
        known
        for known in _all().values()
        if (known.type == "cpu" or known.is_open) and known.backend is library
    )


@cache
def _all() -> dict[str, Device]:
    """Every device by its name. The first look loads the library of each instruction set."""
    _KNOWN.update({f"cpu:{isa}": Device("cpu", isa) for isa in backend.usable()})
    return _KNOWN


def default() -> Device:
    """Where new tensors go."""
    return _default


def set_default_device(name: str | Device) -> None:
    """Sets where new tensors go when no `device=` is given.

    Raises:
        ValueError: this machine has no such device.

    Example:
        >>> import tinydl
        >>> tinydl.set_default_device("cpu")
        >>> tinydl.zeros(2).device
        device('cpu')
    """
    global _default
    _default = device(name)


def set_num_threads(n: int) -> None:
    """Sets how many threads CPU kernels may use; results are the same bits for any number.

    Args:
        n: 1 to 1024. It is as many as there are processors, or 64, until it is set.

    Raises:
        ValueError: any other number.

    Example:
        >>> import tinydl
        >>> before = tinydl.get_num_threads()
        >>> tinydl.set_num_threads(1)
        >>> tinydl.get_num_threads()
        1
        >>> tinydl.set_num_threads(before)
    """
    for isa in backend.usable():  # each library has threads of its own
        library = backend.load(isa)
        library.check(library.fn["set_threads"](n), "set_num_threads")


def get_num_threads() -> int:
    """How many threads CPU kernels may use: at first, one for each core of this process.

    >>> import tinydl
    >>> tinydl.get_num_threads() >= 1
    True
    """
    return device("cpu").backend.fn["threads"]()


_KNOWN = {"cpu": Device("cpu")}
_KNOWN["cuda"] = _KNOWN["cuda:0"] = Device("cuda")
_default = _KNOWN["cpu"]
backend.load(backend.best())  # at import, where what is wrong with it is told
