"""docs/performance.md, made from the results of a run and the notes written by hand."""

from __future__ import annotations

import os
from pathlib import Path

import results
from clock import written
from limits import rate
from notes import NOTES, note_of
from results import Line
from rows import Row
from suite import GROUPS, ROWS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "images" / "performance.png"

HEAD = """# How fast it is

<!-- Made by `make bench ARGS=--write` of the file below and of tests/bench/notes.py. -->

`make bench ARGS=--write` makes this page, in a quarter of an hour. Each library, and each way in
which people run PyTorch, has a process of its own. First all must compute the same numbers; then
they take turns, round by round, so that whatever else the machine does falls on all of them.
Figures are medians.

- The **ratio** is the time of the best PyTorch as a user runs it (as it comes, `channels_last`,
  `torch.compile`, fused optimizers) divided by tinydl's: more than 1 where tinydl is faster, ± half
  the distance between the quartiles of the rounds, ✓ where it reaches what is aimed at.
- **Of the limit** is the share of what the machine can do at best, by the C program that is run
  along with it (`tests/bench/limits.c`): its multiply-adds where there are matrix products, else
  its bandwidth for as much memory as the row has to touch. It may be more than all where products
  are saved: convolutions are counted with those of the plain sum.
- **Others** took part too. `replayed` is the best PyTorch's time divided by that of tinydl with the
  step recorded by `tinydl.compile`. The rest are times divided by tinydl's: `tuned` is PyTorch in
  `channels_last` with a malloc that keeps its memory, `PyTorch` is how it comes.

`make bench ONLY=conv` runs the rows that have *conv* in the names given here.

{machine}. {versions}, {when}{commit}. All rounds are in [`{file}`]({link}).
"""


def write(path: Path) -> list[Path]:
    """Makes the page, and the picture where it can be drawn, from a file of results."""
    found = results.load(path)
    drawn = draw(found)
    PAGE.write_text(page(found, path, picture=drawn or PICTURE.exists()))
    return [PAGE] + [PICTURE] * drawn


def draw(found: dict) -> bool:
    try:
        import plot
    except ImportError as error:
        print(f"no picture is drawn: {error} (it takes the extra `train`)")
        return False
    plot.ratios(found, PICTURE)
    return True


def page(found: dict, path: Path, picture: bool) -> str:
    """The text; `path` is where `found` was read."""
    measured = results.lines(found, ROWS)
    threads = sorted({n for _, n in measured}, reverse=True)
    parts = [head(found, path)]
    if picture:
        parts.append("![The ratio of every row](images/performance.png)\n")
    for title, rows in GROUPS.items():
        if present := [row for row in rows if (row.name, threads[0]) in measured]:
            parts += [f"## {title}\n", group(present, measured, threads)]
            parts += remarks({row.name: measured[row.name, threads[0]] for row in present})
    if found.get("whole"):
        parts += ["## The library as a whole\n", whole(found["whole"])]
    if found.get("limits"):
        parts += ["## The machine's limits\n", limits(found["limits"])]
    return "\n".join(parts)


def head(found: dict, path: Path) -> str:
    versions = [f"{name} {version}" for name, version in found["versions"].items()]
    machine = f"{found['machine']['processor']}, {found['machine']['system']}"
    if found.get("busy", 0) > results.BUSY:
        machine += f", of which other programs kept {found['busy']:.1f} cores busy"
    return HEAD.format(
        machine=machine,
        versions=", ".join([*versions, found["library"]]),
        when=found["when"][:10],
        commit=f", commit {found['commit']}" if found.get("commit") else "",
        file=path.resolve().relative_to(ROOT).as_posix(),
        link=Path(os.path.relpath(path.resolve(), PAGE.parent)).as_posix(),
    )


def table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def plural(n: int) -> str:
    return f"{n} thread{'s' * (n > 1)}"


# --- rows -----------------------------------------------------------------------------------------


def group(rows: list[Row], measured: dict, threads: list[int]) -> str:
    """A table of times for the most threads, and of ratios for the others too."""
    most, *fewer = threads
    columns = ["", plural(most), "best PyTorch", "ratio", *(f"… {plural(n)}" for n in fewer)]
    columns += ["aim", "rate, of the limit", "others"]
    return table(columns, [cells(row, measured, most, fewer) for row in rows])


def cells(row: Row, measured: dict, most: int, fewer: list[int]) -> list[str]:
    line = measured[row.name, most]
    out = [f"{row.title} `{row.name}`", written(line.seconds["tinydl"]), best(line), ratio(line)]
    for n in fewer:
        out.append(ratio(measured[row.name, n]) if (row.name, n) in measured else "")
    share = line.of_limit("tinydl")
    work = [rate(row, line.median("tinydl")), f"{share:.0%}" if share else ""]
    return [*out, line.aim, ", ".join(filter(None, work)), line.others()]


def best(line: Line) -> str:
    if not line.best:
        return ""
    which = "" if line.best == "PyTorch" else f" ({line.best})"
    return f"{written(line.seconds[line.best])}{which}"


def ratio(line: Line) -> str:
    if not line.best:
        return ""
    value, spread = line.ratio(line.best)
    return f"{value:.2f} ± {spread:.2f}{' ✓' * line.reached()}"


def remarks(lines: dict[str, Line]) -> list[str]:
    """The notes on these rows; which are below their aim without one; who did not take part."""
    notes = {key: note for key, note in NOTES.items() if any(n.startswith(key) for n in lines)}
    out = [
        f"`{k}`: limited by {note.limited_by}. Tried: {note.tried}." for k, note in notes.items()
    ]
    below = [name for name, line in lines.items() if not any(map(line.reached, line.ours))]
    if unexplained := [name for name in below if not note_of(name)]:
        out.append(f"Below what is aimed at, and not yet explained: {listed(unexplained)}.")
    without: dict[str, list[str]] = {}
    for name, line in lines.items():
        for why in dict.fromkeys(line.without.values()):
            who = ", ".join(variant for variant, reason in line.without.items() if reason == why)
            without.setdefault(f"Without {who} ({why})", []).append(name)
    out += [f"{what}: {listed(names)}." for what, names in without.items()]
    return ["".join(f"- {remark}\n" for remark in out)] if out else []


def listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


# --- what is not of one row -----------------------------------------------------------------------


def whole(costs: dict) -> str:
    """What a library costs as a whole."""
    names = list(dict.fromkeys(name for entry in costs.values() for name in entry["values"]))
    rows = []
    for what, entry in costs.items():
        values = (entry["values"].get(name) for name in names)
        rows.append([what, *(f"{v:.3g} {entry['unit']}" if v else "" for v in values)])
    return table(["", *names], rows)


def limits(by_threads: dict[str, dict]) -> str:
    """What the machine was measured to do at best."""
    every = list(by_threads.values())
    rows = []
    for isa in every[0]["flops"]:
        rates = (known["flops"][isa] / 1e9 for known in every)
        rows.append([f"float32 multiply-adds, {isa}", *(f"{r:.0f} GFLOP/s" for r in rates)])
    for i, entry in enumerate(every[0]["memory"]):
        size = entry["bytes"] >> 10
        where = f"{size >> 10} MiB" if size >= 1024 else f"{size} KiB"
        rates = (
            "/".join(f"{known['memory'][i][kind] / 1e9:.0f}" for kind in ("read", "write", "copy"))
            for known in every
        )
        rows.append([f"read/write/copy within {where}", *(f"{r} GB/s" for r in rates)])
    for key, pages in (("fresh", "usual"), ("fresh_large", "large")):
        if key in every[0]:
            rates = (f"{known[key] / 1e9:.1f} GB/s" for known in every)
            rows.append([f"write fresh memory, one thread, {pages} pages", *rates])
    return table(["", *(plural(int(n)) for n in by_threads)], rows)
