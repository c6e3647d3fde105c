"""Modules: registration, state, modes, hooks, printing, and the messages a wrong use gets."""

import copy

import numpy as np
import pytest
from devices import EVERY_DEVICE
from raising import message_of

import tinydl
from tinydl import nn
from tinydl.nn import functional as F

pytestmark = EVERY_DEVICE


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(4 * 6 * 6, 5))

    def forward(self, x):
        return self.head(self.conv(x).relu())


def test_parameters_are_found_by_path():
    names = [name for name, _ in Net().named_parameters()]
    assert names == ["conv.weight", "conv.bias", "head.1.weight", "head.1.bias"]


def test_shared_parameters_come_once_but_are_saved_under_both_names():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    assert len(net.state_dict()) == 4


def test_a_shared_module_is_saved_under_both_names():
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, nn.ReLU(), layer)
    assert list(net.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert net.load_state_dict(net.state_dict()) == ([], [])
    assert len(list(net.modules())) == 3 and len(list(net.parameters())) == 2


def test_a_part_of_a_sequential_keeps_its_names():
    net = nn.Sequential(nn.ReLU(), nn.Linear(2, 2), nn.Linear(2, 1))
    part = net[1:]
    assert list(part.state_dict()) == ["1.weight", "1.bias", "2.weight", "2.bias"]
    part.append(nn.Tanh())  # under a name that is free
    assert len(part) == 3 and isinstance(part[-1], nn.Tanh)
    layers = nn.ModuleList(net)[1:]
    assert list(layers.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_a_copy_of_a_model_has_no_gradients():
    layer = nn.Linear(2, 1)
    layer(tinydl.ones(1, 2)).sum().backward()
    copied = copy.deepcopy(layer)
    assert copied.weight.equal(layer.weight) and copied.weight.grad is None


def test_state_dict_round_trip():
    a, b = Net(), Net()
    x = tinydl.randn(2, 1, 6, 6)
    assert not a(x).equal(b(x))
    result = b.load_state_dict(a.state_dict())
    assert result.missing_keys == [] and result.unexpected_keys == []
    assert a(x).equal(b(x))


def test_strict_loading_lists_the_difference_and_loads_nothing():
    net = Net()
    before = {k: v.cpu().numpy().copy() for k, v in net.state_dict().items()}
    state = {f"module.{k}": v * 0 for k, v in net.state_dict().items()}
    state["conv.weight"] = net.conv.weight * 0
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(state)
    message = str(error.value)
    assert "- missing    conv.bias  f32[4]" in message
    assert "+ unexpected module.conv.bias  f32[4]" in message
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value.cpu().numpy(), before[key])
    assert "strip" in message_of(net.load_state_dict, {f"module.{k}": v for k, v in before.items()})


def test_lenient_loading_reports():
    net = Net()
    report = net.load_state_dict({"conv.bias": tinydl.zeros(4), "extra": tinydl.zeros(1)}, False)
    assert report.missing_keys == ["conv.weight", "head.1.weight", "head.1.bias"]
    assert report.unexpected_keys == ["extra"]
    assert net.conv.bias.tolist() == [0, 0, 0, 0]


def test_a_state_of_other_shapes_is_refused():
    message = message_of(nn.Linear(3, 2).load_state_dict, nn.Linear(4, 2).state_dict())
    assert "weight: the module has f32[2,3], the state f32[2,4]" in message


def test_buffers():
    module = nn.Module()
    module.register_buffer("mean", tinydl.ones(2))
    module.register_buffer("scratch", tinydl.ones(2), persistent=False)
    assert list(module.state_dict()) == ["mean"]
    assert [name for name, _ in module.named_buffers()] == ["mean", "scratch"]
    module.mean = tinydl.zeros(2)
    assert module.state_dict()["mean"].tolist() == [0, 0]


def test_train_and_eval_reach_every_module():
    net = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)))
    x = tinydl.ones(1000)
    assert (net(x) == 0).any()
    net.eval()
    assert not any(module.training for module in net.modules())
    assert net(x).equal(x)


def test_a_module_may_have_a_train_of_its_own():
    class Frozen(nn.Dropout):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(Frozen(), nn.Dropout())
    net.train()
    assert (net[0].training, net[1].training) == (False, True)


def test_to_moves_integers_and_leaves_their_dtype():
    net = nn.Module()
    net.register_buffer("n", tinydl.tensor([2**53 + 1], device="cpu"))
    net.w = nn.Parameter(tinydl.ones(1, device="cpu"))
    device = tinydl.zeros(()).device
    net.to(device, tinydl.float64)
    assert net.n.device == net.w.device == device and net.w.dtype is tinydl.float64
    assert net.n.item() == 2**53 + 1
    with pytest.raises(TypeError, match=r"Module.to: parameters are floating point, got .*int64"):
        net.to(tinydl.int64)


def test_to_changes_dtype_and_keeps_identity():
    net = Net()
    weight = net.conv.weight
    net.double()
    assert net.conv.weight is weight and weight.dtype is tinydl.float64
    assert net(tinydl.zeros(1, 1, 6, 6, dtype=tinydl.float64)).dtype is tinydl.float64
    assert net.to("cpu") is net


def test_forward_hooks():
    net, seen = nn.Sequential(nn.ReLU(), nn.Tanh()), []
    before = net[1].register_forward_pre_hook(lambda m, inputs: seen.append("pre"))
    after = net[1].register_forward_hook(lambda m, inputs, out: out * 0 + 7)
    assert net(tinydl.ones(2)).tolist() == [7, 7] and seen == ["pre"]
    before.remove()
    after.remove()
    assert net(tinydl.zeros(2)).tolist() == [0, 0] and seen == ["pre"]


def test_zero_grad_and_requires_grad():
    layer = nn.Linear(2, 1)
    layer(tinydl.ones(1, 2)).sum().backward()
    assert layer.weight.grad.tolist() == [[1, 1]]
    layer.zero_grad(set_to_none=False)
    assert layer.weight.grad.tolist() == [[0, 0]]
    layer.zero_grad()
    assert layer.weight.grad is None
    layer.requires_grad_(False)
    assert not layer(tinydl.ones(1, 2)).requires_grad


def test_containers():
    net = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    assert len(net) == 3 and isinstance(net[-1], nn.Sigmoid) and len(net[:2]) == 2
    assert [name for name, _ in nn.Sequential({"a": nn.ReLU()}).named_children()] == ["a"]
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    assert len(list(layers.parameters())) == 6


def test_repr_is_pytorchs():
    assert repr(Net()) == (
        "Net(\n"
        "  (conv): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))\n"
        "  (head): Sequential(\n"
        "    (0): Flatten(start_dim=1, end_dim=-1)\n"
        "    (1): Linear(in_features=144, out_features=5, bias=True)\n"
        "  )\n"
        ")"
    )


def test_default_initialisation_is_pytorchs():
    tinydl.manual_seed(0)
    conv, linear = nn.Conv2d(8, 64, 5), nn.Linear(300, 400)
    for parameter, fan_in in [(conv.weight, 200), (conv.bias, 200), (linear.weight, 300)]:
        values = parameter.detach().cpu().numpy()
        bound = 1 / np.sqrt(fan_in)
        assert np.abs(values).max() <= bound
        assert np.abs(values).max() > 0.9 * bound
        assert abs(values.std() - bound / np.sqrt(3)) < 0.15 * bound


def test_init_functions():
    w = tinydl.empty(50, 40, requires_grad=True)
    nn.init.xavier_normal_(w)
    assert abs(w.detach().cpu().numpy().std() - np.sqrt(2 / 90)) < 0.01
    nn.init.kaiming_normal_(w, nonlinearity="relu")
    assert abs(w.detach().cpu().numpy().std() - np.sqrt(2 / 40)) < 0.02
    nn.init.xavier_uniform_(w)
    assert w.detach().abs().max().item() <= np.sqrt(6 / 90)
    assert nn.init.constant_(w, 3).detach().cpu().numpy().max() == 3
    assert nn.init.zeros_(w).requires_grad
    assert "two axes" in message_of(nn.init.xavier_normal_, tinydl.zeros(3))


# --- messages -------------------------------------------------------------------------------------


def test_a_shape_error_names_the_module_and_the_fix():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Sequential(nn.ReLU(), nn.Linear(4 * 6 * 6, 5)))
    message = message_of(net, tinydl.zeros(2, 1, 8, 8))
    assert "linear: x f32[2,4,6,6] has 6 features" in message
    assert "flatten x first" in message
    assert "in Sequential.1.1: Linear(144→5)" in message


def test_a_channel_error_names_both_shapes():
    message = message_of(Net(), tinydl.zeros(2, 3, 6, 6))
    assert (
        "conv2d: weight has 1 input channels but x has 3 (x f32[2,3,6,6], w f32[4,1,3,3])"
        in message
    )
    assert "in Net.conv: Conv2d(1→4)" in message


def test_a_dtype_error_names_the_module():
    message = message_of(Net(), tinydl.zeros(2, 1, 6, 6, dtype=tinydl.float16), kind=TypeError)
    assert "x f16[2,1,6,6], w f32[4,1,3,3]" in message and "in Net.conv" in message


def test_a_missing_batch_axis_is_recognised():
    assert "x[None]" in message_of(Net(), tinydl.zeros(1, 6, 6))


def test_modules_in_a_plain_list_warn():
    class Lost(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(1, 1)]

    with pytest.warns(UserWarning, match="ModuleList"):
        Lost()


def test_a_forgotten_super_init_is_named():
    class Forgot(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"Forgot\.fc is assigned before super"):
        Forgot()


def test_a_parameter_is_not_overwritten_by_a_number():
    layer = nn.Linear(1, 1)
    with pytest.raises(TypeError, match="Linear.weight"):
        layer.weight = 3


def test_what_is_registered_is_what_the_attribute_will_be():
    module = nn.Module()
    module.a = None
    for register, right, wrong in (
        (module.register_buffer, tinydl.ones(1), [1]),
        (module.register_parameter, nn.Parameter(tinydl.ones(1)), tinydl.ones(1)),
        (module.add_module, nn.ReLU(), nn.ReLU),
    ):
        with pytest.raises(KeyError, match=r"Module.a is there already"):
            register("a", right)
        with pytest.raises(KeyError, match=r"'b\.c' is no name"):
            register("b.c", right)
        with pytest.raises(TypeError, match=r"Module.d: expected a \w+ or None, got a"):
            register("d", wrong)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.Conv2d(3, 8, 3, groups=2), "groups=2 must divide"),
        (lambda: nn.Conv2d(3, 8, 0), "kernel_size must be one int or two"),
        (lambda: nn.Conv2d(3, 8, 2, padding="same"), "odd windows"),
        (lambda: nn.Dropout(1.5), "between 0 and 1"),
        (lambda: nn.MaxPool2d(2)(tinydl.zeros(3, 3)), "expected x[n,c,h,w]"),
        (lambda: nn.MaxPool2d(9)(tinydl.zeros(1, 1, 4, 4)), "does not fit"),
        (lambda: nn.MaxPool2d(2, padding=2)(tinydl.zeros(1, 1, 4, 4)), "half the window"),
    ],
)
def test_nonsense_is_refused(make, words):
    assert words in message_of(make)


# --- layers ---------------------------------------------------------------------------------------


def test_dropout_keeps_the_mean_and_repeats_under_a_seed():
    x = tinydl.ones(100_000, requires_grad=True)
    tinydl.manual_seed(5)
    y = F.dropout(x, 0.3)
    assert abs(y.detach().cpu().numpy().mean() - 1) < 0.01
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy(), y.detach().cpu().numpy())  # the same mask
    tinydl.manual_seed(5)
    assert F.dropout(x, 0.3).equal(y)
    assert F.dropout(x, 1.0).detach().cpu().numpy().max() == 0


def test_the_cnn_learns_one_batch():
    tinydl.manual_seed(0)
    net = Net()
    x, labels = tinydl.randn(16, 1, 6, 6), tinydl.tensor(np.arange(16) % 5)
    optimizer = tinydl.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


def test_layers_may_be_told_other_sizes_later():
    conv, pool = nn.Conv2d(1, 2, 3), nn.MaxPool2d(2)
    conv.stride, conv.padding, conv.dilation = 2, [1, 1], 1
    pool.kernel_size, pool.stride = [3, 3], 1
    assert nn.Sequential(conv, nn.ReLU(), pool)(tinydl.ones(1, 1, 8, 8)).shape == (1, 2, 2, 2)
    assert conv(tinydl.ones(1, 1, 8, 8)).shape == (1, 2, 4, 4)


@pytest.mark.parametrize("size", [2.0, {}, [[2], 2], "2"], ids=str)
def test_sizes_are_ints_however_often_one_asks(size):
    x = tinydl.ones(1, 1, 8, 8)
    nn.functional.max_pool2d(x, 2)
    with pytest.raises(ValueError, match="kernel_size must be one int or two"):
        nn.functional.max_pool2d(x, size)


def test_sizes_may_be_numpys():
    x = tinydl.ones(1, 1, 8, 8)
    assert nn.functional.max_pool2d(x, np.int64(2), (np.int32(2), 3)).shape == (1, 1, 4, 3)
    assert nn.Conv2d(1, 2, np.int64(3), padding=np.int8(1))(x).shape == (1, 2, 8, 8)


@pytest.mark.parametrize("name", ["stride", "padding", "dilation"])
def test_sizes_have_31_bits(name):
    x, w = tinydl.ones(1, 1, 8, 8), tinydl.ones(1, 1, 2, 2)
    for wrong in (
        lambda: nn.functional.conv2d(x, w, **{name: 2**63 - 1}),
        lambda: nn.functional.max_pool2d(x, 2, **{name: (1, 2**31)}),
    ):
        with pytest.raises(ValueError, match=f"{name} must be .* < 2\\*\\*31; got"):
            wrong()


@pytest.mark.parametrize("groups", [1, 16])
def test_a_stride_beyond_the_image_takes_no_longer(groups):
    """Input gradients go by phases of the stride; those that no pixel has are not counted."""
    x = tinydl.rand(4, 16, 8, 8, requires_grad=True)
    w = tinydl.rand(16, 16 // groups, 3, 3, requires_grad=True)
    grads = []
    for stride in (9, 2**31 - 1):
        y = nn.functional.conv2d(x, w, stride=stride, padding=1, groups=groups)
        grads.append(tinydl.autograd.grad(y.square().sum(), (x, w)))
    assert all((a == b).all() for a, b in zip(*grads, strict=True))


@pytest.mark.parametrize("groups", [1, 32])
@pytest.mark.parametrize("size", [(8, 0), (0, 8)])
def test_convolution_of_nothing_but_padding(size, groups):
    """Images without pixels have outputs all the same, the bias, and gradients."""
    x = tinydl.zeros(64, 32, *size, requires_grad=True)
    w = tinydl.ones(32, 32 // groups, 3, 3, requires_grad=True)
    y = nn.functional.conv2d(x, w, tinydl.ones(32), padding=2, groups=groups)
    assert y.shape == (64, 32, *[n + 2 for n in size]) and (y == 1).all()
    y.sum().backward()
    assert x.grad.shape == x.shape and (w.grad == 0).all()
