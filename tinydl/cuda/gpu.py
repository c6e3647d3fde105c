"""Which GPU there is, what it can do, and waiting for it."""

from __future__ import annotations

from typing import NamedTuple

from ..backend import Backend, ffi, has_cuda
from ..device import Device
from ..device import device as device_called
from ..ops.random import Generator, default_generator


def library() -> Backend:
    """The CUDA library; RuntimeError with the reason where there is no device."""
    return device_called("cuda").backend


def call(name: str, *arguments) -> None:
    """Calls td_<name> of the CUDA library."""
    found = library()
    found.check(found.fn[name](*arguments), name)


class DeviceProperties(NamedTuple):
    """What get_device_properties() found.

    Attributes:
        name: the device's.
        major, minor: its compute capability, which says what instructions it has.
        total_memory: bytes.
        multi_processor_count: streaming multiprocessors, each of which runs blocks of threads.
        L2_cache_size: bytes.
        shared_memory_per_block: bytes, the most that a kernel may ask for.
        max_threads_per_multi_processor: threads on one multiprocessor at a time.
        warp_size: threads that go together.
        driver, runtime: CUDA versions, such as "13.0": the newest the driver can run, and the one
            the library was built with.
    """

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    L2_cache_size: int
    shared_memory_per_block: int
    max_threads_per_multi_processor: int
    warp_size: int
    driver: str
    runtime: str


def is_available() -> bool:
    """Whether there is a GPU that tinydl can use; `python -m tinydl doctor` says why not.

    >>> import tinydl
    >>> device = "cuda" if tinydl.cuda.is_available() else "cpu"
    """
    return has_cuda()


def device_count() -> int:
    """How many GPUs CUDA sees, 0 without any; tinydl works on the first.

    CUDA_VISIBLE_DEVICES chooses which one that is.

    >>> import tinydl
    >>> (tinydl.cuda.device_count() > 0) == tinydl.cuda.is_available()
    True
    """
    if not is_available():
        return 0
    count = ffi.new("int *")
    call("device_count", count)
    return count[0]


def current_device() -> int:
    """The number of the GPU in use: 0.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    library()
    return 0


def set_device(device: int | str | Device) -> None:
    """Chooses the GPU: only 0 can be chosen, which it is.

    Raises:
        RuntimeError: there is no CUDA device.
        ValueError: another one than the first.
    """
    library()
    if str(device) not in ("0", "cuda", "cuda:0"):
        raise ValueError(
            f"set_device({device!r}): tinydl works on the first GPU that CUDA sees; "
            "CUDA_VISIBLE_DEVICES=1, set before the program starts, makes that another one"
        )


def get_device_properties(device: int | str | Device = 0) -> DeviceProperties:
    """The GPU's name, compute capability, sizes and versions.

    Raises:
        RuntimeError: there is no CUDA device.
        ValueError: another one than the first.
    """
    set_device(device)
    d = ffi.new("td_device *")
    call("device_describe", d)
    return DeviceProperties(
        name=ffi.string(d.name).decode(),
        major=d.major,
        minor=d.minor,
        total_memory=d.memory,
        multi_processor_count=d.multiprocessors,
        L2_cache_size=d.l2,
        shared_memory_per_block=d.shared_per_block,
        max_threads_per_multi_processor=d.threads_per_multiprocessor,
        warp_size=d.warp,
        driver=_version(d.driver),
        runtime=_version(d.runtime),
    )


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def get_device_name(device: int | str | Device = 0) -> str:
    """The GPU's name.

    Raises:
        RuntimeError: there is no CUDA device.
        ValueError: another one than the first.
    """
    return get_device_properties(device).name


def get_device_capability(device: int | str | Device = 0) -> tuple[int, int]:
    """The GPU's compute capability, (9, 0) for an H100.

    Raises:
        RuntimeError: there is no CUDA device.
        ValueError: another one than the first.
    """
    found = get_device_properties(device)
    return found.major, found.minor


def mem_get_info() -> tuple[int, int]:
    """(unused, all) memory of the GPU in bytes, as the driver sees it: other programs count too.

    Raises:
        RuntimeError: there is no CUDA device.
    """
    unused, total = ffi.new("size_t *"), ffi.new("size_t *")
    call("memory_info", unused, total)
    return unused[0], total[0]


def synchronize() -> None:
    """Waits until all queued work is done, and raises what went wrong in it.

    Raises:
        RuntimeError: there is no CUDA device, or a kernel failed.
        IndexError: a kernel met an index or label outside its range.
    """
    found = library()
    found.check(found.fn["sync"](), "read")


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator, which is one for all devices: same seed, same numbers.

    >>> import tinydl
    >>> tinydl.cuda.manual_seed(0) is tinydl.default_generator
    True
    """
    return default_generator.manual_seed(seed)


manual_seed_all = manual_seed
