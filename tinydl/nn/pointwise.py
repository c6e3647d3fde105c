"""Activations: functions of each element, as PyTorch's torch.nn.functional has them.

Where they bend, the derivative is PyTorch's. Those with inplace=True can write to x's own memory.
"""

from __future__ import annotations

from .. import ops
from ..methods.inplace_binary import become
from ..tensor import Tensor

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _threshold(x: Tensor, threshold: float, value: float) -> Tensor:
    return ops.where(x <= threshold, value, x)


def _limited(x: Tensor, low: float, high: float) -> Tensor:
    """x between bounds, constant from them on: clamp(), but for the derivative at a bound."""
    return ops.where(x <= low, low, ops.where(x >= high, high, x))


def _hardswish(x: Tensor) -> Tensor:
    near = x.clamp(-3.0, 3.0)  # fractions, as −3 is none of uint8's numbers
    return ops.where(x <= -3.0, 0, ops.where(x < 3, near * (near + 3) / 6, x))


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above the threshold, else value.

    >>> import tinydl
    >>> tinydl.nn.functional.threshold(tinydl.tensor([0.5, 2.0]), 1, 0)
    tensor([0., 2.])
    """
    if inplace:
        return become(input, _threshold, threshold, value)
    return _threshold(input, threshold, value)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """The rectifier cut off at 6, min(max(x, 0), 6).

    >>> import tinydl
    >>> tinydl.nn.functional.relu6(tinydl.tensor([-1.0, 3.0, 8.0]))
    tensor([0., 3., 6.])
    """
    if inplace:
        return become(input, relu6)
    return _limited(input, 0.0, 6.0)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """x between two bounds; at them the derivative is 0.

    Args:
        min_val, max_val: the bounds.

    Example:
        >>> import tinydl
        >>> tinydl.nn.functional.hardtanh(tinydl.tensor([-2.0, 0.5, 2.0]))
        tensor([-1. ,  0.5,  1. ])
    """
    if inplace:
        return become(input, hardtanh, min_val, max_val)
    return _limited(input, min_val, max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """A sigmoid of three straight lines, min(max(x + 3, 0), 6) / 6.

    >>> import tinydl
    >>> tinydl.nn.functional.hardsigmoid(tinydl.tensor([-4.0, 0.0, 1.5]))
    tensor([0.  , 0.5 , 0.75])
    """
    if inplace:
        return become(input, hardsigmoid)
    return _limited(input + 3, 0.0, 6.0) / 6


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · hardsigmoid(x) (Howard et al. 2019).

    >>> import tinydl
    >>> tinydl.nn.functional.hardswish(tinydl.tensor([-4.0, 1.0, 4.0]))
    tensor([0.    , 0.6667, 4.    ])
    """
    if inplace:
        return become(input, hardswish)
    return _hardswish(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where it is positive, else negative_slope · x.

    >>> import tinydl
    >>> tinydl.nn.functional.leaky_relu(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.01,  2.  ])
    """
    if inplace:
        return become(input, leaky_relu, negative_slope)
    return ops.where(input > 0, input, input * negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else α (eˣ − 1) (Clevert et al. 2016).

    >>> import tinydl
    >>> tinydl.nn.functional.elu(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.    ])
    """
    if inplace:
        return become(input, elu, alpha)
    return ops.where(input > 0, input, alpha * ops.expm1(input.clamp(max=0)))


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 · elu(x, 1.6733): what keeps mean 0 and variance 1 (Klambauer et al. 2017).

    >>> import tinydl
    >>> tinydl.nn.functional.selu(tinydl.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    if inplace:
        return become(input, selu)
    return SELU_SCALE * elu(input, SELU_ALPHA)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else α (e^(x/α) − 1): elu without a bend (Barron 2017).

    >>> import tinydl
    >>> tinydl.nn.functional.celu(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.    ])
    """
    if inplace:
        return become(input, celu, alpha)
    return ops.where(input > 0, input, alpha * ops.expm1(input.clamp(max=0) / alpha))


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x · sigmoid(x), also called swish.

    >>> import tinydl
    >>> tinydl.nn.functional.silu(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    if inplace:
        return become(input, silu)
    return ops.silu(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · tanh(ln (1 + eˣ)) (Misra 2019).

    >>> import tinydl
    >>> tinydl.nn.functional.mish(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.944 ])
    """
    if inplace:
        return become(input, mish)
    return input * ops.tanh(ops.softplus(input))


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x · Φ(x), with Φ the normal distribution's (Hendrycks, Gimpel 2016).

    Args:
        approximate: "none", or "tanh" for x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2.

    Example:
        >>> import tinydl
        >>> tinydl.nn.functional.gelu(tinydl.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: expected approximate 'none' or 'tanh', got {approximate!r}")
    return ops.gelu_tanh(input) if approximate == "tanh" else ops.gelu(input)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """ln (1 + e^(βx)) / β, a smooth rectifier; x itself where βx is above the threshold.

    >>> import tinydl
    >>> tinydl.nn.functional.softplus(tinydl.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    x = input if beta == 1 else input * beta
    y = ops.softplus(x)
    return ops.where(x > threshold, input, y if beta == 1 else y / beta)


def logsigmoid(input: Tensor) -> Tensor:
    """ln sigmoid(x), finite where sigmoid(x) rounds to 0.

    >>> import tinydl
    >>> tinydl.nn.functional.logsigmoid(tinydl.tensor([-1000.0, 2.0]))
    tensor([-1.0000e+03, -1.2693e-01])
    """
    return -ops.softplus(-input)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> import tinydl
    >>> tinydl.nn.functional.softsign(tinydl.tensor([-1.0, 3.0]))
    tensor([-0.5 ,  0.75])
    """
    return input / (1 + ops.abs(input))


def tanhshrink(input: Tensor) -> Tensor:
    """x − tanh x.

    >>> import tinydl
    >>> tinydl.nn.functional.tanhshrink(tinydl.tensor([-1.0, 2.0]))
    tensor([-0.2384,  1.036 ])
    """
    return input - ops.tanh(input)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x brought nearer to 0 by λ, and 0 between −λ and λ.

    >>> import tinydl
    >>> tinydl.nn.functional.softshrink(tinydl.tensor([-1.0, 0.25, 2.0]))
    tensor([-0.5,  0. ,  1.5])
    """
    if lambd < 0:
        raise ValueError(f"softshrink: expected lambd ≥ 0, got {lambd}")
    below = ops.where(input < -lambd, input + lambd, input * 0)
    return ops.where(input > lambd, input - lambd, below)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x, but 0 between −λ and λ.

    >>> import tinydl
    >>> tinydl.nn.functional.hardshrink(tinydl.tensor([-1.0, 0.25, 2.0]))
    tensor([-1.,  0.,  2.])
    """
    return ops.where((input >= -lambd) & (input <= lambd), 0, input)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along dim times the sigmoid of the second (Dauphin et al. 2017).

    >>> import tinydl
    >>> tinydl.nn.functional.glu(tinydl.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5, 1. ])
    """
    axis = ops.axis("glu", dim, input.ndim)
    if input.shape[axis] % 2:
        raise ValueError(f"glu: expected an even size along axis {axis}, got {input._array}")
    first, second = input.chunk(2, axis)
    return first * ops.sigmoid(second)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, else weight · x, with a weight that learns (He et al. 2015).

    Args:
        input: x[n,c,…].
        weight: one number, or w[c], one for each channel.

    Raises:
        ValueError: the weight has neither 1 nor c elements.

    Example:
        >>> import tinydl
        >>> tinydl.nn.functional.prelu(tinydl.tensor([-2.0, 2.0]), tinydl.tensor([0.25]))
        tensor([-0.5,  2. ])
    """
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.ndim > 1 or weight.numel() not in (1, channels):
        raise ValueError(
            f"prelu: expected 1 or {channels} weights, one for each channel, "
            f"got {weight._array} for {input._array}"
        )
    if weight.numel() > 1:
        weight = weight.reshape(channels, *[1] * (input.ndim - 2))
    # positive ones do not meet the weight, which may be ∞
    return ops.where(input > 0, input, weight * ops.where(input > 0, 0.0, input))
