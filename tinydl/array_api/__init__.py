"""The Python array API standard, version 2023.12, over tinydl's tensors.

    import tinydl.array_api as xp          # or x.__array_namespace__()

The names, arguments and defaults are the standard's (data-apis.org/array-api); the arrays are
tinydl.Tensor, so that code written to the standard runs on any device and is differentiable. The
functions promote dtypes as the standard says, also those of arrays without axes, where operators
follow PyTorch; and x.size() is a method, as there (docs/names.md lists what differs).

Not here: uint16, uint32, uint64 and complex numbers, which tensors do not have, and with them the
optional extension `fft`. `__array_namespace_info__()` tells programs.

>>> import tinydl.array_api as xp
>>> xp.sum(xp.asarray([[1.0, 2.0], [3.0, 4.0]]), axis=0)
tensor([4., 6.])
"""

# ruff: noqa: F403  (this module is a namespace)
from math import e, inf, nan, pi

from ..dtypes import bool_ as bool
from ..dtypes import float32, float64, int8, int16, int32, int64, uint8
from . import elementwise, linalg
from .creation import (
    arange,
    asarray,
    empty,
    empty_like,
    eye,
    from_dlpack,
    full,
    full_like,
    linspace,
    meshgrid,
    ones,
    ones_like,
    tril,
    triu,
    zeros,
    zeros_like,
)
from .elementwise import *
from .info import __array_namespace_info__, astype, can_cast, finfo, iinfo, isdtype, result_type
from .linalg import matmul, matrix_transpose, tensordot, vecdot
from .manipulation import (
    broadcast_arrays,
    broadcast_to,
    concat,
    expand_dims,
    flip,
    moveaxis,
    permute_dims,
    repeat,
    reshape,
    roll,
    squeeze,
    stack,
    tile,
    unstack,
)
from .reductions import all, any, cumulative_sum, max, mean, min, prod, std, sum, var
from .searching import (
    argmax,
    argmin,
    argsort,
    nonzero,
    searchsorted,
    sort,
    take,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
    where,
)

__array_api_version__ = "2023.12"
newaxis = None

__all__ = [
    "e", "inf", "nan", "newaxis", "pi",
    "bool", "float32", "float64", "int8", "int16", "int32", "int64", "uint8",
    "__array_api_version__", "__array_namespace_info__",
    "astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type",
    "arange", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like",
    "linspace", "meshgrid", "ones", "ones_like", "tril", "triu", "zeros", "zeros_like",
    *elementwise.__all__,
    "linalg", "matmul", "matrix_transpose", "tensordot", "vecdot",
    "broadcast_arrays", "broadcast_to", "concat", "expand_dims", "flip", "moveaxis",
    "permute_dims", "repeat", "reshape", "roll", "squeeze", "stack", "tile", "unstack",
    "all", "any", "cumulative_sum", "max", "mean", "min", "prod", "std", "sum", "var",
    "argmax", "argmin", "argsort", "nonzero", "searchsorted", "sort", "take", "unique_all",
    "unique_counts", "unique_inverse", "unique_values", "where",
]  # fmt: skip
