"""Appending: one call for a batch, and what its outcomes mean."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import attrs

from xzepr.errors import Closed, CommitUnknown, Damaged, NotFound, TooLarge, Unavailable, Violation
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
from xzepr_postgres.batches import batch_text, item_text
from xzepr_postgres.database import Database
from xzepr_postgres.definitions import actor, told
from xzepr_postgres.receivers import PostgresReceivers
from xzepr_postgres.rows import (
    EVENT_COLUMNS,
    EVENT_WIDTH,
    decoded,
    event_of,
    group_ref_of,
    readable,
    time_of,
    transition_of,
    ulid_of,
)
from xzepr_postgres.sessions import Row
from xzepr_postgres.statements import moment, seconds

MAX_BATCH: Final = 256 * 1024 * 1024
"""Characters of one batch; a value in PostgreSQL holds a gigabyte at most."""

_APPEND: Final = f"""
    SELECT outcome, CAST(event_id AS text), n, {seconds("recorded_at")}, CAST(transition AS text)
    FROM {{schema}}.append_v1(
        CAST(CAST(:events AS text) AS json), CAST(:issuer AS text), CAST(:subject AS text), {moment("told")}
    )"""
_APPEND_ONE: Final = f"""
    SELECT outcome, CAST(event_id AS text), n, {seconds("recorded_at")}, CAST(transitions AS text)
    FROM {{schema}}.append_one_v1(
        CAST(CAST(:events AS text) AS json), CAST(:issuer AS text), CAST(:subject AS text), {moment("told")}
    )"""
_KNOWN: Final = f"""
    SELECT {EVENT_COLUMNS}, CAST(e.payload AS text), e.idempotency_key, (
        SELECT CAST(json_agg(json_build_array(t.group_id, v.revision, v.name, v.type, v.version, t.number)
            ORDER BY t.group_id) AS text)
        FROM {{schema}}.transitions t
        LEFT JOIN {{schema}}.group_revisions v ON v.group_id = t.group_id AND v.revision = t.group_revision
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
        answers = self._call(events, principal)
        try:
            known = self._known(answers)
            return [self._outcome(event, answer, known) for event, answer in zip(events, answers, strict=True)]
        except (Unavailable, Closed) as error:
            recorded = [event.id for event, answer in zip(events, answers, strict=True) if answer.outcome == _RECORDED]
            if not recorded or self._session.joined:
                raise
            raise CommitUnknown(recorded) from error

    def _call(self, events: Sequence[NewEvent], principal: Principal) -> Sequence[_Answer]:
        """Call the function for one event, or that for many."""
        alone = len(events) == 1
        text = item_text(0, events[0]) if alone else batch_text(events)
        if len(text) > MAX_BATCH:
            raise TooLarge([Violation("events", "must be smaller together: append them in several steps", MAX_BATCH)])
        parameters = {"events": text, **actor(principal), "told": told(self._clock)}
        rows = self._session.write(_APPEND_ONE if alone else _APPEND, parameters, ids=[event.id for event in events])
        return _answer(rows[0]) if alone else _answers(rows)

    def _outcome(self, new: NewEvent, answer: _Answer, known: Mapping[str, Row]) -> Outcome:
        if answer.outcome == _RECORDED:
            event = _event(new, answer.n, time_of(answer.recorded_at))
            return Recorded(event=event, replayed=False, transitions=_transitions(event, answer.transitions))
        if answer.outcome == _RECEIVER_MISSING:
            return ReceiverMissing(receiver_id=new.receiver_id)
        try:
            if answer.outcome == _KNOWN_BEFORE:
                return _known_of(answer.event_id, known).answer(new)
            return self._changed(new.receiver_id)
        except Damaged as error:  # the others of the batch were recorded all the same
            return error

    def _changed(self, receiver_id: Ulid) -> Outcome:
        try:
            return ReceiverChanged(receiver=self._receivers.get(receiver_id))
        except NotFound:  # deleted since
            return ReceiverMissing(receiver_id=receiver_id)

    def _known(self, answers: Sequence[_Answer]) -> dict[str, Row]:
        """Read the events that were there before, by the text of their ids."""
        ids = {answer.event_id for answer in answers if answer.outcome == _KNOWN_BEFORE}
        if not ids:
            return {}
        return {row[0]: row for row in self._session.read(_KNOWN, {"ids": "{" + ",".join(ids) + "}"})}


@attrs.frozen
class _Answer:
    """What the database answered for one event; of its transitions, rows as :func:`group_ref_of` and a number."""

    outcome: int
    event_id: str
    n: int
    recorded_at: str
    transitions: Sequence[Row]


def _answer(row: Row) -> list[_Answer]:
    outcome, event_id, n, recorded_at, transitions = row
    return [_Answer(outcome, event_id, n, recorded_at, json.loads(transitions or "[]"))]


def _answers(rows: Sequence[Row]) -> list[_Answer]:
    """Gather the rows of a batch: behind that of an event stand its transitions, without an outcome."""
    answers: list[_Answer] = []
    due: list[Row] = []
    for outcome, event_id, n, recorded_at, transition in rows:
        if outcome is None:
            due.append(json.loads(transition))
        else:
            due = []
            answers.append(_Answer(outcome, event_id, n, recorded_at, due))
    return answers


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


def _known_of(event_id: str, known: Mapping[str, Row]) -> _Known:
    if event_id not in known:
        raise Damaged("event", ulid_of(event_id), "its row is gone")
    row = known[event_id]
    payload_text, key, transitions = row[EVENT_WIDTH - 1 :]
    event = readable(event_of(row, payload_text))
    caused = decoded("event", event.id, "what it caused", lambda: _transitions(event, json.loads(transitions or "[]")))
    return _Known(event=event, key=key, transitions=caused)


def _transitions(event: Event, rows: Sequence[Row]) -> tuple[Transition, ...]:
    return tuple(transition_of(group_ref_of(row), event.unit, row[5], event.id, event.recorded_at) for row in rows)


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
