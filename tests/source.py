"""Where the inputs of cases come from: choices that hypothesis shrinks, or a plain seed.

A generator of inputs is a function of a Source. In tests of values hypothesis makes its choices
(so a failure comes with the smallest shapes that show it); benchmarks and derivatives use a seed.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

SIZES = (1, 2, 3, 5, 0, 17, 67)  # single, few, none, and past the end of every vector width


class Source:
    """Choices, shapes and numbers of one dtype for one example of a case."""

    def __init__(self, dtype: str, choose, seed: int):
        self.dtype, self.pick = np.dtype(dtype), choose
        self.rng = np.random.default_rng(seed)

    @classmethod
    def seeded(cls, dtype: str, seed: int = 0) -> Source:
        choices = np.random.default_rng(seed)
        return cls(dtype, lambda options: options[choices.integers(len(options))], seed)

    @classmethod
    def drawn(cls, draw, dtype: str) -> Source:
        """Choices by hypothesis, whose first option is the simplest; numbers by a seed it draws."""
        return cls(dtype, lambda options: draw(st.sampled_from(options)), draw(st.integers(0, 99)))

    # --- choices ----------------------------------------------------------------------------------

    def size(self, low: int, high: int) -> int:
        return self.pick(range(low, high + 1))

    def flag(self) -> bool:
        return self.pick((False, True))

    def shape(self, least: int = 0, most: int = 4, empty: bool = True) -> tuple:
        """Any shape of `least` to `most` axes, of a few thousand elements at most."""
        ndim = self.size(least, most)
        limit = {0: 1, 1: 5000, 2: 67, 3: 17, 4: 5}[ndim]
        return tuple(
            self.pick([n for n in SIZES if n <= limit and (n or empty)]) for _ in range(ndim)
        )

    def broadcast(self, shape: tuple) -> tuple:
        """A shape that broadcasts to this one: some axes are 1, some leading ones are not there."""
        start = self.size(0, len(shape))
        return tuple(1 if self.flag() else n for n in shape[start:])

    def axes(self, ndim: int) -> tuple:
        """Axes to reduce: all, one, or some."""
        return tuple(axis for axis in range(ndim) if self.flag()) or tuple(range(ndim))

    # --- numbers ----------------------------------------------------------------------------------

    def numbers(self, shape: tuple) -> np.ndarray:
        """Any: normal floats, small integers, coin flips."""
        if self.dtype.kind == "f":
            return np.asarray(self.rng.normal(0, 2, shape), self.dtype)
        if self.dtype.kind == "b":
            return self.rng.integers(0, 2, shape).astype(bool)
        low = 0 if self.dtype.kind == "u" else -9
        return self.rng.integers(low, 10, shape).astype(self.dtype)

    def positive(self, shape: tuple) -> np.ndarray:
        """Floats in [½, 3), integers from 0 to 5."""
        if self.dtype.kind == "f":
            return np.asarray(self.rng.uniform(0.5, 3, shape), self.dtype)
        return self.rng.integers(0, 6, shape).astype(self.dtype)

    def distinct(self, shape: tuple) -> np.ndarray:
        """All different and none near 0: no finite difference meets a kink or a tie."""
        if self.dtype.kind != "f":
            return self.numbers(shape)
        size = int(np.prod(shape))
        values = (self.rng.permutation(size) - size // 2 + 0.5) / max(size, 1) * 4
        return values.reshape(shape).astype(self.dtype)

    def ties(self, shape: tuple) -> np.ndarray:
        """Few different values: equal ones meet."""
        return self.rng.integers(0, 3, shape).astype(self.dtype)

    def integers(self, low: int, high: int, shape: tuple, dtype="int64") -> np.ndarray:
        """Indices or labels in [low, high)."""
        return self.rng.integers(low, max(high, low + 1), shape).astype(dtype)

    def mask(self, shape: tuple) -> np.ndarray:
        return self.rng.integers(0, 2, shape).astype(bool)
