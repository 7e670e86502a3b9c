"""Events in memory: append, read, redact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import attrs

from xzepr.errors import Damaged, NotFound
from xzepr.model import (
    UNIT_FIELDS,
    Anchor,
    ChangeKind,
    Count,
    Event,
    EventFilter,
    GateState,
    NewEvent,
    Principal,
    Recorded,
    Redaction,
    Transition,
    Ulid,
    Unit,
    differences,
    gate_state,
    payload_bytes,
    payload_intact,
)
from xzepr.stores import Conflicting, Outcome, ReceiverChanged, ReceiverMissing, Slice
from xzepr_memory.judging import judge, row_of
from xzepr_memory.lists import select, window
from xzepr_memory.rows import AnchorKey, EventRow, GateRow, StatisticsRow, UnitRow
from xzepr_memory.tables import Tables, Write


class MemoryEvents:
    """Implements :class:`xzepr.stores.EventRepository`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Record events one by one in their order, in one atomic step."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            return [_append_one(tables, write, new) for new in events]

    def get(self, event_id: Ulid) -> Event:
        """Return an event."""
        with self._tables.reading:
            return readable(self._row(event_id).event)

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page of events."""
        tables = self._tables
        with tables.reading:
            return select(
                self._keys(where, after, newest_first=newest_first),
                lambda key: tables.events[key[1]].event,
                where.matches,
                limit=limit,
                show=readable if payloads else Event.without_payload,
                weigh=payload_bytes if payloads else lambda _: 0,
            )

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count events, up to a bound."""
        tables = self._tables
        with tables.reading:
            keys = self._keys(where, None, newest_first=True)
            found = select(keys, lambda key: tables.events[key[1]].event, where.matches, limit=limit)
            return Count(len(found.items), exact=found.next is None)

    def redact(self, event_id: Ulid, reason: str, principal: Principal) -> Event:
        """Erase payload and salt of an event."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            row = self._row(event_id)
            if not row.event.redacted:
                erased = attrs.evolve(row.event, payload_text=None, salt=None)
                write.change(row, "event", erased)
                subject = Redaction(event_id=event_id, reason=reason)
                write.announce(ChangeKind.EVENT_REDACTED, subject)
            return row.event

    def _row(self, event_id: Ulid) -> EventRow:
        row = self._tables.events.get(event_id)
        if row is None:
            raise NotFound("event", event_id)
        return row

    def _keys(self, where: EventFilter, after: Anchor | None, *, newest_first: bool) -> Iterator[AnchorKey]:
        return window(
            self._index(where),
            after=after,
            newest_first=newest_first,
            start=where.recorded_from,
            end=where.recorded_until,
        )

    def _index(self, where: EventFilter) -> Sequence[AnchorKey]:
        """Choose the shortest sorted list of keys that holds every match."""
        tables = self._tables
        if where.ids is not None:
            rows = (tables.events.get(event_id) for event_id in set(where.ids))
            return sorted((row.event.recorded_at, row.event.id) for row in rows if row is not None)
        fields = {field: getattr(where, field) for field in UNIT_FIELDS}
        if None not in fields.values():
            unit = row_of(tables, Unit(**fields))
            return () if unit is None else unit.events
        if where.receiver_id is not None:
            return tables.receiver_events.get(where.receiver_id, ())
        return tables.event_order


def readable(event: Event) -> Event:
    """Return an event whose payload is the recorded one.

    Raises:
        Damaged: Somebody changed it behind the store's back.
    """
    if not payload_intact(event):
        raise Damaged("event", event.id, "its payload is not the one that was recorded")
    return event


def _append_one(tables: Tables, write: Write, new: NewEvent) -> Outcome:
    row = _known(tables, new)
    if row is not None:
        differs = differences(row.event, row.idempotency_key, new)
        if differs:
            return Conflicting(event_id=row.event.id, differs=differs)
        return Recorded(event=row.event, replayed=True, transitions=row.transitions)
    receiver = tables.receivers.get(new.receiver_id)
    if receiver is None:
        return ReceiverMissing(receiver_id=new.receiver_id)
    if receiver.fingerprint != new.receiver_fingerprint:
        return ReceiverChanged(receiver=receiver)
    return _record(tables, write, new)


def _known(tables: Tables, new: NewEvent) -> EventRow | None:
    row = tables.events.get(new.id)
    if row is None and new.idempotency_key is not None:
        event_id = tables.keys.get((new.owner, new.idempotency_key))
        row = None if event_id is None else tables.events[event_id]
    return row


def _record(tables: Tables, write: Write, new: NewEvent) -> Recorded:
    unit = _unit(tables, write, new.unit)
    write.change(unit, "n", unit.n + 1)
    event = _event(new, unit.n, write.now)
    row = EventRow(event, new.idempotency_key)
    write.put(tables.events, event.id, row)
    if new.idempotency_key is not None:
        write.put(tables.keys, (new.owner, new.idempotency_key), event.id)
    _index(tables, write, event, unit)
    position = write.announce(ChangeKind.EVENT_RECORDED, event.id)
    row.transitions = _move(tables, write, event, unit, position)
    return Recorded(event=event, replayed=False, transitions=row.transitions)


def _unit(tables: Tables, write: Write, unit: Unit) -> UnitRow:
    row = row_of(tables, unit)
    if row is None:
        row = UnitRow(unit)
        write.put(tables.units, unit.key, [*tables.units.get(unit.key, ()), row])
        write.push(tables.unit_order, row)
    return row


def _event(new: NewEvent, n: int, now: datetime) -> Event:
    return Event(
        id=new.id,
        unit=new.unit,
        receiver_id=new.receiver_id,
        receiver_fingerprint=new.receiver_fingerprint,
        success=new.success,
        payload_text=new.payload_text,
        salt=new.salt,
        payload_digest=new.payload_digest,
        description=new.description,
        owner=new.owner,
        occurred_at=new.occurred_at,
        digest=new.digest,
        n=n,
        recorded_at=now,
    )


def _index(tables: Tables, write: Write, event: Event, unit: UnitRow) -> None:
    key = (event.recorded_at, event.id)
    of_receiver = tables.receiver_events.get(event.receiver_id)
    if of_receiver is None:
        of_receiver = []
        write.put(tables.receiver_events, event.receiver_id, of_receiver)
    for keys in (tables.event_order, of_receiver, unit.events):
        write.insert(keys, key)
    figures = tables.statistics.get(event.receiver_id, StatisticsRow())
    write.put(
        tables.statistics,
        event.receiver_id,
        StatisticsRow(
            succeeded=figures.succeeded + event.success,
            failed=figures.failed + (not event.success),
            latest=key,
            latest_successful=key if event.success else figures.latest_successful,
        ),
    )


def _move(tables: Tables, write: Write, event: Event, unit: UnitRow, position: int) -> tuple[Transition, ...]:
    """Let an event move its gate; judge the receiver's groups if it did."""
    history = unit.gates.get(event.receiver_id)
    if history is None:
        history = []
        write.put(unit.gates, event.receiver_id, history)
    before = history[-1].state if history else GateState.MISSING
    state = gate_state(event.success)
    write.push(history, GateRow(position, state, event.id, event.recorded_at))
    if state is before:
        return ()
    due: list[Transition] = []
    for group_id in tables.enabled_groups.get(event.receiver_id, ()):
        group = tables.groups[group_id].now
        due += judge(write, group, unit, cause=event.id)
    return tuple(due)
