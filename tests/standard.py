"""What tests of the array API share: a namespace with nothing else in it, and ours beside it."""

from __future__ import annotations

import numpy as np
import pytest

import tinydl

strict = pytest.importorskip("array_api_strict")
strict.set_array_api_strict_flags(api_version="2023.12")

REALS, SIGNED = ("float32", "float64"), ("int8", "int16", "int32", "int64")
NUMBERS = (*REALS, *SIGNED, "uint8")
BITS = (*SIGNED, "uint8")
EVERY = (*NUMBERS, "bool")


def found(module, name: str):
    for part in name.split("."):
        module = getattr(module, part)
    return module


def brought(module, value):
    """NumPy's arrays and names of dtypes as the module's."""
    if isinstance(value, np.ndarray):
        return module.asarray(value)
    if isinstance(value, list):
        return [brought(module, item) for item in value]
    return getattr(module, value) if isinstance(value, str) and value in EVERY else value


def back(value):
    """Arrays of either module as NumPy's."""
    if isinstance(value, (tuple, list)):
        return [back(item) for item in value]
    return value.cpu().numpy() if isinstance(value, tinydl.Tensor) else np.asarray(value)


def compare(actual, expected) -> None:
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            compare(a, e)
        return
    assert actual.dtype == expected.dtype and actual.shape == expected.shape
    tolerance = 2e-5 if expected.dtype == np.float32 else 1e-10
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
