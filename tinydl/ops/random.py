"""Random numbers: a counter, not a state. Element i of a draw is a function of (seed, draw, i).

So the same seed gives the same numbers on every device and for any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from .. import capture
from ..array import Array
from ..backend import call, ffi
from ..device import Device
from ..device import device as as_device
from ..dtypes import DType, bool_, float32, float64
from ..op import op
from ..tensor import Tensor
from .check import real
from .elementwise import where


class Generator:
    """A seed and a count of the draws made from it, the key and counter of Philox 4×32-10.

    Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011).

    Args:
        device: taken for PyTorch's sake; the numbers are the same on every device.

    Example:
        >>> import tinydl
        >>> g = tinydl.Generator().manual_seed(7)
        >>> a, b = tinydl.rand(3, generator=g), tinydl.rand(3, generator=g.manual_seed(7))
        >>> bool((a == b).all())
        True
    """

    def __init__(self, device: str | Device = "cpu"):
        self._seed, self._draws = 0, 0
        self._device = device

    @property
    def device(self) -> Device:
        """What it was made with.

        >>> import tinydl
        >>> tinydl.Generator().device
        device('cpu')
        """
        return as_device(self._device)

    def manual_seed(self, seed: int) -> Generator:
        """Starts over with a seed, any Python int, of which the lowest 64 bits count.

        >>> import tinydl
        >>> tinydl.Generator().manual_seed(7).get_state()
        (7, 0)
        """
        self._seed, self._draws = int(seed) % 2**64, 0
        return self

    def seed(self) -> int:
        """Starts over with a seed from the operating system, and returns it.

        >>> import tinydl
        >>> g = tinydl.Generator()
        >>> g.seed() == g.initial_seed()
        True
        """
        return self.manual_seed(int.from_bytes(os.urandom(8), "little")).initial_seed()

    def initial_seed(self) -> int:
        """The seed it last started over with, 0 at first.

        >>> import tinydl
        >>> tinydl.Generator().manual_seed(7).initial_seed()
        7
        """
        return self._seed

    def get_state(self) -> tuple[int, int]:
        """(seed, number of draws so far): what set_state() needs to go on from here.

        >>> import tinydl
        >>> g = tinydl.Generator().manual_seed(7)
        >>> x = tinydl.rand(3, generator=g)
        >>> g.get_state()
        (7, 1)
        """
        return self._seed, self._draws

    def set_state(self, state: tuple[int, int]) -> Generator:
        """Goes on from where get_state() was called.

        >>> import tinydl
        >>> g = tinydl.Generator()
        >>> state, x = g.get_state(), tinydl.rand(3, generator=g)
        >>> bool((tinydl.rand(3, generator=g.set_state(state)) == x).all())
        True
        """
        self._seed, self._draws = (int(part) for part in state)
        return self

    def draw(self) -> tuple[int, int]:
        """(seed, number) of the next draw, which counts as made.

        >>> import tinydl
        >>> g = tinydl.Generator()
        >>> g.draw(), g.draw()
        ((0, 0), (0, 1))
        """
        draw = self._seed, self._draws
        self._draws += 1
        if capture.current is not None:
            capture.current.drew(self, draw)
        return draw


default_generator = Generator()


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator, on every device, and returns it.

    >>> import tinydl
    >>> tinydl.manual_seed(0).get_state()
    (0, 0)
    """
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seeds the default generator from the operating system, and returns the seed.

    >>> import tinydl
    >>> tinydl.seed() == tinydl.initial_seed()
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """The default generator's seed.

    >>> import tinydl
    >>> tinydl.manual_seed(7).initial_seed() == tinydl.initial_seed()
    True
    """
    return default_generator.initial_seed()


def _rng(draw: tuple[int, int]):
    rng = ffi.new("td_rng *", draw)
    if capture.current is not None:
        capture.current.uses(draw, rng)
    return rng


def _wide(y: Array) -> Array:
    """y, or where that holds halves what they are computed in."""
    return Array.empty(y.shape, float32, y.backend) if y.dtype.is_half else y


def _narrowed(y: Array, wide: Array) -> Array:
    if wide is not y:
        call("copy", y, wide)
    return y


def fill_uniform(y: Array, low: float, high: float, generator: Generator | None) -> Array:
    """y ~ U[low, high)."""
    wide = _wide(y)
    call("uniform", wide, low, high, _rng((generator or default_generator).draw()))
    if wide is not y:  # rounding may reach high, which is excluded
        rounded = Tensor(wide.astype(y.dtype))
        wide = where(rounded < high, rounded, low)._array
    return _narrowed(y, wide)


def fill_normal(y: Array, mean: float, std: float, generator: Generator | None) -> Array:
    """y ~ N(mean, std²)."""
    wide = _wide(y)
    call("normal", wide, mean, std, _rng((generator or default_generator).draw()))
    return _narrowed(y, wide)


def fill_randint(y: Array, low: int, high: int, generator: Generator | None) -> Array:
    """y ~ U{low, …, high − 1}."""
    call("randint", y, low, high, _rng((generator or default_generator).draw()))
    return y


def fill_exponential(y: Array, rate: float, generator: Generator | None) -> Array:
    """y ~ Exp(rate): −ln(u) / rate."""
    wide = _wide(y)
    call("exponential", wide, rate, _rng((generator or default_generator).draw()))
    return _narrowed(y, wide)


def drawn(like: Tensor, fill: Callable, *parameters, dtype: DType = float64) -> Tensor:
    """A tensor of like's shape, on its device, that fill(y, *parameters) has filled."""
    array = like._array
    return Tensor(fill(Array.empty(array.shape, dtype, array.backend), *parameters))


def coins(like: Tensor, p: float | Tensor, generator: Generator | None) -> Tensor:
    """Bools of like's shape, True with probability p: a number, or a tensor that broadcasts."""
    if isinstance(p, Tensor):
        p = p.detach()
        known = p.device.type == "cpu" and capture.current is None  # else reading it would wait
        fits = not known or bool(((p >= 0) & (p <= 1)).all())
    else:
        fits = 0 <= p <= 1
    if not fits:
        raise ValueError("bernoulli: a probability lies between 0 and 1")
    double = isinstance(p, Tensor) and p.dtype is float64
    u = drawn(like, fill_uniform, 0.0, 1.0, generator, dtype=float64 if double else float32)
    return u < p


@op
def dropout(x, *, p, draw):
    """(y, mask): mask is False with probability p; y = x / (1 − p) where it is True, else 0.

    x[…] → y[…] of x's dtype, float32 or float64, mask[…] bool (Srivastava et al. 2014). draw is
    (seed, number) of the generator. The mask is kept for the gradient: drawing it again takes a
    CPU five times as long as reading it.
    """
    real("dropout", x=x)
    y, mask = (Array.empty(x.shape, dtype, x.backend) for dtype in (x.dtype, bool_))
    call("dropout_mask", mask, p, _rng(draw))
    call("dropout", y, mask, x.contiguous(), p)
    return y, mask


@op
def dropout_grad(gy, mask, *, p):
    """gx = gy / (1 − p) where mask is True, else 0: dropout's gradient, and its own.

    gy[…] float32 or float64, mask[…] bool → gx[…].
    """
    gx = Array.empty(gy.shape, gy.dtype, gy.backend)
    call("dropout", gx, mask.contiguous(), gy.contiguous(), p)
    return gx


dropout.vjp(x=lambda g, rest, p: dropout_grad(g, rest[0], p=p))
dropout_grad.vjp(gy=lambda g, mask, p: dropout_grad(g, mask, p=p))
