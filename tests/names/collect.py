"""Writes pytorch.txt, the names of PyTorch that docs/names.md is held against. Where torch is
installed: python tests/names/collect.py
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import torch

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
        out = re.search(r"\bout(=None| \(Tensor)", thing.__doc__ or "")
        yield f"{name} out" if out and space in (torch, torch.linalg) else name


if __name__ == "__main__":
    lines = [f"PyTorch {torch.__version__.split('+')[0]}"]
    for space, module in SPACES.items():
        lines += ["", f"[{space}]", *names(module)]
    Path(__file__).with_name("pytorch.txt").write_text("\n".join(lines) + "\n")
