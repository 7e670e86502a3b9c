"""The feed in memory: the log is the feed."""

from __future__ import annotations

from xzepr.errors import BadCursor, Damaged
from xzepr.model import (
    MAX_EXAMINED_BYTES,
    Change,
    Event,
    EventReceiver,
    EventReceiverGroup,
    FeedCursor,
    Redaction,
    Transition,
    Ulid,
    payload_bytes,
)
from xzepr.stores import FeedSlice
from xzepr_memory.events import readable
from xzepr_memory.rows import ChangeRow
from xzepr_memory.tables import Tables


class MemoryFeed:
    """Implements :class:`xzepr.stores.FeedRepository`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the changes behind a place."""
        tables = self._tables
        with tables.reading:
            start = locate(tables, after)
            changes: list[Change] = []
            weight = 0
            for position, row in enumerate(tables.log[start : start + limit], start + 1):
                change = _change(tables, position, row, payloads=payloads)
                changes.append(change)
                weight += payload_bytes(change.subject) if isinstance(change.subject, Event) else 0
                if weight >= MAX_EXAMINED_BYTES:
                    break
            return FeedSlice(changes=tuple(changes), cursor=_place(tables, start + len(changes)), head=len(tables.log))

    def head(self) -> int:
        """Return the position of the newest change."""
        with self._tables.reading:
            return len(self._tables.log)


def locate(tables: Tables, after: FeedCursor | int) -> int:
    """Return the position of a saved cursor, if it belongs to this history.

    Raises:
        BadCursor: It does not.
    """
    position = after if isinstance(after, int) else after.position
    if position > len(tables.log):
        raise BadCursor(f"position {position} is beyond the head of the feed")
    if isinstance(after, FeedCursor) and position and tables.change_id(position) != after.change_id:
        raise BadCursor(f"another change stands at position {position}")
    return position


def _place(tables: Tables, position: int) -> FeedCursor:
    return FeedCursor(position, tables.change_id(position)) if position else FeedCursor()


def _change(tables: Tables, position: int, row: ChangeRow, *, payloads: bool) -> Change:
    return Change(
        position=position,
        id=tables.change_id(position),
        kind=row.kind,
        recorded_at=row.recorded_at,
        actor=row.actor,
        subject=_subject(tables, row.subject, payloads=payloads),
    )


def _subject(
    tables: Tables, subject: Ulid | Redaction | EventReceiver | EventReceiverGroup | Transition, *, payloads: bool
) -> Event | Redaction | EventReceiver | EventReceiverGroup | Transition | Damaged:
    if not isinstance(subject, str):
        return subject
    event = tables.events[subject].event
    if not payloads:
        return event.without_payload()
    try:
        return readable(event)
    except Damaged as error:
        return error
