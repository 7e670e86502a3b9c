"""Reading by one caller, against hand-written SELECTs of the same rows over psycopg, prepared.

By hand nothing is made of the rows beyond what psycopg makes: no ids, no units, no check of a payload against its
digest, no bound on what a page looks at, no proof that a cursor belongs to this history.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import attrs

from benchmarks.postgres import byhand
from benchmarks.postgres.filling import fill
from benchmarks.postgres.places import place
from benchmarks.postgres.reads import PAGE, Reads
from benchmarks.report import Report
from benchmarks.samples import samples
from benchmarks.timing import compare
from xzepr.testing.postgres import PostgresServer

PAGES_OF_FEED: Final = (100, 1_000)


def measure(report: Report, server: PostgresServer, *, seconds: float, events: int) -> None:
    """Measure one read of each kind.

    Args:
        report: Where the figures go.
        server: Where.
        seconds: For about how long each.
        events: How many events there are.
    """
    sample = samples()[0]
    with place(server, sample.schema) as here, here.connect() as connection:
        reads = Reads(here, fill(here, sample, events))
        for read in _reads(reads, connection):
            found = compare(read.where, _each(read.ours), _each(read.by_hand), seconds=seconds, clock=time.perf_counter)
            report.slower(read.name, found, "SELECT")
        for name, ours in reads.others().items():
            alone = compare(reads.units, _each(ours), _each(ours), seconds=seconds / 4, clock=time.perf_counter)
            report.timed(name, alone.ours_us)


@attrs.frozen
class Read:
    """One read, in two ways.

    Args:
        name: What the tables call it.
        where: Chooses what to read.
        ours: Reads it.
        by_hand: Reads it, too.
    """

    name: str
    where: Callable[[], Sequence[Any]]
    ours: Callable[[Any], object]
    by_hand: Callable[[Any], object]


def _reads(reads: Reads, connection: byhand.Connection) -> list[Read]:
    gated = [receiver.id for receiver in reads.here.gated]
    return [
        Read("events.get", reads.ids, reads.get, partial(byhand.get, connection)),
        Read("events.list, page 1", reads.events, reads.newest, lambda _: byhand.newest(connection, PAGE)),
        Read(
            "events.list, a page deep inside",
            reads.events,
            reads.behind,
            lambda event: byhand.behind(connection, event.recorded_at, event.id, PAGE),
        ),
        Read(
            "groups.verdict, 3 gates",
            reads.units,
            reads.verdict,
            lambda unit: byhand.gates(connection, unit.key, gated),
        ),
        *(_feed_read(reads, connection, limit) for limit in PAGES_OF_FEED),
    ]


def _feed_read(reads: Reads, connection: byhand.Connection, limit: int) -> Read:
    return Read(
        f"feed.read, page of {limit:,}",
        partial(reads.positions, limit),
        partial(reads.changes, limit=limit),
        partial(byhand.changes, connection, limit=limit),
    )


def _each(do: Callable[[Any], object]) -> Callable[[Sequence[Any]], None]:
    def each(places: Sequence[Any]) -> None:
        for place_ in places:
            do(place_)

    return each
