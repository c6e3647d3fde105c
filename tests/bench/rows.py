"""What is timed: each row written once, as code for PyTorch that runs on tinydl as well.

A row is a function of a library (`L`, either torch or tinydl) that sets everything up and returns
(run, result): run() is what is timed, result() the numbers that both libraries must agree on.
All inputs are drawn from one seed with NumPy. The network is the CNN that `make train` trains.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

ROWS: dict[str, callable] = {}
BATCH = 64


def row(function):
    """Registers a row under its name, - for _."""
    ROWS[function.__name__.replace("_", "-")] = function
    return function


def draw(L, *shape, seed: int = 0, requires_grad: bool = False):
    """Normal numbers, the same in both libraries."""
    return L.tensor(normal(shape, seed), requires_grad=requires_grad)


@lru_cache(maxsize=4)
def normal(shape: tuple, seed: int) -> np.ndarray:
    """Drawing large arrays takes longer than all that is done with them on a GPU."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def labels(L, n: int):
    return L.tensor(np.random.default_rng(1).integers(0, 10, n))


def network(L, side: int = 28):
    """The CNN, for images of that many rows and columns."""
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


def set_parameters(L, model):
    """The model with parameters drawn from one seed (He et al.'s scale)."""
    rng = np.random.default_rng(2)
    state = {}
    for name, p in model.named_parameters():
        shape = tuple(p.shape)
        scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.01
        state[name] = L.tensor((scale * rng.standard_normal(shape)).astype(np.float32))
    model.load_state_dict(state)
    return model


# --- the network ----------------------------------------------------------------------------------


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


def training(L, make_optimizer):
    x, target = draw(L, BATCH, 1, 28, 28), labels(L, BATCH)
    step = training_step(L, network(L), make_optimizer, x, target)
    losses = [step().item() for _ in range(5)]
    return step, lambda: losses


@row
def step_adam(L):
    """training step, Adam, batch 64"""
    return training(L, lambda parameters: L.optim.Adam(parameters, lr=1e-3))


@row
def step_sgd(L):
    """training step, SGD with momentum, batch 64"""
    return training(L, lambda parameters: L.optim.SGD(parameters, lr=1e-2, momentum=0.9))


def inference(L, batch: int):
    model, x = network(L), draw(L, batch, 1, 28, 28)
    model.eval()

    def run():
        with L.no_grad():
            return model(x)

    return run, run


@row
def infer_256(L):
    """inference, batch 256"""
    return inference(L, 256)


@row
def infer_1(L):
    """inference, batch 1"""
    return inference(L, 1)


# --- its kernels ----------------------------------------------------------------------------------


def forward(L, f, *inputs):
    def run():
        with L.no_grad():
            return f(*inputs)

    return run, run


def backward(L, f, *inputs, of: int = 0):
    """The gradient of one input of f, given one for the output."""
    x = inputs[of].requires_grad_()
    y = f(*inputs)
    g = draw(L, *y.shape, seed=9)

    def run():
        return L.autograd.grad(y, x, g, retain_graph=True)[0]

    return run, run


def conv1(L):
    weight = draw(L, 32, 1, 3, 3, seed=3) * 0.3
    return draw(L, BATCH, 1, 28, 28), weight.detach(), draw(L, 32, seed=4)


def conv2(L):
    weight = draw(L, 64, 32, 3, 3, seed=3) * 0.06
    return draw(L, BATCH, 32, 14, 14), weight.detach(), draw(L, 64, seed=4)


def convolve(L):
    return lambda x, w, b: L.nn.functional.conv2d(x, w, b, padding=1)


@row
def conv1_forward(L):
    """conv 1→32, 28×28, batch 64"""
    return forward(L, convolve(L), *conv1(L))


@row
def conv1_weight(L):
    """… gradient of the weight"""
    return backward(L, convolve(L), *conv1(L), of=1)


@row
def conv2_forward(L):
    """conv 32→64, 14×14, batch 64"""
    return forward(L, convolve(L), *conv2(L))


@row
def conv2_input(L):
    """… gradient of the input"""
    return backward(L, convolve(L), *conv2(L), of=0)


@row
def conv2_weight(L):
    """… gradient of the weight"""
    return backward(L, convolve(L), *conv2(L), of=1)


def dense(L):
    weight = draw(L, 128, 3136, seed=3) * 0.02
    return draw(L, BATCH, 3136), weight.detach(), draw(L, 128, seed=4)


@row
def linear_forward(L):
    """linear 3136→128, batch 64"""
    return forward(L, L.nn.functional.linear, *dense(L))


@row
def linear_input(L):
    """… gradient of the input"""
    return backward(L, L.nn.functional.linear, *dense(L), of=0)


@row
def linear_weight(L):
    """… gradient of the weight"""
    return backward(L, L.nn.functional.linear, *dense(L), of=1)


def pool(L):
    return lambda x: L.nn.functional.max_pool2d(x, 2)


@row
def pool_forward(L):
    """max pool 2×2, [64,32,28,28]"""
    return forward(L, pool(L), draw(L, BATCH, 32, 28, 28))


@row
def pool_backward(L):
    """… gradient"""
    return backward(L, pool(L), draw(L, BATCH, 32, 28, 28))


@row
def relu_forward(L):
    """relu, [64,32,28,28]"""
    return forward(L, L.nn.functional.relu, draw(L, BATCH, 32, 28, 28))


@row
def relu_backward(L):
    """… gradient"""
    return backward(L, L.nn.functional.relu, draw(L, BATCH, 32, 28, 28))


@row
def loss_forward(L):
    """cross-entropy, [64,10]"""
    target = labels(L, BATCH)
    return forward(L, lambda x: L.nn.functional.cross_entropy(x, target), draw(L, BATCH, 10))


@row
def loss_backward(L):
    """… gradient"""
    target, x = labels(L, BATCH), draw(L, BATCH, 10, requires_grad=True)
    y = L.nn.functional.cross_entropy(x, target)

    def run():
        return L.autograd.grad(y, x, retain_graph=True)[0]

    return run, run


def updates(L, make_optimizer):
    model = network(L)
    for i, p in enumerate(model.parameters()):
        p.grad = draw(L, *p.shape, seed=i) * 1e-3
    optimizer = make_optimizer(list(model.parameters()))
    for _ in range(3):
        optimizer.step()
    after = [p.detach().numpy().copy() for p in model.parameters()]
    return optimizer.step, lambda: after


@row
def adam_update(L):
    """Adam, 421,642 parameters"""
    return updates(L, lambda parameters: L.optim.Adam(parameters, lr=1e-3))


@row
def sgd_update(L):
    """SGD with momentum, 421,642 parameters"""
    return updates(L, lambda parameters: L.optim.SGD(parameters, lr=1e-2, momentum=0.9))


# --- what a call costs beside the arithmetic ------------------------------------------------------


@row
def add_8(L):
    """add of 8 numbers"""
    return forward(L, lambda x, y: x + y, draw(L, 8), draw(L, 8, seed=1))


@row
def add_8_recorded(L):
    """… recorded for a gradient"""
    x, y = draw(L, 8, requires_grad=True), draw(L, 8, seed=1)
    return lambda: x + y, lambda: (x + y).detach()


@row
def graph_of_3(L):
    """(x·y + z).sum() and backward, 8 numbers"""
    x, y, z = (draw(L, 8, seed=i, requires_grad=True) for i in range(3))

    def run():
        return L.autograd.grad((x * y + z).sum(), (x, y, z))

    return run, lambda: [g.detach() for g in run()]
