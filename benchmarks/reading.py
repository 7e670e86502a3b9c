"""What reading costs in a memory store of 20,000 events."""

from __future__ import annotations

from typing import Final

from benchmarks.report import Report
from benchmarks.samples import samples
from benchmarks.timing import microseconds
from xzepr import EventDraft, EventFilter, Registry, Unit

EVENTS: Final = 20_000
UNITS: Final = 500
PAGE: Final = 100


def measure(report: Report, *, seconds: float) -> None:
    """Measure one read of each kind.

    Args:
        report: Where the figures go.
        seconds: For about how long each.
    """
    sample = samples()[0]
    with Registry.open("memory:") as registry:
        receivers = [
            registry.receivers.ensure(name=f"r{number}", type="bench", version="1", schema=sample.schema)
            for number in range(3)
        ]
        gate = registry.groups.ensure(name="gate", type="bench", version="1", receivers=receivers)
        units = [
            Unit(name=f"u{number}", version="1", release="1", platform_id="linux-amd64", package="oci")
            for number in range(UNITS)
        ]
        registry.events.record_many(
            EventDraft(unit=units[number % UNITS], receiver=receivers[number % 3], success=True, payload=sample.payload)
            for number in range(EVENTS)
        )
        event_id = next(iter(registry.events.list(limit=1))).id
        middle = registry.feed.head() // 2
        reads = {
            "events.get": lambda: registry.events.get(event_id),
            "groups.verdict, 3 gates": lambda: registry.groups.verdict(gate, units[7]),
            "groups.verdict as of half way": lambda: registry.groups.verdict(gate, units[7], as_of=middle),
            "groups.transitions": lambda: registry.groups.transitions(gate, units[7]),
            "receivers.statistics": lambda: registry.receivers.statistics(receivers[0]),
            "events.list, page of 100": lambda: registry.events.list(limit=PAGE),
            "events.list, page of 100, no payloads": lambda: registry.events.list(limit=PAGE, payloads=False),
            "events.list of one unit": lambda: registry.events.list(EventFilter.of(units[7]), limit=PAGE),
            "feed.read, page of 100": lambda: registry.feed.read(middle, limit=PAGE),
            "feed.read, page of 100, payloads": lambda: registry.feed.read(middle, limit=PAGE, payloads=True),
        }
        for name, read in reads.items():
            report.timed(name, microseconds(read, seconds=seconds))
