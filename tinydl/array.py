"""Array: memory, shape, strides and dtype. It knows no calculus; Tensor (tensor.py) does.

Views share their Storage. What native code sees of an Array is its descriptor, a td_tensor.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np

from . import capture
from .backend import Backend, call_arrays, ffi
from .dtypes import DType, float32, from_numpy_dtype
from .storage import Borrowed, Storage, Unrecorded, free_list, lent, round_up

MAX_NDIM = ffi.typeof("td_tensor").fields[1][1].type.length  # TD_MAX_NDIM

_TENSOR, _BYTES = ffi.typeof("td_tensor *"), ffi.typeof("char *")
_new = ffi.new_allocator(should_clear_after_alloc=False)


class Array:
    """n-dimensional numbers in a backend's memory. Strides and offset count elements."""

    __slots__ = ("storage", "shape", "strides", "offset", "dtype", "descriptor")

    def __init__(self, storage: Storage, shape: tuple, strides: tuple, offset: int, dtype: DType):
        self.storage, self.shape, self.strides = storage, shape, strides
        self.offset, self.dtype = offset, dtype

    # --- making -----------------------------------------------------------------------------------

    @staticmethod
    def empty(shape: tuple, dtype: DType, backend: Backend) -> Array:
        """Uninitialised, contiguous."""
        strides, nbytes, room, template = _layout(shape, dtype)
        memory = free_list(backend) if lent else backend.memory
        pointer = memory.take(nbytes, room)
        out = Array(Storage(backend, memory, pointer, room), shape, strides, 0, dtype)
        out.descriptor = descriptor = _new(_TENSOR, template)
        descriptor.data = pointer
        return out

    @staticmethod
    def full(shape: tuple, value, dtype: DType, backend: Backend) -> Array:
        out = Array.empty(shape, dtype, backend)
        call_arrays("copy", out, scalar(value, dtype, backend))
        return out

    @staticmethod
    def of(values: np.ndarray, dtype: DType, backend: Backend) -> Array:
        """NumPy's numbers as a dtype, rounded once."""
        cut = values.dtype.kind == "f" and not dtype.is_floating_point  # td_copy pins what is NaN
        if dtype.numpy is not None and not cut:
            return Array.from_numpy(values.astype(dtype.numpy), backend)
        return Array.from_numpy(values.astype(np.float64), backend).astype(dtype)

    @staticmethod
    def from_numpy(
        a: np.ndarray, backend: Backend, copy: bool = True, dtype: DType | None = None
    ) -> Array:
        """Copies a NumPy array in; with copy=False a CPU Array shares its memory instead.

        dtype says what the elements mean where NumPy does not know it.
        """
        dtype = dtype or from_numpy_dtype(a.dtype)
        if a.ndim > MAX_NDIM:
            raise ValueError(f"a tensor has at most {MAX_NDIM} axes, the NumPy array has {a.ndim}")
        if copy:
            a = np.asarray(a, dtype.stored, order="C")  # ascontiguousarray would add an axis
            out = Array.empty(a.shape, dtype, backend)
            if a.size:
                status = backend.fn["write"](out.pointer, ffi.from_buffer(a), a.nbytes)
                backend.check(status, "write")
            return out
        steps = [s // dtype.itemsize for s in a.strides]
        if any(s % dtype.itemsize for s in a.strides) or not (a.flags.aligned and a.dtype.isnative):
            raise ValueError(
                "from_numpy: strides must be whole elements, aligned and in native byte order; "
                "tinydl.tensor(array) copies it"
            )
        pointer = ffi.cast("char *", a.__array_interface__["data"][0])
        storage = Storage(backend, Borrowed(a), pointer, a.nbytes)
        return Array(storage, a.shape, tuple(steps), 0, dtype)

    # --- what native code sees --------------------------------------------------------------------

    @property
    def pointer(self):
        """Address of the first element, as cffi data."""
        base = ffi.cast(_BYTES, self.storage.pointer)
        return base + self.offset * self.dtype.itemsize if self.offset else base

    def __getattr__(self, name: str):
        """The `descriptor`, a td_tensor, of what has none yet."""
        if name != "descriptor":
            raise AttributeError(f"an Array has no {name}")
        template = _descriptor_template(self.shape, self.strides, self.dtype.code)
        self.descriptor = made = _new(_TENSOR, template)
        made.data = self.pointer if self.offset else self.storage.pointer
        return made

    # --- facts ------------------------------------------------------------------------------------

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def backend(self) -> Backend:
        return self.storage.backend

    @property
    def is_contiguous(self) -> bool:
        dense = contiguous_strides(self.shape)[0]
        return self.strides == dense or all(
            size == 1 or have == want
            for size, have, want in zip(self.shape, self.strides, dense, strict=True)
        )

    def __repr__(self) -> str:
        return f"{self.dtype.short}[{','.join(map(str, self.shape))}]"

    # --- views ------------------------------------------------------------------------------------

    def view(self, shape: tuple, strides: tuple, offset: int = 0) -> Array:
        """The same memory seen otherwise; the offset counts from this array's first element."""
        storage, dtype, offset = self.storage, self.dtype, self.offset + offset
        out = Array(storage, shape, strides, offset, dtype)
        if not offset:  # else when it is asked for: adding to an address takes cffi longer
            out.descriptor = made = _new(_TENSOR, _descriptor_template(shape, strides, dtype.code))
            made.data = storage.pointer
        return out

    def reshape(self, shape: tuple) -> Array | None:
        """A view of another shape with the same elements, or None where only a copy will do."""
        strides = reshaped_strides(self.shape, self.strides, shape)
        return None if strides is None else self.view(shape, strides)

    def permute(self, axes: tuple) -> Array:
        shape, strides = self.shape, self.strides
        return self.view(tuple([shape[a] for a in axes]), tuple([strides[a] for a in axes]))

    def expand(self, shape: tuple) -> Array:
        """Broadcasts to a shape it is known to fit: stride 0 on repeated axes."""
        new = len(shape) - len(self.shape)
        own = zip(self.shape, self.strides, shape[new:], strict=True)
        strides = [stride if have == want else 0 for have, stride, want in own]
        return self.view(shape, (0,) * new + tuple(strides))

    # --- values -----------------------------------------------------------------------------------

    def astype(self, dtype: DType) -> Array:
        """A contiguous copy of that dtype."""
        out = Array.empty(self.shape, dtype, self.backend)
        call_arrays("copy", out, self)
        return out

    def contiguous(self) -> Array:
        if self.strides == contiguous_strides(self.shape)[0] or self.is_contiguous:
            return self
        return self.astype(self.dtype)

    def to(self, backend: Backend) -> Array:
        """On another backend; itself when it is there already."""
        return (
            self
            if backend is self.backend
            else Array.from_numpy(self.raw(), backend, dtype=self.dtype)
        )

    def numpy(self) -> np.ndarray:
        """A NumPy view of CPU memory, a copy of any other; of bfloat16 a copy in float32."""
        return (self if self.dtype.numpy else self.astype(float32)).raw()

    def raw(self) -> np.ndarray:
        """numpy(), but the bytes as they are."""
        if capture.current is not None:
            capture.current.refuse("reads values (.item(), printing, a choice by them)")
        if self.backend.is_cpu:
            return np.asarray(_Exposed(self))
        out = np.empty(self.shape, self.dtype.stored)
        if out.size:
            dense = self.contiguous()
            status = self.backend.fn["read"](ffi.from_buffer(out), dense.pointer, out.nbytes)
            self.backend.check(status, "read")
        return out


class _Exposed:
    """NumPy reads this to view an Array's memory, and keeps it, and so the memory, alive."""

    def __init__(self, array: Array):
        self.array = array
        itemsize = array.dtype.itemsize
        self.__array_interface__ = {
            "shape": array.shape,
            "typestr": array.dtype.stored.str,
            "data": (int(ffi.cast("uintptr_t", array.pointer)), False),
            "strides": tuple(stride * itemsize for stride in array.strides),
            "version": 3,
        }


# --- shape arithmetic -----------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def contiguous_strides(shape: tuple) -> tuple[tuple, int]:
    """Strides of a dense array in reading order, and its number of elements."""
    strides, size = [], 1
    for n in reversed(shape):
        strides.append(size)
        size *= n
    return tuple(reversed(strides)), size


@lru_cache(maxsize=4096)
def _layout(shape: tuple, dtype: DType) -> tuple:
    """What all dense arrays of a shape have in common: strides, bytes, the size of the piece of
    memory that holds them, descriptor."""
    strides, size = contiguous_strides(shape)
    nbytes = size * dtype.itemsize
    possible = size < 2**63  # else there is no memory for it, as will be told when it is asked for
    template = _descriptor_template(shape, strides, dtype.code) if possible else None
    return strides, nbytes, round_up(nbytes), template


@lru_cache(maxsize=4096)
def _descriptor_template(shape: tuple, strides: tuple, code: int):
    """A td_tensor with everything but the address: copying it is faster than filling one in."""
    if len(shape) > MAX_NDIM:
        raise ValueError(f"a tensor has at most {MAX_NDIM} axes; {shape} are {len(shape)}")
    if prod(filter(None, shape)) >= 2**63:  # also where one is 0: strides are such products
        raise ValueError(f"a tensor has less than 2**63 elements; {shape} would be more")
    made = ffi.new("td_tensor *", (ffi.NULL, shape, strides, len(shape), code))
    return made[0]


@lru_cache(maxsize=4096, typed=True)  # True, 1 and 1.0 are equal but not the same
def _scalar(value, spelling: str | None, dtype: DType, backend: Backend) -> Array:
    with np.errstate(over="ignore"):  # too large a number is ∞
        made = Array.of(np.asarray(value), dtype, backend)
    storage = made.storage
    if isinstance(storage.memory, Unrecorded):  # it outlives the inference mode it is made in
        storage.memory = storage.memory.inner
    return made


def scalar(value, dtype: DType, backend: Backend) -> Array:
    """A 0-d array of one number, made once: constants of formulas cost no upload the next time.

    Nothing may write to it.
    """
    return _scalar(value, repr(value) if value == 0 else None, dtype, backend)  # −0.0 == 0.0


@lru_cache(maxsize=4096)
def reshaped_strides(shape: tuple, strides: tuple, new_shape: tuple) -> tuple | None:
    """Strides that show the same elements in another shape, or None where there are none.

    Old axes are walked from the right in runs that lie evenly in memory; each run must be used
    up exactly by a group of new axes.
    """
    if 0 in shape:
        return contiguous_strides(new_shape)[0]
    axes = [(n, s) for n, s in zip(shape, strides, strict=True) if n != 1]
    out, room, step = [], 1, 1  # elements left in the current run, stride of the next new axis
    for n in reversed(new_shape):
        if n == 1:
            out.append(step)
            continue
        while room == 1 and axes:  # start a run: merge evenly spaced neighbours
            room, step = axes.pop()
            edge = step * room
            while axes and axes[-1][1] == edge:
                room *= axes[-1][0]
                edge *= axes.pop()[0]
        if room % n:
            return None
        out.append(step)
        room //= n
        step *= n
    return tuple(reversed(out))


@lru_cache(maxsize=4096)
def broadcast_shapes(*shapes: tuple) -> tuple:
    """The shape that arrays of these shapes share by NumPy's rule; ValueError if there is none."""
    if len(set(shapes)) == 1:
        return shapes[0]
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    out = []
    for sizes in zip(*padded, strict=True):
        size = next((n for n in sizes if n != 1), 1)
        if any(n not in (1, size) for n in sizes):
            raise ValueError(
                f"shapes {' and '.join(map(str, shapes))} do not broadcast: "
                f"on axis {len(out) - ndim} the sizes are {' and '.join(map(str, sizes))}"
            )
        out.append(size)
    return tuple(out)
