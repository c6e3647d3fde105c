"""Reverse-mode differentiation: backward() and grad() over the graph of graph.py.

Nodes carry a creation rank; backward visits them by falling rank, so every consumer of a value
comes before its producer. It is a loop, not a recursion: a graph may be as deep as memory allows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cache
from heapq import heappop, heappush
from inspect import unwrap
from typing import TypeAlias

from .. import amp, capture, device, dtypes
from ..array import Array
from ..backend import call_arrays
from ..graph import Node, reachable, set_grad_enabled, wrote
from ..inplace import catch_up
from ..tensor import Tensor, as_tensor_like
from . import anomaly
from .freed import Freed
from .hooks import hooked, leaf_hooked

Tensors: TypeAlias = Tensor | Sequence[Tensor]

# --- walking the graph ----------------------------------------------------------------------------


def _leading_to(roots: list, targets: set) -> set:
    """The nodes from which a target (a leaf Tensor or an (node, output) edge) can be reached."""
    found: set = {edge[0] for edge in targets if type(edge) is tuple}
    for node in sorted(reachable(roots), key=lambda node: node.rank):
        if any(
            edge in targets or (type(edge) is tuple and edge[0] in found) for edge in node.edges
        ):
            found.add(node)
    return found


def _edge(x: Tensor):
    return x if x._node is None else (x._node, x._index)


@amp.as_given
def run(outputs, gradients, inputs, retain_graph: bool, create_graph: bool) -> dict:
    """Sends gradients from outputs towards leaves; returns edge → gradient.

    With inputs given, only those edges are reached and returned, else every leaf.
    """
    targets = None if inputs is None else {_edge(x) for x in inputs}
    on_path = None if inputs is None else _leading_to(outputs, targets)
    pending: dict[Node, list] = {}  # gradients of its outputs so far
    heap: list[tuple[int, Node]] = []  # the pending nodes, latest first
    found: dict = {}
    own = set()  # where the gradient so far is a sum made here, to which more is added in place
    freed, watch = None if retain_graph else Freed(), anomaly.watching()
    Node.backwards += 1

    def wanted(edge) -> bool:
        return edge in targets or (type(edge) is tuple and edge[0] in on_path)

    def deliver(edge, g) -> None:
        if type(edge) is tuple:
            node, place = edge
            slots = pending.get(node)
            if slots is None:
                slots = pending[node] = [None] * node.op.outputs
                heappush(heap, (-node.rank, node))
            so_far = slots[place]
        else:
            slots, place = found, edge
            so_far = found.get(edge)
        if so_far is None:
            slots[place] = g
        elif edge in own and not create_graph and not g._array.dtype.is_half:
            call_arrays("add", so_far._array, so_far._array, g._array)
        else:
            slots[place] = so_far + g
            own.add(edge)

    with set_grad_enabled(create_graph):
        for y, g in zip(outputs, gradients, strict=True):
            deliver(_edge(y), g)
        while heap:
            node = heappop(heap)[1]
            grads = pending.pop(node)
            if node.hooks:
                for index, hook in list(node.hooks.values()):
                    grads[index] = hooked(hook, grads[index])
            if targets is not None or node.retained:
                for index, g in enumerate(grads):
                    _hand_out(node, index, g, targets, found, create_graph)
            if targets is not None and not any(wanted(edge) for edge in node.edges):
                continue
            while type(node.saved) is not dict:
                node.saved.restore(node, outputs, grads)
            if watch is None:
                results = node.backward(grads, None if targets is None else wanted)
            else:
                results = watch(node, grads, None if targets is None else wanted)
            for edge, g in zip(node.edges, results):  # noqa: B905 (strict= takes its time)
                if g is not None:
                    deliver(edge, g)
            if freed is not None:
                node.saved, node.versions = freed, None
        return {edge: leaf_hooked(edge, g) for edge, g in found.items()}


def running_node() -> Node | None:
    """The node whose rule called this, if a backward did."""
    frame, code = sys._getframe(1), unwrap(run).__code__
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return None if frame is None else frame.f_locals.get("node")


def _hand_out(node: Node, index: int, g, targets: set | None, found: dict, create_graph: bool):
    """The whole gradient of a node's output to whom it may concern, beside the inputs."""
    if targets is not None and (node, index) in targets:
        found[node, index] = g
    if node.retained and index in node.retained and g is not None:
        tensor = node.retained[index]()
        if tensor is not None:
            _accumulate(tensor, g, create_graph)


def _accumulate(x: Tensor, g: Tensor, create_graph: bool) -> None:
    """x.grad += g; the first time x.grad becomes g itself if nobody else holds its memory."""
    if capture.current is not None:
        capture.current.uses_grad(x)
    if create_graph:
        x._grad = g if x._grad is None else x._grad + g
    elif x._grad is not None:
        _same_device("x.grad", x._grad, "the gradient found", g)
        array = x._grad._array
        wrote(array, AGAIN if was_filled(array) else "backward")
        if array.dtype.is_half:
            call_arrays("copy", array, (x._grad + g)._array)
        else:
            call_arrays("add", array, array, g._array)
    else:
        array = g._array
        alone = _references(g) == _unshared() and array.is_contiguous
        x._grad = Tensor(array if alone else array.astype(array.dtype))
    if x._hooks:
        for hook in list(x._hooks.accumulated.values()):
            hook(x)


AGAIN = "another backward"  # added to a gradient that was there: step() wants to know
FILLING = ("zero_", "fill_", "copy_", "assign_")  # leave nothing of it, as zero_grad() does


def was_filled(grad: Array) -> bool:
    """Whether a gradient holds what an earlier backward found."""
    return grad.storage.written is None or grad.storage.written[0] not in FILLING


def zero_grads(tensors: Iterable[Tensor], set_to_none: bool) -> None:
    """zero_grad() of modules and optimizers: no gradients, or gradients of 0 without a history."""
    for x in tensors:
        if set_to_none or x._grad is None:
            x._grad = None
        else:
            if x._grad.requires_grad:  # made with create_graph: its graph would live on
                x._grad = x._grad.detach()
            x._grad.zero_()


def _references(g: Tensor) -> tuple[int, int, int]:
    return (
        sys.getrefcount(g),
        sys.getrefcount(g._array),
        sys.getrefcount(g._array.storage),
    )


@cache
def _unshared() -> tuple[int, int, int]:
    """What _references counts, this deep in calls, for a gradient that only backward() holds.

    Measured, because Python versions differ in what they count.
    """

    def accumulate(g):
        array = g._array
        count = _references(g)
        del array
        return count

    g = Tensor(Array.full((), 0, dtypes.float32, device.default().backend))
    return accumulate(g)


def _starts(name: str, outputs: tuple, gradients) -> list[Tensor]:
    """The gradients that a walk starts with."""
    if gradients is None or isinstance(gradients, Tensor):
        gradients = (gradients,) * len(outputs)
    if len(gradients) != len(outputs):
        raise ValueError(
            f"{name}: {len(gradients)} gradients for {len(outputs)} outputs; give one for each, "
            "None for scalars"
        )
    return [_start(y, g) for y, g in zip(outputs, gradients, strict=True)]


def _start(y: Tensor, g) -> Tensor:
    """The gradient that backward starts with at y."""
    catch_up(y)
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
        return Tensor(Array.full(y._array.shape, 1, y._array.dtype, y._array.storage.backend))
    g = as_tensor_like(g, y, y._array.dtype)
    _same_device("the gradient", g, "the output", y)
    if g._array.shape != y._array.shape:
        raise ValueError(f"backward: the gradient is {g._array} but the output is {y._array}")
    if g._array.dtype is not y._array.dtype:
        raise TypeError(
            f"backward: the gradient is {g._array} but the output is {y._array}; "
            "convert it with .to(dtype)"
        )
    if g.requires_grad:  # a gradient may be differentiated by itself
        return g.clone()
    return Tensor(g._array)  # its memory stays the caller's: see _accumulate


def _same_device(name: str, x: Tensor, other: str, y: Tensor) -> None:
    if x._array.storage.backend is not y._array.storage.backend:
        raise ValueError(
            f"backward: {name} {x._array} is on {x.device}, {other} {y._array} on {y.device}; "
            "move one with .to(device)"
        )


def backward(
    tensors: Tensors,
    grad_tensors: Tensors | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensors | None = None,
) -> None:
    """Adds d(Σ tensors · grad_tensors)/dx to x.grad of every leaf x (Linnainmaa 1970).

    Args:
        tensors: where to start: one tensor or several.
        grad_tensors: the gradient of each, of its shape and dtype; scalars need none and get 1.
        retain_graph: whether to keep the graph for another backward; as create_graph if None.
        create_graph: whether the gradients can be differentiated again.
        inputs: the tensors whose .grad is wanted; all leaves if None.

    Raises:
        RuntimeError: nothing requires a gradient, a start is no scalar and has no gradient, the
            graph was freed by an earlier backward, or a value it needs was overwritten.
        ValueError: a gradient of another shape than its tensor.
        TypeError: a gradient of another dtype than its tensor.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([1.0, 2.0], requires_grad=True)
        >>> tinydl.autograd.backward([x.sum(), (x * x).sum()])
        >>> x.grad
        tensor([3., 5.])
    """
    tensors = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
    start = _starts("backward", tensors, grad_tensors)
    retain_graph = create_graph if retain_graph is None else retain_graph
    if isinstance(inputs, Tensor):
        inputs = (inputs,)
    elif inputs is not None and not inputs:
        raise ValueError("backward: inputs is empty; leave it out for the gradients of all leaves")
    found = run(tensors, start, inputs, retain_graph, create_graph)
    del start  # so that a gradient nobody else holds can become .grad without a copy
    by_edge = {_edge(x): x for x in inputs or ()}
    while found:
        edge, g = found.popitem()
        _accumulate(by_edge.get(edge, edge), g, create_graph)


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Tensors | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor, ...]:
    """d(Σ outputs · grad_outputs)/dx for each x of inputs; no .grad is touched.

    Args:
        outputs: one tensor or several.
        inputs: one tensor or several that require gradients, leaves or not.
        grad_outputs: the gradient of each output, of its shape and dtype; scalars need none.
        retain_graph: whether to keep the graph for another call; as create_graph if None.
        create_graph: whether the gradients can be differentiated again.
        only_inputs: True, as PyTorch's has to be; backward() is what fills .grad.
        allow_unused: whether None stands for an input that the outputs do not depend on; as
            materialize_grads if None.
        is_grads_batched: False; call grad() for each row of a batch of gradients.
        materialize_grads: whether zeros stand for it.

    Returns:
        A tuple with a gradient for each input, of its shape and dtype.

    Raises:
        RuntimeError: an input that does not require a gradient or is not used, or as backward().
        ValueError: no inputs, materialize_grads without allow_unused, or as backward().
        TypeError: as backward().
        NotImplementedError: is_grads_batched, or not only_inputs.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor(3.0, requires_grad=True)
        >>> (first,) = tinydl.autograd.grad(x**3, x, create_graph=True)
        >>> (second,) = tinydl.autograd.grad(first, x)
        >>> first.item(), second.item()
        (27.0, 18.0)
    """
    outputs = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs)
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if is_grads_batched or not only_inputs:
        raise NotImplementedError(
            "grad: is_grads_batched=True is not there: call grad() for each row of the gradients "
            "with retain_graph=True" if is_grads_batched
            else "grad: only_inputs=False is not there: use backward() to fill .grad of all leaves"
        )  # fmt: skip
    if allow_unused is False and materialize_grads:
        raise ValueError(
            "grad: materialize_grads=True makes zeros of what is not used, which "
            "allow_unused=False forbids; leave one of them out"
        )
    if not inputs:
        raise ValueError("grad: inputs is empty; name the tensors to differentiate by")
    for i, x in enumerate(inputs):
        if not x.requires_grad:
            raise RuntimeError(f"grad: inputs[{i}], {x._array}, does not require a gradient")
    start = _starts("grad", outputs, grad_outputs)
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
