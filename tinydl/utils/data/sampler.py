"""Samplers: the order in which a DataLoader reads a data set.

iter() draws all the random numbers of the pass, so that what is drawn elsewhere while the pass
goes on can neither change the order nor be changed by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import tinydl


class Sampler:
    """Base of samplers: subclasses give __iter__ over indices and, where known, __len__."""

    def __iter__(self) -> Iterator:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__(self)")


class SequentialSampler(Sampler):
    """0, 1, 2, …"""

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """A new order on every pass: without replacement a permutation, else independent draws."""

    def __init__(self, data_source, replacement: bool = False, num_samples=None, generator=None):
        if num_samples is not None and (int(num_samples) != num_samples or num_samples < 1):
            raise ValueError(f"RandomSampler: num_samples should be at least 1, got {num_samples}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        size, count = len(self.data_source), self.num_samples
        if not size:
            return iter(())
        if self.replacement:
            return iter(tinydl.randint(0, size, (count,), generator=self.generator).tolist())
        rounds = range(-(-count // size))
        orders = (tinydl.randperm(size, generator=self.generator).tolist() for _ in rounds)
        return iter([index for order in orders for index in order][:count])

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices, in a new order on every pass."""

    def __init__(self, indices: Sequence[int], generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        order = tinydl.randperm(len(self.indices), generator=self.generator)
        return (self.indices[i] for i in order.tolist())

    def __len__(self) -> int:
        return len(self.indices)


class BatchSampler(Sampler):
    """Lists of batch_size indices; the last, shorter one is left out if drop_last."""

    def __init__(self, sampler: Iterable, batch_size: int, drop_last: bool):
        if type(batch_size) is not int or batch_size < 1:
            raise ValueError(f"batch_size should be a whole number from 1 up, got {batch_size!r}")
        if drop_last not in (True, False):
            raise ValueError(f"drop_last should be True or False, got {drop_last!r}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list]:
        return self._batches(iter(self.sampler))

    def _batches(self, indices: Iterator) -> Iterator[list]:
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        size = len(self.sampler)
        return size // self.batch_size if self.drop_last else -(-size // self.batch_size)
