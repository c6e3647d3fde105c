"""cuda.Stream and Event: order within and between streams, memory of its own, waits that show."""

from __future__ import annotations

import threading

import pytest
from devices import NEEDS_CUDA

import tinydl
from tinydl import cuda
from tinydl.storage import round_up

pytestmark = NEEDS_CUDA


def test_work_goes_to_the_current_stream():
    first = cuda.current_stream()
    assert first == cuda.default_stream()
    stream = cuda.Stream()
    assert stream != first and len({stream, first, cuda.default_stream()}) == 2
    x = tinydl.ones(4, device="cuda")
    stream.wait_stream(first)
    with cuda.stream(stream):
        assert cuda.current_stream() == stream
        with cuda.stream(None):
            assert cuda.current_stream() == stream
        with cuda.stream(cuda.default_stream()):
            assert cuda.current_stream() == first
        y = x * 3
    assert cuda.current_stream() == first
    first.wait_stream(stream)
    assert (y + 1).tolist() == [4] * 4
    assert repr(stream) == f"<cuda.Stream {stream.cuda_stream:#x}>"


def test_the_stream_is_as_before_after_an_error():
    with pytest.raises(ZeroDivisionError), cuda.stream(cuda.Stream()):
        _ = 1 / 0
    assert cuda.current_stream() == cuda.default_stream()


def test_each_thread_has_a_current_stream():
    stream, seen = cuda.Stream(), []
    with cuda.stream(stream):
        thread = threading.Thread(target=lambda: seen.append(cuda.current_stream()))
        thread.start()
        thread.join()
    assert seen == [cuda.default_stream()]


def test_memory_is_used_again_in_its_own_stream_only():
    stream = cuda.Stream()
    with cuda.stream(stream):
        x = tinydl.ones(1000, device="cuda")
        address = x.data_ptr()
        del x
        assert tinydl.ones(1000, device="cuda").data_ptr() == address
    y = tinydl.ones(1000, device="cuda")
    assert y.data_ptr() != address
    with cuda.stream(stream):
        kept = tinydl.ones(1000, device="cuda")
    live = cuda.memory_allocated()
    del stream  # its memory goes to the others, also what is still in use
    assert kept.tolist() == [1] * 1000
    del kept
    assert cuda.memory_allocated() == live - round_up(4000)
    again = [tinydl.ones(1000, device="cuda") for _ in range(2)]
    assert address in [z.data_ptr() for z in again]


def test_events():
    start, stop = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    stream = cuda.Stream()
    start.record()
    with cuda.stream(stream):
        stream.wait_event(start)
        x = tinydl.rand(1000, device="cuda").exp()
        stop.record()
    cuda.current_stream().wait_event(stop)
    total = x.sum()
    stop.synchronize()
    assert start.query() and stop.query()
    assert start.elapsed_time(stop) >= 0
    assert 1000 < total.item() < 2719
    assert stream.record_event().wait() is None
    stream.synchronize()
    assert stream.query()


def test_events_that_cannot_tell_the_time():
    timed, plain = cuda.Event(enable_timing=True), cuda.Event()
    plain.record()
    with pytest.raises(RuntimeError, match="enable_timing=True"):
        timed.elapsed_time(plain)
    with pytest.raises(RuntimeError, match="elapsed_time"):
        timed.elapsed_time(cuda.Event(enable_timing=True))  # never recorded
    with pytest.raises(NotImplementedError, match="between processes"):
        cuda.Event(interprocess=True)


# --- waits that show ------------------------------------------------------------------------------


@pytest.fixture
def default_mode_afterwards():
    yield
    cuda.set_sync_debug_mode("default")


@pytest.mark.usefixtures("default_mode_afterwards")
def test_waits_are_reported():
    x = tinydl.ones(2, device="cuda")
    assert cuda.get_sync_debug_mode() == 0
    cuda.set_sync_debug_mode("warn")
    assert cuda.get_sync_debug_mode() == 1
    with pytest.warns(RuntimeWarning, match=r"read waited .*streams.py:\d+: value = x.sum"):
        value = x.sum().item()
    assert value == 2
    cuda.set_sync_debug_mode(2)
    y = x + 1  # waits for nothing
    cuda.synchronize()  # is asked for
    with pytest.raises(RuntimeError, match=r"read waited .*test_streams.py:\d+: y.tolist\(\)"):
        y.tolist()
    cuda.set_sync_debug_mode(0)
    assert y.tolist() == [2, 2]
    with pytest.raises(ValueError, match="expected one of .*'warn'.*, got 'loud'"):
        cuda.set_sync_debug_mode("loud")


# --- the device -----------------------------------------------------------------------------------


def test_the_device_is_described():
    assert cuda.is_available() and cuda.device_count() >= 1 and cuda.current_device() == 0
    found = cuda.get_device_properties()
    assert found.name == cuda.get_device_name("cuda") and found.name
    assert (found.major, found.minor) == cuda.get_device_capability("cuda:0") >= (7, 5)
    assert found.warp_size == 32 and found.multi_processor_count > 0
    assert found.shared_memory_per_block >= 48 << 10 and found.L2_cache_size > 0
    assert float(found.driver) >= float(found.runtime) >= 12
    unused, total = cuda.mem_get_info()
    assert 0 < unused <= total == found.total_memory or total > 1 << 30
    cuda.set_device(0)
    with pytest.raises(ValueError, match="CUDA_VISIBLE_DEVICES"):
        cuda.set_device(1)


def test_seeds_are_those_of_every_device():
    cuda.manual_seed_all(5)
    on_gpu = tinydl.rand(3, device="cuda")
    tinydl.manual_seed(5)
    assert on_gpu.tolist() == tinydl.rand(3).tolist()
