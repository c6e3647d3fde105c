"""What holds memory: tensors in all (stats, summary), and live graphs by the line they are from."""

from __future__ import annotations

import gc
from collections import defaultdict

from .graph import Node, describe_site
from .storage import Storage
from .storage import memory_stats as stats
from .storage import memory_summary as summary
from .tensor import Tensor

__all__ = ["report", "stats", "summary"]


def report(limit: int = 20) -> str:
    """The live graphs: for each line how many calls it recorded that are still there, and what
    they keep for backward, largest first.

    Memory that several lines keep counts for the one that recorded first. Graphs that a backward
    has been through keep their nodes, but no bytes, for as long as one of their tensors lives.

    Args:
        limit: how many lines are shown.

    Example:
        >>> import tinydl
        >>> x = tinydl.ones(1000, requires_grad=True)
        >>> y = x.exp()
        >>> "x.exp()" in tinydl.memory.report()
        True
    """
    nodes = [one for one in gc.get_objects() if isinstance(one, Node)]
    rows: dict[str, list] = defaultdict(lambda: [0, 0, set()])  # line → calls, bytes, ops
    seen: set[Storage] = set()
    for node in sorted(nodes, key=lambda node: node.rank):
        row = rows[describe_site(node.site)]
        row[0] += 1
        row[2].add(node.op.name.strip("_"))
        new = _kept(node) - seen
        seen |= new
        row[1] += sum(storage.nbytes for storage in new)
    lines = [f"{len(nodes):,} recorded calls keep {sum(s.nbytes for s in seen):,} bytes"]
    order = sorted(rows.items(), key=lambda item: (item[1][1], item[1][0]), reverse=True)
    for line, (calls, nbytes, ops) in order[:limit]:
        names = ", ".join(sorted(ops))
        lines.append(f"{nbytes:>15,} bytes {calls:>8,} calls  {line}  ({names})")
    if len(order) > limit:
        lines.append(f"and {len(order) - limit} lines more")
    return "\n".join(lines)


def _kept(node: Node) -> set[Storage]:
    """The memory that a node keeps for backward, but for leaves: those are there anyway."""
    if type(node.saved) is not dict:
        return set()
    leaves = {x._array.storage for x in node.saved.values() if isinstance(x, Tensor) and x.is_leaf}
    return {storage for _, storage, _ in node.versions} - leaves
