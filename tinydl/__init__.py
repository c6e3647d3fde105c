"""tinydl: a deep-learning framework small enough to read. PyTorch's names, NumPy's neighbours.

>>> import tinydl
>>> x = tinydl.tensor(3.0, requires_grad=True)
>>> (x ** 2).backward()
>>> x.grad
tensor(6.)
"""

from . import ops  # first: it loads everything in the order it needs  # isort: skip
from . import autograd, nn, optim, utils
from .autograd import is_anomaly_enabled
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .tensor import Tensor, is_tensor  # before creation's tensor(), which hides the module
from .creation import (
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from .device import (
    Device,
    device,
    get_num_threads,
    set_default_device,
    set_num_threads,
)
from .dtypes import (
    DType as dtype,
)
from .dtypes import (
    bool_ as bool,
)
from .dtypes import (
    float32,
    float64,
    get_default_dtype,
    int32,
    int64,
    set_default_dtype,
    uint8,
)
from .functions import (
    abs, add, all, allclose, amax, amin, any, argmax, argmin, bmm, broadcast_to, chunk, clamp,
    clip, div, dot, eq, equal, exp, flatten, gather, ge, gt, index_select, is_inference,
    isclose, isfinite, isnan, le, log, log_softmax, logical_and, logical_not, logical_or, lt,
    matmul, max, maximum, mean, min, minimum, mm, movedim, mul, narrow, ne, neg, numel, permute,
    pow, relu, reshape, select, sigmoid, sign, softmax, split, sqrt, square, squeeze, std, sub,
    sum, swapaxes, t, tanh, transpose, unbind, unflatten, unsqueeze, var,
)  # fmt: skip
from .io import load, save
from .joining import cat, stack, where
from .recorded import compile
from .ops.random import Generator, default_generator, initial_seed, manual_seed, seed
from .sampling import bernoulli, rand, randint, randn, randperm
from .storage import empty_cache, memory_stats, memory_summary

float, double, int, long = float32, float64, int32, int64  # PyTorch's other names

__version__ = "0.1.0"


def __getattr__(name: str):
    """tinydl.inspect, tinydl.vision, …, loaded when first asked for: few programs use them all."""
    if name in ("cuda", "inspect", "reference", "train", "vision"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Device", "Generator", "Tensor",
    "autograd", "nn", "optim", "utils",
    "tensor", "as_tensor", "from_dlpack", "from_numpy", "empty", "empty_like", "zeros",
    "zeros_like", "ones", "ones_like", "full", "full_like", "eye", "arange", "linspace",
    "rand", "randn", "randint", "randperm", "bernoulli",
    "cat", "stack", "where", "is_tensor", "save", "load",
    "abs", "add", "all", "allclose", "amax", "amin", "any", "argmax", "argmin", "bmm",
    "broadcast_to", "chunk", "clamp", "clip", "div", "dot", "eq", "equal", "exp", "flatten",
    "gather", "ge", "gt", "index_select", "isclose", "isfinite", "isnan", "le", "log",
    "log_softmax", "logical_and", "logical_not", "logical_or", "lt", "matmul", "max", "maximum",
    "mean", "min", "minimum", "mm", "movedim", "mul", "narrow", "ne", "neg", "numel", "permute",
    "pow", "relu", "reshape", "select", "sigmoid", "sign", "softmax", "split", "sqrt", "square",
    "squeeze", "std", "sub", "sum", "swapaxes", "t", "tanh", "transpose", "unbind", "unflatten",
    "unsqueeze", "var",
    "dtype", "float32", "float64", "int32", "int64", "uint8", "bool", "float", "double", "int",
    "long", "get_default_dtype",
    "set_default_dtype",
    "device", "set_default_device", "set_num_threads", "get_num_threads",
    "no_grad", "enable_grad", "set_grad_enabled", "is_grad_enabled", "inference_mode",
    "is_inference_mode_enabled", "is_inference", "is_anomaly_enabled",
    "compile", "manual_seed", "seed", "initial_seed", "default_generator",
    "memory_stats", "memory_summary", "empty_cache",
    "__version__",
]  # fmt: skip
