"""What a run shows of itself: a bar on a terminal, a line now and then everywhere else."""

from __future__ import annotations

import sys
from time import monotonic

from .trainer import Callback, Trainer

SECONDS_BETWEEN_LINES = 5.0


def make_progress() -> Callback:
    """The bar where there is a terminal to move it on and tqdm to draw it, else lines."""
    if sys.stdout.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            return Lines()
        return Bar(tqdm)
    return Lines()


class Lines(Callback):
    """A line every few seconds and one after each epoch; fit for files and pipes."""

    def __init__(self):
        self.next = monotonic() + SECONDS_BETWEEN_LINES

    def on_step(self, trainer: Trainer) -> None:
        if monotonic() < self.next:
            return
        self.next = monotonic() + SECONDS_BETWEEN_LINES
        means, batches = trainer.totals.means(), len(trainer.loader)
        rate = trainer.totals.seen / trainer.seconds
        left = (trainer.steps - trainer.steps_done) * trainer.seconds / trainer.batch
        print(
            f"epoch {trainer.epoch + 1}/{trainer.epochs}  batch {trainer.batch}/{batches}"
            f"  loss {means['loss']:.4f}  accuracy {means['accuracy']:.2%}"
            f"  {rate:,.0f} images/s  {left:.0f} s left",
            flush=True,
        )

    def on_epoch(self, trainer: Trainer) -> None:
        print(epoch_line(trainer), flush=True)
        self.next = monotonic() + SECONDS_BETWEEN_LINES

    def close(self) -> None: ...


class Bar(Callback):
    """tqdm's bar for the present epoch, above it a line for each finished one."""

    FORMAT = (
        "{desc} {percentage:3.0f}% |{bar}| {n_fmt}/{total_fmt} {rate_fmt} {remaining} left{postfix}"
    )

    def __init__(self, tqdm):
        self.tqdm, self.bar = tqdm, None

    def on_step(self, trainer: Trainer) -> None:
        if self.bar is None:
            self.bar = self.tqdm(
                desc=f"epoch {trainer.epoch + 1}/{trainer.epochs}",
                total=len(trainer.loader.sampler),
                initial=trainer.totals.seen,
                unit=" images",
                unit_scale=True,
                bar_format=self.FORMAT,
                dynamic_ncols=True,
                leave=False,
                file=sys.stdout,
            )
        means = trainer.totals.means()
        self.bar.set_postfix_str(
            f"loss {means['loss']:.4f}, accuracy {means['accuracy']:.2%}", refresh=False
        )
        self.bar.update(trainer.totals.seen - self.bar.n)

    def on_epoch(self, trainer: Trainer) -> None:
        self.close()
        print(epoch_line(trainer), flush=True)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def epoch_line(trainer: Trainer) -> str:
    """The last finished epoch in one line."""
    record = trainer.history[-1]
    test = f"  test {record['test_accuracy']:.2%}" if "test_accuracy" in record else ""
    return (
        f"epoch {record['epoch']}/{trainer.epochs}  loss {record['train_loss']:.4f}"
        f"  accuracy {record['train_accuracy']:.2%}{test}"
        f"  {record['images_per_second']:,.0f} images/s  {record['seconds']:.1f} s"
    )
