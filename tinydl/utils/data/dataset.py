"""Data sets: anything with __getitem__ and __len__.

A data set that can take a whole batch at once may also have __getbatch__(indices), which returns
what default_collate would make of the samples, or None if it cannot this time. For tensors that
is one indexing instead of a thousand.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

import tinydl


class Dataset:
    """Base of map-style data sets: subclasses give __getitem__(index) and __len__().

    >>> from tinydl.utils.data import DataLoader, Dataset
    >>> class Squares(Dataset):
    ...     def __getitem__(self, index):
    ...         return index**2
    ...
    ...     def __len__(self):
    ...         return 5
    >>> list(DataLoader(Squares(), batch_size=3))
    [tensor([0, 1, 4]), tensor([ 9, 16])]
    """

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(self, index)")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class TensorDataset(Dataset):
    """Sample i is (tensors[0][i], tensors[1][i], …).

    Args:
        tensors: tensors or NumPy arrays whose first axes are equally long.

    Raises:
        ValueError: they are not, or there are none.

    Example:
        >>> import tinydl
        >>> from tinydl.utils.data import TensorDataset
        >>> TensorDataset(tinydl.arange(6).reshape(3, 2), tinydl.tensor([7, 8, 9]))[1]
        (tensor([2, 3]), tensor(8))
    """

    def __init__(self, *tensors):
        if not tensors:
            raise ValueError("TensorDataset: at least one tensor is needed")
        sizes = [len(tensor) for tensor in tensors]
        if len(set(sizes)) > 1:
            shapes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
            raise ValueError(f"TensorDataset: tensors must be equally long, got {shapes}")
        self.tensors = tensors

    def __getitem__(self, index):
        return tuple(tensor[index] for tensor in self.tensors)

    def __getbatch__(self, indices: np.ndarray) -> list:
        return [take(tensor, indices) for tensor in self.tensors]

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset):
    """The samples of `dataset` at `indices`.

    >>> from tinydl.utils.data import Subset
    >>> list(Subset("abcde", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index):
        return self.dataset[self.indices[index]]

    def __getbatch__(self, indices: np.ndarray):
        return get_batch(self.dataset, np.asarray(self.indices)[indices])

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset):
    """Data sets one after another.

    >>> from tinydl.utils.data import ConcatDataset
    >>> list(ConcatDataset(["ab", "cd"]))
    ['a', 'b', 'c', 'd']
    """

    def __init__(self, datasets: Iterable):
        self.datasets = list(datasets)
        if not self.datasets:
            raise ValueError("ConcatDataset: at least one data set is needed")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int):
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"ConcatDataset: index {index} is outside its {size} samples")
        index %= size
        which = bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


def random_split(dataset, lengths: Sequence[float], generator=None) -> list[Subset]:
    """Cuts a data set at random into parts of the given sizes, or fractions that sum to 1.

    Args:
        dataset: anything with __getitem__ and __len__.
        lengths: of the parts, together len(dataset), or fractions of it; what rounding them down
            leaves over goes to the first parts, one sample each.
        generator: what the order is drawn from; the default one if None.

    Raises:
        ValueError: lengths that do not add up.

    Example:
        >>> from tinydl.utils.data import random_split
        >>> train, test = random_split(range(10), [0.75, 0.25])
        >>> len(train), len(test)
        (8, 2)
    """
    size = len(dataset)
    if math.isclose(sum(lengths), 1) and all(0 <= part <= 1 for part in lengths):
        counts = [math.floor(size * part) for part in lengths]
        for i in range(size - sum(counts)):  # what rounding left over goes round the parts
            counts[i % len(counts)] += 1
    else:
        counts = list(lengths)
    if sum(counts) != size or any(count != int(count) or count < 0 for count in counts):
        raise ValueError(f"random_split: {list(lengths)} does not add up to {size} samples or to 1")
    order = tinydl.randperm(size, generator=generator).tolist()
    return [
        Subset(dataset, order[end - count : end])
        for end, count in zip(accumulate(counts), counts, strict=True)
    ]


def get_batch(dataset, indices: Sequence[int]):
    """dataset.__getbatch__(indices), or None where sample by sample is the only way."""
    get = shortcut(dataset, "__getbatch__", "__getitem__")
    return None if get is None else get(np.asarray(indices))


def shortcut(obj, quick: str, plain: str):
    """The method `quick` of an object, which does what `plain` does, for a whole batch at once.

    None if there is none, or if a subclass overrides `plain` alone and so has given it up.
    """
    for parent in type(obj).__mro__:
        if quick in vars(parent):
            return getattr(obj, quick)
        if plain in vars(parent):
            return None
    return None


def take(tensor, indices: np.ndarray):
    """tensor[indices] along the first axis, without recording."""
    if isinstance(tensor, np.ndarray):
        return tinydl.from_numpy(tensor[indices])
    if tensor.device.type == "cpu":
        return tinydl.from_numpy(tensor.detach().numpy()[indices])
    return tensor.detach()[indices]
