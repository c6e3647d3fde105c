"""Element types: their names, their numbers in tinydl.h, and which one a mixed operation gets."""

from __future__ import annotations

from functools import reduce

import numpy as np


class DType:
    """The type of a tensor's elements, such as `tinydl.float32`; there is one object of each.

    Attributes:
        name: "float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8",
            "uint8" or "bool".
        itemsize: bytes of one element.
        is_floating_point: whether it holds fractions; these types have gradients.
        is_half: whether it is float16 or bfloat16, in which numbers are stored: operations compute
            in float32 and round what they find.
        is_signed: whether it holds negative numbers.
        is_complex: False; there are no complex types.
        numpy: NumPy's dtype of the same elements, None for bfloat16.
        stored: NumPy's dtype of the same bytes: numpy, or uint16 for bfloat16.

    Example:
        >>> import tinydl
        >>> tinydl.float32.itemsize, tinydl.float32.numpy
        (4, dtype('float32'))
    """

    __slots__ = (
        "name", "short", "code", "numpy", "stored", "itemsize", "is_floating_point", "is_half",
        "is_signed",
    )  # fmt: skip
    is_complex = False

    def __init__(self, name: str, short: str, code: int):
        self.name, self.short, self.code = name, short, code
        self.numpy = None if name == "bfloat16" else np.dtype(name)
        self.stored = self.numpy or np.dtype(np.uint16)
        self.itemsize = self.stored.itemsize
        self.is_floating_point = "float" in name
        self.is_half = self.is_floating_point and self.itemsize == 2
        self.is_signed = name not in ("uint8", "bool")

    def __repr__(self) -> str:
        return f"tinydl.{self.name}"

    def __reduce__(self):  # pickled and copied by name: there is one object per dtype
        return from_name, (self.name,)


float32 = DType("float32", "f32", 0)
float64 = DType("float64", "f64", 1)
int64 = DType("int64", "i64", 2)
int32 = DType("int32", "i32", 3)
uint8 = DType("uint8", "u8", 4)
bool_ = DType("bool", "bool", 5)
int16 = DType("int16", "i16", 6)
int8 = DType("int8", "i8", 7)
float16 = DType("float16", "f16", 8)
bfloat16 = DType("bfloat16", "bf16", 9)

# in the order of their codes
ALL = (float32, float64, int64, int32, uint8, bool_, int16, int8, float16, bfloat16)
FROM_NUMPY = {dtype.numpy: dtype for dtype in ALL if dtype.numpy}
_OF_PYTHON = {float: float64, int: int64, bool: bool_}
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
    """dtype, which the user gave: one of tinydl's, or as in PyTorch Python's float (float64), int
    (int64) or bool; TypeError when it is none of them."""
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, type) and dtype in _OF_PYTHON:
        return _OF_PYTHON[dtype]
    names = ", ".join(map(repr, ALL))
    raise TypeError(f"dtype: expected one of {names}; got {dtype!r:.60}")


def of_scalar(value) -> DType:
    """The dtype a Python number has on its own."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    return int64 if isinstance(value, (int, np.integer)) else _default


# --- meeting of dtypes ----------------------------------------------------------------------------


def _category(dtype: DType) -> int:
    """0 bool, 1 integer, 2 floating point."""
    return 0 if dtype is bool_ else 1 + dtype.is_floating_point


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that two dtypes' tensors meet in.

    Floating point beats integers, and they beat bool; of one kind the wider wins. What neither
    holds meets above both: uint8 and int8 in int16, float16 and bfloat16 in float32.

    >>> import tinydl
    >>> tinydl.promote_types(tinydl.int64, tinydl.float16)
    tinydl.float16
    >>> tinydl.promote_types(tinydl.uint8, tinydl.int8)
    tinydl.int16
    """
    a, b = checked(type1), checked(type2)
    if a is b:
        return a
    if _category(a) != _category(b):
        return max(a, b, key=_category)
    if a.itemsize == b.itemsize:
        return float32 if a.is_floating_point else int16
    return max(a, b, key=lambda dtype: dtype.itemsize)


def promote(strong: list[DType], zero_d: list[DType], scalars: list[DType]) -> DType:
    """The common dtype: tensors with axes decide; 0-d tensors, then Python numbers, only raise
    the category (bool < integer < float) when nothing before them reached it."""
    result = None
    for group in (strong, zero_d, scalars):
        if group:
            best = reduce(promote_types, group)
            if result is None or _category(best) > _category(result):
                result = best
    return result


def can_cast(from_: DType, to: DType) -> bool:
    """Whether a result of dtype from_ may be written to a tensor of dtype to: floating point not to
    integers, and neither to bool. That fewer bytes may hold less is no obstacle.

    >>> import tinydl
    >>> tinydl.can_cast(tinydl.float64, tinydl.float32)
    True
    >>> tinydl.can_cast(tinydl.float32, tinydl.int64)
    False
    """
    return _category(checked(from_)) <= _category(checked(to))
