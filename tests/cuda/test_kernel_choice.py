"""The shapes that make the CUDA library choose each of its kernels, against NumPy.

The case table (test_ops) has small operands, and a kernel for large or well-aligned ones would
never run on them. Together the two launch every kernel there is: `make coverage` holds them to it.
"""

from __future__ import annotations

import numpy as np
import pytest
from devices import NEEDS_CUDA

import tinydl
from tinydl import dtypes, ops
from tinydl.array import Array
from tinydl.nn import functional as F
from tinydl.op import OPS
from tinydl.ops.elementwise import Elementwise

pytestmark = NEEDS_CUDA
FLOATS = ("float32", "float64")
NUMPYS = (*FLOATS, "float16", "int64", "int32", "int16", "int8", "uint8", "bool")


def draw(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Numbers between −4 and 4 that repeat; none of them is negative in what has no sign."""
    numbers = np.random.default_rng(sum(shape)).uniform(-4, 4, shape)
    return (abs(numbers) if dtype in ("uint8", "bool") else numbers).astype(dtype)


def on_cuda(x: np.ndarray) -> tinydl.Tensor:
    return tinydl.from_numpy(x).to("cuda")


def assert_near(actual: tinydl.Tensor, expected: np.ndarray) -> None:
    """Within rounding of the largest value."""
    actual = actual.detach().cpu().numpy()
    size = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(
        actual, expected, rtol=0, atol=64 * np.finfo(actual.dtype).eps * size
    )


# --- matmul: a tile by the number of blocks, packs by alignment, four directions ------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("a_turned", [False, True])
@pytest.mark.parametrize("b_turned", [False, True])
@pytest.mark.parametrize(
    "m, k, n",
    [
        (2048, 16, 2048),  # tiles of 128², packed
        (2047, 3, 2049),  # and element by element
        (512, 16, 512),  # of 64²
        (511, 3, 513),
        (64, 16, 64),  # of 32²
        (31, 3, 33),
        (32, 2048, 32),  # k in parts
    ],
)
def test_matmul(dtype, a_turned, b_turned, m, k, n):
    a, b = draw(m, k, dtype=dtype), draw(k, n, dtype=dtype)
    x = on_cuda(np.ascontiguousarray(a.T)).T if a_turned else on_cuda(a)
    y = on_cuda(np.ascontiguousarray(b.T)).T if b_turned else on_cuda(b)
    assert_near(x @ y, a.astype("float64") @ b)


# --- conv2d ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "n, c, k, size",
    [
        (1, 8, 256, 64),  # tiles of 128²
        (1, 2048, 2048, 4),  # and for the gradient of the filters
        (1, 8, 64, 32),  # of 64²
        (1, 8, 16, 16),  # of 32 × 128 and 32 × 64
        (1, 256, 8, 4),  # long sums, in parts
        (1, 8, 256, 3),
    ],
)
def test_conv2d_with_filters_of_one(dtype, n, c, k, size):
    """1 × 1 filters make a convolution a product, so NumPy has no loops to run."""
    x, w = draw(n, c, size, size, dtype=dtype), draw(k, c, dtype=dtype)
    gy = draw(n, k, size, size, dtype=dtype)
    tx = on_cuda(x).requires_grad_()
    tw = on_cuda(w.reshape(k, c, 1, 1)).requires_grad_()
    y = F.conv2d(tx, tw)
    y.backward(on_cuda(gy))
    assert_near(y, np.einsum("kc,nchw->nkhw", w, x, dtype="float64"))
    assert_near(tx.grad, np.einsum("kc,nkhw->nchw", w, gy, dtype="float64"))
    wanted = np.einsum("nkhw,nchw->kc", gy, x, dtype="float64")
    assert_near(tw.grad, wanted.reshape(k, c, 1, 1))


def test_convolution_with_more_padding_than_places_hold():
    """A window whose first place is 2²⁹ before the image, and whose second is in it."""
    x, w = on_cuda(draw(2, 16, 5, 7)), on_cuda(draw(16, 16, 3, 3))
    x.requires_grad_(), w.requires_grad_()
    found = []
    for padding in (100, 2**29):
        y = F.conv2d(x, w, padding=padding, stride=padding + 1).sum()
        found.append([y, *tinydl.autograd.grad(y, (x, w))])
    for actual, expected in zip(*found, strict=True):
        assert_near(actual, expected.detach().cpu().numpy())


# --- softmax: a row in registers, in shared memory, or read again ---------------------------------


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("length", [3, 100, 600, 3000, 6144, 12288, 13000])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(dtype, length, name):
    x, gy = draw(3, length, dtype=dtype), draw(length, 3, dtype=dtype).T.copy()
    tx = on_cuda(x).requires_grad_()
    y = getattr(tx, name)(1)
    y.backward(on_cuda(gy))
    shifted = x.astype("float64") - x.max(1, keepdims=True)
    total = np.exp(shifted).sum(1, keepdims=True)
    soft, log = np.exp(shifted) / total, shifted - np.log(total)
    if name == "softmax":
        assert_near(y, soft)
        assert_near(tx.grad, soft * (gy - (gy * soft).sum(1, keepdims=True)))
    else:
        assert_near(y, log)
        assert_near(tx.grad, gy - soft * gy.sum(1, keepdims=True))


# --- copies, gathers, pools -----------------------------------------------------------------------


@pytest.mark.parametrize("source", dtypes.ALL, ids=str)
@pytest.mark.parametrize("target", dtypes.ALL, ids=str)
@pytest.mark.parametrize("step", [1, 2])
def test_copies_convert(source, target, step):
    """In packs of 16 bytes, and element by element; like the CPU, which test_dtypes judges."""
    x = tinydl.from_numpy(draw(64 * step)).to(source)
    y = Array.empty((64,), target, tinydl.device("cuda").backend)
    ops.call("copy", y, x.to("cuda")[::step]._array)
    np.testing.assert_array_equal(y.raw(), x[::step]._array.astype(target).raw())


@pytest.mark.parametrize("dtype", NUMPYS)
@pytest.mark.parametrize("length", [32, 33])
def test_rows_are_gathered(dtype, length):
    x, rows = draw(5, length, dtype=dtype), [4, 0, 0, 2]
    found = on_cuda(x).index_select(0, on_cuda(np.array(rows)))
    np.testing.assert_array_equal(found.cpu().numpy(), x[rows])


@pytest.mark.parametrize("dtype", FLOATS)
def test_max_pool_of_quarters(dtype):
    x = draw(2, 3, 8, 8, dtype=dtype)
    found = F.max_pool2d(on_cuda(x), 2)
    np.testing.assert_array_equal(found.cpu().numpy(), x.reshape(2, 3, 4, 2, 4, 2).max(axis=(3, 5)))


# --- small integers, of which the case table has fewer examples -----------------------------------

SCANS = ("cumsum", "cumprod", "cummax", "cummin")


@pytest.mark.parametrize("dtype", ["int16", "int8"])
@pytest.mark.parametrize("step", [1, 2])
def test_small_integers(dtype, step):
    """Elementwise in packs and one by one, reductions and scans of long and short rows: as on
    the CPU."""
    near = tinydl.from_numpy(draw(2, 5, 640 * step, dtype=dtype))
    far = near.to("cuda")

    def like_the_cpu(f):
        mine, theirs = f(far[..., ::step]), f(near[..., ::step])
        for x, y in zip(mine, theirs, strict=True) if isinstance(mine, tuple) else [(mine, theirs)]:
            np.testing.assert_array_equal(x.cpu().numpy(), y.numpy())

    for op in OPS.values():
        if isinstance(op, Elementwise) and len(op.inputs) < 3 and not op.defaults:
            operands = [near[0], near[1] | 1][: len(op.inputs)]  # divisors that are not 0
            try:
                result = op(*operands)
            except (TypeError, ValueError):
                continue  # it is for reals, or for matrices
            if result.dtype.is_floating_point:
                continue
            like_the_cpu(lambda x, op=op: op(*[x[0], x[1] | 1][: len(op.inputs)]))
    for dim in (0, 1, 2, None):
        for name in ("sum", "amax", "amin", "argmax", "prod"):
            like_the_cpu(lambda x, f=name, dim=dim: getattr(x, f)(dim=dim))
        for name in SCANS if dim is not None else ():
            like_the_cpu(lambda x, f=name, dim=dim: getattr(x, f)(dim))


# --- rows of thousands, which blocks share --------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "int64", "int32", "uint8"])
def test_long_rows(dtype):
    """Scans, products and sorting of rows longer than a block: as on the CPU."""
    real = dtype == "float64"
    numbers = draw(2, 4096, dtype=dtype)
    near = tinydl.from_numpy(1 + numbers * 1e-4 if real else numbers)  # products stay finite
    far = near.to("cuda")
    for name in (*SCANS, *(["logcumsumexp"] if real else []), "sort"):
        mine, theirs = getattr(far, name)(1), getattr(near, name)(1)
        for x, y in zip(mine, theirs, strict=True) if isinstance(mine, tuple) else [(mine, theirs)]:
            np.testing.assert_allclose(x.cpu().numpy(), y.numpy(), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(far.prod(1).cpu().numpy(), near.prod(1).numpy(), rtol=1e-12)
