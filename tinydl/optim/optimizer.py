"""Optimizer: parameter groups, per-parameter state, and saving both exactly."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from .. import capture
from ..array import Array
from ..autograd.engine import AGAIN, zero_grads
from ..backend import NULL, ffi
from ..creation import zeros_like
from ..graph import call_site, describe_site, enable_grad, no_grad, wrote
from ..tensor import Tensor

Params: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]]


class Optimizer:
    """Base class: a subclass says in _update how a group's parameters change.

    Args:
        params: tensors, or dicts {"params": tensors, option: value} that override the defaults.
        defaults: the options of groups that do not name them.

    Attributes:
        param_groups: a dict for each group, with "params" and every option; options may be changed
            between steps.
        state: for each parameter a dict of what the method keeps between steps.

    Raises:
        TypeError: params is one tensor, or holds what is none.
        ValueError: no parameters, computed ones, one twice, or an unknown option.
    """

    switches: tuple[str, ...] = ()  # the options that decide what state there is

    def __init__(self, params: Params, defaults: dict[str, Any]):
        self.defaults, self._warned = defaults, False
        self.state: dict[Tensor, dict[str, Any]] = defaultdict(dict)
        self._moves = 0  # how often the state's tensors became others
        self.param_groups: list[dict[str, Any]] = []
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                "optimizer: expected a list of parameters, such as model.parameters(), got a "
                f"{type(params).__name__}"
            )
        groups = list(params)
        if not groups:
            raise ValueError(
                "optimizer: the parameter list is empty. model.parameters() finds what was "
                "assigned as an attribute (self.fc = nn.Linear(…)); modules in a plain list need "
                "nn.ModuleList, tensors nn.Parameter, and an iterator can be used up only once"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds parameters with options of their own, such as those of a layer that thaws.

        Args:
            param_group: {"params": a tensor or several, option: value, …}.

        Raises:
            TypeError: what is no tensor.
            ValueError: computed tensors, one that is in a group already, or an unknown option.

        Example:
            >>> import tinydl
            >>> body, head = tinydl.nn.Linear(3, 3), tinydl.nn.Linear(3, 2)
            >>> optimizer = tinydl.optim.SGD(body.parameters(), lr=0.1)
            >>> optimizer.add_param_group({"params": head.parameters(), "lr": 0.01})
            >>> [group["lr"] for group in optimizer.param_groups]
            [0.1, 0.01]
        """
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        known = {p for group in self.param_groups for p in group["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(
                    f"optimizer: parameter {i} is a {type(p).__name__}, not a Tensor; "
                    "model.parameters() has a model's"
                )
            if not p.is_leaf:
                raise ValueError(f"optimizer: parameter {i}, {p._array}, is computed, not a leaf")
            if p in known:
                raise ValueError(f"optimizer: parameter {i}, {p._array}, is in a group already")
            known.add(p)
        unknown = param_group.keys() - self.defaults.keys() - {"params"}
        if unknown:
            raise ValueError(
                f"optimizer: unknown option {sorted(unknown)}; there are {sorted(self.defaults)}"
            )
        self.param_groups.append({**self.defaults, **param_group, "params": params})

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients of all parameters, or with set_to_none=False fills them with 0.

        >>> import tinydl
        >>> p = tinydl.tensor([1.0], requires_grad=True)
        >>> (p * p).sum().backward()
        >>> tinydl.optim.SGD([p]).zero_grad()
        >>> print(p.grad)
        None
        """
        zero_grads(self._params(), set_to_none)

    def step(self, closure: Callable[[], Any] | None = None, *, accumulate: bool = False) -> Any:
        """Updates the parameters that have a gradient, in place.

        Args:
            closure: computes the loss and its gradients again before the update.
            accumulate: whether gradients are meant to be sums over several backward(); if not, such
                a sum is taken for a zero_grad() that was forgotten, which is told once.

        Returns:
            What closure returns, None without.

        Raises:
            ValueError: a gradient of another shape or dtype than its parameter.

        Example:
            >>> import tinydl
            >>> p = tinydl.tensor([1.0], requires_grad=True)
            >>> (p * p).sum().backward()
            >>> tinydl.optim.SGD([p], lr=0.25).step()
            >>> p
            tensor([0.5], requires_grad=True)
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        if capture.current is not None:
            capture.current.optimizers.append((self, self._layout()))
        with no_grad():
            for group in self.param_groups:
                ready = [p for p in group["params"] if p._grad is not None]
                if capture.current is not None:
                    for p in ready:
                        capture.current.uses_grad(p)
                if ready and not accumulate:
                    self._warn_sum(ready[0])
                devices = [p._array.storage.backend for p in ready]
                for on_one_device in by_key(ready, devices).values():
                    self._update(group, on_one_device)
        return loss

    def _warn_sum(self, p: Tensor) -> None:
        """Tells once that nobody called zero_grad() between two backward()."""
        written = p._grad._array.storage.written
        if written is not None and written[0] == AGAIN and not self._warned:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__}.step: the gradient of {p._array} is a sum over several "
                f"backward(), the last at {describe_site(written[1])}, with no zero_grad() between "
                "them. Call optimizer.zero_grad() before each backward(); if gradients are meant "
                "to add up, say step(accumulate=True).",
                stacklevel=3,
            )

    def _update(self, group: dict[str, Any], params: list[Tensor]) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no _update()")

    def buffer(self, p: Tensor, name: str) -> Tensor:
        """A tensor of p's shape and dtype that is kept between steps, zeros at first."""
        state = self.state[p]
        if state.get(name) is None:  # PyTorch's SGD used to save None for no momentum
            state[name] = zeros_like(p)
            self._moves += 1
        return state[name]

    def _layout(self) -> tuple:
        """What must be as it was when a step was recorded: parameters, and where their state is."""
        switches = [bool(group[name]) for group in self.param_groups for name in self.switches]
        return self._moves, *(len(group["params"]) for group in self.param_groups), *switches

    # --- saving -----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Options by group and state by parameter number, as PyTorch writes them.

        >>> import tinydl
        >>> p = tinydl.tensor([1.0], requires_grad=True)
        >>> state = tinydl.optim.SGD([p], lr=0.1).state_dict()
        >>> state["param_groups"][0]["lr"], state["param_groups"][0]["params"]
        (0.1, [0])
        """
        number = {p: i for i, p in enumerate(self._params())}
        groups = [
            {**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups
        ]
        state = {number[p]: dict(values) for p, values in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over options and state; training goes on exactly where it was.

        Args:
            state_dict: what state_dict() gave; its tensors are copied, in the parameters' dtypes.

        Raises:
            ValueError: other group sizes, or state of another shape than its parameter.

        Example:
            >>> import tinydl
            >>> p = tinydl.tensor([1.0], requires_grad=True)
            >>> saved = tinydl.optim.SGD([p], lr=0.5).state_dict()
            >>> optimizer = tinydl.optim.SGD([p], lr=0.1)
            >>> optimizer.load_state_dict(saved)
            >>> optimizer.param_groups[0]["lr"]
            0.5
        """
        groups = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in groups]
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise ValueError(
                f"optimizer: the state has groups of {sizes} parameters, this optimizer of {own}"
            )
        params, loaded = self._params(), defaultdict(dict)
        for number, values in state_dict["state"].items():
            p = params[int(number)]  # keys may have been through JSON
            for name, value in values.items():
                if isinstance(value, Tensor) and value.ndim and value.shape != p.shape:
                    raise ValueError(
                        f"optimizer: {name} of parameter {number} is {value._array}, "
                        f"the parameter {p._array}"
                    )
            own_state = self.state[p]
            loaded[p] = {
                name: _copied(value, own_state.get(name), p) for name, value in values.items()
            }
        if _places(loaded) != _places(self.state):
            self._moves += 1
        self.state = loaded
        for group, saved in zip(self.param_groups, groups, strict=True):
            group.update({name: value for name, value in saved.items() if name != "params"})

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {value}" for name, value in group.items() if name != "params"]
        return "\n".join([*lines, ")"])


def _copied(value: Any, own: Any, p: Tensor) -> Any:
    """A copy of a saved value, in the tensor that is there already if it fits: recorded graphs
    know its address."""
    if not isinstance(value, Tensor):
        return value
    like_p = value.is_floating_point() and value.shape == p.shape
    dtype = p.dtype if like_p else value.dtype
    if isinstance(own, Tensor) and own.shape == value.shape and own.dtype is dtype:
        return own.copy_(value)
    return value.to(p.device, dtype, copy=True)


def _places(state: dict) -> set[int]:
    """Which tensors a state is made of."""
    return {id(x) for values in state.values() for x in values.values() if isinstance(x, Tensor)}


# --- calling the kernels --------------------------------------------------------------------------


def run_kernel(name: str, params: list[Tensor], *buffers: list[Tensor] | None, attrs) -> None:
    """td_<name>(params, *buffers, gradients, count, attrs) on lists of tensors, in place."""
    arrays, grads = [p._array for p in params], [p._grad._array for p in params]
    states = [b and [x._array for x in b] for b in buffers]
    backend = arrays[0].storage.backend
    for p, g in zip(arrays, grads, strict=True):
        if g.shape != p.shape or g.dtype is not p.dtype:
            raise ValueError(
                f"{name}: parameter {p} has a gradient {g}; they must have one shape and dtype"
            )
    for what, others in [("gradient", grads), *(("state", state) for state in states if state)]:
        for p, x in zip(params, others, strict=True):
            if x.storage.backend is not backend:
                raise ValueError(
                    f"{name}: parameter {p._array} is on {p.device}, its {what} on "
                    f"{Tensor(x).device}; move the model before the optimizer is made"
                )
    grads, dense = [g.contiguous() for g in grads], [p.contiguous() for p in arrays]
    lists = [NULL if x is None else _pointers(x) for x in (dense, *states, grads)]
    backend.check(backend.fn[name](*lists, len(params), attrs), name)
    if capture.current is not None:
        for operands in (dense, grads, *(state or () for state in states)):
            capture.current.keep(operands)
    what, site = f"{name} step", call_site()
    for p, array in zip(arrays, dense, strict=True):
        if array is not p:
            backend.check(backend.fn["copy"](p.descriptor, array.descriptor), name)
        wrote(p, what, site)


def _pointers(arrays: list[Array]):
    return ffi.new("td_tensor *[]", [array.descriptor for array in arrays])


def check_range(name: str, **options: float) -> None:
    """Options of an optimizer are not negative."""
    for option, value in options.items():
        if not value >= 0:
            raise ValueError(f"{name}: {option} must be ≥ 0, got {value}")


def by_key(params: list[Tensor], keys: list) -> dict:
    """Parameters in the same situation go into one kernel call: all of them, mostly."""
    found: dict = {key: [] for key in keys}
    if len(found) == 1:
        return {keys[0]: params}
    for p, key in zip(params, keys, strict=True):
        found[key].append(p)
    return found
