"""Workers: threads that read batches ahead of the loop that uses them, in order.

Reading a file, unpacking an image and every tinydl kernel let other threads run meanwhile, so
threads are enough, and they see the data set itself instead of a copy. What a worker raises is
raised to the caller, with the worker's own traceback.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple


class WorkerInfo(NamedTuple):
    """What a data set may ask about the worker that calls it."""

    id: int
    num_workers: int
    dataset: Any


class _Thread(threading.local):
    info: WorkerInfo | None = None


_thread = _Thread()


class _TimedOut(RuntimeError):
    """A batch did not come in time, so its worker may never end."""


def get_worker_info() -> WorkerInfo | None:
    """The worker this thread is, or None in the main program."""
    return _thread.info


def read_ahead(
    read: Callable,
    jobs: Iterable,
    info: WorkerInfo,
    init: Callable[[int], None] | None,
    ahead: int,
    timeout: float,
) -> Iterator:
    """read(job) for every job, in the order of the jobs, with up to `ahead` of them under way.

    init(i) is called once in worker i. Leaving the loop early ends the workers.
    """
    ids = itertools.count()

    def work(job):
        if _thread.info is None:
            _thread.info = info._replace(id=next(ids))
            if init is not None:
                init(_thread.info.id)
        return read(job)

    pool = ThreadPoolExecutor(info.num_workers, "tinydl-data")
    waiting: deque[Future] = deque()
    responding = True
    try:
        for job in jobs:
            waiting.append(pool.submit(work, job))
            if len(waiting) == ahead:
                yield _result(waiting.popleft(), timeout)
        while waiting:
            yield _result(waiting.popleft(), timeout)
    except _TimedOut:
        responding = False
        raise
    finally:
        pool.shutdown(wait=responding, cancel_futures=True)


def _result(future: Future, timeout: float):
    if not wait([future], timeout or None).done:
        raise _TimedOut(f"DataLoader: no batch came within timeout={timeout} seconds")
    return future.result()
