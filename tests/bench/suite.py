"""All rows, in the groups and the order in which they are told."""

from __future__ import annotations

import calls
import networks
import products
import streams
from rows import Row

GROUPS: dict[str, list[Row]] = {
    "Networks": networks.ROWS,
    "Matrix products": products.GEMM,
    "Convolutions": products.CONV,
    "Pools, softmax, losses, dropout": streams.LAYERS,
    "Elementwise ops, sums, transposition": streams.ELEMENTWISE,
    "Optimizers": calls.OPTIMIZERS,
    "Calls": calls.CALLS,
}
ROWS: dict[str, Row] = {row.name: row for rows in GROUPS.values() for row in rows}
