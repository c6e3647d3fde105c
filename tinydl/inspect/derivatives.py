"""gradcheck and gradgradcheck: derivative rules against finite differences, in float64.

The outputs y are weighed by random v, so that there is one number s = Σ v·y to differentiate.
First it is compared in one random direction u of all inputs together: two more evaluations find
nearly every mistake. Element by element comes next, and says where the mistake is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .. import autograd, creation
from ..tensor import Tensor


class GradcheckError(RuntimeError):
    """A derivative and its finite difference disagree, or cannot be compared."""


class _Check:
    """One function at one point: s = Σ v·y of the checked inputs."""

    def __init__(self, fn: Callable, inputs: tuple, names: Sequence[str], eps, atol, rtol):
        self.fn, self.inputs, self.names = fn, inputs, names
        self.eps, self.atol, self.rtol = eps, atol, rtol
        self.checked = [
            i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad
        ]
        if not self.checked:
            raise ValueError("gradcheck: none of the inputs requires a gradient")
        for i in self.checked:
            self._must_be_double(names[i], inputs[i])
        self.rng = np.random.default_rng(0)
        self.point = [np.array(inputs[i].detach().cpu().numpy()) for i in self.checked]
        outputs = self.outputs(self.point)[1]
        for i, y in enumerate(outputs):
            self._must_be_double(f"output {i}", y)
        self.weights = [self.rng.normal(size=y.shape) for y in outputs]
        self.value = self.at(self.point)
        if self.value != self.at(self.point):
            raise GradcheckError(
                "gradcheck: the function's value changes from call to call, or is NaN "
                f"({self.value}); turn off what is random in it (dropout: use eval())"
            )

    @staticmethod
    def _must_be_double(name: str, x: Tensor) -> None:
        if x.dtype.name != "float64":
            raise TypeError(
                f"gradcheck: {name} is {x._array}; finite differences need float64, "
                "use .double() on inputs and parameters"
            )

    def outputs(self, point: list) -> tuple[list, tuple]:
        """The checked inputs as fresh tensors, and the real outputs of the function there."""
        inputs = list(self.inputs)
        for i, values in zip(self.checked, point, strict=True):
            inputs[i] = creation.tensor(values, device=inputs[i].device, requires_grad=True)
        y = self.fn(*inputs)
        outputs = y if isinstance(y, (tuple, list)) else (y,)
        real = tuple(y for y in outputs if isinstance(y, Tensor) and y.is_floating_point())
        return [inputs[i] for i in self.checked], real

    def at(self, point: list) -> float:
        outputs = self.outputs(point)[1]
        values = [y.detach().cpu().numpy() for y in outputs]
        return float(sum(np.vdot(v, y) for v, y in zip(self.weights, values, strict=True)))

    def analytic(self) -> list[np.ndarray]:
        """ds/dx by the rules."""
        inputs, outputs = self.outputs(self.point)
        pairs = [
            (y, creation.tensor(v, device=y.device))
            for y, v in zip(outputs, self.weights, strict=True)
            if y.requires_grad
        ]
        if not pairs:
            return [np.zeros(x.shape) for x in inputs]
        ys, vs = zip(*pairs, strict=True)
        grads = autograd.grad(ys, inputs, vs, allow_unused=True, materialize_grads=True)
        return [g.detach().cpu().numpy() for g in grads]

    def along(self, direction: list) -> float:
        """ds/dx · direction by a central difference."""
        ahead, behind = (
            self.at([x + step * u for x, u in zip(self.point, direction, strict=True)])
            for step in (self.eps, -self.eps)
        )
        return (ahead - behind) / (2 * self.eps)

    def excess(self, analytic: float, numeric: float) -> float:
        """By how much they differ more than is allowed; NaN counts as infinitely."""
        excess = abs(analytic - numeric) - self.atol - self.rtol * abs(numeric)
        return excess if excess == excess else np.inf

    def in_a_random_direction(self, grads: list) -> str | None:
        """What is wrong there, None if nothing is."""
        direction = [self.rng.normal(size=x.shape) for x in self.point]
        analytic = float(sum(np.vdot(g, u) for g, u in zip(grads, direction, strict=True)))
        numeric = self.along(direction)
        if self.excess(analytic, numeric) <= 0:
            return None
        return f"  in a random direction: analytic {analytic:.9g}, numeric {numeric:.9g}"

    def element_by_element(self, grads: list) -> str | None:
        """The worst element, None if all are well."""
        worst, lines = (0.0, None), []
        for k, (x, g) in enumerate(zip(self.point, grads, strict=True)):
            wrong = 0
            for at in np.ndindex(x.shape):
                direction = [np.zeros(p.shape) for p in self.point]
                direction[k][at] = 1
                numeric = self.along(direction)
                excess = self.excess(float(g[at]), numeric)
                wrong += excess > 0
                if excess > worst[0]:
                    worst = excess, (k, at, float(g[at]), numeric, direction)
            lines.append(f"  {wrong} of {x.size} elements of {self.names[self.checked[k]]} differ")
        return None if worst[1] is None else "\n".join([self.describe(*worst[1]), *lines])

    def describe(self, k: int, at: tuple, analytic: float, numeric: float, direction: list) -> str:
        x, name = self.point[k], self.names[self.checked[k]]
        relative = abs(analytic - numeric) / max(abs(analytic), abs(numeric), 1e-300)
        where = f"{name}[{', '.join(map(str, at))}]" if at else name
        lines = [
            f"  worst element: {where} of {self.inputs[self.checked[k]]._array}, x = {x[at]:.9g}",
            f"    analytic        {analytic:.9g}",
            f"    numeric         {numeric:.9g}",
            f"    relative error  {relative:.2g}  "
            f"(allowed: atol {self.atol:g} + rtol {self.rtol:g} · |numeric|)",
        ]
        ahead, behind = (
            (self.at([p + h * u for p, u in zip(self.point, direction, strict=True)]) - self.value)
            / h
            for h in (self.eps, -self.eps)
        )
        if not abs(ahead - behind) <= 1e-3 * max(abs(ahead), abs(behind), 1.0):
            lines.append(
                f"    suspected kink: the slope is {behind:.6g} just below and {ahead:.6g} just "
                "above; take an input away from it"
            )
        return "\n".join(lines)


def gradcheck(
    fn: Callable,
    inputs,
    *,
    eps: float = 1e-6,
    atol: float = 1e-6,
    rtol: float = 1e-4,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Whether the gradients of fn agree with finite differences at these float64 inputs.

    Checked are the inputs that require a gradient. fast_mode stops after one random direction
    when that agrees. A disagreement raises GradcheckError with the worst element (or returns
    False with raise_exception=False).

    >>> import tinydl
    >>> from tinydl.inspect import gradcheck
    >>> x = tinydl.randn(3, 2, dtype=tinydl.float64, requires_grad=True)
    >>> gradcheck(lambda x: (x.exp() * x).sum(dim=0), (x,))
    True
    """
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    names = [f"inputs[{i}]" for i in range(len(inputs))]
    return _run("gradcheck", fn, inputs, names, eps, atol, rtol, raise_exception, fast_mode)


def _run(title, fn, inputs, names, eps, atol, rtol, raise_exception, fast_mode) -> bool:
    check = _Check(fn, inputs, names, eps, atol, rtol)
    grads = check.analytic()
    wrong = check.in_a_random_direction(grads)
    if wrong or not fast_mode:
        wrong = check.element_by_element(grads) or wrong
    if wrong and raise_exception:
        name = getattr(fn, "__name__", type(fn).__name__)
        raise GradcheckError(f"{title}: the derivative of {name} is wrong\n{wrong}")
    return not wrong


def gradgradcheck(
    fn: Callable,
    inputs,
    grad_outputs=None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-6,
    rtol: float = 1e-4,
    raise_exception: bool = True,
    fast_mode: bool = False,
) -> bool:
    """Whether second derivatives agree too: gradcheck of fn's gradient.

    The gradient is a function of the inputs and of the gradient that comes in (grad_outputs,
    random if not given); both are checked.

    >>> import tinydl
    >>> from tinydl.inspect import gradgradcheck
    >>> x = tinydl.randn(3, dtype=tinydl.float64, requires_grad=True)
    >>> gradgradcheck(lambda x: x.sigmoid(), (x,))
    True
    """
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]

    def outputs_of(*xs) -> list:
        y = fn(*xs)
        outputs = y if isinstance(y, (tuple, list)) else (y,)
        return [y for y in outputs if isinstance(y, Tensor) and y.requires_grad]

    if grad_outputs is None:
        rng = np.random.default_rng(1)
        grad_outputs = [
            creation.tensor(rng.normal(size=y.shape), dtype=y.dtype, device=y.device)
            for y in outputs_of(*inputs)
        ]
    elif isinstance(grad_outputs, Tensor):
        grad_outputs = [grad_outputs]
    grad_outputs = [g.detach().requires_grad_() for g in grad_outputs]

    def gradient(*both):
        xs, gs = both[: len(inputs)], both[len(inputs) :]
        return autograd.grad(
            outputs_of(*xs),
            [xs[i] for i in checked],
            gs,
            create_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )

    gradient.__name__ = f"the gradient of {getattr(fn, '__name__', type(fn).__name__)}"
    names = [f"inputs[{i}]" for i in range(len(inputs))]
    names += [f"grad_outputs[{i}]" for i in range(len(grad_outputs))]
    everything = (*inputs, *grad_outputs)
    return _run(
        "gradgradcheck", gradient, everything, names, eps, atol, rtol, raise_exception, fast_mode
    )
