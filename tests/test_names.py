"""docs/names.md is what the code makes of itself, and the samples it is made with are calls."""

from __future__ import annotations

from names.page import PAGE, attempt, page, public
from names.samples import SAMPLES

import tinydl
from tinydl import Tensor


def find(name: str):
    space = {"F": tinydl.nn.functional, "linalg": tinydl.linalg}.get(name.partition(".")[0])
    if space:
        return getattr(space, name.partition(".")[2], None)
    return getattr(tinydl, name, None) if name in public(tinydl) else getattr(Tensor, name, None)


def test_every_sample_is_taken_in_some_dtype():
    for name, samples in SAMPLES.items():
        function = find(name)
        for args, options in samples if function else ():
            taken = [d for d in tinydl.dtypes.ALL if attempt(function, args, options, d)]
            assert taken, f"{name}{args} {options}"


def test_the_page_is_made_of_the_code():
    assert PAGE.read_text() == page(), "run `make names` and commit docs/names.md"
