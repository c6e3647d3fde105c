"""Matrix products. Operands may have any strides: a transposed matrix costs no copy."""

from __future__ import annotations

from math import prod

from .. import precision
from ..amp import Product, mode, rounded
from ..array import Array, broadcast_shapes
from ..backend import call
from ..dtypes import bfloat16, float32
from ..tensor import Tensor
from .check import same_dtype
from .elementwise import Elementwise, Weighted
from .halves import call_wide
from .reduce import sum_to
from .shape import permute, reshape


def _multiply(z: Array, x: Array, y: Array, bias: Array | None = None) -> Array:
    """z = x · y (+ bias), of one dtype: the one place that calls the kernel."""
    if z.dtype is float32:
        if precision.parts:
            call("matmul_split", z, x, y, bias, precision.parts)
        else:
            call("matmul", z, x, y, bias)
    elif z.dtype is bfloat16 and z.storage.backend.is_cpu:
        call("matmul", z, x, y, bias)
    else:
        call_wide("matmul", z, x, y, bias)
    return z


class _Matmul(Elementwise):
    """Operands meet in one dtype and batch axes broadcast, as in an elementwise op."""

    moves = True  # halves as they are

    def prepare(self, inputs: tuple) -> list:
        return Elementwise.prepare(self, rounded(inputs) if mode.any else inputs)


@_Matmul
def _matmul(x, y):
    """z[…,m,n] = Σ_k x[…,m,k] y[…,k,n]; the leading axes broadcast.

    float32, float64 or integers (modulo 2^bits), of any strides, in the dtype they meet in.
    """
    batch = ()
    if len(x.shape) > 2 or len(y.shape) > 2:
        try:
            batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
        except ValueError as error:
            raise ValueError(f"matmul: x {x} and y {y}: the batch axes: {error}") from None
        x, y = _batched(x, batch), _batched(y, batch)
    z = Array.empty((*batch, x.shape[-2], y.shape[-1]), x.dtype, x.storage.backend)
    return _multiply(z, x, y)


def _batched(x: Array, batch: tuple) -> Array:
    return x if x.shape[:-2] == batch else x.expand((*batch, *x.shape[-2:]))


def _shared(x_shape: tuple, g: Tensor) -> bool:
    """Whether one matrix met a stack: its gradient is one product then, rounded once."""
    return len(x_shape) == 2 < g.ndim


_matmul.vjp(
    x=lambda g, y, x_shape: linear_weight(g.mT, y.mT) if _shared(x_shape, g) else _matmul(g, y.mT),
    y=lambda g, x, y_shape: linear_weight(x, g) if _shared(y_shape, g) else _matmul(x.mT, g),
)


def matmul(x: Tensor, y: Tensor) -> Tensor:
    """x @ y with NumPy's rules: 1-d operands are a row on the left, a column on the right.

    x[…,m,k], y[…,k,n] → z[…,m,n] with leading axes broadcast, any dtype but bool.

    Raises:
        ValueError: a 0-d operand, or sizes that do not fit.

    Example:
        >>> import tinydl
        >>> tinydl.ops.matmul(tinydl.ones(2, 3), tinydl.ones(3))
        tensor([3., 3.])
    """
    a, b = x._array, y._array
    if len(a.shape) == 2 and len(b.shape) == 2 and a.shape[1] == b.shape[0]:
        return _matmul(x, y)
    if not a.ndim or not b.ndim:
        raise ValueError(f"matmul: both operands need at least one axis (x {a}, y {b}); use *")
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(
            f"matmul: x {a} has {a.shape[-1]} columns but y {b} has "
            f"{b.shape[-2 if b.ndim > 1 else 0]} rows; they must be equal"
        )
    left = reshape(x, shape=(1, *a.shape)) if a.ndim == 1 else x
    right = reshape(y, shape=(*b.shape, 1)) if b.ndim == 1 else y
    z = _matmul(left, right)
    if a.ndim == 1 or b.ndim == 1:
        rows = () if a.ndim == 1 else z.shape[-2:-1]
        z = reshape(z, shape=z.shape[:-2] + rows + (() if b.ndim == 1 else z.shape[-1:]))
    return z


def tensordot(x: Tensor, y: Tensor, dims: tuple) -> Tensor:
    """Σ x · y over the axes dims[0] of x, each with the one of y in dims[1]; the others stay.

    x[i…,k…], y[k…,j…] → z[i…,j…], of any dtype: one product of matrices.
    """
    over_x, over_y = dims
    rows = tuple(a for a in range(x.ndim) if a not in over_x)
    columns = tuple(a for a in range(y.ndim) if a not in over_y)
    summed = prod(x.shape[a] for a in over_x)
    sides = [x.shape[a] for a in rows], [y.shape[a] for a in columns]
    left = reshape(permute(x, dims=(*rows, *over_x)), shape=(prod(sides[0]), summed))
    right = reshape(permute(y, dims=(*over_y, *columns)), shape=(summed, prod(sides[1])))
    return reshape(matmul(left, right), shape=(*sides[0], *sides[1]))


@Weighted
def linear(x, w, b=None):
    """y[…,o] = Σ_i x[…,i] w[o,i] (+ b[o]).

    x[…,i], w[o,i], b[o] → y[…,o], float32 or float64, all of one dtype (but see Weighted).

    Raises:
        ValueError: x's last axis, w and b do not fit.
        TypeError: operands of different dtypes.
    """
    size, features = x.shape, w.shape
    if len(features) != 2 or not size or size[-1] != features[1]:
        hint = ""
        if x.ndim > 2 and w.ndim == 2 and prod(x.shape[1:]) == w.shape[1]:
            hint = "; flatten x first: x.flatten(1) or nn.Flatten()"
        elif x.ndim == 2 and w.ndim == 2 and 4 * x.shape[1] == w.shape[1]:
            hint = "; that is a quarter: one 2×2 pool too many before it, or smaller images"
        elif x.ndim == 2 and w.ndim == 2 and x.shape[1] == 4 * w.shape[1]:
            hint = "; that is four times: one 2×2 pool too few before it, or larger images"
        raise ValueError(
            f"linear: x {x} has {x.shape[-1] if x.ndim else 'no'} features in its last axis, "
            f"the weight {w} takes {w.shape[1] if w.ndim == 2 else '?'}{hint}"
        )
    if b is not None and b.shape != w.shape[:1]:
        raise ValueError(
            f"linear: the bias {b} does not fit the weight {w}: expected {w.shape[:1]}"
        )
    if x.dtype is not w.dtype or (b is not None and b.dtype is not w.dtype):
        same_dtype("linear", x=x, w=w, b=b)
    y = Array.empty((*size[:-1], features[0]), x.dtype, x.storage.backend)
    columns = w.view(features[::-1], w.strides[::-1])
    _multiply(_rows(y), _rows(x), columns, b and b.contiguous())
    return y


@Product
def linear_input(gy, w):
    """The gradient of linear's x: gx[…,i] = Σ_o gy[…,o] w[o,i].

    gy[…,o], w[o,i] → gx[…,i], float32 or float64.
    """
    gx = Array.empty((*gy.shape[:-1], w.shape[1]), gy.dtype, gy.storage.backend)
    _multiply(_rows(gx), _rows(gy), w)
    return gx


@Product
def linear_weight(gy, x):
    """The gradient of linear's w: gw[o,i] = Σ gy[…,o] x[…,i].

    gy[…,o], x[…,i] → gw[o,i], float32 or float64.
    """
    gy, x = _rows(gy), _rows(x)
    gw = Array.empty((gy.shape[1], x.shape[1]), gy.dtype, gy.storage.backend)
    return _multiply(gw, gy.view(gy.shape[::-1], gy.strides[::-1]), x)


def _rows(x: Array) -> Array:
    """x[…,i] as a matrix."""
    if len(x.shape) == 2:
        return x
    return x.contiguous().reshape((prod(x.shape[:-1]), x.shape[-1]))


linear.vjp(
    x=lambda g, w: linear_input(g, w),
    w=lambda g, x: linear_weight(g, x),
    b=lambda g: sum_to(g, g._array.shape[-1:]),
)
linear_input.vjp(gy=lambda g, w: linear(g, w), w=lambda g, gy: linear_weight(gy, g))
linear_weight.vjp(gy=lambda g, x: linear(x, g), x=lambda g, gy: linear_input(gy, g))
