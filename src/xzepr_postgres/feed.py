"""The feed in PostgreSQL: pages of what the sequencer has placed."""

from __future__ import annotations

import json
from typing import Any, Final

from xzepr.errors import BadCursor, Damaged, Invalid
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
    Ulid,
)
from xzepr.stores import FeedSlice
from xzepr_postgres.database import Database
from xzepr_postgres.rows import (
    EVENT_COLUMNS,
    EVENT_WIDTH,
    PAYLOAD,
    UNDECODABLE,
    event_of,
    group_of,
    group_ref_of,
    identity_of,
    readable,
    receiver_of,
    time_of,
    transition_of,
    ulid_of,
    unit_of,
)
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import seconds

Subject = Event | Redaction | EventReceiver | EventReceiverGroup | Transition

UNREADABLE: Final = Identity("xzepr", "unreadable")
"""Who stands for an actor that cannot be read; the subject of such a change is the error."""

KINDS: Final = dict(enumerate(ChangeKind, start=1))
"""How kinds are numbered in the tables."""

_HEAD: Final = "SELECT head FROM {schema}.feed_head"
_PLACE: Final = """
    SELECT h.head, CAST(f.change_id AS text)
    FROM {schema}.feed_head h LEFT JOIN {schema}.feed f ON f.position = CAST(:position AS bigint)"""
_CHANGE: Final = f"""
    f.position, CAST(f.change_id AS text), f.kind, {seconds("f.recorded_at")}, f.actor_issuer, f.actor_subject,
    CAST(f.snapshot AS text), CAST(f.event_id AS text), f.number"""
_CHANGE_WIDTH: Final = 9
_TRANSITION: Final = """
    CAST(f.group_id AS text), f.revision, v.name, v.type, v.version, u.name, u.version, u.release, u.platform_id,
    u.package"""
_TRANSITION_WIDTH: Final = 10
_PAGE: Final = f"""
    SELECT {_CHANGE}, {_TRANSITION}, {EVENT_COLUMNS},
        {PAYLOAD}
    FROM (
        SELECT w.*, sum(w.bytes) OVER (ORDER BY w.position ROWS UNBOUNDED PRECEDING) - w.bytes AS before
        FROM (
            SELECT p.*, CASE WHEN s.salt IS NULL THEN 0 ELSE s.payload_bytes END AS bytes
            FROM (
                SELECT * FROM {{schema}}.feed WHERE position > CAST(:after AS bigint)
                ORDER BY position LIMIT CAST(:limit AS integer)
            ) p
            LEFT JOIN LATERAL (
                SELECT * FROM {{schema}}.events s WHERE s.id = p.event_id AND p.kind = 1 LIMIT 1
            ) s ON CAST(:payloads AS boolean)
        ) w
    ) f
    LEFT JOIN LATERAL (
        SELECT * FROM {{schema}}.events e WHERE e.id = f.event_id AND f.kind = 1 LIMIT 1
    ) e ON true
    LEFT JOIN LATERAL (
        SELECT * FROM {{schema}}.units u WHERE u.key = CASE f.kind WHEN 1 THEN e.unit_key ELSE f.unit_key END LIMIT 1
    ) u ON true
    LEFT JOIN LATERAL (
        SELECT * FROM {{schema}}.group_revisions v
        WHERE v.group_id = f.group_id AND v.revision = f.revision AND f.number IS NOT NULL LIMIT 1
    ) v ON true
    WHERE f.before < {MAX_EXAMINED_BYTES}
    ORDER BY f.position"""


class PostgresFeed:
    """Implements :class:`xzepr.stores.FeedRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = database.session

    def read(self, after: FeedCursor | int, *, limit: int, payloads: bool) -> FeedSlice:
        """Return the changes behind a place; sequence what is missing for a full page."""
        start, known = _locate(self._database, after)
        parameters = {"after": start.position, "limit": limit, "payloads": payloads}
        rows = self._session.read(_PAGE, parameters)
        if len(rows) < limit:
            self._database.sequencer.run(limit)
        head = self._head()
        if len(rows) < limit and head > known:  # whoever has moved it: another reader may have sequenced what we miss
            rows = self._session.read(_PAGE, parameters)
        changes = tuple(map(_change, rows))
        cursor = changes[-1].cursor if changes else start
        return FeedSlice(changes=changes, cursor=cursor, head=max(cursor.position, head))

    def head(self) -> int:
        """Return the position of the newest change."""
        self._database.sequencer.run()
        return self._head()

    def _head(self) -> int:
        [(head,)] = self._session.read(_HEAD, {})
        return int(head)


def locate(database: Database, after: FeedCursor | int) -> FeedCursor:
    """Return a place in the feed with the id of the change there, if it belongs to this history.

    Raises:
        BadCursor: It does not.
    """
    return _locate(database, after)[0]


def _locate(database: Database, after: FeedCursor | int) -> tuple[FeedCursor, int]:
    """Return a place in the feed, and the head."""
    position = after if isinstance(after, int) else after.position
    [(head, change_id)] = database.session.read(_PLACE, {"position": position})
    if position > head:
        database.sequencer.run()
        [(head, change_id)] = database.session.read(_PLACE, {"position": position})
    if position > head:
        raise BadCursor(f"position {position} is beyond the head of the feed")
    if position and change_id is None:
        raise Damaged("change", str(position), "its row is gone")
    found = FeedCursor(position, ulid_of(change_id)) if position else FeedCursor()
    if isinstance(after, FeedCursor) and found != after:
        raise BadCursor(f"another change stands at position {position}")
    return found, head


def _change(row: Row) -> Change:
    position, change_id, kind, recorded_at = row[:4]
    actor = _actor_or_error(row)
    return Change(
        position=position,
        id=ulid_of(change_id),
        kind=KINDS[kind],
        recorded_at=time_of(recorded_at),
        actor=UNREADABLE if isinstance(actor, Damaged) else actor,
        subject=actor if isinstance(actor, Damaged) else _subject_or_error(row),
    )


def _actor_or_error(row: Row) -> Identity | Damaged:
    try:
        return identity_of(*row[4:6])
    except Invalid:
        return Damaged("change", ulid_of(row[1]), "who did it cannot be read")


def _subject_or_error(row: Row) -> Subject | Damaged:
    try:
        return _subject(KINDS[row[2]], row)
    except Damaged as error:
        return error
    except UNDECODABLE as error:
        reason = f"a column cannot be read ({type(error).__name__})"
    return Damaged("change", ulid_of(row[1]), reason)


def _subject(kind: ChangeKind, row: Row) -> Subject:
    snapshot, event_id = row[6:8]
    match kind:
        case ChangeKind.EVENT_RECORDED:
            return _event(ulid_of(event_id), row[_CHANGE_WIDTH + _TRANSITION_WIDTH :])
        case ChangeKind.EVENT_REDACTED:
            return Redaction(event_id=ulid_of(event_id), reason=json.loads(snapshot)["reason"])
        case ChangeKind.RECEIVER_CREATED | ChangeKind.RECEIVER_UPDATED | ChangeKind.RECEIVER_DELETED:
            return receiver_of(snapshot)
        case ChangeKind.GROUP_CREATED | ChangeKind.GROUP_UPDATED | ChangeKind.GROUP_DELETED:
            return group_of(snapshot)
        case ChangeKind.GROUP_COMPLETED | ChangeKind.GROUP_REOPENED:
            return _transition(row)


def _event(event_id: Ulid, row: Row) -> Event:
    if row[0] is None:
        raise Damaged("event", event_id, "its row is gone")
    return readable(event_of(row, row[EVENT_WIDTH - 1]))


def _transition(row: Row) -> Transition:
    told: tuple[Any, ...] = row[_CHANGE_WIDTH : _CHANGE_WIDTH + _TRANSITION_WIDTH]
    event_id, number = row[7:9]
    caused_by = None if event_id is None else ulid_of(event_id)
    return transition_of(group_ref_of(told), unit_of(*told[5:]), number, caused_by, time_of(row[3]))
