"""Events in SQLite: append, read, redact."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

import attrs
from xzepr.errors import Damaged, NotFound
from xzepr.model import (
    UNIT_FIELDS,
    Anchor,
    ChangeKind,
    Count,
    Event,
    EventFilter,
    NewEvent,
    Principal,
    Recorded,
    Ulid,
    Unit,
    differences,
    gate_state,
    payload_bytes,
)
from xzepr.stores import Conflicting, Outcome, ReceiverChanged, ReceiverMissing, Slice

from xzepr_sqlite.database import Database, Write
from xzepr_sqlite.judging import judge_groups, state, unit_number
from xzepr_sqlite.lists import Walk, first, page
from xzepr_sqlite.rows import (
    EVENTS,
    TRANSITIONS,
    event_of,
    micros,
    sound_receiver_of,
    transition_of,
    whole_event,
    with_payload,
)


class SqliteEvents:
    """Implements :class:`xzepr.stores.EventRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Record events one by one in their order, in one transaction."""
        with self._database.writing(principal.identity, [new.id for new in events]) as write:
            return [_known(write.sql, new) or _record(write, new) for new in events]

    def get(self, event_id: Ulid) -> Event:
        """Return an event."""
        with self._database.reading() as sql:
            return whole_event(sql, _row(sql, event_id))

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page of events."""
        with self._database.reading() as sql:
            return page(
                _walk(sql, where, after=after, newest_first=newest_first),
                "recorded_at",
                event_of,
                where.matches,
                limit=limit,
                show=lambda row, event: with_payload(sql, row["position"], event) if payloads else event,
                weigh=payload_bytes,
            )

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count events, up to a bound."""
        with self._database.reading() as sql:
            rows = _walk(sql, where, after=None, newest_first=True)
            found = page(rows, "recorded_at", event_of, where.matches, limit=limit)
            return Count(len(found.items), exact=found.next is None)

    def redact(self, event_id: Ulid, reason: str, principal: Principal) -> Event:
        """Erase payload and salt of an event, in the file and in its log."""
        with self._database.writing(principal.identity) as write:
            row = _row(write.sql, event_id)
            event = event_of(row)
            if not event.redacted:
                write.announce(ChangeKind.EVENT_REDACTED, event_id)
                write.sql.execute(
                    "UPDATE events SET payload_text = NULL, salt = NULL, redaction = ? WHERE position = ?",
                    (reason, row["position"]),
                )
        self._database.erase()
        return attrs.evolve(event, salt=None)


def _row(sql: sqlite3.Connection, event_id: Ulid) -> sqlite3.Row:
    row = first(sql.execute(f"{EVENTS} WHERE e.id = ?", (event_id,)))
    if row is None:
        raise NotFound("event", event_id)
    return row


def _walk(sql: sqlite3.Connection, where: EventFilter, *, after: Anchor | None, newest_first: bool) -> sqlite3.Cursor:
    """Walk along the index that holds the fewest rows beside the matches; the filter sorts out the others."""
    walk = Walk(
        time="recorded_at",
        after=after,
        newest_first=newest_first,
        start=where.recorded_from,
        end=where.recorded_until,
    )
    if where.ids is not None:
        return walk.rows(sql, EVENTS, "id IN (SELECT value FROM json_each(?))", json.dumps(where.ids))
    fields = {field: getattr(where, field) for field in UNIT_FIELDS}
    if None not in fields.values():
        return walk.rows(sql, EVENTS, "unit = ?", unit_number(sql, Unit(**fields)))
    if where.receiver_id is not None:
        return walk.rows(sql, EVENTS, "receiver_id = ?", where.receiver_id)
    return walk.rows(sql, EVENTS, "true")


def _known(sql: sqlite3.Connection, new: NewEvent) -> Outcome | None:
    """Return the outcome of an event that is not recorded now: a replay, a conflict, or what is wrong."""
    try:
        row = _stored(sql, new)
        return _refused(sql, new) if row is None else _replayed(sql, row, new)
    except Damaged as error:
        return error


def _stored(sql: sqlite3.Connection, new: NewEvent) -> sqlite3.Row | None:
    row = first(sql.execute(f"{EVENTS} WHERE e.id = ?", (new.id,)))
    if row is None and new.idempotency_key is not None:
        key = (new.owner.issuer, new.owner.subject, new.idempotency_key)
        row = first(sql.execute(f"{EVENTS} WHERE (owner_issuer, owner_subject, idempotency_key) = (?, ?, ?)", key))
    return row


def _replayed(sql: sqlite3.Connection, row: sqlite3.Row, new: NewEvent) -> Outcome:
    event = whole_event(sql, row)
    differs = differences(event, row["idempotency_key"], new)
    if differs:
        return Conflicting(event_id=event.id, differs=differs)
    caused = sql.execute(f"{TRANSITIONS} WHERE t.event_id = ? ORDER BY t.position", (event.id,)).fetchall()
    return Recorded(event=event, replayed=True, transitions=tuple(map(transition_of, caused)))


def _refused(sql: sqlite3.Connection, new: NewEvent) -> Outcome | None:
    row = first(sql.execute("SELECT * FROM receivers WHERE id = ? AND until IS NULL", (new.receiver_id,)))
    if row is None:
        return ReceiverMissing(receiver_id=new.receiver_id)
    if row["fingerprint"] != new.receiver_fingerprint:
        return ReceiverChanged(receiver=sound_receiver_of(row))
    return None


def _record(write: Write, new: NewEvent) -> Recorded:
    number, n = _next_of_unit(write.sql, new.unit)
    moved = state(write.sql, new.receiver_id, number) is not gate_state(new.success)
    position = write.announce(ChangeKind.EVENT_RECORDED, new.id)
    _insert(write, new, position, number, n)
    _keep_figures(write.sql, new, position)
    transitions = judge_groups(write, new.receiver_id, number, new.unit, new.id) if moved else ()
    given = {field.name: getattr(new, field.name) for field in attrs.fields(Event) if hasattr(new, field.name)}
    return Recorded(event=Event(**given, n=n, recorded_at=write.now), replayed=False, transitions=transitions)


def _next_of_unit(sql: sqlite3.Connection, unit: Unit) -> tuple[int, int]:
    [row] = sql.execute(
        "INSERT INTO units (name, version, release, platform_id, package, n) VALUES (?, ?, ?, ?, ?, 1)"
        " ON CONFLICT DO UPDATE SET n = n + 1 RETURNING number, n",
        tuple(unit.fields().values()),
    ).fetchall()
    return row["number"], row["n"]


def _insert(write: Write, new: NewEvent, position: int, number: int, n: int) -> None:
    row = {
        "position": position,
        "id": new.id,
        "unit": number,
        "n": n,
        "receiver_id": new.receiver_id,
        "receiver_fingerprint": new.receiver_fingerprint,
        "success": new.success,
        "payload_text": new.payload_text,
        "salt": new.salt,
        "payload_digest": new.payload_digest,
        "description": new.description,
        "owner_issuer": new.owner.issuer,
        "owner_subject": new.owner.subject,
        "idempotency_key": new.idempotency_key,
        "occurred_at": micros(new.occurred_at),
        "recorded_at": write.stamp,
        "digest": new.digest,
    }
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    write.sql.execute(f"INSERT INTO events ({names}) VALUES ({marks})", tuple(row.values()))


def _keep_figures(sql: sqlite3.Connection, new: NewEvent, position: int) -> None:
    sql.execute(
        "INSERT INTO figures VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed, latest = excluded.latest,"
        " latest_successful = coalesce(excluded.latest_successful, latest_successful)",
        (new.receiver_id, new.success, not new.success, position, position if new.success else None),
    )
