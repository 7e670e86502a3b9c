"""What somebody would write by hand: INSERT, COPY, SELECT over psycopg, prepared, on a connection of its own.

Its table has the columns and the indexes of the store's events, and nothing else: no order within a unit, no
idempotency, no gates, no feed, no protection of the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from xzepr.model import NewEvent, Ulid, payload_bytes, ulid_to_int

Connection = psycopg.Connection[tuple[Any, ...]]
Row = tuple[Any, ...]

COLUMNS: Final = (
    *("id", "unit_key", "n", "receiver_id", "receiver_fingerprint", "success", "payload", "payload_bytes", "salt"),
    *("payload_digest", "description", "owner_issuer", "owner_subject", "occurred_at", "recorded_at", "digest"),
    "idempotency_key",
)
_TYPES: Final = (
    *("uuid", "uuid", "int8", "uuid", "bytea", "bool", "json", "int4", "bytea"),
    *("bytea", "text", "text", "text", "timestamptz", "timestamptz", "bytea", "text"),
)
_NAMES: Final = SQL(", ").join(map(Identifier, COLUMNS))
_TABLE: Final = (
    b"CREATE SCHEMA IF NOT EXISTS bare; CREATE TABLE IF NOT EXISTS bare.events (LIKE xzepr.events INCLUDING ALL)"
)
_INSERT: Final = SQL("INSERT INTO bare.events ({}) VALUES ({})").format(
    _NAMES, SQL(", ").join([SQL("%s")] * len(COLUMNS))
)
_COPY: Final = SQL("COPY bare.events ({}) FROM STDIN").format(_NAMES)
_UNIT: Final = SQL("u.name, u.version, u.release, u.platform_id, u.package")
_EVENT: Final = SQL(", ").join(SQL("e.{}").format(Identifier(name)) for name in COLUMNS)
_FROM: Final = SQL("SELECT {}, {} FROM xzepr.events e JOIN xzepr.units u ON u.key = e.unit_key ").format(_EVENT, _UNIT)
_GET: Final = _FROM + SQL("WHERE e.id = %s")
_NEWEST: Final = _FROM + SQL("ORDER BY e.recorded_at DESC, e.id DESC LIMIT %s")
_BEHIND: Final = _FROM + SQL("WHERE (e.recorded_at, e.id) < (%s, %s) ORDER BY e.recorded_at DESC, e.id DESC LIMIT %s")
_VERDICT: Final = SQL(
    "SELECT DISTINCT ON (receiver_id) receiver_id, success, id, recorded_at FROM xzepr.events"
    " WHERE unit_key = %s AND receiver_id = ANY(%s) ORDER BY receiver_id, n DESC"
)
_FEED: Final = SQL(
    "SELECT f.position, f.change_id, f.kind, f.recorded_at, f.actor_issuer, f.actor_subject, f.group_id, f.number,"
    " {}, {} FROM xzepr.feed f LEFT JOIN xzepr.events e ON e.id = f.event_id"
    " LEFT JOIN xzepr.units u ON u.key = f.unit_key WHERE f.position > %s ORDER BY f.position LIMIT %s"
).format(_EVENT, _UNIT)


def uuid_of(ulid: Ulid) -> UUID:
    """Return an id as psycopg takes it."""
    return UUID(int=ulid_to_int(ulid))


def row_of(event: NewEvent) -> Row:
    """Return the row of an event."""
    return (
        uuid_of(event.id),
        UUID(bytes=event.unit.key),
        1,
        uuid_of(event.receiver_id),
        bytes.fromhex(event.receiver_fingerprint),
        event.success,
        event.payload_text,
        payload_bytes(event),
        event.salt,
        bytes.fromhex(event.payload_digest),
        event.description,
        event.owner.issuer,
        event.owner.subject,
        event.occurred_at,
        datetime.now(UTC),
        bytes.fromhex(event.digest),
        event.idempotency_key,
    )


def make_table(connection: Connection) -> None:
    """Create the table, with the columns and the indexes of the store's."""
    connection.execute(_TABLE)


def insert(connection: Connection, row: Row) -> None:
    """Insert one row, in a transaction of its own."""
    connection.execute(_INSERT, row, prepare=True)


def copy(connection: Connection, rows: Iterable[Row]) -> None:
    """Copy rows, in one transaction."""
    with connection.cursor() as cursor, cursor.copy(_COPY) as stream:
        stream.set_types(_TYPES)
        for row in rows:
            stream.write_row(row)


def get(connection: Connection, event_id: Ulid) -> list[Row]:
    """Read one event."""
    return connection.execute(_GET, (uuid_of(event_id),), prepare=True).fetchall()


def newest(connection: Connection, limit: int) -> list[Row]:
    """Read the first page of events."""
    return connection.execute(_NEWEST, (limit,), prepare=True).fetchall()


def behind(connection: Connection, recorded_at: datetime, event_id: Ulid, limit: int) -> list[Row]:
    """Read the page of events behind one."""
    return connection.execute(_BEHIND, (recorded_at, uuid_of(event_id), limit), prepare=True).fetchall()


def gates(connection: Connection, unit_key: bytes, receivers: Sequence[Ulid]) -> list[Row]:
    """Read the latest events of some receivers for a unit."""
    asked = (UUID(bytes=unit_key), [uuid_of(receiver) for receiver in receivers])
    return connection.execute(_VERDICT, asked, prepare=True).fetchall()


def changes(connection: Connection, after: int, limit: int) -> list[Row]:
    """Read a page of the feed, with payloads."""
    return connection.execute(_FEED, (after, limit), prepare=True).fetchall()
