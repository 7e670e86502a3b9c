"""Starts the server, and measures one thing after the other."""

from __future__ import annotations

from benchmarks.postgres import bulk, growth, log, profiling, reading, recording
from benchmarks.postgres.places import start_server
from benchmarks.postgres.sizes import Size
from benchmarks.report import Report


def measure(report: Report, *, seconds: float, size: Size) -> None:
    """Measure everything.

    Args:
        report: Where the figures go.
        seconds: For about how long each ratio.
        size: How much there is.
    """
    with start_server() as server:
        report.section(f"PostgreSQL {server.major}, one caller: record", recording.__doc__ or "")
        recording.measure(report, server, seconds=seconds)
        report.section("PostgreSQL, one caller: many at once", bulk.__doc__ or "")
        bulk.measure(report, server, seconds=seconds, copied=size.copied, batches=size.batches)
        report.section("PostgreSQL, one caller: reading", reading.__doc__ or "")
        reading.measure(report, server, seconds=seconds / 2, events=size.stored)
        report.section("PostgreSQL, one caller: reading the log", log.__doc__ or "")
        log.measure(report, server, seconds=seconds, events=size.stored)
    with start_server(growth.SETTINGS) as server:
        report.section("PostgreSQL, one caller: growth", growth.__doc__ or "")
        growth.measure(report, server, seconds=seconds, sizes=size.grown)


def profile(*, seconds: float) -> None:
    """Print where the time of calls goes, in Python and in the database.

    Args:
        seconds: For about how long each part is measured.
    """
    with start_server() as server:
        profiling.profile(server, seconds=seconds)
