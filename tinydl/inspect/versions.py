"""versions: CUDA kernels in numbered versions, from the obvious one to the one the library uses.

They stand in native/cuda/teach_*.cu to be read, and are callable to be compared: each is one idea
further. native/cuda/teach.h lists them; the ideas printed here are its lines.
"""

from __future__ import annotations

import re
import statistics
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from ..array import Array
from ..backend import Backend, call, ffi
from ..device import device
from ..ops.check import pair
from ..ops.conv import conv2d_shape
from ..tensor import Tensor
from .sources import Definition, Unit, native_folder

# --- what each op makes of its operands -----------------------------------------------------------


@dataclass(frozen=True)
class _Call:
    """The shape of y, and how many terms are added up for one of its elements."""

    shape: tuple
    terms: int = 1
    multiplies: bool = False  # is it the arithmetic that takes the time, or the memory?
    attrs: tuple = ()  # what the C function takes between the operands and the number


def _add(a: Array, b: Array) -> _Call:
    return _Call(a.shape)


def _sum(x: Array) -> _Call:
    return _Call((), x.size)


def _softmax(x: Array) -> _Call:
    return _Call(x.shape, prod(x.shape[-1:]))


def _matmul(a: Array, b: Array) -> _Call:
    return _Call((*a.shape[:1], *b.shape[1:]), prod(a.shape[1:]), True)


def _conv2d(x: Array, w: Array, *, stride=1, padding=0, dilation=1, groups=1) -> _Call:
    windows = (
        pair("conv2d", "stride", stride, 1),
        pair("conv2d", "padding", padding, 0),
        pair("conv2d", "dilation", dilation, 1),
        groups,
    )
    shape = conv2d_shape(x, w, None, *windows)
    return _Call(shape, prod(w.shape[1:]), True, (ffi.new("td_conv2d_attrs *", windows),))


_CALLS: dict[str, Callable[..., _Call]] = {
    "add": _add,
    "sum": _sum,
    "softmax": _softmax,
    "matmul": _matmul,
    "conv2d": _conv2d,
}
TAUGHT = tuple(_CALLS)  # the ops there are versions of


# --- one version ----------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class Version:
    """One version of an op's kernel. Calling it computes y on the GPU, and records nothing.

    Operands are float32 or float64, of one dtype, on the CUDA device. conv2d also takes stride,
    padding, dilation and groups, by keyword.

    Attributes:
        op: the op's name.
        number: from 1, the obvious one, to the last, which is the library's.
        idea: what it does otherwise than the one before, in a line.
        source: its kernels, and how they are launched.

    Example:
        >>> import tinydl
        >>> second = tinydl.inspect.versions("add")[1]
        >>> second.number, second.idea
        (2, 'neighbours for neighbouring threads')
        >>> if tinydl.cuda.is_available():
        ...     x = tinydl.ones(3, device="cuda")
        ...     assert second(x, x).tolist() == [2, 2, 2]
    """

    op: str
    number: int
    idea: str
    source: str

    def __call__(self, *operands: Tensor, **windows) -> Tensor:
        y, launch = self._prepare(operands, windows)
        launch()
        return Tensor(y)

    def _prepare(self, operands, windows) -> tuple[Array, Callable[[], None]]:
        """y, not yet computed, and what computes it."""
        arrays = [x._array.contiguous() for x in operands]
        made = _CALLS[self.op](*arrays, **windows)
        _need_cuda(self.op, arrays)
        y = Array.empty(made.shape, arrays[0].dtype, arrays[0].backend)
        arguments = (f"teach_{self.op}", y, *arrays, *made.attrs, self.number)
        return y, lambda: call(*arguments)

    def __repr__(self) -> str:
        return f"{self.op} {self.number}: {self.idea}"


def _need_cuda(op: str, arrays: list[Array]) -> None:
    if all(x.backend is arrays[0].backend and not x.backend.is_cpu for x in arrays):
        return
    try:
        gpu = device("cuda").backend
    except RuntimeError as error:
        raise RuntimeError(
            f"{op}: its versions run on a GPU ({error}); to learn without one, set TINYDL_CUDA=emu "
            "before Python starts: the emulated device, slow and for tests and learning only"
        ) from None
    where = ", ".join(f"{x} on {x.backend.name}" for x in arrays)
    raise ValueError(f"{op}: its versions run on {gpu.name} ({where}); move with .to('cuda')")


def versions(op: str) -> list[Version]:
    """The numbered CUDA kernels of an op, the obvious one first, the library's last.

    Args:
        op: "add", "sum", "softmax", "matmul" or "conv2d".

    Returns:
        Versions, to print (version.source) and to call: version(a, b) is a tensor.

    Raises:
        KeyError: another op.
        FileNotFoundError: native/, where they are read, is not installed.

    Example:
        >>> import tinydl
        >>> for version in tinydl.inspect.versions("softmax"):
        ...     print(version)
        softmax 1: a thread for each row
        softmax 2: a block for each row, trees in shared memory
        softmax 3: a warp for each row, maximum and sum in one pass
        softmax 4: the library's: rows kept on the chip
    """
    if op not in TAUGHT:
        raise KeyError(f"versions: {op!r} has none; these have: {', '.join(TAUGHT)}")
    folder = native_folder()
    if folder is None:
        raise FileNotFoundError("versions: the folder native/ with the kernels' sources is missing")
    header = (folder / "cuda" / "teach.h").read_text()
    above = header[: header.index(f" td_teach_{op}(")].rpartition("/*")[2]
    ideas = re.findall(r"^ \*   (\d+)  (.*)$", above, re.MULTILINE)
    paths = sorted(folder.glob("cuda/teach_*.cu"))
    unit = Unit(next(path for path in paths if f" td_teach_{op}(" in path.read_text()))
    return [Version(op, int(number), idea, _source(unit, number)) for number, idea in ideas]


def _source(unit: Unit, number: str) -> str:
    """The kernels that a version's case of `teach` launches, as files order them; the case."""
    (teach,) = unit.named["teach"]
    pattern = rf"^    case {number}:.*?(?=^    (?:case|default))"
    case = re.search(pattern, teach.text, re.MULTILINE | re.DOTALL).group()
    used = [found for found in unit.uses(case) if _is_taught(found)]
    used.sort(key=lambda found: (unit.files.index(found.path), found.line))
    return "\n\n".join([*(found.text for found in used), textwrap.dedent(case).rstrip()])


def _is_taught(found: Definition) -> bool:
    """Not what all kernels stand on (launch.cuh, math.cuh), nor the checks of operands."""
    name = found.path.name
    return (name.startswith("teach_") and name != "teach_operands.cuh") or found.is_kernel


# --- all of them ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A version, how far off its result is, and the median time of a call on a real GPU.

    The error is |y − what the library finds in float64|, measured against the largest sum of
    magnitudes: in an addition of 1000 and −999.9, against 1999.9.
    """

    version: Version
    error: float
    agrees: bool  # with the library, as far as rounding allows
    seconds: float | None


class Comparison:
    """What compare_versions() found; printing it shows the table.

    Attributes:
        title: the op and its operands.
        rows: a Row for each version.
        work, unit: what a call computes or moves, in flop (for GFLOP/s) or bytes (for GB/s).
    """

    def __init__(self, title: str, rows: list[Row], work: float, unit: str):
        self.title, self.rows, self.work, self.unit = title, rows, work, unit

    @property
    def agree(self) -> bool:
        """Whether all versions found what the library finds."""
        return all(row.agrees for row in self.rows)

    def __repr__(self) -> str:
        timed = self.rows[0].seconds is not None
        cells = [("", "idea", "error", *(("time", self.unit) if timed else ()))]
        for row in self.rows:
            number, idea = str(row.version.number), row.version.idea
            times = (_time(row.seconds), f"{self.work / row.seconds / 1e9:,.0f}") if timed else ()
            wrong = "" if row.agrees else "WRONG: "
            cells.append((number, wrong + idea, f"{row.error:.1e}", *times))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [self.title]
        for number, idea, *numbers in cells:
            right = [f"{text:>{width}}" for text, width in zip(numbers, widths[2:], strict=True)]
            lines.append("  ".join([f"{number:<{widths[0]}}", f"{idea:<{widths[1]}}", *right]))
        lines += [] if timed else ["emulated: times mean nothing"]
        return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"


def compare_versions(op: str, *operands: Tensor, **windows) -> Comparison:
    """Runs all versions of an op on the same operands: errors, and on a real GPU times.

    A time is the median of a few batches of calls, from Python to the end of the last kernel.
    Beside it stands what that means: arithmetic of products (GFLOP/s), and of the others the bytes
    of operands and result (GB/s), each counted once, however often a version moves it.

    Args:
        op: "add", "sum", "softmax", "matmul" or "conv2d".
        operands: what a version takes: float32 or float64 on the CUDA device.
        windows: conv2d's stride, padding, dilation and groups.

    Returns:
        A Comparison: print it, or read .rows and .agree.

    Raises:
        KeyError: another op.
        RuntimeError: there is no CUDA device.
        ValueError: operands elsewhere, or that do not fit.
        TypeError: operands of other dtypes.

    Example:
        >>> import tinydl
        >>> if tinydl.cuda.is_available():
        ...     x = tinydl.rand(64, 100, device="cuda")
        ...     assert tinydl.inspect.compare_versions("softmax", x).agree
    """
    found = versions(op)
    exact = [x.detach().double() for x in operands]
    truth = found[-1](*exact, **windows).cpu().numpy()
    largest = found[-1](*[x.abs() for x in exact], **windows).cpu().numpy().max(initial=0) or 1
    arrays = [x._array for x in operands]
    made, library = _CALLS[op](*arrays, **windows), arrays[0].backend

    def row(version: Version) -> Row:
        y, launch = version._prepare(operands, windows)
        launch()
        error = float(np.abs(y.numpy() - truth).max(initial=0) / largest)
        # a chain of additions may be that far off, and exponentials by a few roundings more
        bound = (made.terms + 8) * np.finfo(y.dtype.numpy).eps
        seconds = None if library.name.startswith("cuda-emu") else _median(launch, library)
        return Row(version, error, bool(error <= bound), seconds)

    size = prod(made.shape)
    moved = arrays[0].dtype.itemsize * (size + sum(x.size for x in arrays))
    work, unit = (2 * size * made.terms, "GFLOP/s") if made.multiplies else (moved, "GB/s")
    title = f"{op} of {', '.join(map(repr, arrays))} on {library.name}"
    return Comparison(title, [row(version) for version in found], work, unit)


def _median(launch: Callable[[], None], library: Backend) -> float:
    """Seconds of a call: the median of five batches of about 20 ms, or one call if that is slow."""

    def seconds(count: int) -> float:
        start = time.perf_counter()
        for _ in range(count):
            launch()
        library.check(library.fn["sync"](), "sync")
        return (time.perf_counter() - start) / count

    once = min(seconds(1), seconds(1))  # the first call may have to load the kernel
    if once > 0.1:
        return once
    count = min(1000, int(0.02 / once) + 1)
    return statistics.median(seconds(count) for _ in range(5))
