"""Pooling layers: x[n,c,h,w] → y[n,c,p,q]."""

from __future__ import annotations

from .. import ops
from ..tensor import Tensor
from . import functional as F
from .module import Module


class MaxPool2d(Module):
    """The largest value of each window, x[n,c,h,w] → y[n,c,p,q].

    p = ⌊(h + 2 padding − dilation (kernel_size − 1) − 1) / stride⌋ + 1, q alike.

    Args:
        kernel_size: the window's height and width.
        stride: pixels from one window to the next; kernel_size if None.
        padding: pixels around x, at most half a window; they never win.
        dilation: pixels from one element of a window to the next.
        return_indices: whether forward() returns (y, places), int64 offsets in the h·w plane.
        ceil_mode: whether a last window may hang over the edge.

    Example:
        >>> import tinydl
        >>> tinydl.nn.MaxPool2d(2)(tinydl.zeros(1, 3, 28, 28)).shape
        (1, 3, 14, 14)
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def window(self) -> dict:
        """What ops.max_pool2d is told."""
        return F.pool_window(
            self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode
        )

    def forward(self, input: Tensor) -> Tensor:
        y, place = ops.max_pool2d(input, **self.window())
        return (y, place.long()) if self.return_indices else y

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class AvgPool2d(Module):
    """The mean of each window, x[n,c,h,w] → y[n,c,p,q].

    p = ⌊(h + 2 padding − kernel_size) / stride⌋ + 1, q alike.

    Args:
        kernel_size: the window's height and width.
        stride: pixels from one window to the next; kernel_size if None.
        padding: pixels of zeros around x, at most half a window.
        ceil_mode: whether a last window may hang over the edge.
        count_include_pad: whether padded zeros count as elements.
        divisor_override: what to divide each sum by instead of the number of elements.

    Example:
        >>> import tinydl
        >>> tinydl.nn.AvgPool2d(2)(tinydl.ones(1, 1, 4, 4))
        tensor([[[[1., 1.],
                  [1., 1.]]]])
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
