"""Smooth activation functions as modules; those with bends are in rectifier.py."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .module import Module


class Activation(Module):
    """A module whose constructor's arguments are attributes of the same names."""

    arguments: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        values = {name: getattr(self, name) for name in self.arguments}
        return ", ".join(
            f"{name}={value!r}"
            for name, value in values.items()
            if (name, value) != ("inplace", False)
        )


class MayBeInPlace(Activation):
    """An activation without other parameters that can write to its input's memory."""

    arguments = ("inplace",)

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace


class Tanh(Module):
    """The hyperbolic tangent y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), elementwise on any shape.

    >>> import tinydl
    >>> tinydl.nn.Tanh()(tinydl.tensor([0.0, 1.0]))
    tensor([0.    , 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.tanh()


class Sigmoid(Module):
    """The logistic function y = 1 / (1 + e⁻ˣ), elementwise on any shape.

    >>> import tinydl
    >>> tinydl.nn.Sigmoid()(tinydl.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return input.sigmoid()


class SiLU(MayBeInPlace):
    """y = silu(x): x · sigmoid(x), also called swish.

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.SiLU()(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(MayBeInPlace):
    """y = mish(x): x · tanh(ln (1 + eˣ)) (Misra 2019).

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Mish()(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.944 ])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class GELU(Activation):
    """y = gelu(x): x · Φ(x), with Φ the normal distribution's (Hendrycks, Gimpel 2016).

    Args:
        approximate: as nn.functional.gelu() has them.

    Example:
        >>> import tinydl
        >>> tinydl.nn.GELU()(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """

    arguments = ("approximate",)

    def __init__(self, approximate: str = "none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)


class GLU(Activation):
    """y = glu(x): the first half along dim times the sigmoid of the second (Dauphin et al. 2017).

    Args:
        dim: as nn.functional.glu() has them.

    Example:
        >>> import tinydl
        >>> tinydl.nn.GLU()(tinydl.tensor([1.0, 2.0, 0.0, 0.0]))
        tensor([0.5, 1. ])
    """

    arguments = ("dim",)

    def __init__(self, dim: int = -1):
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)


class LogSigmoid(Module):
    """y = logsigmoid(x): ln sigmoid(x), finite where sigmoid(x) rounds to 0.

    >>> import tinydl
    >>> tinydl.nn.LogSigmoid()(tinydl.tensor([-1000.0, 2.0]))
    tensor([-1.0000e+03, -1.2693e-01])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Softplus(Activation):
    """y = softplus(x): ln (1 + e^(βx)) / β, and x itself where βx is above the threshold.

    Args:
        beta, threshold: as nn.functional.softplus() has them.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Softplus()(tinydl.tensor([-1.0, 2.0]))
        tensor([0.3133, 2.1269])
    """

    arguments = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


class Softsign(Module):
    """y = softsign(x): x / (1 + |x|).

    >>> import tinydl
    >>> tinydl.nn.Softsign()(tinydl.tensor([-1.0, 3.0]))
    tensor([-0.5 ,  0.75])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(Module):
    """y = tanhshrink(x): x − tanh x.

    >>> import tinydl
    >>> tinydl.nn.Tanhshrink()(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.036 ])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)
