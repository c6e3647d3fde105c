"""Reverse-mode differentiation: the graph's nodes, backward() and grad().

Nodes carry a creation rank; backward visits them by falling rank, so every consumer of a value
comes before its producer. It is a loop, not a recursion: a graph may be as deep as memory allows.
A node keeps Arrays and Tensors of *earlier* values only, never its own output Tensor: there are
no reference cycles, and memory returns the moment the last Tensor of a graph goes.
"""

from __future__ import annotations

import functools
import heapq
import linecache
import os
import sys
import threading
import weakref
from itertools import count, islice

from .array import Array
from .backend import call
from .tensor import Tensor, as_tensor_like

_PACKAGE = os.path.dirname(__file__) + os.sep


class _Mode(threading.local):
    """Whether ops are recorded, in this thread."""

    enabled = True


mode = _Mode()


class set_grad_enabled:
    """Turns recording on or off, as a context manager or a decorator.

    >>> import tinydl
    >>> x = tinydl.ones(3, requires_grad=True)
    >>> with tinydl.set_grad_enabled(False):
    ...     (x * 2).requires_grad
    False
    """

    def __init__(self, enabled: bool):
        self.enabled = enabled

    def __enter__(self):
        self.before, mode.enabled = mode.enabled, self.enabled
        return self

    def __exit__(self, *exception):
        mode.enabled = self.before

    def __call__(self, function):
        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with set_grad_enabled(self.enabled):
                return function(*args, **kwargs)

        return wrapped


class no_grad(set_grad_enabled):
    """Ops inside are not recorded: `with no_grad():` or `@no_grad()`."""

    def __init__(self):
        super().__init__(False)


class enable_grad(set_grad_enabled):
    """Ops inside are recorded, also within no_grad()."""

    def __init__(self):
        super().__init__(True)


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return mode.enabled


# --- where in the user's code something happened ----------------------------------------------


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
    line = next(islice(code.co_positions(), instruction // 2, None))[0]
    source = linecache.getline(code.co_filename, line).strip()
    return f"{code.co_filename}:{line}" + (f": {source}" if source else "")


# --- the graph ------------------------------------------------------------------------------------


class Node:
    """One recorded call of an op.

    edges     per input: where its gradient goes, (node, output number) or a leaf Tensor; None
              where no gradient is needed
    saved     what the rules of those inputs asked for, by name; None once freed
    versions  of the saved arrays' storages, to notice values overwritten since
    outputs   empty Arrays' facts of a multi-output op, to make zeros where no gradient came
    """

    __slots__ = (
        "attrs",
        "edges",
        "hooks",
        "op",
        "outputs",
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
        node = Node()
        node.op, node.plan = op, op.plan(needs)
        node.attrs = {**op.defaults, **attrs} if op.defaults else attrs
        node.rank, node.site = next(Node._ranks), call_site()
        node.hooks = node.retained = None
        node.edges = [
            None if rule is None else x if x._node is None else (x._node, x._index)
            for x, rule in zip(inputs, node.plan.rules, strict=True)
        ]
        if not any(edge is not None for edge in node.edges):
            return None
        node.saved = saved = {}
        node.versions = versions = []
        for at, name in node.plan.values:
            saved[name] = inputs[at] if not op.variadic else tuple(inputs)
            for x in inputs[at] if op.variadic else (inputs[at],):
                if x is not None:
                    versions.append((name, x._array.storage, x._array.storage.version))
        for at, name in node.plan.shapes:
            if op.variadic:
                saved[name] = [x._array.shape for x in inputs]
            else:
                saved[name] = None if inputs[at] is None else inputs[at]._array.shape
        node.outputs = None
        if type(result) is tuple:
            node.outputs = [(a.shape, a.dtype, a.storage.backend) for a in result]
        if node.plan.out:
            saved["out"] = result
            for array in result if type(result) is tuple else (result,):
                versions.append(("out", array.storage, array.storage.version))
        return node

    def resave_output(self, array: Array) -> None:
        """After an in-place op wrote its output: that write is not a later modification."""
        storage = array.storage
        self.versions = [
            (name, s, storage.version if name == "out" else v) for name, s, v in self.versions
        ]

    def backward(self, grads: list, wanted) -> list:
        """The gradients of the inputs whose edges are wanted, from those of the outputs."""
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
        values = {**self.attrs, **self.saved, "g": self.gradient(grads)}
        if self.plan.out:
            values["out"] = self.rewrap(self.saved["out"])
        results = []
        for position, (edge, rule) in enumerate(zip(self.edges, self.plan.rules, strict=True)):
            if edge is None or not wanted(edge):
                results.append(None)
                continue
            values["position"] = position
            result = rule(values, self.attrs)
            if rule.sum_to is not None and result._array.shape != self.saved[rule.sum_to]:
                result = result.sum_to_size(self.saved[rule.sum_to])
            results.append(result)
        return results

    def gradient(self, grads: list):
        """What a rule calls g: of several outputs, zeros where none came."""
        if self.outputs is None:
            return grads[0]
        return tuple(
            Tensor(Array.full(shape, 0, dtype, backend)) if g is None else g
            for g, (shape, dtype, backend) in zip(grads, self.outputs, strict=True)
        )

    def rewrap(self, result):
        """The saved outputs as Tensors of this graph again."""
        if type(result) is not tuple:
            return Tensor(result, self)
        return tuple(
            Tensor(array, self if array.dtype.is_floating_point else None, i)
            for i, array in enumerate(result)
        )

    def overwritten(self, name: str, storage) -> RuntimeError:
        op, site = storage.written or ("an operation", None)
        what = "output" if name == "out" else f"input {name}"
        return RuntimeError(
            f"backward of {self.op.name} needs its {what}, which {op} has overwritten since.\n"
            f"  saved by {self.op.name} at {describe_site(self.site)}\n"
            f"  modified by {op} at {describe_site(site)}\n"
            "Use the operation that returns a new tensor instead, or clone() before modifying."
        )


def retain(x: Tensor) -> None:
    """Makes backward fill x.grad though x is no leaf."""
    node = x._node
    if node.retained is None:
        node.retained = {}
    node.retained[x._index] = weakref.ref(x)  # the graph must not keep its outputs alive


class RemovableHandle:
    """What register_hook returns: remove() takes the hook away again."""

    _ids = count()

    def __init__(self, hooks: dict):
        self.hooks, self.id = hooks, next(RemovableHandle._ids)

    def remove(self) -> None:
        self.hooks.pop(self.id, None)


def add_hook(x: Tensor, hook) -> RemovableHandle:
    """Calls hook on x's gradient whenever backward has found it."""
    if x._node is None:
        x._hooks = {} if x._hooks is None else x._hooks
        handle = RemovableHandle(x._hooks)
        x._hooks[handle.id] = hook
    else:
        x._node.hooks = {} if x._node.hooks is None else x._node.hooks
        handle = RemovableHandle(x._node.hooks)
        x._node.hooks[handle.id] = (x._index, hook)
    return handle


def wrote(array: Array, op: str) -> None:
    """Notes that an op wrote into memory that a graph may have saved."""
    storage = array.storage
    storage.version += 1
    storage.written = (op, call_site())


# --- walking it ---------------------------------------------------------------------------------------


def _plus(total, owned: bool, g, create_graph: bool):
    """total + g, and whether the engine owns the result (then the next one is added in place)."""
    if total is None:
        return g, False
    if owned and not create_graph:
        call("add", total._array, total._array, g._array)
        return total, True
    return total + g, True


def _leading_to(roots: list, targets: set) -> set:
    """The nodes from which a target (a leaf Tensor or an (node, output) edge) can be reached."""
    seen, stack = set(), [t._node for t in roots if t._node is not None]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [edge[0] for edge in node.edges if type(edge) is tuple]
    found: set = {edge[0] for edge in targets if type(edge) is tuple}
    for node in sorted(seen, key=lambda node: node.rank):
        if any(
            edge in targets or (type(edge) is tuple and edge[0] in found) for edge in node.edges
        ):
            found.add(node)
    return found


def _edge(x: Tensor):
    return x if x._node is None else (x._node, x._index)


def run(outputs, gradients, inputs, retain_graph: bool, create_graph: bool) -> dict:
    """Sends gradients from outputs towards leaves; returns edge → gradient.

    With inputs given, only those edges are reached and returned, else every leaf.
    """
    targets = None if inputs is None else {_edge(x) for x in inputs}
    on_path = None if inputs is None else _leading_to(outputs, targets)
    pending: dict[Node, list] = {}  # per output of the node: (gradient so far, owned)
    heap: list[tuple[int, Node]] = []
    found: dict = {}

    def wanted(edge) -> bool:
        if targets is None or edge in targets:
            return True
        return type(edge) is tuple and edge[0] in on_path

    def deliver(edge, g) -> None:
        if type(edge) is not tuple:
            found[edge] = _plus(*found.get(edge, (None, False)), g, create_graph)
            return
        node, index = edge
        slots = pending.get(node)
        if slots is None:
            slots = pending[node] = [(None, False)] * len(node.outputs or (None,))
            heapq.heappush(heap, (-node.rank, node))
        slots[index] = _plus(*slots[index], g, create_graph)

    with set_grad_enabled(create_graph):
        for y, g in zip(outputs, gradients, strict=True):
            deliver(_edge(y), g)
        while heap:
            node = heapq.heappop(heap)[1]
            grads = [g for g, _ in pending.pop(node)]
            if node.hooks:
                for index, hook in list(node.hooks.values()):
                    grads[index] = _hooked(hook, grads[index])
            for index, g in enumerate(grads):
                if targets is not None and (node, index) in targets:
                    found[node, index] = (g, False)
                if node.retained and index in node.retained and g is not None:
                    tensor = node.retained[index]()
                    if tensor is not None:
                        _accumulate(tensor, g, create_graph)
            if not any(edge is not None and wanted(edge) for edge in node.edges):
                continue
            results = node.backward(grads, wanted)
            for edge, g in zip(node.edges, results, strict=True):
                if g is not None:
                    deliver(edge, g)
            if not retain_graph:
                node.saved = None
    return {edge: g for edge, (g, _) in found.items()}


def _hooked(hook, g):
    """The gradient after a hook, which may return another or None to leave it."""
    changed = None if g is None else hook(g)
    return g if changed is None else changed


def _accumulate(x: Tensor, g: Tensor, create_graph: bool) -> None:
    """x.grad += g; the first time x.grad becomes g itself if nobody else holds its memory."""
    if create_graph:
        x.grad = g if x.grad is None else x.grad + g
    elif x.grad is not None:
        wrote(x.grad._array, "backward")
        call("add", x.grad._array, x.grad._array, g._array)
    else:
        array = g._array
        # held by: g, this variable, the call's argument; the storage by: the array, the argument
        alone = sys.getrefcount(array) <= 3 and sys.getrefcount(array.storage) <= 2
        x.grad = Tensor(array if alone and array.is_contiguous else array.astype(array.dtype))


def _start(y: Tensor, g) -> Tensor:
    """The gradient that backward starts with at y."""
    if not y.requires_grad:
        raise RuntimeError(
            f"backward: {y._array} does not require a gradient and was not computed from anything "
            "that does; set requires_grad=True on a tensor it depends on"
        )
    if g is None:
        if y._array.size != 1:
            raise RuntimeError(
                f"backward: only a scalar can start without a gradient, this is {y._array}; "
                "reduce it first, for example y.sum().backward(), or pass gradient="
            )
        return Tensor(Array.full(y._array.shape, 1, y._array.dtype, y._array.backend))
    g = as_tensor_like(g, y)
    if g._array.shape != y._array.shape:
        raise ValueError(f"backward: the gradient is {g._array} but the output is {y._array}")
    return Tensor(g._array, g._node, g._index)  # its memory stays the caller's: see _accumulate


def backward(
    tensors, grad_tensors=None, retain_graph=None, create_graph: bool = False, inputs=None
) -> None:
    """Adds d(Σ tensors · grad_tensors)/dx to x.grad of every leaf x (or of `inputs` only)."""
    tensors = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
    if grad_tensors is None or isinstance(grad_tensors, Tensor):
        grad_tensors = (grad_tensors,) * len(tensors)
    start = [_start(y, g) for y, g in zip(tensors, grad_tensors, strict=True)]
    retain_graph = create_graph if retain_graph is None else retain_graph
    if isinstance(inputs, Tensor):
        inputs = (inputs,)
    found = run(tensors, start, inputs, retain_graph, create_graph)
    del start  # so that a gradient nobody else holds can become .grad without a copy
    by_edge = {_edge(x): x for x in inputs or ()}
    while found:
        edge, g = found.popitem()
        leaf = by_edge.get(edge, edge)
        if leaf is edge and leaf._hooks:
            for hook in list(leaf._hooks.values()):
                g = _hooked(hook, g)
        _accumulate(leaf, g, create_graph)


def grad(
    outputs,
    inputs,
    grad_outputs=None,
    retain_graph=None,
    create_graph: bool = False,
    allow_unused: bool = False,
    materialize_grads: bool = False,
) -> tuple:
    """The gradients of Σ outputs · grad_outputs with respect to inputs, as a tuple.

    With create_graph=True they can be differentiated again.

    >>> import tinydl
    >>> x = tinydl.tensor(3.0, requires_grad=True)
    >>> (first,) = tinydl.autograd.grad(x ** 3, x, create_graph=True)
    >>> (second,) = tinydl.autograd.grad(first, x)
    >>> first.item(), second.item()
    (27.0, 18.0)
    """
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None or isinstance(grad_outputs, Tensor):
        grad_outputs = (grad_outputs,) * len(outputs)
    for i, x in enumerate(inputs):
        if not x.requires_grad:
            raise RuntimeError(f"grad: inputs[{i}], {x._array}, does not require a gradient")
    start = [_start(y, g) for y, g in zip(outputs, grad_outputs, strict=True)]
    retain_graph = create_graph if retain_graph is None else retain_graph
    found = run(outputs, start, inputs, retain_graph, create_graph)
    results = [found.get(_edge(x)) for x in inputs]
    for i, (x, g) in enumerate(zip(inputs, results, strict=True)):
        if g is None and materialize_grads:
            results[i] = Tensor(Array.full(x._array.shape, 0, x._array.dtype, x._array.backend))
        elif g is None and not allow_unused:
            raise RuntimeError(
                f"grad: inputs[{i}], {x._array}, was not used to compute the outputs; "
                "pass allow_unused=True to get None for it"
            )
    return tuple(results)
