"""Optimizer: parameter groups, per-parameter state, and saving both exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..array import Array
from ..backend import NULL, ffi
from ..creation import zeros_like
from ..graph import call_site, enable_grad, no_grad, wrote
from ..tensor import Tensor


class Optimizer:
    """Base class: a subclass says in _update how a group's parameters change.

    Args:
        params: Tensors, or dicts {"params": Tensors, option: value} that override the defaults.
        defaults: the options of groups that do not name them.
    """

    def __init__(self, params: Iterable, defaults: dict):
        self.defaults, self.state, self.param_groups = defaults, {}, []
        if isinstance(params, Tensor):
            raise TypeError("optimizer: give a list of parameters, such as model.parameters()")
        groups = list(params)
        if not groups:
            raise ValueError(
                "optimizer: the parameter list is empty. model.parameters() finds what was "
                "assigned as an attribute (self.fc = nn.Linear(…)); modules in a plain list need "
                "nn.ModuleList, and an iterator can be used up only once"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict) -> None:
        """Adds parameters with options of their own."""
        params = param_group["params"]
        params = [params] if isinstance(params, Tensor) else list(params)
        known = {p for group in self.param_groups for p in group["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer: parameter {i} is a {type(p).__name__}, not a Tensor")
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
        """Forgets the gradients of all parameters, or with set_to_none=False fills them with 0."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad.zero_()

    def step(self, closure: Callable | None = None):
        """Updates the parameters that have a gradient. closure computes the loss again first."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                ready = [p for p in group["params"] if p.grad is not None]
                if ready:
                    self._update(group, ready)
        return loss

    def _update(self, group: dict, params: list[Tensor]) -> None:
        raise NotImplementedError(f"{type(self).__name__} has no _update()")

    def buffer(self, p: Tensor, name: str) -> Tensor:
        """A tensor of p's shape kept between steps, zeros at first."""
        state = self.state.setdefault(p, {})
        if name not in state:
            state[name] = zeros_like(p)
        return state[name]

    # --- saving -----------------------------------------------------------------------------------

    def state_dict(self) -> dict:
        """Options by group and state by parameter number: what load_state_dict takes."""
        number = {p: i for i, p in enumerate(self._params())}
        groups = [
            {**group, "params": [number[p] for p in group["params"]]} for group in self.param_groups
        ]
        state = {number[p]: dict(values) for p, values in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict) -> None:
        """Takes over options and state; training goes on exactly where it was."""
        groups = state_dict["param_groups"]
        sizes = [len(group["params"]) for group in groups]
        own = [len(group["params"]) for group in self.param_groups]
        if sizes != own:
            raise ValueError(
                f"optimizer: the state has groups of {sizes} parameters, this optimizer of {own}"
            )
        params, loaded = self._params(), {}
        for number, values in state_dict["state"].items():
            p = params[int(number)]  # keys may have been through JSON
            for name, value in values.items():
                if isinstance(value, Tensor) and value.ndim and value.shape != p.shape:
                    raise ValueError(
                        f"optimizer: {name} of parameter {number} is {value._array}, "
                        f"the parameter {p._array}"
                    )
            loaded[p] = {
                name: value.to(p.device).clone() if isinstance(value, Tensor) else value
                for name, value in values.items()
            }
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


# --- calling the kernels --------------------------------------------------------------------------


def run_kernel(name: str, params: list[Tensor], *buffers: list[Tensor] | None, attrs) -> None:
    """td_<name>(params, *buffers, gradients, count, attrs) on lists of tensors, in place."""
    for p in params:
        if p.grad.shape != p.shape or p.grad.dtype is not p.dtype:
            raise ValueError(
                f"{name}: parameter {p._array} has a gradient {p.grad._array}; "
                "they must have one shape and dtype"
            )
    backend = params[0]._array.backend
    grads = [p.grad._array.contiguous() for p in params]
    dense = [p._array.contiguous() for p in params]
    lists = [_pointers(dense)]
    lists += [NULL if b is None else _pointers([x._array for x in b]) for b in buffers]
    status = backend.fn[name](*lists, _pointers(grads), len(params), attrs)
    backend.check(status, name)
    site = call_site()
    for p, array in zip(params, dense, strict=True):
        if array is not p._array:
            backend.check(backend.fn["copy"](p._array.descriptor, array.descriptor), name)
        wrote(p._array, f"{name} step", site)


def _pointers(arrays: list[Array]):
    return ffi.new("td_tensor *[]", [array.descriptor for array in arrays])


def check_range(name: str, **options: float) -> None:
    """Options of an optimizer are not negative."""
    for option, value in options.items():
        if not value >= 0:
            raise ValueError(f"{name}: {option} must be ≥ 0, got {value}")


def by_key(params: list[Tensor], key: Callable) -> dict:
    """Parameters in the same situation go into one kernel call."""
    found: dict = {}
    for p in params:
        found.setdefault(key(p), []).append(p)
    return found
