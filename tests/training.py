"""A small training, for tests of what happens to one: a CNN, its optimizer and its batches."""

from __future__ import annotations

import numpy as np

import tinydl
from tinydl import nn, optim
from tinydl.nn.functional import cross_entropy

OPTIMIZERS = {
    "sgd": lambda params: optim.SGD(params, lr=0.1),
    "momentum": lambda params: optim.SGD(params, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda params: optim.Adam(params, lr=0.01, amsgrad=True),
    "adamw": lambda params: optim.AdamW(params, lr=0.01),
}


class Training:
    """A small CNN, its optimizer, and a step with dropout."""

    def __init__(self, optimizer: str = "adam"):
        tinydl.manual_seed(0)
        self.model = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Dropout(0.3), nn.Linear(36, 10),
        ).to(tinydl.zeros(()).device)  # fmt: skip
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters())

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def state(self) -> list:
        """Everything that a step changes, as NumPy arrays and numbers."""
        parameters = list(self.model.parameters())
        kept = [self.optimizer.state.get(p, {}) for p in parameters]
        tensors = [*parameters, *(p.grad for p in parameters)]
        tensors += [x for state in kept for x in state.values() if isinstance(x, tinydl.Tensor)]
        counts = [state.get("step") for state in kept]
        values = [x.detach().cpu().numpy().copy() for x in tensors if x is not None]
        return [*values, counts, tinydl.default_generator.get_state()]


def batches(count: int, size: int = 8) -> list:
    rng = np.random.default_rng(0)
    return [
        (
            tinydl.tensor(rng.standard_normal((size, 1, 6, 6), dtype=np.float32)),
            tinydl.tensor(rng.integers(0, 10, size)),
        )
        for _ in range(count)
    ]
