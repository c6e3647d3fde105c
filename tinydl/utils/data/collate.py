"""Collation: a list of samples becomes one batch.

NumPy's float64 and Python's floats become float32, the dtype of a network's parameters: a batch
of float64 would make everything after it slow and wide. Tensors keep the dtype they were given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

import tinydl

# dtypes that files and NumPy like and networks do not → the nearest that they do
NEAREST = {"u2": "i4", "u4": "i8", "f2": "f4", "f8": "f4"}


def default_collate(batch: Sequence):
    """Stacks samples along a new first axis; dicts, tuples and lists are collated item by item.

    x₀[…], x₁[…], … → y[n,…]; numbers → y[n]; text stays a list.

    Raises:
        ValueError: samples of different shapes, lengths or keys.
        TypeError: samples of another kind.

    Example:
        >>> from tinydl.utils.data import default_collate
        >>> default_collate([(1.5, "a"), (2.5, "b")])
        [tensor([1.5, 2.5]), ['a', 'b']]
    """
    first = batch[0]
    if isinstance(first, tinydl.Tensor):
        _check_shapes(batch)
        return tinydl.stack(list(batch))
    if isinstance(first, (np.ndarray, np.generic)):
        _check_shapes(batch)
        return _from_numpy(np.stack(batch))
    if isinstance(first, (bool, int, float)):
        return _from_numpy(np.array(batch))
    if isinstance(first, (str, bytes)):
        return list(batch)
    if isinstance(first, Mapping):
        _check(batch, [sorted(map(str, sample)) for sample in batch], "keys")
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, (tuple, list)):
        _check(batch, [len(sample) for sample in batch], "length")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        f"default_collate: samples hold a {type(first).__name__}; it collates tensors, arrays, "
        "numbers, text, dicts, tuples and lists. Add a transform (ToTensor()) or give DataLoader "
        "a collate_fn"
    )


def default_convert(data):
    """NumPy arrays anywhere in `data` become tensors; for DataLoader(batch_size=None)."""
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in "SUO" else _from_numpy(np.asarray(data))
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, (tuple, list)):
        return [default_convert(value) for value in data]
    return data


def _from_numpy(array: np.ndarray):
    if array.dtype.kind not in "fiub":
        raise TypeError(f"default_collate: a NumPy array of {array.dtype} cannot become a tensor")
    nearest = NEAREST.get(array.dtype.str[1:])
    if nearest or not array.flags.writeable:
        array = array.astype(nearest or array.dtype)
    return tinydl.from_numpy(array)


def _check_shapes(batch: Sequence) -> None:
    _check(batch, [tuple(sample.shape) for sample in batch], "shape")


def _check(batch: Sequence, properties: list, what: str) -> None:
    """All samples must have the same shape, length or keys."""
    for i, value in enumerate(properties):
        if value != properties[0]:
            raise ValueError(
                f"default_collate: samples of a batch need one {what}, but the first has "
                f"{properties[0]} and number {i} has {value}"
            )
