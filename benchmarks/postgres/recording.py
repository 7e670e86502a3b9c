"""Recording by one caller, in a wall clock's time, in short rounds that take turns.

`record` is the whole of it: the registry opened by its URL, the schema's check, digests, the pool, one order per unit,
gates, feed and history. By hand is a bare INSERT of the same row, made beforehand, into a table with the same columns
and indexes. "Its statement alone" is what the store sends, made beforehand and sent by psycopg: the difference to
`record` is Python, the difference to the INSERT is the database. With the group each event is the first of its receiver
for a unit, so that it moves a gate, and every third one completes the group.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import attrs

from benchmarks.postgres import byhand, peer
from benchmarks.postgres.places import Place, place, preparation
from benchmarks.postgres.sending import Call, append_call
from benchmarks.report import Report
from benchmarks.samples import Sample, samples
from benchmarks.timing import compare
from xzepr import EventReceiver, Unit
from xzepr.testing.postgres import PostgresServer

BLOCK: Final = 10
"""Events of a round: some five milliseconds."""

BUDGET: Final = 2.2
"""Design: `record` takes at most so many times as long as the bare INSERT."""

PEER_BUDGET: Final = 1.0
"""Design: `record` has at least the throughput of pyeventsourcing's recorder."""


@attrs.frozen
class Fact:
    """One event to record, and what others do with it, made beforehand."""

    unit: Unit
    receiver: EventReceiver
    call: Call
    row: byhand.Row
    stored: peer.StoredEvent


def measure(report: Report, server: PostgresServer, *, seconds: float) -> None:
    """Measure `record` for two samples, without and with a group.

    Args:
        report: Where the figures go.
        server: Where.
        seconds: For about how long each.
    """
    for sample in samples()[:2]:
        with place(server, sample.schema) as here, here.connect() as connection, peer.recorder(here.url) as recorder:
            byhand.make_table(connection)
            for name, receivers in (("no group", (here.lone,)), ("group of 3", here.gated)):
                sides = Sides(here, sample, connection, recorder)
                facts = _facts(receivers, sample)
                told = f"{sample.name} ({sample.size:,} bytes), {name}"
                _measure(report, sides, partial(_next, facts), told, seconds)


@attrs.frozen
class Sides:
    """The ways to record a fact."""

    here: Place
    sample: Sample
    connection: byhand.Connection
    recorder: peer.PostgresApplicationRecorder

    def record(self, facts: Sequence[Fact]) -> None:
        """Record them with the registry."""
        for fact in facts:
            self.here.registry.events.record(fact.unit, fact.receiver, success=True, payload=self.sample.payload)

    def call(self, facts: Sequence[Fact]) -> None:
        """Send what the store sends."""
        for fact in facts:
            fact.call.run(self.connection)

    def insert(self, facts: Sequence[Fact]) -> None:
        """Insert their rows by hand."""
        for fact in facts:
            byhand.insert(self.connection, fact.row)

    def theirs(self, facts: Sequence[Fact]) -> None:
        """Record them with pyeventsourcing."""
        for fact in facts:
            self.recorder.insert_events([fact.stored])


def _measure(report: Report, sides: Sides, make: Callable[[], list[Fact]], name: str, seconds: float) -> None:
    by = partial(compare, make, seconds=seconds, clock=time.perf_counter)
    report.slower(f"record, {name}", by(sides.record, sides.insert), "INSERT", at_most=BUDGET)
    report.slower("  its statement alone", by(sides.call, sides.insert), "INSERT")
    report.compared(f"record, {name}", by(sides.record, sides.theirs), peer.NAME, at_least=PEER_BUDGET)


def _facts(receivers: Sequence[EventReceiver], sample: Sample) -> Iterator[Fact]:
    prepare = preparation()
    for number in itertools.count():
        unit = Unit(name=receivers[0].name, version="1", release=str(number), platform_id="linux-amd64", package="oci")
        for receiver in receivers:
            event = prepare(unit, receiver, sample.payload)
            yield Fact(unit, receiver, append_call([event]), byhand.row_of(event), peer.stored(event))


def _next(facts: Iterator[Fact]) -> list[Fact]:
    return list(itertools.islice(facts, BLOCK))
