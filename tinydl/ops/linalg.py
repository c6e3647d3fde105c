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


ITERATIVE = ("eigh", "pinv", "svd")  # LAPACK may go on forever with NaN


def lapack(name: str, function: Callable, *operands: Array, **options):
    """What a function of numpy.linalg says of the operands' values, as arrays beside them."""
    first, values = operands[0], [x.numpy() for x in operands]
    if name in ITERATIVE and not all(np.isfinite(a).all() for a in values):
        raise LinAlgError(f"linalg.{name}: {first} holds NaN or infinity and did not converge")
    try:
        with np.errstate(all="ignore"):  # of NaN comes NaN, as everywhere
            results = function(*values, **options)
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
    finite = np.isfinite(x).all((-2, -1), keepdims=True)  # with others the SVD may go on forever
    u, s, vh = np.linalg.svd(np.where(finite, x, x.dtype.type(0)))
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(-1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return np.where(finite, sign[..., None, None] * ((u * others[..., None, :]) @ vh), np.nan)


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


@op(outputs=2)
def qr(x, *, complete):
    """(Q, R) with Q R = x, Q's columns orthonormal and R upper triangular.

    x[…,m,n] → Q[…,m,k], R[…,k,n] with k = min(m, n), or complete Q[…,m,m], R[…,m,n].
    """
    return lapack("qr", lambda x: tuple(np.linalg.qr(x, "complete" if complete else "reduced")), x)


def _qr_rule(g: tuple, out: tuple) -> Tensor:
    """(gQ + Q C) R⁻ᵀ, C the lower triangle of R gRᵀ − gQᵀ Q mirrored, where m ≥ n.

    Walter and Lehmann (2010), "Algorithmic differentiation of linear algebra functions".
    """
    (gq, gr), (q, r) = g, out
    n = r.shape[-1]
    if q.shape[-1] > n:
        gq, q, r = _determined("qr", "Q", gq, n), q[..., :n], r[..., :n, :]
        gr = None if gr is None else gr[..., :n, :]
    m = 0 if gr is None else r @ gr.mT
    if gq is not None:
        m = m - gq.mT @ q
    mirrored = lower(m, strictly=False) + lower(m, strictly=True).mT
    y = q @ mirrored if gq is None else gq + q @ mirrored
    return solve(r, y.mT).mT


qr.vjp(x=_qr_rule)


@op(outputs=2)
def eigh(x):
    """(λ, Q) with Q diag(λ) Qᵀ = x, λ rising; reads x's lower triangle only.

    x[…,n,n], symmetric → λ[…,n], Q[…,n,n], float32 or float64.
    """
    return lapack("eigh", lambda x: tuple(np.linalg.eigh(x)), x)


def _eigh_rule(g: tuple, out: tuple) -> Tensor:
    """Q (diag(gλ) + Qᵀ gQ / (λⱼ − λᵢ)) Qᵀ made symmetric."""
    (g_values, gq), (values, q) = g, out
    inner = [] if g_values is None else [_diagonal(g_values)]
    if gq is not None:
        inner.append(_over_differences(q.mT @ gq, values))
    gx = q @ sum(inner[1:], inner[0]) @ q.mT
    return (gx + gx.mT) / 2


eigh.vjp(x=_eigh_rule)


@op(outputs=3)
def svd(x, *, full):
    """(U, S, Vᵀ) with U diag(S) Vᵀ = x, S falling and ≥ 0.

    x[…,m,n] → U[…,m,k], S[…,k], Vᵀ[…,k,n] with k = min(m, n), or full U[…,m,m], Vᵀ[…,n,n].
    """
    return lapack("svd", lambda x: tuple(np.linalg.svd(x, full_matrices=full)), x)


def _svd_rule(g: tuple, out: tuple) -> Tensor:
    """U (skew(Uᵀ gU) / E · S + S · skew(Vᵀ gV) / E + diag(gS)) Vᵀ, E = sⱼ² − sᵢ²; where U or V is
    not square also what of its gradient lies outside of its columns.

    Townsend (2016), "Differentiating the singular value decomposition".
    """
    (gu, gs, gvh), (u, s, vh) = g, out
    k = s.shape[-1]
    if u.shape[-1] > k:
        gu, u = _determined("svd", "U", gu, k), u[..., :k]
    if vh.shape[-2] > k:
        gv = _determined("svd", "V", None if gvh is None else gvh.mT, k)
        gvh, vh = None if gv is None else gv.mT, vh[..., :k, :]
    inner = [] if gs is None else [_diagonal(gs)]
    outside = []
    if gu is not None:
        y = u.mT @ gu
        inner.append(_over_differences(y - y.mT, s * s) * s[..., None, :])
        if u.shape[-2] > k:
            outside.append(((gu - u @ y) / s[..., None, :]) @ vh)
    if gvh is not None:
        y = vh @ gvh.mT
        inner.append(s[..., None] * _over_differences(y - y.mT, s * s))
        if vh.shape[-1] > k:
            outside.append(u @ ((gvh - y.mT @ vh) / s[..., None]))
    return sum(outside, u @ sum(inner[1:], inner[0]) @ vh)


svd.vjp(x=_svd_rule)

# --- parts of matrices, for the rules -------------------------------------------------------------


def lower(x: Tensor, *, strictly: bool) -> Tensor:
    """x with zeros above (strictly: on and above) the diagonal."""
    return where(_mask(np.tri(*x.shape[-2:], -strictly, bool), x), x, 0)


def _diagonal(x: Tensor) -> Tensor:
    """x[…,n] on the diagonal of […,n,n], zeros elsewhere."""
    return where(_mask(np.eye(x.shape[-1], dtype=bool), x), x[..., None], 0)


def _over_differences(x: Tensor, values: Tensor) -> Tensor:
    """x[…,i,j] / (values[…,j] − values[…,i]), 0 on the diagonal."""
    mask = _mask(np.eye(x.shape[-1], dtype=bool), x)
    apart = where(mask, 1, values[..., None, :] - values[..., None])
    return where(mask, 0, x) / apart


def _mask(values: np.ndarray, like: Tensor) -> Tensor:
    return Tensor(Array.from_numpy(values, like._array.backend))


def _determined(name: str, factor: str, g: Tensor | None, k: int) -> Tensor | None:
    """The gradient of a factor's first k columns; its others the matrix does not determine."""
    if g is not None and bool((g[..., k:] != 0).any()):
        raise ValueError(
            f"linalg.{name}: columns of {factor} beyond the first {k} are not determined by the "
            "matrix, so a loss that depends on them has no gradient; ask for the reduced factors"
        )
    return None if g is None else g[..., :k]
