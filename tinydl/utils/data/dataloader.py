"""DataLoader: a data set, an order and a collation become batches. PyTorch's arguments.

One draw from the generator when a pass begins is its key, which decides its order and all that
random transforms do in it. So a loader's state is (key, batches taken), which is what state_dict()
holds: a loader given it goes on in the middle of the pass with the very same batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from operator import length_hint
from typing import NamedTuple

import tinydl

from .collate import default_collate, default_convert
from .dataset import get_batch
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .seeding import Key, draw, sampling
from .worker import WorkerInfo, read_ahead


class Job(NamedTuple):
    """One batch to read: its samples, and the place of the first of them in the pass."""

    indices: list
    place: int
    key: Key


class DataLoader:
    """Batches of a data set, as an iterable.

    Args:
        dataset: anything with __getitem__ and __len__.
        batch_size: samples in a batch; None yields samples as they are.
        shuffle: whether each pass has a new order, which belongs to state_dict().
        sampler: indices in the order in which they are taken. One that draws random numbers of its
            own keeps its own state.
        batch_sampler: lists of indices, in place of batch_size, shuffle, sampler and drop_last.
        num_workers: threads that read ahead of the loop; 0 reads in the loop itself. Batches come
            in the same order either way.
        collate_fn: makes a batch of a list of samples; default_collate unless given.
        drop_last: whether a last batch that is not full is left out.
        timeout: seconds to wait for a batch of a worker; 0 is no limit.
        worker_init_fn: called with its number by each worker when it starts.
        generator: what the passes' seeds are drawn from; the default one if None.
        prefetch_factor: batches that each worker reads ahead, 2 unless given.
        pin_memory, pin_memory_device, persistent_workers, in_order: PyTorch's, without effect, as
            workers are threads.

    Raises:
        ValueError: arguments that do not go together; the message says which.

    Example:
        >>> import tinydl
        >>> from tinydl.utils.data import DataLoader, TensorDataset
        >>> samples = TensorDataset(tinydl.randn(10, 3), tinydl.arange(10))
        >>> [tuple(x.shape) for x, y in DataLoader(samples, batch_size=4)]
        [(4, 3), (4, 3), (2, 3)]
    """

    def __init__(
        self,
        dataset,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable | None = None,
        batch_sampler: Iterable | None = None,
        num_workers: int = 0,
        collate_fn: Callable | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
            _refuse(f"dataset needs __getitem__ and __len__, {type(dataset).__name__} lacks them")
        if shuffle not in (True, False, None):
            _refuse(f"shuffle should be True or False, got {shuffle!r}")
        if type(num_workers) is not int or num_workers < 0:
            _refuse(f"num_workers should be a number of threads, 0 or more, got {num_workers!r}")
        if timeout < 0:
            _refuse(f"timeout should be seconds, or 0 for no limit, got {timeout}")
        if multiprocessing_context is not None:
            _refuse("workers are threads; leave multiprocessing_context out")
        if num_workers == 0 and (prefetch_factor is not None or persistent_workers or timeout):
            _refuse("prefetch_factor, persistent_workers and timeout need num_workers > 0")
        if prefetch_factor is not None and prefetch_factor < 1:
            _refuse(f"prefetch_factor should be at least 1, got {prefetch_factor}")
        if generator is not None and not isinstance(generator, tinydl.Generator):
            _refuse(f"generator should be a tinydl.Generator, got {type(generator).__name__}")
        if sampler is not None and shuffle:
            _refuse("give sampler or shuffle=True, not both")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler or drop_last):
            _refuse("batch_sampler replaces batch_size, shuffle, sampler and drop_last")
        if batch_size is None and drop_last:
            _refuse("drop_last needs a batch_size")

        self._order = tinydl.Generator()  # what shuffle=True draws from: the pass's key
        if sampler is None:
            ordered = RandomSampler(dataset, generator=self._order)
            sampler = ordered if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate

        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.collate_fn = sampler, batch_sampler, collate_fn
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor, self.generator = prefetch_factor or 2, generator
        self.pin_memory, self.persistent_workers = pin_memory, persistent_workers
        self._key, self._taken, self._go_on = None, 0, False

    def __len__(self) -> int:
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)

    def __iter__(self) -> Iterator:
        if not self._go_on:
            self._key, self._taken = draw(self.generator), 0
        self._go_on = False
        self._order.set_state(self._key)
        order = iter(self.sampler if self.batch_sampler is None else self.batch_sampler)
        return self._batches(order, self._key, self._taken)

    def state_dict(self) -> dict:
        """Where the loader is in its pass: enough to go on there with the same batches.

        After the last batch, and before the first, it stands between passes: there is no key.
        """
        within = self._key is not None and self._taken != length_hint(self, -1)
        return {
            "key": self._key if within else None,
            "taken": self._taken if within else 0,
            "generator": None if self.generator is None else self.generator.get_state(),
        }

    def load_state_dict(self, state: dict) -> None:
        """Makes the next pass go on from where state_dict() was called."""
        self._key, self._taken = state["key"], state["taken"]
        self._go_on = self._key is not None
        if self.generator is not None and state["generator"] is not None:
            self.generator.set_state(state["generator"])

    def _batches(self, order: Iterator, key: Key, skip: int) -> Iterator:
        jobs = islice(self._jobs(order, key), skip, None)
        if not self.num_workers:
            batches = (self._read(job) for job in jobs)
        else:
            batches = read_ahead(
                self._read,
                jobs,
                info=WorkerInfo(0, self.num_workers, self.dataset),
                init=self.worker_init_fn,
                ahead=self.num_workers * self.prefetch_factor,
                timeout=self.timeout,
            )
        with closing(batches):
            for taken, batch in enumerate(batches, skip + 1):
                self._taken = taken
                yield batch
        self._key = None

    def _jobs(self, order: Iterator, key: Key) -> Iterator[Job]:
        place = 0
        for indices in order:
            indices = [indices] if self.batch_sampler is None else indices
            yield Job(indices, place, key)
            place += len(indices)

    def _read(self, job: Job):
        if self.collate_fn is default_collate:
            batch = get_batch(self.dataset, job.indices)
            if batch is not None:
                return batch
        samples = []
        with sampling(job.key) as at_place:
            for place, index in enumerate(job.indices, job.place):
                at_place(place)
                try:
                    samples.append(self.dataset[index])
                except Exception as error:
                    _add_note(error, f"DataLoader: this came from sample {index!r} of the data set")
                    raise
        return self.collate_fn(samples[0] if self.batch_sampler is None else samples)


def _refuse(problem: str):
    raise ValueError(f"DataLoader: {problem}")


def _add_note(error: Exception, note: str) -> None:
    """Says more in an exception's traceback; before Python 3.11, in its message."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])
