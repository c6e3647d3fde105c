"""explain: an op from all sides, its formula, its derivatives, the same in NumPy, and its kernels.

Everything shown is the code that runs, read where it stands: in the source tree, or in the copy
of native/ that comes with the package.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .. import reference
from ..op import OPS, Op

_PACKAGE = Path(__file__).resolve().parents[1]
# Ops that call kernels of another name; the rest call the one of their own.
_KERNELS = {
    "amax": ["max"],
    "amin": ["min"],
    "argmax": ["max"],
    "argmin": ["min"],
    "linear": ["matmul"],
    "_matmul": ["matmul"],
    "scatter_zeros": ["scatter_add"],
    "clamp": ["maximum", "minimum"],
    **{op: ["copy"] for op in ("to_dtype", "contiguous", "cat", "getitem_grad", "assign")},
}


class Explanation:
    """What explain() found; printing it shows all of it.

    Attributes:
        name: the op's name.
        formula: its docstring.
        signature: the forward's inputs and constants.
        rules: input → source of its derivative rule.
        reference: source of the same in NumPy, or the NumPy function it is.
        kernels: (file, source) of what the C libraries run.
    """

    def __init__(self, op: Op):
        self.name, self.formula = op.name.lstrip("_"), inspect.cleandoc(op.__doc__ or "")
        self.signature = f"{op.name}{inspect.signature(op.forward)}"
        self.rules = {name: _source(rule.fn) for name, rule in op.rules.items()}
        self.reference = _source(getattr(reference, op.name, None))
        self.kernels = list(_kernels(op))

    def __repr__(self) -> str:
        parts = [f"{self.signature}\n\n{textwrap.indent(self.formula, '    ')}"]
        if self.rules:
            rules = dict.fromkeys(self.rules.values())
            parts.append(_titled("derivatives, by input: " + ", ".join(self.rules), *rules))
        if self.reference:
            parts.append(_titled("the same in NumPy", self.reference))
        parts += [_titled(where, source) for where, source in self.kernels]
        return "\n\n".join(parts)


def explain(op: str | Op | Callable) -> Explanation:
    """An op's formula, derivative rules, NumPy reference and C kernels, to print and read.

    Args:
        op: its name, or the op itself (tinydl.ops.conv2d).

    Raises:
        KeyError: no op is called that; the message names the ones that are spelled alike.

    Example:
        >>> import tinydl
        >>> tinydl.inspect.explain("relu").rules
        {'x': 'relu.vjp(x=lambda g, out: relu_grad(g, out))'}
    """
    name = op if isinstance(op, str) else getattr(op, "name", getattr(op, "__name__", str(op)))
    found = OPS.get(name) or OPS.get("_" + name)
    if found is None:
        alike = [known for known in sorted(OPS) if name[:3] in known]
        raise KeyError(f"explain: no op is called {name!r}; there are {alike or sorted(OPS)}")
    return Explanation(found)


def native_folder() -> Path | None:
    """native/ of the source tree, or its copy in an installed package."""
    folders = (_PACKAGE.parent / "native", _PACKAGE / "lib" / "native")
    return next((folder for folder in folders if (folder / "tinydl.h").exists()), None)


def _source(function) -> str:
    if isinstance(function, np.ufunc) or (getattr(function, "__module__", None) == "numpy"):
        return f"numpy.{function.__name__}"
    try:
        return textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):
        return ""


def _titled(title: str, *bodies: str) -> str:
    return "\n".join([f"── {title} ".ljust(80, "─"), *bodies])


def _kernels(op: Op) -> Iterator[tuple[str, str]]:
    """(file:line, source) of an op's line in elementwise.def, or else of the exported function in
    each backend and the bodies of that name in the files beside it."""
    folder = native_folder()
    if folder is None:
        return
    for name in _KERNELS.get(op.name, [op.name]):
        line = rf"^(?:UNARY|BINARY|COMPARE)\({name},[^\n]*$"
        found = list(_matches(folder, folder / "elementwise.def", line))
        for path in sorted([*folder.glob("*/*.c"), *folder.glob("*/*.cu")]) if not found else ():
            exported = list(_matches(folder, path, rf"^td_status td_{name}\([^;{{]*\)\n{{.*?^}}$"))
            found += exported
            bodies = rf"^(?:TD_INLINE|static)[^\n;]* FN\({name}(?:_\w+)?\)\([^;{{]*\)\n{{.*?^}}$"
            for body in sorted(path.parent.glob(f"{path.stem}*.inl")) if exported else ():
                found += _matches(folder, body, bodies)
        yield from found


def _matches(folder: Path, path: Path, pattern: str) -> Iterator[tuple[str, str]]:
    text = path.read_text()
    for match in re.finditer(pattern, text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, match.start()) + 1
        yield f"native/{path.relative_to(folder)}:{line}", match.group()
