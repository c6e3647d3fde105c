"""Arrays of other libraries, and tinydl's in theirs, on the same memory: the DLPack protocol, and
on GPUs the older __cuda_array_interface__.

A producer's __dlpack__() returns a capsule around a C struct that says where the numbers are and
whom to call when they are no longer needed (dmlc.github.io/dlpack, version 1; without a version as
older libraries have it). On a GPU the consumer names its stream, and the producer lets that wait
for what is queued here.
"""

from __future__ import annotations

import ctypes
from math import prod
from sys import getrefcount
from threading import Lock
from typing import Any

import numpy as np

from . import dtypes
from .array import MAX_NDIM, Array, contiguous_strides
from .backend import Backend, ffi
from .device import Device, device
from .dtypes import DType
from .storage import Borrowed, Storage

CPU, CUDA, CUDA_HOST, CUDA_MANAGED = 1, 2, 3, 13  # kinds of devices
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}  # NumPy's kind of a dtype → DLPack's
_BFLOAT = 4
_READ_ONLY, _COPIED = 1, 2  # flags


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_Deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Managed(ctypes.Structure):
    name = b"dltensor"
    _fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", _Deleter)]


class _Versioned(ctypes.Structure):
    name = b"dltensor_versioned"
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", _Deleter),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


def _python(name: str, result, *arguments):
    """A function of Python's C API. Capsules go as addresses."""
    function = getattr(ctypes.pythonapi, f"PyCapsule_{name}")
    function.restype, function.argtypes = result, arguments
    return function


_new = _python("New", ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_is_valid = _python("IsValid", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
_pointer = _python("GetPointer", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
_set_name = _python("SetName", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)

# --- giving ---------------------------------------------------------------------------------------

_given: dict[int, tuple] = {}  # address of a struct → it and what it points to
_offered: list = []  # capsules that nobody may ever take
_offering = Lock()


@_Deleter
def _delete(address):
    del _given[address]  # and no call: this may run in the middle of the consumer's error


def _withdraw() -> None:
    """Frees what was offered in vain: only we still hold the capsule, and nobody renamed it.

    A destructor of the capsule's would do it at once, but a consumer that fails drops its capsule
    with its error set, and then no Python may run.
    """
    with _offering:
        for i in reversed(range(len(_offered))):
            if getrefcount(_offered[i]) <= 2:  # the list's and the call's
                address = id(_offered[i])
                for kind in (_Managed, _Versioned):
                    if _is_valid(address, kind.name):
                        _given.pop(_pointer(address, kind.name), None)
                del _offered[i]


def kind_of_device(array: Array) -> tuple[int, int]:
    """(kind, number) of the device it is on."""
    return (CPU if array.backend.is_cpu else CUDA), 0


def give(
    array: Array, stream: int | None, max_version: tuple[int, int] | None, copied: bool = False
):
    """A capsule on an array's memory, which may be a copy made for this."""
    new = max_version is not None and tuple(max_version) >= (1, 0)
    kind = _Versioned if new else _Managed
    if not array.backend.is_cpu and stream != -1:
        _wait(array, stream)
    dims = ctypes.c_int64 * array.ndim
    shape, strides = dims(*array.shape), dims(*array.strides)
    tensor = _Tensor(
        int(ffi.cast("uintptr_t", array.pointer)), *kind_of_device(array), array.ndim,
        *_kind(array.dtype), 1, shape, strides, 0,
    )  # fmt: skip
    if kind is _Managed:
        managed = _Managed(tensor, None, _delete)
    else:
        managed = _Versioned(1, 0, None, _delete, _COPIED if copied else 0, tensor)
    _withdraw()
    address = ctypes.addressof(managed)
    _given[address] = managed, shape, strides, array
    capsule = _new(address, kind.name, None)
    with _offering:
        _offered.append(capsule)
    return capsule


def _kind(dtype: DType) -> tuple[int, int]:
    """(code, bits)"""
    return _CODES[dtype.numpy.kind] if dtype.numpy else _BFLOAT, 8 * dtype.itemsize


def _wait(array: Array, stream: int | None) -> None:
    """Lets the consumer's stream wait for what is queued here; None is CUDA's default one."""
    consumer = ffi.cast("void *", 1 if stream is None else stream)
    array.backend.check(array.backend.fn["stream_wait"](consumer, ffi.NULL), "dlpack")


def current_stream(gpu: Backend) -> int:
    """The address of the stream that work goes to."""
    return int(ffi.cast("uintptr_t", gpu.lib.td_stream_current()))


# --- taking ---------------------------------------------------------------------------------------


class _Taken:
    """Another library's tensor; goes back to it when nothing here uses it any more."""

    def __init__(self, managed):
        self.managed = managed

    def __del__(self):
        if self.managed.deleter:
            self.managed.deleter(ctypes.addressof(self.managed))


def take(other: Any) -> tuple[Array, bool]:
    """An array on the memory of an object with __dlpack__(), and whether it is read-only."""
    if not hasattr(other, "__dlpack__"):
        raise TypeError(f"from_dlpack: a {type(other).__name__} has no __dlpack__()")
    where = _device(other.__dlpack_device__())
    stream = None if where.backend.is_cpu else current_stream(where.backend)
    try:
        capsule = other.__dlpack__(stream=stream, max_version=(1, 0))
    except TypeError:  # a library from before versions
        capsule = other.__dlpack__(stream=stream)
    address = id(capsule)
    kind = next((k for k in (_Versioned, _Managed) if _is_valid(address, k.name)), None)
    if kind is None:
        raise TypeError("from_dlpack: __dlpack__() gave no capsule, or one that was used already")
    managed = kind.from_address(_pointer(address, kind.name))
    if kind is _Versioned and managed.major > 1:  # all after its deleter may lie elsewhere
        raise BufferError(f"from_dlpack: DLPack {managed.major}, tinydl knows versions up to 1")
    _set_name(address, _USED[kind])
    read_only = kind is _Versioned and bool(managed.flags & _READ_ONLY)
    return _array(managed.tensor, where, _Taken(managed)), read_only


_USED = {_Managed: b"used_dltensor", _Versioned: b"used_dltensor_versioned"}


def _device(given: tuple[int, int]) -> Device:
    kind, number = given
    if kind in (CPU, CUDA_HOST):
        return device("cpu")
    if kind in (CUDA, CUDA_MANAGED) and number == 0:
        return device("cuda")
    raise BufferError(f"from_dlpack: tinydl has no device of kind {int(kind)}, number {number}")


def _array(t: _Tensor, where: Device, owner: _Taken) -> Array:
    dtype = _dtype(t)
    shape = tuple(t.shape[: t.ndim])
    strides = tuple(t.strides[: t.ndim]) if t.strides else contiguous_strides(shape)[0]
    return foreign((t.data or 0) + t.byte_offset, shape, strides, dtype, where, owner)


def _dtype(t: _Tensor) -> DType:
    for dtype in dtypes.ALL:
        if (*_kind(dtype), 1) == (t.code, t.bits, t.lanes):
            return dtype
    raise TypeError(f"from_dlpack: tinydl has no dtype of code {t.code} with {t.bits} bits")


def foreign(
    address: int, shape: tuple, strides: tuple, dtype: DType, where: Device, owner: Any
) -> Array:
    """An array on memory that somebody else frees when `owner` goes. Strides count elements."""
    if address % dtype.itemsize:
        raise BufferError(f"{address:#x} is no address of a {dtype.name}: copy the array first")
    if len(shape) > MAX_NDIM:
        raise ValueError(f"a tensor has at most {MAX_NDIM} axes, the array has {len(shape)}")
    pointer = ffi.cast("char *", address)
    nbytes = dtype.itemsize * prod(shape)
    return Array(Storage(where.backend, Borrowed(owner), pointer, nbytes), shape, strides, 0, dtype)


# --- __cuda_array_interface__ ---------------------------------------------------------------------


def cuda_array_interface(array: Array) -> dict:
    """Version 3 of the protocol (numba.readthedocs.io), which spells NumPy's dtypes."""
    if array.dtype.numpy is None:
        raise AttributeError(f"{array} has none: NumPy has no {array.dtype.name}; use DLPack")
    return {
        "shape": array.shape,
        "typestr": array.dtype.numpy.str,
        "data": (int(ffi.cast("uintptr_t", array.pointer)), False),
        "strides": tuple(s * array.dtype.itemsize for s in array.strides),
        "stream": current_stream(array.backend),
        "version": 3,
    }


def take_cuda_array(other: Any) -> tuple[Array, bool]:
    """An array on the memory of an object with __cuda_array_interface__; whether read-only."""
    found, where = other.__cuda_array_interface__, device("cuda")
    dtype = dtypes.from_numpy_dtype(np.dtype(found["typestr"]))
    shape, steps = tuple(found["shape"]), found.get("strides")
    strides = contiguous_strides(shape)[0]
    if steps is not None:
        if any(s % dtype.itemsize for s in steps):
            raise BufferError(f"strides {steps} are no whole elements of {dtype.name}")
        strides = tuple(s // dtype.itemsize for s in steps)
    if found.get("stream"):
        theirs = ffi.cast("void *", found["stream"])
        status = where.backend.fn["stream_wait"](ffi.NULL, theirs)
        where.backend.check(status, "as_tensor")
    address, read_only = found["data"]
    return foreign(address or 0, shape, strides, dtype, where, other), read_only
