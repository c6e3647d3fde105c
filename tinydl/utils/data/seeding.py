"""Randomness in the data pipeline: pure functions of (seed, draw, place), by NumPy's Philox.

A pass over the data takes one draw of a tinydl.Generator, the pair (seed, number of the draw),
as its key. The key decides the order of the pass; key and place, what happens to the sample at
that place: while a DataLoader reads it, sample_generator() in that thread is a NumPy generator
made from the two. Who reads the sample, and when, does not matter.
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


def permutation(n: int, key: Key) -> np.ndarray:
    """The numbers 0…n−1 in the order that belongs to the key, i64[n].

    Sorting raw Philox numbers gives the same order with every version of NumPy, which
    numpy.random.Generator.permutation does not promise.
    """
    return np.random.Philox(key=_words(key)).random_raw(n).argsort(kind="stable")


def _generator(key: Key, place: int) -> np.random.Generator:
    """Streams of different places lie 2¹⁹² numbers apart; the order's is the one before them."""
    counter = _words((0, 0, 0, place + 1))
    return np.random.Generator(np.random.Philox(key=_words(key), counter=counter))


def _words(numbers: tuple[int, ...]) -> np.ndarray:
    return np.array(numbers, np.uint64)
