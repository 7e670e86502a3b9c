"""From rows to values. What cannot be decoded is :class:`~xzepr.errors.Damaged`: an error for that row alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import attrs
from xzepr.errors import Damaged, Invalid
from xzepr.model import (
    Event,
    EventReceiver,
    EventReceiverGroup,
    GroupRef,
    Identity,
    Transition,
    TransitionKind,
    Ulid,
    Unit,
    payload_intact,
    receiver_fingerprint,
)

T = TypeVar("T")

EVENTS: Final = """
    SELECT e.position, e.id, e.unit, e.n, e.receiver_id, e.receiver_fingerprint, e.success, e.salt, e.payload_digest,
        e.description, e.owner_issuer, e.owner_subject, e.idempotency_key, e.occurred_at, e.recorded_at, e.digest,
        e.redaction, u.name, u.version, u.release, u.platform_id, u.package
    FROM events e LEFT JOIN units u ON u.number = e.unit"""
"""Events without their payloads, which are read one by one when they are wanted."""

TRANSITIONS: Final = """
    SELECT t.group_id, t.revision, t.number, t.event_id, t.recorded_at, g.name AS group_name, g.type AS group_type,
        g.version AS group_version, u.name, u.version, u.release, u.platform_id, u.package
    FROM transitions t LEFT JOIN groups g ON (g.id, g.revision) = (t.group_id, t.revision)
        LEFT JOIN units u ON u.number = t.unit"""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_UNDECODABLE: Final = (Invalid, ValueError, TypeError, OverflowError, AttributeError)


def micros(moment: datetime) -> int:
    """Return a time as it is stored: microseconds since 1970, exact, and in the order of time."""
    return (moment - _EPOCH) // _MICROSECOND


def time_of(stored: int) -> datetime:
    """Return a stored time."""
    return _EPOCH + stored * _MICROSECOND


def decoded(kind: str, key: str, decode: Callable[[], T]) -> T:
    """Decode a row.

    Args:
        kind: What it holds.
        key: The id or name of that.
        decode: Makes the value.

    Raises:
        Damaged: It cannot be decoded; the error holds none of its values.
    """
    try:
        return decode()
    except Invalid as error:
        reason = "; ".join(error.fields) + " is not as it was stored"
    except _UNDECODABLE as error:
        reason = f"a column cannot be read ({type(error).__name__})"
    raise Damaged(kind, key, reason)


def owner_of(row: sqlite3.Row) -> Identity:
    """Return who owns what a row holds."""
    return Identity(row["owner_issuer"], row["owner_subject"])


def unit_of(row: sqlite3.Row) -> Unit:
    """Return the unit that a row is about."""
    return Unit(
        name=row["name"],
        version=row["version"],
        release=row["release"],
        platform_id=row["platform_id"],
        package=row["package"],
    )


def event_of(row: sqlite3.Row) -> Event:
    """Return the event of a row of :data:`EVENTS`, its payload left out.

    Raises:
        Damaged: It cannot be decoded.
    """
    return decoded("event", row["id"], partial(_event, row))


def whole_event(sql: sqlite3.Connection, row: sqlite3.Row) -> Event:
    """Return the event of a row of :data:`EVENTS` with its payload.

    Raises:
        Damaged: It cannot be decoded, or its payload is not the one that was recorded.
    """
    return with_payload(sql, row["position"], event_of(row))


def with_payload(sql: sqlite3.Connection, position: int, event: Event) -> Event:
    """Return an event with its payload, unless that was redacted.

    Raises:
        Damaged: The payload is not the one that was recorded.
    """
    if event.redacted:
        return event
    [text] = sql.execute("SELECT payload_text FROM events WHERE position = ?", (position,)).fetchone()
    whole = attrs.evolve(event, payload_text=text or "")
    if not decoded("event", event.id, partial(payload_intact, whole)):
        raise Damaged("event", event.id, "its payload is not the one that was recorded")
    return whole


def receiver_of(row: sqlite3.Row) -> EventReceiver:
    """Return the receiver of a row.

    Raises:
        Damaged: It cannot be decoded.
    """
    return decoded("receiver", row["id"], partial(_receiver, row))


def sound_receiver_of(row: sqlite3.Row) -> EventReceiver:
    """Return the receiver of a row, if payloads may be judged by it.

    Raises:
        Damaged: It cannot be decoded, or its definition is not the one that its fingerprint was taken over.
    """
    receiver = receiver_of(row)
    if receiver.fingerprint != decoded("receiver", receiver.id, partial(_fingerprint, receiver)):
        raise Damaged("receiver", receiver.id, "its definition is not the one that its fingerprint was taken over")
    return receiver


def group_of(row: sqlite3.Row) -> EventReceiverGroup:
    """Return the revision of a group that a row holds.

    Raises:
        Damaged: It cannot be decoded.
    """
    return decoded("group", row["id"], partial(_group, row))


def transition_of(row: sqlite3.Row) -> Transition:
    """Return the transition of a row of :data:`TRANSITIONS`.

    Raises:
        Damaged: It cannot be decoded.
    """
    return decoded("group", row["group_id"], partial(_transition, row))


def _event(row: sqlite3.Row) -> Event:
    if (row["salt"] is None) != (row["redaction"] is not None):
        raise ValueError("the salt is gone, and not by a redaction")
    return Event(
        id=row["id"],
        unit=unit_of(row),
        receiver_id=row["receiver_id"],
        receiver_fingerprint=row["receiver_fingerprint"],
        success=bool(row["success"]),
        payload_text=None,
        salt=row["salt"],
        payload_digest=row["payload_digest"],
        description=row["description"],
        owner=owner_of(row),
        occurred_at=time_of(row["occurred_at"]),
        digest=row["digest"],
        n=row["n"],
        recorded_at=time_of(row["recorded_at"]),
    )


def _receiver(row: sqlite3.Row) -> EventReceiver:
    return EventReceiver(**_definition(row), schema_text=row["schema_text"], fingerprint=row["fingerprint"])


def _fingerprint(receiver: EventReceiver) -> str:
    return receiver_fingerprint(*receiver.naming, receiver.schema)


def _group(row: sqlite3.Row) -> EventReceiverGroup:
    receiver_ids = tuple(map(Ulid, row["receiver_ids"].split()))
    return EventReceiverGroup(**_definition(row), receiver_ids=receiver_ids, enabled=bool(row["enabled"]))


def _definition(row: sqlite3.Row) -> dict[str, Any]:
    given = {name: row[name] for name in ("id", "revision", "name", "type", "version", "description")}
    times = {name: time_of(row[name]) for name in ("created_at", "updated_at")}
    return {**given, **times, "owner": owner_of(row)}


def _transition(row: sqlite3.Row) -> Transition:
    if row["group_name"] is None:
        raise ValueError("the revision is gone")
    return Transition(
        group=GroupRef(row["group_id"], row["revision"], row["group_name"], row["group_type"], row["group_version"]),
        unit=unit_of(row),
        number=row["number"],
        kind=TransitionKind.COMPLETED if row["number"] % 2 else TransitionKind.REOPENED,
        event_id=row["event_id"],
        recorded_at=time_of(row["recorded_at"]),
    )
