"""The feed in SQLite: one row for each change, which says where the rest of it stands."""

from __future__ import annotations

import sqlite3
from typing import Final

from xzepr.errors import BadCursor, Damaged
from xzepr.model import (
    MAX_EXAMINED_BYTES,
    Change,
    ChangeKind,
    Event,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    Identity,
    Redaction,
    Transition,
    payload_bytes,
)
from xzepr.stores import FeedSlice

from xzepr_sqlite.database import Database
from xzepr_sqlite.lists import first
from xzepr_sqlite.rows import (
    EVENTS,
    TRANSITIONS,
    decoded,
    event_of,
    group_of,
    receiver_of,
    time_of,
    transition_of,
    whole_event,
)

Subject = Event | Redaction | EventReceiver | EventReceiverGroup | Transition

_UNREADABLE: Final = Identity("xzepr", "unreadable")
"""Stands for an actor that cannot be read; the subject of such a change is the error."""


class SqliteFeed:
    """Implements :class:`xzepr.stores.FeedRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the changes behind a place."""
        with self._database.reading() as sql:
            start = locate(sql, after)
            rows = sql.execute("SELECT * FROM feed WHERE position > ? ORDER BY position LIMIT ?", (start, limit))
            changes: list[Change] = []
            weight = 0
            for position, row in enumerate(rows.fetchall(), start + 1):
                if row["position"] != position:
                    raise Damaged("change", str(position), "its row is gone")
                changes.append(_change(sql, row, payloads=payloads))
                weight += payload_bytes(changes[-1].subject) if isinstance(changes[-1].subject, Event) else 0
                if weight >= MAX_EXAMINED_BYTES:
                    break
            cursor = changes[-1].cursor if changes else _cursor(sql, start)
            return FeedSlice(changes=tuple(changes), cursor=cursor, head=head_of(sql))

    def head(self) -> int:
        """Return the position of the newest change."""
        with self._database.reading() as sql:
            return head_of(sql)


def head_of(sql: sqlite3.Connection) -> int:
    """Return the position of the newest change; 0 when there is none."""
    [head] = sql.execute("SELECT coalesce(max(position), 0) FROM feed").fetchone()
    return int(head)


def locate(sql: sqlite3.Connection, after: FeedCursor | int) -> int:
    """Return the position of a saved cursor, if it belongs to this history.

    Raises:
        BadCursor: It does not.
    """
    position = after if isinstance(after, int) else after.position
    if position > head_of(sql):
        raise BadCursor(f"position {position} is beyond the head of the feed")
    if isinstance(after, FeedCursor) and after != _cursor(sql, position):
        raise BadCursor(f"another change stands at position {position}")
    return position


def _cursor(sql: sqlite3.Connection, position: int) -> FeedCursor:
    row = first(sql.execute("SELECT id FROM feed WHERE position = ?", (position,)))
    return FeedCursor() if row is None else FeedCursor(position, row["id"])


def _change(sql: sqlite3.Connection, row: sqlite3.Row, *, payloads: bool) -> Change:
    actor = _UNREADABLE
    subject: Subject | Damaged
    kind = ChangeKind(row["kind"])
    try:
        actor = decoded("change", row["id"], lambda: Identity(row["actor_issuer"], row["actor_subject"]))
        subject = _subject(sql, row, kind, payloads=payloads)
    except Damaged as error:
        subject = error
    return Change(
        position=row["position"],
        id=row["id"],
        kind=kind,
        recorded_at=time_of(row["recorded_at"]),
        actor=actor,
        subject=subject,
    )


def _subject(sql: sqlite3.Connection, row: sqlite3.Row, kind: ChangeKind, *, payloads: bool) -> Subject:
    match kind:
        case ChangeKind.EVENT_RECORDED:
            found = _found(sql, row, f"{EVENTS} WHERE e.position = ?", row["position"])
            return whole_event(sql, found) if payloads else event_of(found)
        case ChangeKind.EVENT_REDACTED:
            found = _found(sql, row, "SELECT redaction FROM events WHERE id = ?", row["about"])
            return Redaction(event_id=row["about"], reason=found["redaction"])
        case ChangeKind.GROUP_COMPLETED | ChangeKind.GROUP_REOPENED:
            return transition_of(_found(sql, row, f"{TRANSITIONS} WHERE t.position = ?", row["position"]))
        case ChangeKind.RECEIVER_CREATED | ChangeKind.RECEIVER_UPDATED | ChangeKind.RECEIVER_DELETED:
            return receiver_of(
                _found(sql, row, "SELECT * FROM receivers WHERE (id, revision) = (?, ?)", row["about"], row["revision"])
            )
        case _:
            return group_of(
                _found(sql, row, "SELECT * FROM groups WHERE (id, revision) = (?, ?)", row["about"], row["revision"])
            )


def _found(sql: sqlite3.Connection, change: sqlite3.Row, statement: str, *values: object) -> sqlite3.Row:
    row = first(sql.execute(statement, values))
    if row is None:
        raise Damaged("change", change["id"], "what it tells of is gone")
    return row
