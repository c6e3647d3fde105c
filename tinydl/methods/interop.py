"""Tensors in other libraries' hands: NumPy's functions and operators, buffers, DLPack."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dlpack, ops

if TYPE_CHECKING:
    from ..device import DeviceLike
    from ..tensor import Tensor

# NumPy's name of a function → tinydl's, where they differ
_OURS = {
    "absolute": "abs", "fabs": "abs", "negative": "neg", "add": "add", "subtract": "sub",
    "multiply": "mul", "divide": "div", "true_divide": "div", "power": "pow", "rint": "round",
    "invert": "bitwise_not", "left_shift": "bitwise_left_shift",
    "right_shift": "bitwise_right_shift", "equal": "eq", "not_equal": "ne", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "degrees": "rad2deg",
    "radians": "deg2rad", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arctan2": "atan2", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip


class InteropMethods:
    """np.exp(x), array * x, np.asarray(x), torch.from_dlpack(x), …"""

    __slots__ = ()

    # --- NumPy ------------------------------------------------------------------------------------

    __array_priority__ = 1000  # what NumPy asked before there was __array_ufunc__

    def __array__(self, dtype=None, copy: bool | None = None) -> np.ndarray:
        values = self.numpy()
        if copy is False and dtype is not None and np.dtype(dtype) != values.dtype:
            raise ValueError(f"__array__: {self._array} as {np.dtype(dtype)} takes a copy")
        return np.array(values, dtype) if copy else np.asarray(values, dtype)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out=None, **options):
        """np.exp(x) and array + x: tinydl's function of that name, a tensor that is recorded.

        Where NumPy is told to write into an array of its own, as in array += x, it computes; a
        tensor that requires a gradient is then the error of numpy().

        Raises:
            TypeError: tinydl has no such function, or not with NumPy's options.
        """
        name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        if out is not None and not any(map(ops.is_tensor, out)):
            arrays = [x.numpy() if ops.is_tensor(x) else x for x in inputs]
            return getattr(ufunc, method)(*arrays, out=out, **options)
        from .. import functions

        function = getattr(functions, _OURS.get(ufunc.__name__, ufunc.__name__), None)
        if function is None or method != "__call__":
            raise TypeError(
                f"{name}: tinydl has no function for it; NumPy's takes x.detach().numpy()"
            )
        if out is not None or options:
            given = ", ".join([*options, *(["out"] if out else [])])
            raise TypeError(
                f"{name}: NumPy's {given}= means nothing to a tensor; "
                f"use tinydl.{function.__name__}()"
            )
        like = next(x for x in inputs if ops.is_tensor(x))
        # NumPy's numbers come as arrays without axes; they are to be weak, as Python's are
        inputs = tuple(x[()] if isinstance(x, np.ndarray) else x for x in inputs)
        numbers = ops.common_dtype(inputs)
        return function(
            *[ops.as_tensor_like(x, like, numbers if ops.is_number(x) else None) for x in inputs]
        )

    # --- the array API standard -------------------------------------------------------------------

    def __array_namespace__(self, /, *, api_version: str | None = None) -> ModuleType:
        """tinydl.array_api, the namespace of the array API standard.

        Raises:
            ValueError: another version of the standard than 2022.12 or 2023.12.
        """
        from .. import array_api

        if api_version not in (None, "2022.12", array_api.__array_api_version__):
            known = array_api.__array_api_version__
            raise ValueError(f"__array_namespace__: {api_version} is not there, {known} is")
        return array_api

    def to_device(self, device: DeviceLike, /, *, stream: int | None = None) -> Tensor:
        """On another device, the standard's name for to(device); streams are those of tinydl.cuda.

        >>> import tinydl
        >>> tinydl.ones(2).to_device("cpu").device
        device('cpu')
        """
        if stream is not None:
            raise ValueError("to_device: streams are set with tinydl.cuda.stream()")
        return self.to(device)

    # --- buffers and DLPack -----------------------------------------------------------------------

    def __buffer__(self, flags: int) -> memoryview:
        """memoryview(x), from Python 3.12 on; before that memoryview(x.numpy())."""
        return memoryview(self.numpy())

    def __dlpack__(
        self,
        *,
        stream: int | None = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A capsule on self's memory for another library's from_dlpack().

        Args:
            stream: of the consumer, on a GPU: it waits for what is queued here.
            max_version: of DLPack that the consumer knows; without one, as before version 1.
            dl_device: where it wants the tensor: where self is, or on the CPU, which takes a copy.
            copy: whether it wants a copy: always, never, or None where it takes one.

        Raises:
            BufferError: self requires a gradient, or cannot be had there or without a copy.
        """
        here = self.__dlpack_device__()
        there = here if dl_device is None else (int(dl_device[0]), int(dl_device[1]))
        if self.requires_grad:
            raise BufferError(f"dlpack: {self._array} requires a gradient; use .detach()")
        if there not in (here, (dlpack.CPU, 0)):
            raise BufferError(f"dlpack: {self._array} is on device {here}, asked for {there}")
        if there != here and copy is False:
            raise BufferError(f"dlpack: {self._array} on device {there} takes a copy")
        copied = bool(copy) or there != here
        x = self.cpu() if there != here else self.clone() if copied else self
        return dlpack.give(x._array, stream, max_version, copied)

    def __dlpack_device__(self) -> tuple[int, int]:
        """(kind, number): (1, 0) for the CPU, (2, 0) for the GPU."""
        return dlpack.kind_of_device(self._array)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """What CuPy, Numba and PyTorch read to use a tensor's memory on the GPU."""
        if self._array.backend.is_cpu:  # an AttributeError is what hasattr() expects
            raise AttributeError(f"{self._array} is on {self.device}; only tensors on cuda have it")
        if self.requires_grad:
            raise BufferError(
                f"__cuda_array_interface__: {self._array} requires a gradient; use .detach()"
            )
        return dlpack.cuda_array_interface(self._array)
