"""Every differentiable function of tinydl: its forward, its shapes and its derivative on one page.

One file per family. Names and meanings are PyTorch's; the native kernels are in native/cpu under
the same names. Ops take Tensors positionally and everything else by keyword.
"""

# ruff: noqa: F401  (this module is a namespace: ops.exp, ops.sum, …)
from .. import autograd  # loads graph and tensor in the order they need each other
from ..array import broadcast_shapes
from ..backend import call
from ..graph import mode
from ..op import replace
from ..tensor import as_tensor_like, common_dtype, is_number, is_tensor
from . import linalg, scatter
from .activation import gelu, gelu_tanh, silu, softplus
from .advanced import index, set_index
from .check import axes, axis
from .choice import at_least, at_most, fmax, fmin, is_nan, logical_not, real, truth
from .conv import conv2d, conv2d_input, conv2d_weight
from .elementwise import (
    abs,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    cast,
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
    sigmoid,
    sign,
    sqrt,
    square,
    sub,
    tanh,
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
    digamma,
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
from .fused import conv2d_relu, linear_relu
from .index import Diagonal, as_value, assign, getitem, getitem_grad, normalize
from .indexed import gather, nonzero, pick, put, put_add, put_prod, scatter_zeros
from .loss import cross_entropy, cross_entropy_mean
from .matmul import linear, matmul, tensordot
from .order import commonest, median, nanmedian, quantile
from .pad import pad
from .pool import avg_pool2d, max_pool2d
from .random import dropout
from .reduce import amax, amin, argmax, argmin, max, min, normalize_dims, prod, sum, sum_to
from .rounding import (
    ceil,
    copysign,
    floor,
    floor_divide,
    fmod,
    gcd,
    lcm,
    left_shift,
    nextafter,
    remainder,
    right_shift,
    round,
    trunc,
    trunc_divide,
)
from .scan import along, cummax, cummin, cumprod, cumsum, logcumsumexp, recurrence
from .scatter import index_select
from .sets import bin_range, lexicographic_order, runs
from .shape import cat, contiguous, expand, infer_shape, permute, reshape, to_device
from .softmax import log_softmax, softmax
from .sort import searchsorted, sort
from .strided import as_strided, become, check_memory, reinterpret, strided_view
