"""Op: a differentiable function of Tensors, made of a forward on Arrays and one rule per input.

    @op
    def exp(x):                       # positional: what is differentiable
        ...                           # keyword-only: constants
    exp.vjp(x=lambda g, out: g * out)

A rule is a function on Tensors, so derivatives of derivatives need nothing more. **Its parameters
say what it needs**, and that is all a graph keeps alive until backward:

    g          the gradient of the output
    out        the output, of several the first
    rest       the others, a tuple: constants, to users as well
    x          the input called x; of a variadic input *xs, the tuple of all
    x_shape    only its shape
    position   which one of a variadic op's inputs this gradient is for
    and the op's keyword arguments, by name, or the rest of them as **attrs.

With `@op(outputs=n)` the first n outputs have gradients: g and out are tuples of n, and g has None
for each output that no gradient came from, so that a rule can leave out what nobody asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from itertools import repeat

from .dtypes import DType, can_cast, float32
from .graph import Node, mode
from .inplace import in_graph, inplace
from .tensor import Tensor, as_tensor_like

OPS: dict[str, Op] = {}  # every op by name: tests and explain() go through it


class Rule:
    """One input's derivative, and what its parameter list says it needs."""

    __slots__ = ("fn", "names", "takes_attrs", "sum_to")

    def __init__(self, fn: Callable):
        parameters = inspect.signature(fn).parameters.values()
        self.fn = fn
        self.names = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.takes_attrs = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.sum_to = None  # name of the shape the result is summed to, where inputs broadcast

    def __call__(self, values: dict, attrs: dict):
        if self.takes_attrs:
            rest = {name: value for name, value in attrs.items() if name not in self.names}
            return self.fn(*[values[name] for name in self.names], **rest)
        return self.fn(*map(values.__getitem__, self.names))


class Plan:
    """What a node keeps, given which inputs need gradients."""

    __slots__ = ("rules", "leads_on", "variadic", "outputs", "values", "shapes", "out", "rest")

    def __init__(self, op: Op, needs: tuple):
        self.rules = [op.rule(i) if need else None for i, need in enumerate(needs)]
        self.leads_on = any(rule is not None for rule in self.rules)
        self.variadic, self.outputs = op.variadic, op.outputs
        wanted = set()
        for rule in filter(None, self.rules):
            wanted.update(rule.names, (rule.sum_to,))
        names = list(enumerate(op.inputs))
        self.values = [(at, name) for at, name in names if name in wanted]
        self.shapes = [(at, name + "_shape") for at, name in names if name + "_shape" in wanted]
        self.out, self.rest = "out" in wanted, "rest" in wanted

    def save(self, inputs: list, result) -> tuple[dict, list]:
        """The values by name, and (name, storage, version) of each array among them."""
        saved, versions = {}, []
        if self.variadic:
            self._save_many(tuple(inputs), saved, versions)
        else:
            for at, name in self.values:
                x = saved[name] = inputs[at]
                if x is not None:
                    storage = x._array.storage
                    versions.append((name, storage, storage.version))
            for at, name in self.shapes:
                x = inputs[at]
                saved[name] = None if x is None else x._array.shape
        if self.out and self.outputs > 1:
            saved["out"] = result[: self.outputs]
            versions += [("out", a.storage, a.storage.version) for a in saved["out"]]
        elif self.out:
            out = saved["out"] = result[0] if type(result) is tuple else result
            versions.append(("out", out.storage, out.storage.version))
        if self.rest:
            saved["rest"] = result[self.outputs :]
            versions += [("rest", a.storage, a.storage.version) for a in saved["rest"]]
        return saved, versions

    def _save_many(self, inputs: tuple, saved: dict, versions: list) -> None:
        """The inputs of a variadic op, which are kept as one."""
        for _, name in self.values:
            saved[name] = inputs
            versions += [(name, x._array.storage, x._array.storage.version) for x in inputs]
        for _, name in self.shapes:
            saved[name] = [x._array.shape for x in inputs]


class Op:
    """A forward function on Arrays with differentiation rules on Tensors.

    outputs: how many of its outputs have gradients, from the first.
    is_view: the output shares its input's memory.
    moves: it only moves values, so it takes halves as they are.
    """

    moves = False

    def __init__(
        self, forward: Callable, outputs: int = 1, is_view: bool = False, moves: bool = False
    ):
        self.forward, self.name, self.__doc__ = forward, forward.__name__, forward.__doc__
        self.outputs, self.is_view = outputs, is_view
        self.moves = self.moves or moves or is_view
        parameters = inspect.signature(forward).parameters.values()
        self.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        positional = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
        self.inputs = tuple(p.name for p in parameters if p.kind in positional)
        self.defaults = {
            p.name: p.default
            for p in parameters
            if p.kind is p.KEYWORD_ONLY and p.default is not p.empty and p.name != "into"
        }  # into= is where inplace() wants the result, not a constant of the formula
        self.rules: dict[str, Rule] = {}
        self.watch: Callable | None = None  # is told of each recorded call that makes one number
        self._plans: dict[tuple, Plan] = {}
        if self.name in OPS:
            raise ValueError(f"there is already an op called {self.name}")
        OPS[self.name] = self

    def vjp(self, **rules: Callable) -> None:
        """Registers vector-Jacobian products: one rule per differentiable input."""
        for name, fn in rules.items():
            if name not in self.inputs:
                raise TypeError(f"{self.name} has no input called {name}; it has {self.inputs}")
            self.rules[name] = Rule(fn)

    def rule(self, position: int) -> Rule | None:
        return self.rules.get(self.inputs[0 if self.variadic else position])

    def plan(self, needs: tuple) -> Plan:
        found = self._plans.get(needs)
        if found is None:
            found = self._plans[needs] = Plan(self, needs)
        return found

    def __call__(self, *inputs, **attrs):
        inputs = self.prepare(inputs)
        arrays, needs, recorded, half = [], [], False, False
        for x in inputs:
            if x is None:
                arrays.append(None)
                needs.append(False)
            else:
                arrays.append(x._array)
                need = x.requires_grad or (x._base is not None and mode.enabled and in_graph(x))
                needs.append(need)
                recorded = recorded or need
                half = half or x._array.dtype.is_half
        if half and not self.moves:
            kinds = {x.dtype for x in arrays if x is not None and x.dtype.is_floating_point}
            if len(kinds) == 1:  # else forward says that they are different
                return self.widened(inputs, *kinds, attrs)
        result = self.forward(*arrays, **attrs)
        node = None
        if recorded and mode.enabled and self.rules and _differentiable(result):
            node = Node.record(self, inputs, tuple(needs), result, attrs)
        if type(result) is tuple:
            made = map(Tensor, result, repeat(node), range(self.outputs))
            return (*made, *map(Tensor, result[self.outputs :]))
        out = Tensor(result, node)
        if self.is_view:
            out._base = inputs[0]._base or (inputs[0], inputs[0]._node)
        return out

    def widened(self, inputs: list, half: DType, attrs: dict):
        """The op on halves: they are stored and not computed with, so it is computed in float32
        and what it finds is rounded. Derivatives come back the same way."""
        wide = [
            x if x is None or x._array.dtype is not half
            else OPS["to_dtype"](x, dtype=float32, source=half)
            for x in inputs
        ]  # fmt: skip
        result = self(*wide, **attrs)
        outputs = result if type(result) is tuple else (result,)
        narrow = tuple(
            OPS["to_dtype"](y, dtype=half, source=float32) if y._array.dtype is float32 else y
            for y in outputs
        )
        return narrow if type(result) is tuple else narrow[0]

    def prepare(self, inputs: tuple) -> list:
        """Inputs as Tensors of one device."""
        for x in inputs:
            if x is not None and not isinstance(x, Tensor):
                like = next((x for x in inputs if isinstance(x, Tensor)), None)
                inputs = [x if x is None else as_tensor_like(x, like) for x in inputs]
                break
        if len(inputs) > 1:
            self.check_device(inputs)
        return inputs

    def inplace(self, x: Tensor, *others, **attrs) -> Tensor:
        """x ← op(x, …) in x's own memory: x becomes the output of a new node."""
        name, array = self.name + "_", x._array
        same, *others = self.prepare((x, *others))
        if not can_cast(same._array.dtype, array.dtype):
            raise TypeError(f"{name}: the result is {same._array.dtype}, x stays {array}")
        if same is x and (self.moves or not array.dtype.is_half):
            return inplace(self, name, x, others, attrs)
        return replace(name, x, self(same, *others, **attrs))  # computed in another dtype than x's

    def check_device(self, inputs: list) -> None:
        backend = None
        for x in inputs:
            if x is not None:
                if backend is not None and x._array.storage.backend is not backend:
                    break
                backend = x._array.storage.backend
        else:
            return
        names = self.inputs * len(inputs) if self.variadic else self.inputs
        raise different_devices(self.name.lstrip("_"), zip(names, inputs, strict=False))

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.inputs)})>"


def different_devices(name: str, operands) -> ValueError:
    """What to raise where operands, pairs of name and tensor, cannot meet."""
    where = [f"{name} {x._array} on {x.device}" for name, x in operands if x is not None]
    return ValueError(
        f"{name}: operands are on different devices ({', '.join(where)}); move one with .to(device)"
    )


def replace(name: str, x: Tensor, value: Tensor) -> Tensor:
    """x ← value, converted to x's dtype, by what the user knows as an op called name."""
    assign, whole = OPS["assign"], tuple([(0, 1, n) for n in x._array.shape])
    return inplace(assign, name, x, assign.prepare((x, value))[1:], {"key": whole})


def _differentiable(result) -> bool:
    first = result[0] if type(result) is tuple else result
    return first.dtype.is_floating_point


def op(forward: Callable | None = None, *, outputs: int = 1):
    """Makes an Op of a forward function on Arrays: @op, or @op(outputs=2)."""
    return Op(forward, outputs) if forward else partial(Op, outputs=outputs)


def move_op(forward: Callable) -> Op:
    """Makes an Op that only moves values: one that has kernels for halves."""
    return Op(forward, moves=True)


def view_op(forward: Callable) -> Op:
    """Makes an Op whose output shares its input's memory."""
    return Op(forward, is_view=True)
