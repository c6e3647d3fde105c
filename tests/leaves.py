"""What derivatives are taken by."""

from __future__ import annotations

import tinydl
from tinydl import Tensor


def leaf(*values, dtype=tinydl.float64) -> Tensor:
    """A tensor of these numbers, or of one number or array, that requires a gradient."""
    data = values[0] if len(values) == 1 else values
    return tinydl.tensor(data, dtype=dtype, requires_grad=True)


def slope(function, *values: float) -> list:
    """The derivative of a function of elements at each of these numbers."""
    x = leaf(values)
    function(x).sum().backward()
    return x.grad.tolist()
