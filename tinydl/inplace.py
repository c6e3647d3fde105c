"""Writing to a tensor in its own memory: what is refused, and what the graph learns of it.

The tensor becomes the output of a new node. If it is a view, what it is a view of changed as well:
the base becomes base with x put in its place (ops.assign), and x the view of that, so that later
uses of either see the write. Other views of the base follow when they are used next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .array import Array, broadcast_shapes
from .graph import Node, follow, mode, wrote
from .tensor import Tensor

if TYPE_CHECKING:
    from .op import Op


def inplace(op: Op, name: str, x: Tensor, others: list, attrs: dict) -> Tensor:
    """x ← op(x, …), computed in x's dtype; name is what users call it."""
    if mode.enabled and not x.requires_grad and x._base is not None:
        in_graph(x)  # and from now on requires a gradient
    array = x._array
    repeated = [s == 0 < n - 1 for n, s in zip(array.shape, array.strides, strict=True)]
    if any(repeated) and array.size:
        raise ValueError(f"{name}: {array} is an expanded view, one element stands for many")
    whole = "key" not in attrs  # each element is read where the result goes
    arrays = [_apart(other._array, array, whole) for other in others]
    if whole and arrays:
        _check_fit(name, array, arrays)
    node, needs = None, tuple(t.requires_grad for t in (x, *others))
    if mode.enabled and any(needs):
        check_graph(name, x)
        read = any(at == 0 for at, _ in op.plan(needs).values)  # a rule reads what goes now
        values = array.astype(array.dtype) if read else array
        old = Tensor(values, x._node, x._index, x.requires_grad)
        inputs = [old, *[old if other is x else other for other in others]]
        node = Node.record(op, inputs, needs, array, attrs, later=True)
    op.forward(array, *arrays, into=array, **attrs)
    wrote(array, name)
    if node is not None:
        node.resave_output(array)
        x._node, x._index, x.requires_grad = node, 0, True
        if x._base is not None:
            put_back(x)
    return x


def _apart(source: Array, target: Array, whole: bool) -> Array:
    """source, copied if writing to target would change it under the reader."""
    same = source.shape == target.shape and source.strides == target.strides
    same = same and source.offset == target.offset and whole
    if source.storage is not target.storage or same:
        return source
    return source.astype(source.dtype)


def _check_fit(name: str, array: Array, others: list[Array]) -> None:
    operands = " and ".join(map(repr, (array, *others)))
    try:
        shape = broadcast_shapes(array.shape, *[a.shape for a in others])
    except ValueError as error:
        raise ValueError(f"{name}: {operands}: {error}") from None
    if shape != array.shape:
        raise ValueError(
            f"{name}: the result of {operands} has shape {shape}, which does not fit into {array}"
        )


def check_graph(name: str, x: Tensor) -> None:
    """Refuses writes of which no node can tell; a view is brought up to date with its base."""
    base = x._base and x._base[0]
    leaf = next((t for t in (x, base) if t is not None and t.requires_grad and t.is_leaf), None)
    if leaf is not None:
        what = "is" if leaf is x else f"is a view of {leaf._array},"
        raise RuntimeError(
            f"{name}: {x._array} {what} a leaf that requires a gradient, which in-place changes "
            "would make wrong; use the form that returns a new tensor, or update it under no_grad()"
        )
    if base is not None and base.requires_grad and x._node is None:
        raise RuntimeError(
            f"{name}: {x._array} was taken from {base._array} under no_grad(), so gradients cannot "
            "flow through writes to it; clone() it, or take it where gradients are recorded"
        )
    if base is not None:
        _region(x)
        if base.requires_grad and base._node is not x._base[1]:
            take_again(x)


# --- views ----------------------------------------------------------------------------------------


def in_graph(x: Tensor) -> bool:
    """Whether a view of a constant has a graph, because what it shows was written to since."""
    base, node = x._base
    if node is not None or base._node is None:
        return False
    take_again(x)
    return True


def catch_up(x: Tensor) -> None:
    """Brings what may be a view up to date with its base, where it is asked for its place in the
    graph and no op is called that would do it."""
    if x._base is None:
        return
    if x._node is not None:
        follow(x)
    elif not x.requires_grad:
        in_graph(x)


def _region(x: Tensor):
    """Where a view lies in its base, as a key of ops.getitem."""
    from .ops.index import Region

    a, base = x._array, x._base[0]._array
    steps = sorted((abs(a.strides[i]), n) for i, n in enumerate(a.shape) if n > 1 and a.size)
    dense, reach = a.storage is base.storage and base.is_contiguous, 0
    for step, n in steps:
        dense = dense and step > reach  # else elements may be seen twice
        reach += step * (n - 1)
    if not dense:
        raise RuntimeError(
            f"{a} is no simple view of {base}, so gradients do not flow through writes to either "
            "of them; assign to the tensor itself (base[index] = value), use the form that returns "
            "a new tensor, or take the view again afterwards"
        )
    return Region(a.shape, a.strides, a.offset - base.offset)


def put_back(x: Tensor) -> None:
    """After a recorded write to a view: its base is what it was with x in its place."""
    from .ops.index import assign

    key, base, array = _region(x), x._base[0], x._base[0]._array
    before = Tensor(array, base._node, base._index, base.requires_grad)
    now = Tensor(x._array, x._node, x._index)
    needs = (base.requires_grad, True)
    base._node = Node.record(assign, (before, now), needs, array, {"key": key})
    base._index, base.requires_grad = 0, True
    x._base = (base, None)  # not what it is now: take_again() makes it so


def take_again(x: Tensor) -> None:
    """A view of what was written over since becomes the view of what that is now."""
    from .ops.index import getitem

    base, key = x._base[0], _region(x)
    x._node = Node.record(getitem, (base,), (True,), x._array, {"key": key})
    x._index, x.requires_grad, x._base = 0, True, (base, base._node)
