"""The graph: what a recorded call keeps, and where in the user's code it was.

A node keeps Arrays and Tensors of *earlier* values only, never its own output Tensor: there are
no reference cycles, and memory returns the moment the last Tensor of a graph goes.
"""

from __future__ import annotations

import linecache
import os
import sys
from itertools import count, repeat

from . import capture
from .array import Array
from .grad_mode import (  # noqa: F401  (what is recorded, and when: one address for both)
    enable_grad,
    is_grad_enabled,
    mode,
    no_grad,
    set_grad_enabled,
    watchers,
)
from .tensor import Tensor

_PACKAGE = os.path.dirname(__file__) + os.sep


# --- where in the user's code something happened --------------------------------------------------


def call_site():
    """The user's code that is running, as cheaply as it can be kept: (code, instruction)."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def describe_site(site) -> str:
    """`file.py:12: y = x * 2`"""
    if site is None:
        return "an unknown line"
    code, instruction = site
    lines = (n for begin, end, n in code.co_lines() if begin <= instruction < end)
    line = next(lines, None) or code.co_firstlineno
    source = linecache.getline(code.co_filename, line).strip()
    return f"{code.co_filename}:{line}" + (f": {source}" if source else "")


# --- the graph ------------------------------------------------------------------------------------


class Node:
    """One recorded call of an op.

    edges     per input: where its gradient goes, (node, output number) or a leaf Tensor; None
              where no gradient is needed
    saved     what the rules of those inputs asked for, by name; once freed, who did it
    versions  of the saved arrays' storages, to notice values overwritten since
    """

    __slots__ = (
        "attrs",
        "edges",
        "hooks",
        "op",
        "plan",
        "rank",
        "retained",
        "saved",
        "site",
        "versions",
    )  # fmt: skip

    _ranks = count()
    backwards = 0  # how many there were

    @staticmethod
    def record(op, inputs, needs, result, attrs, later: bool = False) -> Node | None:
        """The node of a call that just ran, or runs later; None if no rule leads to an input in
        need."""
        plan = op.plan(needs)
        if not plan.leads_on:
            return None
        edges = []
        for x, rule in zip(inputs, plan.rules):  # noqa: B905 (strict= takes its time)
            if rule is None:
                edges.append(None)
            elif x._node is None:
                edges.append(x)
            else:
                if x._base is not None:
                    follow(x)
                edges.append((x._node, x._index))
        node = Node()
        node.op, node.plan, node.edges = op, plan, edges
        node.attrs = {**op.defaults, **attrs} if op.defaults else attrs
        node.rank, node.site = next(Node._ranks), call_site()
        node.hooks = node.retained = None
        node.saved, node.versions = plan.save(inputs, result)
        if watchers and not later:
            node.announce()
        if op.watch is not None and not result.shape:
            op.watch(node)
        return node

    def resave_output(self, array: Array) -> None:
        """After an in-place op wrote its output: that write is not a later modification."""
        storage = array.storage
        self.versions = [
            (name, s, storage.version if name == "out" else v) for name, s, v in self.versions
        ]
        self.announce()

    def announce(self) -> None:
        """Shows the node to those who asked for it, with all that it saved."""
        for watch in watchers:
            watch(self)

    def name(self) -> str:
        """The op's name in PyTorch's spelling: mul's is MulBackward0."""
        words = self.op.name.strip("_").split("_")
        return "".join(word[:1].upper() + word[1:] for word in words) + "Backward0"

    @property
    def next_functions(self) -> tuple:
        """For each input (node, output number), (AccumulateGrad, 0) of a leaf, or (None, 0)."""
        return tuple(map(_next, self.edges))

    def __repr__(self) -> str:
        return f"<{self.name()} of {describe_site(self.site)}>"

    def backward(self, grads: list, wanted) -> list:
        """The gradients of the inputs whose edges are wanted (None: of all that lead on), from
        those of the outputs."""
        for name, storage, version in self.versions:
            if storage.version != version:
                raise self.overwritten(name, storage)
        plan, saved, attrs = self.plan, self.saved, self.attrs
        values = {**attrs, **saved, "g": grads[0] if plan.outputs == 1 else tuple(grads)}
        if plan.out and plan.outputs > 1:
            values["out"] = tuple(map(Tensor, saved["out"], repeat(self), count()))
        elif plan.out:
            values["out"] = Tensor(saved["out"], self)
        if plan.rest:
            values["rest"] = tuple(map(Tensor, saved["rest"]))
        results = []
        for position, rule in enumerate(plan.rules):
            edge = self.edges[position]
            if edge is None or (wanted is not None and not wanted(edge)):
                results.append(None)
                continue
            values["position"] = position
            result = rule(values, attrs)
            if rule.sum_to is not None and result._array.shape != saved[rule.sum_to]:
                result = result.sum_to_size(saved[rule.sum_to])
            results.append(result)
        return results

    def input_name(self, position: int) -> str:
        """What an error calls an input."""
        names = self.op.inputs
        return f"input {names[0]}[{position}]" if self.op.variadic else f"input {names[position]}"

    def overwritten(self, name: str, storage) -> RuntimeError:
        op, site = storage.written or ("an operation", None)
        what = {"out": "output", "rest": "output"}.get(name, f"input {name}")
        what = name if name.startswith("saved") else what
        return RuntimeError(
            f"backward of {self.op.name} needs its {what}, which {op} has overwritten since.\n"
            f"  saved by {self.op.name} at {describe_site(self.site)}\n"
            f"  modified by {op} at {describe_site(site)}\n"
            "Use the operation that returns a new tensor instead, or clone() before modifying."
        )


def _next(edge) -> tuple:
    if type(edge) is tuple:
        return edge
    return None if edge is None else AccumulateGrad(edge), 0


class AccumulateGrad:
    """What next_functions shows for a leaf: its gradient ends here, in variable.grad."""

    next_functions = ()

    def __init__(self, variable: Tensor):
        self.variable = variable

    def name(self) -> str:
        return "AccumulateGrad"

    def __repr__(self) -> str:
        return f"<AccumulateGrad of {self.variable._array}>"


def reachable(tensors, after: int = -1) -> set[Node]:
    """The nodes that these tensors were computed by, of those made after a rank."""
    seen, stack = set(), [t._node for t in tensors if t._node is not None]
    while stack:
        node = stack.pop()
        if node.rank > after and node not in seen:
            seen.add(node)
            stack += [edge[0] for edge in node.edges if type(edge) is tuple]
    return seen


def follow(x: Tensor) -> None:
    """A view's way back leads to what its base was: where that was written over, to what it is."""
    base, node = x._base
    if base._node is not node:
        from .inplace import take_again

        take_again(x)


def wrote(array: Array, op: str, site=None) -> None:
    """Notes that an op wrote into memory that a graph may have saved."""
    storage = array.storage
    storage.version += 1
    storage.written = (op, site or call_site())
    if capture.current is not None:
        capture.current.written.add(storage)
