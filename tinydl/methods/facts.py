"""What a tensor is: its shape, its dtype and how it lies in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from .. import device as devices
from ..backend import ffi

if TYPE_CHECKING:
    from ..dtypes import DType
    from ..tensor import Tensor


class FactMethods:
    """x.shape, x.dtype, x.numel(), …"""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes, () for a single number.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).shape
        (2, 3)
        """
        return self._array.shape

    @property
    def dtype(self) -> DType:
        """The type of the elements.

        >>> import tinydl
        >>> tinydl.zeros(2).dtype
        tinydl.float32
        """
        return self._array.dtype

    @property
    def device(self) -> devices.Device:
        """Where the elements are.

        >>> import tinydl
        >>> tinydl.zeros(2).device
        device('cpu')
        """
        return devices.of(self._array.storage.backend)

    @property
    def is_cuda(self) -> bool:
        """Whether the elements are on a GPU.

        >>> import tinydl
        >>> tinydl.zeros(2).is_cuda
        False
        """
        return not self._array.storage.backend.is_cpu

    @property
    def ndim(self) -> int:
        """The number of axes.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).ndim
        2
        """
        return len(self._array.shape)

    def dim(self) -> int:
        """The number of axes, PyTorch's name for ndim.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).dim()
        2
        """
        return len(self._array.shape)

    @overload
    def size(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def size(self, dim: int) -> int: ...
    def size(self, dim: int | None = None) -> tuple[int, ...] | int:
        """The shape, or the size of one axis.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).size(-1)
        3
        """
        return self._array.shape if dim is None else self._array.shape[dim]

    def numel(self) -> int:
        """The number of elements, the product of the shape.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).numel()
        6
        """
        return self._array.size

    nelement = numel

    def storage_offset(self) -> int:
        """The place of the first element in the memory that views share, in elements.

        >>> import tinydl
        >>> tinydl.zeros(2, 3)[1].storage_offset()
        3
        """
        return self._array.offset

    def ndimension(self) -> int:
        """The number of axes, as dim().

        >>> import tinydl
        >>> tinydl.zeros(2, 3).ndimension()
        2
        """
        return len(self._array.shape)

    @property
    def itemsize(self) -> int:
        """The bytes of one element.

        >>> import tinydl
        >>> tinydl.zeros(2).itemsize
        4
        """
        return self._array.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements; a view's may be fewer in memory.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).nbytes
        24
        """
        return self._array.size * self._array.dtype.itemsize

    def get_device(self) -> int:
        """The number of the GPU it is on, −1 on the CPU.

        >>> import tinydl
        >>> tinydl.zeros(2).get_device()
        -1
        """
        return 0 if self.is_cuda else -1

    def is_same_size(self, other: Tensor) -> bool:
        """Whether the shapes are equal.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).is_same_size(tinydl.ones(3, 2))
        False
        """
        return self._array.shape == other._array.shape

    def element_size(self) -> int:
        """The bytes of one element.

        >>> import tinydl
        >>> tinydl.zeros(2).element_size()
        4
        """
        return self._array.dtype.itemsize

    @overload
    def stride(self, dim: None = None) -> tuple[int, ...]: ...
    @overload
    def stride(self, dim: int) -> int: ...
    def stride(self, dim: int | None = None) -> tuple[int, ...] | int:
        """The steps between neighbours along each axis, or one, in elements.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).stride()
        (3, 1)
        """
        return self._array.strides if dim is None else self._array.strides[dim]

    def is_contiguous(self) -> bool:
        """Whether the elements lie densely in reading order.

        >>> import tinydl
        >>> tinydl.zeros(2, 3).T.is_contiguous()
        False
        """
        return self._array.is_contiguous

    def is_floating_point(self) -> bool:
        """Whether it holds a floating-point dtype, halves included.

        >>> import tinydl
        >>> tinydl.arange(3).is_floating_point()
        False
        """
        return self._array.dtype.is_floating_point

    def data_ptr(self) -> int:
        """The address of the first element, in bytes.

        >>> import tinydl
        >>> x = tinydl.zeros(4)
        >>> x[1:].data_ptr() - x.data_ptr()
        4
        """
        return int(ffi.cast("uintptr_t", self._array.pointer))

    def __len__(self) -> int:
        if not self._array.shape:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]
