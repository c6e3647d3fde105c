"""PyTorch's torch.random: the default generator's seed and state.

>>> import tinydl
>>> state = tinydl.get_rng_state()
>>> x = tinydl.rand(3)
>>> tinydl.set_rng_state(state)
>>> bool((tinydl.rand(3) == x).all())
True
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .ops.random import Generator, default_generator, initial_seed, manual_seed, seed

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed",
    "seed", "set_rng_state",
]  # fmt: skip


def get_rng_state() -> tuple[int, int]:
    """The default generator's state, (seed, number of draws so far), for set_rng_state().

    >>> import tinydl
    >>> generator = tinydl.manual_seed(7)
    >>> tinydl.get_rng_state()
    (7, 0)
    """
    return default_generator.get_state()


def set_rng_state(new_state: tuple[int, int]) -> None:
    """Lets the default generator go on from where get_rng_state() was called.

    >>> import tinydl
    >>> tinydl.set_rng_state((7, 0))
    >>> tinydl.initial_seed()
    7
    """
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(devices: Iterable[Any] | None = None, enabled: bool = True) -> Iterator[None]:
    """A `with` block after which the default generator goes on as if nothing had been drawn.

    Args:
        devices: taken for PyTorch's sake; there is one generator for all devices.
        enabled: whether the block does anything.

    Example:
        >>> import tinydl
        >>> before = tinydl.get_rng_state()
        >>> with tinydl.random.fork_rng():
        ...     x = tinydl.rand(3)
        >>> tinydl.get_rng_state() == before
        True
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
