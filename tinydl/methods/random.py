"""Methods that overwrite a tensor with random numbers.

All are functions of a generator's counter, made of its uniform, normal and exponential numbers by
arithmetic that every device does alike: the same bits everywhere, but for log_normal_, whose
exponential may differ in the last place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import dtypes, graph, ops
from ..limits import finfo, iinfo

if TYPE_CHECKING:
    from ..ops.random import Generator
    from ..tensor import Tensor


class RandomMethods:
    """x.uniform_(), x.normal_(0, 0.02), …: every element is drawn for itself.

    Args:
        generator: whose numbers they are; the default one's if None, see manual_seed().

    Returns:
        self, of the same shape and dtype as before: what is drawn is converted to it.

    Raises:
        RuntimeError: self requires a gradient; use no_grad().
        ValueError: parameters for which there is no such distribution.
    """

    __slots__ = ()

    def uniform_(
        self, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """self ~ U[a, b): uniform.

        >>> import tinydl
        >>> x = tinydl.empty(100).uniform_(-1, 1)
        >>> bool((x >= -1).all() and (x < 1).all())
        True
        """
        most = finfo(self.dtype).max if self.dtype.is_floating_point else math.inf
        if not (-most <= a <= b <= most and b - a < math.inf):
            raise ValueError(
                f"uniform_: expected a ≤ b, finite {self.dtype.name} as is b − a, got {a} and {b}"
            )
        return self._drawn("uniform_", ops.random.fill_uniform, a, b, generator)

    def normal_(
        self, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """self ~ N(mean, std²): normal.

        >>> import tinydl
        >>> tinydl.empty(2, 3).normal_(5, 0).mean()
        tensor(5.)
        """
        if not std >= 0:
            raise ValueError(f"normal_: expected std ≥ 0, got {std}")
        return self._drawn("normal_", ops.random.fill_normal, mean, std, generator)

    def exponential_(self, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
        """self ~ Exp(lambd), density λ e^(−λ x) for x > 0.

        >>> import tinydl
        >>> bool((tinydl.empty(100).exponential_() > 0).all())
        True
        """
        if not lambd > 0:
            raise ValueError(f"exponential_: expected lambd > 0, got {lambd}")
        return self._drawn("exponential_", ops.random.fill_exponential, lambd, generator)

    def log_normal_(
        self, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None
    ) -> Tensor:
        """self ~ e^z with z ~ N(mean, std²).

        >>> import tinydl
        >>> tinydl.empty(2).log_normal_(0, 1e-9)
        tensor([1., 1.])
        """
        if not std > 0:
            raise ValueError(f"log_normal_: expected std > 0, got {std}")
        z = ops.random.drawn(self, ops.random.fill_normal, mean, std, generator)
        return self._overwritten("log_normal_", z.exp())

    def cauchy_(
        self, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None
    ) -> Tensor:
        """self ~ Cauchy, density σ / π ((x − median)² + σ²): the ratio of two normal numbers.

        >>> import tinydl
        >>> tinydl.empty(2, 3).cauchy_().shape
        (2, 3)
        """
        if not sigma > 0:
            raise ValueError(f"cauchy_: expected sigma > 0, got {sigma}")
        x, y = (
            ops.random.drawn(self, ops.random.fill_normal, 0.0, 1.0, generator) for _ in range(2)
        )
        return self._overwritten("cauchy_", median + sigma * (x / y))

    def geometric_(self, p: float, *, generator: Generator | None = None) -> Tensor:
        """self ~ the number of trials up to the first success, P(k) = (1 − p)^(k−1) p, k ≥ 1.

        >>> import tinydl
        >>> bool((tinydl.empty(100).geometric_(0.5) >= 1).all())
        True
        """
        if not 0 < p < 1:
            raise ValueError(f"geometric_: expected 0 < p < 1, got {p}")
        rate = -math.log1p(-p)  # failures last exponentially
        waits = ops.random.drawn(self, ops.random.fill_exponential, rate, generator)
        return self._overwritten("geometric_", 1 + waits.long())

    def bernoulli_(self, p: float | Tensor = 0.5, *, generator: Generator | None = None) -> Tensor:
        """self ← 1 with probability p, else 0. p is a number, or a tensor that broadcasts to self.

        >>> import tinydl
        >>> tinydl.empty(2).bernoulli_(tinydl.tensor([0.0, 1.0]))
        tensor([0., 1.])
        """
        return self._overwritten("bernoulli_", ops.random.coins(self, p, generator))

    def random_(self, *bounds: int | None, generator: Generator | None = None) -> Tensor:
        """self ~ U{low, …, high − 1}: integers.

        Args:
            bounds: high, or low and high; low is 0 unless given. Without high, 0 to the largest
                that self's dtype holds; of floating point, the largest up to which it holds every
                integer.

        Raises:
            OverflowError: self's dtype does not hold them.

        Example:
            >>> import tinydl
            >>> x = tinydl.empty(100).random_(1, 7)
            >>> sorted(set(x.tolist())) == [1, 2, 3, 4, 5, 6]
            True
        """
        low, high = (0, *bounds) if len(bounds) == 1 else (*bounds, 0, None)[:2]
        most = _most(self.dtype)
        high = min(most + 1, 2**63 - 1) if high is None else high
        if not low < high:
            raise ValueError(f"random_: expected low < high, got {low} and {high}")
        least = -most - self.dtype.is_signed if self.dtype.is_signed else 0
        if low < least or high - 1 > most:
            raise OverflowError(
                f"random_: {self.dtype.name} holds {least} to {most}, not {low} to {high - 1}"
            )
        drawn = ops.random.drawn(
            self, ops.random.fill_randint, low, high, generator, dtype=dtypes.int64
        )
        return self._overwritten("random_", drawn)

    def _drawn(self, name: str, fill, *parameters) -> Tensor:
        """Fills self's own memory where it can."""
        self._refuse(name)
        target = self._array.contiguous()
        fill(target, *parameters)
        if target is not self._array:
            ops.call("copy", self._array, target)
        graph.wrote(self._array, name)
        return self

    def _overwritten(self, name: str, values: Tensor) -> Tensor:
        self._refuse(name)
        ops.call("copy", self._array, values._array)
        graph.wrote(self._array, name)
        return self

    def _refuse(self, name: str) -> None:
        """There is nothing for autograd to follow."""
        if self.requires_grad and ops.mode.enabled:
            raise RuntimeError(f"{name}: {self._array} requires a gradient; use no_grad()")


def _most(dtype: dtypes.DType) -> int:
    """The largest integer up to which a dtype holds every one."""
    if dtype.is_floating_point:
        return round(2 / finfo(dtype).eps)
    return 1 if dtype is dtypes.bool_ else iinfo(dtype).max
