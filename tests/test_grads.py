"""Derivatives: every case against finite differences to second order, in float64 at 1e-6.

The inputs of the case table are away from kinks, so nothing is forgiven. What derivatives are at
kinks, ties and the ends of domains is a decision; the last tests say which.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from cases import CASES
from devices import EVERY_DEVICE
from source import Source

import tinydl
from tinydl import ops
from tinydl.inspect import gradcheck, gradgradcheck
from tinydl.op import OPS

pytestmark = EVERY_DEVICE

SMOOTH = [
    c
    for c in CASES
    if c.op is not None and c.op.rules and c.smooth and ("float64" in c.dtypes or not c.dtypes)
]
EACH = pytest.mark.parametrize("case", SMOOTH, ids=str)


def real_outputs(case, y) -> tuple:
    """The outputs that have gradients."""
    return y[: case.op.outputs] if isinstance(y, tuple) else (y,)


def functions(case):
    """(f, inputs to differentiate) of a few examples that have elements."""
    found = 0
    for seed in range(100):
        arrays, params = case.inputs(Source.seeded("float64", seed))
        if sum(x.size for x in arrays if x is not None) > 3000:
            continue
        by = case.differentiable(arrays)
        tensors = [None if x is None else tinydl.tensor(x) for x in arrays]
        for i in by:
            tensors[i].requires_grad_()

        def f(*xs, tensors=tensors, by=by, params=params):
            operands = list(tensors)
            for i, x in zip(by, xs, strict=True):
                operands[i] = x
            return real_outputs(case, case.run(*operands, **params))

        inputs = [tensors[i] for i in by]
        if any(x.numel() for x in inputs) and any(y.numel() for y in f(*inputs)):
            yield f, inputs
            found += 1
        if found == 4:
            return


@EACH
def test_first_derivatives(case):
    for f, inputs in functions(case):
        gradcheck(f, inputs, fast_mode=True, atol=1e-6, rtol=1e-6)


@EACH
def test_second_derivatives(case):
    for f, inputs in functions(case):
        gradgradcheck(f, inputs, fast_mode=True, atol=1e-6, rtol=1e-6)


@EACH
def test_each_input_alone(case):
    """A rule is right whichever other inputs need gradients, and only asked rules run."""
    f, inputs = next(functions(case))
    total = lambda *xs: sum(y.sum() for y in f(*xs))  # noqa: E731
    together = tinydl.autograd.grad(total(*inputs), inputs, allow_unused=True)
    for i, x in enumerate(inputs):
        alone = [y if j == i else y.detach() for j, y in enumerate(inputs)]
        (g,) = tinydl.autograd.grad(total(*alone), x, allow_unused=True)
        assert (g is None) == (together[i] is None)
        assert g is None or g.equal(together[i])


@EACH
def test_gradients_keep_dtype_and_shape(case):
    arrays, params = case.inputs(Source.seeded("float32", 1))
    tensors = [None if x is None else tinydl.tensor(x) for x in arrays]
    by = case.differentiable(arrays)
    for i in by:
        tensors[i].requires_grad_()
    y = case.run(*tensors, **params)
    sum(y.sum() for y in real_outputs(case, y)).backward()
    for i in by:
        assert tensors[i].grad.dtype is tinydl.float32
        assert tensors[i].grad.shape == tensors[i].shape


def test_empty_inputs_have_empty_gradients():
    x = tinydl.zeros(0, 3, requires_grad=True)
    (x.exp() * 2).sum().backward()
    assert x.grad.shape == (0, 3)


# --- the rules are complete -----------------------------------------------------------------------

STEPS = "piecewise constant"
WITHOUT_RULE = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), STEPS),
    **dict.fromkeys(("argmax", "argmin", "searchsorted"), STEPS),
    ("cross_entropy_grad", "lse"): "a function of x: its share is in x's rule",
}


def test_every_real_input_has_a_rule():
    """An input that some case gives as a float has a rule, or a reason to have none."""
    missing = set()
    for case in CASES:
        if case.op is None or "float64" not in case.dtypes:
            continue
        for seed in range(5):
            arrays, _ = case.inputs(Source.seeded("float64", seed))
            for i, x in enumerate(arrays):
                name = case.op.inputs[0 if case.op.variadic else i]
                if x is None or x.dtype.kind != "f" or name in case.op.rules:
                    continue
                if case.name not in WITHOUT_RULE and (case.name, name) not in WITHOUT_RULE:
                    missing.add((case.name, name))
    assert missing == set()


def test_every_rule_is_differentiated():
    """Each rule's input is among those of a case that test_second_derivatives takes."""
    seen = {("to_dtype", "x")}  # no finite difference survives float32; see the test below
    for case in SMOOTH:
        for seed in range(5):
            arrays, _ = case.inputs(Source.seeded("float64", seed))
            seen |= {
                (case.name, case.op.inputs[0 if case.op.variadic else i])
                for i in case.differentiable(arrays)
            }
    assert {(op.name, name) for op in OPS.values() for name in op.rules} - seen == set()


def test_casts_pass_gradients_back_in_their_own_dtype():
    x = tinydl.tensor([1.5, -2.0], dtype=tinydl.float64, requires_grad=True)
    y = x.float()
    (g,) = tinydl.autograd.grad((y * y).sum(), x, create_graph=True)
    assert g.dtype is tinydl.float64 and g.tolist() == [3.0, -4.0]
    (second,) = tinydl.autograd.grad(g.sum(), x)
    assert second.dtype is tinydl.float64 and second.tolist() == [2.0, 2.0]


# --- at kinks, ties and ends of domains -----------------------------------------------------------


def derivative(f, *points) -> list[float]:
    xs = [tinydl.tensor(p, dtype=tinydl.float64, requires_grad=True) for p in points]
    grads = tinydl.autograd.grad(f(*xs).sum(), xs, allow_unused=True)
    return [g.tolist() for g in grads]


@pytest.mark.parametrize(
    "f, points, expected",
    [
        (lambda x: x.relu(), [0.0], [0.0]),
        (lambda x: x.abs(), [0.0], [0.0]),
        (lambda x: x.sign(), [2.0], [0.0]),
        (lambda x: x.sqrt(), [0.0], [math.inf]),
        (lambda x: x.clamp(-1, 1), [[-2.0, -1.0, 0.5, 1.0, 2.0]], [[0.0, 1.0, 1.0, 1.0, 0.0]]),
        (lambda x, y: x.maximum(y), [1.0, 1.0], [0.5, 0.5]),
        (lambda x, y: x.minimum(y), [1.0, 1.0], [0.5, 0.5]),
        (lambda x: x.amax(), [[3.0, 1.0, 3.0]], [[0.5, 0.0, 0.5]]),
        (lambda x: x.max(0)[0], [[3.0, 1.0, 3.0]], [[1.0, 0.0, 0.0]]),
        (lambda x: x**2, [0.0], [0.0]),
        (lambda x: x**3, [-2.0], [12.0]),
        (lambda x: x**0, [0.0], [0.0]),
        (lambda x: x**1, [0.0], [1.0]),
        (lambda x: x**-1, [-2.0], [-0.25]),
        (lambda x: x**0.5, [4.0], [0.25]),
        (lambda y: 0.0**y, [2.0], [0.0]),
        (lambda y: 2.0**y, [3.0], [8 * math.log(2)]),
    ],
)
def test_derivative_at(f, points, expected):
    for got, wanted in zip(derivative(f, *points), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_where_gives_exact_zero_to_what_was_not_chosen():
    x = tinydl.tensor([0.0, 4.0], requires_grad=True)
    y = tinydl.where(x > 0, x, tinydl.tensor(float("nan")))
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]


def test_ignored_rows_have_no_gradient():
    x = tinydl.randn(3, 4, requires_grad=True)
    loss, _ = ops.cross_entropy(x, tinydl.tensor([1, -100, 2]), ignore_index=-100)
    loss.sum().backward()
    assert (x.grad[1] == 0).all() and not (x.grad[0] == 0).any()


def test_dropout_gradient_uses_the_mask_of_the_forward():
    x = tinydl.ones(1000, requires_grad=True)
    y, _ = ops.dropout(x, p=0.3, draw=(1, 2))
    y.sum().backward()
    assert x.grad.equal(y.detach())
