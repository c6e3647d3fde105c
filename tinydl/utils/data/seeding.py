"""One random stream for each sample: a pure function of (seed, pass, place of the sample).

A pass over the data takes one draw from a tinydl.Generator, the pair (seed, number of the draw),
as its key. While a DataLoader reads the sample at some place of the pass, sample_generator() in
that thread is a NumPy generator made from key and place. Who reads the sample, and when, does not
matter, and a sample that is read twice in a pass is treated in two ways.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

import tinydl

Key = tuple[int, int]


class _Sample(threading.local):
    """What this thread is reading, and its generator once somebody has asked for it."""

    key: Key | None = None
    place: int = 0
    generator: np.random.Generator | None = None


_sample = _Sample()


def sample_generator() -> np.random.Generator:
    """The generator from which random transforms draw.

    Outside a DataLoader each call is a draw from tinydl's default generator, so that
    tinydl.manual_seed makes `dataset[0]` repeatable too.
    """
    if _sample.key is None:
        return _generator(draw(), 0)
    if _sample.generator is None:
        _sample.generator = _generator(_sample.key, _sample.place)
    return _sample.generator


@contextmanager
def sampling(key: Key) -> Iterator[Callable[[int], None]]:
    """Within it, at_place(i) says which sample of the pass this thread reads next."""

    def at_place(place: int) -> None:
        _sample.place, _sample.generator = place, None

    _sample.key = key
    try:
        yield at_place
    finally:
        _sample.key = _sample.generator = None


def draw(generator=None) -> Key:
    """The key of a generator's next draw; None means tinydl's default generator."""
    return (tinydl.default_generator if generator is None else generator).draw()


def _generator(key: Key, place: int) -> np.random.Generator:
    """Streams of different places lie 2¹⁹² numbers apart."""
    key, counter = np.array(key, np.uint64), np.array((0, 0, 0, place), np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
