"""Optimizers against the papers' formulas in NumPy, and exact saving."""

import numpy as np
import pytest
from devices import EVERY_DEVICE, NEEDS_CUDA

import tinydl
from tinydl import optim

pytestmark = EVERY_DEVICE


def sgd(
    p, g, state, *, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False
):
    g = -g if maximize else g
    g = g + weight_decay * p
    if momentum:
        v = state.get("v")
        state["v"] = v = g.copy() if v is None else momentum * v + (1 - dampening) * g
        g = g + momentum * v if nesterov else v
    return p - lr * g


def adam(
    p, g, state, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False,
    maximize=False, decoupled=False,
):  # fmt: skip
    g = -g if maximize else g
    t = state["t"] = state.get("t", 0) + 1
    if decoupled:
        p = p * (1 - lr * weight_decay)
    else:
        g = g + weight_decay * p
    m = state["m"] = betas[0] * state.get("m", 0) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * state.get("v", 0) + (1 - betas[1]) * g * g
    v = v / (1 - betas[1] ** t)
    if amsgrad:
        v = state["vmax"] = np.maximum(state.get("vmax", 0), v)
    return p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v) + eps)


def adamw(p, g, state, *, weight_decay=1e-2, **options):
    return adam(p, g, state, weight_decay=weight_decay, decoupled=True, **options)


CASES = [
    (optim.SGD, sgd, {"lr": 0.1}),
    (optim.SGD, sgd, {"lr": 0.1, "weight_decay": 0.01, "maximize": True}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (optim.Adam, adam, {}),
    (optim.Adam, adam, {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
    (optim.Adam, adam, {"maximize": True}),
    (optim.AdamW, adamw, {"lr": 0.1}),
    (optim.AdamW, adamw, {"lr": 0.1, "weight_decay": 0.3}),
]


@pytest.mark.parametrize(("kind", "formula", "options"), CASES)
@pytest.mark.parametrize("dtype", [tinydl.float32, tinydl.float64])
def test_steps_follow_the_formula(kind, formula, options, dtype):
    rng = np.random.default_rng(0)
    shapes = [(3, 5), (1,), (70,), (0,), (2, 3, 4)]
    expected = [rng.normal(size=shape) for shape in shapes]
    params = [tinydl.tensor(p, dtype=dtype, requires_grad=True) for p in expected]
    states = [{} for _ in shapes]
    optimizer = kind(params, **options)
    for _ in range(5):
        for i, p in enumerate(params):
            g = rng.normal(size=p.shape)
            p.grad = tinydl.tensor(g, dtype=dtype)
            expected[i] = formula(expected[i], g, states[i], **options)
        optimizer.step()
    tolerance = 1e-12 if dtype is tinydl.float64 else 3e-5
    for p, want in zip(params, expected, strict=True):
        np.testing.assert_allclose(p.detach().cpu().numpy(), want, rtol=tolerance, atol=tolerance)


def test_amsgrad_remembers_the_largest_second_moment():
    p = tinydl.tensor([1.0], dtype=tinydl.float64, requires_grad=True)
    optimizer, state, want = optim.Adam([p], amsgrad=True), {}, np.array([1.0])
    for g in [5.0, 0.1, 0.1, -3.0]:
        p.grad = tinydl.tensor([g], dtype=tinydl.float64)
        optimizer.step()
        want = _amsgrad(want, np.array([g]), state)
    np.testing.assert_allclose(p.detach().cpu().numpy(), want, rtol=1e-12)


def _amsgrad(p, g, state, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """PyTorch's variant: the maximum is taken before the bias correction."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = betas[0] * state.get("m", 0) + (1 - betas[0]) * g
    v = state["v"] = betas[1] * state.get("v", 0) + (1 - betas[1]) * g * g
    vmax = state["vmax"] = np.maximum(state.get("vmax", 0), v)
    denominator = np.sqrt(vmax) / np.sqrt(1 - betas[1] ** t) + eps
    return p - lr / (1 - betas[0] ** t) * m / denominator


def test_parameters_without_a_gradient_keep_their_own_step_count():
    a, b = (tinydl.ones(1, requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([a, b], lr=0.1)
    a.grad = tinydl.ones(1)
    optimizer.step()
    b.grad = tinydl.ones(1)
    optimizer.step()
    assert optimizer.state[a]["step"] == 2 and optimizer.state[b]["step"] == 1
    assert np.isclose(b.item(), 0.9)


def test_groups_override_defaults():
    a, b = (tinydl.ones(1, requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)
    a.grad, b.grad = tinydl.ones(1), tinydl.ones(1)
    optimizer.step()
    assert np.isclose(a.item(), 0.9) and b.item() == 0
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    optimizer.step()
    assert b.item() == 0


@pytest.mark.parametrize("kind", [lambda p: optim.SGD(p, 0.1, 0.9), optim.Adam, optim.AdamW])
def test_resuming_is_exact(kind):
    def train(p, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            (p.square() * tinydl.tensor([1.0, 10.0, 0.1])).sum().backward()
            optimizer.step()

    straight = tinydl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    train(straight, kind([straight]), 7)

    first = tinydl.tensor([1.0, 2.0, 3.0], requires_grad=True)
    optimizer = kind([first])
    train(first, optimizer, 3)
    second = first.detach().clone().requires_grad_()
    resumed = kind([second])
    resumed.load_state_dict(optimizer.state_dict())
    train(second, resumed, 4)
    assert second.equal(straight)


def test_zero_grad_forgets_the_graph_of_a_gradient():
    p = tinydl.nn.Parameter(tinydl.ones(2))
    module = tinydl.nn.Module()
    module.p = p
    for forget in (optim.SGD([p]).zero_grad, module.zero_grad):
        p.grad = None
        (p**3).sum().backward(create_graph=True)
        assert p.grad.requires_grad
        forget(set_to_none=False)
        assert p.grad.tolist() == [0, 0] and not p.grad.requires_grad


def test_an_optimizer_written_for_pytorch():
    class Mean(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self):
            with tinydl.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        state = self.state[p]
                        if len(state) == 0:
                            state["mean"] = tinydl.zeros_like(p)
                        state["mean"].mul_(0.5).add_(p.grad, alpha=0.5)
                        p.add_(state["mean"], alpha=-group["lr"])

    p = tinydl.ones(1, requires_grad=True)
    first = Mean([p], lr=1.0)
    p.grad = tinydl.ones(1)
    first.step()
    second = Mean([p], lr=0.0)
    second.load_state_dict(first.state_dict())
    second.step()
    assert p.item() == -0.25 and second.state[p]["mean"].item() == 0.75


def test_a_state_that_pytorch_saved():
    p = tinydl.ones(2, dtype=tinydl.float64, requires_grad=True)
    p.grad = tinydl.ones(2, dtype=tinydl.float64)
    sgd = optim.SGD([p], lr=1.0, momentum=0.5, dampening=0.5)
    saved = sgd.state_dict()
    sgd.load_state_dict({**saved, "state": {0: {"momentum_buffer": None}}})
    sgd.step()
    assert p.tolist() == [0, 0], "without a buffer it is the first step"
    adam = optim.Adam([p], lr=1.0)
    means = {"exp_avg": tinydl.ones(2), "exp_avg_sq": tinydl.ones(2), "step": tinydl.tensor(3.0)}
    adam.load_state_dict({**adam.state_dict(), "state": {0: means}})
    adam.step()
    assert adam.state[p]["exp_avg"].dtype is tinydl.float64 and adam.state[p]["step"] == 4


def test_a_parameter_that_is_a_view_is_updated_in_place():
    base = tinydl.zeros(2, 3)
    p = base.T.requires_grad_()
    p.grad = tinydl.ones(3, 2)
    optim.SGD([p], lr=1.0).step()
    assert base.tolist() == [[-1, -1, -1], [-1, -1, -1]]


def test_closure_and_zero_grad():
    p = tinydl.tensor([3.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 9 and p.item() == 0
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.item() == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: optim.SGD([], lr=0.1), "parameter list is empty"),
        (lambda p: optim.SGD(p, lr=0.1), "list of parameters"),
        (lambda p: optim.SGD([p * 2], lr=0.1), "not a leaf"),
        (lambda p: optim.SGD([p, p], lr=0.1), "already"),
        (lambda p: optim.SGD([1.0], lr=0.1), "parameter 0 is a float"),
        (lambda p: optim.SGD([p], lr=-1), "lr must be ≥ 0"),
        (lambda p: optim.SGD([p], lr=1, nesterov=True), "Nesterov"),
        (lambda p: optim.Adam([p], betas=(1.0, 0.9)), r"betas\[0\]"),
        (lambda p: optim.Adam([{"params": [p], "learning_rate": 1}]), "unknown option"),
    ],
)
def test_nonsense_is_refused(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make(tinydl.ones(1, requires_grad=True))


def test_a_gradient_of_another_shape_is_refused():
    p = tinydl.ones(4, requires_grad=True)
    p.grad = tinydl.ones(4)
    p.data = tinydl.ones(3)
    with pytest.raises(ValueError, match=r"f32\[3\] has a gradient f32\[4\]"):
        optim.SGD([p], lr=1.0).step()


def test_stepping_between_forward_and_backward_is_noticed():
    p = tinydl.ones(1, requires_grad=True)
    loss = p.square().sum()
    p.grad = tinydl.ones(1)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by sgd step"):
        loss.backward()


@NEEDS_CUDA
def test_parameters_on_two_devices():
    here, there = (tinydl.ones(3, device=d, requires_grad=True) for d in ("cpu", "cuda"))
    optimizer = optim.SGD([here, there], lr=0.5, momentum=0.9)
    for p in (here, there):
        (p * p).sum().backward()
    optimizer.step()
    assert here.tolist() == there.tolist() == [0, 0, 0]
    there.data = here.detach().clone()
    with pytest.raises(ValueError, match=r"f32\[3\] is on cpu, its gradient on cuda"):
        optimizer.step()
    there.grad = tinydl.ones(3, device="cpu")
    with pytest.raises(ValueError, match=r"f32\[3\] is on cpu, its state on cuda; move the model"):
        optimizer.step()
