"""Element types: their names, their numbers in tinydl.h, and which one a mixed operation gets."""

from __future__ import annotations

import numpy as np


class DType:
    """The type of a tensor's elements, such as `tinydl.float32`; there is one object of each.

    Attributes:
        name: "float32", "float64", "int64", "int32", "uint8" or "bool".
        itemsize: bytes of one element.
        is_floating_point: whether it is float32 or float64, the types that have gradients.
        numpy: NumPy's dtype of the same elements.

    Example:
        >>> import tinydl
        >>> tinydl.float32.itemsize, tinydl.float32.numpy
        (4, dtype('float32'))
    """

    __slots__ = ("name", "short", "code", "rank", "numpy", "itemsize", "is_floating_point")

    def __init__(self, name: str, short: str, code: int, rank: int):
        self.name, self.short, self.code, self.rank = name, short, code, rank
        self.numpy = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"

    def __repr__(self) -> str:
        return f"tinydl.{self.name}"

    def __reduce__(self):  # pickled and copied by name: there is one object per dtype
        return from_name, (self.name,)


# rank: the later of two wins when they meet
float32 = DType("float32", "f32", 0, 4)
float64 = DType("float64", "f64", 1, 5)
int64 = DType("int64", "i64", 2, 3)
int32 = DType("int32", "i32", 3, 2)
uint8 = DType("uint8", "u8", 4, 1)
bool_ = DType("bool", "bool", 5, 0)

ALL = (float32, float64, int64, int32, uint8, bool_)
FROM_NUMPY = {dtype.numpy: dtype for dtype in ALL}
_default = float32


def from_name(name: str) -> DType:
    """The dtype called "float32", "int64", …"""
    for dtype in ALL:
        if dtype.name == name:
            return dtype
    raise TypeError(f"no dtype is called {name!r} (there are {', '.join(d.name for d in ALL)})")


def get_default_dtype() -> DType:
    """The dtype of floating-point tensors made from Python numbers: float32 unless set.

    >>> import tinydl
    >>> tinydl.get_default_dtype()
    tinydl.float32
    """
    return _default


def set_default_dtype(dtype: DType) -> None:
    """Sets the dtype of floating-point tensors made from Python numbers.

    Args:
        dtype: float32 or float64.

    Raises:
        TypeError: any other.

    Example:
        >>> import tinydl
        >>> tinydl.set_default_dtype(tinydl.float64)
        >>> tinydl.tensor(1.5).dtype
        tinydl.float64
        >>> tinydl.set_default_dtype(tinydl.float32)
    """
    global _default
    if dtype not in (float32, float64):
        raise TypeError(f"set_default_dtype: expected float32 or float64, got {dtype}")
    _default = dtype


def from_numpy_dtype(dtype: np.dtype) -> DType:
    """tinydl's dtype for NumPy's, whatever its byte order; TypeError when there is none."""
    try:
        return FROM_NUMPY[np.dtype(dtype).newbyteorder("=")]
    except KeyError:
        names = ", ".join(known.name for known in ALL)
        raise TypeError(f"NumPy dtype {dtype} has no tinydl dtype (there are {names})") from None


def checked(dtype) -> DType:
    """dtype, which the user gave; TypeError when it is none of tinydl's."""
    if isinstance(dtype, DType):
        return dtype
    names = ", ".join(map(repr, ALL))
    raise TypeError(f"dtype: expected one of {names}; got {dtype!r:.60}")


def of_scalar(value) -> DType:
    """The dtype a Python number has on its own."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    return int64 if isinstance(value, (int, np.integer)) else _default


def _category(dtype: DType) -> int:
    """0 bool, 1 integer, 2 floating point."""
    return 0 if dtype is bool_ else 1 + dtype.is_floating_point


def promote(strong: list[DType], zero_d: list[DType], scalars: list[DType]) -> DType:
    """The common dtype: tensors with axes decide; 0-d tensors, then Python numbers, only raise
    the category (bool < integer < float) when nothing before them reached it."""
    result = None
    for group in (strong, zero_d, scalars):
        if group:
            best = max(group, key=lambda dtype: dtype.rank)
            if result is None or _category(best) > _category(result):
                result = best
    return result
