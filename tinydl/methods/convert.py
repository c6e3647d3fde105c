"""Conversion: another dtype, another device. What is there already is returned as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from .. import device as devices
from .. import dtypes, ops
from ..dtypes import DType

if TYPE_CHECKING:
    from ..tensor import Tensor


_OLD_NAMES = {
    dtypes.float32: "FloatTensor",
    dtypes.float64: "DoubleTensor",
    dtypes.float16: "HalfTensor",
    dtypes.bfloat16: "BFloat16Tensor",
    dtypes.int64: "LongTensor",
    dtypes.int32: "IntTensor",
    dtypes.int16: "ShortTensor",
    dtypes.int8: "CharTensor",
    dtypes.uint8: "ByteTensor",
    dtypes.bool_: "BoolTensor",
}


class ConvertMethods:
    """x.to(tinydl.float64), x.float(), x.cpu(), …

    Returns:
        A tensor of self's shape: self where nothing changes, else a copy. Gradients flow back
        through it in self's dtype and on self's device.
    """

    __slots__ = ()

    def to(
        self,
        *args: DType | Tensor | str | int | devices.Device | None,
        dtype: DType | None = None,
        device: str | devices.Device | None = None,
        copy: bool = False,
        non_blocking: bool = False,
    ) -> Tensor:
        """As another dtype, on another device, or both.

        Args:
            args: a dtype, a device, both, or a tensor to be like in both; then, as in PyTorch,
                non_blocking and copy.
            dtype: the same by name: fractions are cut off where it is an integer, and what is not
                0 is True where it is bool.
            device: the same by name, such as "cpu" or "cpu:avx2".
            copy: whether a copy is made also where nothing changes.
            non_blocking: taken for PyTorch's sake. Copies to a GPU are always queued, from a copy
                of self, which may be changed at once; copies from it wait for the values.

        Raises:
            ValueError: there is no such device.
            TypeError: an argument that is neither dtype, device nor tensor.

        Example:
            >>> import tinydl
            >>> tinydl.tensor([1, 2]).to(tinydl.float64)
            tensor([1., 2.], dtype=tinydl.float64)
        """
        for argument in args:
            if isinstance(argument, (DType, type)):
                dtype = argument
            elif ops.is_tensor(argument):
                dtype, device = argument.dtype, argument.device
            elif isinstance(argument, (str, devices.Device)) or type(argument) is int:
                device = argument
            elif argument is not None and not isinstance(argument, bool):
                raise TypeError(f"to: expected a dtype, a device or a tensor, got {argument!r}")
        flags = [argument for argument in args if isinstance(argument, bool)]
        copy = copy or (len(flags) > 1 and flags[1])
        x = self if dtype is None else ops.cast(self, dtypes.checked(dtype))
        if device is not None:
            target = devices.device(device)
            if target.backend is not x._array.backend:
                x = ops.to_device(x, device=target, source=self.device)
        return x.clone() if copy and x is self else x

    @overload
    def type(self, dtype: None = None) -> str: ...
    @overload
    def type(self, dtype: DType | str) -> Tensor: ...
    def type(self, dtype: DType | str | None = None) -> Tensor | str:
        """As another dtype, given as such or by PyTorch's old name; without one, self's old name.

        Raises:
            TypeError: there is no such dtype.

        Example:
            >>> import tinydl
            >>> tinydl.ones(2).type()
            'tinydl.FloatTensor'
            >>> tinydl.ones(2).type("tinydl.LongTensor")
            tensor([1, 1])
        """
        if dtype is None:
            where = "" if self._array.backend.is_cpu else "cuda."
            return f"tinydl.{where}{_OLD_NAMES[self._array.dtype]}"
        if isinstance(dtype, str):
            named = [known for known, name in _OLD_NAMES.items() if dtype.split(".")[-1] == name]
            if not named:
                raise TypeError(f"type: no dtype is called {dtype!r}; use tinydl.float32, …")
            dtype = named[0]
        return ops.cast(self, dtypes.checked(dtype))

    def cpu(self) -> Tensor:
        """On the CPU.

        >>> import tinydl
        >>> tinydl.ones(2).cpu().device
        device('cpu')
        """
        return self.to("cpu")

    def cuda(
        self, device: str | int | devices.Device | None = None, non_blocking: bool = False
    ) -> Tensor:
        """On the GPU. The copy is queued, so it is never waited for.

        Args:
            device: taken for PyTorch's sake: 0 or "cuda:0", the first GPU that CUDA sees.
            non_blocking: taken for PyTorch's sake.

        Raises:
            RuntimeError: there is no CUDA device; the message says why.
            ValueError: another one than the first.
        """
        return self.to(devices.device("cuda" if device is None else device))

    def pin_memory(self) -> Tensor:
        """self: copies to the GPU go through pinned memory of tinydl's own, wherever they start.

        >>> import tinydl
        >>> x = tinydl.ones(2)
        >>> x.pin_memory() is x
        True
        """
        return self

    def type_as(self, other: Tensor) -> Tensor:
        """As other's dtype.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).type_as(tinydl.ones(1))
        tensor([1., 2.])
        """
        return ops.cast(self, other.dtype)

    def double(self) -> Tensor:
        """As float64.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).double().dtype
        tinydl.float64
        """
        return ops.cast(self, dtypes.float64)

    def long(self) -> Tensor:
        """As int64; fractions are cut off.

        >>> import tinydl
        >>> tinydl.tensor([1.9, -1.9]).long()
        tensor([ 1, -1])
        """
        return ops.cast(self, dtypes.int64)

    def half(self) -> Tensor:
        """As float16, rounded to the nearest.

        >>> import tinydl
        >>> tinydl.tensor([0.1, 1e6]).half()
        tensor([0.1, inf], dtype=tinydl.float16)
        """
        return ops.cast(self, dtypes.float16)

    def bfloat16(self) -> Tensor:
        """As bfloat16, rounded to the nearest.

        >>> import tinydl
        >>> tinydl.tensor([1.0, 1.001]).bfloat16()
        tensor([1., 1.], dtype=tinydl.bfloat16)
        """
        return ops.cast(self, dtypes.bfloat16)

    def short(self) -> Tensor:
        """As int16; fractions are cut off.

        >>> import tinydl
        >>> tinydl.tensor([1.9, -1.9]).short()
        tensor([ 1, -1], dtype=tinydl.int16)
        """
        return ops.cast(self, dtypes.int16)

    def char(self) -> Tensor:
        """As int8; fractions are cut off.

        >>> import tinydl
        >>> tinydl.tensor([1.9, -1.9]).char()
        tensor([ 1, -1], dtype=tinydl.int8)
        """
        return ops.cast(self, dtypes.int8)

    def byte(self) -> Tensor:
        """As uint8; fractions are cut off.

        >>> import tinydl
        >>> tinydl.tensor([1.9, 255.0]).byte()
        tensor([  1, 255], dtype=tinydl.uint8)
        """
        return ops.cast(self, dtypes.uint8)

    # last, because from here on in this class float, int and bool are these methods

    def float(self) -> Tensor:
        """As float32.

        >>> import tinydl
        >>> tinydl.tensor([1, 2]).float()
        tensor([1., 2.])
        """
        return ops.cast(self, dtypes.float32)

    def int(self) -> Tensor:
        """As int32; fractions are cut off.

        >>> import tinydl
        >>> tinydl.tensor([1.9, -1.9]).int()
        tensor([ 1, -1], dtype=tinydl.int32)
        """
        return ops.cast(self, dtypes.int32)

    def bool(self) -> Tensor:
        """As bool: whether each element is not 0.

        >>> import tinydl
        >>> tinydl.tensor([0.0, 0.5]).bool()
        tensor([False,  True])
        """
        return ops.cast(self, dtypes.bool_)
