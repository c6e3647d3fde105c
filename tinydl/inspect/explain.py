"""explain: an op from all sides, its formula, its derivatives, the same in NumPy, and its kernels.

Everything shown is the code that runs, read where it stands: in the source tree, or in the copy
of native/ that comes with the package.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .. import reference
from ..op import OPS, Op
from .sources import Unit, matches, native_folder
from .versions import TAUGHT, versions

# Ops that call kernels of another name; the rest call the one of their own.
_KERNELS = {
    "amax": ["max"],
    "amin": ["min"],
    "argmax": ["max"],
    "argmin": ["min"],
    **{op: ["matmul"] for op in ("_matmul", "linear", "linear_input", "linear_weight")},
    "pick": ["index"],
    "put_zeros": ["copy", "index_put"],
    **{op: ["copy", "index_put"] for op in ("put", "put_add", "put_prod", "put_amax", "put_amin")},
    "clamp": ["maximum", "minimum"],
    "dropout": ["dropout_mask", "dropout"],
    "dropout_grad": ["dropout"],
    **{op: ["copy"] for op in ("to_dtype", "contiguous", "cat", "getitem_grad", "assign")},
}
# What every CUDA kernel stands on is not shown each time.
_TOOLS = ("launch.cuh", "axes.cuh", "math.cuh", "errors.cuh")


class Explanation:
    """What explain() found; printing it shows all of it.

    Attributes:
        name: the op's name.
        formula: its docstring.
        signature: the forward's inputs and constants.
        rules: input → source of its derivative rule.
        reference: source of the same in NumPy, or the NumPy function it is.
        kernels: (file:line, source) of what the libraries run: an op's line of elementwise.def, or
            the exported functions and the bodies below them.
        versions: for ops that are taught step by step, the CUDA kernels on the way to the
            library's (tinydl.inspect.versions).
    """

    def __init__(self, op: Op, device: str | None):
        self.name, self.formula = op.name.lstrip("_"), inspect.cleandoc(op.__doc__ or "")
        self.signature = f"{op.name}{inspect.signature(op.forward)}"
        self.rules = {name: _source(rule.fn) for name, rule in op.rules.items()}
        self.reference = _source(getattr(reference, op.name, None))
        self.kernels = list(_kernels(op, device))
        taught = self.name in TAUGHT and device != "cpu" and native_folder()
        self.versions = versions(self.name) if taught else []

    def __repr__(self) -> str:
        parts = [f"{self.signature}\n\n{textwrap.indent(self.formula, '    ')}"]
        if self.rules:
            rules = dict.fromkeys(self.rules.values())
            parts.append(_titled("derivatives, by input: " + ", ".join(self.rules), *rules))
        if self.reference:
            parts.append(_titled("the same in NumPy", self.reference))
        parts += [_titled(where, source) for where, source in self.kernels]
        parts += [_titled(str(version), version.source) for version in self.versions]
        return "\n\n".join(parts)


def explain(op: str | Op | Callable, device: str | None = None) -> Explanation:
    """An op's formula, derivative rules, NumPy reference and kernels, to print and read.

    Args:
        op: its name, or the op itself (tinydl.ops.conv2d).
        device: "cpu" or "cuda" for the kernels of one side only.

    Raises:
        KeyError: no op is called that; the message names the ones that are spelled alike.
        ValueError: another device.

    Example:
        >>> import tinydl
        >>> tinydl.inspect.explain("relu").rules
        {'x': 'relu.vjp(x=lambda g, out: relu_grad(g, out))'}
        >>> [version.idea for version in tinydl.inspect.explain("matmul", "cuda").versions][:2]
        ['a thread for each element', 'tiles in shared memory']
    """
    if device not in (None, "cpu", "cuda"):
        raise ValueError(f"explain: device is 'cpu', 'cuda' or None for both, not {device!r}")
    name = op if isinstance(op, str) else getattr(op, "name", getattr(op, "__name__", str(op)))
    found = OPS.get(name) or OPS.get("_" + name)
    if found is None:
        alike = [known for known in sorted(OPS) if name[:3] in known]
        raise KeyError(f"explain: no op is called {name!r}; there are {alike or sorted(OPS)}")
    return Explanation(found, device)


def _source(function) -> str:
    if isinstance(function, np.ufunc) or (getattr(function, "__module__", None) == "numpy"):
        return f"numpy.{function.__name__}"
    try:
        return textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):
        return ""


def _titled(title: str, *bodies: str) -> str:
    return "\n".join([f"── {title} ".ljust(80, "─"), *bodies])


# --- kernels --------------------------------------------------------------------------------------


def _kernels(op: Op, device: str | None) -> Iterator[tuple[str, str]]:
    """(file:line, source) of an op's line in elementwise.def, which is all there is to it on any
    device, or else of each device's functions."""
    folder = native_folder()
    if folder is None:
        return
    for name in _KERNELS.get(op.name, [op.name]):
        line = rf"^(?:UNARY|BINARY|COMPARE)\({name},[^\n]*(?:\n {{7}}[^\n]*)*$"
        lines = list(matches(folder / "elementwise.def", line))
        yield from lines
        if lines and device == "cuda":  # the loop around all of them
            yield from _device_code(folder / "cuda" / "elementwise.cu", "td_run_map(")
        if not lines and device != "cuda":
            yield from _c(folder, name)
        if not lines and device != "cpu":
            yield from _cuda(folder, name)


def _exported(path: Path, name: str) -> list[tuple[str, str]]:
    body = r"(?:\n{.*?^}| {[^\n]*})$"
    return list(matches(path, rf"^td_status td_{name}\([^;{{]*\){body}"))


def _c(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """The exported C function, and the bodies of its name in the files beside it, such as
    sum_rows, or sum_or_prod_rows."""
    own = rf"FN\((?:\w+_or_)?{name}(?:_\w+)?\)"
    bodies = rf"^(?:TD_INLINE|static)[^\n;]* {own}\([^;{{]*\)\n{{.*?^}}$"
    for path in sorted(folder.glob("cpu/*.c")):
        exported = _exported(path, name)
        yield from exported
        for body in sorted(path.parent.glob(f"{path.stem}*.inl")) if exported else ():
            yield from matches(body, bodies)


def _cuda(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """The exported function, the kernels it may launch, and what those are made of."""
    for path in sorted(folder.glob("cuda/*.cu")):
        exported = _exported(path, name)
        yield from exported
        if exported:
            yield from _device_code(path, f"td_{name}(")


def _device_code(path: Path, call: str) -> Iterator[tuple[str, str]]:
    """What a host's call leads to on the device: kernels first, each file in its own order."""
    unit = Unit(path)
    used = [d for d in unit.uses(call) if d.is_device_code and d.path.name not in _TOOLS]
    used.sort(key=lambda d: (not d.is_kernel, unit.files.index(d.path), d.line))
    for definition in used:
        yield definition.where, definition.text
