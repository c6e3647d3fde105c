"""What every op computes, in NumPy, as short as it can be said: the oracle and the textbook.

Each op of tinydl is here under its name, with its arguments; the files have the names of those
in tinydl/ops. The tests compare the native kernels with it and `tinydl.inspect.explain` shows it,
so it is written to be read: no speed, no checks, and nothing imported from the library it judges.
"""

# ruff: noqa: F401  (this module is a namespace: reference.conv2d, …)
from .activation import gelu, gelu_grad, gelu_tanh, gelu_tanh_grad, silu, silu_grad, softplus
from .conv import conv2d, conv2d_input, conv2d_relu, conv2d_weight
from .elementwise import (
    abs,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    clamp,
    div,
    eq,
    exp,
    ge,
    gt,
    le,
    log,
    lt,
    maximum,
    minimum,
    mul,
    ne,
    neg,
    pow,
    relu,
    relu_grad,
    sigmoid,
    sigmoid_grad,
    sign,
    sqrt,
    square,
    sub,
    tanh,
    tanh_grad,
    to_dtype,
    where,
)
from .functions import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    erf,
    erfc,
    erfinv,
    exp2,
    expm1,
    hypot,
    lgamma,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    reciprocal,
    rsqrt,
    sin,
    sinh,
    tan,
    xlog1py,
    xlogy,
)
from .index import (
    assign,
    getitem,
    getitem_grad,
    nonzero,
    pick,
    put,
    put_add,
    put_amax,
    put_amin,
    put_prod,
    put_zeros,
)
from .linalg import cholesky, cofactors, det, eigh, inv, logabsdet, pinv, qr, solve, svd
from .loss import cross_entropy, cross_entropy_grad, cross_entropy_mean
from .matmul import _matmul, linear, linear_input, linear_weight, matmul_split
from .optim import adam, sgd
from .pool import avg_pool2d, avg_pool2d_input, max_pool2d, max_pool2d_gather, max_pool2d_scatter
from .random import dropout, dropout_grad, exponential, normal, philox, randint, uniform
from .reduce import amax, amin, argmax, argmin, max, min, prod, sum
from .rounding import (
    ceil,
    copysign,
    floor,
    floor_divide,
    fmod,
    gcd,
    left_shift,
    nextafter,
    remainder,
    right_shift,
    round,
    trunc,
    trunc_divide,
)
from .scan import cummax, cummin, cumprod, cumsum, logcumsumexp, recurrence
from .shape import _view, as_strided, cat, contiguous, expand, permute, to_device
from .softmax import log_softmax, log_softmax_grad, softmax, softmax_grad
from .sort import searchsorted, sort
