"""Inputs of the cases: functions of a Source that return the arrays and keywords of one call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from source import Source

import tinydl
from tinydl import ops, reference


def fixed(*shapes: tuple, values: str = "numbers", **params) -> Callable:
    """Numbers of these shapes."""
    return lambda s: ([getattr(s, values)(shape) for shape in shapes], params)


# --- elementwise ----------------------------------------------------------------------------------


def unary(values: str = "numbers", **params) -> Callable:
    return lambda s: ([getattr(s, values)(s.shape())], params)


def binary(left: str = "numbers", right: str = "numbers") -> Callable:
    """Two operands that broadcast to one shape."""

    def inputs(s: Source):
        shape = s.shape()
        a, b = s.pick([(shape, shape), (shape, s.broadcast(shape)), (s.broadcast(shape), shape)])
        return [getattr(s, left)(a), getattr(s, right)(b)], {}

    return inputs


def apart(s: Source):
    """Operands of one shape, no element of one equal to that of the other."""
    both = s.distinct((2, *s.shape()))
    return [both[0], both[1]], {}


def where(s: Source):
    shape = s.shape()
    mask, x, y = s.mask(s.broadcast(shape)), s.numbers(shape), s.numbers(s.broadcast(shape))
    return s.pick([[mask, x, y], [mask, y, x]]), {}


def clamp(s: Source):
    limits = s.pick([{"min": -1, "max": 1}, {"min": -1}, {"max": 1}, {"min": 1, "max": -1}])
    return [s.distinct(s.shape())], {"min": 2, "max": 7} if s.dtype.kind == "u" else limits


# what numbers of any dtype become; the rest is in test_dtypes.py
CONVERTED = ("float32", "float64", "int64", "uint8", "bool", "int8", "int16", "float16")


def to_dtype(s: Source):
    dtype = tinydl.dtypes.from_name(s.pick(CONVERTED))
    values = s.positive if dtype is tinydl.uint8 else s.numbers  # −1 has no uint8
    return [values(s.shape())], {"dtype": dtype, "source": tinydl.dtypes.from_name(s.dtype.name)}


# --- shape and place ------------------------------------------------------------------------------


def view(s: Source):
    shape = s.shape()
    size = int(np.prod(shape))
    return [s.numbers(shape)], {"shape": s.pick([(size,), (1, *shape), shape[::-1], (size, 1)])}


def permute(s: Source):
    shape, dims = s.shape(), []
    for _ in shape:
        dims.append(s.pick([axis for axis in range(len(shape)) if axis not in dims]))
    return [s.numbers(shape)], {"dims": tuple(dims)}


def expand(s: Source):
    shape = s.shape()
    return [s.numbers(s.broadcast(shape))], {"shape": shape}


def cat(s: Source):
    shape = s.shape(least=1)
    dim = s.size(0, len(shape) - 1)
    sizes = [s.size(0, 3) for _ in range(s.size(1, 3))]
    return [s.numbers((*shape[:dim], n, *shape[dim + 1 :])) for n in sizes], {"dim": dim}


def _key(s: Source, shape: tuple) -> tuple:
    """A basic index as users write it, normalized."""
    slices = [slice(None), slice(1, None), slice(None, None, 2), slice(None, None, -1)]
    parts = [s.pick(slices + [0, -1] * (n > 0)) for n in shape]
    if s.flag():
        parts.insert(s.size(0, len(parts)), None)
    return ops.normalize(tuple(parts), shape)


def getitem(s: Source):
    shape = s.shape()
    return [s.numbers(shape)], {"key": _key(s, shape)}


def getitem_grad(s: Source):
    (x,), params = getitem(s)
    return [s.numbers(reference.getitem(x, **params).shape)], {**params, "shape": x.shape}


def assign(s: Source):
    (x,), params = getitem(s)
    return [x, s.numbers(s.broadcast(reference.getitem(x, **params).shape))], params


# --- reductions and products ----------------------------------------------------------------------


def reduction(values: str, one: bool = False, empty: bool = False) -> Callable:
    """Over any axes, or over exactly one."""

    def inputs(s: Source):
        shape = s.shape(empty=empty)
        dim = s.axes(len(shape))
        return [getattr(s, values)(shape)], {"dim": dim[:1] if one else dim, "keepdim": s.flag()}

    return inputs


MATRIX = (1, 2, 3, 7, 0, 16, 33, 70)


def matmul(s: Source):
    m, k, n = s.pick(MATRIX), s.pick(MATRIX), s.pick(MATRIX)
    left, right = s.pick([((), ()), ((2,), (2,)), ((3, 1), (2,)), ((), (0,)), ((2, 3), ())])
    return [s.numbers((*left, m, k)), s.numbers((*right, k, n))], {}


def linear(s: Source):
    i, o = s.pick(MATRIX), s.pick(MATRIX)
    bias = s.numbers((o,)) if s.flag() else None
    return [s.numbers((*s.shape(most=2), i)), s.numbers((o, i)), bias], {}


def linear_input(s: Source):
    o = s.pick(MATRIX)
    return [s.numbers((*s.shape(most=2), o)), s.numbers((o, s.pick(MATRIX)))], {}


def linear_weight(s: Source):
    rows = s.shape(most=2)
    return [s.numbers((*rows, s.pick(MATRIX))), s.numbers((*rows, s.pick(MATRIX)))], {}


# --- windows --------------------------------------------------------------------------------------


def conv2d(s: Source):
    """x, w and b or None."""
    groups, n = s.size(1, 3), s.pick([1, 2, 3, 0])
    c, k = s.pick([1, 2, 3, 16, 33]), s.pick([1, 2, 3, 16, 33])
    window, stride, padding, dilation = (
        (s.size(low, high), s.size(low, high)) for low, high in ((1, 3), (1, 3), (0, 2), (1, 2))
    )
    image = tuple(
        max(d * (size - 1) + 1 - 2 * p, 1) + s.pick([0, 1, 2, 3, 7, 18])
        for size, p, d in zip(window, padding, dilation, strict=True)
    )
    arrays = [
        s.numbers((n, c * groups, *image)),
        s.numbers((k * groups, c, *window)),
        s.numbers((k * groups,)) if s.flag() else None,
    ]
    return arrays, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def conv3x3(s: Source):
    """x, w and b or None, where Winograd's tiles may serve: planes of whole tiles, and of parts."""
    groups, n = s.size(1, 2), s.pick([2, 1, 5])
    c, k = s.pick([16, 33, 70]), s.pick([16, 33, 70])
    image = s.pick([(8, 8), (4, 6), (9, 7), (10, 21), (5, 70)])
    params = {"padding": (s.size(0, 2), s.size(0, 3)), "groups": groups}
    arrays = [
        s.numbers((n, c * groups, *image)),
        s.numbers((k * groups, c, 3, 3)),
        s.numbers((k * groups,)) if s.flag() else None,
    ]
    return arrays, {"stride": (1, 1), "dilation": (1, 1), **params}


def conv2d_relu(s: Source):
    """As conv2d's, with a pool that fits its output or none."""
    arrays, window = conv2d(s)
    if s.flag():
        return arrays, {**window, "pool": None}
    sizes = reference.conv2d(*arrays, **window).shape[2:]
    pool = tuple(min(s.size(1, 3), size) for size in sizes)
    padding = tuple(s.size(0, size // 2) for size in pool)
    stride = (s.size(1, 3), s.size(1, 3))
    pool = {"window": pool, "stride": stride, "padding": padding, "dilation": (1, 1)}
    return arrays, {**window, "pool": {**pool, "ceil_mode": s.flag()}}


def depthwise(s: Source):
    """A filter for each channel, square; planes about as wide as vectors, or a little wider."""
    c, window, stride = s.size(1, 3), s.pick([3, 5, 2]), s.pick([1, 1, 2])
    image = tuple(max(s.pick([4, 7, 9, 16, 18, 35]), window) for _ in range(2))
    arrays = [
        s.numbers((s.pick([1, 3, 0]), c, *image)),
        s.numbers((c, 1, window, window)),
        s.numbers((c,)) if s.flag() else None,
    ]
    padding = (s.size(0, window), s.size(0, window))
    params = {"stride": (stride, stride), "padding": padding, "dilation": (1, 1), "groups": c}
    return arrays, params


def _gradient_of(forward: Callable, reference_of: Callable, keep: int) -> Callable:
    """Inputs of an adjoint: a gradient of the forward's output, and one of its inputs."""

    def inputs(s: Source):
        arrays, params = forward(s)
        arrays = [*arrays[:2], *([None] * (len(arrays) > 2))]
        gy = s.numbers(reference_of(*arrays, **params).shape)
        kept, gone = arrays[keep], arrays[1 - keep]
        return [gy, kept] if keep else [kept, gy], {**params, "shape": gone.shape}

    return inputs


def conv(n, c, image, k, window, *, stride=1, padding=None, groups=1) -> Callable:
    """A layer as networks have them: square, and padded to keep its size."""
    padding = window // 2 if padding is None else padding
    params = {"stride": (stride,) * 2, "padding": (padding,) * 2, "dilation": (1, 1)}
    x, w, b = (n, c, image, image), (k, c // groups, window, window), (k,)
    return lambda s: ([s.numbers(x), s.numbers(w), s.numbers(b)], {**params, "groups": groups})


def conv2d_input(forward: Callable = conv2d) -> Callable:
    return _gradient_of(forward, reference.conv2d, keep=1)


def conv2d_weight(forward: Callable = conv2d) -> Callable:
    return _gradient_of(forward, reference.conv2d, keep=0)


def _pool(s: Source, dilated: bool) -> tuple[tuple, dict]:
    """The shape of x, and the window's."""
    window, stride = (s.size(1, 3), s.size(1, 3)), (s.size(1, 3), s.size(1, 3))
    padding = tuple(s.size(0, size // 2) for size in window)
    dilation = (s.size(1, 2), s.size(1, 2)) if dilated else (1, 1)
    image = tuple(
        max(d * (size - 1) + 1 - 2 * p, d) + s.pick([0, 1, 2, 3, 7, 37])
        for size, p, d in zip(window, padding, dilation, strict=True)
    )
    params = {"window": window, "stride": stride, "padding": padding, "ceil_mode": s.flag()}
    if dilated:
        params["dilation"] = dilation
    return (s.pick([1, 2, 3, 0]), s.size(1, 3), *image), params


def max_pool2d(values: str) -> Callable:
    def inputs(s: Source):
        shape, params = _pool(s, dilated=True)
        return [getattr(s, values)(shape)], params

    return inputs


def avg_pool2d(s: Source):
    shape, params = _pool(s, dilated=False)
    params |= {"count_include_pad": s.flag(), "divisor": s.pick([0, 3])}
    return [s.numbers(shape)], params


def avg_pool2d_input(s: Source):
    (x,), params = avg_pool2d(s)
    return [s.numbers(reference.avg_pool2d(x, **params).shape)], {**params, "shape": x.shape}


def pooled(shape: tuple, **more) -> Callable:
    """Windows of 2×2 side by side."""
    params = dict(window=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False, **more)
    return lambda s: ([s.numbers(shape)], params)


def pool_places(scatter: bool) -> Callable:
    """A plane's values or gradients and winners' places."""

    def inputs(s: Source):
        n, c = s.pick([1, 2, 0]), s.size(1, 3)
        plane, pooled = (s.size(1, 9), s.size(1, 9)), (s.size(0, 5), s.size(1, 5))
        idx = s.integers(0, plane[0] * plane[1], (n, c, *pooled), "int32")
        if scatter:
            return [s.numbers(idx.shape), idx], {"shape": (n, c, *plane)}
        return [s.numbers((n, c, *plane)), idx], {}

    return inputs


# --- softmax, losses, chance, optimizers ----------------------------------------------------------


def along(operands: int) -> Callable:
    """Operands of one shape and an axis."""

    def inputs(s: Source):
        shape = s.shape(least=1)
        return [s.numbers(shape) for _ in range(operands)], {"dim": s.size(0, len(shape) - 1)}

    return inputs


def cross_entropy(s: Source):
    n, c = s.pick([1, 2, 3, 0, 17]), s.pick([1, 2, 3, 10, 67])
    target = s.integers(0, c, (n,))
    ignore = s.pick([-100, 0])
    return [s.numbers((n, c)), target], {"ignore_index": ignore}


def cross_entropy_mean(s: Source):
    (x, target), params = cross_entropy(s)
    if not len(x):  # the mean of nothing is tested elsewhere
        x, target = s.numbers((1, 3)), s.integers(0, 3, (1,))
    if (target == params["ignore_index"]).all():
        params = {"ignore_index": -100}
    return [x, target], params


def cross_entropy_grad(s: Source):
    (x, target), params = cross_entropy(s)
    lse = reference.cross_entropy(x, target, **params)[1]
    return [s.numbers(target.shape), x, lse, target], params


def dropout(s: Source):
    return [s.numbers(s.shape())], {"p": s.pick([0.5, 0.1, 0.0, 1.0]), "draw": (7, 2**40 + 3)}


def dropout_grad(s: Source):
    shape = s.shape()
    return [s.numbers(shape), s.integers(0, 2, shape).astype(bool)], {"p": s.pick([0.5, 0.1, 0.0])}


def random(**params) -> Callable:
    """A tensor to fill, and what with."""
    rng = (2**63 + 5, 12)
    return lambda s: ([np.zeros(s.shape(), s.dtype)], {**params, "rng": rng})


def sgd(s: Source):
    momentum = s.pick([0.0, 0.9])
    params = {"lr": 0.1, "momentum": momentum, "weight_decay": s.pick([0.0, 0.01])}
    params |= {"dampening": s.pick([0.0, 0.5]), "nesterov": bool(momentum) and s.flag()}
    params |= {"maximize": s.flag(), "first": s.flag()}
    shape = s.shape()
    return [s.numbers(shape) for _ in range(3)], params


ADAM = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def adam(s: Source):
    params = {**ADAM, "weight_decay": s.pick([0.0, 0.01]), "step": s.pick([1, 10])}
    params |= {"decoupled": s.flag(), "maximize": s.flag(), "amsgrad": s.flag()}
    return _adam_state(s, s.shape()), params


def _adam_state(s: Source, shape: tuple) -> list:
    p, m, g = (s.numbers(shape) for _ in range(3))
    return [p, m, s.positive(shape), s.positive(shape), g]


def adam_step(shape: tuple) -> Callable:
    """The tenth step with the usual settings."""
    plain = {"weight_decay": 0.0, "decoupled": False, "maximize": False, "amsgrad": False}
    return lambda s: (_adam_state(s, shape), {**ADAM, **plain, "step": 10})
