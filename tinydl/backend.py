"""Native libraries: finding them, loading the best one, calling them, status → exception.

A backend is one shared library that exports native/tinydl.h. Every instruction set is a library
of its own; the first of BEST_FIRST whose td_usable() says yes is the CPU. TINYDL_CPU=avx2 asks
for another, TINYDL_LIB for another folder of libraries.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from functools import cache, cached_property
from os import path

from . import capture

# amx comes last, to be asked for by name: no machine that has tile units has run it yet.
BEST_FIRST = ("avx512bf16", "avx512", "avx2", "neon", "base", "amx")
EXTENSION = ".dylib" if sys.platform == "darwin" else ".so"
FOLDER = os.environ.get("TINYDL_LIB") or path.join(path.dirname(path.abspath(__file__)), "lib")
REBUILD = "run `make` in the source folder, or install tinydl-core again"


def _declarations():
    """The cffi object that build.py made from tinydl.h."""
    file = path.join(FOLDER, "declarations.py")
    if not path.exists(file):
        raise ImportError(f"tinydl's native libraries are not built: no {file}; {REBUILD}")
    spec = importlib.util.spec_from_file_location("tinydl.lib.declarations", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ffi


ffi = _declarations()
NULL = ffi.NULL

EXCEPTIONS = {}  # status → exception class; filled below from the header's own numbers
ABI = 5  # TD_ABI of the tinydl.h this Python code was written for


loaded: list[Backend] = []


class Backend:
    """One loaded library. `backend.fn["conv2d"]` is td_conv2d."""

    def __init__(self, file: str | os.PathLike):
        self.path = os.fspath(file)
        try:
            self.lib = ffi.dlopen(self.path)
            found = self.lib.td_abi()
        except (OSError, AttributeError) as error:
            raise ImportError(f"{file} is no tinydl library ({error}); {REBUILD}") from None
        if found != ABI:
            raise ImportError(
                f"{file} speaks version {found} of tinydl.h, this Python code {ABI}; {REBUILD}"
            )
        self.name = ffi.string(self.lib.td_name()).decode()
        self.compiler = ffi.string(self.lib.td_compiler()).decode()
        self.usable = bool(self.lib.td_usable())
        self.refusal = "" if self.usable else ffi.string(self.lib.td_last_error()).decode()
        self.is_cpu = self.name.startswith("cpu")
        self.fn = Functions(self.lib)
        loaded.append(self)

    @cached_property
    def memory(self):
        """The free list that its memory comes from."""
        from .storage import FreeList

        return FreeList(self)

    def check(self, status: int, op: str, operands=()) -> None:
        """Raises what td_last_error() tells when a call did not return TD_OK."""
        if not status:
            return
        message = ffi.string(self.lib.td_last_error()).decode()
        told = message.startswith(op) or op.startswith(message.partition(":")[0])
        if not told and op != "read":  # reading tells of what was queued before
            message = f"{op}: {message}"
        exception = EXCEPTIONS.get(status, RuntimeError)
        if exception is TypeError:
            message += "; convert with .to(dtype)"
        if operands:
            message += f" (output and operands: {', '.join(map(repr, operands))})"
        raise exception(message)

    def __repr__(self) -> str:
        return f"<backend {self.name}>"


class Functions(dict):
    """Name → C function, looked up in the library once."""

    def __init__(self, lib):
        self.lib = lib

    def __missing__(self, name: str):
        self[name] = function = getattr(self.lib, f"td_{name}")
        return function


def call(name: str, *operands) -> None:
    """Calls td_<name> on its operands' backend: Arrays go by descriptor, None as NULL."""
    backend = (operands[0] or operands[1]).storage.backend
    arguments = [NULL if x is None else getattr(x, "descriptor", x) for x in operands]
    status = backend.fn[name](*arguments)
    if status or capture.current is not None:
        _finish(backend, name, operands, arguments, status)


def call_arrays(name: str, y, a, b=None) -> None:
    """call() for the many kernels that make an Array of one or two: half of its time."""
    backend, arrays = y.storage.backend, (y, a) if b is None else (y, a, b)
    status = (
        backend.fn[name](y.descriptor, a.descriptor)
        if b is None
        else backend.fn[name](y.descriptor, a.descriptor, b.descriptor)
    )
    if status or capture.current is not None:
        _finish(backend, name, arrays, [x.descriptor for x in arrays], status)


def _finish(backend: Backend, name: str, operands: tuple, arguments: list, status: int) -> None:
    """What seldom comes after a call: an error, or a step that is being captured."""
    if status == OUT_OF_MEMORY:  # for partial results
        backend.memory.empty()
        status = backend.fn[name](*arguments)
    if status:
        backend.check(status, name, [x for x in operands if hasattr(x, "descriptor")])
    if capture.current is not None:
        capture.current.keep(operands)


def file_of(name: str) -> str:
    """Where the library of that name is or would be."""
    return path.join(FOLDER, f"libtinydl-{name}{EXTENSION}")


@cache
def load(isa: str) -> Backend:
    """The library of one instruction set."""
    return Backend(file_of(f"cpu-{isa}"))


def installed() -> list[str]:
    """Instruction sets there is a library for, best first."""
    return [isa for isa in BEST_FIRST if path.exists(file_of(f"cpu-{isa}"))]


@cache
def usable() -> tuple[str, ...]:
    """Instruction sets that this machine can run, best first."""
    return tuple(isa for isa in installed() if load(isa).usable)


@cache
def cuda() -> Backend:
    """The CUDA library that $TINYDL_CUDA names: auto or real, emu (the emulated device), a path.

    The emulated device computes on the CPU, slowly, what a GPU would: it is for tests and is never
    taken unasked.
    """
    asked = os.environ.get("TINYDL_CUDA") or "auto"
    names = {"auto": "cuda", "real": "cuda", "emu": "cuda-emu"}
    file = file_of(names[asked]) if asked in names else asked
    if not path.exists(file):
        raise RuntimeError(f"no CUDA device: tinydl was built without its library {file}")
    library = Backend(file)
    if not library.usable:
        raise RuntimeError(f"no CUDA device: {library.refusal or 'none was found'}")
    return library


def has_cuda() -> bool:
    """Whether there is a CUDA device; cuda() tells why not."""
    try:
        return cuda().usable
    except RuntimeError:
        return False


@cache
def best() -> str:
    """The instruction set "cpu" stands for: $TINYDL_CPU, else the best usable one."""
    asked = os.environ.get("TINYDL_CPU")
    if asked and asked not in usable():
        raise ImportError(f"TINYDL_CPU={asked}: this machine has {', '.join(usable())}")
    found = asked or next((isa for isa in installed() if load(isa).usable), None)
    if found is None:
        raise ImportError(f"no native library in {FOLDER} runs on this machine; {REBUILD}")
    return found


OUT_OF_MEMORY = int(ffi.integer_const("TD_ENOMEM"))
EXCEPTIONS.update(
    {
        int(ffi.integer_const(status)): exception
        for status, exception in {
            "TD_EINVAL": ValueError,
            "TD_EDTYPE": TypeError,
            "TD_EINDEX": IndexError,
            "TD_ENOMEM": MemoryError,
            "TD_EDEVICE": RuntimeError,
            "TD_EUNSUPPORTED": NotImplementedError,
        }.items()
    }
)
