"""The methods of Tensor by family: PyTorch's names, each a line or two over tinydl.ops.

Each file holds one base class of Tensor. NumPy's spellings axis= and keepdims= are accepted
wherever dim= and keepdim= are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    import numpy as np

    from ..tensor import Tensor

    # what may stand beside a tensor in an operation, and what may be given as its `dim`
    Operand: TypeAlias = Tensor | float | np.ndarray | Sequence
    Dims: TypeAlias = int | Sequence[int] | None
