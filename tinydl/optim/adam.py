"""Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from collections.abc import Iterable

from ..backend import ffi
from ..tensor import Tensor
from .optimizer import Optimizer, by_key, check_range, run_kernel


class Adam(Optimizer):
    """p ← p − lr · m̂ / (√v̂ + eps), with m and v the running means of g and g².

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) undo their start at 0. weight_decay adds to g;
    amsgrad divides by the largest v̂ so far.
    """

    decoupled = False

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        name = type(self).__name__
        check_range(name, lr=lr, eps=eps, weight_decay=weight_decay)
        for i, beta in enumerate(betas):
            if not 0 <= beta < 1:
                raise ValueError(f"{name}: betas[{i}] must be in [0, 1), got {beta}")
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, group: dict, params: list[Tensor]) -> None:
        for p in params:
            state = self.state.setdefault(p, {})
            state["step"] = state.get("step", 0) + 1
        for step, same in by_key(params, lambda p: self.state[p]["step"]).items():
            m = [self.buffer(p, "exp_avg") for p in same]
            v = [self.buffer(p, "exp_avg_sq") for p in same]
            vmax = None
            if group["amsgrad"]:
                vmax = [self.buffer(p, "max_exp_avg_sq") for p in same]
            values = (group["lr"], *group["betas"], group["eps"], group["weight_decay"], step)
            flags = (self.decoupled, group["maximize"], group["amsgrad"])
            attrs = ffi.new("td_adam_attrs *", values + flags)
            run_kernel("adam", same, m, v, vmax, attrs=attrs)


class AdamW(Adam):
    """Adam whose weight decay shrinks p itself: p ← (1 − lr · weight_decay) p, then as Adam."""

    decoupled = True

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
