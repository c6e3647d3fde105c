"""Scans along one axis: element t of the output is made of elements 0 … t of the input."""

from __future__ import annotations

from .. import dtypes
from ..array import Array
from ..backend import call
from ..op import op
from ..tensor import Tensor
from .check import real, same_dtype
from .elementwise import where
from .index import getitem, normalize
from .indexed import scatter_zeros
from .shape import cat


def _scan(name: str, operands: tuple, dim: int, dtype, *attrs, places: bool = False) -> list:
    """Calls a scan of contiguous operands; one number is a row of one."""
    shape = operands[0].shape
    rows = [a.contiguous() if shape else a.reshape((1,)) for a in operands]
    out = [Array.empty(rows[0].shape, dtype, rows[0].backend)]
    if places:
        out.append(Array.empty(rows[0].shape, dtypes.int64, rows[0].backend))
    call(name, *out, *rows, dim, *attrs)
    return [y.reshape(shape) for y in out]


def _total(x: Array):
    return x.dtype if x.dtype.is_floating_point else dtypes.int64


@op
def cumsum(x, *, dim, reverse=False):
    """y[t] = x[0] + … + x[t] along dim; with reverse x[t] + … + x[n−1].

    x[…,n,…] of any dtype → y of its shape and dtype; integers and bools add up in int64. Rounding
    errors are carried along, so every element is as near as if it were summed on its own.
    """
    return _scan("cumsum", (x,), dim, _total(x), reverse)[0]


cumsum.vjp(x=lambda g, dim, reverse: cumsum(g, dim=dim, reverse=not reverse))


@op
def cumprod(x, *, dim):
    """y[t] = x[0] · … · x[t] along dim.

    x[…,n,…] of any dtype → y of its shape and dtype; integers and bools multiply in int64.
    """
    return _scan("cumprod", (x,), dim, _total(x))[0]


def _cumprod_rule(g, x, out, dim):
    """gx[t] = Π_{s<t} x[s] · (g[t] + x[t+1] g[t+1] + x[t+1] x[t+2] g[t+2] + …): no division, so
    zeros need no exception, in derivatives of any order."""
    return later(out, dim, 1.0) * recurrence(x, g, dim=dim, reverse=True)


cumprod.vjp(x=_cumprod_rule)


@op
def cummax(x, *, dim):
    """(values, indices) of the largest of x[0 … t] along dim: the last of equal ones, the last NaN.

    x[…,n,…] of any dtype → values of its shape and dtype, indices int64.
    """
    return tuple(_scan("cummax", (x,), dim, x.dtype, places=True))


@op
def cummin(x, *, dim):
    """(values, indices) of the smallest of x[0 … t] along dim: the last of equal ones or NaN.

    x[…,n,…] of any dtype → values of its shape and dtype, indices int64.
    """
    return tuple(_scan("cummin", (x,), dim, x.dtype, places=True))


def _best_rule(g, rest, x_shape, dim):
    if not x_shape:
        return g
    return scatter_zeros(g, rest[0], shape=x_shape, dim=dim)


cummax.vjp(x=_best_rule)
cummin.vjp(x=_best_rule)


@op
def logcumsumexp(x, *, dim):
    """y[t] = ln (eˣ⁰ + … + eˣᵗ) along dim, where no exponential overflows.

    x[…,n,…] → y of its shape, float32 or float64.

    Raises:
        TypeError: x is not floating point.
    """
    real("logcumsumexp", x=x)
    return _scan("logcumsumexp", (x,), dim, x.dtype)[0]


def _logcumsumexp_rule(g, x, out, dim):
    """gx[t] = eˣ⁻ʸ (g[t] + Σ_{s>t} g[s] e^{y[t]−y[s]}): y grows, so no exponential exceeds 1."""
    y = where(out == float("-inf"), 0.0, out)  # of nothing but −∞ the shares are 0
    decay = (later(out, dim, float("-inf")) - y).exp()
    return (x - y).exp() * recurrence(decay, g, dim=dim, reverse=True)


logcumsumexp.vjp(x=_logcumsumexp_rule)


@op
def recurrence(a, b, *, dim, reverse=False):
    """y[t] = a[t] y[t−1] + b[t] along dim; with reverse its adjoint, y[t] = a[t+1] y[t+1] + b[t].

    a and b of one shape […,n,…], float32 or float64 → y of that shape. a is not asked where there
    is no y to multiply. Discounted returns are one: a = γ, b the rewards, in reverse.

    Raises:
        TypeError: a or b is not floating point, or their dtypes differ.
        ValueError: their shapes differ.
    """
    real("recurrence", a=a, b=b)
    same_dtype("recurrence", a=a, b=b)
    if a.shape != b.shape:
        raise ValueError(f"recurrence: a {a} and b {b} must have one shape")
    return _scan("recurrence", (a, b), dim, b.dtype, reverse)[0]


def _recurrence_rule_a(g, a, out, dim, reverse):
    back = recurrence(a, g, dim=dim, reverse=not reverse)
    return later(back, dim, 0.0) * out if reverse else back * later(out, dim, 0.0)


recurrence.vjp(
    a=_recurrence_rule_a,
    b=lambda g, a, dim, reverse: recurrence(a, g, dim=dim, reverse=not reverse),
)


# --- along an axis --------------------------------------------------------------------------------


def along(x: Tensor, dim: int, start=None, stop=None, step=None) -> Tensor:
    """x[start:stop:step] along dim: a view."""
    key = (slice(None),) * dim + (slice(start, stop, step),)
    return getitem(x, key=normalize(key, x._array.shape))


def later(x: Tensor, dim: int, first: float) -> Tensor:
    """y[t] = x[t−1] along dim, and `first` where there is none."""
    array = x._array
    if array.shape and not array.shape[dim]:
        return x
    shape = tuple([1 if i == dim else n for i, n in enumerate(array.shape)])
    head = Tensor(Array.full(shape, first, array.dtype, array.backend))
    return cat(head, along(x, dim, 0, -1), dim=dim) if shape else head


def backwards(x: Tensor, dim: int) -> Tensor:
    """x in reverse along dim: a view."""
    return along(x, dim, step=-1)


def products_before(x: Tensor, dim: int) -> Tensor:
    """y[t] = x[0] · … · x[t−1] along dim, 1 where nothing stands before."""
    return later(cumprod(x, dim=dim), dim, 1.0)
