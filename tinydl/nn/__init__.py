"""Neural-network layers, with PyTorch's names, arguments, defaults and state_dict keys."""

from . import functional, init
from .activation import (
    GELU,
    GLU,
    LogSigmoid,
    Mish,
    Sigmoid,
    SiLU,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from .container import ModuleList, Sequential
from .conv import Conv2d
from .dropout import Dropout
from .fused import fusion
from .linear import Identity, Linear
from .loss import CrossEntropyLoss, MSELoss
from .module import Module, Parameter
from .pooling import AvgPool2d, MaxPool2d
from .rectifier import (
    CELU,
    ELU,
    SELU,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    LeakyReLU,
    PReLU,
    ReLU,
    ReLU6,
    Softshrink,
    Threshold,
)
from .shape import Flatten, Unflatten

__all__ = [
    "Threshold",
    "ReLU6",
    "Hardtanh",
    "Hardsigmoid",
    "Hardswish",
    "LeakyReLU",
    "ELU",
    "SELU",
    "CELU",
    "SiLU",
    "Mish",
    "GELU",
    "Softplus",
    "LogSigmoid",
    "Softsign",
    "Tanhshrink",
    "Softshrink",
    "Hardshrink",
    "GLU",
    "PReLU",
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "Identity",
    "Linear",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "Unflatten",
    "functional",
    "fusion",
    "init",
]
