"""Rows of linear algebra: their derivatives. Values are test_linalg's business.

Most layouts and special numbers would make matrices that have no inverse and no such factor.
"""

from __future__ import annotations

from source import Source
from table import SUMS, case

import tinydl
from tinydl import ops


def matrices(rows: int, columns: int, **params):
    """Two matrices, or one, that are far from singular."""

    def inputs(s: Source):
        x = s.numbers((*s.pick([(), (2,)]), rows, columns))
        for i in range(min(rows, columns)):
            x[..., i, i] += 4 + i
        return [x], params

    return inputs


def system(s: Source):
    (a,), _ = matrices(3, 3)(s)
    return [a, s.numbers((*a.shape[:-1], 2))], {}


def cholesky(x: tinydl.Tensor) -> tinydl.Tensor:
    return ops.linalg.cholesky(x @ x.mT)


def eigh(x: tinydl.Tensor) -> tuple:
    return ops.linalg.eigh(x + x.mT)


DERIVATIVES = ()  # no dtype to compare values in

case("inv", matrices(3, 3), DERIVATIVES, SUMS)
case("solve", system, DERIVATIVES, SUMS)
case("det", matrices(3, 3), DERIVATIVES, SUMS)
case("cofactors", matrices(3, 3), DERIVATIVES, SUMS)
case("logabsdet", matrices(3, 3), DERIVATIVES, SUMS)
case("cholesky", matrices(3, 3), DERIVATIVES, SUMS, run=cholesky)
case("eigh", matrices(3, 3), DERIVATIVES, SUMS, run=eigh)
for label, shape in {"square": (3, 3), "tall": (4, 2), "wide": (2, 4)}.items():
    case("pinv", matrices(*shape, rtol=1e-12), DERIVATIVES, SUMS, label=label)
    case("svd", matrices(*shape, full=False), DERIVATIVES, SUMS, label=label)
for label, shape in {"square": (3, 3), "tall": (4, 2)}.items():
    case("qr", matrices(*shape, complete=False), DERIVATIVES, SUMS, label=label)
