"""Tensors on disk: checkpoints, safetensors and npz. Nothing here can execute what it reads."""

from . import npz, safetensors
from .checkpoint import load, save
from .files import FormatError

__all__ = ["FormatError", "load", "npz", "safetensors", "save"]
