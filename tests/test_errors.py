"""What wrong input gets: an exception that names the op, what came, what was expected and the fix.

One line per mistake. Mistakes with shapes and indices of single tensors are in test_tensor and
test_arithmetic, with data in test_creation, with the graph in test_autograd and test_inplace, with
files and devices in their modules' tests.
"""

from __future__ import annotations

import numpy as np
import pytest
from devices import EVERY_DEVICE

import tinydl
from tinydl import backend, nn, ops, optim
from tinydl.nn import functional as F

pytestmark = EVERY_DEVICE

ones = tinydl.ones


def labels(*values):
    return tinydl.tensor(list(values))


# --- shapes ---------------------------------------------------------------------------------------

IMAGE, FILTERS = (1, 3, 8, 8), (4, 3, 3, 3)


@pytest.mark.parametrize(
    "wrong, fragments",
    [
        (lambda: ones(2, 3) * ones(4), ["mul: f32[2,3] and f32[4]", "axis -1", "3 and 4"]),
        (lambda: tinydl.where(ones(2) > 0, ones(3), 1), ["where: bool[2] and f32[3]", "broadcast"]),
        (lambda: ones(2, 3) @ ones(4, 5), ["matmul", "f32[2,3]", "3 columns", "f32[4,5]", "4 "]),
        (lambda: F.linear(ones(2, 3), ones(5, 4)),
            ["linear", "f32[2,3]", "3 features", "f32[5,4]", "takes 4"]),
        (lambda: F.linear(ones(2, 3, 4), ones(5, 12)), ["linear", "flatten", "nn.Flatten()"]),
        (lambda: F.linear(ones(2, 16), ones(5, 64)), ["linear", "takes 64; that is a quarter"]),
        (lambda: F.linear(ones(2, 64), ones(5, 16)), ["linear", "takes 16; that is four times"]),
        (lambda: F.linear(ones(2, 3), ones(5, 3), ones(4)), ["bias f32[4]", "f32[5,3]", "(5,)"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(4, 2, 3, 3)),
            ["conv2d", "weight has 2 input channels but x has 3", "f32[1,3,8,8]", "f32[4,2,3,3]"]),
        (lambda: F.conv2d(ones(3, 8, 8), ones(*FILTERS)), ["x[n,c,h,w]", "f32[3,8,8]", "x[None]"]),
        (lambda: F.conv2d(ones(1, 3, 2, 2), ones(*FILTERS)),
            ["3×3 window", "does not fit into 2×2 pixels", "f32[1,3,2,2]"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(*FILTERS), groups=2), ["groups=2", "3 channels"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(*FILTERS), ones(3)), ["bias f32[3]", "f32[4,3,3,3]"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(*FILTERS), stride=0), ["stride", "≥ 1", "0"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(*FILTERS), padding=(1, -1)), ["padding", "(1, -1)"]),
        (lambda: F.max_pool2d(ones(1, 1, 2, 2), 3), ["max_pool2d", "3×3 window", "f32[1,1,2,2]"]),
        (lambda: F.max_pool2d(ones(8, 8), 2), ["max_pool2d", "x[n,c,h,w]", "f32[8,8]"]),
        (lambda: F.max_pool2d(ones(*IMAGE), 2, padding=2), ["padding (2, 2)", "half the window"]),
        (lambda: F.avg_pool2d(ones(3, 8, 8), 2), ["avg_pool2d", "f32[3,8,8]", "x[None]"]),
        (lambda: F.mse_loss(ones(4), ones(4, 1)), ["mse_loss", "f32[4]", "f32[4,1]", "squeeze"]),
        (lambda: F.cross_entropy(ones(4, 3), labels(0, 1)), ["f32[4,3]", "(4,)", "i64[2]"]),
        (lambda: F.cross_entropy(ones(2, 3), tinydl.tensor([[0], [1]])), ["f32[2,3]", "i64[2,1]"]),
        (lambda: F.cross_entropy(ones(2, 3), labels([0], [1])), ["labels", ".squeeze(-1)"]),
        (lambda: F.cross_entropy(ones(2, 3), labels([1, 0, 0], [0, 1, 0])), [".argmax(1)"]),
        (lambda: F.conv2d(ones(1, 8, 8, 3), ones(*FILTERS)), ["has 8", "x.permute(0, 3, 1, 2)"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(*FILTERS), padding="full"), ["'valid' or 'same'"]),
        (lambda: ones(3).item(), ["item: f32[3] has 3 elements", "tolist()"]),
        (lambda: ones(2, 3).view(4), ["view: f32[2,3] has 6 elements", "(4,)"]),
        (lambda: ones(6).unflatten(0, (4, -1)), ["unflatten: axis 0", "(4, -1)"]),
        (lambda: ones(3, 4).gather(0, labels(0, 1)), ["gather", "f32[3,4]", "i64[2]"]),
        (lambda: ones(3, 4).gather(0, tinydl.zeros(2, 9).long()), ["gather", "axis 1", "i64[2,9]"]),
        (lambda: ones(3).index_select(0, tinydl.zeros(1, 1).long()), ["index_select", "i64[1,1]"]),
        (lambda: ones(2).add_(ones(3)), ["add_: f32[2] and f32[3]", "broadcast"]),
        (lambda: ones(1, 2).add_(ones(3, 2)), ["add_", "shape (3, 2)", "not fit into f32[1,2]"]),
        (lambda: ones(3).expand(2, 3).add_(1), ["add_", "f32[2,3]", "expanded view"]),
        (lambda: ones(3).__setitem__(ones(3) > 0, ones(2)), ["does not broadcast", "f32[3]"]),
        (lambda: ones(1).reshape((1,) * 9) + 1, ["at most 8 axes", "9"]),
    ],
)  # fmt: skip
def test_shapes(wrong, fragments):
    with pytest.raises(ValueError) as caught:
        wrong()
    assert [f for f in fragments if f not in str(caught.value)] == [], str(caught.value)


# --- dtypes and kinds -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, fragments",
    [
        (lambda: F.linear(ones(2, 3), ones(5, 3).double()),
            ["linear", "x f32[2,3]", "w f64[5,3]", ".to(dtype)"]),
        (lambda: F.conv2d(ones(*IMAGE), ones(*FILTERS).double()), ["conv2d", "f32", "f64", ".to("]),
        (lambda: F.conv2d(ones(*IMAGE).long(), ones(*FILTERS).long()), ["i64[1,3,8,8]", ".float"]),
        (lambda: F.max_pool2d(ones(*IMAGE).long(), 2), ["max_pool2d", "i64[1,3,8,8]", ".float()"]),
        (lambda: F.softmax(labels(1, 2), 0), ["softmax", "i64[2]", ".float()"]),
        (lambda: F.cross_entropy(labels(1, 2)[None], labels(0)), ["cross_entropy", "i64[1,2]"]),
        (lambda: F.dropout(labels(1, 2), 0.5), ["dropout", "i64[2]"]),
        (lambda: labels(1, 2).mean(), ["mean", "i64[2]", ".float().mean()"]),
        (lambda: tinydl.where(ones(2), 1.0, 2.0), ["where", "bool tensor", "f32[2]"]),
        (lambda: ones(3, 4).gather(0, ones(1, 1)), ["gather", "integers", "f32[1,1]"]),
        (lambda: labels(1, 2).add_(1.5), ["add_", "float32", "i64[2]"]),
        (lambda: labels(1, 2).clamp_(1.5), ["clamp_", "float32", "i64[2]"]),
        (lambda: ones(2).requires_grad_() | 1, ["bitwise_or", "f32"]),
        (lambda: labels(1).requires_grad_(), ["requires_grad_", "i64[1]", "floating point"]),
        (lambda: ones(2) + "a", ["add", "f32[2]", "'a'"]),
        (lambda: ones(2) * None, ["mul", "f32[2]", "None"]),
        (lambda: tinydl.zeros(2, dtype="float32"), ["tinydl.float32", "'float32'"]),
        (lambda: tinydl.tensor([1], dtype=np.float32), ["tinydl.float32", "numpy.float32"]),
        (lambda: ones(2).to(3.5), ["to", "3.5"]),
        (lambda: ones(2, 2).sum(1.0), ["sum", "dim", "1.0"]),
        (lambda: ones(2, 2)[1.5], ["index", "ints, slices", "1.5"]),
        (lambda: ones(2, 2)[:, [0.5]], ["index", "integers or bools", "[0.5]"]),
        (lambda: tinydl.cat([np.ones(2)]), ["cat", "tensors[0]", "ndarray"]),
        (lambda: tinydl.stack([ones(1), 2.0]), ["stack", "tensors[1]", "float"]),
        (lambda: tinydl.cat(ones(2), ones(2)), ["cat: expected a list", "[a, b]", "f32[2]"]),
        (lambda: tinydl.randn(2.5), ["randn: a size is integers", "2.5"]),
        (lambda: F.cross_entropy(labels(0, 1), ones(2, 3)), ["i64[2]", "logits come first"]),
        (lambda: nn.CrossEntropyLoss(ones(2, 3), labels(0, 1)), ["nn.MSELoss()(input, target)"]),
        (lambda: nn.Parameter([1.0]), ["Parameter: expected a Tensor", "list", "tinydl.tensor"]),
        (lambda: nn.Sequential([nn.ReLU()]), ["Sequential.0: expected a Module", "list", "*"]),
        (lambda: nn.Sequential(nn.ReLU), ["Sequential.0: expected a Module", "a class; ReLU(…)"]),
        (lambda: nn.Linear(2, 2).__setattr__("weight", ones(2, 2)),
            ["Linear.weight: expected a Parameter", "Tensor", "copy_()"]),
        (lambda: optim.SGD(nn.Linear(2, 2), lr=0.1), ["model.parameters()", "Linear"]),
        (lambda: optim.SGD(nn.Linear(2, 2).named_parameters(), lr=0.1),
            ["parameter 0 is a tuple", "model.parameters()"]),
        (lambda: nn.Linear(2, 2).load_state_dict("a.safetensors"), ["tinydl.load(path)", "str"]),
    ],
)  # fmt: skip
def test_kinds(wrong, fragments):
    with pytest.raises(TypeError) as caught:
        wrong()
    assert [f for f in fragments if f not in str(caught.value)] == [], str(caught.value)


# --- indices and labels ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, fragments",
    [
        (lambda: F.cross_entropy(ones(4, 3), labels(0, 1, 3, 1)),
            ["cross_entropy", "target 3 at row 2", "0…2"]),
        (lambda: F.cross_entropy(ones(2, 3), labels(0, -1)), ["target -1 at row 1", "0…2"]),
        (lambda: ones(3, 4).gather(0, labels(5, 0)[None]), ["index 5 at [0", "axis 0 of size 3"]),
        (lambda: ones(3, 4).index_select(1, labels(4)), ["index 4", "axis 1 of size 4"]),
        (lambda: ones(3)[labels(0, 3)], ["index 3", "size 3"]),
        (lambda: ones(3)[5], ["index: 5 is out of range", "axis 0 of size 3"]),
        (lambda: ones(3)[0, 0], ["2 indices", "1 axes"]),
        (lambda: ones(3, 3)[tinydl.zeros(2) > 0], ["mask bool[2]", "f32[3,3]"]),
        (lambda: F.softmax(ones(4), 1), ["softmax: dim 1 is out of range", "-1 to 0"]),
        (lambda: ones(2, 3).sum((0, 2)), ["sum: dim 2", "2 axes"]),
    ],
)  # fmt: skip
def test_indices(wrong, fragments):
    """Told at once, or where a GPU noticed it at the latest when a value is read."""
    with pytest.raises(IndexError) as caught:
        wrong().tolist()
    assert [f for f in fragments if f not in str(caught.value)] == [], str(caught.value)


def test_the_first_bad_label_is_named_for_any_number_of_threads():
    x, target = ones(5000, 10), tinydl.zeros(5000).long()
    for row in (4999, 1234, 2000):
        target[row] = 10
    for threads in (1, 2, 4):
        tinydl.set_num_threads(threads)
        with pytest.raises(IndexError, match="target 10 at row 1234"):
            F.cross_entropy(x, target).item()


def test_targets_may_be_lists_and_arrays():
    x = ones(2, 3)
    for target in ([0, 1], np.array([0, 1])):
        assert F.cross_entropy(x, target).equal(F.cross_entropy(x, labels(0, 1)))
    assert F.mse_loss(x, np.zeros((2, 3), np.float32)).item() == 1


def test_what_is_in_a_file_beside_the_state():
    """load_state_dict(checkpoint) for load_state_dict(checkpoint["model"])."""
    net = nn.Linear(2, 2)
    with pytest.raises(RuntimeError, match=r"(?s)unexpected model  dict\n.*unexpected epoch  int"):
        net.load_state_dict({"model": net.state_dict(), "epoch": 3})


def test_nothing_half_written_after_an_error():
    x = ones(2, 3)
    for wrong in (
        lambda: x.add_(ones(4)),
        lambda: x.__setitem__(0, ones(4)),
        lambda: x.__setitem__(5, 1.0),
        lambda: x.copy_(ones(9)),
        lambda: x.clamp_(),
    ):
        with pytest.raises((ValueError, IndexError)):
            wrong()
    assert x.equal(ones(2, 3)) and x._array.storage.version == 0


# --- layers ---------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(3, 4, 3))
        self.head = nn.Linear(10, 2)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


def test_the_path_of_the_layer_is_in_the_message():
    with pytest.raises(ValueError) as caught:
        Net()(ones(1, 1, 8, 8))
    message = str(caught.value)
    assert "conv2d: weight has 3 input channels but x has 4" in message
    assert message.endswith("in Net.features.2: Conv2d(3→4)")


def test_a_forgotten_flatten_is_recognised():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(2 * 6 * 6, 5))
    with pytest.raises(ValueError) as caught:
        net(ones(1, 1, 8, 8))
    assert "nn.Flatten()" in str(caught.value) and "in Sequential.1: Linear(72→5)" in str(
        caught.value
    )


# --- devices --------------------------------------------------------------------------------------


@pytest.fixture
def other(device):
    """A tensor f32[3] on another device than the test's."""
    library = backend.usable()[-1] if device == "cpu" else backend.best()
    if tinydl.device(device).backend is backend.load(library):
        pytest.skip("there is one library only")
    return ones(3, device=f"cpu:{library}")


@pytest.mark.parametrize(
    "wrong, name",
    [
        (lambda x: ones(3) + x, "add: operands"),
        (lambda x: ones(3, 3) @ x, "matmul: operands"),
        (lambda x: ones(3).add_(x), "add: operands"),
        (lambda x: ones(3).__setitem__(0, x[0]), "assign: operands"),
        (lambda x: tinydl.cat([ones(3), x]), "cat: operands"),
        (lambda x: tinydl.where(x > 0, ones(3), 0.0), "where: operands"),
        (lambda x: F.linear(ones(2, 3), ones(3, 3), x), "linear: operands"),
        (lambda x: F.cross_entropy(ones(3, 2), x.long() * 0), "cross_entropy_mean: operands"),
        (lambda x: ones(3)[x.long() * 0], "index: operands"),
        (lambda x: (ones(3).requires_grad_() * 2).backward(x), "backward: the gradient"),
        (lambda x: accumulated_into(x), "backward: x.grad"),
        (lambda x: ones(3).requires_grad_().__setattr__("grad", x), ".grad of f32[3]"),
    ],
)
def test_devices_do_not_mix(wrong, name, other, device):
    with pytest.raises(ValueError) as caught:
        wrong(other)
    fragments = (name, f" on {device}", f" on {other.device}", ".to(device)")
    assert [f for f in fragments if f not in str(caught.value)] == [], str(caught.value)


def accumulated_into(grad):
    x = grad.detach().requires_grad_()
    x.grad = grad
    x.data = ones(3)
    (x * 2).sum().backward()


def test_what_copies_values_takes_them_from_any_device(other):
    x = tinydl.zeros(3).copy_(other)
    assert x.tolist() == [1, 1, 1] and x.device != other.device
    y = ones(3, requires_grad=True)
    (y.to(other.device) * 3).sum().backward()
    assert y.grad.tolist() == [3, 3, 3] and y.grad.device == y.device


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong, fragments",
    [
        (lambda: F.dropout(ones(2), 1.5), ["dropout", "between 0 and 1", "1.5"]),
        (lambda: F.max_pool2d(ones(*IMAGE), 0), ["max_pool2d", "kernel_size", "≥ 1", "0"]),
        (lambda: F.max_pool2d(ones(*IMAGE), (1, 2, 3)), ["kernel_size", "(1, 2, 3)"]),
        (lambda: F.avg_pool2d(ones(*IMAGE), 2, divisor_override=0), ["divisor_override", "0"]),
        (lambda: tinydl.randint(5, 5, (2,)), ["randint", "low < high", "5 and 5"]),
        (lambda: tinydl.device("gpu"), ["device('gpu')", "this machine has cpu"]),
        (lambda: tinydl.zeros(2, device="cuda:1"), ["cuda:1", "this machine has cpu"]),
        (lambda: ones(2).to("float64"), ["device('float64')", "the dtype is tinydl.float64"]),
        (lambda: ones(2).clamp(), ["clamp", "min, max or both"]),
        (lambda: labels(2) ** -1, ["pow", "i64[1]", ".float()"]),
        (lambda: tinydl.set_num_threads(2000), ["set_threads", "1 to 1024", "2000"]),
    ],
)
def test_arguments(wrong, fragments):
    with pytest.raises(ValueError) as caught:
        wrong()
    assert [f for f in fragments if f not in str(caught.value)] == [], str(caught.value)


def test_sizes_beyond_memory_and_beyond_64_bits(device):
    name = tinydl.device(device).backend.name
    for shape in ((10**10, 10**8), (2**62, 2**10)):
        with pytest.raises(MemoryError, match=rf"out of memory on {name}: asked for [\d,]+ bytes"):
            tinydl.zeros(shape)


def test_ops_are_registered_once():
    with pytest.raises(ValueError, match="already an op called exp"):

        @tinydl.op.op
        def exp(x):
            return x


def test_rules_are_for_inputs_that_exist():
    with pytest.raises(TypeError, match=r"exp has no input called z; it has \('x',\)"):
        ops.exp.vjp(z=lambda g: g)
