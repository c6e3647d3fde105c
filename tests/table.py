"""What a row of the case table is: an op or kernel, inputs that exercise it, how near it must be.

The rows are in cases.py and, family by family, in cases_*.py; the inputs are functions of a Source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from source import Source

import tinydl
from tinydl import reference
from tinydl.op import OPS

REALS = ("float32", "float64")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")
NUMBERS = (*REALS, *INTEGERS)
BITS = (*INTEGERS, "bool")
EVERY = (*NUMBERS, "bool")
MOVED = (*EVERY, "float16")  # of what only moves values
SMALL = ("int16", "int8", "float16")  # loops of others with other types: fewer examples do

# How near the reference a result must be, in units of the last place:
EXACT = 0  # the same bits, computed in the same dtype
ULPS = 8  # of each value
SUMS = 64  # of the largest value: sums of products, where terms may cancel


@dataclass
class Case:
    """One op or kernel with one kind of inputs.

    run        calls it on tensors: the op unless said otherwise
    own_dtype  the reference computes in the inputs' dtype, not in float64
    smooth     derivatives exist at these inputs
    bench      realistic inputs by what is special about them
    """

    name: str
    inputs: Callable
    dtypes: tuple
    tolerance: int
    label: str = ""
    run: Callable | None = None
    own_dtype: bool = False
    smooth: bool = True
    bench: dict[str, Callable] = field(default_factory=dict)

    def __post_init__(self):
        self.op = OPS.get(self.name)
        self.run = self.run or self.op
        self.reference = getattr(reference, self.name)
        self.own_dtype |= self.tolerance == EXACT

    def __str__(self) -> str:
        return f"{self.name}-{self.label}" if self.label else self.name

    def expected(self, arrays: list, params: dict) -> tuple:
        """What the oracle says."""
        if not self.own_dtype:
            arrays = [
                x.astype(np.float64) if x is not None and x.dtype.kind == "f" else x for x in arrays
            ]
        with np.errstate(all="ignore"):
            out = self.reference(*arrays, **params)
        return tuple(map(np.asarray, out if isinstance(out, tuple) else (out,)))

    def differentiable(self, arrays: list) -> list[int]:
        """Positions of the inputs to take derivatives by."""
        if self.op is None or not self.smooth:
            return []
        real = [i for i, x in enumerate(arrays) if x is not None and x.dtype.kind == "f"]
        return [i for i in real if self.op.rule(i) is not None]


CASES: list[Case] = []


def case(name: str, inputs: Callable, dtypes: tuple, tolerance: int, **rest) -> None:
    CASES.append(Case(name, inputs, dtypes, tolerance, **rest))


def benchmarks(device: str = "cpu", dtype: str = "float32") -> list[tuple[str, Callable]]:
    """(name, function without arguments) of everything there are realistic inputs for."""
    rows = []
    for c in CASES:
        for label, make in c.bench.items():
            arrays, params = make(Source.seeded(dtype))
            tensors = [None if x is None else tinydl.tensor(x, device=device) for x in arrays]
            rows.append((f"{c} {label}".strip(), lambda c=c, t=tensors, p=params: c.run(*t, **p)))
    return rows
