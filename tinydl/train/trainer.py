"""Trainer: a classifier, an optimizer, a loader, and how far they have come. fit: its short form.

    for epoch: for x, target in loader: loss(model(x), target).backward(); optimizer.step()

and around these lines: the learning rate of each step, running averages, a test after each epoch,
Ctrl-C between steps, and state_dict(), which is everything that matters between two steps. A run
that goes on from it ends with the same bits as a run that was never interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

import tinydl

from .. import optim
from ..device import DeviceLike
from ..nn import functional as F
from .evaluate import evaluate, place_of
from .interrupt import deferred_interrupt

CURVE_POINTS = 200  # how finely a run's loss curve is recorded


def constant(progress: float) -> float:
    return 1.0


def cooldown(progress: float) -> float:
    """The full rate for half of the run, then in a straight line to nothing."""
    return min(1.0, 2.0 - 2.0 * progress)


def cosine(progress: float) -> float:
    """Half a wave, from the full rate to nothing."""
    return 0.5 + 0.5 * math.cos(math.pi * progress)


SCHEDULES = {"cooldown": cooldown, "cosine": cosine, "constant": constant}


@dataclass
class Totals:
    """Sums over the samples seen so far, from which the averages come."""

    loss: float = 0.0
    right: int = 0
    seen: int = 0

    def add(self, loss: float, right: int, seen: int) -> None:
        self.loss += loss * seen
        self.right += right
        self.seen += seen

    def means(self) -> dict:
        return {"loss": self.loss / self.seen, "accuracy": self.right / self.seen}


class Callback:
    """What may be told about a run while it goes on; subclasses override what they need."""

    def on_step(self, trainer: Trainer) -> None: ...

    def on_epoch(self, trainer: Trainer) -> None: ...


class Trainer:
    """A training run that can be stopped between any two steps.

    loader and test_loader give (x, target) with class indices as targets; they go to `device`,
    or with None to where the model is. `schedule` maps the share of the run that is done to a
    factor for the optimizer's learning rates. history has one dict for each finished epoch, curve
    one for each of about 200 points of the run.
    """

    def __init__(
        self,
        model,
        optimizer,
        loader,
        test_loader=None,
        *,
        epochs: int = 1,
        loss: Callable = F.cross_entropy,
        schedule: Callable[[float], float] = cooldown,
        device: DeviceLike = None,
        callbacks: Sequence[Callback] = (),
    ):
        if type(epochs) is not int or epochs < 1:
            raise ValueError(f"Trainer: epochs should be a whole number from 1 up, got {epochs!r}")
        if len(loader) == 0:
            raise ValueError("Trainer: the loader has no batches")
        self.model, self.optimizer, self.loss = model, optimizer, loss
        self.loader, self.test_loader = loader, test_loader
        self.epochs, self.schedule, self.callbacks = epochs, schedule, callbacks
        self.device = place_of(model) if device is None else device
        self.rates = [group["lr"] for group in optimizer.param_groups]

        self.epoch, self.batch, self.seconds = 0, 0, 0.0  # finished epochs; within the present one
        self.totals, self.window = Totals(), Totals()  # since the epoch, since the last point
        self.history: list[dict] = []
        self.curve: list[dict] = []

    @property
    def steps_done(self) -> int:
        return self.epoch * len(self.loader) + self.batch

    @property
    def steps(self) -> int:
        return self.epochs * len(self.loader)

    def run(self) -> list[dict]:
        """Trains until `epochs` epochs are finished. Ctrl-C raises KeyboardInterrupt, but only
        between two steps: what state_dict() holds then is whole."""
        with deferred_interrupt() as check:
            while self.epoch < self.epochs:
                self._train(check)
                self._finish_epoch(check)
                for callback in self.callbacks:
                    callback.on_epoch(self)
                check()
        return self.history

    def step(self, x, target) -> None:
        """One update of the parameters."""
        x, target = x.to(self.device), target.to(self.device)
        share = self.schedule(self.steps_done / self.steps)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * share

        logits = self.model(x)
        loss = self.loss(logits, target)
        value, right = loss.item(), (logits.argmax(1) == target).sum().item()
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} in epoch {self.epoch + 1}, batch {self.batch + 1}: "
                "a smaller learning rate may help"
            )
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()

        self.batch += 1
        for sums in (self.totals, self.window):
            sums.add(value, right, len(target))
        if self.steps_done % math.ceil(self.steps / CURVE_POINTS) == 0:
            self.curve.append({"step": self.steps_done, **self.window.means()})
            self.window = Totals()

    def state_dict(self) -> dict:
        """All that a run needs to go on from between these two steps."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.loader.state_dict(),
            "random": tinydl.default_generator.get_state(),
            "epoch": self.epoch,
            "batch": self.batch,
            "seconds": self.seconds,
            "totals": asdict(self.totals),
            "window": asdict(self.window),
            "history": self.history,
            "curve": self.curve,
        }

    def load_state_dict(self, state: dict) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.loader.load_state_dict(state["loader"])
        tinydl.default_generator.set_state(state["random"])
        self.epoch, self.batch, self.seconds = state["epoch"], state["batch"], state["seconds"]
        self.totals, self.window = Totals(**state["totals"]), Totals(**state["window"])
        self.history, self.curve = list(state["history"]), list(state["curve"])

    def _train(self, check: Callable[[], None]) -> None:
        """The present epoch from where it stands to its last batch."""
        if self.batch == len(self.loader):  # stopped between the last step and the test
            return
        self.model.train()
        clock = perf_counter()
        for x, target in self.loader:
            self.step(x, target)
            clock, before = perf_counter(), clock
            self.seconds += clock - before
            for callback in self.callbacks:
                callback.on_step(self)
            check()

    def _finish_epoch(self, check: Callable[[], None]) -> None:
        """The test after an epoch, and its line in the history."""
        record = {
            "epoch": self.epoch + 1,
            **{f"train_{name}": value for name, value in self.totals.means().items()},
            "seconds": self.seconds,
            "images_per_second": self.totals.seen / self.seconds,
        }
        if self.test_loader is not None:
            test = evaluate(
                self.model, self.test_loader, loss=self.loss, device=self.device, between=check
            )
            record |= {"test_loss": test.loss, "test_accuracy": test.accuracy}
        self.history.append(record)
        self.epoch, self.batch, self.seconds, self.totals = self.epoch + 1, 0, 0.0, Totals()


def fit(
    model,
    loader,
    test_loader=None,
    *,
    epochs: int = 1,
    lr: float = 1e-3,
    optimizer=None,
    loss: Callable = F.cross_entropy,
    schedule: Callable[[float], float] = cooldown,
    device: DeviceLike = None,
    progress: bool = True,
) -> list[dict]:
    """Trains a classifier and returns what each epoch came to.

    The optimizer is Adam with learning rate `lr` unless one is given.
    """
    from .progress import make_progress

    trainer = Trainer(
        model,
        optim.Adam(model.parameters(), lr=lr) if optimizer is None else optimizer,
        loader,
        test_loader,
        epochs=epochs,
        loss=loss,
        schedule=schedule,
        device=device,
        callbacks=[make_progress()] if progress else [],
    )
    return trainer.run()
