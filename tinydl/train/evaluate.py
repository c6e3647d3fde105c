"""How good a classifier is: loss, accuracy, and who is taken for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import tinydl

from ..device import Device, DeviceLike, default
from ..nn import functional as F


@dataclass
class Evaluation:
    """What a model makes of every sample: probabilities f32[n,classes] beside targets i64[n]."""

    loss: float
    targets: np.ndarray
    probabilities: np.ndarray

    def __post_init__(self) -> None:
        shape = self.probabilities.shape
        expected = shape[:1] + shape[2:]
        if self.targets.shape != expected:
            raise ValueError(
                f"Evaluation: targets of shape {self.targets.shape} do not fit probabilities of "
                f"shape {shape}: expected {expected}, or all would be compared with all"
            )

    @property
    def predictions(self) -> np.ndarray:
        return self.probabilities.argmax(1)

    @property
    def accuracy(self) -> float:
        return float((self.predictions == self.targets).mean())

    @property
    def mistakes(self) -> np.ndarray:
        """The wrong samples' numbers, most confident mistake first."""
        wrong = np.flatnonzero(self.predictions != self.targets)
        return wrong[(-self.probabilities[wrong].max(1)).argsort(kind="stable")]

    @property
    def confusion(self) -> np.ndarray:
        """i64[classes,classes]: how many samples of class i were taken for class j."""
        classes = self.probabilities.shape[1]
        pairs = self.targets * classes + self.predictions
        return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def evaluate(
    model,
    loader,
    *,
    loss: Callable = F.cross_entropy,
    device: DeviceLike = None,
    between: Callable[[], None] = lambda: None,
) -> Evaluation:
    """Runs a classifier over a loader's (x, target) batches; calls `between` after each.

    Batches go to `device`; None is where the model is.
    """
    device = place_of(model) if device is None else device
    was_training, total = model.training, 0.0
    targets, probabilities = [], []
    model.eval()
    try:
        with tinydl.no_grad():
            for x, target in loader:
                logits = model(x.to(device))
                total += loss(logits, target.to(device)).item() * len(target)
                probabilities.append(F.softmax(logits, 1).to("cpu").numpy())
                targets.append(target.cpu().numpy())
                between()
    finally:
        model.train(was_training)
    if not targets:
        raise ValueError("evaluate: the loader gave no batch")
    count = sum(map(len, targets))
    return Evaluation(total / count, np.concatenate(targets), np.concatenate(probabilities))


def place_of(model) -> Device:
    """The device of a model's first parameter; where new tensors go if it has none."""
    first = next(model.parameters(), None)
    return default() if first is None else first.device


def confusion_table(evaluation: Evaluation, classes) -> str:
    """A line for each class: samples, share that is right, and what it is mostly taken for."""
    width = max(5, *(len(name) for name in classes))
    lines = [f"{'class':{width}}  images   right      taken for"]
    for i, row in enumerate(evaluation.confusion):
        count, wrong = int(row.sum()), row.copy()
        wrong[i] = 0
        order = [j for j in (-wrong).argsort(kind="stable")[:3] if wrong[j]]
        taken = ", ".join(f"{classes[j]} ({wrong[j]}×)" for j in order)
        share = f"{row[i] / count:8.2%}" if count else "       –"
        lines.append(f"{classes[i]:{width}}  {count:6,}  {share}   {taken}".rstrip())
    return "\n".join(lines)
