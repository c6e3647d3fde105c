"""Convolution layers."""

from __future__ import annotations

from math import prod, sqrt

from .. import ops
from ..creation import empty
from ..device import DeviceLike
from ..dtypes import DType
from ..ops.check import pair
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module, Parameter


class Conv2d(Module):
    """2-D convolution (LeCun et al. 1989), formula and shapes as nn.functional.conv2d.

    x[n,c,h,w] → y[n,k,p,q] with c = in_channels, k = out_channels and
    p = ⌊(h + 2 padding − dilation (r − 1) − 1) / stride⌋ + 1, q alike.

    Args:
        in_channels: c, a multiple of groups.
        out_channels: k, a multiple of groups.
        kernel_size: r and s, height and width of the filters.
        stride: pixels from one window to the next.
        padding: pixels of zeros around x; "valid" is none, "same" keeps the size.
        dilation: pixels from one element of a window to the next.
        groups: parts of the channels, each seen by k/groups filters alone.
        bias: whether b[k] is added.
        padding_mode: "zeros".
        device, dtype: of the parameters; where None, the defaults.

    Attributes:
        weight: w[k,c/groups,r,s], from U(−b, b) with b = 1/√(c/groups · r · s).
        bias: b[k], from the same; None without.

    Raises:
        ValueError: sizes that make no convolution, or another padding_mode.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Conv2d(3, 8, 3, padding=1)(tinydl.zeros(2, 3, 32, 32)).shape
        (2, 8, 32, 32)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: DeviceLike = None,
        dtype: DType | None = None,
    ):
        super().__init__()
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"Conv2d: groups={groups} must divide in_channels={in_channels} and "
                f"out_channels={out_channels}"
            )
        if padding_mode != "zeros":
            raise ValueError(f"Conv2d: padding_mode is 'zeros', got {padding_mode!r}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = pair("Conv2d", "kernel_size", kernel_size, 1)
        self.stride = pair("Conv2d", "stride", stride, 1)
        self.dilation = pair("Conv2d", "dilation", dilation, 1)
        self.padding = F.conv_padding(padding, self.kernel_size, self.stride, self.dilation)
        made = {"device": device, "dtype": dtype}
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(empty(shape, **made))
        self.register_parameter("bias", Parameter(empty(out_channels, **made)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights and biases."""
        init.kaiming_uniform_(self.weight, a=sqrt(5))
        if self.bias is not None:
            fan_in = prod(self.weight.shape[1:])
            bound = 1 / sqrt(fan_in) if fan_in else 0
            init.uniform_(self.bias, -bound, bound)

    def window(self) -> dict:
        """What ops.conv2d is told."""
        return F.conv_window(
            self.kernel_size, self.stride, self.padding, self.dilation, self.groups
        )

    def forward(self, input: Tensor) -> Tensor:
        return ops.conv2d(input, self.weight, self.bias, **self.window())

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}, stride={self.stride}",
        ]
        if self.padding != (0, 0):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1, 1):
            parts.append(f"dilation={self.dilation}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        return ", ".join(parts)
