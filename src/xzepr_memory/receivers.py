"""Receivers in memory."""

from __future__ import annotations

import attrs

from xzepr.errors import AlreadyExists, InUse, NotFound, RevisionConflict
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
from xzepr_memory.lists import select, window
from xzepr_memory.rows import AnchorKey, StatisticsRow
from xzepr_memory.tables import Tables


class MemoryReceivers:
    """Implements :class:`xzepr.stores.ReceiverRepository`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def create(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Store a receiver, or return the stored one if this is a retry."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            known = tables.receivers.get(receiver.id)
            if known is not None:
                return _replayed(known, receiver)
            if receiver.id in tables.deleted_receivers:
                raise AlreadyExists("receiver", receiver.id, receiver.id)
            taken = tables.receiver_ids.get(receiver.naming)
            if taken is not None:
                raise AlreadyExists("receiver", "/".join(receiver.naming), taken)
            stored = attrs.evolve(receiver, revision=1, created_at=write.now, updated_at=write.now)
            write.put(tables.receivers, stored.id, stored)
            write.put(tables.receiver_ids, stored.naming, stored.id)
            write.insert(tables.receiver_order, (write.now, stored.id))
            write.announce(ChangeKind.RECEIVER_CREATED, stored)
            return stored

    def get(self, receiver_id: Ulid) -> EventReceiver:
        """Return a receiver."""
        with self._tables.reading:
            return self._read(receiver_id)

    def find(self, name: str, type_: str, version: str) -> EventReceiver | None:
        """Return the receiver with this identity, if there is one."""
        with self._tables.reading:
            receiver_id = self._tables.receiver_ids.get((name, type_, version))
            return None if receiver_id is None else self._read(receiver_id)

    def update(self, receiver: EventReceiver, principal: Principal) -> EventReceiver:
        """Replace a receiver; only its description once events refer to it."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            stored = self._expect(receiver.id, receiver.revision)
            same = (stored.fingerprint, stored.schema_text) == (receiver.fingerprint, receiver.schema_text)
            if not same and receiver.id in tables.statistics:
                raise InUse("receiver", receiver.id, "events")
            taken = tables.receiver_ids.get(receiver.naming, receiver.id)
            if taken != receiver.id:
                raise AlreadyExists("receiver", "/".join(receiver.naming), taken)
            changed = attrs.evolve(
                receiver,
                revision=stored.revision + 1,
                created_at=stored.created_at,
                updated_at=write.now,
                owner=stored.owner,
            )
            write.drop(tables.receiver_ids, stored.naming)
            write.put(tables.receiver_ids, changed.naming, changed.id)
            write.put(tables.receivers, changed.id, changed)
            write.announce(ChangeKind.RECEIVER_UPDATED, changed)
            return changed

    def delete(self, receiver_id: Ulid, expected_revision: int, principal: Principal) -> None:
        """Delete a receiver to which nothing refers."""
        tables = self._tables
        with tables.writing(principal.identity) as write:
            stored = self._expect(receiver_id, expected_revision)
            if receiver_id in tables.statistics:
                raise InUse("receiver", receiver_id, "events")
            if receiver_id in tables.gated:
                raise InUse("receiver", receiver_id, "groups")
            write.drop(tables.receivers, receiver_id)
            write.put(tables.deleted_receivers, receiver_id, None)
            write.drop(tables.receiver_ids, stored.naming)
            write.remove(tables.receiver_order, (stored.created_at, receiver_id))
            write.announce(ChangeKind.RECEIVER_DELETED, stored)

    def list(
        self, where: ReceiverFilter, *, after: Anchor | None, newest_first: bool, limit: int
    ) -> Slice[EventReceiver]:
        """Return a page of receivers."""
        tables = self._tables
        with tables.reading:
            keys = window(
                tables.receiver_order,
                after=after,
                newest_first=newest_first,
                start=where.recorded_from,
                end=where.recorded_until,
            )
            return select(keys, self._read_key, where.matches, limit=limit)

    def statistics(self, receiver_id: Ulid) -> ReceiverStatistics:
        """Return what was kept up about the receiver's events."""
        with self._tables.reading:
            self._read(receiver_id)
            row = self._tables.statistics.get(receiver_id, StatisticsRow())
            return ReceiverStatistics(
                receiver_id=receiver_id,
                succeeded=row.succeeded,
                failed=row.failed,
                latest=_mention(row.latest),
                latest_successful=_mention(row.latest_successful),
            )

    def _read(self, receiver_id: Ulid) -> EventReceiver:
        receiver = self._tables.receivers.get(receiver_id)
        if receiver is None:
            raise NotFound("receiver", receiver_id)
        return receiver

    def _read_key(self, key: AnchorKey) -> EventReceiver:
        return self._read(key[1])

    def _expect(self, receiver_id: Ulid, revision: int) -> EventReceiver:
        stored = self._read(receiver_id)
        if stored.revision != revision:
            raise RevisionConflict("receiver", receiver_id, revision, stored.revision)
        return stored


def _mention(key: AnchorKey | None) -> Mention | None:
    return None if key is None else Mention(event_id=key[1], recorded_at=key[0])


def _replayed(stored: EventReceiver, asked: EventReceiver) -> EventReceiver:
    fields = ("name", "type", "version", "description", "schema_text", "owner")
    differs = [field.removesuffix("_text") for field in fields if getattr(stored, field) != getattr(asked, field)]
    if differs:
        raise AlreadyExists("receiver", stored.id, stored.id, differs)
    return stored
