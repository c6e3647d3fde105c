"""Arguments by the names that PyTorch has for them, and numbers of NumPy where ints are meant."""

from __future__ import annotations

import numpy as np
import pytest
from devices import EVERY_DEVICE
from names.page import attempt, public, pytorch
from names.samples import SAMPLES

import tinydl
from tinydl import Tensor

pytestmark = EVERY_DEVICE


def test_what_is_a_method_too_calls_its_first_operand_input():
    theirs, count = pytorch()["torch"], 0
    for name in sorted(set(public(tinydl)) & set(theirs) & set(dir(Tensor)) - {"split", "where"}):
        for args, options in SAMPLES.get(name, ())[:1]:
            first, *rest = args
            names = [p for p in _parameters(name)[1:] if p not in options]
            if len(names) < len(rest) or not attempt(getattr(Tensor, name), args, options, F32):
                continue
            by_name = {"input": first, **dict(zip(names, rest, strict=False)), **options}
            assert attempt(getattr(tinydl, name), (), by_name, F32), name
            count += 1
    assert count > 100


def _parameters(name: str) -> list[str]:
    code = getattr(Tensor, name).__code__
    return list(code.co_varnames[: code.co_argcount])


F32 = tinydl.float32


def test_shapes_by_name():
    x = tinydl.arange(6.0).reshape(shape=(2, 3))
    assert x.view(size=(3, 2)).equal(x.reshape(3, 2)) and x.permute(dims=(1, 0)).equal(x.T)
    assert x.expand(size=(4, -1, -1)).shape == x.repeat(repeats=(4, 1, 1)).shape == (4, 2, 3)
    assert x.tile(dims=(2,)).shape == (2, 6) and x.flip(dims=(0, 1))[0, 0] == 5
    assert x.sum_to_size(size=(1, 3)).tolist() == [[3, 5, 7]]
    for make in (tinydl.zeros, tinydl.ones, tinydl.empty, tinydl.rand, tinydl.randn, x.new_zeros):
        assert make(size=(2, 3)).shape == make(size=[2, 3]).shape == (2, 3)
    assert tinydl.arange(end=3).tolist() == [0, 1, 2]


def test_operands_by_name():
    x, y = tinydl.tensor([1.0, 5.0]), tinydl.tensor([3.0, 4.0])
    assert x.max(other=y).tolist() == [3, 5] and tinydl.min(x, other=y).tolist() == [1, 4]
    assert x.dot(tensor=y) == 23
    assert x.scatter(0, tinydl.tensor([1]), value=7).tolist() == [1, 7]
    assert tinydl.split(tensor=x, split_size_or_sections=1)[1] == 5
    assert tinydl.cat([x, y], axis=0).shape == (4,)
    assert tinydl.stack([x, y], axis=1).shape == (2, 2)
    assert x.clone().copy_(src=y, non_blocking=True).equal(y)
    assert tinydl.repeat_interleave(tinydl.tensor([2, 0, 1])).tolist() == [0, 0, 2]
    x.requires_grad_()
    assert (x * 1).numpy(force=True).tolist() == [1, 5]


def test_numpys_integers_are_integers():
    one, two, x = np.int64(1), np.int64(2), tinydl.arange(6.0).reshape(2, 3)
    assert x.reshape(np.int64(6)).shape == x.view(np.int64(6)).shape == (6,)
    assert x[0].expand(np.int64(3)).shape == (3,) and x.flip(one)[0, 0] == 2
    assert x[0].repeat(two).shape == x[0].tile(two).shape == (6,)
    assert x.roll(one, np.int64(0))[0, 0] == 3 and x.roll(one)[0, 0] == 5
    assert len(x.chunk(two)) == 2 and x.max(one).values.tolist() == [2, 5]


def test_arrays_are_factors_of_products():
    x = tinydl.ones(2, 3)
    assert tinydl.matmul(x, np.ones(3, np.float32)).tolist() == [3, 3]


@pytest.mark.parametrize("wrong", [lambda: tinydl.sum([1, 2]), lambda: tinydl.add(1, 2)])
def test_what_is_no_tensor_is_told(wrong):
    with pytest.raises(TypeError, match=r"(sum|add): expected a tensor, got (list|int)"):
        wrong()
