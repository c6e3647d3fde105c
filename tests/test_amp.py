"""autocast: what is computed in bfloat16, what is not, and that training goes on as before."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from against_numpy import rounded_once
from devices import CPU_ONLY, EVERY_DEVICE

import tinydl
from tinydl import nn, reference
from tinydl.nn import functional as F
from tinydl.op import OPS
from tinydl.train.models import cnn
from tinydl.vision.datasets import Digits

pytestmark = EVERY_DEVICE
LOW = tinydl.bfloat16


def kind() -> str:
    return tinydl.ones(1).device.type


def test_products_round_and_the_rest_does_not():
    x, w = tinydl.randn(4, 6), tinydl.randn(6, 5)
    image, filters = tinydl.randn(2, 3, 8, 8), tinydl.randn(4, 3, 3, 3)
    with tinydl.autocast(kind()):
        products = x @ w, F.linear(x, w.mT), F.conv2d(image, filters)
        others = x + x, x.exp(), x.sum(), x.relu(), F.max_pool2d(image, 2)
    assert {y.dtype for y in products} == {LOW} and {y.dtype for y in others} == {tinydl.float32}
    assert (x @ w).dtype is tinydl.float32


WINDOW = {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
PRODUCTS = {  # in tinydl, and what its arrays are multiplied and added by; the operands' shapes
    "matmul": (tinydl.matmul, np.matmul, (2, 7, 40), (40, 9)),
    "matmul, right": (tinydl.matmul, np.matmul, (7, 40), (3, 40, 9)),
    "matmul, stacks": (tinydl.matmul, np.matmul, (3, 7, 40), (3, 40, 9)),
    "linear": (F.linear, lambda x, w: x @ w.T, (7, 40), (9, 40)),
    "conv2d": (lambda x, w: F.conv2d(x, w, padding=1),
               lambda x, w: reference.conv2d(x, w, None, **WINDOW), (2, 3, 8, 9), (4, 3, 3, 3)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [LOW, tinydl.float16], ids=str)
@pytest.mark.parametrize("name", PRODUCTS)
def test_operands_are_rounded_once_and_so_are_sums(name, dtype):
    function, exactly, *shapes = PRODUCTS[name]
    x, w = operands = [tinydl.randn(shape, requires_grad=True) for shape in shapes]
    a, b = (t.detach().to(dtype).double().cpu().numpy() for t in operands)
    with tinydl.autocast(kind(), dtype):
        y = function(x, w)
    assert y.dtype is dtype
    rounded_once(y, exactly(a, b), exactly(np.abs(a), np.abs(b)))
    g = tinydl.randn(y.shape).to(dtype)
    y.backward(g)
    # the exact gradient, and the same of the operands' sizes
    signed, sizes = (
        [tinydl.tensor(v, requires_grad=True) for v in (a, b)],
        [tinydl.tensor(abs(v), requires_grad=True) for v in (a, b)],
    )
    function(*signed).backward(g.double())
    function(*sizes).backward(g.double().abs())
    for found, exact, size in zip(operands, signed, sizes, strict=True):
        assert found.grad.dtype is tinydl.float32 and found.grad.to(dtype).float().equal(found.grad)
        rounded_once(found.grad.to(dtype), exact.grad.cpu().numpy(), size.grad.cpu().numpy())


def test_what_loses_too_much_in_halves_is_float32():
    x = tinydl.randn(4, 6).bfloat16()
    target = tinydl.tensor([0, 1, 2, 3])
    with tinydl.autocast(kind()):
        for y in (F.softmax(x, 1), F.log_softmax(x, 1), F.cross_entropy(x, target),
                  F.mse_loss(x, x)):  # fmt: skip
            assert y.dtype is tinydl.float32
        assert (x.relu() + x).dtype is LOW and (x + x.float()).dtype is tinydl.float32
    assert F.softmax(x, 1).dtype is LOW


def test_factors_and_systems_are_float32():
    a = tinydl.randn(4, 3)
    with tinydl.autocast(kind()):
        Q, R = tinydl.linalg.qr(a, mode="complete")
        found = Q, R, tinydl.linalg.lstsq(a, a).solution, tinydl.linalg.matrix_power(a[:3], 3)
    assert {y.dtype for y in found} == {tinydl.float32}


def test_other_dtypes_stay():
    x = tinydl.ones(2, 2, dtype=tinydl.float64)
    with tinydl.autocast(kind()):
        assert (x @ x).dtype is tinydl.float64
    with tinydl.autocast(kind(), dtype=tinydl.float16):
        assert (x.float() @ x.float()).dtype is tinydl.float16
        assert tinydl.get_autocast_dtype(kind()) is tinydl.float16
    assert tinydl.get_autocast_dtype(kind()) is LOW


def test_blocks_nest_and_end():
    x = tinydl.ones(2, 2)
    other = "cuda" if kind() == "cpu" else "cpu"
    block = tinydl.autocast(kind())
    with block:
        assert tinydl.is_autocast_enabled() and tinydl.is_autocast_enabled(kind())
        assert not tinydl.is_autocast_enabled(other)
        with tinydl.autocast(kind(), enabled=False):
            assert (x @ x).dtype is tinydl.float32 and not tinydl.is_autocast_enabled(kind())
        with tinydl.autocast(other), block:
            assert (x @ x).dtype is LOW
        assert (x @ x).dtype is LOW
    assert not tinydl.is_autocast_enabled(kind()) and (x @ x).dtype is tinydl.float32
    with tinydl.autocast(other):
        assert (x @ x).dtype is tinydl.float32
    with pytest.raises(KeyError), block:
        raise KeyError
    assert not tinydl.amp.is_autocast_enabled(kind())


def test_it_is_a_decorator_and_of_one_thread():
    x, found = tinydl.ones(2, 2), []

    @tinydl.autocast(kind())
    def product(x):
        return x @ x

    assert product(x).dtype is LOW and product.__name__ == "product"
    with tinydl.autocast(kind()):
        thread = threading.Thread(target=lambda: found.append((x @ x).dtype))
        thread.start()
        thread.join()
    assert found == [tinydl.float32]


def test_parameters_and_gradients_stay_float32():
    layer = nn.Linear(6, 5)
    with tinydl.autocast(kind()):
        y = layer(tinydl.randn(4, 6))
        loss = F.mse_loss(y, tinydl.zeros(4, 5))
        inside = tinydl.autograd.grad(loss, layer.weight, retain_graph=True)[0]
    assert y.dtype is LOW and loss.dtype is tinydl.float32
    loss.backward()
    assert layer.weight.grad.dtype is tinydl.float32 is layer.bias.grad.dtype
    np.testing.assert_array_equal(layer.weight.grad.cpu().numpy(), inside.cpu().numpy())


def test_backward_inside_computes_as_outside():
    """A product made outside of a block has float32 gradients, wherever backward() is called."""
    x, w = tinydl.randn(4, 6), tinydl.randn(6, 5, requires_grad=True)
    y = (x @ w).sum()
    with tinydl.autocast(kind()):
        (inside,) = tinydl.autograd.grad(y, w, retain_graph=True)
    (outside,) = tinydl.autograd.grad(y, w)
    np.testing.assert_array_equal(inside.cpu().numpy(), outside.cpu().numpy())


def rounding(block) -> int:
    """How often the weight is rounded in two uses and one more after it was written to."""
    w, x, rounded = tinydl.ones(3, 3, requires_grad=True), tinydl.ones(3, 3).bfloat16(), []
    convert = OPS["to_dtype"]
    forward = convert.forward

    def counting(*arrays, **attrs):
        rounded.append(arrays)
        return forward(*arrays, **attrs)

    convert.forward = counting
    try:
        with block:
            first, second = x @ w, x @ w
            with tinydl.no_grad():
                w.mul_(2)
            third = x @ w
    finally:
        convert.forward = forward
    assert first.float().tolist() == second.float().tolist() == [[3.0] * 3] * 3
    assert third.float().tolist() == [[6.0] * 3] * 3
    return len(rounded)


def test_a_parameter_is_rounded_once_until_it_changes():
    assert rounding(tinydl.autocast(kind())) == 2
    assert rounding(tinydl.autocast(kind(), cache_enabled=False)) == 3


def test_gradients_add_up_within_one_block():
    """The cache holds numbers, not a graph that the first backward() would have freed."""
    w = tinydl.ones(3, 3, requires_grad=True)
    with tinydl.autocast(kind()):
        with tinydl.no_grad():
            assert not (tinydl.ones(1, 3) @ w).requires_grad
        for _ in range(2):
            (tinydl.ones(1, 3) @ w).sum().backward()
    assert w.grad.tolist() == [[2.0] * 3] * 3


def training(steps: int, compiled: bool) -> list[float]:
    tinydl.manual_seed(0)
    data = Digits()
    net = cnn((1, 8, 8), 10)
    optimizer = tinydl.optim.Adam(net.parameters(), lr=3e-3)

    def step(x, y):
        optimizer.zero_grad()
        with tinydl.autocast(kind()):
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = tinydl.compile(step) if compiled else step
    images = tinydl.tensor(np.stack([data[i][0] for i in range(128)])[:, None].astype("f") / 16)
    labels = tinydl.tensor(np.array([data[i][1] for i in range(128)]))
    halves = [(images[i : i + 64], labels[i : i + 64]) for i in (0, 64)]
    return [run(*halves[i % 2]).item() for i in range(steps)]


def test_a_compiled_step_gives_the_same_bits():
    assert training(6, compiled=True) == training(6, compiled=False)


@pytest.mark.parametrize("inside", [True, False])
def test_a_compiled_step_rounds_parameters_anew(inside):
    """Also where the block is around the step: the cache must not outlive what it was made of."""
    w = tinydl.ones(2, 2, requires_grad=True)
    block = tinydl.autocast(kind())
    step = tinydl.compile(
        block(lambda x: (x @ w).detach()) if inside else lambda x: (x @ w).detach()
    )
    x = tinydl.ones(1, 2)
    found = []
    for _ in range(4):
        with block:
            found.append(step(x).float().tolist())
        with tinydl.no_grad():
            w.add_(1)
    assert found == [[[2.0, 2.0]], [[4.0, 4.0]], [[6.0, 6.0]], [[8.0, 8.0]]]
    assert step(x).dtype is (LOW if inside else tinydl.float32)


def test_fused_layers_compute_the_same():
    """The same bits, but for gradients through a pool where values tie once they are rounded."""
    conv, linear = nn.Conv2d(1, 8, 3), nn.Linear(8 * 36, 5)
    x = tinydl.randn(3, 1, 8, 8)

    def outcome(fused: bool, *between: nn.Module) -> list:
        net = nn.Sequential(conv, nn.ReLU(), *between, nn.Flatten(), linear, nn.ReLU())
        net.zero_grad()
        with tinydl.autocast(kind()), nn.fusion(fused):
            y = net(x)
        y.backward(tinydl.ones_like(y))
        return [y.float().tolist(), *(p.grad.tolist() for p in net.parameters())]

    assert outcome(True) == outcome(False)
    pool = nn.MaxPool2d(3, 1, 1)
    together, apart = outcome(True, pool), outcome(False, pool)
    assert together[0] == apart[0] and together[3:] == apart[3:]


@CPU_ONLY  # minutes on the emulated device
@pytest.mark.parametrize("low", [False, True])
def test_digits_are_learned_as_well(low):
    """The CNN on the digits that come with the package: as accurate as in float32."""
    tinydl.manual_seed(0)
    net = cnn((1, 8, 8), 10)
    optimizer = tinydl.optim.Adam(net.parameters(), lr=3e-3)
    sets = []
    for train in (True, False):
        data = Digits(train=train)
        images = np.stack([data[i][0] for i in range(len(data))]).reshape(-1, 1, 8, 8)
        labels = np.array([data[i][1] for i in range(len(data))])
        sets.append((tinydl.tensor(images.astype("f") / images.max()), tinydl.tensor(labels)))
    (images, labels), (unseen, right) = sets

    @tinydl.compile
    def step(x, y):
        optimizer.zero_grad()
        with tinydl.autocast("cpu", enabled=low):
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()

    order = np.random.default_rng(0)
    for _ in range(6):
        for some in order.permutation(len(labels))[: len(labels) // 64 * 64].reshape(-1, 64):
            index = tinydl.tensor(some)
            step(images[index], labels[index])
    net.eval()
    with tinydl.no_grad(), tinydl.autocast("cpu", enabled=low):
        accuracy = (net(unseen).argmax(1) == right).float().mean().item()
    assert accuracy > 0.95
    assert all(p.dtype is tinydl.float32 for p in net.parameters())


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (("tpu",), ValueError, "autocast: expected device_type 'cpu' or 'cuda', got 'tpu'"),
        (("cpu", tinydl.float32), TypeError, "expected bfloat16 or float16, got tinydl.float32"),
        (("cpu", "bfloat16"), TypeError, "dtype: expected one of"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        tinydl.autocast(*arguments)
    with pytest.raises(ValueError, match="is_autocast_enabled: expected device_type"):
        tinydl.is_autocast_enabled("tpu")
