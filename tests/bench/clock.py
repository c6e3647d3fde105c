"""How long a call takes, and how that is written down."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import numpy as np


def per_call(run: Callable, seconds: float) -> float:
    """Seconds of one call, over as many calls as fill about `seconds`."""
    run()
    calls = 1
    while True:
        gc.disable()
        start = time.perf_counter()
        for _ in range(calls):
            run()
        took = time.perf_counter() - start
        gc.enable()
        if took > seconds / 4:
            return took / calls
        calls = max(2 * calls, int(calls * seconds / 2 / max(took, 1e-7)))


def written(times: list[float]) -> str:
    """Median, and half the distance of the quartiles in percent of it."""
    low, median, high = np.quantile(times, [0.25, 0.5, 0.75])
    size, unit = (1e-3, "ms") if median >= 1e-3 else (1e-6, "µs")
    value = median / size
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit} ±{50 * (high - low) / median:2.0f} %"
