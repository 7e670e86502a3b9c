"""Reading the whole log from its beginning, page by page: our feed with payloads, pyeventsourcing's notifications.

A page of ours is of decoded changes, every payload checked against its digest; one of theirs is of rows with bytes.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from benchmarks.postgres import peer
from benchmarks.postgres.filling import BATCH, fill, unit
from benchmarks.postgres.places import Place, place, preparation
from benchmarks.report import Report
from benchmarks.samples import Sample, samples
from benchmarks.timing import compare
from xzepr.testing.postgres import PostgresServer

PAGES: Final = (100, 500, 1_000)
"""Changes of a page; 500 are what pyeventsourcing's own subscriptions ask for."""

BUDGET: Final = 2.0
"""Design: the log is read at least twice as fast."""


def measure(report: Report, server: PostgresServer, *, seconds: float, events: int) -> None:
    """Measure pages of both logs.

    Args:
        report: Where the figures go.
        server: Where.
        seconds: For about how long each.
        events: How many events there are.
    """
    sample = samples()[0]
    with place(server, sample.schema) as here, peer.recorder(here.url) as recorder:
        fill(here, sample, events)
        _fill_theirs(recorder, here, sample, events)
        for limit in PAGES:
            places = itertools.cycle(range(0, events - limit + 1, limit))
            found = compare(
                partial(_next, places),
                partial(_ours, here, limit),
                partial(_theirs, recorder, limit),
                seconds=seconds,
                clock=time.perf_counter,
            )
            report.compared(f"reading the log, pages of {limit:,}", found, peer.NAME, at_least=BUDGET)


def _ours(here: Place, limit: int, places: Sequence[int]) -> None:
    for after in places:
        here.registry.feed.read(after, limit=limit, payloads=True)


def _theirs(recorder: peer.PostgresApplicationRecorder, limit: int, places: Sequence[int]) -> None:
    for after in places:
        recorder.select_notifications(after + 1, limit)


def _next(places: Iterator[int]) -> list[int]:
    return [next(places)]


def _fill_theirs(recorder: peer.PostgresApplicationRecorder, here: Place, sample: Sample, events: int) -> None:
    prepare = preparation()
    for begun in range(0, events, BATCH):
        batch = [prepare(unit(0), here.lone, sample.payload) for _ in range(begun, min(begun + BATCH, events))]
        recorder.insert_events([peer.stored(event) for event in batch])
