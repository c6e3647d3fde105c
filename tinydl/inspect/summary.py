"""summary: a model's modules in a table, with the shapes that an input takes through it."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..graph import no_grad
from ..nn import Module
from ..tensor import Tensor


@dataclass
class Row:
    """One module: its path, class, output's shape (None if never called) and own parameters."""

    path: str
    kind: str
    output: tuple | None
    parameters: int


class Summary:
    """The rows of a model; printing it shows the table."""

    def __init__(self, rows: list[Row], total: int, trainable: int, nbytes: int):
        self.rows, self.total, self.trainable, self.nbytes = rows, total, trainable, nbytes

    def __repr__(self) -> str:
        cells = [("module", "type", "output", "parameters")]
        for row in self.rows:
            output = "not called" if row.output is None else str(row.output)
            cells.append((row.path, row.kind, output, f"{row.parameters:,}"))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = []
        for path, kind, output, parameters in cells:
            left = f"{path:<{widths[0]}}  {kind:<{widths[1]}}  {output:<{widths[2]}}"
            lines.append(f"{left}  {parameters:>{widths[3]}}")
        lines.insert(1, "─" * len(lines[0]))
        frozen = (
            f", {self.total - self.trainable:,} of them frozen"
            if self.trainable < self.total
            else ""
        )
        lines.append(f"{self.total:,} parameters{frozen}, {self.nbytes:,} bytes")
        return "\n".join(lines)


def summary(model: Module, input: Tensor) -> Summary:
    """Runs the model once, without recording, and tells what each of its modules made.

    Args:
        model: any Module; it is left in the mode it was in.
        input: what model(input) takes.

    Returns:
        A Summary: print it, or read .rows, .total and .trainable (numbers of parameters, shared
        ones once).

    Example:
        >>> import tinydl
        >>> from tinydl import nn
        >>> from tinydl.inspect import summary
        >>> summary(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), tinydl.zeros(2, 4))
        module  type        output  parameters
        ──────────────────────────────────────
                Sequential  (2, 3)           0
        0       Linear      (2, 3)          15
        1       ReLU        (2, 3)           0
        15 parameters, 60 bytes
    """
    shapes: dict[Module, tuple] = {}

    def note(module: Module, inputs: tuple, output) -> None:
        if isinstance(output, Tensor):
            shapes[module] = output.shape

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with no_grad():
            model(input)
    finally:
        for handle in handles:
            handle.remove()
    rows = [
        Row(path, type(module).__name__, shapes.get(module), _count(module.parameters(False)))
        for path, module in model.named_modules()
    ]
    parameters = list(model.parameters())
    return Summary(
        rows,
        _count(parameters),
        _count(p for p in parameters if p.requires_grad),
        sum(p.numel() * p.element_size() for p in parameters),
    )


def _count(parameters) -> int:
    return sum(prod(p.shape) for p in parameters)
