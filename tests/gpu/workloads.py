"""What is timed on a GPU: rows as those of tests/bench/rows.py, of sizes that fill one.

`PARTS[name](cut)` lists the rows of one part. cut(n) is n for a GPU and at most a few for the
emulated device, where rows are only checked; rows that become equal are one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contenders import graphed, on_gpu
from rows import BATCH, backward, draw, forward, labels, lenet, network, training_step

Cut = Callable[[int], int]


@dataclass(frozen=True)
class Workload:
    """A row: make(L) sets it up in a library and returns (run, result).

    work    of one run, in billions of the unit's: floating-point operations or bytes
    target  how many times as long PyTorch should take at least, or 0
    of_copy what part of a copy's rate it should reach at least, or 0
    beside  the row whose PyTorch time that is about, if it is not this one
    cold    to be timed with operands in memory; those of a whole step are in the cache
    """

    name: str
    make: Callable
    work: float = 0
    unit: str = ""
    target: float = 1
    of_copy: float = 0
    beside: str = ""
    cold: bool = True


# --- matrix products: cuBLAS ----------------------------------------------------------------------

SQUARES = [(n, n, n) for n in (256, 512, 1024, 2048, 4096, 8192)]
SKINNY = [(64, 3136, 128), (1, 4096, 4096), (16, 4096, 4096), (8192, 4096, 16), (128, 65536, 128)]


def _gemm(m: int, k: int, n: int, turned: str = "") -> Workload:
    """a[m,k] @ b[k,n], where a letter in `turned` is a matrix that is stored transposed."""

    def make(L):
        a = draw(L, k, m).t() if "a" in turned else draw(L, m, k)
        b = draw(L, n, k, seed=1).t() if "b" in turned else draw(L, k, n, seed=1)
        return forward(L.matmul, a, b)

    name = f"{m}×{k} @ {k}×{n}" + (f", {' and '.join(turned)} transposed" if turned else "")
    return Workload(name, make, 2e-9 * m * k * n, "GFLOP/s", 0.85)


def gemm(cut: Cut) -> list[Workload]:
    plain = [_gemm(*map(cut, shape)) for shape in [*SQUARES, *SKINNY]]
    return plain + [_gemm(*map(cut, (2048,) * 3), turned) for turned in ("a", "b", "ab")]


# --- convolutions: cuDNN --------------------------------------------------------------------------

# network, images, channels in, rows and columns, channels out, filter, stride, padding
CONVOLUTIONS = [
    ("LeNet", 64, 1, 28, 6, 5, 1, 2),
    ("LeNet", 64, 6, 14, 16, 5, 1, 0),
    ("MNIST CNN", 64, 1, 28, 32, 3, 1, 1),
    ("MNIST CNN", 64, 32, 14, 64, 3, 1, 1),
    ("ResNet", 32, 3, 224, 64, 7, 2, 3),
    ("ResNet", 32, 64, 56, 64, 3, 1, 1),
    ("ResNet", 32, 256, 56, 64, 1, 1, 0),
    ("ResNet", 32, 64, 56, 128, 3, 2, 1),
    ("ResNet", 32, 128, 28, 128, 3, 1, 1),
    ("ResNet", 32, 256, 14, 256, 3, 1, 1),
    ("ResNet", 32, 512, 7, 512, 3, 1, 1),
]


def _conv(net: str, n: int, c: int, h: int, k: int, r: int, stride: int, pad: int) -> list:
    def operands(L):
        return draw(L, n, c, h, h), draw(L, k, c, r, r, seed=1)

    def convolve(L):
        return lambda x, w: L.nn.functional.conv2d(x, w, stride=stride, padding=pad)

    makers = {
        "forward": lambda L: forward(convolve(L), *operands(L)),
        "gradient of x": lambda L: backward(L, convolve(L), *operands(L), of=0),
        "gradient of w": lambda L: backward(L, convolve(L), *operands(L), of=1),
    }
    p = (h + 2 * pad - r) // stride + 1
    work = 2e-9 * n * k * p * p * c * r * r
    name = f"{net} {c}→{k}, {r}×{r}" + (f"/{stride}" if stride > 1 else "") + f" on {n}×{h}×{h}"
    return [Workload(f"{name}, {what}", f, work, "GFLOP/s", 0.7) for what, f in makers.items()]


def conv(cut: Cut) -> list[Workload]:
    rows = []
    for net, n, c, h, k, *window in CONVOLUTIONS:
        rows += _conv(net, cut(n), cut(c), cut(h), cut(k), *window)
    return rows


# --- what only moves memory -----------------------------------------------------------------------

LARGE, NARROW = (8192, 4096), (262144, 100)

# name, function of tensors, operands, how often it moves the first of them, of which kind
ELEMENTWISE = [
    ("copy", lambda x: x.clone(), [LARGE], 2, forward),
    ("add", lambda x, y: x + y, [LARGE, LARGE], 3, forward),
    ("add a row", lambda x, y: x + y, [LARGE, LARGE[1:]], 2, forward),
    ("exp", lambda x: x.exp(), [LARGE], 2, forward),
    ("relu", lambda x: x.relu(), [LARGE], 2, forward),
    ("relu, gradient", lambda x: x.relu(), [LARGE], 3, backward),
]
ROWS = [
    ("sum", lambda x: x.sum(), [LARGE], 1, forward),
    ("sum of rows", lambda x: x.sum(1), [LARGE], 1, forward),
    ("sum of columns", lambda x: x.sum(0), [LARGE], 1, forward),
    ("largest of rows", lambda x: x.amax(1), [LARGE], 1, forward),
    ("softmax", lambda x: x.softmax(1), [LARGE], 2, forward),
    ("softmax", lambda x: x.softmax(1), [NARROW], 2, forward),
    ("log_softmax", lambda x: x.log_softmax(1), [NARROW], 2, forward),
    ("softmax, gradient", lambda x: x.softmax(1), [LARGE], 3, backward),
]


def _move(cut: Cut, name: str, f: Callable, shapes: list, times: int, kind: Callable, **target):
    sizes = [tuple(map(cut, shape)) for shape in shapes]

    def make(L):
        operands = [draw(L, *shape, seed=i) for i, shape in enumerate(sizes)]
        return forward(f, *operands) if kind is forward else backward(L, f, *operands)

    rows, columns = sizes[0]
    work = 4e-9 * times * rows * columns
    return Workload(f"{name}, {rows}×{columns}", make, work, "GB/s", **target)


def bandwidth(cut: Cut) -> list[Workload]:
    """The copy comes first: what memory can do, and the others are measured against."""
    rows = [_move(cut, *row, target=0, of_copy=0.92) for row in ELEMENTWISE]
    return rows + [_move(cut, *row) for row in ROWS]


# --- optimizers and whole training steps ----------------------------------------------------------


def sgd(L, parameters, _):
    return L.optim.SGD(parameters, lr=1e-2, momentum=0.9)


def adam(L, parameters, graph: bool):
    """PyTorch records only an Adam that was made for it, which is slower otherwise."""
    recorded = graph and L.__name__ == "torch" and on_gpu(L)
    return L.optim.Adam(parameters, lr=1e-3, **({"capturable": True} if recorded else {}))


def _pair(name: str, make: Callable, eager: float, graph: float) -> list[Workload]:
    """A step as it is and as a recorded graph, both measured against PyTorch's as it is."""
    return [
        Workload(name, lambda L: make(L, False), target=eager, cold=False),
        Workload(f"{name}, graph", lambda L: make(L, True), target=graph, beside=name, cold=False),
    ]


def optimizer(cut: Cut) -> list[Workload]:
    def updates(L, make_optimizer, graph):
        parameters = [L.nn.Parameter(draw(L, cut(16384), seed=i)) for i in range(cut(64))]
        for i, p in enumerate(parameters):
            p.grad = draw(L, *p.shape, seed=100 + i) * 1e-3
        step = make_optimizer(L, parameters, graph).step
        step = graphed(L, step) if graph else step
        for _ in range(5):
            step()
        after = [p.detach().cpu().numpy().copy() for p in parameters]
        return step, lambda: after

    rows = []
    for name, make_optimizer in (("SGD with momentum", sgd), ("Adam", adam)):
        text = f"{name}, {cut(64)} tensors of {cut(16384):,}"
        rows += _pair(text, lambda L, g, m=make_optimizer: updates(L, m, g), 1, 1)
    return rows


def training(cut: Cut) -> list[Workload]:
    side, n = max(12, cut(28)), cut(BATCH)  # LeNet takes no smaller images

    def steps(L, model_of, make_optimizer, graph):
        x, target = draw(L, n, 1, side, side), labels(L, n)
        step = training_step(
            L, model_of(L, side), lambda parameters: make_optimizer(L, parameters, graph), x, target
        )
        step = graphed(L, step) if graph else step
        losses = [step().item() for _ in range(5)]
        return step, lambda: losses

    rows = []
    for name, *parts in (("LeNet, SGD", lenet, sgd), ("MNIST CNN, Adam", network, adam)):
        text = f"{name}, {n} images of {side}×{side}"
        rows += _pair(text, lambda L, g, parts=parts: steps(L, *parts, g), 1.5, 3)
    return rows


PARTS = {
    "gemm": gemm,
    "conv": conv,
    "bandwidth": bandwidth,
    "optimizer": optimizer,
    "training": training,
}
USES_TF32 = ("conv", "training")  # unless PyTorch is told not to


def rows(part: str, tiny: bool) -> list[Workload]:
    """The rows of one part."""
    found = PARTS[part]((lambda n: min(n, 7)) if tiny else int)
    return list({row.name: row for row in found}.values())
