"""Activation functions with bends, as modules: ReLU and what was made of it."""

from __future__ import annotations

from ..creation import full
from ..tensor import Tensor
from . import functional as F
from .activation import Activation, MayBeInPlace
from .module import Module, Parameter


class ReLU(MayBeInPlace):
    """The rectifier y = max(x, 0), elementwise on any shape.

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.ReLU()(tinydl.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, inplace=self.inplace)


class ReLU6(MayBeInPlace):
    """y = relu6(x): the rectifier cut off at 6, min(max(x, 0), 6).

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.ReLU6()(tinydl.tensor([-1.0, 3.0, 8.0]))
        tensor([0., 3., 6.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)


class Threshold(Activation):
    """y = threshold(x): x where it is above the threshold, else value.

    Args:
        threshold, value: as nn.functional.threshold() has them.
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Threshold(1, 0)(tinydl.tensor([0.5, 2.0]))
        tensor([0., 2.])
    """

    arguments = ("threshold", "value", "inplace")

    def __init__(self, threshold: float, value: float, inplace: bool = False):
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


class Hardtanh(Activation):
    """y = hardtanh(x): x between two bounds; at them the derivative is 0.

    Args:
        min_val, max_val: as nn.functional.hardtanh() has them.
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Hardtanh()(tinydl.tensor([-2.0, 0.5, 2.0]))
        tensor([-1. ,  0.5,  1. ])
    """

    arguments = ("min_val", "max_val", "inplace")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False):
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class Hardsigmoid(MayBeInPlace):
    """y = hardsigmoid(x): a sigmoid of three straight lines, min(max(x + 3, 0), 6) / 6.

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Hardsigmoid()(tinydl.tensor([-4.0, 0.0, 1.5]))
        tensor([0.  , 0.5 , 0.75])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(MayBeInPlace):
    """y = hardswish(x): x · hardsigmoid(x) (Howard et al. 2019).

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Hardswish()(tinydl.tensor([-4.0, 1.0, 4.0]))
        tensor([0.    , 0.6667, 4.    ])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Hardshrink(Activation):
    """y = hardshrink(x): x, but 0 between −λ and λ.

    Args:
        lambd: as nn.functional.hardshrink() has them.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Hardshrink()(tinydl.tensor([-1.0, 0.25, 2.0]))
        tensor([-1.,  0.,  2.])
    """

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)


class Softshrink(Activation):
    """y = softshrink(x): x brought nearer to 0 by λ, and 0 between −λ and λ.

    Args:
        lambd: as nn.functional.softshrink() has them.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Softshrink()(tinydl.tensor([-1.0, 0.25, 2.0]))
        tensor([-0.5,  0. ,  1.5])
    """

    def __init__(self, lambd: float = 0.5):
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        return str(self.lambd)

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class LeakyReLU(Activation):
    """y = leaky_relu(x): x where it is positive, else negative_slope · x.

    Args:
        negative_slope: as nn.functional.leaky_relu() has them.
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.LeakyReLU()(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.01,  2.  ])
    """

    arguments = ("negative_slope", "inplace")

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False):
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(Module):
    """y = prelu(x, weight): x where it is positive, else weight · x, with a weight that learns.

    Args:
        num_parameters: 1, or a weight for each channel of x[n,c,…].
        init: what the weights are at first.
        device, dtype: the weight's; the default ones if None.

    Example:
        >>> import tinydl
        >>> tinydl.nn.PReLU()(tinydl.tensor([-2.0, 2.0]))
        tensor([-0.5,  2. ], grad_fn=<where>)
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device=None, dtype=None):
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = Parameter(full((num_parameters,), init, device=device, dtype=dtype))

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Activation):
    """y = elu(x): x where it is positive, else α (eˣ − 1) (Clevert et al. 2016).

    Args:
        alpha: as nn.functional.elu() has them.
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.ELU()(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.    ])
    """

    arguments = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


class SELU(MayBeInPlace):
    """y = selu(x), which keeps mean 0 and variance 1 (Klambauer et al. 2017).

    Args:
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.SELU()(tinydl.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class CELU(Activation):
    """y = celu(x): x where it is positive, else α (e^(x/α) − 1): elu without a bend (Barron 2017).

    Args:
        alpha: as nn.functional.celu() has them.
        inplace: whether to write to x's own memory.

    Example:
        >>> import tinydl
        >>> tinydl.nn.CELU()(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.    ])
    """

    arguments = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False):
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)
