"""Rows of what is beside the arithmetic: updates of many tensors, and what one call costs."""

from __future__ import annotations

from collections.abc import Callable

from networks import dense, training
from rows import Row, draw, forward
from variants import STEPS

TENSORS, ELEMENTS = 64, 16384  # a million parameters


def _updates(kind: str, **options: float) -> Callable:
    def make(V):
        parameters = [V.L.nn.Parameter(draw(V.L, ELEMENTS, seed=i)) for i in range(TENSORS)]
        for i, p in enumerate(parameters):
            p.grad = draw(V.L, ELEMENTS, seed=100 + i) * 1e-3
        step = V.optimizer(kind, **options)(parameters).step
        for _ in range(3):
            step()
        after = [p.detach().numpy().copy() for p in parameters]
        return step, lambda: after

    return make


def _optimizer(kind: str, title: str, buffers: int, **options: float) -> Row:
    """Parameters and buffers are read and written, gradients read."""
    return Row(
        kind.lower(),
        f"{title}, {TENSORS} tensors of {ELEMENTS:,}",
        _updates(kind, **options),
        moved=4 * TENSORS * ELEMENTS * (2 * (1 + buffers) + 1),
        beside=("foreach", "fused"),
        reach=1.1,
    )


def _add(V):
    return forward(lambda x, y: x + y, draw(V.L, 8), draw(V.L, 8, seed=1))


def _add_recorded(V):
    x, y = draw(V.L, 8, requires_grad=True), draw(V.L, 8, seed=1)
    return forward(lambda x, y: x + y, x, y)


def _add_sum_backward(V):
    x, y = (draw(V.L, 8, seed=i, requires_grad=True) for i in range(2))

    def run():
        x.grad = y.grad = None
        (x + y).sum().backward()

    def result():
        run()
        return [x.grad, y.grad]

    return V.replayed(run), result


OPTIMIZERS = [
    _optimizer("SGD", "SGD with momentum", 1, lr=1e-2, momentum=0.9),
    _optimizer("Adam", "Adam", 2, lr=1e-3),
]
CALLS = [
    Row("call-add", "add of 8 numbers", _add, at_most=1.5e-6),
    Row("call-add-recorded", "… recorded for a gradient", _add_recorded, at_most=3e-6),
    Row(
        "call-backward",
        "add, sum and backward of 8 numbers",
        _add_sum_backward,
        beside=("replayed",),
        reach=1.5,
    ),
    Row(
        "call-mlp",
        "training step of an MLP 8-8-8-8, SGD, batch 8",
        training(lambda L: dense(L, [8] * 4), (8, 8), "SGD", 8, lr=0.1),
        beside=STEPS,
        reach=1.5,
    ),
]
