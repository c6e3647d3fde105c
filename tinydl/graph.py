"""The graph: what a recorded call keeps, where in the user's code it was, and when not to record.

A node keeps Arrays and Tensors of *earlier* values only, never its own output Tensor: there are
no reference cycles, and memory returns the moment the last Tensor of a graph goes.
"""

from __future__ import annotations

import functools
import linecache
import os
import sys
import threading
from collections.abc import Callable
from itertools import count, repeat
from typing import TYPE_CHECKING, TypeVar

from . import capture
from .array import Array
from .tensor import Tensor

if TYPE_CHECKING:
    from typing_extensions import Self

Function = TypeVar("Function", bound=Callable)

_PACKAGE = os.path.dirname(__file__) + os.sep


class _Mode(threading.local):
    """Whether ops are recorded, in this thread."""

    enabled = True


mode = _Mode()


class _Recording:
    """Recording on or off within a block or a function."""

    def __init__(self, enabled: bool):
        self.enabled = enabled

    def __enter__(self) -> Self:
        self.before, mode.enabled = mode.enabled, self.enabled
        return self

    def __exit__(self, *exception: object) -> None:
        mode.enabled = self.before

    def __call__(self, function: Function) -> Function:
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with _Recording(self.enabled):
                return function(*args, **kwargs)

        return wrapped


class set_grad_enabled(_Recording):
    """Turns recording on or off in this thread: from here on, in a `with` block, or a function.

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, enabled: bool):
        super().__init__(enabled)
        self.before, mode.enabled = mode.enabled, enabled

    def __enter__(self) -> Self:
        return self  # it is so already

    def __call__(self, function: Function) -> Function:
        mode.enabled = self.before  # only the function was meant
        return super().__call__(function)


class no_grad(_Recording):
    """Operations inside are not recorded, which saves memory and time: evaluation, updates.

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    >>> @tinydl.no_grad()
    ... def double(x):
    ...     return x * 2
    >>> double(x).requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_Recording):
    """Operations inside are recorded, also within no_grad().

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.no_grad(), tinydl.enable_grad():
    ...     (x * 2).requires_grad
    True
    """

    def __init__(self) -> None:
        super().__init__(True)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread.

    >>> import tinydl
    >>> with tinydl.no_grad():
    ...     tinydl.is_grad_enabled()
    False
    """
    return mode.enabled


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
    saved     what the rules of those inputs asked for, by name; None once freed
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

    @staticmethod
    def record(op, inputs, needs, result, attrs) -> Node | None:
        """The node of a call that just ran; None if no rule leads to an input in need."""
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
                    _check_view(op, x)
                edges.append((x._node, x._index))
        node = Node()
        node.op, node.plan, node.edges = op, plan, edges
        node.attrs = {**op.defaults, **attrs} if op.defaults else attrs
        node.rank, node.site = next(Node._ranks), call_site()
        node.hooks = node.retained = None
        node.saved, node.versions = plan.save(inputs, result)
        return node

    def resave_output(self, array: Array) -> None:
        """After an in-place op wrote its output: that write is not a later modification."""
        storage = array.storage
        self.versions = [
            (name, s, storage.version if name == "out" else v) for name, s, v in self.versions
        ]

    def backward(self, grads: list, wanted) -> list:
        """The gradients of the inputs whose edges are wanted (None: of all that lead on), from
        those of the outputs."""
        if self.saved is None:
            raise RuntimeError(
                f"backward through {self.op.name} a second time: its graph was freed by an earlier "
                f"backward.\n  recorded at {describe_site(self.site)}\n"
                "If a value is carried from one step to the next (a hidden state, a running loss), "
                "cut it with .detach(); to go through one graph twice pass retain_graph=True "
                "the first time."
            )
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

    def overwritten(self, name: str, storage) -> RuntimeError:
        op, site = storage.written or ("an operation", None)
        what = "output" if name in ("out", "rest") else f"input {name}"
        return RuntimeError(
            f"backward of {self.op.name} needs its {what}, which {op} has overwritten since.\n"
            f"  saved by {self.op.name} at {describe_site(self.site)}\n"
            f"  modified by {op} at {describe_site(site)}\n"
            "Use the operation that returns a new tensor instead, or clone() before modifying."
        )


def _check_view(op, x: Tensor) -> None:
    """A view's way back leads to what its base was: refuses it when that was written over."""
    base, node = x._base
    if base._node is not node:
        raise RuntimeError(
            f"{op.name}: {x._array} is a view of {base._array}, which {base._node.op.name}_ has "
            f"modified since.\n  modified at {describe_site(base._node.site)}\n"
            "Gradients of the view would miss that: take it again from the modified tensor."
        )


def wrote(array: Array, op: str, site=None) -> None:
    """Notes that an op wrote into memory that a graph may have saved."""
    storage = array.storage
    storage.version += 1
    storage.written = (op, site or call_site())
    if capture.current is not None:
        capture.current.written.add(storage)
