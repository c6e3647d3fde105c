"""Linear algebra of matrices x[…,m,n], batches of them along the leading axes.

The factorisations themselves are LAPACK's, called through NumPy on the CPU: on any other device the
matrix travels there and back. The derivatives are ops (Giles 2008, "Collected matrix derivative
results for forward and reverse mode algorithmic differentiation"), so they have any order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..array import Array
from ..op import op
from ..tensor import Tensor
from .elementwise import where


class LinAlgError(RuntimeError):
    """A matrix has no inverse, no such factor, or the iteration for it did not converge."""


def lapack(name: str, function: Callable, *operands: Array, **options):
    """What a function of numpy.linalg says of the operands' values, as arrays beside them."""
    first = operands[0]
    try:
        results = function(*[x.numpy() for x in operands], **options)
    except np.linalg.LinAlgError as error:
        what = " and ".join(map(repr, operands))
        raise LinAlgError(f"linalg.{name}: {what}: {str(error).lower()}") from None
    arrays = tuple(
        Array.from_numpy(np.asarray(y, first.dtype.numpy), first.backend)
        for y in (results if isinstance(results, tuple) else (results,))
    )
    return arrays if isinstance(results, tuple) else arrays[0]


# --- inverse, systems, determinants ---------------------------------------------------------------


@op
def inv(x):
    """y = x⁻¹:  x[…,n,n] → y[…,n,n], float32 or float64."""
    return lapack("inv", np.linalg.inv, x)


inv.vjp(x=lambda g, out: -(out.mT @ g @ out.mT))


@op
def solve(a, b):
    """The y with a y = b:  a[…,n,n], b[…,n,k] → y[…,n,k], float32 or float64."""
    return lapack("solve", np.linalg.solve, a, b)


solve.vjp(
    a=lambda g, a, out: -(solve(a.mT, g) @ out.mT),
    b=lambda g, a: solve(a.mT, g),
)


@op
def det(x):
    """y = |x|, the determinant:  x[…,n,n] → y[…], float32 or float64."""
    return lapack("det", np.linalg.det, x)


det.vjp(x=lambda g, x: g[..., None, None] * cofactors(x))


@op
def cofactors(x):
    """y = |x| x⁻ᵀ, the derivative of |x|, which singular matrices have too.

    x[…,n,n] → y[…,n,n]. From x = U S Vᵀ it is |U| |V| · U diag(Π_{j≠i} sⱼ) Vᵀ.
    """
    return lapack("det", _cofactors, x)


def _cofactors(x: np.ndarray) -> np.ndarray:
    u, s, vh = np.linalg.svd(x)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * ((u * others[..., None, :]) @ vh)


def _cofactors_rule(g: Tensor, x: Tensor) -> Tensor:
    """d(|x| x⁻ᵀ) = |x| (tr(x⁻¹ dx) x⁻ᵀ − x⁻ᵀ dxᵀ x⁻ᵀ): of regular matrices only."""
    y = inv(x).mT
    return det(x)[..., None, None] * ((g * y).sum((-2, -1), True) * y - y @ g.mT @ y)


cofactors.vjp(x=_cofactors_rule)


@op
def logabsdet(x):
    """(ln |det x|, the determinant's sign):  x[…,n,n] → two y[…]; −∞ and 0 of singular matrices.

    The sign is a constant.
    """
    sign, log = lapack("slogdet", lambda x: tuple(np.linalg.slogdet(x)), x)
    return log, sign


logabsdet.vjp(x=lambda g, x: g[..., None, None] * inv(x).mT)


@op
def pinv(x, *, rtol):
    """The pseudo-inverse (Moore 1920, Penrose 1955):  x[…,m,n] → y[…,n,m].

    Singular values up to rtol times the largest count as 0.
    """
    return lapack("pinv", np.linalg.pinv, x, rcond=rtol)


def _pinv_rule(g: Tensor, x: Tensor, out: Tensor) -> Tensor:
    """Golub and Pereyra (1973), where the rank stays what it is."""
    p, pt, gt = out, out.mT, g.mT
    outside = (gt - x @ (p @ gt)) @ (p @ pt) + (pt @ p) @ (gt - (gt @ p) @ x)
    return outside - pt @ g @ pt


pinv.vjp(x=_pinv_rule)

# --- factors --------------------------------------------------------------------------------------


@op
def cholesky(x):
    """The lower triangular L with L Lᵀ = x, which reads x's lower triangle only.

    x[…,n,n], symmetric and positive definite → L[…,n,n], float32 or float64.
    """
    return lapack("cholesky", np.linalg.cholesky, x)


def _cholesky_rule(g: Tensor, out: Tensor) -> Tensor:
    """L⁻ᵀ Φ(Lᵀ g) L⁻¹ made symmetric, Φ the lower triangle with half of the diagonal."""
    phi = lower(out.mT @ g, strictly=False)
    phi = (phi + lower(phi, strictly=True)) / 2
    gx = solve(out.mT, solve(out.mT, phi.mT).mT)
    return (gx + gx.mT) / 2


cholesky.vjp(x=_cholesky_rule)


def lower(x: Tensor, *, strictly: bool) -> Tensor:
    """x with zeros above (strictly: on and above) the diagonal."""
    rows, columns = x.shape[-2:]
    mask = Tensor(Array.from_numpy(np.tri(rows, columns, -strictly, bool), x._array.backend))
    return where(mask, x, 0)
