"""Random numbers: a counter, not a state. Element i of a draw is a function of (seed, draw, i).

So the same seed gives the same numbers on every device and for any number of threads, and
dropout's backward draws its mask again instead of keeping it.
"""

from __future__ import annotations

import os

from ..array import Array
from ..backend import call, ffi
from ..op import op


class Generator:
    """A seed and a count of the draws made from it (Philox 4×32-10, Salmon et al. 2011).

    >>> import tinydl
    >>> g = tinydl.Generator().manual_seed(7)
    >>> a, b = tinydl.rand(3, generator=g), tinydl.rand(3, generator=g.manual_seed(7))
    >>> bool((a == b).all())
    True
    """

    def __init__(self, device: str = "cpu"):
        self._seed, self._draws = 0, 0

    def manual_seed(self, seed: int) -> Generator:
        """Starts over with a seed; any Python int, of which the lowest 64 bits count."""
        self._seed, self._draws = int(seed) % 2**64, 0
        return self

    def seed(self) -> int:
        """Starts over with a seed from the operating system, and returns it."""
        return self.manual_seed(int.from_bytes(os.urandom(8), "little")).initial_seed()

    def initial_seed(self) -> int:
        return self._seed

    def get_state(self) -> tuple[int, int]:
        """(seed, draws): what set_state needs to go on from here."""
        return self._seed, self._draws

    def set_state(self, state) -> Generator:
        self._seed, self._draws = (int(part) for part in state)
        return self

    def draw(self) -> tuple[int, int]:
        """(seed, number) of the next draw."""
        self._draws += 1
        return self._seed, self._draws - 1


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator, on every device."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seeds the default generator from the operating system; returns the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed."""
    return default_generator.initial_seed()


def _rng(draw: tuple[int, int]):
    return ffi.new("td_rng *", draw)


def fill_uniform(y: Array, low: float, high: float, generator: Generator | None) -> Array:
    """y ~ U[low, high)."""
    call("uniform", y, low, high, _rng((generator or default_generator).draw()))
    return y


def fill_normal(y: Array, mean: float, std: float, generator: Generator | None) -> Array:
    """y ~ N(mean, std²)."""
    call("normal", y, mean, std, _rng((generator or default_generator).draw()))
    return y


def fill_randint(y: Array, low: int, high: int, generator: Generator | None) -> Array:
    """y ~ U{low, …, high − 1}."""
    call("randint", y, low, high, _rng((generator or default_generator).draw()))
    return y


@op
def dropout(x, *, p, draw):
    """y = 0 with probability p, else x / (1 − p)."""
    y = Array.empty(x.shape, x.dtype, x.backend)
    call("dropout", y, x.contiguous(), p, _rng(draw))
    return y


dropout.vjp(x=lambda g, p, draw: dropout(g, p=p, draw=draw))
