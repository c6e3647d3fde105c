"""device="cuda" on the emulated device: a CNN learns as on the CPU, and errors are told in time.

The values of kernels are tested in test_ops, the emulated device itself in tests/cuda.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from guards import libraries

needs_library = pytest.mark.skipif("cuda" not in libraries(), reason="make emulated was not run")

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

ERRORS = """
import tinydl
from tinydl.nn.functional import cross_entropy

def says(call, kind, *words):
    try:
        call()
    except kind as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError("no error")

x = tinydl.ones(3, device="cuda")
assert str(x.device) == "cuda" and repr(x) == "tensor([1., 1., 1.], device='cuda')"
says(lambda: x + tinydl.ones(3), ValueError, "x f32[3] on cuda, y f32[3] on cpu")
says(lambda: x.numpy(), TypeError, "use .cpu().numpy()")
loss = cross_entropy(tinydl.zeros(2, 3, device="cuda"), tinydl.tensor([1, 7]).to("cuda"))
says(loss.item, IndexError, "cross_entropy: target 7 at row 1 is outside 0…2")
assert (x + 1).sum().item() == 6  # the device goes on
assert x.cpu().numpy().tolist() == [1, 1, 1]
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@needs_library
@pytest.mark.parametrize("order", ["fwd", "rev", "rand:1"])
def test_a_cnn_learns_as_on_the_cpu(order):
    done = run(LEARN, TINYDL_CUDA="emu", TD_EMU_ORDER=order)
    assert done.returncode == 0, done.stderr


@needs_library
def test_errors_are_told():
    done = run(ERRORS, TINYDL_CUDA="emu")
    assert done.returncode == 0, done.stderr


def test_the_emulated_device_is_never_taken_unasked():
    code = "import tinydl; print(tinydl.ones(1, device='cuda')._array.backend.name)"
    done = run(code, TINYDL_CUDA="")  # a GPU where there is one, else an error that says why
    assert done.stdout.strip() == "cuda" or "RuntimeError: no CUDA device: " in done.stderr
