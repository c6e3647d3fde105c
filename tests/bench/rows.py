"""What rows are made of: a row is written once, as code for PyTorch that runs on tinydl as well.

A row's `make` gets a library in one variant (variants.py), sets everything up and returns
(run, result): run() is what is timed, result() the numbers that all who take part must agree on.
All inputs and parameters are drawn from fixed seeds with NumPy. Functions that take `L` take the
library itself, torch or tinydl, on whatever device is its default: tests/gpu uses them too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

BATCH = 64


@dataclass(frozen=True)
class Row:
    """One line of the table: what is timed, how much work it is, and what is aimed at.

    name     what ONLY= picks rows by
    make     of a Bound variant: (run, result)
    flop     of one run
    moved    bytes that one run has to read and write at least
    reads    nothing to speak of is written
    halves   of bfloat16: results may differ in their last bit, units for it do twice the work
    beside   variants that take part besides tinydl and PyTorch as it comes
    others   libraries with code of their own for this row: package → make
    bar      who is to be beaten; with PyTorch, its best variant
    reach    its time / tinydl's
    at_most  seconds; an aim of its own instead of a ratio
    """

    name: str
    title: str
    make: Callable
    flop: float = 0
    moved: float = 0
    reads: bool = False
    halves: bool = False
    beside: tuple[str, ...] = ()
    others: dict[str, Callable] = field(default_factory=dict)
    bar: str = "PyTorch"
    reach: float = 1.0
    at_most: float = 0


# --- numbers --------------------------------------------------------------------------------------


def draw(L, *shape, seed: int = 0, requires_grad: bool = False):
    """Normal numbers, the same in both libraries."""
    return L.tensor(normal(shape, seed), requires_grad=requires_grad)


@lru_cache(maxsize=4)
def normal(shape: tuple, seed: int) -> np.ndarray:
    """Drawing large arrays takes longer than all that is done with them on a GPU."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def labels(L, n: int, classes: int = 10):
    return L.tensor(np.random.default_rng(1).integers(0, classes, n))


def initial(shapes: Iterable[tuple]) -> list[np.ndarray]:
    """Values for parameters of these shapes: weights of He et al.'s scale, and small biases."""
    rng = np.random.default_rng(2)
    scales = ((np.sqrt(2 / np.prod(s[1:])) if len(s) > 1 else 0.01, s) for s in shapes)
    return [(scale * rng.standard_normal(shape)).astype(np.float32) for scale, shape in scales]


# --- networks -------------------------------------------------------------------------------------


def network(L, side: int = 28):
    """The CNN that `make train` trains, for images of that many rows and columns."""
    nn = L.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * (side // 4) ** 2, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    return set_parameters(L, model)


def lenet(L, side: int):
    """LeNet-5, as tinydl.train.models has it."""
    nn, left = L.nn, (side // 2 - 4) // 2
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * left * left, 120),
        nn.Tanh(),
        nn.Linear(120, 84),
        nn.Tanh(),
        nn.Linear(84, 10),
    )
    return set_parameters(L, model)


def set_parameters(L, model):
    """The model with its parameters set to initial values."""
    names, parameters = zip(*model.named_parameters(), strict=True)
    values = initial(tuple(p.shape) for p in parameters)
    model.load_state_dict(dict(zip(names, map(L.tensor, values), strict=True)))
    return model


def training_step(L, model, make_optimizer, x, target):
    """A function that makes one step and returns the loss."""
    optimizer, loss_of = make_optimizer(model.parameters()), L.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(x), target)
        loss.backward()
        optimizer.step()
        return loss

    return step


# --- one op ---------------------------------------------------------------------------------------


def forward(f, *inputs):
    """The output of f. Nothing is recorded unless one of the inputs asks for a gradient."""

    def run():
        return f(*inputs)

    return run, run


def backward(L, f, *inputs, of: int = 0, arrange: Callable = lambda x: x):
    """The gradient of one input of f, given one for the output, which `arrange` lays out."""
    x = inputs[of].requires_grad_()
    y = f(*inputs)
    g = arrange(draw(L, *y.shape, seed=9)).to(y.dtype)

    def run():
        return L.autograd.grad(y, x, g, retain_graph=True)[0]

    return run, run
