"""Every kernel once, in a process for sanitizers: each case of tests/cases.py in each dtype, each
numbered version. python tests/gpu/kernels_once.py SECONDS: it ends by itself when they are over.

Every piece of memory is exactly as large as was asked for and returned at once, so that what is
touched outside of one is outside of all.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from cases import CASES  # noqa: E402
from place import PARTLY  # noqa: E402
from source import Source  # noqa: E402
from test_teach import CASES as TAUGHT  # noqa: E402

import tinydl  # noqa: E402
from tinydl import storage  # noqa: E402
from tinydl.inspect import versions  # noqa: E402

SEEDS = 2  # examples of a case in a dtype


class ExactMemory(storage.FreeList):
    """A free list that keeps nothing."""

    def take(self, nbytes: int, size: int):
        return self._allocate(nbytes, nbytes)

    def give(self, pointer, size: int) -> None:
        self.backend.fn["free"](pointer)


def calls() -> Iterator[tuple[str, Callable]]:
    """(what it is, a function that does it)."""

    def of_case(case, dtype: str, seed: int):
        arrays, params = case.inputs(Source.seeded(dtype, seed))
        case.run(*[None if x is None else tinydl.tensor(x) for x in arrays], **params)

    def of_version(version, shapes: list, window: dict, dtype: str):
        operands = [tinydl.ones(*shape, dtype=getattr(tinydl, dtype)) for shape in shapes]
        version(*operands, **window)

    for case in CASES:
        for dtype in case.dtypes:
            for seed in range(SEEDS):
                yield f"{case} {dtype}", lambda c=case, d=dtype, s=seed: of_case(c, d, s)
    for op, examples in TAUGHT.items():
        *shapes, last = examples[-1]
        shapes, window = (shapes, last) if isinstance(last, dict) else ([*shapes, last], {})
        for version in versions(op):
            for dtype in ("float32", "float64"):
                call = (version, shapes, window, dtype)
                yield f"{version} {dtype}", lambda call=call: of_version(*call)


def main() -> int:
    end = time.monotonic() + float(sys.argv[1])
    library = tinydl.device("cuda").backend
    library.memory = ExactMemory(library)
    tinydl.set_default_device("cuda")
    todo = list(calls())
    random.Random(0).shuffle(todo)  # so that some of every kind are done when time is short
    for i, (name, call) in enumerate(todo):
        if time.monotonic() > end:
            print(f"{i} of {len(todo)} calls, then time was over")
            return PARTLY
        print(name, file=sys.stderr, flush=True)  # a report is about the last name above it
        call()
        library.check(library.fn["sync"](), name)
    print(f"all {len(todo)} calls")
    return 0


if __name__ == "__main__":
    sys.exit(main())
