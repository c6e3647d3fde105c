"""Optimizers: PyTorch's names, arguments and state_dict format; one native call per step."""

from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]
