"""Rows of matrix products and convolutions: what their FLOP are is what counts."""

from __future__ import annotations

from rows import BATCH, Row, backward, draw, forward
from variants import IMAGES

# --- matrix products ------------------------------------------------------------------------------


def _gemm(
    m: int, k: int, n: int, turned: str = "", reach: float = 1.1, halves: bool = False
) -> Row:
    """[m,k] @ [k,n]; `turned` is a matrix that is stored transposed."""

    def make(V):
        L = V.L
        a = draw(L, k, m).t() if "a" in turned else draw(L, m, k)
        b = draw(L, n, k, seed=1).t() if "b" in turned else draw(L, k, n, seed=1)
        return forward(L.matmul, *((a.bfloat16(), b.bfloat16()) if halves else (a, b)))

    shape = f"{m}" if m == k == n else f"{m}x{k}x{n}"
    title = f"[{m},{k}] @ [{k},{n}]"
    if turned:
        title += f", {' and '.join(turned)} transposed"
    if halves:
        title += ", bfloat16"
    return Row(
        f"{'b' if halves else 's'}gemm-{shape}{f'-{turned}' if turned else ''}",
        title,
        make,
        flop=2 * m * k * n,
        halves=halves,
        reach=reach,
    )


def _batched(V):
    return forward(V.L.matmul, draw(V.L, 64, 128, 64), draw(V.L, 64, 64, 128, seed=1))


GEMM = [
    *(_gemm(n, n, n, turned, 1.15) for n in (1024, 512, 256) for turned in ("", "a", "b", "ab")),
    Row(
        "sgemm-batched",
        "[64,128,64] @ [64,64,128]",
        _batched,
        flop=2 * 64 * 128 * 64 * 128,
        reach=1.15,
    ),
    *(_gemm(n, n, n) for n in (128, 64, 32)),
    *(_gemm(m, k, n) for m, k, n in ((64, 3136, 128), (1, 3136, 128), (3136, 9, 32))),
    *(_gemm(n, n, n, reach=1.0, halves=True) for n in (1024, 256)),
]

# --- convolutions ---------------------------------------------------------------------------------

# images, channels in, side, channels out, window, stride, groups
CONVOLUTIONS = {
    "conv-1": (BATCH, 1, 28, 32, 3, 1, 1),
    "conv-32": (BATCH, 32, 14, 64, 3, 1, 1),
    "conv-64": (32, 64, 32, 64, 3, 1, 1),
    "conv-128": (32, 128, 16, 128, 3, 1, 1),
    "conv-256": (32, 256, 8, 256, 3, 1, 1),
    "conv-512": (32, 512, 4, 512, 3, 1, 1),
    "conv-64-stride2": (32, 64, 32, 64, 3, 2, 1),
    "conv-64-1x1": (32, 64, 32, 64, 1, 1, 1),
    "conv-64-depthwise": (32, 64, 32, 64, 3, 1, 64),
}


def _conv(
    name: str,
    n: int,
    c: int,
    h: int,
    k: int,
    r: int,
    stride: int,
    groups: int,
    halves: bool = False,
) -> list[Row]:
    """Forward with a bias, and the gradients of x and w: [n,c,h,h] by [k,c/groups,r,r]."""

    def operands(V):
        w = draw(V.L, k, c // groups, r, r, seed=1) * (c // groups * r * r) ** -0.5
        x, w = V.arrange(draw(V.L, n, c, h, h)), V.arrange(w.detach())
        inputs = x, w, draw(V.L, k, seed=2)
        return [x.bfloat16() for x in inputs] if halves else inputs

    def convolve(V):
        options = {"stride": stride, "padding": r // 2, "groups": groups}
        return lambda x, w, b: V.L.nn.functional.conv2d(x, w, b, **options)

    def gradient(of: int):
        return lambda V: backward(V.L, convolve(V), *operands(V), of=of, arrange=V.arrange)

    p = (h - 1) // stride + 1
    flop = 2 * n * k * p * p * (c // groups) * r * r
    kind = ", depthwise" if groups > 1 else f", stride {stride}" if stride > 1 else ""
    kind += ", bfloat16" * halves
    title = f"{r}×{r}{kind}, [{n},{c},{h},{h}] → {k}"
    parts = {
        "forward": ("", lambda V: forward(convolve(V), *operands(V))),
        "input": (", gradient of the input", gradient(0)),
        "weight": (", gradient of the weight", gradient(1)),
    }
    about = {"flop": flop, "beside": IMAGES, "halves": halves, "reach": 1.0 if halves else 1.1}
    return [
        Row(f"{name}-{part}", title + what, make, **about) for part, (what, make) in parts.items()
    ]


CONV = [row for name, sizes in CONVOLUTIONS.items() for row in _conv(name, *sizes)]
CONV += _conv("conv-64-bf16", *CONVOLUTIONS["conv-64"], halves=True)
