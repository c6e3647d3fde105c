"""Recorded steps as graphs of CUDA's driver: what only those do. All else is in test_recorded."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from devices import CUDA_ONLY, EVERY_DEVICE
from training import Training, batches

import tinydl
from tinydl.cuda.streams import library

pytestmark = [EVERY_DEVICE, CUDA_ONLY]


def test_replays_do_not_wait_for_the_device():
    training, data = Training(), batches(4)
    for batch in data:
        training.step(*batch)
    step = tinydl.compile(training.step, warmup=1)
    tinydl.cuda.set_sync_debug_mode("error")
    try:
        for batch in data * 2:
            training.step(*batch)
            step(*batch)
    finally:
        tinydl.cuda.set_sync_debug_mode("default")


def _waits(x):
    tinydl.cuda.synchronize()
    return x + 1


def _forks(x):
    with tinydl.cuda.stream(tinydl.cuda.Stream()):
        return x + 1


@pytest.mark.parametrize("step", [_waits, _forks])
def test_what_a_graph_cannot_hold_is_an_error(step):
    graphed = tinydl.cuda.graph(step, warmup=1)
    x = tinydl.ones(2)
    graphed(x)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="recorded"):
            graphed(x)
    assert (x + 1).tolist() == [2, 2], "the device goes on"


@pytest.mark.parametrize("step", [lambda x: x + 1, _waits])
def test_work_goes_on_where_it_went_before(step):
    """A recording has a stream of its own; afterwards the thread has the one it had."""
    stream, graphed = tinydl.cuda.Stream(), tinydl.cuda.graph(step, warmup=1)
    with tinydl.cuda.stream(stream):
        for _ in range(3):
            with suppress(RuntimeError):
                graphed(tinydl.ones(2))
            assert library().lib.td_stream_current() == stream._handle


def test_a_failed_recording_leaves_no_trace():
    training = Training()
    data = batches(3)

    def step(x, y):
        return training.step(x, y).item()

    graphed = tinydl.cuda.graph(step, warmup=2)
    for batch in data[:2]:
        graphed(*batch)
    training.optimizer.zero_grad()
    before = training.state()[-2:]
    with pytest.raises(RuntimeError, match="reads values"):
        graphed(*data[2])
    assert training.state()[-2:] == before
    assert all(p.grad is None for p in training.model.parameters())
    assert np.isfinite(training.step(*data[2]).item())
