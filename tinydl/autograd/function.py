"""Function: an op of one's own, in PyTorch's spelling: a forward and a backward, both on Tensors.

A forward runs unrecorded; what it returns becomes the output of one node of the graph, whose
backward is the user's. When that is made of ops, derivatives of any order work.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

from ..array import Array
from ..grad_mode import mode, no_grad
from ..graph import Node, call_site, describe_site, follow
from ..inplace import check_graph, put_back
from ..tensor import Tensor


class FunctionCtx:
    """What forward and backward of one call share: attributes set freely, and tensors saved.

    Attributes:
        needs_input_grad: for each argument whether it is a tensor that requires a gradient.
        saved_tensors: in backward, what save_for_backward was given.
    """

    needs_input_grad: tuple[bool, ...] = ()

    def __init__(self) -> None:
        self._to_save: tuple = ()
        self._dirty: tuple = ()
        self._constant: tuple = ()
        self._zeros = True
        self._node: FunctionNode | None = None  # while its backward runs

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keeps inputs, outputs or intermediate tensors for backward, and watches them for writes.

        Raises:
            TypeError: something that is neither a tensor nor None; set an attribute instead.
        """
        for i, x in enumerate(tensors):
            if not (x is None or isinstance(x, Tensor)):
                raise TypeError(
                    f"save_for_backward: argument {i} is a {type(x).__name__}, not a Tensor; "
                    "keep it as an attribute, ctx.name = value"
                )
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple:
        return self._to_save if self._node is None else self._node.saved_tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Says which inputs forward changes in place; they must be among its outputs."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Says which outputs have no gradient; integer ones never have."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether outputs that no gradient came from get zeros (True at first), or None."""
        self._zeros = value


class Function:
    """A differentiable function made by hand: subclass it, and call it by `apply`.

    forward(ctx, *args) returns a tensor or a tuple; backward(ctx, *grads) gets the gradient of each
    output and returns one for each argument of forward, None where there is none. With a
    setup_context(ctx, inputs, output) of its own, forward takes no ctx.

    Example:
        >>> import tinydl
        >>> class Exp(tinydl.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         y = x.exp()
        ...         ctx.save_for_backward(y)
        ...         return y
        ...     @staticmethod
        ...     def backward(ctx, g):
        ...         (y,) = ctx.saved_tensors
        ...         return g * y
        >>> x = tinydl.tensor(0.0, requires_grad=True)
        >>> Exp.apply(x).backward()
        >>> x.grad
        tensor(1.)
    """

    def __init__(self) -> None:
        name = type(self).__name__
        raise TypeError(f"{name} is not called by an instance; use {name}.apply(…)")

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The values: of (ctx, *args), or of (*args) beside a setup_context.

        Raises:
            NotImplementedError: a subclass has none.
        """
        raise NotImplementedError("a Function needs a static method forward(ctx, …)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
        """What backward needs, saved apart from forward, which then takes no ctx."""

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of forward's arguments from those of its outputs.

        Raises:
            NotImplementedError: a subclass has none.
        """
        raise NotImplementedError("this Function has no backward, so it has no derivative")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Calls forward, and records the call where an argument requires a gradient.

        Raises:
            RuntimeError: a leaf that requires a gradient was changed in place, or an input marked
                dirty is not returned.
            TypeError: forward returns no tensor.
        """
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple([isinstance(x, Tensor) and x.requires_grad for x in args])
        recorded = mode.enabled and True in ctx.needs_input_grad
        edges = [
            _edge(x) if need else None for x, need in zip(args, ctx.needs_input_grad, strict=True)
        ]
        with no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        outputs = result if isinstance(result, tuple) else (result,)
        if not any(isinstance(y, Tensor) for y in outputs):
            raise TypeError(
                f"{cls.__name__}: forward returned {type(result).__name__}, expected a Tensor or a "
                "tuple with one"
            )
        _check_dirty(cls, ctx, outputs, recorded)
        node = FunctionNode(cls, ctx, args, edges, outputs) if recorded else None
        wrapped = tuple([_output(ctx, args, node, i, y) for i, y in enumerate(outputs)])
        if node is not None:
            node.save(ctx, outputs)
            ctx._to_save = ()
        return wrapped if isinstance(result, tuple) else wrapped[0]


def _edge(x: Tensor):
    if x._node is None:
        return x
    if x._base is not None:
        follow(x)
    return x._node, x._index


def _check_dirty(cls: type, ctx: FunctionCtx, outputs: tuple, recorded: bool) -> None:
    for x in ctx._dirty:
        if not any(x is y for y in outputs):
            raise RuntimeError(f"{cls.__name__}: {x._array} is marked dirty, so return it too")
        if recorded:
            check_graph(cls.__name__, x)


def _output(ctx: FunctionCtx, args: tuple, node: FunctionNode | None, index: int, y: Any) -> Any:
    """What the user gets for an output of forward: with its place in the graph."""
    if not isinstance(y, Tensor):
        return y
    real = y._array.dtype.is_floating_point and not any(y is z for z in ctx._constant)
    if any(y is x for x in ctx._dirty):
        if node is not None and real:
            y._node, y._index, y.requires_grad = node, index, True
            if y._base is not None:
                put_back(y)
        return y
    out = Tensor(y._array, node if real else None, index)
    out._base = y._base
    if out._base is None and any(y is x for x in args):  # an input as it is: a view of it
        out._base = y, y._node
    return out


class FunctionNode(Node):
    """One recorded call of a Function.

    saved holds "tensors": for each the Tensor, or where it is an output its number and Array, so
    that the node does not keep its own output's Tensor.
    """

    __slots__ = ("cls", "ctx", "made", "taken")

    def __init__(self, cls: type, ctx: FunctionCtx, args: tuple, edges: list, outputs: tuple):
        self.cls, self.ctx, self.edges = cls, ctx, edges
        self.op = SimpleNamespace(name=cls.__name__, outputs=len(outputs))
        self.plan, self.attrs = None, {}
        self.rank, self.site = next(Node._ranks), call_site()
        self.hooks = self.retained = None
        self.taken, self.made = list(map(_facts, args)), list(map(_facts, outputs))

    def save(self, ctx: FunctionCtx, outputs: tuple) -> None:
        tensors, self.versions = [], []
        for x in ctx._to_save:
            at = next((i for i, y in enumerate(outputs) if y is x), None) if x is not None else None
            tensors.append(x if at is None else (at, x._array))
            if x is not None:
                storage = x._array.storage
                self.versions.append((f"saved tensor {len(tensors) - 1}", storage, storage.version))
        self.saved = {"tensors": tuple(tensors)}
        self.announce()

    @property
    def saved_tensors(self) -> tuple:
        """What forward saved, unless it was overwritten since."""
        while type(self.saved) is not dict:
            self.saved.restore(self, [], [])
        for name, storage, version in self.versions:
            if storage.version != version:
                raise self.overwritten(name, storage)
        return tuple(
            Tensor(x[1], self, x[0]) if isinstance(x, tuple) else x for x in self.saved["tensors"]
        )

    def name(self) -> str:
        return f"{self.cls.__name__}Backward"

    def input_name(self, position: int) -> str:
        return f"input {position}"

    def backward(self, grads: list, wanted) -> list:
        ctx, name = self.ctx, self.cls.__name__
        if ctx._zeros:
            grads = [g if g is not None or facts is None else _zeros(*facts)
                     for g, facts in zip(grads, self.made, strict=True)]  # fmt: skip
        ctx._node = self
        try:
            results = self.cls.backward(ctx, *grads)
        finally:
            ctx._node = None
        results = list(results) if isinstance(results, (tuple, list)) else [results]
        expected = len(self.edges)
        while len(results) > expected and results[-1] is None:
            results.pop()
        if len(results) != expected:
            raise RuntimeError(
                f"{name}: backward returned {len(results)} gradients, but forward had {expected} "
                "arguments; return one for each, None for those without"
            )
        return [
            None if edge is None or (wanted is not None and not wanted(edge)) else g
            for edge, g in zip(self.edges, map(self._checked, count(), results), strict=True)
        ]

    def _checked(self, position: int, g: Tensor | None) -> Tensor | None:
        """A gradient that backward returned, if it fits the argument that it is of."""
        if g is None:
            return None
        if not isinstance(g, Tensor):
            raise TypeError(
                f"{self.cls.__name__}: gradient {position} of backward is a {type(g).__name__}, "
                "expected a Tensor or None"
            )
        facts = self.taken[position]
        if facts is None:
            raise RuntimeError(
                f"{self.cls.__name__}: backward returned a gradient, {g._array}, for argument "
                f"{position}, which is no tensor; return None there"
            )
        shape, dtype, backend = facts
        if g._array.storage.backend is not backend:
            raise ValueError(
                f"{self.cls.__name__}: gradient {position} of backward, {g._array}, is on "
                f"{g.device}, the argument was on {backend.name}"
            )
        if g._array.shape != shape:
            try:
                g = g.sum_to_size(shape)
            except ValueError:
                raise ValueError(
                    f"{self.cls.__name__}: gradient {position} of backward is {g._array}, but the "
                    f"argument has shape {shape}"
                ) from None
        return g if g._array.dtype is dtype else g.to(dtype)


def _facts(x: Any) -> tuple | None:
    """Shape, dtype and library of a tensor."""
    a = x._array if isinstance(x, Tensor) else None
    return None if a is None else (a.shape, a.dtype, a.storage.backend)


def _zeros(shape: tuple, dtype, backend) -> Tensor:
    return Tensor(Array.full(shape, 0, dtype, backend))


def once_differentiable(backward: Callable) -> Callable:
    """Decorates a backward that is not made of ops: it runs unrecorded, and going through its
    result once more is an error instead of a wrong derivative.

    >>> import tinydl
    >>> class Twice(tinydl.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return 2 * x
    ...     @staticmethod
    ...     @tinydl.autograd.function.once_differentiable
    ...     def backward(ctx, g):
    ...         return tinydl.from_numpy(2 * g.numpy())
    >>> x = tinydl.ones(2, requires_grad=True)
    >>> Twice.apply(x).sum().backward()
    >>> x.grad
    tensor([2., 2.])
    """

    @functools.wraps(backward)
    def wrapped(ctx: FunctionCtx, *grads: Any) -> Any:
        with no_grad():
            results = backward(ctx, *grads)
        if not mode.enabled:
            return results
        node = _Once(ctx._node, grads)
        many = results if isinstance(results, tuple) else (results,)
        return tuple(
            [Tensor(g._array, node, i) if isinstance(g, Tensor) else g for i, g in enumerate(many)]
        )

    return wrapped


class _Once(Node):
    """The end of the way back: the gradient of a once_differentiable backward."""

    __slots__ = ()

    def __init__(self, node: FunctionNode, grads: tuple):
        self.op, self.site = SimpleNamespace(name=node.op.name, outputs=len(node.edges)), node.site
        incoming = [g for g in grads if isinstance(g, Tensor) and g.requires_grad]
        self.edges = [*node.edges, *[_edge(g) for g in incoming]]
        self.rank, self.saved, self.versions = next(Node._ranks), {}, []
        self.hooks = self.retained = None

    def backward(self, grads: list, wanted) -> list:
        raise RuntimeError(
            f"{self.op.name}: its backward is marked once_differentiable, so there is no second "
            f"derivative.\n  called at {describe_site(self.site)}"
        )
