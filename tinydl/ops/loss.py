"""The cross entropy of class labels, fused: logits in, one loss per row out."""

from __future__ import annotations

from ..amp import InFloat32
from ..array import Array
from ..backend import call
from ..op import op
from .check import real
from .reduce import sum
from .softmax import softmax, softmax_grad


@InFloat32
def cross_entropy(x, target, *, ignore_index):
    """(loss, lse): loss[n] = lse[n] − x[n,target[n]], lse[n] = ln Σ_c eˣ[n,c]; 0 where ignored.

    x[n,c] float32 or float64, target[n] int64 → loss[n], lse[n] of x's dtype. The maximum of a row
    is subtracted before eˣ, so large logits do not overflow.

    Raises:
        IndexError: a target outside 0 … c − 1 that is not ignore_index.
        TypeError: x is not floating point.
    """
    real("cross_entropy", x=x)
    loss = Array.empty(x.shape[:1], x.dtype, x.backend)
    lse = Array.empty(x.shape[:1], x.dtype, x.backend)
    call("cross_entropy", loss, lse, x.contiguous(), target.contiguous(), ignore_index)
    return loss, lse


@InFloat32
def cross_entropy_mean(x, target, *, ignore_index):
    """(mean, count, lse): the mean of cross_entropy over the rows that count, and their number.

    x[n,c] float32 or float64, target[n] int64 → mean, count, lse[n] of x's dtype; no row that
    counts makes NaN. The sum is taken in double precision.

    Raises:
        IndexError: a target outside 0 … c − 1 that is not ignore_index.
        TypeError: x is not floating point.
    """
    real("cross_entropy", x=x)
    mean, count = (Array.empty((), x.dtype, x.backend) for _ in range(2))
    lse = Array.empty(x.shape[:1], x.dtype, x.backend)
    call("cross_entropy_mean", mean, count, lse, x.contiguous(), target.contiguous(), ignore_index)
    return mean, count, lse


@op
def cross_entropy_grad(gy, x, lse, target, *, ignore_index):
    """gx[n,c] = gy[n] (softmax(x)[n,c] − [c = target[n]]); 0 where ignored.

    gy[n] or one number for all rows, x[n,c], lse[n] of one dtype, target[n] int64 → gx[n,c].
    """
    gx = Array.empty(x.shape, x.dtype, x.backend)
    gy = gy if gy.shape else gy.expand(target.shape)
    operands = (x.contiguous(), lse.contiguous(), target.contiguous())
    call("cross_entropy_grad", gx, gy, *operands, ignore_index)
    return gx


def _loss_rule(g, rest, x, target, ignore_index):
    return cross_entropy_grad(g, x, rest[0], target, ignore_index=ignore_index)


def _mean_rule(g, rest, x, target, ignore_index):
    count, lse = rest
    return cross_entropy_grad(g / count, x, lse, target, ignore_index=ignore_index)


cross_entropy.vjp(x=_loss_rule)
cross_entropy_mean.vjp(x=_mean_rule)
cross_entropy_grad.vjp(
    gy=lambda g, gy_shape, x, lse, target, ignore_index: sum(
        g * _unit(x, lse, target, ignore_index), dim=(1,) if gy_shape else (0, 1), keepdim=False
    ),
    # lse is a function of x: its share is in x's rule, so it has none of its own
    x=lambda g, gy, x, target, ignore_index: softmax_grad(
        g * _kept(gy, target, ignore_index).reshape(-1, 1), softmax(x, dim=1), dim=1
    ),
)


def _unit(x, lse, target, ignore_index):
    """cross_entropy_grad for gy = 1."""
    one = Array.full((1,), 1, x.dtype, x._array.backend)
    return cross_entropy_grad(type(lse)(one), x, lse, target, ignore_index=ignore_index)


def _kept(gy, target, ignore_index):
    """gy with 0 in ignored rows."""
    return gy.where(target != ignore_index, 0)
