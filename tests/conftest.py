"""What tests share: hypothesis examples that repeat, devices, the table of measured accuracies."""

from __future__ import annotations

import pytest
from devices import DEVICES
from hypothesis import HealthCheck, settings

import tinydl

settings.register_profile(
    "tinydl",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,  # one device for all examples is what is meant
    ],
)
settings.load_profile("tinydl")


@pytest.fixture(params=DEVICES)
def device(request) -> str:
    """Where this test's new tensors go; what kernels found wrong is told before the test ends."""
    tinydl.set_default_device(request.param)
    yield request.param
    tinydl.set_default_device("cpu")
    library = tinydl.device(request.param).backend
    library.check(library.fn["sync"](), "sync")


@pytest.fixture(autouse=True)
def threads_as_before():
    """A test that sets the number of threads sets it for itself alone."""
    before = tinydl.get_num_threads()
    yield
    if tinydl.get_num_threads() != before:
        tinydl.set_num_threads(before)


def pytest_terminal_summary(terminalreporter):
    """Prints what tests recorded with record_property("ulp", …): the worst error of a function."""
    rows = [
        text
        for report in terminalreporter.stats.get("passed", [])
        for name, text in getattr(report, "user_properties", ())
        if name == "ulp"
    ]
    if rows and terminalreporter.config.option.verbose > 0:
        terminalreporter.section("worst errors, in units of the last place")
        for row in sorted(rows):
            terminalreporter.write_line(row)
