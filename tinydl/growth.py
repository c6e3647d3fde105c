"""A sum of losses that keeps every step's graph alive: noticed where it is added up, told once.

`total += loss` with a loss that still has its graph holds the graphs of all steps: in training
their nodes, in evaluation without no_grad() also what was saved for backward. What gives it away is
one line that adds to its own result again and again, and backward() in between.
"""

from __future__ import annotations

import warnings

from .graph import Node, describe_site

STEPS = 50  # additions with a backward since the one before: steps of training
TERMS = 1000  # additions without: one loss may well have many terms, so many more are allowed

_sums: dict[tuple, tuple] = {}  # line → (rank of its last sum, weight so far, backwards so far)


def noticed(node: Node) -> None:
    """An addition of single numbers was recorded."""
    if None in node.edges:
        return
    rank, weight, backwards = _sums.get(node.site, (None, 0, 0))
    if not any(type(edge) is tuple and edge[0].rank == rank for edge in node.edges):
        weight = min(weight, 0)  # another sum begins
    elif weight >= 0:
        weight += TERMS // STEPS if Node.backwards > backwards else 1
        if weight >= TERMS:
            weight = -1
            from .autograd.engine import running_node  # which needs graph.py, and it ops

            if running_node() is not None:  # backward adds up gradients
                return
            warnings.warn(
                "a sum of single numbers grows by a graph each time that "
                f"{describe_site(node.site)} runs, and keeps all of them in memory. If it is only "
                "printed, add loss.item() or loss.detach(); in evaluation use no_grad(). "
                "tinydl.memory.report() shows which lines' graphs are alive.",
                stacklevel=2,
            )
    _sums[node.site] = node.rank, weight, Node.backwards
