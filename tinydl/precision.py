"""How precisely float32 matrix products are computed: PyTorch's float32_matmul_precision."""

from __future__ import annotations

# How many bfloat16 numbers each operand is taken as the sum of; 0: it is multiplied as it is.
PARTS = {"highest": 0, "high": 3, "medium": 1}
parts = 0  # looked at by every product


def set_float32_matmul_precision(precision: str) -> None:
    """Sets how precisely float32 products (`matmul`, `linear` and their gradients) are computed.

    Args:
        precision: "highest" (default): in float32. "high": as six products of bfloat16, sums in
            float32, about as precise as float32 unless numbers are below 1e-33; on a processor
            with AMX, "cpu:amx". "medium": operands rounded to bfloat16, with 8 digits (binary) of
            each, sums in float32; also where there is AVX512-BF16. Where the machine has nothing
            that is faster so, products are computed in float32.

    Raises:
        ValueError: another precision.

    Example:
        >>> import tinydl
        >>> tinydl.set_float32_matmul_precision("high")
        >>> tinydl.get_float32_matmul_precision()
        'high'
        >>> tinydl.set_float32_matmul_precision("highest")
    """
    global parts
    if precision not in PARTS:
        names = ", ".join(map(repr, PARTS))
        raise ValueError(
            f"set_float32_matmul_precision: expected one of {names}; got {precision!r:.60}"
        )
    parts = PARTS[precision]


def get_float32_matmul_precision() -> str:
    """How precisely float32 products are computed: "highest", "high" or "medium".

    >>> import tinydl
    >>> tinydl.get_float32_matmul_precision()
    'highest'
    """
    return next(name for name, count in PARTS.items() if count == parts)
