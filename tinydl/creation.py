"""Tensors from data, numbers and chance, and tensors joined. PyTorch's names and arguments."""

from __future__ import annotations

import numpy as np

from . import device as devices
from . import dtypes, ops
from .array import Array
from .dtypes import DType
from .ops.random import Generator, fill_normal, fill_randint, fill_uniform
from .tensor import Tensor


def _new(array: Array, requires_grad: bool) -> Tensor:
    out = Tensor(array)
    return out.requires_grad_() if requires_grad else out


def _where(device) -> devices.Device:
    return devices.default() if device is None else devices.device(device)


def _shape(size: tuple) -> tuple:
    """zeros(2, 3) and zeros((2, 3)) mean the same."""
    shape = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
    if any(n < 0 for n in shape):
        raise ValueError(f"a tensor of shape {shape} would have a negative size")
    return shape


def tensor(data, *, dtype: DType | None = None, device=None, requires_grad: bool = False) -> Tensor:
    """A tensor that copies data: numbers, nested lists, NumPy arrays.

    Floats become the default dtype (float32), ints int64; a NumPy array keeps its dtype.

    >>> import tinydl
    >>> tinydl.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(data, Tensor):
        data = data._array.numpy()
    values = np.asarray(_plain(data))
    if values.dtype == object or values.dtype.kind in "US":
        raise TypeError(f"tensor: cannot make numbers of {type(data).__name__} data {data!r:.80}")
    if (
        dtype is None
        and values.dtype == np.float64
        and not isinstance(data, (np.ndarray, np.generic))
    ):
        dtype = dtypes.get_default_dtype()
    target = dtypes.from_numpy_dtype(values.dtype) if dtype is None else dtype
    backend = _where(device).backend
    return _new(Array.from_numpy(values.astype(target.numpy), backend), requires_grad)


def _plain(data):
    """Lists may hold tensors: those become NumPy arrays."""
    if isinstance(data, (list, tuple)):
        return [_plain(item) for item in data]
    return data._array.numpy() if isinstance(data, Tensor) else data


def as_tensor(data, *, dtype: DType | None = None, device=None) -> Tensor:
    """data as a tensor, shared with it where that is possible."""
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    if isinstance(data, np.ndarray) and dtype is None and data.flags.writeable:
        return from_numpy(data).to(device=device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A CPU tensor on the memory of a NumPy array: a change of one is seen in the other."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    if not array.flags.writeable:
        raise ValueError("from_numpy: the array is read-only; tinydl.tensor(array) copies it")
    return Tensor(Array.from_numpy(array, devices.device("cpu").backend, copy=False))


def full(
    size, fill_value, *, dtype: DType | None = None, device=None, requires_grad: bool = False
) -> Tensor:
    """A tensor of one value."""
    shape = (size,) if isinstance(size, int) else _shape((size,))
    dtype = dtypes.of_scalar(fill_value) if dtype is None else dtype
    return _new(Array.full(shape, fill_value, dtype, _where(device).backend), requires_grad)


def zeros(*size, dtype: DType | None = None, device=None, requires_grad: bool = False) -> Tensor:
    """Zeros, float32 unless dtype says otherwise."""
    dtype = dtype or dtypes.get_default_dtype()
    return full(_shape(size), 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones(*size, dtype: DType | None = None, device=None, requires_grad: bool = False) -> Tensor:
    """Ones, float32 unless dtype says otherwise."""
    dtype = dtype or dtypes.get_default_dtype()
    return full(_shape(size), 1, dtype=dtype, device=device, requires_grad=requires_grad)


def empty(*size, dtype: DType | None = None, device=None, requires_grad: bool = False) -> Tensor:
    """Whatever was in memory."""
    dtype = dtype or dtypes.get_default_dtype()
    return _new(Array.empty(_shape(size), dtype, _where(device).backend), requires_grad)


def _like(x: Tensor, dtype, device) -> dict:
    return {"dtype": dtype or x.dtype, "device": x.device if device is None else device}


def full_like(input: Tensor, fill_value, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """One value, with input's shape, dtype and device."""
    like = _like(input, dtype, device)
    return full(input.shape, fill_value, requires_grad=requires_grad, **like)


def zeros_like(input: Tensor, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Zeros, with input's shape, dtype and device."""
    return full_like(input, 0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(input: Tensor, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Ones, with input's shape, dtype and device."""
    return full_like(input, 1, dtype=dtype, device=device, requires_grad=requires_grad)


def empty_like(input: Tensor, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Whatever was in memory, with input's shape, dtype and device."""
    return empty(input.shape, requires_grad=requires_grad, **_like(input, dtype, device))


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """start, start + step, … up to but without end."""
    start, end = (0, start) if end is None else (start, end)
    if step == 0:
        raise ValueError("arange: step must not be 0")
    values = np.arange(start, end, step)
    if dtype is None and values.dtype.kind == "f":
        dtype = dtypes.get_default_dtype()
    return tensor(values, dtype=dtype, device=device, requires_grad=requires_grad)


def linspace(start, end, steps: int, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Evenly spaced numbers, both ends included."""
    values = np.linspace(start, end, steps)
    dtype = dtype or dtypes.get_default_dtype()
    return tensor(values, dtype=dtype, device=device, requires_grad=requires_grad)


def eye(n: int, m: int | None = None, *, dtype=None, device=None, requires_grad=False) -> Tensor:
    """Ones on the diagonal, zeros elsewhere."""
    dtype = dtype or dtypes.get_default_dtype()
    return tensor(np.eye(n, m), dtype=dtype, device=device, requires_grad=requires_grad)


# --- chance ---------------------------------------------------------------------------------------


def rand(
    *size, generator: Generator | None = None, dtype=None, device=None, requires_grad=False
) -> Tensor:
    """Uniform in [0, 1)."""
    out = empty(*size, dtype=dtype, device=device)
    fill_uniform(out._array, 0.0, 1.0, generator)
    return out.requires_grad_(requires_grad)


def randn(
    *size, generator: Generator | None = None, dtype=None, device=None, requires_grad=False
) -> Tensor:
    """Standard normal."""
    out = empty(*size, dtype=dtype, device=device)
    fill_normal(out._array, 0.0, 1.0, generator)
    return out.requires_grad_(requires_grad)


def randint(
    low, high=None, size=None, *, generator: Generator | None = None, dtype=None, device=None
) -> Tensor:
    """Uniform integers in [low, high): randint(10, (2, 3)) or randint(5, 10, (2, 3))."""
    if size is None:
        low, high, size = 0, low, high
    if high <= low:
        raise ValueError(f"randint: expected low < high, got {low} and {high}")
    out = empty(*size, dtype=dtype or dtypes.int64, device=device)
    if out.dtype.is_floating_point:
        return randint(low, high, size, generator=generator, device=device).to(out.dtype)
    fill_randint(out._array, low, high, generator)
    return out


def randperm(n: int, *, generator: Generator | None = None, dtype=None, device=None) -> Tensor:
    """The numbers 0 to n − 1 in random order."""
    keys = randint(-(2**63), 2**63 - 1, (n,), generator=generator)
    order = np.argsort(keys._array.numpy(), kind="stable")
    return tensor(order, dtype=dtype or dtypes.int64, device=device)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element tells, else 0."""
    u = rand(input.shape, generator=generator, dtype=input.dtype, device=input.device)
    return (u < input.detach()).to(input.dtype)


# --- joining and choosing -------------------------------------------------------------------------


def cat(tensors, dim: int = 0) -> Tensor:
    """The tensors one after the other along dim; all other sizes must be equal.

    >>> import tinydl
    >>> tinydl.cat([tinydl.zeros(1), tinydl.ones(2)])
    tensor([0., 1., 1.])
    """
    tensors = list(tensors)
    if not tensors:
        raise ValueError("cat: there is nothing to join")
    first = tensors[0]._array
    if not first.ndim:
        raise ValueError("cat: 0-d tensors have no axis to join along; use stack()")
    axis = ops.axis("cat", dim, first.ndim)
    for i, x in enumerate(tensors):
        a = x._array
        if a.ndim != first.ndim or any(
            n != m for d, (n, m) in enumerate(zip(a.shape, first.shape, strict=True)) if d != axis
        ):
            raise ValueError(
                f"cat: tensors[{i}] is {a}, tensors[0] is {first}; "
                f"they may differ on axis {axis} only"
            )
    dtype = dtypes.promote([x.dtype for x in tensors], [], [])
    return ops.cat(*[ops.cast(x, dtype) for x in tensors], dim=axis)


def stack(tensors, dim: int = 0) -> Tensor:
    """Tensors of one shape side by side along a new axis."""
    tensors = list(tensors)
    shapes = {x.shape for x in tensors}
    if len(shapes) != 1:
        raise ValueError(f"stack: expected tensors of one shape, got {sorted(shapes) or 'none'}")
    return cat([x.unsqueeze(ops.axis("stack", dim, x.ndim + 1)) for x in tensors], dim)


def where(condition: Tensor, input, other) -> Tensor:
    """input where the condition holds, else other; what is not chosen leaves no trace.

    >>> import tinydl
    >>> x = tinydl.tensor([-1.0, 4.0])
    >>> tinydl.where(x > 0, x, 0.0)
    tensor([0., 4.])
    """
    return ops.where(condition, input, other)
