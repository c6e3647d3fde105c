"""Memory on the GPU: what is counted, and what happens when it runs out."""

from __future__ import annotations

import gc

import pytest
from devices import NEEDS_CUDA
from processes import python

import tinydl
from tinydl import backend, cuda

pytestmark = NEEDS_CUDA
needs_emulator = pytest.mark.skipif(
    not backend.has_cuda() or backend.cuda().name != "cuda-emu",
    reason="a GPU's memory is not filled for a test",
)


def test_what_is_counted():
    gc.collect()  # recorded steps of other tests
    cuda.empty_cache()
    assert cuda.memory_stats()["cached"] == 0
    before, calls = cuda.memory_allocated(), cuda.memory_stats()["allocations"]
    cuda.reset_peak_memory_stats()
    x = tinydl.empty(1 << 18, device="cuda")
    assert cuda.memory_allocated() == cuda.max_memory_allocated() == before + (1 << 20)
    del x
    assert cuda.memory_allocated() == before
    assert cuda.max_memory_allocated() == before + (1 << 20)
    assert cuda.memory_reserved() == before + (1 << 20)
    y = tinydl.empty(1 << 18, device="cuda")
    assert cuda.memory_stats()["allocations"] == calls + 1, "the same piece again"
    cuda.reset_peak_memory_stats()
    assert cuda.max_memory_allocated() == cuda.memory_allocated() == before + y.numel() * 4
    summary = cuda.memory_summary()
    assert f"in tensors         {cuda.memory_allocated():>18,} bytes" in summary
    assert "unused on the GPU" in summary and "out of memory" in summary


FULL = """
import tinydl
from tinydl import cuda

MIB = 1 << 20
def made(mib):
    return tinydl.empty(mib * MIB // 4, device="cuda")

held, kept = made(8), made(30)
del kept
assert cuda.memory_stats()["cached"] == 30 * MIB
large = made(40)  # fits only once what was kept is returned
stats = cuda.memory_stats()
assert stats["cached"] == 0 and stats["retries"] == 1, stats
try:
    made(100)
except MemoryError as error:
    print(error)
large.fill_(2)
assert large[-1].item() == 2  # the device goes on
"""


@needs_emulator
def test_out_of_memory():
    done = python("-c", FULL, TINYDL_CUDA="emu", TD_EMU_MEMORY="70")
    assert done.returncode == 0, done.stderr
    assert "out of memory on cuda-emu: asked for 104,857,600 bytes, 50," in done.stdout
    assert "are in use by tensors and 0 are kept" in done.stdout


def test_a_kernel_gets_memory_for_partial_results(monkeypatch):
    """What is kept for reuse is returned, and the kernel called again."""
    gc.collect()
    x = tinydl.ones(3, device="cuda")
    library = x._array.backend
    exp, answers = library.fn["exp"], [backend.OUT_OF_MEMORY]
    monkeypatch.setitem(library.fn, "exp", lambda *a: answers.pop() if answers else exp(*a))
    tinydl.ones(1000, device="cuda")
    assert cuda.memory_stats()["cached"] > 0
    y = x.exp()
    assert not answers and cuda.memory_stats()["cached"] == 0
    assert y.tolist() == pytest.approx([2.718281828] * 3)
