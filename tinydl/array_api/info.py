"""Data types, conversion between them, and what the namespace can do."""

from __future__ import annotations

from .. import dtypes, limits
from ..backend import has_cuda
from ..device import Device, DeviceLike, default, device
from ..dtypes import DType
from ..tensor import Tensor

DTYPES = {
    "bool": (dtypes.bool_,),
    "signed integer": (dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64),
    "unsigned integer": (dtypes.uint8,),
    "real floating": (dtypes.float32, dtypes.float64),
    "complex floating": (),
}
DTYPES["integral"] = DTYPES["signed integer"] + DTYPES["unsigned integer"]
DTYPES["numeric"] = DTYPES["integral"] + DTYPES["real floating"]


def _kind(kind: str | tuple) -> tuple[DType, ...]:
    if isinstance(kind, tuple):
        return sum(map(_kind, kind), ())
    if kind not in DTYPES:
        raise ValueError(f"there is no kind {kind!r} of dtypes (there are {', '.join(DTYPES)})")
    return DTYPES[kind]


class __array_namespace_info__:
    """What the namespace has: its devices and dtypes, and which of them are the defaults.

    >>> import tinydl.array_api as xp
    >>> list(xp.__array_namespace_info__().dtypes(kind="unsigned integer"))
    ['uint8']
    """

    def capabilities(self) -> dict[str, bool]:
        """Indexing with bool arrays, and shapes that depend on values, are possible."""
        return {"boolean indexing": True, "data-dependent shapes": True}

    def default_device(self) -> Device:
        """Where new arrays go."""
        return default()

    def default_dtypes(self, *, device: DeviceLike = None) -> dict[str, DType]:
        """The dtypes that new arrays get where none is given; the complex one is missing."""
        integer = dtypes.int64
        return {
            "real floating": dtypes.get_default_dtype(),
            "integral": integer,
            "indexing": integer,
        }

    def dtypes(
        self, *, device: DeviceLike = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, DType]:
        """The dtypes by name, all or of a kind; neither uint16, uint32, uint64 nor complex."""
        kinds = ("bool", "numeric") if kind is None else kind
        return {dtype.name: dtype for dtype in _kind(kinds)}

    def devices(self) -> list[Device]:
        """The devices of this machine."""
        names = ("cpu", "cuda") if has_cuda() else ("cpu",)
        return [device(name) for name in names]


def astype(x: Tensor, dtype: DType, /, *, copy: bool = True, device: DeviceLike = None) -> Tensor:
    """x as another dtype; a copy also where nothing changes, unless copy is False."""
    return x.to(dtype=dtype, device=device, copy=copy)


def can_cast(from_: DType | Tensor, to: DType, /) -> bool:
    """Whether dtypes promote from_ to `to`: nothing is lost, unlike with tinydl.can_cast."""
    return result_type(from_, to) is dtypes.checked(to)


def finfo(type: DType | Tensor, /) -> limits.finfo:
    """The limits of a floating-point dtype: bits, eps, max, min, smallest_normal, dtype."""
    return limits.finfo(type.dtype if isinstance(type, Tensor) else type)


def iinfo(type: DType | Tensor, /) -> limits.iinfo:
    """The limits of an integer dtype: bits, max, min, dtype."""
    return limits.iinfo(type.dtype if isinstance(type, Tensor) else type)


def isdtype(dtype: DType, kind: DType | str | tuple[DType | str, ...]) -> bool:
    """Whether it is a dtype, one of a kind ("integral", …), or any of a tuple of both.

    >>> import tinydl.array_api as xp
    >>> xp.isdtype(xp.int8, ("real floating", xp.int8))
    True
    """
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return any(dtype is k if isinstance(k, DType) else dtype in _kind(k) for k in kinds)


def result_type(*arrays_and_dtypes: Tensor | DType) -> DType:
    """The dtype that arrays and dtypes meet in; arrays without axes count like all others.

    Raises:
        ValueError: nothing is given.
    """
    if not arrays_and_dtypes:
        raise ValueError("result_type: expected arrays or dtypes, got none")
    found = [x.dtype if isinstance(x, Tensor) else dtypes.checked(x) for x in arrays_and_dtypes]
    result = found[0]
    for dtype in found[1:]:
        result = dtypes.promote_types(result, dtype)
    return result


def together(*arrays: Tensor) -> list[Tensor]:
    """The arrays in the dtype that they meet in; Python's numbers stay what they are."""
    tensors = [x for x in arrays if isinstance(x, Tensor)]
    if len({x.dtype for x in tensors}) < 2:
        return list(arrays)
    dtype = result_type(*tensors)
    return [x.to(dtype) if isinstance(x, Tensor) else x for x in arrays]
