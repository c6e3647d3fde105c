"""Fusion: which layers of a Sequential are computed together.

Between a convolution, its ReLU and its pool lies more than a core's cache holds; computed together,
a few images at a time, it never leaves it. A ReLU after a Linear works in the same memory. Values
and gradients are those of the layers one by one.
A layer with hooks, or of a class of one's own, is called by itself, so nobody misses a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager

from .activation import ReLU
from .conv import Conv2d
from .linear import Linear
from .module import Module
from .pooling import MaxPool2d

enabled = True
_AFTER = {
    Conv2d: ((MaxPool2d, ReLU), (ReLU, MaxPool2d), (ReLU,)),
    Linear: ((ReLU,),),
}


def after(layers: Sequence[Module], at: int) -> Sequence[Module]:
    """The layers after layers[at] that can be computed along with it; often none."""
    groups = _AFTER.get(type(layers[at]))
    if groups is None or not enabled or _hooked(layers[at]):
        return ()
    for kinds in groups:
        then = layers[at + 1 : at + 1 + len(kinds)]
        if tuple(map(type, then)) == kinds and not any(map(_alone, then)):
            return then
    return ()


def _hooked(layer: Module) -> bool:
    return bool(layer._forward_hooks or layer._forward_pre_hooks)


def _alone(layer: Module) -> bool:
    return _hooked(layer) or getattr(layer, "return_indices", False)


@contextmanager
def fusion(enable: bool):
    """Turns fusion on or off within a block.

    >>> import tinydl
    >>> net = tinydl.nn.Sequential(tinydl.nn.Conv2d(1, 8, 3), tinydl.nn.ReLU())
    >>> x = tinydl.ones(2, 1, 6, 6)
    >>> with tinydl.nn.fusion(False):
    ...     y = net(x)
    >>> abs(net(x) - y).max().item() < 1e-6
    True
    """
    global enabled
    before, enabled = enabled, enable
    try:
        yield
    finally:
        enabled = before
