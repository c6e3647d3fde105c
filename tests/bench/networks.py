"""Rows of whole networks: training steps, inference, a stack of convolutions.

Their FLOP are those of the matrix products and convolutions alone; backward does twice as many as
forward, less the gradient of the images, which nobody asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from peers import numpy_mlp, onnx_cnn
from rows import BATCH, Row, draw, labels, lenet, network, set_parameters, training_step
from variants import IMAGES, STEPS, TRAINING

# FLOP of one image, a layer each
CNN = [2 * 28**2 * 32 * 9, 2 * 14**2 * 64 * 32 * 9, 2 * 3136 * 128, 2 * 128 * 10]
LENET = [2 * 28**2 * 6 * 25, 2 * 10**2 * 16 * 6 * 25, 2 * 400 * 120, 2 * 120 * 84, 2 * 84 * 10]
MLP = [784, 128, 64, 10]
STACK, WIDTH = 10, 64


def step_flop(layers: list[int], n: int) -> int:
    return n * (3 * sum(layers) - layers[0])


def dense(L, widths: list[int]):
    """A multilayer perceptron with ReLU."""
    layers = []
    for n, m in pairwise(widths):
        layers += [L.nn.ReLU()] * bool(layers) + [L.nn.Linear(n, m)]
    return set_parameters(L, L.nn.Sequential(*layers))


def training(
    model_of: Callable, shape: tuple, kind: str, classes: int = 10, **options: float
) -> Callable:
    """A step of the optimizer `kind`; the first five losses are what all must agree on."""

    def make(V):
        model, x = V.arrange(model_of(V.L)), V.arrange(draw(V.L, *shape))
        target, make_optimizer = labels(V.L, shape[0], classes), V.optimizer(kind, **options)
        step = training_step(V.L, V.compiled(model), make_optimizer, x, target)
        step = V.replayed(step)
        losses = [step().item() for _ in range(5)]
        return step, lambda: losses

    return make


def inference(n: int) -> Callable:
    def make(V):
        model, x = V.arrange(network(V.L)), V.arrange(draw(V.L, n, 1, 28, 28))
        model.eval()
        predict = V.compiled(model)

        def run():
            with V.L.no_grad():
                return predict(x)

        run = V.replayed(run)
        return run, run

    return make


def stack(V):
    """Ten 3×3 convolutions with ReLU, forward and backward, without an optimizer."""
    nn, layers = V.L.nn, []
    for _ in range(STACK):
        layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU()]
    model = V.arrange(set_parameters(V.L, nn.Sequential(*layers)))
    x, g = (V.arrange(draw(V.L, 32, WIDTH, 32, 32, seed=seed)) for seed in (0, 9))
    apply = V.compiled(model)

    def step():
        model.zero_grad()
        apply(x).backward(g)

    step = V.replayed(step)

    def result():
        """The output, and how large all gradients are together.

        Not each of them: of twenty million numbers some are so near to 0 that rounding decides
        what ReLU does with them, and a single one of them shows in a gradient.
        """
        step()
        gradients = [np.asarray(p.grad, np.float64).ravel() for p in model.parameters()]
        return [model(x), np.linalg.norm(np.concatenate(gradients))]

    return step, result


def _mnist(kind: str, **options: float) -> Row:
    what = {"SGD": "SGD with momentum", "Adam": "Adam"}[kind]
    return Row(
        f"mnist-{kind.lower()}",
        f"training step of the MNIST CNN, {what}, batch {BATCH}",
        training(network, (BATCH, 1, 28, 28), kind, **options),
        flop=step_flop(CNN, BATCH),
        beside=TRAINING,
        reach=2.0,
    )


def _inference(n: int) -> Row:
    return Row(
        f"mnist-infer-{n}",
        f"its inference, batch {n}",
        inference(n),
        flop=n * sum(CNN),
        beside=("replayed", "compile", *IMAGES, "tuned"),
        others={"onnxruntime": onnx_cnn(n)},
        bar="onnxruntime",
    )


def _mlp(n: int) -> Row:
    layers = [2 * a * b for a, b in pairwise(MLP)]
    return Row(
        f"mlp-{n}",
        f"training step of an MLP 784-128-64-10, SGD, batch {n}",
        training(lambda L: dense(L, MLP), (n, 784), "SGD", lr=0.1),
        flop=step_flop(layers, n),
        beside=STEPS,
        others={"numpy": numpy_mlp(MLP, n, lr=0.1)},
        reach=2.0,
    )


ROWS = [
    _mnist("SGD", lr=1e-2, momentum=0.9),
    _mnist("Adam", lr=1e-3),
    _inference(256),
    _inference(1),
    Row(
        "lenet",
        f"training step of LeNet-5, SGD with momentum, batch {BATCH}",
        training(lambda L: lenet(L, 28), (BATCH, 1, 28, 28), "SGD", lr=1e-2, momentum=0.9),
        flop=step_flop(LENET, BATCH),
        beside=TRAINING,
        reach=2.0,
    ),
    _mlp(32),
    _mlp(64),
    Row(
        "stack",
        "ten 3×3 convolutions with ReLU, 64 channels, [32,64,32,32], forward and backward",
        stack,
        flop=step_flop([2 * 32 * 32 * WIDTH * WIDTH * 9] * STACK, 32),
        beside=("replayed", "compile", *IMAGES, "tuned"),
        reach=1.2,
    ),
]
