"""Could f32 matrix products go through tile units that multiply bf16? A study of their errors.

    python tests/bench/split.py          # prints the table of docs/split_products.md

Every f32 is the sum of three bf16 (8 bits of significand each) as long as none of them leaves
bf16's range, so a product of f32 is nine products of bf16, of which the six largest matter; their
sums are f32 (Henry, Tang, Heinecke 2019). AMX's TDPBF16PS is simulated here bit by bit: it adds the
even and the odd products of a tile's row apart, rounds to nearest even, takes subnormal inputs for
zeros and makes zeros of subnormal results. Beside it is what tinydl's own kernels compute: in f32,
and as set_float32_matmul_precision("high") and ("medium") has it, on the library whose tile units
are emulated (`make emulated` builds it).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import tinydl
from tinydl import backend
from tinydl.array import Array
from tinydl.precision import PARTS

ROWS, DEPTH = 24, 512
TILE = 32  # products that one TDPBF16PS adds up before they meet the sum
SMALLEST = np.float32(2.0**-126)
UNIT = 2.0**-24


# --- the tile unit --------------------------------------------------------------------------------


def bf16(x: np.ndarray) -> np.ndarray:
    """x rounded to nearest even among bf16, as float32; NaN stays NaN."""
    bits = x.view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return np.where(np.isnan(x), x, rounded.astype(np.uint32).view(np.float32))


def flushed(x: np.ndarray) -> np.ndarray:
    return np.where(np.abs(x) < SMALLEST, np.float32(0), x)


def split(x: np.ndarray) -> list[np.ndarray]:
    """Three bf16 whose sum is x, or nearly."""
    parts = []
    for _ in range(3):
        parts.append(bf16(x))
        x = x - parts[-1]
    return parts


def tile_product(total: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """total[m,n] + a[m,k] b[k,n] of bf16 numbers, in TDPBF16PS' order and rounding."""
    a, b = flushed(a).astype(np.float64), flushed(b).astype(np.float64)
    for start in range(0, a.shape[1], TILE):
        sums = [np.zeros_like(total), np.zeros_like(total)]
        for k in range(start, min(start + TILE, a.shape[1])):
            product = a[:, k, None] * b[None, k]  # exact: 16 bits
            sums[k % 2] = flushed((sums[k % 2] + product).astype(np.float32))
        total = flushed(total + flushed(sums[0] + sums[1]))
    return total


def by_tiles(products: int) -> Callable:
    """a · b in that many products of bf16 parts, the smallest first."""
    order = sorted(((i, j) for i in range(3) for j in range(3)), key=lambda ij: (sum(ij), ij))

    def multiply(a, b):
        total = np.zeros((a.shape[0], b.shape[1]), np.float32)
        parts_a, parts_b = split(a), split(b)
        for i, j in reversed(order[:products]):
            total = tile_product(total, parts_a[i], parts_b[j])
        return total

    return multiply


def by_tinydl(a, b):
    return (tinydl.tensor(a) @ tinydl.tensor(b)).numpy()


def by_precision(name):
    """td_matmul_split by emulated tiles."""

    def multiply(a, b):
        library = backend.Backend(backend.file_of("cpu-amx-emu"))
        x, y = (Array.from_numpy(v, library) for v in (a, b))
        z = Array.empty((len(a), b.shape[1]), tinydl.float32, library)
        backend.call("matmul_split", z, x, y, None, PARTS[name])
        return z.numpy()

    return multiply


WAYS = {
    "f32, tinydl": by_tinydl,
    "`high`": by_precision("high"),
    "`medium`": by_precision("medium"),
    "six products": by_tiles(6),
    "three": by_tiles(3),
    "one (bf16)": by_tiles(1),
}


# --- inputs ---------------------------------------------------------------------------------------


def inputs(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((ROWS, DEPTH)), rng.standard_normal((DEPTH, ROWS))
    if name == "positive":
        a, b = np.abs(a), np.abs(b)
    elif name == "far from 0":
        a, b = a + 1000, b + 1000
    elif name == "sums that cancel":
        half = DEPTH // 2
        a[:, half:], b[half:] = -a[:, :half], b[:half] * (1 + 1e-6 * b[:half])
    elif name == "exponents ±20":
        a, b = (x * 2.0 ** rng.integers(-20, 21, x.shape) for x in (a, b))
    elif name == "exponents ±60":
        a, b = (x * 2.0 ** rng.integers(-60, 61, x.shape) for x in (a, b))
    elif name == "small (10⁻³⁵) by large":
        a, b = a * 1e-35, b * 1e30
    elif name == "subnormal by large":
        a, b = a * 1e-40, b * 1e30
    elif name == "the largest f32":
        a, b = np.sign(a) * 3.402e38, b * 1e-30
    elif name == "an infinity":
        a[3, 5] = np.inf
    elif name == "a NaN":
        a[3, 5] = np.nan
    return a.astype(np.float32), b.astype(np.float32)


NAMES = (
    "normal", "positive", "far from 0", "sums that cancel", "exponents ±20", "exponents ±60",
    "small (10⁻³⁵) by large", "subnormal by large", "the largest f32", "an infinity", "a NaN",
)  # fmt: skip


def judged(found: np.ndarray, a: np.ndarray, b: np.ndarray) -> str:
    """The worst error in units of 2⁻²⁴ Σ|a||b|, or how many results are of another kind."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    exact, size = a @ b, np.abs(a) @ np.abs(b)
    finite = np.isfinite(exact)
    other = (np.isfinite(found) != finite) | (np.isnan(found) != np.isnan(exact))
    if other.any():
        return f"{other.sum()} of {other.size} not finite"
    worst = np.max(np.abs(found[finite] - exact[finite]) / size[finite]) / UNIT
    return f"{worst:.2g}" if worst < 100 else f"{worst:,.0f}"


def main() -> None:
    print(f"| inputs | {' | '.join(WAYS)} |\n|---|{'---:|' * len(WAYS)}")
    with np.errstate(all="ignore"):
        for name in NAMES:
            a, b = inputs(name)
            cells = (judged(multiply(a, b), a, b) for multiply in WAYS.values())
            print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
