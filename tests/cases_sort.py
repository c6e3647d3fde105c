"""The case table's rows of sorting and searching."""

from __future__ import annotations

import numpy as np
from inputs import fixed
from source import Source
from table import EVERY, EXACT, NUMBERS, case

from tinydl import ops


def _sorting(values: str):
    def make(s: Source):
        shape = s.shape(least=1)
        dim = s.size(0, len(shape) - 1)
        count = s.pick([None, shape[dim], shape[dim] // 2, min(1, shape[dim])])
        return [getattr(s, values)(shape)], {"dim": dim, "descending": s.flag(), "count": count}

    return make


def _searching(s: Source):
    """One ordered row for all, or one for each."""
    shape, n = s.shape(least=1), s.pick([5, 0, 1, 67])
    ordered = np.sort(s.ties((*shape[:-1], n)) if s.flag() else s.ties((n,)), -1)
    return [s.ties(shape), ordered], {"right": s.flag()}


def _search(x, ordered, *, right):
    """What is searched is sorted here: a NaN that a test puts in goes where it belongs."""
    return ops.searchsorted(
        x, ops.sort(ordered, dim=ordered.ndim - 1, descending=False)[0], right=right
    )


TOP = {
    "": fixed((16, 3000), dim=1, descending=False, count=None),
    "top": fixed((4, 20000), dim=1, descending=True, count=10),
}

case("sort", _sorting("distinct"), NUMBERS, EXACT, bench=TOP)
case("sort", _sorting("ties"), EVERY, EXACT, label="ties", smooth=False)
case("searchsorted", _searching, EVERY, EXACT, smooth=False, run=_search)
