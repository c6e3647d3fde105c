"""Written by hand: what limits a row, and what was tried to make it faster.

A note is for all rows whose names begin with its key. docs/performance.md shows it beneath the
table with those rows, and tells which rows are below their aim and have no note yet.
"""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    limited_by: str
    tried: str


NOTES: dict[str, Note] = {
    "call-": Note(
        "the interpreter, which runs a dozen functions for a call; 8 numbers are no work",
        "descriptors are made once per array, entry points are looked up once per library",
    ),
    "conv-512-": Note(
        "the filter: 9 MB from L3, and 38 MB when transformed",
        "transforming it before the tiles (conv2d_winograd.inl's other order): 1.5 times the time",
    ),
    "dropout-": Note(
        "arithmetic, not memory: ten rounds of Philox make four random words",
        "the mask is not stored: the gradient draws the same words again",
    ),
    "stack": Note(
        "36 products in place of 144, half the time, at the peak of multiply-adds; "
        "the rest transposes and transforms tiles",
        "blocks of 16 to 128 tiles: within 3 %; sums of 16 channels in place of 32: 7 % slower",
    ),
}


def note_of(name: str) -> Note | None:
    return next((note for start, note in NOTES.items() if name.startswith(start)), None)
