"""What all tests share: stable hypothesis examples, and a summary of the measured accuracies."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tinydl",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("tinydl")


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
