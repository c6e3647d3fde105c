"""Stochastic gradient descent with momentum (Polyak 1964; Nesterov 1983; Sutskever et al. 2013)."""

from __future__ import annotations

from functools import partial

from .. import capture
from ..backend import ffi
from ..tensor import Tensor
from .optimizer import Optimizer, Params, by_key, check_range, run_kernel


class SGD(Optimizer):
    """Stochastic gradient descent with momentum (Polyak 1964; Sutskever et al. 2013).

    g ← ∇loss + weight_decay · p,  v ← momentum · v + (1 − dampening) · g (v ← g in the first step),
    p ← p − lr · v, or with Nesterov p ← p − lr · (g + momentum · v).

    Args:
        params: tensors, or dicts {"params": tensors, option: value} with options of their own.
        lr: learning rate, ≥ 0.
        momentum: what is left of v from step to step, ≥ 0; 0 steps along g itself.
        dampening: what the new gradient lacks in v.
        weight_decay: strength of the L2 penalty, ≥ 0.
        nesterov: whether to look ahead (Nesterov 1983); needs momentum > 0 and dampening 0.
        maximize: whether to go up instead of down.

    Raises:
        ValueError: options out of their range, and those of Optimizer.
        TypeError: those of Optimizer.

    Example:
        >>> import tinydl
        >>> p = tinydl.tensor([1.0], requires_grad=True)
        >>> optimizer = tinydl.optim.SGD([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> p
        tensor([0.8], requires_grad=True)
    """

    switches = ("momentum",)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ):
        check_range("SGD", lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("SGD: Nesterov needs momentum > 0 and dampening 0")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict, params: list[Tensor]) -> None:
        fresh = [self.state.get(p, {}).get("momentum_buffer") is None for p in params]
        for first, same in by_key(params, fresh).items():
            buffers = None
            if group["momentum"]:
                buffers = [self.buffer(p, "momentum_buffer") for p in same]
            attrs = ffi.new("td_sgd_attrs *", self._attrs(group, first))
            run_kernel("sgd", same, buffers, attrs=attrs)
            if capture.current is not None:
                capture.current.repeat(partial(self._repeat, attrs, group, first))

    def _attrs(self, group: dict, first: bool) -> tuple:
        names = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")
        return *(group[name] for name in names), first

    def _repeat(self, attrs, group: dict, first: bool, steps: int) -> None:
        attrs[0] = self._attrs(group, first)
