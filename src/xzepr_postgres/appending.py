"""Appending: one call for a batch, and what its outcomes mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from xzepr.errors import CommitUnknown, NotFound, TooLarge, Unavailable, Violation
from xzepr.model import (
    Event,
    NewEvent,
    Principal,
    Recorded,
    Transition,
    Ulid,
    differences,
)
from xzepr.stores import Conflicting, Outcome, ReceiverChanged, ReceiverMissing
from xzepr_postgres.batches import batch_text
from xzepr_postgres.database import Database
from xzepr_postgres.definitions import actor, told
from xzepr_postgres.receivers import PostgresReceivers
from xzepr_postgres.rows import EVENT_COLUMNS, EVENT_WIDTH, event_of, group_ref_of, time_of, transition_of
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import moment, seconds

MAX_BATCH: Final = 256 * 1024 * 1024
"""Characters of one batch; a value in PostgreSQL holds a gigabyte at most."""

_APPEND: Final = f"""
    SELECT outcome, CAST(event_id AS text), n, {seconds("recorded_at")}, CAST(transitions AS text)
    FROM {{schema}}.append_v1(
        CAST(CAST(:batch AS text) AS json), CAST(:issuer AS text), CAST(:subject AS text), {moment("told")}
    ) ORDER BY place"""
_KNOWN: Final = f"""
    SELECT {EVENT_COLUMNS}, CAST(e.payload AS text), e.idempotency_key, (
        SELECT CAST(json_agg(json_build_array(t.group_id, v.revision, v.name, v.type, v.version, t.number)
            ORDER BY t.group_id) AS text)
        FROM {{schema}}.transitions t
        JOIN {{schema}}.group_revisions v ON v.group_id = t.group_id AND v.revision = t.group_revision
        WHERE t.event_id = e.id
    )
    FROM {{schema}}.events e
    LEFT JOIN LATERAL (SELECT * FROM {{schema}}.units u WHERE u.key = e.unit_key LIMIT 1) u ON true
    WHERE e.id = ANY (CAST(CAST(:ids AS text) AS uuid[]))"""
_RECORDED, _KNOWN_BEFORE, _RECEIVER_MISSING = 1, 2, 3


class Appender:
    """Appends batches.

    Args:
        database: Where.
        receivers: Where the definitions of changed receivers are read.
    """

    def __init__(self, database: Database, receivers: PostgresReceivers) -> None:
        self._session = database.session
        self._clock = database.clock
        self._receivers = receivers

    def append(self, events: Sequence[NewEvent], principal: Principal) -> list[Outcome]:
        """Record events one by one in their order, in one atomic step."""
        if not events:
            return []
        rows = self._call(events, principal)
        try:
            known = self._known(rows)
            return [self._outcome(event, row, known) for event, row in zip(events, rows, strict=True)]
        except Unavailable as error:
            recorded = [event.id for event, row in zip(events, rows, strict=True) if row[0] == _RECORDED]
            if not recorded or self._session.joined:
                raise
            raise CommitUnknown(recorded) from error

    def _call(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[Row]:
        batch = batch_text(events)
        if len(batch) > MAX_BATCH:
            raise TooLarge([Violation("events", "must be smaller together: append them in several steps", MAX_BATCH)])
        parameters = {"batch": batch, **actor(principal), "told": told(self._clock)}
        return self._session.write(_APPEND, parameters, ids=[event.id for event in events])

    def _outcome(self, new: NewEvent, row: Row, known: Mapping[str, _Known]) -> Outcome:
        outcome, event_id, n, recorded_at, transitions = row
        if outcome == _RECORDED:
            event = _event(new, n, time_of(recorded_at))
            return Recorded(event=event, replayed=False, transitions=_transitions(event, transitions))
        if outcome == _KNOWN_BEFORE:
            return known[event_id].answer(new)
        if outcome == _RECEIVER_MISSING:
            return ReceiverMissing(receiver_id=new.receiver_id)
        return self._changed(new.receiver_id)

    def _changed(self, receiver_id: Ulid) -> Outcome:
        try:
            return ReceiverChanged(receiver=self._receivers.get(receiver_id))
        except NotFound:  # deleted since
            return ReceiverMissing(receiver_id=receiver_id)

    def _known(self, rows: Sequence[Row]) -> dict[str, _Known]:
        """Read the events that were there before, by the text of their ids."""
        ids = {row[1] for row in rows if row[0] == _KNOWN_BEFORE}
        if not ids:
            return {}
        found = self._session.read(_KNOWN, {"ids": "{" + ",".join(ids) + "}"})
        return {row[0]: _known_of(row) for row in found}


@attrs.frozen(kw_only=True)
class _Known:
    """An event that was there before: as it is stored, under which key, and what it caused."""

    event: Event
    key: str | None
    transitions: tuple[Transition, ...]

    def answer(self, new: NewEvent) -> Outcome:
        differs = differences(self.event, self.key, new)
        if differs:
            return Conflicting(event_id=self.event.id, differs=differs)
        return Recorded(event=self.event, replayed=True, transitions=self.transitions)


def _known_of(row: Row) -> _Known:
    payload_text, key, transitions = row[EVENT_WIDTH - 1 :]
    event = event_of(row, payload_text)
    return _Known(event=event, key=key, transitions=_transitions(event, transitions))


def _transitions(event: Event, text: str | None) -> tuple[Transition, ...]:
    return tuple(
        transition_of(group_ref_of(row), event.unit, row[5], event.id, event.recorded_at)
        for row in json.loads(text or "[]")
    )


def _event(new: NewEvent, n: int, recorded_at: datetime) -> Event:
    return Event(
        id=new.id,
        unit=new.unit,
        receiver_id=new.receiver_id,
        receiver_fingerprint=new.receiver_fingerprint,
        success=new.success,
        payload_text=new.payload_text,
        salt=new.salt,
        payload_digest=new.payload_digest,
        description=new.description,
        owner=new.owner,
        occurred_at=new.occurred_at,
        digest=new.digest,
        n=n,
        recorded_at=recorded_at,
    )
