"""Fusion: which layers of a Sequential one kernel computes together.

Between a convolution, its ReLU and its pool lies more than a core's cache holds; computed together,
a few images at a time, it never leaves it. Values and gradients are those of the layers one by one.
A layer with hooks, or of a class of one's own, is called by itself, so nobody misses a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager

from .activation import ReLU
from .conv import Conv2d
from .module import Module
from .pooling import MaxPool2d

enabled = True
_AFTER_CONV2D = (MaxPool2d, ReLU), (ReLU, MaxPool2d), (ReLU,)


def after(layers: Sequence[Module], at: int) -> Sequence[Module]:
    """The layers after layers[at] that can be computed along with it; often none."""
    if type(layers[at]) is not Conv2d or not enabled or _hooked(layers[at]):
        return ()
    for kinds in _AFTER_CONV2D:
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
    >>> (net(x) == y).all().item()
    True
    """
    global enabled
    before, enabled = enabled, enable
    try:
        yield
    finally:
        enabled = before
