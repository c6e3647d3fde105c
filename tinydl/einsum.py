"""einsum and tensordot: sums of products over axes that are named.

Operands meet two at a time, in matrix products. A label is a letter, or (for the axes of "...") an
int: −1 for the last of these, −2 for the one before. What a label stands for has one size.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, compress
from math import prod

from . import ops
from .out import with_out
from .tensor import Tensor

Labels = tuple  # of letters and ints, one for each axis


def einsum(equation: str | Tensor, *operands) -> Tensor:
    """Sums of products of elements over named axes: "ij,jk->ik" is Σ_j x[i,j] y[j,k].

    Each operand has a letter for each of its axes; letters that the output does not name are summed
    over. A letter that an operand has twice takes its diagonal. "..." stands for any further axes,
    which broadcast, and so do axes of size 1. Without "->" the output has "..." and the letters
    that occur once, in alphabetical order. Several operands are contracted two at a time: up to
    five in the order that takes the fewest multiplications, of more the pair that shrinks most.

    Args:
        equation: the letters, or instead of it operands and lists of ints in turn, and perhaps a
            list for the output: einsum(x, [0, 1], y, [1, 2], [0, 2]).
        operands: x₀[…], x₁[…], … of any dtype, which they meet in.

    Returns:
        A tensor with an axis for each label of the output.

    Raises:
        ValueError: an equation that cannot be read or does not fit the operands, or sizes that
            differ; the message says which.

    Example:
        >>> import tinydl
        >>> x = tinydl.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> tinydl.einsum("ij,ij->i", x, x)
        tensor([ 5., 25.])
        >>> tinydl.einsum("ii", x)
        tensor(5.)
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists(equation, *operands)
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    for i, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise TypeError(f"einsum: operand {i} is no tensor but {type(x).__name__}")
    terms, output, path = _plan(equation, tuple(x.shape for x in operands))
    left = [
        (x[key] if 0 in key else x, names) for x, (key, names) in zip(operands, terms, strict=True)
    ]
    for i, j in path:
        y, x = left.pop(j), left.pop(i)
        needed = set(output).union(*(names for _, names in left))
        left.append(
            _product(*_reduce(*x, needed.union(y[1])), *_reduce(*y, needed.union(x[1])), needed)
        )
    x, names = _reduce(*left[0], set(output))
    return ops.permute(x, dims=tuple(map(names.index, output)))


@with_out
def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] = 2) -> Tensor:
    """Σ a · b over pairs of axes; what remains of a comes first, then what remains of b.

    Args:
        a, b: tensors of any dtype, which they meet in.
        dims: how many of the last axes of a go with as many first ones of b, or two lists of axes.

    Raises:
        ValueError: lists of different lengths, an axis named twice, or sizes that differ.
        IndexError: there is no such axis.

    Example:
        >>> import tinydl
        >>> x, y = tinydl.ones(2, 3, 4), tinydl.ones(4, 3, 5)
        >>> tinydl.tensordot(x, y, dims=([1, 2], [1, 0])).shape
        (2, 5)
    """
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: {a._array} and {b._array} do not have {dims} axes each")
        dims = range(a.ndim - dims, a.ndim), range(dims)
    first, second = dims
    left = [ops.axis("tensordot", d, a.ndim) for d in first]
    right = [ops.axis("tensordot", d, b.ndim) for d in second]
    if any(len(set(ds)) < len(ds) for ds in (left, right)) or len(left) != len(right):
        raise ValueError(f"tensordot: dims {dims!r} are no pairs of axes")
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ValueError(
                f"tensordot: axis {i} of {a._array} and axis {j} of {b._array} differ in size"
            )
    return ops.tensordot(a, b, (tuple(left), tuple(right)))


# --- reading --------------------------------------------------------------------------------------


def _from_lists(*arguments) -> tuple[str, tuple]:
    """einsum(x, [0, 1], y, [1, 2], [0, 2]) as an equation and operands."""
    operands, lists = arguments[0:-1:2], arguments[1::2]
    sides = [",".join(map(_letters, lists))]
    if len(arguments) % 2:
        sides.append(_letters(arguments[-1]))
    return "->".join(sides), operands


def _letters(numbers) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    try:
        return "".join("..." if n is Ellipsis else alphabet[n] for n in numbers)
    except (TypeError, IndexError):
        raise ValueError(
            f"einsum: expected a list of ints from 0 to 51 and ..., got {numbers!r:.60}"
        ) from None


@lru_cache(maxsize=1024)
def _plan(equation: str, shapes: tuple) -> tuple[list, Labels, list]:
    """(index, labels) of each operand, the output's labels, and which operands meet in which order.

    The index drops axes of size 1 whose label is larger elsewhere: a factor of all its terms.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(shapes):
        raise ValueError(
            f"einsum: {equation!r} is for {len(parts)} operands, {len(shapes)} were given"
        )
    labels = [_labels(equation, *pair) for pair in zip(parts, map(len, shapes), strict=True)]
    sizes = _sizes(equation, labels, shapes)
    unnamed = sorted(label for label in sizes if type(label) is int)
    if arrow:
        axes = len(right.replace("...", "")) + len(unnamed) * ("..." in right)
        output = _labels(equation, right, axes)
    else:
        once = [c for c in sorted(set(left) - {",", "."}) if left.count(c) == 1]
        output = (*unnamed, *once)
    if len(set(output)) < len(output) or not sizes.keys() >= set(output):
        raise ValueError(
            f"einsum: {equation!r}: each letter of the output occurs in it once and in an operand"
        )
    terms = []
    for names, shape in zip(labels, shapes, strict=True):
        repeats = [n < sizes[label] for label, n in zip(names, shape, strict=True)]
        key = tuple(0 if repeated else slice(None) for repeated in repeats)
        terms.append((key, tuple(compress(names, map(operator.not_, repeats)))))
    return terms, output, _path([set(names) for _, names in terms], set(output), sizes)[1]


def _labels(equation: str, part: str, ndim: int) -> Labels:
    """One operand's letters, with ints for the axes that its "..." stands for."""
    before, dots, after = part.partition("...")
    letters = before + after
    if not (letters.isascii() and (letters.isalpha() or not letters)):
        raise ValueError(f"einsum: {equation!r}: expected letters and one '...', got {part!r}")
    unnamed = ndim - len(letters)
    if unnamed < 0 or (unnamed and not dots):
        raise ValueError(
            f"einsum: {equation!r}: {part!r} names {len(letters)} axes, its operand has {ndim}"
        )
    return (*before, *range(-unnamed, 0), *after)


def _sizes(equation: str, labels: list[Labels], shapes: tuple) -> dict:
    """What each label stands for: the one size of its axes, but for those of size 1."""
    sizes: dict = {}
    for names, shape in zip(labels, shapes, strict=True):
        for label, n in zip(names, shape, strict=True):
            known = sizes.get(label, 1)
            if 1 != n != known != 1:
                raise ValueError(
                    f"einsum: {equation!r}: {'...' if type(label) is int else repr(label)} "
                    f"has sizes {known} and {n} (shapes {', '.join(map(str, shapes))})"
                )
            sizes[label] = n if known == 1 else known
    return sizes


def _path(terms: list[set], output: set, sizes: dict) -> tuple[int, list]:
    """Multiplications of the cheapest order, and the order: pairs (i, j), i < j, of the operands
    left; their product goes to the end. Of more than five the pair that shrinks most is next."""

    def size(names: set) -> int:
        return prod(sizes[name] for name in names)

    def joined(i: int, j: int) -> tuple[list, int]:
        rest = [names for k, names in enumerate(terms) if k not in (i, j)]
        product = terms[i] | terms[j]
        return [*rest, product & output.union(*rest)], size(product)

    pairs = list(combinations(range(len(terms)), 2))
    if not pairs:
        return 0, []
    if len(terms) > 5:
        pairs = [
            min(
                pairs, key=lambda p: size(joined(*p)[0][-1]) - size(terms[p[0]]) - size(terms[p[1]])
            )
        ]
    plans = []
    for i, j in pairs:
        left, here = joined(i, j)
        cost, steps = _path(left, output, sizes)
        plans.append((here + cost, [(i, j), *steps]))
    return min(plans)


# --- computing ------------------------------------------------------------------------------------


def _reduce(x: Tensor, names: Labels, needed: set) -> tuple[Tensor, Labels]:
    """Diagonals of labels that occur twice, sums over those that nobody needs."""
    for label in set(names):
        while names.count(label) > 1:
            first, second = [i for i, name in enumerate(names) if name == label][:2]
            x = x.diagonal(0, first, second)
            names = (*(name for i, name in enumerate(names) if i not in (first, second)), label)
    gone = tuple(i for i, name in enumerate(names) if name not in needed)
    if gone:
        x = ops.sum(x, dim=gone, keepdim=False)
        names = tuple(name for name in names if name in needed)
    return x, names


def _product(x: Tensor, a: Labels, y: Tensor, b: Labels, needed: set) -> tuple[Tensor, Labels]:
    """x · y, summed over the labels that both have and nobody needs: a batch of matrix products."""
    batch = [label for label in a if label in b and label in needed]
    summed = [label for label in a if label in b and label not in needed]
    rows = [label for label in a if label not in b]
    columns = [label for label in b if label not in a]
    size = {**dict(zip(a, x.shape, strict=True)), **dict(zip(b, y.shape, strict=True))}

    def shaped(z: Tensor, names: Labels, *groups: list) -> Tensor:
        z = ops.permute(z, dims=tuple(names.index(label) for group in groups for label in group))
        shape = [prod(size[label] for label in group) for group in groups]
        return ops.reshape(z, shape=tuple(shape if batch else shape[1:]))

    if summed:
        z = ops.matmul(shaped(x, a, batch, rows, summed), shaped(y, b, batch, summed, columns))
    else:
        z = shaped(x, a, batch, rows, []) * shaped(y, b, batch, [], columns)
    names = (*batch, *rows, *columns)
    return ops.reshape(z, shape=tuple(size[label] for label in names)), names
