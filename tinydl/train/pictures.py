"""The two pictures of a run: how it learned, and what it still gets wrong. Needs matplotlib."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO

import numpy as np

from ..io.files import writing
from .evaluate import Evaluation

INK, SOFT, GRID = "#1f2933", "#7b8794", "#e4e7eb"
BLUE, ORANGE, GREEN, RED = "#2563eb", "#ea7317", "#15803d", "#b91c1c"
COLUMNS, ROWS = 8, 4  # of mistakes


def draw_curves(path, title: str, curve: list[dict], history: list[dict], steps_per_epoch: int):
    """Loss and accuracy over the run: training as a line, the test after each epoch as dots."""
    from matplotlib import ticker

    at = np.array([point["step"] for point in curve]) / steps_per_epoch
    ends = [record["epoch"] for record in history]
    with _figure(path, 9.6, 3.8, title) as figure:
        left, right = figure.subplots(1, 2)
        for axes, name, unit in ((left, "loss", 1), (right, "accuracy", 100)):
            train = unit * np.array([point[name] for point in curve])
            test = [unit * record.get(f"test_{name}", np.nan) for record in history]
            axes.plot(at, train, color=BLUE, alpha=0.25, lw=1)
            axes.plot(at, _smooth(train), color=BLUE, lw=1.8, label="training")
            axes.plot(ends, test, "o-", color=ORANGE, lw=1.2, ms=4, label="test", clip_on=False)
            axes.set_xlim(0, max(ends))
            axes.xaxis.set_major_locator(ticker.MaxNLocator(7, integer=True, steps=[1, 2, 5, 10]))
            axes.set_xlabel("epochs", color=SOFT, fontsize=9)
            _dress(axes)
        left.set_title("loss", loc="left", fontsize=10, color=INK)
        left.set_yscale("log")
        left.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        left.yaxis.set_major_formatter("{x:g}")
        left.yaxis.set_minor_locator(ticker.NullLocator())
        right.set_title("accuracy, %", loc="left", fontsize=10, color=INK)
        span = min(100, max(10, 2.5 * (100 - np.nanmin([*test, 100]))))
        right.set_ylim(100 - span, 100 + span / 50)
        right.legend(frameon=False, loc="lower right", labelcolor=INK, fontsize=9)


def draw_mistakes(path, title: str, images: np.ndarray, evaluation: Evaluation, classes) -> None:
    """The most confident mistakes: each image u8[h,w] with its label and what it was taken for."""
    chosen = evaluation.mistakes[: COLUMNS * ROWS]
    columns = min(COLUMNS, max(5, len(chosen)))  # five leave room for the title
    rows = max(1, -(-len(chosen) // columns))
    with _figure(path, 1.25 * columns, 1.5 * rows + 0.8, title) as figure:
        if not len(chosen):
            figure.text(0.5, 0.4, "no mistakes", ha="center", color=SOFT, fontsize=14)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in grid[len(chosen) :]:
            axes.set_axis_off()
        for axes, i in zip(grid, chosen, strict=False):
            label, guess = classes[evaluation.targets[i]], classes[evaluation.predictions[i]]
            sure = evaluation.probabilities[i].max()
            axes.imshow(images[i], cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_color(GRID)
            axes.set_title(label, loc="left", color=GREEN, fontsize=8, pad=3)
            axes.set_xlabel(f"{guess} ({sure:.0%})", loc="right", color=RED, fontsize=8, labelpad=2)


@contextmanager
def _figure(path, width: float, height: float, title: str):
    """A figure that is written to `path`, whole or not at all, once it is drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width, height), dpi=150, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    yield figure
    png = BytesIO()
    figure.savefig(png, format="png")
    with writing(path) as file:
        file.write(png.getvalue())


def _dress(axes) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(SOFT)
    axes.grid(axis="y", color=GRID, lw=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, labelsize=9, length=0)


def _smooth(values: np.ndarray, width: int = 9) -> np.ndarray:
    """A running mean over `width` points, narrower at both ends."""
    sums, half = np.concatenate([[0], values.cumsum()]), width // 2
    i = np.arange(len(values))
    low, high = np.maximum(i - half, 0), np.minimum(i + half + 1, len(values))
    return (sums[high] - sums[low]) / (high - low)
