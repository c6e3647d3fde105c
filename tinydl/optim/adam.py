"""Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from functools import partial

from .. import capture
from ..backend import ffi
from ..tensor import Tensor
from .optimizer import Optimizer, Params, by_key, check_range, run_kernel


class Adam(Optimizer):
    """p ← p − lr · m̂ / (√v̂ + eps), m and v the running means of g and g² (Kingma and Ba 2015).

    g ← ∇loss + weight_decay · p,  m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g². In step t,
    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) undo their start at 0.

    Args:
        params: tensors, or dicts {"params": tensors, option: value} with options of their own.
        lr: learning rate, ≥ 0: about the size of a step in p's own unit.
        betas: (β₁, β₂), each in [0, 1).
        eps: what keeps the denominator from 0, ≥ 0.
        weight_decay: strength of the L2 penalty, ≥ 0.
        amsgrad: whether to divide by the largest v so far (Reddi et al. 2018).
        maximize: whether to go up instead of down.

    Raises:
        ValueError: options out of their range, and those of Optimizer.
        TypeError: those of Optimizer.

    Example:
        >>> import tinydl
        >>> p = tinydl.tensor([1.0], requires_grad=True)
        >>> optimizer = tinydl.optim.Adam([p], lr=0.1)
        >>> (p * p).sum().backward()
        >>> optimizer.step()
        >>> p
        tensor([0.9], requires_grad=True)
    """

    decoupled, switches = False, ("amsgrad",)

    def __init__(
        self,
        params: Params,
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
            state = self.state[p]
            state["step"] = int(state.get("step", 0)) + 1  # PyTorch's is a tensor
        for step, same in by_key(params, [self.state[p]["step"] for p in params]).items():
            m = [self.buffer(p, "exp_avg") for p in same]
            v = [self.buffer(p, "exp_avg_sq") for p in same]
            vmax = None
            if group["amsgrad"]:
                vmax = [self.buffer(p, "max_exp_avg_sq") for p in same]
            attrs = ffi.new("td_adam_attrs *", self._attrs(group, step))
            run_kernel("adam", same, m, v, vmax, attrs=attrs)
            if capture.current is not None:
                capture.current.repeat(partial(self._repeat, attrs, group, same))

    def _attrs(self, group: dict, step: int) -> tuple:
        values = (group["lr"], *group["betas"], group["eps"], group["weight_decay"], step)
        return *values, self.decoupled, group["maximize"], group["amsgrad"]

    def _repeat(self, attrs, group: dict, params: list[Tensor], steps: int) -> None:
        for p in params:
            self.state[p]["step"] += steps
        attrs[0] = self._attrs(group, self.state[params[0]]["step"])


class AdamW(Adam):
    """Adam whose weight decay shrinks p by itself (Loshchilov and Hutter 2019).

    p ← (1 − lr · weight_decay) p, then as Adam without weight decay in g. Arguments and exceptions
    are Adam's.

    >>> import tinydl
    >>> p = tinydl.tensor([1.0], requires_grad=True)
    >>> optimizer = tinydl.optim.AdamW([p], lr=0.1, weight_decay=0.5)
    >>> (p * p).sum().backward()
    >>> optimizer.step()
    >>> p
    tensor([0.85], requires_grad=True)
    """

    decoupled = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
