"""THE case table: every op and every kernel, with inputs that exercise it.

    case("conv2d", inputs.conv2d, REALS, SUMS)

From it come the tests of values (test_ops), of derivatives (test_grads), of threads
(test_threads) and the benchmark rows. What a row is says table.py; the oracle is the function of
that name in tinydl.reference. Kinks and ties are data, not tolerances: where derivatives are taken,
inputs stay away from them. Large families have files of their own, cases_*.py.
"""

from __future__ import annotations

import inputs
import kernels
from inputs import binary, fixed, reduction, unary
from table import (
    BITS,
    CASES,
    EVERY,
    EXACT,
    INTEGERS,
    MOVED,
    NUMBERS,
    REALS,
    SUMS,
    ULPS,
    benchmarks,
    case,
)

from tinydl import ops

__all__ = ["CASES", "benchmarks"]

# --- elementwise ----------------------------------------------------------------------------------

LARGE, ROW, ODD = (512, 4096), (4096,), (301, 1003)
ONE, TWO = {"": fixed(LARGE)}, {"": fixed(LARGE, LARGE)}
POSITIVE = {"": fixed(LARGE, values="positive")}

case("neg", unary(), NUMBERS, EXACT)
case("abs", unary("distinct"), NUMBERS, EXACT)
case("sign", unary("distinct"), NUMBERS, EXACT)
case("square", unary(), NUMBERS, EXACT)
case("exp", unary(), REALS, ULPS, bench=ONE)
case("log", unary("positive"), REALS, ULPS, bench=POSITIVE)
case("sqrt", unary("positive"), REALS, EXACT, bench=POSITIVE)
case("tanh", unary(), REALS, ULPS, bench=ONE)
case("sigmoid", unary(), REALS, ULPS, bench=ONE)
case("relu", unary("distinct"), NUMBERS, EXACT, bench=ONE)

case("add", binary(), EVERY, EXACT, bench={**TWO, "row": fixed(LARGE, ROW)})
case("sub", binary(), NUMBERS, EXACT)
case("mul", binary(), EVERY, EXACT, bench=TWO)
case("div", binary("numbers", "positive"), REALS, EXACT, bench=TWO)
case(
    "pow",
    binary("positive", "numbers"),
    REALS,
    ULPS,
    bench={"": fixed(LARGE, LARGE, values="positive")},
)
case("pow", binary("numbers", "positive"), INTEGERS, EXACT, label="integers")
for name in ("maximum", "minimum"):
    case(name, inputs.apart, NUMBERS, EXACT, bench=TWO)
    case(name, binary("ties", "ties"), EVERY, EXACT, label="ties", smooth=False)
for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    case(name, binary(), BITS, EXACT)
for name in ("lt", "le", "gt", "ge", "eq", "ne"):
    case(name, binary("ties", "ties"), EVERY, EXACT)
case("relu_grad", binary("numbers", "distinct"), REALS, EXACT, bench=TWO)
case("tanh_grad", binary("numbers", "distinct"), REALS, SUMS, bench=TWO)
case("sigmoid_grad", binary("numbers", "distinct"), REALS, SUMS, bench=TWO)

case("where", inputs.where, MOVED, EXACT)
case("clamp", inputs.clamp, NUMBERS, EXACT)
case("to_dtype", inputs.to_dtype, MOVED, EXACT, smooth=False)
case("to_device", unary(device=None, source=None), MOVED, EXACT, run=kernels.to_cpu)

# --- shape and place ------------------------------------------------------------------------------

case("_view", inputs.view, MOVED, EXACT, run=ops.reshape)
case("contiguous", unary(), MOVED, EXACT, bench=ONE)
case("permute", inputs.permute, MOVED, EXACT)
case("expand", inputs.expand, MOVED, EXACT)
case("cat", inputs.cat, MOVED, EXACT)
case("getitem", inputs.getitem, MOVED, EXACT)
case("getitem_grad", inputs.getitem_grad, MOVED, EXACT)
case("assign", inputs.assign, MOVED, EXACT)

# --- reductions and products ----------------------------------------------------------------------

TOTAL, ROWS, COLUMNS = (
    fixed(LARGE, dim=dim, keepdim=False) for dim in ((0, 1), (1,), (0,))
)  # fmt: skip

case(
    "sum",
    reduction("numbers", empty=True),
    EVERY,
    SUMS,
    bench={"": TOTAL, "rows": ROWS, "columns": COLUMNS},
)
for name in ("max", "min"):
    case(name, reduction("distinct", one=True), NUMBERS, EXACT, bench={"rows": ROWS})
    case(name, reduction("ties", one=True), EVERY, EXACT, label="ties", smooth=False)
for name in ("amax", "amin"):
    case(name, reduction("distinct"), NUMBERS, EXACT, bench={"": TOTAL})
for name in ("argmax", "argmin"):
    case(name, reduction("ties"), EVERY, EXACT)

MATRICES = {"256³": fixed((256, 256), (256, 256)), "batch": fixed((64, 33, 70), (64, 70, 65))}
LAYER = {"": fixed((64, 3136), (128, 3136), (128,))}

case("_matmul", inputs.matmul, REALS, SUMS, bench=MATRICES)
case("matmul_split", inputs.matmul, ("float32",), SUMS, run=kernels.matmul_split)
case("_matmul", inputs.matmul, INTEGERS, EXACT, label="integers")
case("linear", inputs.linear, REALS, SUMS, bench=LAYER)
case("linear_input", inputs.linear_input, REALS, SUMS)
case("linear_weight", inputs.linear_weight, REALS, SUMS)

# --- windows --------------------------------------------------------------------------------------

FIRST, SECOND = inputs.conv(64, 1, 28, 32, 3), inputs.conv(64, 32, 14, 64, 3)
SEPARATE, POINTS = inputs.conv(16, 32, 28, 32, 3, groups=32), inputs.conv(4, 200, 15, 50, 1)
DEEP = inputs.conv(16, 64, 8, 256, 3)  # more filters than pixels
PLANES = (64, 32, 28, 28)

case(
    "conv2d",
    inputs.conv2d,
    REALS,
    SUMS,
    bench={"first": FIRST, "second": SECOND, "points": POINTS},
)
case("conv2d_relu", inputs.conv2d_relu, REALS, SUMS, run=ops.conv2d_relu)
case(
    "conv2d_input",
    inputs.conv2d_input(),
    REALS,
    SUMS,
    bench={"second": inputs.conv2d_input(SECOND), "points": inputs.conv2d_input(POINTS)},
)
case(
    "conv2d_weight",
    inputs.conv2d_weight(),
    REALS,
    SUMS,
    bench={"first": inputs.conv2d_weight(FIRST), "second": inputs.conv2d_weight(SECOND)},
)
case("conv2d", inputs.conv3x3, REALS, SUMS, label="3x3", bench={"deep": DEEP})
case("conv2d", inputs.depthwise, REALS, SUMS, label="depthwise", bench={"": SEPARATE})
for name, inputs_of in (
    ("conv2d_input", inputs.conv2d_input),
    ("conv2d_weight", inputs.conv2d_weight),
):
    for label, forward, bench in (
        ("3x3", inputs.conv3x3, {"deep": inputs_of(DEEP)}),
        ("depthwise", inputs.depthwise, {"": inputs_of(SEPARATE)}),
    ):
        case(name, inputs_of(forward), REALS, SUMS, label=label, bench=bench)
case(
    "max_pool2d",
    inputs.max_pool2d("distinct"),
    REALS,
    EXACT,
    bench={"": inputs.pooled(PLANES, dilation=(1, 1))},
)
case("max_pool2d", inputs.max_pool2d("ties"), REALS, EXACT, label="ties", smooth=False)
case("max_pool2d_scatter", inputs.pool_places(scatter=True), REALS, SUMS)
case("max_pool2d_gather", inputs.pool_places(scatter=False), REALS, EXACT)
case(
    "avg_pool2d",
    inputs.avg_pool2d,
    REALS,
    SUMS,
    bench={"": inputs.pooled(PLANES, count_include_pad=True, divisor=0)},
)
case("avg_pool2d_input", inputs.avg_pool2d_input, REALS, SUMS)

# --- softmax, losses, chance, optimizers ----------------------------------------------------------

CLASSES = {"": fixed((64, 10), dim=1), "wide": fixed((512, 1000), dim=1)}

case("softmax", inputs.along(1), REALS, SUMS, bench=CLASSES)
case("log_softmax", inputs.along(1), REALS, SUMS, bench=CLASSES)
case("softmax_grad", inputs.along(2), REALS, SUMS)
case("log_softmax_grad", inputs.along(2), REALS, SUMS)
case("cross_entropy", inputs.cross_entropy, REALS, SUMS)
case("cross_entropy_mean", inputs.cross_entropy_mean, REALS, SUMS)
case("cross_entropy_grad", inputs.cross_entropy_grad, REALS, SUMS, smooth=False)
case(
    "cross_entropy_grad",
    inputs.cross_entropy_grad,
    (),  # derivatives only: values are above
    SUMS,
    label="of-x",
    run=kernels.cross_entropy_grad,
)
case(
    "dropout",
    inputs.dropout,
    REALS,
    ULPS,
    own_dtype=True,
    bench={"": fixed(ODD, p=0.5, draw=(1, 2))},
)
case("dropout_grad", inputs.dropout_grad, REALS, ULPS, own_dtype=True)
case("uniform", inputs.random(low=-1.0, high=2.0), REALS, ULPS, own_dtype=True, run=kernels.uniform)
case(
    "normal",
    inputs.random(mean=1.0, std=3.0),
    REALS,
    SUMS,
    own_dtype=True,
    run=kernels.normal,
    bench={"": fixed(ODD, mean=0.0, std=1.0, rng=(1, 2))},
)
case(
    "exponential",
    inputs.random(rate=2.0),
    REALS,
    ULPS,
    own_dtype=True,
    run=kernels.exponential,
)
case("randint", inputs.random(low=3, high=120), INTEGERS, EXACT, run=kernels.randint)
case("sgd", inputs.sgd, REALS, SUMS, run=kernels.sgd)
case("adam", inputs.adam, REALS, SUMS, run=kernels.adam, bench={"": inputs.adam_step(ODD)})

# --- families with files of their own -------------------------------------------------------------

import cases_elementwise  # noqa: E402, F401
import cases_index  # noqa: E402, F401
import cases_linalg  # noqa: E402, F401
import cases_scan  # noqa: E402, F401
import cases_shape  # noqa: E402, F401
import cases_sort  # noqa: E402, F401
