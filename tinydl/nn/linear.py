"""Affine maps."""

from __future__ import annotations

from math import sqrt

from .. import ops
from ..creation import empty
from ..device import DeviceLike
from ..dtypes import DType
from ..tensor import Tensor
from . import init
from .module import Module, Parameter


class Identity(Module):
    """y = x, a place holder that takes any arguments.

    >>> import tinydl
    >>> tinydl.nn.Identity()(tinydl.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: object, **kwargs: object):
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """The affine map y = x Wᵀ + b of the last axis, x[…, i] → y[…, o].

    Args:
        in_features: i.
        out_features: o.
        bias: whether b is added.
        device, dtype: of the parameters; where None, the defaults.

    Attributes:
        weight: W[o, i], from U(−1/√i, 1/√i).
        bias: b[o], from the same; None without.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Linear(20, 30)(tinydl.zeros(128, 20)).shape
        (128, 30)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: DeviceLike = None,
        dtype: DType | None = None,
    ):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        made = {"device": device, "dtype": dtype}
        self.weight = Parameter(empty(out_features, in_features, **made))
        self.register_parameter("bias", Parameter(empty(out_features, **made)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights and biases."""
        init.kaiming_uniform_(self.weight, a=sqrt(5))
        if self.bias is not None:
            bound = 1 / sqrt(self.in_features) if self.in_features else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return ops.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
