"""Receivers in PostgreSQL."""

from __future__ import annotations

from typing import Final

from xzepr.errors import AlreadyExists, NotFound
from xzepr.model import (
    Anchor,
    EventReceiver,
    Mention,
    Principal,
    ReceiverFilter,
    ReceiverStatistics,
    Ulid,
)
from xzepr.stores import Slice
from xzepr_postgres.batches import uuid_text
from xzepr_postgres.database import Database
from xzepr_postgres.definitions import Change, Given, call, described, naming_key
from xzepr_postgres.lists import list_definitions
from xzepr_postgres.rows import receiver_of, sound, time_of, ulid_of
from xzepr_postgres.statements import seconds

_COMPARED: Final = ("name", "type", "version", "description", "schema_text", "owner")
_GET: Final = (
    "SELECT CAST({schema}.receiver_json_v1(r) AS text) FROM {schema}.receivers r WHERE r.id = CAST(:id AS uuid)"
)
_FIND: Final = (
    "SELECT CAST({schema}.receiver_json_v1(r) AS text) FROM {schema}.receivers r "
    "WHERE r.naming = decode(CAST(:naming AS text), 'hex')"
)
_STATISTICS: Final = f"""
    SELECT coalesce(f.succeeded, 0), coalesce(f.failed, 0), CAST(l.event_id AS text), {seconds("l.recorded_at")},
        CAST(s.event_id AS text), {seconds("s.recorded_at")}
    FROM {{schema}}.receivers r
    LEFT JOIN {{schema}}.receiver_figures f ON f.receiver_id = r.id
    LEFT JOIN {{schema}}.feed l ON l.position = f.latest
    LEFT JOIN {{schema}}.feed s ON s.position = f.latest_successful
    WHERE r.id = CAST(:id AS uuid)"""


class PostgresReceivers:
    """Implements :class:`xzepr.stores.ReceiverRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._session = database.session

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Store a receiver, or return the stored one if this is a retry."""
        outcome, detail = call(self._database, "create_receiver_v1", _given(receiver), principal)
        if outcome == "known" and detail is not None:
            return _replayed(receiver_of(detail), receiver)
        return self._done(Change(kind="receiver", id=receiver.id, naming=receiver.naming), outcome, detail)

    def get(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver."""
        rows = self._session.read(_GET, {"id": uuid_text(receiver_id)})
        if not rows:
            raise NotFound("receiver", receiver_id)
        return sound(receiver_of(rows[0][0]))

    def find(self, name: str, type_: str, version: str) -> EventReceiver | None:
        """Return the receiver with this identity, if there is one."""
        rows = self._session.read(_FIND, {"naming": naming_key((name, type_, version))})
        return sound(receiver_of(rows[0][0])) if rows else None

    def update(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Replace a receiver; only its description once events refer to it."""
        change = Change(kind="receiver", id=receiver.id, naming=receiver.naming, revision=receiver.revision)
        answer = call(self._database, "update_receiver_v1", _given(receiver), principal, repeatable=False)
        return self._done(change, *answer)

    def delete(self, receiver_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a receiver to which nothing refers."""
        given: Given = {"id": uuid_text(receiver_id), "revision": expected_revision}
        answer = call(self._database, "delete_receiver_v1", given, principal, repeatable=False)
        self._done(Change(kind="receiver", id=receiver_id, revision=expected_revision), *answer)

    def list(
        self, where: ReceiverFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiver]:
        """Return a page of receivers."""
        return list_definitions(
            self._session, "receiver", where, receiver_of, after=after, newest_first=newest_first, limit=limit
        )

    def statistics(self, receiver_id: Ulid) -> ReceiverStatistics:
        """Return what the sequencer has kept up about the receiver's events."""
        self._database.sequencer.run()
        rows = self._session.read(_STATISTICS, {"id": uuid_text(receiver_id)})
        if not rows:
            raise NotFound("receiver", receiver_id)
        succeeded, failed, *mentions = rows[0]
        return ReceiverStatistics(
            receiver_id=receiver_id,
            succeeded=succeeded,
            failed=failed,
            latest=_mention(*mentions[:2]),
            latest_successful=_mention(*mentions[2:]),
        )

    def _done(self, change: Change, outcome: str, detail: str | None) -> EventReceiver:
        if outcome != "done" or detail is None:
            change.refuse(outcome, detail)
        return receiver_of(detail)


def _given(receiver: EventReceiver) -> Given:
    return {
        **described(receiver),
        "schema_text": receiver.schema_text,
        "fingerprint": receiver.fingerprint,
    }


def _mention(event_id: str | None, recorded_at: str | None) -> Mention | None:
    if event_id is None or recorded_at is None:
        return None
    return Mention(event_id=ulid_of(event_id), recorded_at=time_of(recorded_at))


def _replayed(stored: EventReceiver, asked: EventReceiver) -> EventReceiver:
    differs = [field.removesuffix("_text") for field in _COMPARED if getattr(stored, field) != getattr(asked, field)]
    if differs:
        raise AlreadyExists("receiver", stored.id, stored.id, differs)
    return stored
