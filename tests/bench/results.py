"""What a run has found, as a file and as the few numbers that are told of it.

{"when", "commit", "machine", "busy": cores that others used as it began, "library", "versions",
 "limits": {threads: …}, "whole": {what: {"unit", "values": {variant: value}}},
 "rows": [{"row", "threads", "seconds": {variant: one per round}, "without": {variant: why}}]}
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from limits import least_seconds
from rows import Row
from variants import VARIANTS

BUSY = 0.1  # cores; others that use more are told of


def save(found: dict, path: Path) -> None:
    """As JSON, with every row a line of its own: a history of them can be read and compared."""
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in found["rows"])
    rest = {name: value for name, value in found.items() if name != "rows"}
    head = json.dumps(rest, indent=1, ensure_ascii=False).removesuffix("\n}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{head},\n "rows": [\n{rows}\n ]\n}}\n')


def load(path: Path) -> dict:
    return json.loads(path.read_text())


@dataclass(frozen=True)
class Line:
    """One row at one number of threads: the row, its rounds, and the machine's limits."""

    row: Row
    seconds: dict[str, list[float]]
    without: dict[str, str]
    limits: dict | None

    def median(self, name: str) -> float:
        return float(np.median(self.seconds[name]))

    @property
    def best(self) -> str:
        """The fastest of PyTorch's variants that a user runs as they are; "" if there is none."""
        usual = [n for n in self.seconds if VARIANTS[n].package == "torch" and VARIANTS[n].usual]
        return min(usual, key=self.median, default="")

    @property
    def bar(self) -> str:
        """Who is to be beaten: the best PyTorch, or whom the row names; "" if not there."""
        named = self.row.bar if self.row.bar in self.seconds else ""
        return self.best if self.row.bar == "PyTorch" else named

    def ratio(self, name: str, of: str = "tinydl") -> tuple[float, float]:
        """Its time / tinydl's: of the medians, and half the distance of the rounds' quartiles."""
        rounds = np.divide(self.seconds[name], self.seconds[of])
        low, high = np.quantile(rounds, [0.25, 0.75])
        return self.median(name) / self.median(of), float(high - low) / 2

    def reached(self, of: str = "tinydl") -> bool:
        """Whether tinydl, or tinydl replayed, is where it is meant to be."""
        if self.row.at_most:
            return self.median(of) <= self.row.at_most
        return bool(self.bar) and self.ratio(self.bar, of)[0] >= self.row.reach

    @property
    def ours(self) -> list[str]:
        """tinydl, and tinydl replayed where that took part."""
        return [name for name in self.seconds if VARIANTS[name].package == "tinydl"]

    @property
    def aim(self) -> str:
        if self.row.at_most:
            return f"≤ {self.row.at_most * 1e6:g} µs"
        return f"{self.row.reach:g}" + (f" × {self.row.bar}" if self.row.bar != "PyTorch" else "")

    def of_limit(self, name: str) -> float:
        """The least time the machine needs / the variant's; 0 if that is not known."""
        return least_seconds(self.limits, self.row) / self.median(name)

    def others(self) -> str:
        """The ratios of all but the best PyTorch; first, that one's to tinydl replayed."""
        parts = [
            f"replayed {self.ratio(self.best, name)[0]:.2f}{' ✓' * self.reached(name)}"
            for name in self.ours[1:]
            if self.best
        ]
        names = [name for name in self.seconds if name not in (*self.ours, self.best)]
        return ", ".join([*parts, *(f"{name} {self.ratio(name)[0]:.2f}" for name in names)])


def lines(found: dict, rows: dict[str, Row]) -> dict[tuple[str, int], Line]:
    """By name and threads, those rows that (still) are in the table."""
    limits = found.get("limits", {})
    return {
        (entry["row"], entry["threads"]): Line(
            rows[entry["row"]],
            entry["seconds"],
            entry.get("without", {}),
            limits.get(str(entry["threads"])),
        )
        for entry in found["rows"]
        if entry["row"] in rows
    }
