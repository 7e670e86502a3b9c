"""What the tests of the functions in the database share: definitions, events, and calls."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from xzepr.model import SYSTEM, NewEvent, Ulid, UlidGenerator, Unit
from xzepr_postgres.batches import batch_text, item_text, uuid_text

new_id = UlidGenerator()
FINGERPRINT = "f" * 64
WHEN = datetime(2026, 11, 23, tzinfo=UTC)


def receiver(connection: psycopg.Connection) -> Ulid:
    """Insert a receiver, as its repository will."""
    receiver_id = new_id()
    connection.execute(
        "INSERT INTO xzepr.receivers VALUES (%s, %s, 'n', 't', '1', '', '{}', %s, 'local', 'system', 1, now(), now())",
        (uuid_text(receiver_id), os.urandom(32), bytes.fromhex(FINGERPRINT)),
    )
    return receiver_id


def group(connection: psycopg.Connection, *receivers: Ulid) -> UUID:
    """Insert an enabled group of receivers, as its repository will."""
    group_id = UUID(uuid_text(new_id()))
    ids = [UUID(uuid_text(receiver_id)) for receiver_id in receivers]
    connection.execute(
        "INSERT INTO xzepr.groups VALUES"
        " (%s, %s, 'n', 't', '1', '', %s, true, 'local', 'system', 1, now(), now(), false)",
        (group_id, os.urandom(32), ids),
    )
    for receiver_id in ids:
        connection.execute("INSERT INTO xzepr.group_receivers VALUES (%s, %s, true)", (receiver_id, group_id))
    return group_id


def unit(name: str) -> Unit:
    """Make a unit."""
    return Unit(name=name, version="1", release="1", platform_id="linux", package="oci")


def event(about: Unit, receiver_id: Ulid, *, success: bool = True, **changes: Any) -> NewEvent:  # noqa: ANN401 - fields
    """Make an event, ready to be appended."""
    fields: dict[str, Any] = {
        "id": new_id(),
        "unit": about,
        "receiver_id": receiver_id,
        "receiver_fingerprint": FINGERPRINT,
        "success": success,
        "payload_text": '{"n":1}',
        "salt": os.urandom(16),
        "description": "",
        "owner": SYSTEM.identity,
        "occurred_at": WHEN,
    }
    return NewEvent(**fields | changes)


def append(connection: psycopg.Connection, events: Sequence[NewEvent]) -> list[tuple[Any, ...]]:
    """Append a batch, a single event by the function for one: what each came to, its transitions in a list."""
    if len(events) == 1:
        row = connection.execute(
            "SELECT * FROM xzepr.append_one_v1(%s::json, 'local', 'system')", (item_text(0, events[0]),)
        ).fetchone()
        assert row is not None
        return [(0, *row[:4], row[4] or [])]
    found: list[tuple[Any, ...]] = []
    rows = connection.execute("SELECT * FROM xzepr.append_v1(%s::json, 'local', 'system')", (batch_text(events),))
    for *answer, transition in rows:
        if answer[1] is None:
            found[-1][5].append(transition)
        else:
            found.append((*answer, []))
    return found


def sequence(connection: psycopg.Connection, most: int = 1_000) -> None:
    """Sequence all that is staged."""
    moved = most
    while moved >= most:
        [(moved,)] = connection.execute("SELECT xzepr.sequence_v1(%s)", (most,)).fetchall()
