"""Stochastic gradient descent with momentum (Polyak 1964; Nesterov 1983; Sutskever et al. 2013)."""

from __future__ import annotations

from collections.abc import Iterable

from ..backend import ffi
from ..tensor import Tensor
from .optimizer import Optimizer, by_key, check_range, run_kernel


class SGD(Optimizer):
    """p ← p − lr · v,  v ← momentum · v + (1 − dampening) · (g + weight_decay · p).

    Nesterov steps along g + momentum · v. The first step starts with v = g.

    >>> import tinydl
    >>> p = tinydl.tensor([1.0], requires_grad=True)
    >>> optimizer = tinydl.optim.SGD([p], lr=0.1)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.8], requires_grad=True)
    """

    def __init__(
        self,
        params: Iterable,
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
        for first, same in by_key(params, lambda p: p not in self.state).items():
            buffers = None
            if group["momentum"]:
                buffers = [self.buffer(p, "momentum_buffer") for p in same]
            names = ("lr", "momentum", "dampening", "weight_decay", "nesterov", "maximize")
            attrs = ffi.new("td_sgd_attrs *", (*(group[name] for name in names), first))
            run_kernel("sgd", same, buffers, attrs=attrs)
