"""einsum against NumPy's: any equation, and the ones that cannot be."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from against_numpy import numbers, same
from devices import EVERY_DEVICE
from hypothesis import given, settings
from hypothesis import strategies as st

import tinydl
from tinydl.inspect import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

SIZE = dict(zip("abcde", (2, 3, 1, 4, 2), strict=True))


@st.composite
def equations(draw):
    """An equation and operands: repeated letters, axes of size 1, "..." on some operands."""
    parts, shapes = [], []
    for _ in range(draw(st.integers(1, 4))):
        names = draw(st.lists(st.sampled_from("abcde"), max_size=3))
        shape = [SIZE[name] for name in names]
        for i, name in enumerate(names):
            if names.count(name) == 1 and draw(st.integers(0, 9)) == 0:
                shape[i] = 1
        if draw(st.integers(0, 3)) == 0:
            at = draw(st.integers(0, len(names)))
            dots = draw(st.sampled_from([(), (2,), (3, 2), (1, 2), (3, 1)]))
            names[at:at], shape[at:at] = ["..."], dots
        parts.append("".join(names))
        shapes.append(tuple(shape))
    known = sorted(set("".join(parts)) - {"."})
    dots = any("..." in part for part in parts)
    equation = ",".join(parts)
    if draw(st.booleans()) or dots:  # NumPy has other ideas of implicit outputs with dots
        chosen = draw(st.permutations(known).map(lambda p: p[: len(p) // 2 + 1]))
        chosen[draw(st.integers(0, len(chosen))) : 0] = ["..."] if dots else []
        equation += "->" + "".join(chosen)
    return equation, shapes


@settings(max_examples=150)
@given(equations())
def test_like_numpy(drawn):
    equation, shapes = drawn
    arrays = [numbers(shape) for shape in shapes]
    actual = tinydl.einsum(equation, *map(tinydl.tensor, arrays))
    same(actual, np.einsum(equation, *arrays), rtol=1e-10)


EQUATIONS = [
    "ij,jk",
    "ii->i",
    "ii",
    "bij,bkj->bik",
    "i,j,k->kij",
    "ij,ij,jk->k",
    "...i,i...->...",
    "ij->ji",
]


@pytest.mark.parametrize("equation", EQUATIONS)
def test_derivatives(equation):
    shapes = {"ii->i": "33", "ii": "33", "bij,bkj->bik": "223,243", "...i,i...->...": "23,32"}.get(
        equation, ",".join("2" * len(part) for part in equation.split("->")[0].split(","))
    )
    operands = [
        tinydl.tensor(numbers(tuple(map(int, shape)))).requires_grad_()
        for shape in shapes.split(",")
    ]
    f = lambda *xs: tinydl.einsum(equation, *xs)  # noqa: E731
    gradcheck(f, operands)
    gradgradcheck(f, operands)


def test_lists_of_ints_and_lists_of_operands():
    x, y = tinydl.tensor(numbers((2, 3))), tinydl.tensor(numbers((3, 4)))
    product = x @ y
    assert tinydl.einsum(x, [0, 1], y, [1, 2]).allclose(product)
    assert tinydl.einsum(x, [..., 1], y, [1, 2], [2, ...]).allclose(product.T)
    assert tinydl.einsum("ij,jk", [x, y]).allclose(product)


def test_operands_meet_in_one_dtype():
    x, n = tinydl.ones(2, 3), tinydl.arange(3)
    assert tinydl.einsum("ij,j", x, n).dtype is tinydl.float32
    assert tinydl.einsum("i,j->ij", n, n).dtype is tinydl.int64


def test_a_chain_of_matrices_is_contracted_from_its_thin_end():
    """(1×60)(60×60)(60×60): left to right, no product of square matrices."""
    from tinydl import inspect

    row, square = tinydl.ones(1, 60), tinydl.ones(60, 60)
    for order in permutations([("ab", row), ("bc", square), ("cd", square)]):
        letters, operands = zip(*order, strict=True)
        with inspect.trace() as trace:
            tinydl.einsum(",".join(letters) + "->ad", *operands)
        results = [call.tensors[0] for call in trace.calls if call.name == "td_matmul"]
        assert len(results) == 2
        assert {"f32[1,60]", "f32[60,1]"}.issuperset(results)


@pytest.mark.parametrize(
    "equation, shapes, message",
    [
        ("ij,jk", [(2, 3)], "for 2 operands, 1 were given"),
        ("ij", [(2, 3, 4)], "'ij' names 2 axes, its operand has 3"),
        ("i...j", [(2,)], "names 2 axes, its operand has 1"),
        ("ij,jk", [(2, 3), (4, 5)], r"'j' has sizes 3 and 4 \(shapes \(2, 3\), \(4, 5\)\)"),
        ("...i,...i", [(2, 3), (4, 3)], r"\.\.\. has sizes 2 and 4"),
        ("ii", [(2, 3)], "'i' has sizes 2 and 3"),
        ("ij->k", [(2, 3)], "each letter of the output"),
        ("ij->ii", [(2, 3)], "each letter of the output"),
        ("i.j", [(2, 3)], "expected letters and one '...', got 'i.j'"),
        ("i1", [(2, 3)], "expected letters"),
        ("......i", [(2, 3)], "expected letters"),
    ],
)
def test_equations_that_cannot_be(equation, shapes, message):
    with pytest.raises(ValueError, match=message):
        tinydl.einsum(equation, *[tinydl.zeros(shape) for shape in shapes])


def test_operands_that_are_none():
    with pytest.raises(TypeError, match="einsum: operand 1 is no tensor but ndarray"):
        tinydl.einsum("i,i", tinydl.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="expected a list of ints from 0 to 51"):
        tinydl.einsum(tinydl.zeros(2), [52])
