"""A module's state: its parameters and buffers by path, out and in again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ..creation import as_tensor
from ..graph import no_grad

if TYPE_CHECKING:
    from ..tensor import Tensor


class IncompatibleKeys(NamedTuple):
    """What load_state_dict(strict=False) left over: keys it lacked, and keys it did not know."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class StateMethods:
    """net.state_dict(), net.load_state_dict(state)"""

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        """(path, tensor) of parameters and persistent buffers; shared ones under every name."""
        for path, module in self.named_modules(remove_duplicate=False):
            for home in (module._parameters, module._buffers):
                for name, tensor in home.items():
                    if tensor is not None and not (
                        home is module._buffers and name in module._transient
                    ):
                        yield f"{path}.{name}" if path else name, tensor

    def state_dict(self) -> dict[str, Tensor]:
        """All parameters and persistent buffers by path; they share memory with the module.

        >>> from tinydl import nn
        >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> list(net.state_dict())
        ['0.weight', '0.bias']
        """
        return {path: tensor.detach() for path, tensor in self._state()}

    def load_state_dict(
        self, state_dict: Mapping[str, Tensor], strict: bool = True
    ) -> IncompatibleKeys:
        """Copies values into parameters and buffers, converted to their dtypes and devices.

        Args:
            state_dict: tensors or NumPy arrays by path, of the shapes that state_dict() has.
            strict: whether the keys must be just the module's; if not, what fits is loaded.

        Returns:
            (missing_keys, unexpected_keys), both empty if strict.

        Raises:
            TypeError: state_dict is no dict.
            RuntimeError: keys or shapes that differ; all are listed, and nothing is loaded.

        Example:
            >>> from tinydl import nn
            >>> one, other = nn.Linear(3, 2), nn.Linear(3, 2)
            >>> other.load_state_dict(one.state_dict())
            IncompatibleKeys(missing_keys=[], unexpected_keys=[])
            >>> other.weight.equal(one.weight)
            True
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                "load_state_dict: expected a dict of tensors, such as tinydl.load(path) reads, got "
                f"a {type(state_dict).__name__}"
            )
        own = dict(self._state())
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        if strict and (missing or unexpected):
            raise RuntimeError(_key_diff(type(self).__name__, own, state_dict, missing, unexpected))
        values = {key: as_tensor(state_dict[key]) for key in own if key in state_dict}
        wrong = [
            f"  {key}: the module has {own[key]._array}, the state {value._array}"
            for key, value in values.items()
            if own[key].shape != value.shape
        ]
        if wrong:
            raise RuntimeError("load_state_dict: shapes differ\n" + "\n".join(wrong))
        with no_grad():
            for key, value in values.items():
                own[key].copy_(value.to(own[key].device))
        return IncompatibleKeys(missing, unexpected)


def _key_diff(name: str, own, given, missing: list, unexpected: list) -> str:
    """Both lists with shapes, and what a renamed prefix would explain."""
    lines = [f"load_state_dict: the keys do not fit {name}"]
    lines += [f"  - missing    {key}  {own[key]._array}" for key in missing]
    lines += [f"  + unexpected {key}  {_kind(given[key])}" for key in unexpected]
    for prefix in ("module.", "model.", "_orig_mod."):
        if unexpected and all(key.startswith(prefix) for key in unexpected):
            lines.append(f"all unexpected keys start with {prefix!r}: strip it from the keys")
    lines.append("strict=False loads what fits")
    return "\n".join(lines)


def _kind(value) -> str:
    """f32[2,3], or what else came: load_state_dict(checkpoint) is given more than tensors."""
    return str(getattr(value, "_array", type(value).__name__))
