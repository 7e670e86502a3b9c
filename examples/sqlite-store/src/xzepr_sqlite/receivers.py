"""Receivers in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Final

import attrs
from xzepr.errors import AlreadyExists, InUse
from xzepr.model import (
    Anchor,
    ChangeKind,
    EventReceiver,
    Mention,
    Principal,
    ReceiverFilter,
    ReceiverStatistics,
    Ulid,
)
from xzepr.stores import Slice

from xzepr_sqlite.database import Database
from xzepr_sqlite.definitions import announce, bury, expected, latest, named, present, require_free
from xzepr_sqlite.lists import Walk, first, page
from xzepr_sqlite.rows import receiver_of, sound_receiver_of, time_of

_COMPARED: Final = ("name", "type", "version", "description", "schema_text", "owner")


class SqliteReceivers:
    """Implements :class:`xzepr.stores.ReceiverRepository`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Store a receiver, or return the stored one if this is a retry."""
        with self._database.writing(principal.identity) as write:
            known = latest(write.sql, "receiver", receiver.id)
            if known is not None:
                return _replayed(known, receiver)
            require_free(write.sql, "receiver", receiver)
            stored = attrs.evolve(receiver, revision=1, created_at=write.now, updated_at=write.now)
            announce(write, "receiver", ChangeKind.RECEIVER_CREATED, stored)
            return stored

    def get(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver."""
        with self._database.reading() as sql:
            return sound_receiver_of(present(sql, "receiver", receiver_id))

    def find(self, name: str, type_: str, version: str) -> EventReceiver | None:
        """Return the receiver with this identity, if there is one."""
        with self._database.reading() as sql:
            row = named(sql, "receiver", (name, type_, version))
            return None if row is None else sound_receiver_of(row)

    def update(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Replace a receiver; only its description once events refer to it."""
        with self._database.writing(principal.identity) as write:
            stored = receiver_of(expected(write.sql, "receiver", receiver.id, receiver.revision))
            same = (stored.fingerprint, stored.schema_text) == (receiver.fingerprint, receiver.schema_text)
            if not same:
                _require_no_events(write.sql, receiver.id)
            require_free(write.sql, "receiver", receiver)
            changed = attrs.evolve(
                receiver,
                revision=stored.revision + 1,
                owner=stored.owner,
                created_at=stored.created_at,
                updated_at=write.now,
            )
            announce(write, "receiver", ChangeKind.RECEIVER_UPDATED, changed)
            return changed

    def delete(self, receiver_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a receiver to which nothing refers."""
        with self._database.writing(principal.identity) as write:
            row = expected(write.sql, "receiver", receiver_id, expected_revision)
            _require_no_events(write.sql, receiver_id)
            if first(write.sql.execute("SELECT 1 FROM standings WHERE receiver_id = ? LIMIT 1", (receiver_id,))):
                raise InUse("receiver", receiver_id, "groups")
            bury(write, "receiver", ChangeKind.RECEIVER_DELETED, row)

    def list(
        self, where: ReceiverFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiver]:
        """Return a page of receivers."""
        walk = Walk(
            time="created_at",
            after=after,
            newest_first=newest_first,
            start=where.recorded_from,
            end=where.recorded_until,
        )
        with self._database.reading() as sql:
            rows = walk.rows(sql, "SELECT * FROM receivers", "until IS NULL")
            return page(rows, "created_at", receiver_of, where.matches, limit=limit)

    def statistics(self, receiver_id: Ulid) -> ReceiverStatistics:
        """Return what was kept up about the receiver's events."""
        with self._database.reading() as sql:
            present(sql, "receiver", receiver_id)
            figures = first(sql.execute("SELECT * FROM figures WHERE receiver_id = ?", (receiver_id,)))
            if figures is None:
                return ReceiverStatistics(receiver_id=receiver_id)
            return ReceiverStatistics(
                receiver_id=receiver_id,
                succeeded=figures["succeeded"],
                failed=figures["failed"],
                latest=_mention(sql, figures["latest"]),
                latest_successful=_mention(sql, figures["latest_successful"]),
            )


def _require_no_events(sql: sqlite3.Connection, receiver_id: Ulid) -> None:
    if first(sql.execute("SELECT 1 FROM figures WHERE receiver_id = ?", (receiver_id,))):
        raise InUse("receiver", receiver_id, "events")


def _mention(sql: sqlite3.Connection, position: int | None) -> Mention | None:
    row = first(sql.execute("SELECT id, recorded_at FROM events WHERE position = ?", (position,)))
    return None if row is None else Mention(event_id=row["id"], recorded_at=time_of(row["recorded_at"]))


def _replayed(known: sqlite3.Row, asked: EventReceiver) -> EventReceiver:
    stored = receiver_of(known)
    differs = [field.removesuffix("_text") for field in _COMPARED if getattr(stored, field) != getattr(asked, field)]
    if differs or known["until"] is not None:
        raise AlreadyExists("receiver", asked.id, asked.id, differs)
    return stored
