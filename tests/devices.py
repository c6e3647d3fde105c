"""The devices that tests run on: the CPU, and CUDA, which is a GPU or else the emulated device.

    pytestmark = EVERY_DEVICE  # each test of the module once per device: new tensors go there

    @CPU_ONLY  # why
    def test_…

A test that wants the device's name takes the fixture `device` (conftest.py). Which CUDA it is says
TINYDL_CUDA: real, emu, the path of a library, or no. Without it, it is a GPU where there is one.
"""

from __future__ import annotations

import os

import pytest

import tinydl
from tinydl import backend
from tinydl.device import default

if "TINYDL_CUDA" not in os.environ and not backend.has_cuda():
    os.environ["TINYDL_CUDA"] = "emu"  # for the processes that tests start, too

HAS_CUDA = backend.has_cuda()
NEEDS_CUDA = pytest.mark.skipif(not HAS_CUDA, reason="no GPU, and make emulated was not run")
DEVICES = ["cpu", pytest.param("cuda", marks=NEEDS_CUDA)]

EVERY_DEVICE = pytest.mark.usefixtures("device")
CPU_ONLY = pytest.mark.parametrize("device", ["cpu"], indirect=True)
CUDA_ONLY = pytest.mark.parametrize("device", DEVICES[1:], indirect=True)


def live() -> int:
    """Bytes in tensors on the device of new ones, which is the test's."""
    return tinydl.memory_stats()[default().backend.name]["live"]
