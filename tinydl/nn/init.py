"""Starting values for parameters. All change the tensor in place, outside any graph.

tensor is of any shape, float32 or float64, and comes back; random numbers are drawn from generator
or, if None, the default one. The fan in of w[o, i, …] is i · (…), its fan out o · (…).
"""

from __future__ import annotations

from math import prod, sqrt

from ..graph import no_grad
from ..ops.random import Generator
from ..tensor import Tensor


@no_grad()
def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Uniform numbers, U[a, b).

    >>> import tinydl
    >>> w = tinydl.nn.init.uniform_(tinydl.empty(3, 2), -1, 1)
    >>> bool((w.abs() <= 1).all())
    True
    """
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Normal numbers, N(mean, std²).

    >>> import tinydl
    >>> tinydl.nn.init.normal_(tinydl.empty(3, 2), std=0.01).shape
    (3, 2)
    """
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """One value everywhere.

    >>> import tinydl
    >>> tinydl.nn.init.constant_(tinydl.empty(2), 0.5)
    tensor([0.5, 0.5])
    """
    return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Zeros.

    >>> import tinydl
    >>> tinydl.nn.init.zeros_(tinydl.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Ones.

    >>> import tinydl
    >>> tinydl.nn.init.ones_(tinydl.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs an output element sums, and how many outputs an input element reaches.

    w[o, i, …] → (i · (…), o · (…)).

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import tinydl
        >>> tinydl.nn.init.fan_in_and_fan_out(tinydl.empty(8, 3, 5, 5))
        (75, 200)
    """
    if tensor.ndim < 2:
        raise ValueError(f"init: {tensor._array} needs two axes or more to have a fan in and out")
    window = prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor on the weights' standard deviation that makes up for a nonlinearity.

    1 for linear, conv2d and sigmoid, 5/3 for tanh, √2 for relu, √(2 / (1 + param²)) for leaky_relu.

    Args:
        nonlinearity: one of those names.
        param: leaky_relu's slope below 0; 0.01 if None.

    Raises:
        ValueError: another name.

    Example:
        >>> import tinydl
        >>> round(tinydl.nn.init.calculate_gain("relu"), 4)
        1.4142
    """
    gains = {"linear": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": sqrt(2)}
    if nonlinearity == "leaky_relu":
        return sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in gains:
        raise ValueError(
            f"calculate_gain: unknown nonlinearity {nonlinearity!r}, "
            f"expected leaky_relu, {', '.join(gains)}"
        )
    return gains[nonlinearity]


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"init: mode must be 'fan_in' or 'fan_out', got {mode!r}")
    fan = fan_in_and_fan_out(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / sqrt(max(fan, 1))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """U[−b, b) with b = gain √(3 / fan): keeps the variance through rectifiers (He et al. 2015).

    Args:
        a: the slope below 0 of the leaky rectifier that follows; 0 for a plain one.
        mode: "fan_in" keeps the variance forward, "fan_out" backward.
        nonlinearity: what follows, as in calculate_gain().

    Raises:
        ValueError: fewer than two axes, another mode or nonlinearity.

    Example:
        >>> import tinydl
        >>> w = tinydl.nn.init.kaiming_uniform_(tinydl.empty(10, 6))
        >>> bool((w.abs() <= 1).all())
        True
    """
    bound = sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """N(0, gain² / fan): keeps the variance through rectifiers (He et al. 2015).

    Args:
        a: the slope below 0 of the leaky rectifier that follows; 0 for a plain one.
        mode: "fan_in" keeps the variance forward, "fan_out" backward.
        nonlinearity: what follows, as in calculate_gain().

    Raises:
        ValueError: fewer than two axes, another mode or nonlinearity.

    Example:
        >>> import tinydl
        >>> tinydl.nn.init.kaiming_normal_(tinydl.empty(8, 3, 5, 5), mode="fan_out").shape
        (8, 3, 5, 5)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """U[−b, b) with b = gain √(6 / (fan in + fan out)) (Glorot and Bengio 2010).

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import tinydl
        >>> w = tinydl.nn.init.xavier_uniform_(tinydl.empty(4, 2))
        >>> bool((w.abs() <= 1).all())
        True
    """
    bound = gain * sqrt(6 / sum(fan_in_and_fan_out(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """N(0, gain² · 2 / (fan in + fan out)) (Glorot and Bengio 2010).

    Raises:
        ValueError: fewer than two axes.

    Example:
        >>> import tinydl
        >>> tinydl.nn.init.xavier_normal_(tinydl.empty(4, 2)).shape
        (4, 2)
    """
    return normal_(tensor, 0.0, gain * sqrt(2 / sum(fan_in_and_fan_out(tensor))), generator)
