"""tinydl: a deep-learning framework small enough to read. PyTorch's names, NumPy's neighbours.

>>> import tinydl
>>> x = tinydl.tensor(3.0, requires_grad=True)
>>> (x ** 2).backward()
>>> x.grad
tensor(6.)
"""

from . import ops  # first: it loads everything in the order it needs  # isort: skip
from . import amp, autograd, creation, functions, joining, linalg, nn, optim, random, ranges
from . import sampling, searching, statistics, utils
from .amp import autocast, get_autocast_dtype, is_autocast_enabled
from .autograd import is_anomaly_enabled
from .grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .tensor import Tensor, is_tensor, result_type  # before tensor() of creation hides it
from .creation import *  # tensor, zeros, …
from .device import (
    Device,
    device,
    get_num_threads,
    set_default_device,
    set_num_threads,
)
from .einsum import einsum, tensordot
from .dtypes import (
    DType as dtype,
)
from .dtypes import (
    bool_ as bool,
)
from .dtypes import (
    bfloat16,
    can_cast,
    float16,
    float32,
    float64,
    get_default_dtype,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    set_default_dtype,
    uint8,
)
from .limits import finfo, iinfo
from .functions import *  # abs, add, …: the methods of Tensor that are functions as well
from .io import load, save
from .methods.display import set_printoptions
from .joining import *  # cat, stack, where, …
from .precision import get_float32_matmul_precision, set_float32_matmul_precision
from .searching import *  # searchsorted, isin, …
from .statistics import *  # std_mean, trapezoid, …
from .recorded import compile
from .random import *  # manual_seed, …
from .ranges import *  # meshgrid, logspace, …
from .sampling import *  # rand, randn, …
from .storage import empty_cache, memory_stats, memory_summary

# PyTorch's other names
float, double, half = float32, float64, float16
int, long, short = int32, int64, int16

__version__ = "0.1.0"


def __getattr__(name: str):
    """tinydl.inspect, tinydl.vision, …, loaded when first asked for: few programs use them all."""
    if name in (
        "array_api", "cuda", "debug", "inspect", "memory", "reference", "train", "vision",
    ):  # fmt: skip
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Device", "Tensor",
    "amp", "autograd", "linalg", "nn", "optim", "random", "utils",
    "is_tensor", "save", "load", "set_printoptions", "einsum", "tensordot",
    "dtype", "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64",
    "uint8", "bool", "half", "float", "double", "short", "int", "long",
    "finfo", "iinfo", "can_cast", "promote_types", "result_type",
    "get_default_dtype", "set_default_dtype",
    "device", "set_default_device", "set_num_threads", "get_num_threads",
    "no_grad", "enable_grad", "set_grad_enabled", "is_grad_enabled", "inference_mode",
    "is_inference_mode_enabled", "is_anomaly_enabled",
    "autocast", "is_autocast_enabled", "get_autocast_dtype",
    "get_float32_matmul_precision", "set_float32_matmul_precision",
    "compile",
    "memory_stats", "memory_summary", "empty_cache",
    "__version__",
    *creation.__all__,
    *functions.__all__,
    *joining.__all__,
    *random.__all__,
    *ranges.__all__,
    *sampling.__all__,
    *searching.__all__,
    *statistics.__all__,
]  # fmt: skip
