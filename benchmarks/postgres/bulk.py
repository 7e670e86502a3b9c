"""Recording many at once.

`record_many` checks, prepares and appends in chunks, as it always does. COPY gets the same preparation, and its rows go
in one transaction into a table with the same columns and indexes, and nothing else. Against pyeventsourcing's recorder
stands the store's `append`: both get a batch made beforehand. The events are of a group of 3.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import attrs

from benchmarks.postgres import byhand, peer
from benchmarks.postgres.places import Place, place, preparation
from benchmarks.report import Report
from benchmarks.samples import Sample, samples
from benchmarks.timing import compare
from xzepr import EventDraft, EventReceiver, Unit
from xzepr.model import SYSTEM, NewEvent
from xzepr.registry import Limits
from xzepr.testing.postgres import PostgresServer

T = TypeVar("T")

COPY_BUDGET: Final = 0.5
"""Design: `record_many` has at least half the rows/s of raw COPY."""
PEER_BUDGET: Final = 1.0
"""Design: batches are recorded at least as fast as by pyeventsourcing."""


def measure(report: Report, server: PostgresServer, *, seconds: float, copied: int, batches: Sequence[int]) -> None:
    """Measure `record_many` against COPY, and batches against pyeventsourcing's.

    Args:
        report: Where the figures go.
        server: Where.
        seconds: For about how long each.
        copied: How many are recorded, or copied, at once.
        batches: Sizes of batches.
    """
    for sample in samples()[:2]:
        told = f"{sample.name} ({sample.size:,} bytes)"
        with place(server, sample.schema) as here:
            _against_copy(report, here, sample, f"record_many, {copied:,}, {told}", seconds=seconds, size=copied)
        for size in batches:
            with place(server, sample.schema, limits=Limits(chunk_events=size)) as here:
                _against_peer(report, here, sample, f"{size:,}, {told}", seconds=seconds, size=size)


def _against_copy(report: Report, here: Place, sample: Sample, name: str, *, seconds: float, size: int) -> None:
    prepare = preparation()

    def copy(drafts: Sequence[EventDraft]) -> None:
        receivers: dict[str, EventReceiver] = {receiver.id: receiver for receiver in here.gated}
        rows = (byhand.row_of(prepare(draft.unit, receivers[_receiver_id(draft)], draft.payload)) for draft in drafts)
        byhand.copy(connection, rows)

    with here.connect() as connection:
        byhand.make_table(connection)
        make = partial(_next, _drafts(here, sample), size)
        found = compare(make, here.registry.events.record_many, copy, seconds=seconds, clock=time.perf_counter)
    report.compared(name, found, "COPY", at_least=COPY_BUDGET)


def _against_peer(report: Report, here: Place, sample: Sample, name: str, *, seconds: float, size: int) -> None:
    facts = _facts(here, sample)
    append = here.registry.store.events.append
    with peer.recorder(here.url) as recorder:
        by = partial(compare, seconds=seconds, clock=time.perf_counter)

        def theirs(facts: Sequence[Fact]) -> None:
            recorder.insert_events([fact.stored for fact in facts])

        def many(facts: Sequence[Fact]) -> None:
            here.registry.events.record_many(fact.draft for fact in facts)

        found = by(partial(_next, facts, size), lambda facts: append([fact.event for fact in facts], SYSTEM), theirs)
        report.compared(f"append, {name}", found, peer.NAME, at_least=PEER_BUDGET)
        report.compared(f"record_many, {name}", by(partial(_next, facts, size), many, theirs), peer.NAME)


@attrs.frozen
class Fact:
    """One event to record, and what others do with it, made beforehand."""

    draft: EventDraft
    event: NewEvent
    stored: peer.StoredEvent


def _facts(here: Place, sample: Sample) -> Iterator[Fact]:
    prepare = preparation()
    receivers: dict[str, EventReceiver] = {receiver.id: receiver for receiver in here.gated}
    for draft in _drafts(here, sample):
        event = prepare(draft.unit, receivers[_receiver_id(draft)], draft.payload)
        yield Fact(draft, event, peer.stored(event))


def _drafts(here: Place, sample: Sample) -> Iterator[EventDraft]:
    for number in itertools.count():
        unit = Unit(name="web", version="1", release=str(number), platform_id="linux-amd64", package="oci")
        for receiver in here.gated:
            yield EventDraft(unit=unit, receiver=receiver.id, success=True, payload=sample.payload)


def _receiver_id(draft: EventDraft) -> str:
    assert isinstance(draft.receiver, str)  # noqa: S101 - what _drafts says, for the type checker
    return draft.receiver


def _next(items: Iterator[T], count: int) -> list[T]:
    return list(itertools.islice(items, count))
