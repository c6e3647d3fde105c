"""Tensors on disk: checkpoints, safetensors, npz. Nothing here can execute what it reads."""

from . import safetensors
from .checkpoint import load, save
from .files import FormatError

__all__ = ["FormatError", "load", "safetensors", "save"]
