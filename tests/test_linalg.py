"""tinydl.linalg: factors that multiply to what they were of, against NumPy, and what is refused.

Derivatives of the ops are in the case table (cases_linalg.py).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from against_numpy import numbers, same
from devices import EVERY_DEVICE
from layouts import LAYOUTS, lay_out

import tinydl
from tinydl import linalg
from tinydl.inspect import gradcheck, gradgradcheck

pytestmark = EVERY_DEVICE

BATCHES = [(), (2,), (2, 0), (3, 1)]
EACH_BATCH = pytest.mark.parametrize("batch", BATCHES, ids=str)
SHAPES = [(3, 3), (5, 2), (2, 5), (1, 1)]
EACH_SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=str)


def regular(*shape: int) -> np.ndarray:
    """Matrices that have inverses."""
    return numbers(shape) + 4 * np.eye(shape[-1])


def symmetric(*shape: int) -> np.ndarray:
    x = numbers(shape)
    return x + x.swapaxes(-1, -2)


def positive(*shape: int) -> np.ndarray:
    x = numbers(shape)
    return x @ x.swapaxes(-1, -2) + np.eye(shape[-1])


# --- values ---------------------------------------------------------------------------------------


@EACH_BATCH
def test_inverses_and_determinants(batch):
    a = regular(*batch, 3, 3)
    x = tinydl.tensor(a)
    for f in ("inv", "det"):
        same(getattr(linalg, f)(x), getattr(np.linalg, f)(a))
    same(x.inverse(), np.linalg.inv(a))
    same(x.det(), np.linalg.det(a))
    sign, log = linalg.slogdet(-x)
    same(sign, np.linalg.slogdet(-a)[0])
    same(log, np.linalg.slogdet(-a)[1])
    same(x.logdet(), np.log(np.linalg.det(a)))
    for n in (-2, -1, 0, 1, 2, 7):
        same(linalg.matrix_power(x, n), np.linalg.matrix_power(a, n), rtol=1e-10)


def test_logdet_of_negative_and_of_singular_matrices():
    x = tinydl.tensor([[[1.0, 0.0], [0.0, -1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    same(x.logdet(), [np.nan, -np.inf])


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "expanded"])
def test_strides(layout, device):
    for name in ("inv", "cholesky", "svdvals", "eigvalsh"):
        a, x = lay_out(positive(3, 3), layout, device)
        expected = {"svdvals": lambda a: np.linalg.svd(a)[1]}.get(name) or getattr(np.linalg, name)
        same(getattr(linalg, name)(x), expected(a))


@pytest.mark.parametrize(
    "of_a, of_b", [("", "k"), ("2", "2k"), ("2", "k"), ("", "2k"), ("31", "12k")]
)
@pytest.mark.parametrize("left", [True, False])
def test_systems(of_a, of_b, left):
    sizes = {"k": 4}
    batch_a, batch_b = (tuple(map(int, s.replace("k", ""))) for s in (of_a, of_b))
    a, b = regular(*batch_a, 3, 3), numbers((*batch_b, 3, sizes["k"]))
    B = tinydl.tensor(b if left else b.swapaxes(-1, -2))
    X = linalg.solve(tinydl.tensor(a), B, left=left)
    expected = np.linalg.inv(a) @ b if left else b.swapaxes(-1, -2) @ np.linalg.inv(a)
    same(X, expected, rtol=1e-10)


def test_systems_of_vectors():
    a, b = regular(2, 3, 3), numbers((2, 3))
    expected = (np.linalg.inv(a) @ b[..., None])[..., 0]
    same(linalg.solve(tinydl.tensor(a), tinydl.tensor(b)), expected, rtol=1e-10)
    same(linalg.solve(tinydl.tensor(a[0]), tinydl.tensor(b[0])), expected[0], rtol=1e-10)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("unitriangular", [True, False])
@pytest.mark.parametrize("left", [True, False])
def test_triangular_systems(upper, unitriangular, left):
    a, b = regular(2, 3, 3), numbers((2, 3, 3))
    triangle = (np.triu if upper else np.tril)(a)
    a[..., 0, 2] = a[..., 0, 2] if upper else np.nan  # is not read
    a[..., 2, 0] = np.nan if upper else a[..., 2, 0]
    if unitriangular:
        triangle[..., range(3), range(3)] = 1
        a[..., range(3), range(3)] = np.nan
    X = linalg.solve_triangular(
        tinydl.tensor(a), tinydl.tensor(b), upper=upper, left=left, unitriangular=unitriangular
    )
    inverse = np.linalg.inv(triangle)
    same(X, inverse @ b if left else b @ inverse, rtol=1e-10)


@EACH_BATCH
@EACH_SHAPE
def test_factors_multiply_to_the_matrix(batch, shape):
    a = numbers((*batch, *shape))
    x, k = tinydl.tensor(a), min(shape)
    for mode in ("reduced", "complete"):
        q, r = linalg.qr(x, mode)
        n = shape[0] if mode == "complete" else k
        assert q.shape == (*batch, shape[0], n)
        same(q @ r, a, rtol=1e-10)
        same(q.mT @ q, np.broadcast_to(np.eye(n), (*batch, n, n)), rtol=1e-10)
        same(r, np.triu(r.cpu().numpy()))
    assert linalg.qr(x, "r").Q.numel() == 0
    for full in (False, True):
        u, s, vh = linalg.svd(x, full_matrices=full)
        same(u[..., :k] * s[..., None, :] @ vh[..., :k, :], a, rtol=1e-10)
        same(
            u.mT @ u,
            np.broadcast_to(np.eye(u.shape[-1]), u.mT.shape[:-1] + u.shape[-1:]),
            rtol=1e-10,
        )
        same(s, np.linalg.svd(a)[1], rtol=1e-10)
    same(linalg.svdvals(x), np.linalg.svd(a)[1], rtol=1e-10)


@EACH_BATCH
def test_factors_of_symmetric_matrices(batch):
    a = symmetric(*batch, 4, 4)
    for x, uplo in ((np.tril(a), "L"), (np.triu(a), "U")):
        values, q = linalg.eigh(tinydl.tensor(x), uplo)
        same(q * values[..., None, :] @ q.mT, a, rtol=1e-10)
        same(linalg.eigvalsh(tinydl.tensor(x), uplo), np.linalg.eigvalsh(a), rtol=1e-10)
    a = positive(*batch, 4, 4)
    same(linalg.cholesky(tinydl.tensor(np.tril(a))), np.linalg.cholesky(a), rtol=1e-10)
    same(
        linalg.cholesky(tinydl.tensor(np.triu(a)), upper=True),
        np.linalg.cholesky(a).swapaxes(-1, -2),
        rtol=1e-10,
    )


@EACH_SHAPE
def test_least_squares_and_pseudo_inverses(shape):
    a, b = numbers((2, *shape)), numbers((2, shape[0], 2))
    same(linalg.pinv(tinydl.tensor(a)), np.linalg.pinv(a), rtol=1e-10)
    found = linalg.lstsq(tinydl.tensor(a), tinydl.tensor(b))
    for i in range(2):
        x, residuals, rank, values = np.linalg.lstsq(a[i], b[i], rcond=None)
        same(found.solution[i], x, rtol=1e-10)
        assert found.rank[i].item() == rank
        same(found.singular_values[i], values, rtol=1e-10)
        if shape[0] > shape[1]:
            same(found.residuals[i], residuals, rtol=1e-10)
    assert found.residuals.numel() == (4 if shape[0] > shape[1] else 0)


def test_ranks():
    x = tinydl.tensor(np.diag([1.0, 1e-3, 1e-20, 0.0]))
    assert linalg.matrix_rank(x).item() == 2
    assert linalg.matrix_rank(x, atol=0.5).item() == 1
    assert linalg.matrix_rank(x, rtol=1e-2).item() == 1
    assert linalg.matrix_rank(tinydl.zeros(2, 3, 0)).tolist() == [0, 0]
    for dtype in (tinydl.float16, tinydl.bfloat16):  # what is below a half's rounding counts as 0
        coarse = tinydl.diag(tinydl.tensor([1.0, tinydl.finfo(dtype).eps])).to(dtype)
        assert linalg.matrix_rank(coarse).item() == linalg.lstsq(coarse, coarse).rank.item() == 1
    assert linalg.pinv(x, rtol=0.5).cpu().numpy()[1, 1] == 0


@pytest.mark.parametrize("keep", [False, True])
def test_norms(keep):
    a = numbers((2, 3, 4))
    x = tinydl.tensor(a)
    for ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        for dims in ((-2, -1), (0, 1), (2, 0)):
            expected = np.linalg.norm(a, ord, dims, keepdims=keep)
            same(linalg.matrix_norm(x, ord, dims, keep), expected, rtol=1e-10)
            same(linalg.norm(x, ord, dims, keep), expected, rtol=1e-10)
    for ord in (0, 1, 2, 3, 0.5, -1, np.inf, -np.inf):
        expected = np.linalg.norm(a, ord, 1, keepdims=keep)
        same(linalg.vector_norm(x, ord, 1, keep), expected, rtol=1e-10)
        same(linalg.norm(x, ord, 1, keep), expected, rtol=1e-10)
    same(linalg.norm(x), np.linalg.norm(a))
    same(linalg.vector_norm(x, 3), (np.abs(a) ** 3).sum() ** (1 / 3))


def test_condition_numbers():
    a = regular(2, 3, 3)
    for p in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro"):
        same(linalg.cond(tinydl.tensor(a), p), np.linalg.cond(a, p), rtol=1e-10)


def test_products():
    a, b, c = numbers((2, 3)), numbers((3, 4)), numbers((4,))
    x, y, z = map(tinydl.tensor, (a, b, c))
    same(linalg.multi_dot([x, y, z]), a @ b @ c)
    same(linalg.multi_dot([z, y.T, x.T]), c @ b.T @ a.T)
    same(linalg.multi_dot([z, z]), c @ c)
    sizes = (10, 10, 10, 1, 10, 1, 5)
    chain = [numbers(shape) for shape in pairwise(sizes)]
    with tinydl.inspect.trace() as trace:
        same(linalg.multi_dot(list(map(tinydl.tensor, chain))), np.linalg.multi_dot(chain), 1e-10)
    assert "f64[10,10]" not in [c.tensors[0] for c in trace.calls if c.name == "td_matmul"]
    same(x.mv(y[:, 0]), a @ b[:, 0])
    same(x.kron(y), np.kron(a, b))
    same(y.kron(z), np.kron(b, c))
    same(x.inner(y.T), np.inner(a, b.T))
    same(z.inner(tinydl.tensor(2.0)), 2 * c)
    same(z.outer(x[0]), np.outer(c, a[0]))
    same(x[:, :2].trace(), np.trace(a[:, :2]))
    same(x.cross(2 * x + 1), np.cross(a, 2 * a + 1))
    same(linalg.cross(x, x[0]), np.cross(a, a[0]))
    same(linalg.vecdot(x, x[0]), (a * a[0]).sum(-1))
    for dims in (0, 1, ([1], [0])):
        same(tinydl.tensordot(x, y, dims), np.tensordot(a, b, dims))
    t = numbers((3, 2, 4))
    same(
        tinydl.tensordot(tinydl.tensor(t), x, ([0, -2], [1, 0])),
        np.tensordot(t, a, ([0, 1], [1, 0])),
    )


def test_sums_with_products():
    a, b, c = numbers((2, 3)), numbers((3, 4)), numbers((4,))
    x, y, z = map(tinydl.tensor, (a, b, c))
    same(z.addmm(x, y, beta=2, alpha=3), 2 * c + 3 * (a @ b))
    same(y[0].addmv(y.T, y[:, 0]), b[0] + b.T @ b[:, 0])
    same(x.addr(x[:, 0], x[0], alpha=-1), a - np.outer(a[:, 0], a[0]))
    many, more = np.stack([a, 2 * a]), np.stack([b, b - 1])
    xs, ys = tinydl.tensor(many), tinydl.tensor(more)
    same(z.baddbmm(xs, ys), c + many @ more)
    same(z.addbmm(xs, ys, beta=0.5), c / 2 + (many @ more).sum(0))
    same((z * float("nan")).addmm(x, y, beta=0), a @ b)  # not read


# --- derivatives of what is composed --------------------------------------------------------------

COMPOSED = {
    "qr-wide": lambda x: linalg.qr(x[..., :2, :]).R,
    "qr-wide-Q": lambda x: linalg.qr(x[..., :2, :]).Q,
    "qr-complete": lambda x: linalg.qr(x[..., :2], "complete").R,
    "svd-full": lambda x: linalg.svd(x[..., :2]).S,
    "svd-full-V": lambda x: linalg.svd(x[..., :2]).Vh,
    "lstsq": lambda x: linalg.lstsq(x[..., :2], x[..., 2:]).solution,
    "triangular": lambda x: linalg.solve_triangular(x, x.mT, upper=True),
    "right": lambda x: linalg.solve(x, 2 * x.mT, left=False),
    "power": lambda x: linalg.matrix_power(x, -3),
    "cholesky-upper": lambda x: linalg.cholesky(x @ x.mT, upper=True),
    "nuclear": lambda x: linalg.matrix_norm(x, "nuc"),
    "norm": linalg.norm,
    "norm-3": lambda x: linalg.vector_norm(x, 3, (0, 2)),
    "condition": linalg.cond,
    "multi_dot": lambda x: linalg.multi_dot([x[0], x[1], x[0], x[1, 0]]),
    "kron": lambda x: x[0].kron(x[1]),
    "cross": lambda x: x.cross(x.mT),
    "logdet": lambda x: (x @ x.mT).logdet(),
    "tensordot": lambda x: tinydl.tensordot(x, x, ([0, 2], [0, 1])),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_derivatives(name):
    x = tinydl.tensor(regular(2, 3, 3), requires_grad=True)
    gradcheck(COMPOSED[name], x, fast_mode=True)
    gradgradcheck(COMPOSED[name], x, fast_mode=True)


def test_determinants_of_singular_matrices_have_gradients():
    x = tinydl.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=tinydl.float64, requires_grad=True)
    x.det().backward()
    same(x.grad, [[4, -2], [-2, 1]])


def test_what_the_matrix_does_not_determine_has_no_gradient():
    x = tinydl.tensor(numbers((3, 2)), requires_grad=True)
    for factor, y in (("Q", linalg.qr(x, "complete").Q), ("U", linalg.svd(x).U)):
        with pytest.raises(ValueError, match=f"columns of {factor} beyond the first 2"):
            y.sum().backward()


@pytest.mark.parametrize("ord", [1, 2, 3, np.inf, -np.inf])
def test_norms_of_zeros_have_gradients(ord):
    x = tinydl.zeros(3, requires_grad=True)
    linalg.vector_norm(x, ord).backward()
    assert x.grad.tolist() == [0, 0, 0]


# --- what is refused ------------------------------------------------------------------------------

FLAT, WIDE, SQUARE = tinydl.ones(3), tinydl.ones(2, 3), tinydl.ones(2, 2)


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: linalg.inv(WIDE), ValueError, r"linalg.inv: expected square .* got f32\[2,3\]"),
        (lambda: linalg.det(FLAT), ValueError, r"linalg.det: expected matrices"),
        (lambda: linalg.svd(FLAT), ValueError, r"linalg.svd: expected matrices"),
        (lambda: linalg.qr(WIDE.long()), TypeError, r"linalg.qr: i64\[2,3\] is not floating"),
        (lambda: linalg.qr(WIDE, "full"), ValueError, "mode is 'reduced', 'complete' or 'r'"),
        (lambda: linalg.eigh(SQUARE, "X"), ValueError, "UPLO is 'L' or 'U', not 'X'"),
        (lambda: linalg.solve(SQUARE, WIDE.T), ValueError, "takes B of 2 rows"),
        (lambda: linalg.lstsq(WIDE, FLAT), ValueError, "takes B of 2 rows"),
        (lambda: linalg.inv(SQUARE), linalg.LinAlgError, r"linalg.inv: f32\[2,2\]: singular"),
        (lambda: linalg.solve(SQUARE, SQUARE), linalg.LinAlgError, "linalg.solve: .*singular"),
        (lambda: linalg.cholesky(-SQUARE), linalg.LinAlgError, "linalg.cholesky: .*positive"),
        (lambda: linalg.svd(SQUARE * float("nan")), linalg.LinAlgError, "did not converge"),
        (lambda: linalg.matrix_norm(SQUARE, 3), ValueError, "ord is 'fro', .* not 3"),
        (lambda: linalg.norm(tinydl.ones(2, 2, 2), 2), ValueError, r"norm: ord 2 is not for f32"),
        (lambda: linalg.matrix_norm(SQUARE, 2, (0, 5)), IndexError, "dim 5 is out of range"),
        (lambda: linalg.matrix_norm(SQUARE, 1, (0, 0)), ValueError, "names an axis twice"),
        (lambda: linalg.multi_dot([WIDE[:, :1], WIDE]), ValueError, "no chain of matrices"),
        (lambda: linalg.multi_dot([SQUARE]), ValueError, "two matrices or more, got 1"),
        (lambda: linalg.cross(SQUARE, SQUARE), ValueError, "axis -1 must have size 3"),
        (lambda: WIDE.mv(FLAT[:2]), ValueError, r"matmul: x f32\[2,3\] has 3 columns"),
        (lambda: FLAT.mv(FLAT), ValueError, "mv: expected a matrix and a vector"),
        (lambda: WIDE.inner(SQUARE), ValueError, "the last axes must be equal"),
        (lambda: WIDE.outer(FLAT), ValueError, "outer: expected two vectors"),
        (lambda: FLAT.trace(), ValueError, r"trace: expected a matrix, got f32\[3\]"),
        (lambda: tinydl.tensordot(WIDE, WIDE, 1), ValueError, "axis 1 of .* and axis 0 of"),
        (lambda: tinydl.tensordot(WIDE, WIDE, 3), ValueError, "do not have 3 axes each"),
        (lambda: tinydl.tensordot(WIDE, WIDE, ([0], [0, 1])), ValueError, "no pairs of axes"),
        (lambda: tinydl.tensordot(WIDE, WIDE, ([2], [0])), IndexError, "dim 2 is out of range"),
    ],
)
@pytest.mark.parametrize("device", ["cpu"], indirect=True)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("name", ["svd", "svdvals", "eigh", "eigvalsh", "pinv", "matrix_rank"])
def test_what_iterates_does_not_go_on_forever(name):
    x = tinydl.tensor([[1.0, float("nan")], [float("inf"), 1.0]])
    with pytest.raises(tinydl.linalg.LinAlgError, match=r"f32\[2,2\] holds NaN or infinity"):
        getattr(tinydl.linalg, name)(x)
