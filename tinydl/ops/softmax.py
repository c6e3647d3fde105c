"""Softmax and its logarithm along one axis, safe from overflow: the maximum is subtracted first."""

from __future__ import annotations

from ..amp import InFloat32
from ..array import Array
from ..backend import call
from ..op import op
from .check import real
from .reduce import sum


def _along(name: str, dim: int, *operands: Array) -> Array:
    """Calls a kernel that maps contiguous operands to an output of their shape."""
    real(name, x=operands[0])
    if not operands[0].ndim:  # one number is a row of one
        return _along(name, 0, *[a.reshape((1,)) for a in operands]).reshape(())
    y = Array.empty(operands[0].shape, operands[0].dtype, operands[0].backend)
    call(name, y, *[a.contiguous() for a in operands], dim)
    return y


@InFloat32
def softmax(x, *, dim):
    """y = eˣ / Σ eˣ along dim.

    x[…] → y[…], float32 or float64; each slice along dim sums to 1.

    Raises:
        TypeError: x is not floating point.
    """
    return _along("softmax", dim, x)


@op
def softmax_grad(gy, y, *, dim):
    """gx = y (gy − Σ gy y) along dim: gy[…], y[…] → gx[…], float32 or float64."""
    return _along("softmax_grad", dim, gy, y)


@InFloat32
def log_softmax(x, *, dim):
    """y = x − ln Σ eˣ along dim.

    x[…] → y[…], float32 or float64; finite where the softmax itself rounds to 0.

    Raises:
        TypeError: x is not floating point.
    """
    return _along("log_softmax", dim, x)


@op
def log_softmax_grad(gy, y, *, dim):
    """gx = gy − eʸ Σ gy along dim: gy[…], y[…] → gx[…], float32 or float64."""
    return _along("log_softmax_grad", dim, gy, y)


softmax.vjp(x=lambda g, out, dim: softmax_grad(g, out, dim=dim))
softmax_grad.vjp(
    gy=lambda g, y, dim: softmax_grad(g, y, dim=dim),  # the Jacobian is symmetric
    y=lambda g, gy, y, dim: g * (gy - _sum(gy * y, dim)) - gy * _sum(g * y, dim),
)
log_softmax.vjp(x=lambda g, out, dim: log_softmax_grad(g, out, dim=dim))
log_softmax_grad.vjp(
    gy=lambda g, y, dim: g - _sum(g * y.exp(), dim),
    y=lambda g, gy, y, dim: -g * y.exp() * _sum(gy, dim),
)


def _sum(x, dim: int):
    return sum(x, dim=(dim,), keepdim=True)
