"""Training: `fit` in a notebook, `Trainer` where a run must survive an interruption."""

from .evaluate import Evaluation, confusion_table, evaluate
from .models import MODELS, cnn, lenet, mlp
from .trainer import SCHEDULES, Callback, Trainer, constant, cooldown, cosine, fit

__all__ = [
    "MODELS",
    "SCHEDULES",
    "Callback",
    "Evaluation",
    "Trainer",
    "cnn",
    "confusion_table",
    "constant",
    "cooldown",
    "cosine",
    "evaluate",
    "fit",
    "lenet",
    "mlp",
]
