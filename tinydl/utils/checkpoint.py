"""Checkpoints of activations: a part of the network is computed again in backward, not kept.

After the part has run, everything that its nodes saved is thrown away; the first of them that
backward asks runs the part once more, and all get back what they had (Griewank and Walther 2000;
Chen et al. 2016). The graph stays as it is, so grad(), hooks, derivatives of any order and
checkpoints within checkpoints need nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from itertools import zip_longest
from typing import Any

from ..amp import mode as autocast
from ..grad_mode import enable_grad, is_grad_enabled
from ..graph import Node, describe_site, reachable
from ..nn.module import Module
from ..ops.random import default_generator
from ..recorded import flatten
from ..tensor import Tensor

Contexts = tuple[AbstractContextManager, AbstractContextManager]


def noop_context_fn() -> Contexts:
    """Nothing around the forward, and nothing around computing it again."""
    return nullcontext(), nullcontext()


class CheckpointError(RuntimeError):
    """What was computed again is not what was computed first."""


class _Part:
    """One checkpointed call, and how to run it again.

    Attributes:
        calls: the ops that its nodes recorded, to compare with those of the repetition.
        used: its tensors and parameters with their versions: what was written since is noticed.
        again: its nodes once more, by number, after the repetition.
    """

    def __init__(self, function: Callable, args: tuple, kwargs: dict, context, preserve: bool):
        self.function, self.args, self.kwargs, self.context = function, args, kwargs, context
        self.state = default_generator.get_state() if preserve else None
        self.autocast = autocast.dtypes()
        given: list[Tensor] = []
        flatten([args, kwargs], given)
        self.used = [(x, x._version) for x in given]
        self.calls: list[tuple] = []
        self.again: dict[int, Node] = {}

    def run(self) -> tuple[Any, list[Node]]:
        """What the function returns, and the nodes that this made, earliest first."""
        start = next(Node._ranks)
        result = self.function(*self.args, **self.kwargs)
        tensors: list[Tensor] = []
        flatten(result, tensors)
        return result, sorted(reachable(tensors, start), key=lambda node: node.rank)

    def forget(self, nodes: list[Node]) -> None:
        """Throws away what the nodes saved."""
        self.calls = [_call(node) for node in nodes]
        leaves = {x for node in nodes for x in node.edges if isinstance(x, Tensor)}
        self.used += [(x, x._version) for x in leaves]
        for number, node in enumerate(nodes):
            node.saved, node.versions = _Later(self, number), None

    def rerun(self) -> None:
        """Computes the nodes once more, from the same tensors and random numbers."""
        for x, version in self.used:
            if x._version != version:
                op, site = x._array.storage.written
                raise CheckpointError(
                    f"checkpoint: {x._array}, which {self} uses, was modified by {op} before it "
                    f"could be computed again.\n  modified at {describe_site(site)}"
                )
        before, outer = default_generator.get_state(), autocast.get()
        if self.state is not None:
            default_generator.set_state(self.state)
        autocast.set(*self.autocast, None)
        try:
            with enable_grad(), self.context:
                _, nodes = self.run()
        finally:
            autocast.set(*outer)
            if self.state is not None:
                default_generator.set_state(before)
        for i, pair in enumerate(
            zip_longest(self.calls, map(_call, nodes), fillvalue=("nothing",))
        ):
            if pair[0] != pair[1]:
                raise CheckpointError(
                    f"checkpoint: {self} did something else when it was computed again: call {i} "
                    f"was {pair[0][0]} and is {pair[1][0]}; it must not depend on what changes "
                    "between forward and backward"
                )
        self.again = dict(enumerate(nodes))

    def __str__(self) -> str:
        return getattr(self.function, "__qualname__", type(self.function).__name__)


def _call(node: Node) -> tuple:
    """What a node must have in common with its repetition."""
    return node.op.name, tuple(edge is not None for edge in node.edges)


class _Later:
    """Stands where a node's saved values were, until backward asks for them."""

    __slots__ = ("number", "part")

    def __init__(self, part: _Part, number: int):
        self.part, self.number = part, number

    def restore(self, node: Node, outputs: list, grads: list) -> None:
        """Gives the node what its repetition saved; tensors of the graph keep their place in it."""
        if self.number not in self.part.again:
            self.part.rerun()
        twin = self.part.again.pop(self.number)
        places = dict(zip(map(_key, twin.edges), node.edges, strict=True))
        node.saved, node.versions = twin.saved, twin.versions
        if type(twin.saved) is dict:
            node.saved = {name: _placed(x, places) for name, x in twin.saved.items()}


def _placed(x: Any, places: dict) -> Any:
    """A saved value with its tensors in the first graph, not in that of the repetition."""
    if isinstance(x, Tensor) and x._node is not None:
        edge = places.get((x._node, x._index))
        return Tensor(x._array, *edge) if type(edge) is tuple else x
    return tuple([_placed(part, places) for part in x]) if type(x) is tuple else x


def _key(edge: Any) -> Any:
    return edge if type(edge) is tuple else None


def checkpoint(
    function: Callable,
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), which keeps nothing for backward but its arguments.

    Backward calls it once more to get what it needs: memory for time. The call must do the same
    both times; the default random generator and autocast are set back for it.

    Args:
        function: of tensors and whatever else; it may use parameters of modules freely.
        use_reentrant: taken for PyTorch's sake: there is one way, with what both of its have.
        context_fn: makes the contexts that the first call and the repetition run in.
        determinism_check: taken for PyTorch's sake: the ops of both calls are always compared.
        debug: taken for PyTorch's sake: the error of that names the op that differs.
        preserve_rng_state: whether the repetition draws the same random numbers.

    Raises:
        CheckpointError: from backward(), if the repetition calls other ops.

    Example:
        >>> import tinydl
        >>> from tinydl.utils.checkpoint import checkpoint
        >>> x = tinydl.ones(2, requires_grad=True)
        >>> checkpoint(lambda x: (x.exp() * x).tanh(), x).sum().backward()
        >>> x.grad.shape
        (2,)
    """
    first, again = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    part = _Part(function, args, kwargs, again, preserve_rng_state)
    with first:
        result, nodes = part.run()
    part.forget(nodes)
    return result


def checkpoint_sequential(
    functions: Module | Iterable[Callable],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """functions one after the other, in segments that keep only their inputs for backward.

    Args:
        functions: an nn.Sequential, or functions of one argument.
        segments: how many; the last one is not checkpointed, since backward begins there.
        input: of the first function.
        use_reentrant, preserve_rng_state: as checkpoint().

    Raises:
        ValueError: fewer functions than segments, or no segment.

    Example:
        >>> import tinydl
        >>> from tinydl.utils.checkpoint import checkpoint_sequential
        >>> net = tinydl.nn.Sequential(*[tinydl.nn.Linear(4, 4) for _ in range(6)])
        >>> checkpoint_sequential(net, 3, tinydl.ones(1, 4)).shape
        (1, 4)
    """
    layers = list(functions.children() if isinstance(functions, Module) else functions)
    if not 1 <= segments <= len(layers):
        raise ValueError(
            f"checkpoint_sequential: {segments} segments of {len(layers)} functions; there must be "
            "at least one in each"
        )

    def run(start: int, end: int) -> Callable:
        def part(x: Any) -> Any:
            for layer in layers[start:end]:
                x = layer(x)
            return x

        return part

    size = len(layers) // segments
    last = size * (segments - 1)
    for start in range(0, last, size):
        input = checkpoint(run(start, start + size), input, preserve_rng_state=preserve_rng_state)
    return run(last, len(layers))(input)
