"""docs/names.md, made from the code: `make names`.

What a function takes and whether it can be differentiated is not looked up but tried, with the
arguments of samples.py; what is PyTorch's is read from pytorch.txt; what differs is in differs.md.
"""

from __future__ import annotations

import inspect
import warnings
from functools import cache
from pathlib import Path

import numpy as np

import tinydl
from tinydl import Tensor, autograd

from .families import NOT_HERE, family
from .samples import SAMPLES, Drawn

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "names.md"
DTYPES = tinydl.dtypes.ALL
HALVES = (tinydl.float16, tinydl.bfloat16)
KINDS = {
    "all": DTYPES,
    "numbers": [d for d in DTYPES if d is not tinydl.bool],
    "floating": [d for d in DTYPES if d.is_floating_point],
    "f32 f64": [tinydl.float32, tinydl.float64],
    "integers": [d for d in DTYPES if not d.is_floating_point and d is not tinydl.bool],
    "integers bool": [d for d in DTYPES if not d.is_floating_point],
    "not halves": [d for d in DTYPES if not d.is_half],
    "numbers but halves": [d for d in DTYPES if not d.is_half and d is not tinydl.bool],
}
SPACES = {
    "torch": tinydl,
    "torch.Tensor": Tensor,
    "torch.linalg": tinydl.linalg,
    "torch.nn.functional": tinydl.nn.functional,
    "torch.autograd": tinydl.autograd,
    "torch.autograd.functional": getattr(tinydl.autograd, "functional", None),
}


# --- names ----------------------------------------------------------------------------------------


@cache
def pytorch() -> dict[str, dict[str, bool]]:
    """namespace → name → whether it takes out=."""
    spaces: dict[str, dict[str, bool]] = {}
    for line in (HERE / "pytorch.txt").read_text().splitlines()[1:]:
        if line.startswith("["):
            current = spaces[line[1:-1]] = {}
        elif line:
            name, *out = line.split()
            current[name] = bool(out)
    return spaces


def public(space: object) -> list[str]:
    """Functions of a namespace of tinydl's, methods and properties of a class."""
    if inspect.isclass(space):
        return [n for n in dir(space) if n[0] != "_"]
    names = getattr(space, "__all__", None)
    if names is None:  # then what is not PyTorch's are helpers
        names = pytorch()[space.__name__.replace("tinydl", "torch", 1)]
    return sorted(n for n in names if n[0] != "_" and inspect.isroutine(getattr(space, n, None)))


# --- trying ---------------------------------------------------------------------------------------


def brought(value, rng, dtype, leaves: list):
    if isinstance(value, Drawn):
        x = tinydl.tensor(value.draw(rng, _numpys(dtype)))
        if dtype.is_half and x.is_floating_point():
            x = x.to(dtype)
        if dtype is tinydl.float64 and x.dtype is dtype:
            leaves.append(x.requires_grad_())
        return x
    if isinstance(value, (list, tuple)):
        return type(value)(brought(item, rng, dtype, leaves) for item in value)
    return getattr(tinydl, value) if isinstance(value, str) and value == "float64" else value


def _numpys(dtype) -> str:
    return "float32" if dtype.is_half else dtype.name


def tensors(result) -> list[Tensor]:
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in tensors(part)]
    return [result] if isinstance(result, Tensor) else []


def attempt(function, args, options, dtype) -> tuple[list[Tensor], list[Tensor]] | None:
    """(leaves, results), or None where it is refused."""
    leaves: list[Tensor] = []
    rng = np.random.default_rng(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = brought(args, rng, dtype, leaves)
            named = {k: brought(v, rng, dtype, leaves) for k, v in options.items()}
            return leaves, tensors(function(*given, **named))
    except (TypeError, ValueError, RuntimeError, OverflowError, IndexError):
        return None


def accepted(function, samples) -> str:
    """The dtypes that one of the samples works with, in words."""
    found = {d for d in DTYPES if any(attempt(function, *sample, d) for sample in samples)}
    for words, kind in KINDS.items():
        if found == set(kind):
            return words
    return " ".join(d.short for d in DTYPES if d in found)


def orders(function, samples) -> tuple[int, bool]:
    """How often it can be differentiated (2: any number of times), and whether LAPACK is called."""
    best, host = 0, False
    for args, options in samples:
        leaves, results = attempt(function, args, options, tinydl.float64) or ([], [])
        wanted = [r for r in results if r.requires_grad]
        if not wanted:
            continue
        host |= any(map(_calls_lapack, wanted))
        best = max(best, 1)
        total = sum((r.double() ** 3).sum() for r in wanted)
        first = autograd.grad(total, leaves, create_graph=True, allow_unused=True)
        again = [g for g in first if g is not None and g.requires_grad]
        if again:
            autograd.grad(sum((g * g).sum() for g in again), leaves, allow_unused=True)
            best = 2
    return best, host


def _calls_lapack(x: Tensor) -> bool:
    nodes, seen = [x.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is None or isinstance(node, Tensor) or id(node) in seen:
            continue
        seen.add(id(node))
        if node.op.forward.__module__ == "tinydl.ops.linalg":
            return True
        nodes += [edge[0] if isinstance(edge, tuple) else edge for edge in node.edges]
    return False


# --- writing --------------------------------------------------------------------------------------

HEAD = """# Names: what is here, what differs from PyTorch, what is missing

<!-- Made by `make names` of the code, tests/names/differs.md and PyTorch's names. -->

Names, arguments and their order are PyTorch's, so most of what this page would say is in PyTorch's
documentation; `axis=` and `keepdims=` are taken beside `dim=` and `keepdim=`. Everything works on
every device: the CPU, each of its instruction sets, and CUDA.
{differs}
## Functions and methods

Under each name: whether it is a function of `tinydl`, a method of `Tensor`, a method that works in
place (with `_` behind its name), and whether the function can write to `out=`. The dtypes are those
that it was tried with and took, *floating* being f16, bf16, f32 and f64, *numbers* all but bool.
The last column says how often it can be differentiated: 0, 1, or ∞ where the second derivative was
taken too (rules are made of ops, so a third is no different). A dagger: on CUDA by way of the host,
where LAPACK is.

"""


def page() -> str:
    text = HEAD.format(differs=(HERE / "differs.md").read_text())
    text += _main_table()
    for title, space, prefix in (
        ("`tinydl.linalg`", tinydl.linalg, "linalg."),
        ("`tinydl.nn.functional`", tinydl.nn.functional, "F."),
    ):
        names = public(space)
        tried = [n for n in names if prefix + n in SAMPLES]
        text += f"\n## {title}\n\n| name | dtypes | derivatives |\n|---|---|---|\n"
        text += "".join(
            f"| `{n}` | {' | '.join(_tried(getattr(space, n), prefix + n))} |\n" for n in tried
        )
        text += _listing(space, [n for n in names if n not in tried])
    text += "\n## `tinydl.autograd`\n"
    text += _listing(tinydl.autograd, public(tinydl.autograd))
    if SPACES["torch.autograd.functional"]:
        functional = SPACES["torch.autograd.functional"]
        text += "\n## `tinydl.autograd.functional`\n" + _listing(functional, public(functional))
    return text + _own() + _missing()


def _bases() -> tuple[list[str], set[str], set[str]]:
    """Names without those in place that have a base; functions; methods."""
    functions, methods = set(public(tinydl)), set(public(Tensor))
    every = sorted(functions | methods)
    return [n for n in every if not (n[-1] == "_" and n[:-1] in every)], functions, methods


def _main_table() -> str:
    names, functions, methods = _bases()
    text = "| name | function | method | in place | `out=` | dtypes | derivatives |\n"
    text += "|---|---|---|---|---|---|---|\n"
    rest = []
    for name in names:
        if name not in SAMPLES:
            rest.append(name)
            continue
        function = getattr(tinydl, name) if name in functions else getattr(Tensor, name)
        marks = (name in functions, name in methods, f"{name}_" in methods, takes_out(function))
        cells = [f"`{name}`", *["✓" if mark else "" for mark in marks]]
        text += f"| {' | '.join([*cells, *_tried(function, name)])} |\n"
    text += "\nFunctions that are not tried with numbers:\n"
    text += _listing(tinydl, [n for n in rest if n in functions])
    text += "\nAttributes and methods of `Tensor` that are not:\n"
    return text + _listing(Tensor, [n for n in rest if n not in functions])


def takes_out(function) -> bool:
    return getattr(function, "takes_out", False)


def _tried(function, key: str) -> tuple[str, str]:
    order, host = orders(function, SAMPLES[key])
    return accepted(function, SAMPLES[key]), ("0", "1", "∞")[order] + "†" * host


def _listing(space: object, names: list[str]) -> str:
    text = "\n"
    for name in names:
        find = inspect.getattr_static if inspect.isclass(space) else getattr
        doc = inspect.getdoc(find(space, name)) or ""
        sentence = " ".join(doc.split("\n\n")[0].split())
        text += f"- `{name}`: {sentence}\n" if sentence else f"- `{name}`\n"
    return text


def _own() -> str:
    theirs = pytorch()
    text = "\n## Names that PyTorch does not have\n\n"
    for title, space in SPACES.items():
        own = [n for n in public(space) if n not in theirs[title]] if space else []
        if own:
            text += f"- `{title.replace('torch', 'tinydl', 1)}`: {_joined(own)}\n"
    return text


def _missing() -> str:
    text = "\n## What of PyTorch is missing\n\nOn purpose, by family:\n\n"
    lacking = {
        title: [n for n in names if space is None or not hasattr(space, n)]
        for (title, names), space in zip(pytorch().items(), SPACES.values(), strict=True)
    }
    every = {n for names in lacking.values() for n in names}
    for title in NOT_HERE:
        text += f"- {title} ({sum(family(n) == title for n in every)} names)\n"
    text += "- functions that work in place (`abs_(x)`; the methods do: `x.abs_()`)\n"
    text += "\nNot there yet:\n\n"
    for title, names in lacking.items():
        inplace = () if title == "torch.Tensor" else ("_",)
        left = [n for n in names if not family(n) and not n.endswith(inplace)]
        text += f"- `{title}`: {_joined(left) or 'nothing'}\n"
    return text


def _joined(names: list[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page())
