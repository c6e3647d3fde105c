"""What all tests share: stable hypothesis examples, and a summary of the measured accuracies."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

import tinydl

settings.register_profile(
    "tinydl",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tinydl")


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
