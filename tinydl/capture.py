"""Capture: what Python does during a step that is recorded, so that replays can repeat it.

A recording (recorded.py) holds kernels and the addresses they work on. A step is more than that:
generators count their draws, optimizers their steps, options such as the learning rate
change in between, memory must stay, and autograd must hear what was written. While a step is
captured, `current` notes all of this; each place that hands kernels another number in every step
has a line that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident

current: Capture | None = None  # one at a time


class Capture:
    """Notes of one captured step.

    Args:
        memory: the free list of the recording.
        name: who records, for errors.

    Attributes:
        kept: storages from outside of it that the step uses.
        written: storages that the step writes.
        leaves: tensor → its .grad when the step first added to it or stepped along it.
        optimizers: (optimizer, what its step found) as they were called.
        modules: (module, whether it was training) as they were called.
    """

    def __init__(self, memory, name: str):
        self.memory, self.name, self.thread = memory, name, get_ident()
        self._descriptors: list = []
        self.kept, self.written, self.leaves = set(), set(), {}
        self.modules, self.optimizers = [], []
        self._draws: dict = {}  # id(draw) → (draw, generator)
        self._starts: dict = {}  # generator → (seed, draws) before the step
        self._counts: dict = {}  # generator → how many draws the step makes
        self._rngs: list = []  # (td_rng, generator, place among the step's draws)
        self._repeats: list[Callable[[int], None]] = []

    # --- during the step --------------------------------------------------------------------------

    def keep(self, operands: tuple) -> None:
        """What kernels work on may not be freed before the recording is."""
        if get_ident() != self.thread:
            return
        for x in operands:
            storage = getattr(x, "storage", None)
            if storage is None:
                continue
            if storage.backend is not self.memory.backend:
                self.refuse(f"works on {x} on {storage.backend.name}, not where it is recorded")
            if storage.memory is not self.memory:
                self.kept.add(storage)
            self._descriptors.append(x.descriptor)

    def refuse(self, what: str) -> None:
        """RuntimeError: the step does what cannot be replayed."""
        if get_ident() == self.thread:
            raise RuntimeError(
                f"{self.name}: the step {what}, which a recorded step cannot repeat; take it out "
                "of the step, or pass what changes as an argument"
            )

    def drew(self, generator, draw: tuple) -> None:
        """A generator gave out a draw."""
        if get_ident() == self.thread:  # data loaders go on drawing in theirs
            self._starts.setdefault(generator, draw)
            self._draws[id(draw)] = draw, generator

    def uses(self, draw: tuple, rng) -> None:
        """A kernel was told a draw through this td_rng; each replay tells it a new one."""
        _, generator = self._draws.get(id(draw), (None, None))
        if generator is not None:  # else it was drawn before the step, once and for all
            self._rngs.append((rng, generator, draw[1] - self._starts[generator][1]))

    def uses_grad(self, leaf) -> None:
        """backward() adds to leaf.grad, or an optimizer reads it."""
        if get_ident() == self.thread:
            self.leaves.setdefault(leaf, leaf._grad)

    def repeat(self, count: Callable[[int], None]) -> None:
        """Calls count(1) before each replay: the step counts as made once more."""
        self._repeats.append(count)

    # --- afterwards -------------------------------------------------------------------------------

    def count(self) -> None:
        """Works out how many draws the step made."""
        for generator, start in self._starts.items():
            self._counts[generator] = generator.get_state()[1] - start[1]

    def put_back(self) -> None:
        """Undoes what the step counted, if nothing was computed: the first replay is the step."""
        for generator, start in self._starts.items():
            generator.set_state(start)
        for count in self._repeats:
            count(-1)

    def advance(self) -> None:
        """Counts once more, and tells the kernels."""
        for rng, generator, place in self._rngs:
            rng.seed, draws = generator.get_state()
            rng.offset = draws + place
        for generator, count in self._counts.items():
            seed, draws = generator.get_state()
            generator.set_state((seed, draws + count))
        for count in self._repeats:
            count(1)
        for storage in self.written:
            storage.version += 1
