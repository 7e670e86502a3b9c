"""How the time of a call grows with what is stored: two registries in one server, in turns.

One holds 10,000 events, the other as many as are asked for, about a tenth as many units, in the same proportions. A
round is one call to each, at a place that chance chooses; the figures are medians. The server may keep 2 GB in memory:
with PostgreSQL's default of 128 MB, which a million events exceed tenfold, the figures tell of its cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks.postgres.filling import fill, unit
from benchmarks.postgres.places import place
from benchmarks.postgres.reads import Reads
from benchmarks.report import Report
from benchmarks.samples import Sample, samples
from benchmarks.timing import compare
from xzepr.testing.postgres import PostgresServer

Call = Callable[[], object]

SETTINGS: Final = {"shared_buffers": "2GB"}
BUDGET: Final = 1.3
"""Design: the median time of each call grows at most so much."""


def measure(report: Report, server: PostgresServer, *, seconds: float, sizes: Sequence[int]) -> None:
    """Measure each kind of call in larger and larger registries, each against the first.

    Args:
        report: Where the figures go.
        server: Where.
        seconds: For about how long each.
        sizes: How many events they hold.
    """
    sample = samples()[0]
    with ExitStack() as stack:
        small, *larger = [_filled(report, stack, server, sample, size) for size in sizes]
        for large in larger:
            for kind, choose in _calls(large, sample).items():
                make = partial(_turn, choose, _calls(small, sample)[kind])
                found = compare(make, _ours, _theirs, seconds=seconds, clock=time.perf_counter)
                name = f"{kind}, {large.filled.events:,} events"
                report.slower(name, found, f"{small.filled.events:,}", at_most=BUDGET)


def _filled(report: Report, stack: ExitStack, server: PostgresServer, sample: Sample, events: int) -> Reads:
    here = stack.enter_context(place(server, sample.schema))
    start = time.perf_counter()
    reads = Reads(here, fill(here, sample, events))
    report.noted(f"filling with {events:,} events", time.perf_counter() - start, "s")
    return reads


def _calls(reads: Reads, sample: Sample) -> dict[str, Callable[[], Call]]:
    """Return what chooses a call of each kind; choosing is not measured."""
    return {
        "record": lambda: _record(reads, sample),
        "events.get": lambda: partial(reads.get, reads.ids()[0]),
        "events.list, page 1": lambda: reads.newest,
        "events.list, deep inside": lambda: partial(reads.behind, reads.events()[0]),
        "groups.verdict": lambda: partial(reads.verdict, reads.units()[0]),
        "feed.read, page of 100": lambda: partial(reads.changes, reads.positions(room=100)[0]),
    }


def _record(reads: Reads, sample: Sample) -> Call:
    """Choose a unit, new or old, and a receiver, in the group or not."""
    receiver = reads.chance.choice((reads.here.lone, *reads.here.gated))
    about = unit(reads.chance.randrange(reads.filled.units * 11 // 10))
    return partial(reads.here.registry.events.record, about, receiver, success=True, payload=sample.payload)


def _turn(large: Callable[[], Call], small: Callable[[], Call]) -> list[tuple[Call, Call]]:
    return [(large(), small())]


def _ours(turn: Sequence[tuple[Call, Call]]) -> None:
    for large, _ in turn:
        large()


def _theirs(turn: Sequence[tuple[Call, Call]]) -> None:
    for _, small in turn:
        small()
