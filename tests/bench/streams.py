"""Rows that do little with each number: what the memory gives is what counts.

Bytes are the least that must be read and written: operands once, results once. What only some
libraries keep for their gradient (indices, masks) is not among them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from rows import BATCH, Row, backward, draw, forward, labels
from variants import IMAGES

PLANES = (BATCH, 32, 28, 28)
SQUARE = (1024, 1024)
FLOAT = 4


def _both(name: str, title: str, f: Callable, shape: tuple, small: int, beside=(), reach=1.0):
    """A function of one tensor and its gradient. `small`: elements of the output."""
    large = prod(shape)

    def inputs(V):
        return V.compiled(lambda x: f(V.L, x)), V.arrange(draw(V.L, *shape))

    def derivative(V):
        return backward(V.L, *inputs(V), arrange=V.arrange)

    rest = {"beside": beside, "reach": reach}
    kept = small if small == large else 0  # the gradient of a softmax is made from its output
    return [
        Row(
            f"{name}-forward",
            title,
            lambda V: forward(*inputs(V)),
            moved=FLOAT * (large + small),
            **rest,
        ),
        Row(
            f"{name}-backward",
            f"{title}, gradient",
            derivative,
            moved=FLOAT * (large + small + kept),
            **rest,
        ),
    ]


# --- pools, softmax, losses, dropout --------------------------------------------------------------


def _pools() -> list[Row]:
    small, beside = prod(PLANES) // 4, (*IMAGES, "compile")
    return [
        row
        for name, title in (("max", "max"), ("avg", "average"))
        for row in _both(
            f"{name}-pool",
            f"{title} pool 2×2, [64,32,28,28]",
            lambda L, x, name=name: getattr(L.nn.functional, f"{name}_pool2d")(x, 2),
            PLANES,
            small,
            beside,
        )
    ]


def _cross_entropy(n: int, classes: int) -> list[Row]:
    def inputs(V):
        target = labels(V.L, n, classes)
        f = V.compiled(lambda x: V.L.nn.functional.cross_entropy(x, target))
        return f, draw(V.L, n, classes)

    def derivative(V):
        f, x = inputs(V)
        y = f(x.requires_grad_())

        def run():
            return V.L.autograd.grad(y, x, retain_graph=True)[0]

        return run, run

    name, title = f"cross-entropy-{n}x{classes}", f"cross-entropy, [{n},{classes}]"
    size = FLOAT * n * classes
    return [
        Row(
            f"{name}-forward",
            title,
            lambda V: forward(*inputs(V)),
            moved=size,
            reads=True,
            beside=("compile",),
        ),
        Row(
            f"{name}-backward",
            f"{title}, gradient",
            derivative,
            moved=2 * size,
            beside=("compile",),
        ),
    ]


def _dropout() -> list[Row]:
    """No two libraries draw the same numbers: each is held against what dropout means."""

    def drop(V):
        return V.compiled(lambda x: V.L.nn.functional.dropout(x, 0.5))

    def verdict(inputs, outputs):
        """Are all outputs 0 or twice the input, and how many are 0, in percent?"""
        inputs, outputs = np.asarray(inputs), np.asarray(outputs)
        kept = outputs != 0
        return [np.array(bool((outputs[kept] == 2 * inputs[kept]).all())), np.round(kept.mean(), 2)]

    def make_forward(V):
        x = draw(V.L, *SQUARE)
        run, _ = forward(drop(V), x)
        return run, lambda: verdict(x, run())

    def make_backward(V):
        x = draw(V.L, *SQUARE)
        run, _ = backward(V.L, drop(V), x)
        return run, lambda: verdict(draw(V.L, *SQUARE, seed=9), run())

    moved = 2 * FLOAT * prod(SQUARE)
    rest = {"moved": moved, "beside": ("compile",)}
    return [
        Row("dropout-forward", "dropout, [1024,1024]", make_forward, **rest),
        Row("dropout-backward", "dropout, [1024,1024], gradient", make_backward, **rest),
    ]


def _softmax(name: str) -> list[Row]:
    shape = (8192, 128)
    return _both(
        name.replace("_", "-"),
        f"{name}, [8192,128]",
        lambda L, x: getattr(L.nn.functional, name)(x, 1),
        shape,
        prod(shape),
        ("compile",),
    )


LAYERS = [
    *_pools(),
    *_softmax("softmax"),
    *_softmax("log_softmax"),
    *_cross_entropy(64, 10),
    *_cross_entropy(1024, 5000),
    *_dropout(),
]

# --- elementwise ops, sums, transposition ---------------------------------------------------------


def _elementwise(name: str, title: str, f: Callable, *shapes: tuple, beside=()) -> Row:
    def make(V):
        inputs = [V.arrange(draw(V.L, *shape, seed=i)) for i, shape in enumerate(shapes)]
        return forward(V.compiled(f), *inputs)

    moved = FLOAT * (sum(map(prod, shapes)) + prod(shapes[0]))
    text = ", ".join(str([*shape]).replace(" ", "") for shape in shapes)
    return Row(name, f"{title}, {text}", make, moved=moved, beside=beside)


def _function(name: str) -> list[Row]:
    def f(x):
        return getattr(x, name)()

    return [
        _elementwise(f"{name}-1m", name, f, SQUARE, beside=("compile",)),
        _elementwise(f"{name}-16k", name, f, (128, 128)),
    ]


def add(x, y):
    return x + y


def _sum(axis: int | None) -> Row:
    shape = (64, 128, 128)

    def make(V):
        f = V.compiled(lambda x: x.sum() if axis is None else x.sum(axis))
        return forward(f, draw(V.L, *shape))

    return Row(
        "sum-all" if axis is None else f"sum-axis{axis}",
        f"sum {'of all' if axis is None else f'over axis {axis}'}, [64,128,128]",
        make,
        moved=FLOAT * prod(shape),
        reads=True,
        beside=("compile",),
    )


ELEMENTWISE = [
    _elementwise("relu", "relu", lambda x: x.relu(), SQUARE),
    _elementwise("add", "add", add, SQUARE, SQUARE),
    _elementwise("add-row", "add a row", add, SQUARE, SQUARE[1:]),
    _elementwise("add-column", "add a column", add, SQUARE, (SQUARE[0], 1)),
    _elementwise("add-channel", "add one per channel", add, PLANES, (1, 32, 1, 1), beside=IMAGES),
    *(row for name in ("exp", "tanh", "sigmoid") for row in _function(name)),
    *(_sum(axis) for axis in (0, 1, 2, None)),
    _elementwise("transpose", "transpose", lambda x: x.t().contiguous(), SQUARE),
]
