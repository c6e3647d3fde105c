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
        "the interpreter: of 2.6 µs for an addition 0.2 are C, 1.3 an array and its memory",
        "an array made without calls in Python takes 0.8 to 0.9 of its time: too little for code "
        "that is twice as long; kernels called without making lists: 0.95",
    ),
    "conv-512-": Note(
        "the filter: 9 MB from L3, and 38 MB when transformed",
        "transforming it before the tiles (conv2d_winograd.inl's other order): 1.5 times the time",
    ),
    "conv-1-weight": Note(
        "what, was not measured; it runs far below the peak of multiply-adds",
        "reading gy where it lies, without a copy: 0.74 of the time",
    ),
    "conv-64-1x1": Note(
        "the copy of each strip of pixels into the first cache, from the third",
        "asking for the next strip while this one is multiplied: nothing",
    ),
    "conv-64-depthwise": Note(
        "loads that cross cache lines, 12 of the 18 in a tile, 2 cycles each",
        "the panel of other convolutions, with edges and gaps: 2.4 times the time",
    ),
    "conv-64-stride2": Note(
        "taking the stride out of x, 21 % of the time; in its gradient, writing every other pixel",
        "turning squares of that gradient in registers before they are written: 3 %",
    ),
    "conv-64-bf16": Note(
        "float32: it is widened, goes Winograd's way, and is rounded; copies are 4 % of the time",
        "direct products of bfloat16 were not written: at their peak they would take as long",
    ),
    "bgemm-": Note(
        "VDPBF16PS: with one thread 85 % of its peak at 1024³, where PyTorch's reaches 90 %; at "
        "256³ the call",
        "256 to 1024 of k at once, 132 to 1024 rows, 14 × 2 vectors: within 3 %; pairs packed by "
        "way of float32: 1.05 to 1.15 of the time",
    ),
    "cross-entropy-64x10": Note(
        "the interpreter: the kernels take 2 and 1 µs",
        "rows that end within a vector are read and written by masks: 6.7 and 3.2 µs before",
    ),
    "exp-": Note(
        "18 instructions a vector: the cache gives one faster than they are done",
        "a polynomial of least error instead of the series; limits that let NaN pass for nothing",
    ),
    "sigmoid-16k": Note(
        "the call, and a division beside the exponential",
        "1 / (1 + e^-x) would spare a choice, but loses what is below e^-88",
    ),
    "add": Note(
        "memory, at two thirds to three quarters of its bandwidth",
        "longer inner loops over rows and columns that repeat: 1.2 to 1.3 times as fast as before",
    ),
    "lenet": Note(
        "the interpreter: a recorded step takes two thirds of the time",
        "that recorded step",
    ),
    "log-softmax-forward": Note(
        "the host, which changes how fast its two cores reach each other: 172 µs in the first "
        "rounds, 213 in the others, PyTorch 198 and 290",
        "nothing",
    ),
    "max-pool-backward": Note(
        "memory; and the host, as above: 145 µs in some rounds, 225 in others, PyTorch 175 and 300",
        "nothing",
    ),
    "mlp-": Note(
        "the interpreter: two thirds of the time, which a recorded step does without, and so is "
        "faster than NumPy",
        "one op for each gradient of Linear, a ReLU in the Linear's memory: 0.84 of the time",
    ),
    "mnist-infer-1": Note(
        "the interpreter, half the time; then weights: 1.6 MB are read, a filter transformed anew",
        "a step recorded by tinydl.compile: half the time",
    ),
    "relu": Note(
        "memory: PyTorch takes as long but for the microsecond that a call from Python is slower",
        "nothing",
    ),
    "sgemm-32": Note(
        "the call: 2.9 of the 3.6 µs it takes on a quiet machine",
        "two matrices go straight to their product: 4.3 µs before",
    ),
    "sgemm-64": Note(
        "the call: 2.9 of 6.3 µs",
        "two matrices go straight to their product: 7.2 µs before",
    ),
    "softmax-backward": Note(
        "memory, at half to two thirds of its bandwidth",
        "rows that end within a vector go by masks: 0.7 of the time",
    ),
    "sum-": Note(
        "memory, which is read once",
        "totals of columns in registers, block by block: 0.6 to 0.9 of the speed",
    ),
    "transpose": Note(
        "the first cache, where rows 4 KB apart share a set: 1000 × 1000 takes 0.6 of the time",
        "squares turned in registers: twice as fast as loops; tiles of 8 × 8 squares: no faster",
    ),
    "sgd": Note(
        "memory, and 80 µs of Python for 64 tensors",
        "prefetching, 1 to 8 KB ahead: 0.9 to 0.95 of the speed",
    ),
    "dropout-": Note(
        "forward: ten rounds of Philox make four random words; backward: memory",
        "a gradient that draws its mask again instead of reading a byte: 5 times as slow",
    ),
    "stack": Note(
        "36 products in place of 144, half the time, at the peak of multiply-adds; "
        "the rest transposes and transforms tiles",
        "blocks of 16 to 128 tiles: within 3 %; sums of 16 channels in place of 32: 7 % slower",
    ),
}


def note_of(name: str) -> Note | None:
    return next((note for start, note in NOTES.items() if name.startswith(start)), None)
