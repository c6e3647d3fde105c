"""Elementwise ops: operands broadcast and meet in one dtype; formulas are in elementwise.def."""

from __future__ import annotations

from .. import dtypes, growth
from ..amp import Product
from ..array import Array, broadcast_shapes
from ..backend import call, call_arrays
from ..graph import Node, mode
from ..inplace import in_graph
from ..limits import check_holds
from ..op import Op, move_op
from ..tensor import Tensor, as_tensor_like, common_dtype, constant, is_number
from .check import warn_double


class Elementwise(Op):
    """y = f(x, …) on broadcast operands: gradients are summed back to each operand's shape.

    Raises:
        ValueError: shapes that do not broadcast.
        TypeError: dtypes that the kernel does not take.
    """

    def vjp(self, **rules) -> None:
        super().vjp(**rules)
        for name in rules:
            self.rules[name].sum_to = name + "_shape"

    def __call__(self, *inputs, **attrs):
        """Op.__call__ for one or two operands and one output, which is what costs in small nets."""
        if attrs or len(inputs) > 2:
            return super().__call__(*inputs, **attrs)
        inputs = self.prepare(inputs)
        if inputs[0]._array.dtype.is_half and not self.moves:
            return self.widened(inputs, inputs[0]._array.dtype, attrs)
        if len(inputs) == 2:
            x, y = inputs
            result = self.forward(x._array, y._array)
            needs = (
                x.requires_grad or (x._base is not None and mode.enabled and in_graph(x)),
                y.requires_grad or (y._base is not None and mode.enabled and in_graph(y)),
            )
        else:
            (x,) = inputs
            result = self.forward(x._array)
            needs = (x.requires_grad or (x._base is not None and mode.enabled and in_graph(x)),)
        if True in needs and mode.enabled and self.rules and result.dtype.is_floating_point:
            return Tensor(result, Node.record(self, inputs, needs, result, attrs))
        return Tensor(result)

    def prepare(self, inputs: tuple) -> list:
        """Operands as Tensors of one dtype; Python numbers adapt to the tensors beside them."""
        if len(inputs) == 1 and isinstance(inputs[0], Tensor):
            return inputs
        return (len(inputs) == 2 and _agreeing(*inputs)) or self._convert(inputs)

    def _convert(self, inputs: tuple) -> list:
        like = next(x for x in inputs if isinstance(x, Tensor))
        dtype = like._array.dtype
        for x in inputs:
            if isinstance(x, Tensor):
                if x._array.dtype is not dtype:
                    dtype = common_dtype(inputs)
                    warn_double(self.name, self.inputs, inputs)
                    break
            elif not (dtype.is_floating_point and is_number(x)):
                dtype = self._common_dtype(inputs)
                break
        dtype = self.computed_in(dtype)
        inputs = [
            x if isinstance(x, Tensor) and x._array.dtype is dtype
            else cast(as_tensor_like(x, like, dtype), dtype)
            for x in inputs
        ]  # fmt: skip
        self.check_device(inputs)
        return inputs

    def computed_in(self, dtype: dtypes.DType) -> dtypes.DType:
        """What operands that meet in that dtype become."""
        return dtype

    def _common_dtype(self, inputs: tuple) -> dtypes.DType:
        """The dtype of tensors beside what may be anything: the op's name is in the error."""
        try:
            return common_dtype(inputs)
        except (TypeError, ValueError) as error:
            operands = ", ".join(f"{getattr(x, '_array', x)!r:.60}" for x in inputs)
            raise TypeError(f"{self.name}: these are no operands: {operands} ({error})") from None


def _agreeing(x, y) -> tuple | None:
    """What most operands are: Tensors that agree, or one of real numbers and a number."""
    if isinstance(x, Tensor):
        a = x._array
        if isinstance(y, Tensor):
            b = y._array
            agree = a.dtype is b.dtype and a.storage.backend is b.storage.backend
            return (x, y) if agree else None
        if type(y) in _NUMBERS and a.dtype.is_floating_point:
            return x, Tensor(constant(y, a))
    elif type(x) in _NUMBERS and isinstance(y, Tensor) and y._array.dtype.is_floating_point:
        return Tensor(constant(x, y._array)), y
    return None


_NUMBERS = (float, int)


class Weighted(Product):
    """A product of data x and parameters, all of one dtype. Data in float64 beside parameters in
    float32, which is what NumPy makes, are computed with in float64, and that is told once."""

    def prepare(self, inputs: tuple) -> list:
        inputs = super().prepare(inputs)
        if inputs[0]._array.dtype is dtypes.float64 and inputs[1]._array.dtype is dtypes.float32:
            warn_double(self.name, self.inputs, inputs)
            inputs = [x if x is None else cast(x, dtypes.float64) for x in inputs]
        return inputs


class Real(Elementwise):
    """An elementwise op on floating-point numbers only: integers become the default dtype."""

    def computed_in(self, dtype: dtypes.DType) -> dtypes.DType:
        return dtype if dtype.is_floating_point else dtypes.get_default_dtype()

    def prepare(self, inputs: tuple) -> list:
        inputs = super().prepare(inputs)
        if inputs[0]._array.dtype.is_floating_point:
            return inputs
        return [cast(x, dtypes.get_default_dtype()) for x in inputs]


# Of bools NumPy and PyTorch add and multiply like this; other arithmetic there is none.
_OF_BOOLS = {
    "add": "bitwise_or",
    "mul": "bitwise_and",
    "maximum": "bitwise_or",
    "minimum": "bitwise_and",
}


def _forward(name: str, doc: str, inputs: int, result: dtypes.DType | None):
    """The forward of a line of elementwise.def: allocate the output, call the kernel."""
    of_bools = _OF_BOOLS.get(name, name)

    def unary(x, *, into=None):
        y = Array.empty(x.shape, result or x.dtype, x.storage.backend) if into is None else into
        call_arrays(name, y, x)
        return y

    def binary(x, y, *, into=None):
        if into is None:
            shape = x.shape if x.shape == y.shape else _broadcast(name, x, y)
            into = Array.empty(shape, result or x.dtype, x.storage.backend)
        call_arrays(of_bools if x.dtype is dtypes.bool_ else name, into, x, y)
        return into

    forward = (unary, binary)[inputs - 1]
    forward.__name__, forward.__doc__ = name, doc
    return forward


def _broadcast(name: str, *operands: Array) -> tuple:
    try:
        return broadcast_shapes(*[x.shape for x in operands])
    except ValueError as error:
        raise ValueError(f"{name}: {' and '.join(map(repr, operands))}: {error}") from None


# the dtypes that ops take, as their docstrings tell them
NUMBERS = "any dtype but bool"
BOOLS_OR, BOOLS_AND = "any dtype; of bools it is x | y", "any dtype; of bools it is x & y"
REALS = "floating point; integers and bools become the default dtype first"
BITS = "integers or bool"
GRADIENTS = "floating point"


def unary(name: str, formula: str, kind: type[Op] = Real, takes: str = NUMBERS) -> Op:
    """The op of a line UNARY(name, …)."""
    takes = REALS if kind is Real else takes
    return kind(_forward(name, f"y = {formula}\n\nx[…] → y[…]: {takes}.", 1, None))


def binary(name: str, formula: str, kind: type[Op] = Elementwise, takes: str = NUMBERS) -> Op:
    """The op of a line BINARY(name, …)."""
    takes = REALS if kind is Real else takes
    doc = f"z = {formula}\n\nx[…], y[…] → z[…], broadcast and in one dtype: {takes}."
    return kind(_forward(name, doc, 2, None))


def compare(name: str, formula: str) -> Op:
    """The op of a line COMPARE(name, …)."""
    doc = f"z = {formula}\n\nx[…], y[…] → z[…] bool, broadcast and in one dtype, which may be any."
    return Elementwise(_forward(name, doc, 2, dtypes.bool_))


# --- one operand ----------------------------------------------------------------------------------

neg = unary("neg", "−x", Elementwise)
neg.vjp(x=lambda g: neg(g))

abs = unary("abs", "|x|", Elementwise)
abs.vjp(x=lambda g, x: g * sign(x))

sign = unary("sign", "−1, 0 or 1 as x is negative, 0 or positive; NaN for NaN", Elementwise)
sign.vjp(x=lambda g: g * 0)

square = unary("square", "x²", Elementwise)
square.vjp(x=lambda g, x: g * (2 * x))

exp = unary("exp", "eˣ")
exp.vjp(x=lambda g, out: g * out)

log = unary("log", "ln x")
log.vjp(x=lambda g, x: g / x)

sqrt = unary("sqrt", "√x")
sqrt.vjp(x=lambda g, out: g / (2 * out))

tanh = unary("tanh", "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)")
tanh.vjp(x=lambda g, out: tanh_grad(g, out))

sigmoid = unary("sigmoid", "1 / (1 + e⁻ˣ)")
sigmoid.vjp(x=lambda g, out: sigmoid_grad(g, out))

relu = unary("relu", "max(x, 0)", Elementwise)
relu.vjp(x=lambda g, out: relu_grad(g, out))

# --- two operands ---------------------------------------------------------------------------------

add = binary("add", "x + y", takes=BOOLS_OR)
add.vjp(x=lambda g: g, y=lambda g: g)
add.watch = growth.noticed

sub = binary("sub", "x − y")
sub.vjp(x=lambda g: g, y=lambda g: -g)

mul = binary("mul", "x · y", takes=BOOLS_AND)
mul.vjp(x=lambda g, y: g * y, y=lambda g, x: g * x)

div = binary("div", "x / y", Real)
div.vjp(x=lambda g, y: g / y, y=lambda g, out, y: -g * out / y)


class _Power(Elementwise):
    """Of integers only those are refused that no integer can be; tensors of them give 0."""

    def prepare(self, inputs: tuple) -> list:
        x, y = inputs
        if is_number(y) and y < 0 and not common_dtype(inputs).is_floating_point:
            raise ValueError(
                f"pow: integers to negative integer powers are not allowed ({x._array!r} to the "
                f"power {y}); use .float()"
            )
        return super().prepare(inputs)


pow = binary("pow", "xʸ", _Power)
pow.vjp(
    # at x = 0 the logarithm has no value but xʸ ln x → 0 for y > 0
    x=lambda g, x, y: where(y == 0, 0, g * y * pow(x, y - 1)),
    y=lambda g, out, x, y: where((x == 0) & (y >= 0), 0, g * out * log(x)),
)

maximum = binary("maximum", "max(x, y); NaN if either is", takes=BOOLS_OR)
maximum.vjp(
    x=lambda g, x, y: where(x == y, g / 2, where(x < y, 0, g)),
    y=lambda g, x, y: where(x == y, g / 2, where(y < x, 0, g)),
)

minimum = binary("minimum", "min(x, y); NaN if either is", takes=BOOLS_AND)
minimum.vjp(
    x=lambda g, x, y: where(x == y, g / 2, where(x > y, 0, g)),
    y=lambda g, x, y: where(x == y, g / 2, where(y > x, 0, g)),
)


bitwise_and = binary("bitwise_and", "x & y, bit by bit", takes=BITS)
bitwise_or = binary("bitwise_or", "x | y, bit by bit", takes=BITS)
bitwise_xor = binary("bitwise_xor", "x ^ y, bit by bit", takes=BITS)

lt = compare("lt", "x < y")
le = compare("le", "x ≤ y")
gt = compare("gt", "x > y")
ge = compare("ge", "x ≥ y")
eq = compare("eq", "x = y")
ne = compare("ne", "x ≠ y")


# --- fused derivatives: x is the incoming gradient, y the op's output -----------------------------

relu_grad = binary("relu_grad", "0 where y ≤ 0, else x", takes=GRADIENTS)
relu_grad.vjp(x=lambda g, y: relu_grad(g, y), y=lambda g: g * 0)

tanh_grad = binary("tanh_grad", "x (1 − y²)", takes=GRADIENTS)
tanh_grad.vjp(x=lambda g, y: tanh_grad(g, y), y=lambda g, x, y: -2 * g * x * y)

sigmoid_grad = binary("sigmoid_grad", "x y (1 − y)", takes=GRADIENTS)
sigmoid_grad.vjp(x=lambda g, y: sigmoid_grad(g, y), y=lambda g, x, y: g * x * (1 - 2 * y))

# --- choosing and limiting ------------------------------------------------------------------------


class _Where(Elementwise):
    moves = True

    def prepare(self, inputs: tuple) -> list:
        condition, x, y = inputs
        if not isinstance(condition, Tensor) or condition._array.dtype is not dtypes.bool_:
            kind = getattr(condition, "_array", type(condition).__name__)
            raise TypeError(f"where: the condition must be a bool tensor, got {kind}")
        if not isinstance(x, Tensor) and not isinstance(y, Tensor):
            x = as_tensor_like(x, condition, common_dtype((x, y)))
        inputs = [condition, *super().prepare((x, y))]
        for value in (x, y):
            if is_number(value):
                check_holds("where", value, inputs[1]._array.dtype)
        self.check_device(inputs)
        return inputs


@_Where
def where(condition, x, y):
    """z = x where the condition holds, else y. Values not chosen leave no trace, NaN included.

    condition[…] bool, x[…], y[…] → z[…], broadcast; x and y in one dtype, which may be any.
    """
    z = Array.empty(_broadcast("where", condition, x, y), x.dtype, x.storage.backend)
    call("where", z, condition, x, y)
    return z


where.vjp(
    x=lambda g, condition: where(condition, g, 0),
    y=lambda g, condition: where(condition, 0, g),
)


@Elementwise
def clamp(x, *, min=None, max=None, into=None):
    """y = min(max(x, low), high); the gradient passes where x lies inside, bounds included.

    x[…] → y[…], any dtype but bool; low and high are numbers, or None for no bound.
    """
    for bound in (min, max):
        if bound is not None:
            check_holds("clamp", bound, x.dtype)
    y = Array.empty(x.shape, x.dtype, x.storage.backend) if into is None else into
    if min is not None:
        call("maximum", y, x, constant(min, x))
        x = y
    if max is not None:
        call("minimum", y, x, constant(max, x))
    return y


clamp.vjp(x=lambda g, x, **limits: where(_inside(x, **limits), g, 0))


def _inside(x: Tensor, min, max) -> Tensor:
    if min is None or max is None:
        return x <= max if min is None else x >= min
    return (x >= min) & (x <= max)


# --- changing dtype -------------------------------------------------------------------------------


@move_op
def to_dtype(x, *, dtype, source):
    """y = x as another dtype; float → integer truncates, anything → bool is "not 0"; what a
    float does not hold is rounded to the nearest, ties to even.

    x[…] of dtype source → y[…] of dtype dtype.
    """
    return x.astype(dtype)


to_dtype.vjp(x=lambda g, source: cast(g, source))


def cast(x: Tensor, dtype: dtypes.DType) -> Tensor:
    """x as that dtype; x itself if it has it."""
    source = x._array.dtype
    return x if source is dtype else to_dtype(x, dtype=dtype, source=source)
