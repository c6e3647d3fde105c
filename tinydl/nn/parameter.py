"""Parameter: a tensor that a module trains."""

from __future__ import annotations

from ..array import Array
from ..tensor import Tensor


class Parameter(Tensor):
    """A Tensor that a Module registers as its own when it becomes an attribute.

    Args:
        data: a tensor, whose memory it takes over.
        requires_grad: whether it is trained.

    Raises:
        TypeError: data is no tensor, or not floating point and to be trained.

    Example:
        >>> import tinydl
        >>> tinydl.nn.Parameter(tinydl.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Tensor | Array, requires_grad: bool = True):
        if not isinstance(data, (Tensor, Array)):
            raise TypeError(
                f"Parameter: expected a Tensor, got a {type(data).__name__}; use tinydl.tensor(…)"
            )
        super().__init__(data if isinstance(data, Array) else data._array)
        self.requires_grad_(requires_grad)

    def __deepcopy__(self, memo) -> Parameter:
        out = super().__deepcopy__(memo)
        out.grad = None  # PyTorch's copy of a model has no gradients either
        return out

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"
