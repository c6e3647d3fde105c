"""out=: where PyTorch's functions have it, tinydl's have, and it loses nothing."""

from __future__ import annotations

import numpy as np
import pytest
from devices import EVERY_DEVICE
from names.page import attempt, public, pytorch, takes_out
from names.samples import SAMPLES

import tinydl
from tinydl import linalg

pytestmark = EVERY_DEVICE

# New tensors have nothing to compute from: zero_(), copy_() and their kind write what is there
NEW = {
    "arange", "bernoulli", "empty", "eye", "full", "linspace", "logspace", "multinomial", "normal",
    "ones", "rand", "randint", "randn", "randperm", "range", "zeros",
}  # fmt: skip
FUNCTIONS = {n: getattr(tinydl, n) for n in public(tinydl) if takes_out(getattr(tinydl, n))}
FUNCTIONS |= {f"linalg.{n}": getattr(linalg, n) for n in public(linalg)}
FUNCTIONS = {n: f for n, f in FUNCTIONS.items() if takes_out(f) and n in SAMPLES}


def test_functions_that_have_it_in_pytorch_have_it_here():
    theirs = pytorch()
    for title, space in (("torch", tinydl), ("torch.linalg", linalg)):
        have = [n for n, out in theirs[title].items() if out and hasattr(space, n)]
        assert [n for n in have if not takes_out(getattr(space, n)) and n not in NEW] == []


def test_results_are_written_to_out():
    assert len(FUNCTIONS) > 100
    for name, function in FUNCTIONS.items():
        args, options = SAMPLES[name][0]
        dtypes = (tinydl.float32, tinydl.int64)
        dtype = next(d for d in dtypes if attempt(function, args, options, d))
        _, results = attempt(function, args, options, dtype)
        outs = [tinydl.empty_like(r).fill_(1) for r in results]
        rest = {**options, "out": outs[0] if len(outs) == 1 else tuple(outs)}
        _, again = attempt(function, args, rest, dtype)
        for result, out, given in zip(results, again, outs, strict=True):
            assert out is given, name
            np.testing.assert_array_equal(out.tolist(), result.tolist(), err_msg=name)


def test_out_may_be_a_view_an_operand_or_of_another_dtype():
    x = tinydl.tensor([[1.0, 2.0], [3.0, 4.0]])
    y = tinydl.zeros(3, 2)
    assert tinydl.add(x, 1, out=y[1:]).data_ptr() == y[1:].data_ptr()
    assert y.tolist() == [[0, 0], [2, 3], [4, 5]]
    assert tinydl.matmul(x, x, out=x) is x and x.tolist() == [[7, 10], [15, 22]]
    total = tinydl.zeros(2, dtype=tinydl.float64)
    assert tinydl.sum(x, dim=0, out=total) is total and total.tolist() == [22, 32]
    whole, part = tinydl.empty(2), tinydl.empty(2, dtype=tinydl.int64)
    found = tinydl.max(x, 1, out=(whole, part))
    assert found.values is whole and found.indices is part and part.tolist() == [1, 1]
    assert tinydl.exp(x, out=None) is not x


def test_autograd_notices_what_out_overwrites():
    x, y = tinydl.ones(2, requires_grad=True), tinydl.ones(2)
    z = (x * y).sum()
    tinydl.mul(y, 2, out=y)
    with pytest.raises(RuntimeError, match="overwritten|changed"):
        z.backward()
    with tinydl.no_grad():
        assert tinydl.mul(x, 2, out=x) is x and x.tolist() == [2, 2]


@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (lambda x, y: tinydl.exp(x, out=[1.0]), TypeError, "exp: out= takes a tensor, got list"),
        (lambda x, y: tinydl.exp(x, out=y[0]), ValueError, r"exp: .* f32\[\]; .* not resized"),
        (lambda x, y: tinydl.exp(x, out=y.long()), TypeError, r"is f32\[2\], out is i64\[2\]"),
        (lambda x, y: tinydl.exp(x.requires_grad_(), out=y), RuntimeError, "an operand requires"),
        (lambda x, y: tinydl.exp(x, out=y.requires_grad_()), RuntimeError, "out requires a grad"),
        (lambda x, y: tinydl.max(x, 0, out=y), TypeError, "max: out= takes 2 tensors"),
        (lambda x, y: tinydl.max(x, 0, out=(y,)), TypeError, "max: out= takes 2 tensors"),
        (lambda x, y: tinydl.cat([x, x], out=y), ValueError, r"cat: the result is f32\[4\]"),
    ],
)  # fmt: skip
def test_out_that_does_not_fit(wrong, error, message):
    x, y = tinydl.tensor([1.0, 2.0]), tinydl.zeros(2)
    with pytest.raises(error, match=message):
        wrong(x, y)
    assert y.tolist() == [0, 0], "and nothing is written"


def test_out_on_another_device(device):
    if device == "cuda":
        with pytest.raises(ValueError, match="exp: the result is on cuda, out on cpu"):
            tinydl.exp(tinydl.ones(2), out=tinydl.ones(2, device="cpu"))
