"""The smallest and the largest number of a dtype, how fine its numbers are, and what it holds."""

from __future__ import annotations

import math

import numpy as np

from . import dtypes
from .dtypes import DType

# explicit fraction bits, largest exponent
_FORMATS = {
    dtypes.float16: (10, 15),
    dtypes.bfloat16: (7, 127),
    dtypes.float32: (23, 127),
    dtypes.float64: (52, 1023),
}


class finfo:
    """What floating-point numbers of a dtype are like.

    Args:
        type: float16, bfloat16, float32 or float64; the default dtype if None.

    Attributes:
        bits: of one number.
        eps: from 1 to the next number.
        max: the largest finite number; min is −max.
        tiny: the smallest positive number of full precision, smallest_normal by another name.
        resolution: 10 to the power of −(decimal digits that survive).
        dtype: its name.

    Raises:
        TypeError: type is not floating point.

    Example:
        >>> import tinydl
        >>> tinydl.finfo(tinydl.float16).max
        65504.0
        >>> tinydl.finfo(tinydl.bfloat16).eps
        0.0078125
    """

    __slots__ = ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")

    def __init__(self, type: DType | None = None):
        dtype = dtypes.get_default_dtype() if type is None else dtypes.checked(type)
        if not dtype.is_floating_point:
            raise TypeError(f"finfo: {dtype} is not floating point; use iinfo")
        digits, exponent = _FORMATS[dtype]
        self.bits, self.dtype = 8 * dtype.itemsize, dtype.name
        self.eps = 2.0**-digits
        self.max = (2 - self.eps) * 2.0**exponent
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0 ** (1 - exponent)
        self.resolution = float(f"1e-{math.floor(digits * math.log10(2))}")

    def __repr__(self) -> str:
        facts = ("resolution", "min", "max", "eps", "smallest_normal", "tiny", "dtype")
        return f"finfo({', '.join(f'{name}={getattr(self, name)}' for name in facts)})"


class iinfo:
    """The smallest and the largest integer of a dtype.

    Args:
        type: an integer dtype.

    Attributes:
        bits: of one integer.
        min, max: its bounds.
        dtype: its name.

    Raises:
        TypeError: type is bool or floating point.

    Example:
        >>> import tinydl
        >>> tinydl.iinfo(tinydl.int8).min, tinydl.iinfo(tinydl.int8).max
        (-128, 127)
    """

    __slots__ = ("bits", "max", "min", "dtype")

    def __init__(self, type: DType):
        dtype = dtypes.checked(type)
        if dtype.is_floating_point or dtype is dtypes.bool_:
            raise TypeError(f"iinfo: {dtype} is no integer type; use finfo for floating point")
        self.bits, self.dtype = 8 * dtype.itemsize, dtype.name
        self.max = 2 ** (self.bits - dtype.is_signed) - 1
        self.min = -self.max - 1 if dtype.is_signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def check_holds(op: str, value, dtype: DType) -> None:
    """Nothing, if an integer dtype holds a Python number or all of an array; floats round and bools
    are "not 0", so they hold everything.

    Raises:
        ValueError: NaN.
        OverflowError: what is out of range.
    """
    if dtype.is_floating_point or dtype is dtypes.bool_ or not np.size(value):
        return
    bounds = iinfo(dtype)
    for extreme in (np.min(value), np.max(value)):
        if isinstance(extreme, np.generic):
            extreme = extreme.item()  # NumPy's bools do not compare with any int
        if extreme != extreme:
            raise ValueError(f"{op}: {dtype.name} has no NaN")
        if not bounds.min - 1 < extreme < bounds.max + 1:  # fractions are cut off
            raise OverflowError(
                f"{op}: {extreme} does not fit into {dtype.name}, "
                f"which holds {bounds.min} to {bounds.max}"
            )
