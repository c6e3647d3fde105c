"""Writing in place, and views: what is differentiated, and what is refused because it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from devices import EVERY_DEVICE
from leaves import leaf

import tinydl

pytestmark = EVERY_DEVICE


# --- writing in place -----------------------------------------------------------------------------


def test_inplace_is_differentiated():
    x = leaf(1.0, 2.0)
    y = x * 2
    y *= x
    y += 1
    y.sum().backward()
    assert y.tolist() == [3.0, 9.0] and x.grad.tolist() == [4.0, 8.0]


def test_inplace_saves_what_it_writes_over_when_a_rule_reads_it():
    x = leaf(1.0, 3.0)
    y = x * 1
    y *= y
    y.pow_(2)
    y.sum().backward()
    assert x.grad.tolist() == [4.0, 4 * 27.0]


def test_inplace_unary_uses_its_own_output():
    x = leaf(0.5)
    y = x * 1
    y.exp_().backward()
    assert x.grad.item() == pytest.approx(np.exp(0.5))


def test_setitem_is_differentiated():
    x, v = leaf(1.0, 2.0, 3.0), leaf(10.0)
    y = x * 1
    y[1] = v * 2
    (y * y).sum().backward()
    assert x.grad.tolist() == [2.0, 0.0, 6.0] and v.grad.item() == 2 * 20 * 2


def test_setitem_into_a_constant_makes_it_part_of_the_graph():
    v = leaf(3.0)
    y = tinydl.zeros(2, dtype=tinydl.float64)
    y[0] = v
    (y * y).sum().backward()
    assert v.grad.item() == 6


def test_writing_to_a_leaf_is_refused_and_changes_nothing():
    x = leaf(1.0, 2.0)
    for write in (lambda: x.add_(1), lambda: x.__setitem__(0, 5.0), lambda: x.zero_()):
        with pytest.raises(RuntimeError, match=r"f64\[2\] is a leaf that requires.*no_grad\(\)"):
            write()
    assert x.tolist() == [1.0, 2.0]
    with tinydl.no_grad():
        x.add_(1)
    assert x.tolist() == [2.0, 3.0] and x.is_leaf and x.requires_grad


def test_writing_to_a_saved_input_names_both_lines():
    x = leaf(1.0, 2.0)
    a = x * 1
    y = a * a  # saves a
    a += 1  # modifies a
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    message = str(caught.value)
    source = Path(__file__).read_text().splitlines()
    lines = {text.strip(): number for number, text in enumerate(source, start=1)}
    assert "backward of mul needs its input" in message and "add_ has overwritten" in message
    assert f"saved by mul at {__file__}:{lines['y = a * a  # saves a']}: y = a * a" in message
    assert f"modified by add_ at {__file__}:{lines['a += 1  # modifies a']}: a += 1" in message
    assert "clone()" in message


def test_writing_to_a_saved_output_names_both_lines():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.zero_()
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    message = str(caught.value)
    assert "backward of exp needs its output" in message
    assert "y = x.exp()" in message and "y.zero_()" in message


def test_writing_under_no_grad_is_noticed_too():
    w, x = leaf(2.0), tinydl.tensor([1.0], dtype=tinydl.float64)
    y = (w * x).exp()
    loss = y.sum()
    with tinydl.no_grad():
        y.mul_(0)
    with pytest.raises(RuntimeError, match="overwritten"):
        loss.backward()


def test_writing_through_a_view_or_numpy_neighbour_is_noticed():
    x = leaf(1.0, 2.0)
    a = x * 1
    view = a.detach()[0]
    y = a * a
    view.fill_(7.0)
    with pytest.raises(RuntimeError, match="overwritten"):
        y.sum().backward()


def test_writing_to_what_no_rule_reads_is_fine():
    x = leaf(1.0, 2.0)
    a = x * 1
    y = a + 3
    a.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_an_optimizer_step_between_forward_and_backward_is_noticed():
    w = leaf(2.0)
    x = leaf(3.0)
    y = w * x
    with tinydl.no_grad():
        w -= 0.1
    with pytest.raises(RuntimeError, match=r"needs its input x.*sub_"):
        y.backward()


def test_overlapping_source_and_target():
    x = tinydl.arange(6)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
    x[::-1] = x
    assert x.tolist() == [4, 3, 2, 1, 0, 0]
    x[:] = x[::-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]


def test_inplace_does_not_promote():
    x = tinydl.tensor([1, 2])
    with pytest.raises(TypeError, match=r"i64\[2\]"):
        x += 0.5
    assert x.tolist() == [1, 2]


def test_inplace_does_not_grow():
    x = tinydl.ones(1, 3)
    with pytest.raises(ValueError, match=r"f32\[1,3\]"):
        x += tinydl.ones(2, 3)
    assert x.shape == (1, 3)


# --- views ----------------------------------------------------------------------------------------


def test_gradients_flow_through_views():
    x = tinydl.arange(6.0, dtype=tinydl.float64).requires_grad_()
    y = x.view(2, 3).T[1:, :].reshape(-1)[::2]
    (y * tinydl.tensor([1.0, 10.0], dtype=tinydl.float64)).sum().backward()
    assert y.tolist() == [1.0, 2.0] and x.grad.tolist() == [0, 1, 10, 0, 0, 0]


@pytest.mark.parametrize(
    "view",
    [
        lambda y: y[0],
        lambda y: y[:, 1],
        lambda y: y.T,
        lambda y: y[::2, ::-1],
        lambda y: y.view(-1)[1:5],
        lambda y: y.T[1:].unsqueeze(0),
        lambda y: y[1, 2],
    ],
)
@pytest.mark.parametrize("source", ["graph", "constant"])
def test_writing_to_a_view_is_writing_to_its_base(view, source):
    """Gradients are those of the same computed without writing, to second order."""
    x = tinydl.arange(1.0, 13, dtype=tinydl.float64).view(4, 3).requires_grad_()
    w = leaf(0.5)
    mask = tinydl.zeros(4, 3, dtype=tinydl.float64)
    view(mask).fill_(1)

    def written(x, w):
        y = x * x if source == "graph" else x.detach().square()
        part = view(y)
        part.mul_(w).add_(1)
        before = view(y) * 1
        part.mul_(part)
        return (y * y).sum() + (part * before).sum()

    def computed(x, w):
        y = x * x if source == "graph" else x.detach().square()
        before = (y * w + 1) * mask
        y = y * (1 - mask) + before * before
        return (y * y).sum() + (y * before).sum()

    inputs = (x, w) if source == "graph" else (w,)
    found, expected = written(x, w), computed(x, w)
    assert found.item() == pytest.approx(expected.item())
    first = tinydl.autograd.grad(found, inputs, create_graph=True)
    wanted = tinydl.autograd.grad(expected, inputs, create_graph=True)
    for g, h in zip(first, wanted, strict=True):
        np.testing.assert_allclose(g.tolist(), h.tolist())
    second = tinydl.autograd.grad(sum(g.sum() for g in first), inputs)
    wanted = tinydl.autograd.grad(sum(g.sum() for g in wanted), inputs)
    for g, h in zip(second, wanted, strict=True):
        np.testing.assert_allclose(g.tolist(), h.tolist())


def test_a_view_from_before_its_base_was_modified_sees_it():
    x = leaf(1.0, 2.0)
    y = x * 1
    view = y[0]
    y.mul_(2)
    y[1] = view
    (view * y[1]).backward()
    assert x.grad.tolist() == [8.0, 0.0]


def test_views_that_are_written_in_turn():
    x = leaf(2.0, 3.0)
    y = x * 1
    first, both = y[0], y.view(2, 1)
    first.mul_(x[0])  # 4, 3
    both.mul_(both)  # 16, 9
    first.add_(y[1])  # 25, 9
    both.mul_(2)
    (y[0] * first).backward()  # (2 (x₀⁴ + x₁²))²
    assert y.tolist() == [50, 18]
    assert x.grad.tolist() == [100 * 2 * 4 * 8, 100 * 2 * 6]


def test_views_of_a_constant_that_becomes_part_of_the_graph():
    w = leaf(3.0)
    rows = tinydl.ones(2, 2, dtype=tinydl.float64)
    top, left, right = rows[0], rows[:, 0], rows[:, 1]
    top.mul_(w)
    left.mul_(2)
    (rows.sum() + right.square().sum()).backward()
    assert rows.tolist() == [[6, 3], [2, 1]] and w.grad.item() == 3 + 6


def test_a_view_catches_up_where_no_op_is_called():
    """As the start of a backward, with its hooks and its own gradient."""
    x, seen = leaf(1.0, 2.0), []
    y = x * 1
    view, constant = y[0], tinydl.zeros(2, dtype=tinydl.float64)
    part = constant[0]
    y.mul_(3)
    constant.copy_(x * 2)
    view.register_hook(lambda g: seen.append(g.item()))
    view.retain_grad()
    (view * 5).backward()
    assert x.grad.tolist() == [15, 0] and seen == [5] and view.grad.item() == 5
    x.grad = None
    part.backward()
    assert x.grad.tolist() == [2, 0]
    x.grad, y = None, x * 1
    view = y[0]
    y.mul_(3)
    view.backward()
    assert x.grad.tolist() == [3, 0]


def test_reading_a_view_under_no_grad_records_nothing():
    base = tinydl.zeros(2, 3, dtype=tinydl.float64)
    view = base.expand(4, 2, 3)
    base.copy_(leaf(2.0) * 2)
    with tinydl.no_grad():
        assert (view + 1).tolist() == [[[5.0] * 3] * 2] * 4
    assert not view.requires_grad


def test_writing_to_a_view_of_a_leaf_is_refused():
    x = leaf(1.0, 2.0)
    for view in (x[0], x.view(2, 1)):
        with pytest.raises(RuntimeError, match=r"is a view of f64\[2\], a leaf that requires"):
            view.zero_()
    assert x.tolist() == [1.0, 2.0]


def test_writing_to_a_view_from_no_grad_is_refused():
    y = leaf(1.0, 2.0) * 1
    with tinydl.no_grad():
        view = y[0]
    with pytest.raises(RuntimeError, match=r"taken from f64\[2\] under no_grad.*clone\(\)"):
        view.mul_(leaf(3.0))
    assert y.tolist() == [1.0, 2.0]


def test_what_is_detached_goes_its_own_way():
    x = leaf(1.0, 2.0)
    y = x * 3
    apart = y.detach()
    apart.mul_(x)  # also y's memory
    (y + apart[:1] * 2).sum().backward()
    assert y.tolist() == [3.0, 12.0] and x.grad.tolist() == [3 + 4 * 3, 3.0]


def test_writing_through_views_that_see_elements_twice_is_refused():
    y = leaf(1.0, 2.0, 3.0) * 1
    with pytest.raises(RuntimeError, match=r"f64\[2,2\] is no simple view of f64\[3\]"):
        y.unfold(0, 2, 1).mul_(2)
    with pytest.raises(ValueError, match="expanded view"):
        y[:1].expand(3).mul_(2)


def test_writing_to_views_of_nothing_is_differentiated():
    y = tinydl.zeros(2, 0, 3, requires_grad=True) * 1
    y[:] += 1
    y.sum().backward()
    assert y[0].requires_grad


def test_bools_go_into_integers():
    x = tinydl.zeros(2, dtype=tinydl.int64)
    x[0] = True
    assert x.tolist() == [1, 0] and tinydl.tensor(True, dtype=tinydl.int64).item() == 1


def test_views_share_memory_both_ways():
    x = tinydl.zeros(2, 3)
    row = x[1]
    row.fill_(5.0)
    assert x.tolist() == [[0, 0, 0], [5, 5, 5]]
    x[1, 0] = 7.0
    assert row.tolist() == [7, 5, 5]


@pytest.mark.parametrize("op", ["max", "max_pool2d"])
def test_of_several_outputs_only_what_a_rule_reads_must_stay(op):
    """The gradient of a maximum asks where it was, not how large: the values may be changed."""
    x = tinydl.tensor([[[[1.0, 3.0], [2.0, 0.0]]]], requires_grad=True)
    if op == "max":
        y = x.flatten().max(0).values
    else:
        y = tinydl.nn.functional.max_pool2d(x, 2)
    y.mul_(2)
    y.sum().backward()
    assert x.grad.flatten().tolist() == [0, 2, 0, 0]
