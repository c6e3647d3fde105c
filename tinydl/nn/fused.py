"""Fusion: which layers of a Sequential are computed together.

Between a convolution, its ReLU and its pool lies more than a core's cache holds; computed together,
a few images at a time, it never leaves it. A ReLU after a Linear works in the same memory. Values
and gradients are those of the layers one by one, but for rounding. A layer with hooks or a forward
of its own is called by itself, so nobody misses a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .. import capture, ops
from ..ops.fused import mode
from ..tensor import Tensor
from .conv import Conv2d
from .linear import Linear
from .module import Module
from .pooling import MaxPool2d
from .rectifier import ReLU

_AFTER = {
    Conv2d: ((MaxPool2d, ReLU), (ReLU, MaxPool2d), (ReLU,)),
    Linear: ((ReLU,),),
}


def after(layers: Sequence[Module], at: int) -> Sequence[Module]:
    """The layers after layers[at] that can be computed along with it; often none."""
    groups = _AFTER.get(type(layers[at]))
    if groups is None or not mode.enabled or _alone(layers[at]):
        return ()
    for kinds in groups:
        then = layers[at + 1 : at + 1 + len(kinds)]
        if tuple(map(type, then)) == kinds and not any(map(_alone, then)):
            return then
    return ()


def _alone(layer: Module) -> bool:
    own = layer.__dict__
    return bool(own["_module_hooks"]) or "forward" in own or own.get("return_indices", False)


def call(layer: Module, then: Sequence[Module], input: Tensor) -> Tensor:
    """What the layer and those after it make of the input."""
    if capture.current is not None:
        capture.current.modules += [(one, one.training) for one in (layer, *then)]
    try:
        if isinstance(layer, Linear):
            return ops.linear_relu(input, layer.weight, layer.bias)
        pool = next((one.window() for one in then if isinstance(one, MaxPool2d)), None)
        return ops.conv2d_relu(input, layer.weight, layer.bias, pool=pool, **layer.window())
    except (ValueError, TypeError):
        for one in (layer, *then):
            input = one(input)  # the one at fault is named
        raise


@contextmanager
def fusion(enable: bool) -> Iterator[None]:
    """Turns fusion on or off in this thread, within a block.

    Args:
        enable: whether layers of a Sequential may be computed together, as they are by default.

    Example:
        >>> import tinydl
        >>> net = tinydl.nn.Sequential(tinydl.nn.Conv2d(1, 8, 3), tinydl.nn.ReLU())
        >>> x = tinydl.ones(2, 1, 6, 6)
        >>> with tinydl.nn.fusion(False):
        ...     y = net(x)
        >>> abs(net(x) - y).max().item() < 1e-6
        True
    """
    before, mode.enabled = mode.enabled, enable
    try:
        yield
    finally:
        mode.enabled = before
