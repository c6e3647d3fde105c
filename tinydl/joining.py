"""Tensors made of several tensors: one after the other, side by side, or of one and the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import dtypes, ops
from .out import Choosing, with_out
from .tensor import Tensor

__all__ = [
    "cat", "concat", "concatenate", "stack", "hstack", "vstack", "row_stack", "dstack",
    "column_stack", "block_diag", "broadcast_shapes", "broadcast_tensors", "atleast_1d",
    "atleast_2d", "atleast_3d", "where", "safe_where",
]  # fmt: skip


@with_out
def cat(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None) -> Tensor:
    """The tensors one after the other along dim, x₀[…,n₀,…], x₁[…,n₁,…], … → y[…,n₀+n₁+…,…].

    Args:
        tensors: one or more, which may differ in size on axis dim only; they meet in one dtype.
            Those of shape (0,) fit everywhere and add nothing: something to begin a loop with.
        dim: the axis, negative ones counted from the end. Also axis=.

    Raises:
        ValueError: no tensors, tensors without axes, or sizes that differ elsewhere.
        IndexError: there is no axis dim.

    Example:
        >>> import tinydl
        >>> tinydl.cat([tinydl.zeros(1), tinydl.ones(2)])
        tensor([0., 1., 1.])
    """
    tensors = _all_tensors("cat", tensors)
    if not tensors:
        raise ValueError("cat: there is nothing to join")
    dtype = dtypes.promote([x.dtype for x in tensors], [], [])
    tensors = [x for x in tensors if x.shape != (0,)] or tensors[:1]
    first = tensors[0]._array
    if not first.ndim:
        raise ValueError("cat: 0-d tensors have no axis to join along; use stack()")
    axis = ops.axis("cat", dim if axis is None else axis, first.ndim)
    for i, x in enumerate(tensors):
        a = x._array
        if a.ndim != first.ndim or any(
            n != m for d, (n, m) in enumerate(zip(a.shape, first.shape, strict=True)) if d != axis
        ):
            raise ValueError(
                f"cat: tensors[{i}] is {a}, tensors[0] is {first}; "
                f"they may differ on axis {axis} only"
            )
    return ops.cat(*[ops.cast(x, dtype) for x in tensors], dim=axis)


concat = concatenate = cat


def _all_tensors(name: str, tensors) -> list[Tensor]:
    """A list of what must be tensors."""
    if isinstance(tensors, Tensor):
        raise TypeError(f"{name}: expected a list, such as [a, b], got one tensor {tensors._array}")
    tensors = list(tensors)
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}: tensors[{i}] is no tensor but {type(x).__name__}")
    return tensors


@with_out
def stack(tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None) -> Tensor:
    """Tensors of one shape side by side along a new axis, which becomes axis dim of the result.

    dim may also be called axis.

    Raises:
        ValueError: no tensors, or different shapes.
        IndexError: there is no axis dim.

    Example:
        >>> import tinydl
        >>> tinydl.stack([tinydl.zeros(3), tinydl.ones(3)], dim=1).shape
        (3, 2)
    """
    tensors, dim = _all_tensors("stack", tensors), dim if axis is None else axis
    shapes = {x.shape for x in tensors}
    if len(shapes) != 1:
        raise ValueError(f"stack: expected tensors of one shape, got {sorted(shapes) or 'none'}")
    return cat([x.unsqueeze(ops.axis("stack", dim, x.ndim + 1)) for x in tensors], dim)


def _each(name: str, convert: Callable[[Tensor], Tensor], tensors: tuple) -> list[Tensor]:
    """The tensors of f(a, b) or of f([a, b]), converted."""
    if len(tensors) == 1 and not isinstance(tensors[0], Tensor):
        tensors = tensors[0]
    return [convert(x) for x in _all_tensors(name, tensors)]


@with_out
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along axis 1, vectors and numbers along axis 0.

    >>> import tinydl
    >>> tinydl.hstack([tinydl.zeros(2, 1), tinydl.ones(2, 2)]).shape
    (2, 3)
    """
    rows = _each("hstack", _atleast_1d, (tensors,))
    return cat(rows, 0 if rows and rows[0].ndim == 1 else 1)


@with_out
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """One above the other: along axis 0, vectors as rows.

    >>> import tinydl
    >>> tinydl.vstack([tinydl.zeros(2), tinydl.ones(3, 2)]).shape
    (4, 2)
    """
    return cat(_each("vstack", _atleast_2d, (tensors,)), 0)


row_stack = vstack


@with_out
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """One behind the other: along axis 2, vectors as x[None,:,None], matrices as x[:,:,None].

    >>> import tinydl
    >>> tinydl.dstack([tinydl.zeros(2, 3), tinydl.ones(2, 3)]).shape
    (2, 3, 2)
    """
    return cat(_each("dstack", _atleast_3d, (tensors,)), 2)


@with_out
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side along axis 1, vectors as columns.

    >>> import tinydl
    >>> tinydl.column_stack([tinydl.zeros(2), tinydl.ones(2, 2)]).shape
    (2, 3)
    """
    return cat(
        _each("column_stack", lambda x: x if x.ndim > 1 else x.reshape(-1, 1), (tensors,)), 1
    )


def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the matrices along its diagonal, zeros elsewhere; vectors are rows.

    >>> import tinydl
    >>> tinydl.block_diag(tinydl.ones(1, 2), tinydl.ones(1, 1))
    tensor([[1., 1., 0.],
            [0., 0., 1.]])
    """
    blocks = _each("block_diag", _atleast_2d, tensors)
    for i, x in enumerate(blocks):
        if x.ndim > 2:
            raise ValueError(f"block_diag: tensors[{i}] is {x._array}, which is no matrix")
    if not blocks:
        raise ValueError("block_diag: there is nothing to join")
    dtype = dtypes.promote([x.dtype for x in blocks], [], [])
    columns, before, rows = sum(x.shape[1] for x in blocks), 0, []
    for x in blocks:
        n, m = x.shape
        key = ops.normalize((slice(None), slice(before, before + m)), (n, columns))
        rows.append(ops.getitem_grad(ops.cast(x, dtype), key=key, shape=(n, columns)))
        before += m
    return cat(rows, 0)


# --- shapes that fit together ---------------------------------------------------------------------


def broadcast_shapes(*shapes: Sequence[int] | int) -> tuple[int, ...]:
    """The shape that tensors of these shapes share when they meet, by NumPy's rule.

    Raises:
        ValueError: they do not broadcast.

    Example:
        >>> import tinydl
        >>> tinydl.broadcast_shapes((3, 1), (2,))
        (3, 2)
    """
    return ops.broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes], ())


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors as views of one shape, that to which all of them broadcast.

    Raises:
        ValueError: they do not broadcast.

    Example:
        >>> import tinydl
        >>> [x.shape for x in tinydl.broadcast_tensors(tinydl.ones(3, 1), tinydl.ones(2))]
        [(3, 2), (3, 2)]
    """
    shape = broadcast_shapes(*[x.shape for x in tensors])
    return tuple(x.expand(shape) for x in tensors)


def _atleast_1d(x: Tensor) -> Tensor:
    return x if x.ndim else x.reshape(1)


def _atleast_2d(x: Tensor) -> Tensor:
    return x if x.ndim > 1 else x.reshape(1, -1)


def _atleast_3d(x: Tensor) -> Tensor:
    return x if x.ndim > 2 else _atleast_2d(x).unsqueeze(-1)


def atleast_1d(*tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
    """Each tensor with at least 1 axis: numbers become vectors of one element.

    >>> import tinydl
    >>> tinydl.atleast_1d(tinydl.tensor(3))
    tensor([3])
    """
    return _one_or_all(_each("atleast_1d", _atleast_1d, tensors), tensors)


def atleast_2d(*tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
    """Each tensor with at least 2 axes: vectors become rows.

    >>> import tinydl
    >>> tinydl.atleast_2d(tinydl.ones(3)).shape
    (1, 3)
    """
    return _one_or_all(_each("atleast_2d", _atleast_2d, tensors), tensors)


def atleast_3d(*tensors: Tensor) -> Tensor | tuple[Tensor, ...]:
    """Each tensor with at least 3 axes: vectors become x[None,:,None], matrices x[:,:,None].

    >>> import tinydl
    >>> tinydl.atleast_3d(tinydl.ones(3)).shape
    (1, 3, 1)
    """
    return _one_or_all(_each("atleast_3d", _atleast_3d, tensors), tensors)


def _one_or_all(found: list[Tensor], given: tuple) -> Tensor | tuple[Tensor, ...]:
    return found[0] if len(given) == 1 and isinstance(given[0], Tensor) else tuple(found)


def _where(
    condition: Tensor, input: Tensor | float | None = None, other: Tensor | float | None = None
) -> Tensor | tuple[Tensor, ...]:
    """input where the condition holds, else other; what is not chosen leaves no trace.

    Args:
        condition: a bool tensor; alone, the places where it holds: nonzero(as_tuple=True).
        input, other: tensors or numbers; all three broadcast, these two meet in one dtype.

    Raises:
        TypeError: condition is no bool tensor, or one of input and other is missing.
        ValueError: shapes that do not broadcast.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([-1.0, 4.0])
        >>> tinydl.where(x > 0, x.sqrt(), 0.0)
        tensor([0., 2.])
        >>> tinydl.where(x > 0)
        (tensor([1]),)
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise TypeError("where: give input and other, or neither of them")
    return ops.where(condition, input, other)


_where.__name__ = "where"
where: Choosing = with_out(_where)  # type: ignore[assignment]


def safe_where(
    condition: Tensor,
    f: Callable[[Tensor], Tensor],
    x: Tensor,
    other: Tensor | float = 0.0,
    safe: float = 1.0,
) -> Tensor:
    """f(x) where the condition holds, else other; the gradient is 0 there and never NaN.

    `where(x > 0, x.sqrt(), 0)` is right, but its gradient at x = 0 is 0 · ∞ = NaN: the branch that
    was not chosen gets a gradient of 0, and the derivative of sqrt there is ∞. So f is not called
    there at all: it sees `safe` instead of x.

    Args:
        condition: a bool tensor, broadcast with x.
        f: a function that works element by element.
        x: its argument.
        other: what the result is where the condition does not hold.
        safe: a number where f and its derivative are finite.

    Raises:
        TypeError: condition is no bool tensor.
        ValueError: shapes that do not broadcast.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([0.0, 4.0], requires_grad=True)
        >>> tinydl.safe_where(x > 0, tinydl.sqrt, x).sum().backward()
        >>> x.grad
        tensor([0.  , 0.25])
    """
    return ops.where(condition, f(ops.where(condition, x, safe)), other)
