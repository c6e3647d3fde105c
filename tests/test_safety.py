"""Kernels guard memory: operands and arguments that do not fit never reach what is not theirs.

Ops check for users what users can get wrong. This calls every op of the case table with operands
of other shapes, dtypes and places than it was written for: it may raise, or compute something, but
red zones stay as they are. Under the sanitizers (make sanitize) reads are checked as well. What
the C functions do without the checks of ops is test_descriptors' business.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from cases import CASES
from guards import guarded, libraries
from source import Source

import tinydl
from tinydl import backend

REFUSALS = (ValueError, TypeError, IndexError, MemoryError, ZeroDivisionError)


def misfits(x: np.ndarray) -> list[np.ndarray]:
    """Arrays that might be given by mistake in place of x."""
    longer = np.concatenate([x, x]) if x.ndim else np.stack([x, x])
    wrong = [x[None], x.ravel(), longer, x.astype("float64" if x.dtype != "float64" else "float32")]
    wrong += [x[:-1]] if x.ndim and len(x) else []
    wrong += [x.T] if x.ndim > 1 else []
    wrong += [np.concatenate([x, x], axis=-1)] if x.ndim > 1 else []
    if x.dtype.kind == "i":
        wrong += [x - 1000, x + 1000, np.full_like(x, np.iinfo(x.dtype).min)]
    return wrong


def mistaken(params: dict) -> list[dict]:
    """The keyword arguments with one of them wrong."""
    wrong = []
    for name, value in params.items():
        if name == "dim":
            wrong += [{**params, name: d} for d in (7, -9, (7,), (0, 5))]
        elif name == "shape":
            wrong += [{**params, name: value[:-1]}, {**params, name: (*value, 3)}]
            wrong += [{**params, name: tuple(n + 1 for n in value)}]
            wrong += [{**params, name: tuple(max(n - 1, 0) for n in value)}]
        elif name in ("stride", "padding", "dilation", "window"):
            wrong += [{**params, name: pair} for pair in ((5, 5), (1, 9), (0, 0), (-1, 1))]
        elif name == "groups":
            wrong += [{**params, name: n} for n in (0, 7)]
    return wrong


BEST = [name for name in libraries() if name in (backend.best(), "cuda")]

# Ops whose arguments were made for one shape, by functions that check: x.to(), x[key], cat(), …
MADE = ("to_device", "to_dtype", "_view", "getitem", "getitem_grad", "assign", "cat")
PLACED = ("put", "put_add", "put_prod", "put_amax", "put_amin")  # of these only x, by its key
TRIED = [c for c in CASES if c.op and "float32" in c.dtypes and c.name not in MADE]


@pytest.mark.parametrize("name", BEST)
@pytest.mark.parametrize("case", TRIED, ids=str)
def test_operands_that_do_not_fit(case, name):
    device, memory = guarded(name)
    for seed in range(3):
        arrays, params = case.inputs(Source.seeded("float32", seed))
        calls = [(arrays, wrong) for wrong in mistaken(params)]
        for i, x in enumerate(arrays):
            made = x is None or (i == 0 and case.name in PLACED)
            for wrong in () if made else misfits(x):
                calls.append(([*arrays[:i], wrong, *arrays[i + 1 :]], params))
        for operands, attrs in calls:
            tensors = [None if x is None else tinydl.tensor(x, device=device) for x in operands]
            with suppress(*REFUSALS):
                case.op(*tensors, **attrs)
            with suppress(IndexError):  # what a GPU tells late
                memory.check()
