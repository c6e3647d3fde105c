"""What is special about device="cuda": it learns as the CPU does, tells late, and is asked for.

All else is tested on every device (devices.py); the emulated device itself in tests/cuda.
"""

from __future__ import annotations

import math

import pytest
from devices import NEEDS_CUDA
from processes import python

import tinydl
from tinydl.nn.functional import cross_entropy

LEARN = """
import tinydl
from tinydl import nn, optim

def losses(device):
    tinydl.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Dropout(0.1), nn.Linear(64, 10),
    ).to(device)
    x = tinydl.randn(16, 1, 8, 8, device=device)
    labels = tinydl.randint(10, (16,), device=device)
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    curve = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        curve.append(loss.item())
    return curve

cpu, cuda = losses("cpu"), losses("cuda")
assert cpu[-1] < 0.7 * cpu[0], cpu
assert max(abs(a - b) for a, b in zip(cpu, cuda)) < 1e-5, (cpu, cuda)
"""


@NEEDS_CUDA
@pytest.mark.parametrize("order", ["fwd", "rev", "rand:1"])
def test_a_cnn_learns_as_on_the_cpu(order):
    done = python("-c", LEARN, TD_EMU_ORDER=order)
    assert done.returncode == 0, done.stderr


@NEEDS_CUDA
def test_what_a_kernel_found_wrong_is_told_when_values_are_read():
    x, labels = tinydl.zeros(2, 3, device="cuda"), tinydl.tensor([1, 7], device="cuda")
    loss = cross_entropy(x, labels)  # is only queued
    with pytest.raises(IndexError, match="^cross_entropy: target 7 at row 1 is outside 0…2$"):
        loss.item()
    assert (x + 1).sum().item() == 6  # the device goes on
    assert loss.item() == pytest.approx(math.log(3) / 2)  # and has told it once


@NEEDS_CUDA
def test_only_the_cpus_memory_is_numpys():
    x = tinydl.ones(3, device="cuda")
    with pytest.raises(TypeError, match=r"f32\[3\] is on cuda; use \.cpu\(\)\.numpy\(\)"):
        x.numpy()
    assert x.cpu().numpy().tolist() == [1, 1, 1]


def test_the_emulated_device_is_never_taken_unasked():
    code = "import tinydl; print(tinydl.ones(1, device='cuda')._array.backend.name)"
    done = python(
        "-c", code, TINYDL_CUDA=""
    )  # a GPU where there is one, else an error that says why
    assert done.stdout.strip() == "cuda" or "RuntimeError: no CUDA device: " in done.stderr


@NEEDS_CUDA
def test_words_for_the_gpu():
    """PyTorch's spellings all lead to the one GPU there is."""
    x = tinydl.ones(2)
    for there in (x.cuda(), x.cuda(0), x.cuda("cuda:0", non_blocking=True), x.pin_memory().to(0)):
        assert there.is_cuda and there.device == tinydl.device(0) and not x.is_cuda
    layer = tinydl.nn.Linear(2, 1)
    layer(x).backward()
    assert layer.cuda().weight.is_cuda and layer.weight.grad.is_cuda
    assert not layer.cpu().weight.is_cuda
    with pytest.raises(ValueError, match=r"device\(1\): this machine has cpu, .*cuda:0"):
        x.cuda(1)
