"""Events in PostgreSQL: append, read, redact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from xzepr.errors import Closed, CommitUnknown, Damaged, NotFound, Unavailable
from xzepr.model import Anchor, Count, Event, EventFilter, NewEvent, Principal, Ulid
from xzepr.stores import Outcome, Slice
from xzepr_postgres.appending import Appender
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.database import Database
from xzepr_postgres.definitions import actor, told
from xzepr_postgres.lists import select_events
from xzepr_postgres.receivers import PostgresReceivers
from xzepr_postgres.rows import EVENT_COLUMNS, EVENT_WIDTH, PAYLOAD, event_of, readable, ulid_of
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import moment

_READ: Final = f"""
    SELECT {EVENT_COLUMNS}, {PAYLOAD}
    FROM {{schema}}.events e
    LEFT JOIN LATERAL (SELECT * FROM {{schema}}.units u WHERE u.key = e.unit_key LIMIT 1) u ON true
    WHERE e.id = ANY (CAST(CAST(:ids AS text) AS uuid[]))"""
_REDACT: Final = f"""
    SELECT outcome FROM {{schema}}.redact_v1(
        CAST(:id AS uuid), CAST(:reason AS text), CAST(:issuer AS text), CAST(:subject AS text), {moment("told")})"""


class PostgresEvents:
    """Implements :class:`xzepr.stores.EventRepository`.

    Args:
        database: Where.
        receivers: Where the definitions of changed receivers are read.
    """

    def __init__(self, database: Database, receivers: PostgresReceivers) -> None:
        self._database = database
        self._session = database.session
        self._appender = Appender(database, receivers)

    def append(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Outcome]:
        """Record events one by one in their order, in one atomic step."""
        outcomes = self._appender.append(events, principal)
        self._database.tell()
        return outcomes

    def get(self, event_id: Ulid) -> Event:
        """Return an event."""
        rows = self._read([event_id], payloads=True)
        if not rows:
            raise NotFound("event", event_id)
        return _event(event_id, {event_id: rows[0]})

    def list(
        self, where: EventFilter, *, after: Anchor | None, newest_first: bool, limit: int, payloads: bool
    ) -> Slice[Event]:
        """Return a page of events."""
        chosen = select_events(
            self._session, where, after=after, newest_first=newest_first, limit=limit, weighed=payloads
        )
        rows = {ulid_of(row[0]): row for row in self._read(chosen.ids, payloads=payloads)}
        items: list[Event] = []
        damaged: list[Damaged] = []
        for event_id in chosen.ids:
            try:
                items.append(_event(event_id, rows))
            except Damaged as error:
                damaged.append(error)
        return Slice(items=tuple(items), damaged=tuple(damaged), next=chosen.next)

    def count(self, where: EventFilter, *, limit: int) -> Count:
        """Count events, up to a bound."""
        chosen = select_events(self._session, where, after=None, newest_first=True, limit=limit, weighed=False)
        return Count(len(chosen.ids), exact=chosen.next is None)

    def redact(self, event_id: Ulid, reason: str, principal: Principal) -> Event:
        """Erase payload and salt of an event."""
        parameters = {
            "id": uuid_text(event_id),
            "reason": reason,
            **actor(principal),
            "told": told(self._database.clock),
        }
        [(outcome,)] = self._session.write(_REDACT, parameters, ids=[event_id])
        if outcome == "missing":
            raise NotFound("event", event_id)
        self._database.tell()
        try:
            return self.get(event_id)
        except (Unavailable, Closed) as error:
            if self._session.joined:
                raise
            raise CommitUnknown([event_id]) from error

    def _read(self, ids: Sequence[Ulid], *, payloads: bool) -> Sequence[Row]:
        if not ids:
            return ()
        asked = "{" + ",".join(map(uuid_text, ids)) + "}"
        return self._session.read(_READ, {"ids": asked, "payloads": payloads})


def _event(event_id: Ulid, rows: Mapping[Ulid, Row]) -> Event:
    row = rows.get(event_id)
    if row is None:
        raise Damaged("event", event_id, "its row is gone")
    return readable(event_of(row, row[EVENT_WIDTH - 1]))
