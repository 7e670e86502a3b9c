"""The memory store's write path against the unavoidable work, done by hand in the same process.

By hand: write the payload's canonical text and check it with the same compiled schema, make an id, hash payload and
fields in canonical form, build the `Event`, and put it into one dict; all with the library's own parts. No idempotency,
no order, no lists, no statistics, no gates, no feed, no undo, no telemetry, and nobody else may hold the payload. Units
and receivers are made beforehand, for both sides. With the group each event is the first of its receiver for a unit, so
it moves a gate, and every third one completes the group. What counts is the thread's processor time, so that a busy
machine does not.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Final

import attrs

from benchmarks.report import Report
from benchmarks.samples import Sample, samples
from benchmarks.timing import compare
from xzepr import Event, EventDraft, EventReceiver, Identity, Registry, Unit
from xzepr.documents import JsonValue, SchemaCompiler, canonical
from xzepr.model import SALT_BYTES, UlidGenerator, payload_digest
from xzepr.model.digests import EVENT_DOMAIN, canonical_fields
from xzepr.model.times import format_time, utc_now

RECEIVERS: Final = 3
MANY: Final = 600
BUDGET: Final = 0.5
"""Design: `record` has at least half the throughput of the unavoidable work."""

_OWNER: Final = Identity(issuer="local", subject="system")


@attrs.frozen
class Fact:
    """One event to record."""

    unit: Unit
    receiver: EventReceiver


def measure(report: Report, *, seconds: float) -> None:
    """Measure `record` and `record_many` for each sample, without and with a group.

    Args:
        report: Where the figures go.
        seconds: For about how long each.
    """
    for sample in samples():
        for grouped in (False, True):
            with Registry.open("memory:") as registry:
                receivers = _receivers(registry, sample, grouped=grouped)
                facts = _facts(receivers)
                found = compare(
                    partial(_next, facts, sample.block), _recorder(registry, sample), _by_hand(sample), seconds=seconds
                )
            name = f"record, {sample.name} ({sample.size:,} bytes), {'group of 3' if grouped else 'no group'}"
            report.compared(name, found, "by hand", at_least=BUDGET)
    _measure_many(report, samples()[0], seconds=seconds)


def _measure_many(report: Report, sample: Sample, *, seconds: float) -> None:
    """Measure `record_many` against `record`, in one registry."""
    with Registry.open("memory:") as registry:
        facts = _facts(_receivers(registry, sample, grouped=True))
        found = compare(
            partial(_next, facts, MANY),
            lambda work: registry.events.record_many(
                EventDraft(unit=fact.unit, receiver=fact.receiver, success=True, payload=sample.payload)
                for fact in work
            ),
            _recorder(registry, sample),
            seconds=seconds,
        )
    report.compared(f"record_many, {sample.name}, group of 3", found, "record")


def _receivers(registry: Registry, sample: Sample, *, grouped: bool) -> list[EventReceiver]:
    receivers = [
        registry.receivers.ensure(name=f"r{number}", type="bench", version="1", schema=sample.schema)
        for number in range(RECEIVERS)
    ]
    if grouped:
        registry.groups.ensure(name="gate", type="bench", version="1", receivers=receivers)
    return receivers


def _facts(receivers: Sequence[EventReceiver]) -> Iterator[Fact]:
    for number in itertools.count():
        unit = Unit(name="web", version="1", release=str(number), platform_id="linux-amd64", package="oci")
        for receiver in receivers:
            yield Fact(unit, receiver)


def _next(facts: Iterator[Fact], count: int) -> list[Fact]:
    return list(itertools.islice(facts, count))


def _recorder(registry: Registry, sample: Sample) -> Callable[[Sequence[Fact]], None]:
    def record(work: Sequence[Fact]) -> None:
        for fact in work:
            registry.events.record(fact.unit, fact.receiver, success=True, payload=sample.payload)

    return record


def _by_hand(sample: Sample) -> Callable[[Sequence[Fact]], None]:
    compiler = SchemaCompiler()
    new_id = UlidGenerator()
    table: dict[str, Event] = {}

    def record(work: Sequence[Fact]) -> None:
        for fact in work:
            text = canonical(sample.payload, field="payload")
            compiler.compile(fact.receiver.schema_text).check(sample.payload)
            event = _event(fact, new_id, text)
            table[event.id] = event

    return record


def _event(fact: Fact, new_id: UlidGenerator, text: str) -> Event:
    event_id, now, salt = new_id(), utc_now(), os.urandom(SALT_BYTES)
    hashed = payload_digest(salt, text)
    return Event(
        id=event_id,
        unit=fact.unit,
        receiver_id=fact.receiver.id,
        receiver_fingerprint=fact.receiver.fingerprint,
        success=True,
        payload_text=text,
        salt=salt,
        payload_digest=hashed,
        description="",
        owner=_OWNER,
        occurred_at=now,
        digest=_hashed({
            "id": event_id,
            "unit": dict[str, JsonValue](fact.unit.fields()),
            "receiver_id": fact.receiver.id,
            "receiver_fingerprint": fact.receiver.fingerprint,
            "success": True,
            "payload_digest": hashed,
            "description": "",
            "owner": {"issuer": _OWNER.issuer, "subject": _OWNER.subject},
            "occurred_at": format_time(now),
        }),
        n=1,
        recorded_at=now,
    )  # fmt: skip


def _hashed(fields: Mapping[str, JsonValue]) -> str:
    return sha256(EVENT_DOMAIN.encode() + canonical_fields(fields).encode()).hexdigest()
