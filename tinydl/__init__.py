"""tinydl: a deep-learning framework small enough to read. PyTorch's names, NumPy's neighbours.

>>> import tinydl
>>> x = tinydl.tensor(3.0, requires_grad=True)
>>> (x ** 2).backward()
>>> x.grad
tensor(6.)
"""

from . import ops  # first: it loads everything in the order it needs  # isort: skip
from . import autograd, nn, optim, utils
from .graph import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .creation import (
    arange,
    as_tensor,
    bernoulli,
    cat,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    rand,
    randint,
    randn,
    randperm,
    stack,
    tensor,
    where,
    zeros,
    zeros_like,
)
from .device import Device, device, set_default_device
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
from .ops.random import Generator, default_generator, initial_seed, manual_seed, seed
from .storage import empty_cache, memory_stats, memory_summary
from .tensor import Tensor, is_tensor


def set_num_threads(n: int) -> None:
    """How many threads kernels may use, on the CPU."""
    library = device("cpu").backend
    library.check(library.fn["set_threads"](n), "set_num_threads")


def get_num_threads() -> int:
    """How many threads kernels may use, on the CPU."""
    return device("cpu").backend.fn["threads"]()


__version__ = "0.1.0"
