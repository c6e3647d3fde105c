"""Writes pytorch.txt, the names of PyTorch that docs/names.md is held against. Where torch is
installed: python tests/names/collect.py
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import torch
from samples import SAMPLES, Drawn

SPACES = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.linalg": torch.linalg,
    "torch.nn.functional": torch.nn.functional,
    "torch.autograd": torch.autograd,
    "torch.autograd.functional": torch.autograd.functional,
}


def names(space: object):
    """Functions, methods and properties; `out` after those that can write their result there."""
    for name in sorted(dir(space)):
        thing = getattr(space, name)
        function = callable(thing) and not inspect.isclass(thing) and not inspect.ismodule(thing)
        if name[0] == "_" or not (function or inspect.isclass(space)):
            continue
        prefix = "linalg." if space is torch.linalg else ""
        written = space in (torch, torch.linalg) and takes_out(prefix + name, thing)
        yield f"{name} out" if written else name


def takes_out(name: str, function) -> bool:
    """What it says to an out= that is no tensor, or else what its documentation says."""
    for args, options in SAMPLES.get(name, ()):
        try:
            function(*map(ones, args), **options, out="nonsense")
        except Exception as error:
            if re.search(r"argument 'out' |\bTensors? out\b", str(error)):
                return True
    return bool(re.search(r"\bout(=None| \(Tensor)", function.__doc__ or ""))


def ones(value):
    if isinstance(value, Drawn):
        kinds = {"index": torch.int64, "mask": torch.bool}
        return torch.ones(value.shape, dtype=kinds.get(value.kind))
    if isinstance(value, (list, tuple)):
        return type(value)(map(ones, value))
    return value


if __name__ == "__main__":
    lines = [f"PyTorch {torch.__version__.split('+')[0]}"]
    for space, module in SPACES.items():
        lines += ["", f"[{space}]", *names(module)]
    Path(__file__).with_name("pytorch.txt").write_text("\n".join(lines) + "\n")
