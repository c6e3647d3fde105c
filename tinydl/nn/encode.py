"""Classes as vectors."""

from __future__ import annotations

from .. import ops
from ..filled import ones
from ..tensor import Tensor


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Classes as rows of zeros with a single 1: x[…] int64 → y[…, c] int64, y[…, k] = [x = k].

    Args:
        tensor: classes from 0 to c − 1.
        num_classes: c; if −1, one more than the largest of them, which has to be waited for.

    Raises:
        TypeError: tensor is not int64.
        IndexError: a class outside 0 … c − 1. On CUDA this is told at the next synchronisation.
        ValueError: num_classes is neither −1 nor positive, or is −1 and there are no classes.

    Example:
        >>> import tinydl
        >>> tinydl.nn.functional.one_hot(tinydl.tensor([1, 0]), 3)
        tensor([[0, 1, 0],
                [1, 0, 0]])
    """
    if tensor.dtype.name != "int64":
        raise TypeError(f"one_hot: classes are int64, got {tensor._array}; use .long()")
    if num_classes == -1 and tensor.numel():
        num_classes = int(tensor.max()) + 1
    if num_classes < 1:
        raise ValueError(f"one_hot: {num_classes} classes for {tensor._array}; give num_classes")
    index = tensor.unsqueeze(-1)
    one = ones((), dtype=tensor.dtype, device=tensor.device).expand(index.shape)
    shape = (*tensor.shape, num_classes)
    try:
        return ops.scatter_zeros(one, index, shape=shape, dim=tensor.ndim)
    except IndexError as error:
        raise IndexError(
            f"one_hot: a class of {tensor._array} is none of {num_classes}: {error}"
        ) from None
