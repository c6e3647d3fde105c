"""A picture of all ratios: how many times as long the best PyTorch takes, a bar for every row."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import results
from suite import GROUPS, ROWS

matplotlib.use("Agg")  # no screen
from matplotlib import pyplot

AHEAD, BEHIND = "#2a7f62", "#b3541e"


def ratios(found: dict, path: Path) -> None:
    """Draws the rows at their largest number of threads, each group apart from the next."""
    measured = results.lines(found, ROWS)
    threads = max(n for _, n in measured)
    names, values, places, place = [], [], [], 0.0
    for rows in GROUPS.values():
        lines = [measured[row.name, threads] for row in rows if (row.name, threads) in measured]
        for line in (line for line in lines if line.best):
            names.append(line.row.name)
            values.append(line.ratio(line.best)[0])
            places.append(place)
            place += 1
        place += 0.8 * bool(lines)
    figure, axes = pyplot.subplots(figsize=(8, 1.5 + 0.17 * place))
    widths = [value - 1 for value in values]
    colours = [AHEAD if value >= 1 else BEHIND for value in values]
    axes.barh(places, widths, left=1, height=0.75, color=colours)
    axes.set_xscale("log")
    axes.set_yticks(places, names, fontsize=7)
    axes.set_ylim(place, -1)
    axes.axvline(1, color="black", linewidth=0.8)
    ticks = [tick for tick in (0.25, 0.5, 1, 2, 4, 8, 16, 32) if tick <= 2 * max([*values, 1])]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(axis="x", linewidth=0.4)
    axes.set_axisbelow(True)
    axes.set_title(f"time of the best PyTorch / tinydl's, {threads} threads", fontsize=9)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
