"""Public functions beside PyTorch's, on the same random inputs: values, dtypes and gradients.

    make against-torch            # or: python tests/against_torch.py [part of a name]

What is called with what says names/samples.py. For each name: float64 with gradients, then every
other dtype; what one library takes and the other refuses is a difference as well. It prints them
all, and how much of the public names was compared; it is no test, because the list of intended
differences is prose (docs/names.md).
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import numpy as np
import torch

import tinydl

sys.path.insert(0, str(Path(__file__).parent))
from names.samples import SAMPLES, Drawn

MORE = "PyTorch refuses"
DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint8", "bool")


def function(module, name: str):
    """torch.NAME or tinydl.NAME, else the method; None where there is neither."""
    if name.startswith("F."):
        return getattr(module.nn.functional, name[2:], None)
    if name.startswith("linalg."):
        return getattr(module.linalg, name[7:], None)
    found = getattr(module, name, None)
    if not callable(found) or name in ("float", "int", "bool", "short", "half", "long", "double"):
        found = getattr(module.Tensor, name, None)
    return found


def drawn(value, rng, dtype: str):
    """The samples' numbers as NumPy arrays, drawn once for both libraries."""
    if isinstance(value, Drawn):
        return value.draw(rng, dtype)
    if isinstance(value, (list, tuple)):
        return type(value)(drawn(item, rng, dtype) for item in value)
    return value


def brought(module, value, leaves: list):
    """Arrays as the module's tensors; those of float64 require gradients and are noted."""
    if isinstance(value, np.ndarray):
        x = module.tensor(value)
        if value.dtype == np.float64:
            leaves.append(x.requires_grad_())
        return x
    if isinstance(value, (list, tuple)):
        return type(value)(brought(module, item, leaves) for item in value)
    if isinstance(value, str) and value in DTYPES:
        return getattr(module, value)
    return value


def flat(result) -> list:
    if isinstance(result, (list, tuple)):
        return [item for part in result for item in flat(part)]
    return [result]


def plain(x) -> tuple:
    """(values, name of the dtype) of a tensor or number."""
    if hasattr(x, "detach"):
        dtype = str(x.dtype).split(".")[-1]
        x = x.detach()
        return np.asarray(x.tolist() if dtype == "bfloat16" else x.numpy()), dtype
    return np.asarray(x), type(x).__name__


def called(module, name: str, args, options: dict) -> tuple:
    """(results, gradients), or the exception."""
    leaves: list = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = (
                brought(module, args, leaves),
                {key: brought(module, value, leaves) for key, value in options.items()},
            )
            results = flat(function(module, name)(*given[0], **given[1]))
            gradients = []
            wanted = [(i, r) for i, r in enumerate(results) if getattr(r, "requires_grad", False)]
            if wanted:
                total = 0
                for i, r in wanted:
                    weights = np.random.default_rng(i).normal(size=tuple(r.shape))
                    total = total + (r.double() * module.tensor(weights)).sum()
                total.backward()
                gradients = [
                    np.zeros(tuple(x.shape)) if x.grad is None else x.grad.numpy() for x in leaves
                ]
            return [plain(r) for r in results], gradients
    except Exception as error:
        return error


def difference(ours, theirs) -> str:
    """What is different, in words; empty where nothing is."""
    failed = [isinstance(x, Exception) for x in (ours, theirs)]
    if all(failed):
        return ""
    if failed[0]:
        return f"tinydl refuses: {re.sub(r' [(].*', '', str(ours)):.150}"
    if failed[1]:
        return MORE
    if len(ours[0]) != len(theirs[0]):
        return f"{len(ours[0])} results, not {len(theirs[0])}"
    for (a, mine), (b, wanted) in zip(ours[0], theirs[0], strict=True):
        if mine != wanted:
            return f"dtype {mine}, not {wanted}"
        if a.shape != b.shape:
            return f"shape {a.shape}, not {b.shape}"
        tolerance = {"float64": 1e-9, "float32": 1e-4}.get(mine, 1e-2)
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"values {a.ravel()[:4]}, not {b.ravel()[:4]}"
    if len(ours[1]) != len(theirs[1]):
        return f"{len(ours[1])} gradients, not {len(theirs[1])}"
    for i, (a, b) in enumerate(zip(ours[1], theirs[1], strict=True)):
        if not np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True):
            return f"gradient {i}: {a.ravel()[:4]}, not {b.ravel()[:4]}"
    return ""


def main(part: str = "") -> None:
    compared, lacking, count = set(), [], 0
    differ: dict[str, list] = {}  # what differs, in words → dtypes
    more: dict[str, list] = {}  # name → dtypes that only tinydl takes
    for name, samples in SAMPLES.items():
        if part not in name or function(torch, name) is None:
            continue
        if function(tinydl, name) is None:
            lacking.append(name)
            continue
        compared.add(name)
        for number, (args, options) in enumerate(samples):
            for dtype in DTYPES:
                rng = np.random.default_rng(number)
                given = (
                    drawn(args, rng, dtype),
                    {k: drawn(v, rng, dtype) for k, v in options.items()},
                )
                found = difference(*(called(m, name, *given) for m in (tinydl, torch)))
                count += 1
                if found == MORE:
                    more.setdefault(name, []).append(dtype)
                elif found:
                    known = re.sub(r"\b[iuf](8|16|32|64)(\[.*?\])?", "…", found)
                    differ.setdefault(f"{name} #{number}: {known}", []).append(dtype)
    for text, dtypes in differ.items():
        print(f"{text}  [{' '.join(dtypes)}]")
    print("\nOnly tinydl takes:")
    for name, dtypes in more.items():
        print(f"  {name}  [{' '.join(dict.fromkeys(dtypes))}]")
    missed = set(tinydl.functions.__all__) - {name.rpartition(".")[2] for name in compared}
    print(f"\n{len(compared)} names in {count} calls compared")
    print(f"not in tinydl: {' '.join(lacking)}")
    print(f"not compared: {' '.join(sorted(missed))}")


if __name__ == "__main__":
    main(*sys.argv[1:])
