"""The results of a check as text: a summary for the terminal, a page in Markdown to keep."""

from __future__ import annotations

import numpy as np
from clock import written

MODES = {
    "tinydl": "float32 throughout",
    "PyTorch": "float32: TF32 off for products and convolutions, cudnn.benchmark on",
    "PyTorch as it comes": "TF32 in convolutions (its default); products as above",
}


def summary(outcomes: list[dict]) -> list[str]:
    """A line for each part: verdict, time, and what it came to."""
    width = max(len(outcome["part"]) for outcome in outcomes)
    return [
        f"{o['part']:<{width}}  {o['verdict']:<8}  {clock(o['seconds']):>5}  {o['words']}"
        for o in outcomes
    ]


def clock(seconds: float) -> str:
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}"


# --- the page -------------------------------------------------------------------------------------


def page(results: dict) -> str:
    """Machine, parts, and a table of times for each race that was run."""
    device = results["place"]["device"]
    lines = [f"# {device['name']}, {results['when'][:10]}", ""]
    lines += [f"- {name}: {text(fact)}" for name, fact in results["place"].items()]
    races = {o["part"]: o["found"] for o in results["parts"] if "libraries" in (o["found"] or {})}
    lines += [*libraries(races), "", "| part | verdict | time | |", "|---|---|---:|---|"]
    lines += [
        f"| {o['part']} | {o['verdict']} | {clock(o['seconds'])} | {o['words']} |"
        for o in results["parts"]
    ]
    for part, found in races.items():
        lines += ["", f"## {part}", "", *race(found)]
    return "\n".join(lines) + "\n"


def text(fact) -> str:
    return ", ".join(f"{k} {v}" for k, v in fact.items()) if isinstance(fact, dict) else str(fact)


def libraries(races: dict) -> list[str]:
    """Versions and modes of arithmetic, of all races."""
    every = {name: facts for race in races.values() for name, facts in race["libraries"].items()}
    lines = [f"- {name}: {MODES.get(name, '')}; {text(facts)}" for name, facts in every.items()]
    if every and not any(name.startswith("PyTorch") for name in every):
        lines.append("- PyTorch is not installed: tinydl is timed alone, and checked on the CPU")
    return lines


def race(found: dict) -> list[str]:
    """A row for each workload: times, how many times as long PyTorch takes, the rate."""
    rows = found["rows"]
    timed = [name for name in found["libraries"] if any(name in row["seconds"] for row in rows)]
    if not timed:
        agree = sum(row["agrees"] for row in rows)
        return [f"{len(rows)} rows, {agree} agree with {found['beside']}"]
    best = (
        max(map(rate, rows[0]["seconds"].values()), default=0) if rows[0]["unit"] == "GB/s" else 0
    )
    of_copy = best * rows[0]["work"]
    ratios = ["PyTorch / tinydl", "target"] if "PyTorch" in timed else []
    columns = ["", *timed, *ratios, "tinydl's rate", *(["of the copy's"] if of_copy else [])]
    lines = [f"| {' | '.join(columns)} |", "|---|" + "---:|" * (len(columns) - 1)]
    medians = {row["row"]: medians_of(row) for row in rows}
    for row in rows:
        cells = [row["row"], *(cell(row, name) for name in timed)]
        if ratios:
            cells += against(row, medians)
        speed = row["work"] * rate(row["seconds"].get("tinydl", []))
        cells.append(f"{speed:,.0f} {row['unit']}" if speed else "")
        if of_copy:
            cells.append(part_of(speed / of_copy, row["of_copy"]))
        lines.append(f"| {' | '.join(cells)} |")
    clocks = [f"{when}: {text(found[when])}" for when in ("before", "after") if found.get(when)]
    return [*lines, *[""] * bool(clocks), *clocks]


def part_of(part: float, target: float) -> str:
    missed = f", {100 * target:.0f} % missed" if part < target else ""
    return f"{100 * part:.0f} %{missed}" if part else ""


def medians_of(row: dict) -> dict[str, float]:
    return {name: float(np.median(times)) for name, times in row["seconds"].items() if times}


def rate(times: list[float]) -> float:
    """Runs in a second."""
    return 1 / float(np.median(times)) if times else 0


def cell(row: dict, name: str) -> str:
    times = row["seconds"].get(name)
    return written(times) if times else "FAILED" if "failed" in row else "WRONG"


def against(row: dict, medians: dict) -> list[str]:
    """PyTorch's time, in the row that this one is compared with, over tinydl's; and the target."""
    own, other = medians[row["row"]], medians.get(row["beside"] or row["row"], {})
    if "tinydl" not in own or "PyTorch" not in other:
        return ["", ""]
    ratio, target = other["PyTorch"] / own["tinydl"], row["target"]
    missed = "" if ratio >= target else ", missed"
    return [f"{ratio:.2f}", f"{target:g}{missed}" if target else ""]
