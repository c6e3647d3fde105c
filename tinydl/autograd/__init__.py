"""Reverse-mode differentiation, under the names of torch.autograd.

engine      backward() and grad(): one walk over the graph of graph.py
hooks       what users hang onto tensors, to see or change gradients
function    Function: an op of one's own, made of a forward and a backward
functional  vjp, jvp, jacobian, hessian, … of functions; loaded when asked for
graph       hooks on what is saved for backward; loaded when asked for
anomaly     NaN in a backward is told with the forward's line
"""

from __future__ import annotations

from ..grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .anomaly import detect_anomaly, is_anomaly_enabled, set_detect_anomaly
from .engine import backward, grad
from .function import Function
from .hooks import RemovableHandle

__all__ = [
    "Function",
    "RemovableHandle",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "graph",
    "inference_mode",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "is_inference_mode_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]


def __getattr__(name: str):
    """functional, graph, and where PyTorch has them gradcheck and gradgradcheck; loaded late."""
    if name in ("gradcheck", "gradgradcheck"):
        from .. import inspect

        return getattr(inspect, name)
    if name in ("functional", "graph"):
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
